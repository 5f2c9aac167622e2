"""The command line: what it answers, what it leaves in a folder, and one sentence for whatever is wrong."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from analysis.cli import main
from sim.record import TABLES, Run

SHORT = ("--seed", "1", "--hours", "0.05")
MINE = '''
from agents import LogNormal, NoiseTraders
from scenarios import scenario
from sim.market import Market

@scenario
def mine(*, seed, buyers=100, leverage=LogNormal(median=5.0, sigma=1.0), table=None, brave=False, **market):
    """Is mine run?

    buyers: how many buy
        the dip
    """
    assert isinstance(buyers, int) and brave in (True, False)
    market = Market(seed=seed, **market)
    NoiseTraders(market, count=buyers, coin=2.0)
    return market
'''


@pytest.fixture
def perpsim(tmp_path, monkeypatch, capsys):
    """Return a function that runs one command in a new folder: (exit status, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def command(*arguments):
        with pytest.raises(SystemExit) as left:
            main([str(each) for each in arguments])
        return left.value.code, *capsys.readouterr()

    return command


@pytest.fixture
def mine(tmp_path, request):
    """Return the path of a user's own scenario file, under a name that no other test has imported."""
    path = tmp_path / f"mine_{abs(hash(request.node.name))}.py"
    path.write_text(MINE)
    return path


def refused(answer, *, status=1):
    """Return the one sentence a command was refused with."""
    code, out, err = answer[0], answer[1], answer[2].lstrip()  # click ends the line of a ^C
    assert (code, out) == (status, "") and err.startswith("perpsim: ") and err.count("\n") == 1, answer
    return err


def test_a_run_leaves_its_tables_its_story_its_summary_and_its_picture(perpsim, tmp_path):
    code, out, _ = perpsim("run", "calm", *SHORT)
    assert code == 0 and "runs/calm-1/overview.png" in Path(out.split()[-1]).as_posix()
    files = {each.name for each in (tmp_path / "runs" / "calm-1").iterdir()}
    assert files == {f"{table}.parquet" for table in TABLES} | {"about.json", "summary.json", "overview.png"}
    assert json.loads((tmp_path / "runs" / "calm-1" / "summary.json").read_text())
    about = Run.load(tmp_path / "runs" / "calm-1").about
    assert about["scenario"]["name"] == "calm" and about["finished"] and about["source"] and about["versions"]
    assert [each.name for each in (tmp_path / "runs").iterdir()] == ["calm-1"]


def test_a_past_run_is_repeated_bit_for_bit_from_its_story(perpsim, mine):
    typed = ("--buyers", 3, "--leverage", 2, "--path", "JumpDiffusion(price=9e3)", "--brave", "--venue", "bitmex")
    assert perpsim("run", f"{mine}:mine", *SHORT, *typed, "--out", "first")[0] == 0
    arguments = json.loads(Path("first/about.json").read_text())["scenario"]["arguments"]
    assert (arguments["venue"], arguments["leverage"], arguments["brave"]) == ("BITMEX", "2", "True")
    code, out, err = perpsim("run", "first/about.json", "--csv")
    assert (code, err) == (0, "") and out.endswith("Identical to first\n")
    assert Path("first-again/series.csv").exists()


def test_a_repeat_refuses_a_file_that_has_changed_and_does_not_import_it(perpsim, mine):
    assert perpsim("run", mine, *SHORT, "--out", "first")[0] == 0
    mine.write_text("raise SystemExit('imported')")
    sys.modules.pop(mine.stem)
    said = refused(perpsim("run", "first/about.json"))
    assert "must be the very file that run was made with (it has changed)" in said
    mine.unlink()
    assert "(it is gone)" in refused(perpsim("run", "first/about.json"))


def test_a_repeat_refuses_a_changed_table_and_names_changed_versions(perpsim, mine):
    Path("prices.csv").write_text("1")
    assert perpsim("run", mine, *SHORT, "--table", "prices.csv", "--out", "first")[0] == 0
    about = json.loads(Path("first/about.json").read_text())
    about["versions"]["numpy"] = "1.0"
    about["source"] = "other"
    Path("first/about.json").write_text(json.dumps(about))
    code, _, err = perpsim("run", "first/about.json")
    assert code == 0 and "made with numpy 1.0, this one with" in err and "own sources differ" in err
    Path("prices.csv").write_text("2")
    assert "prices.csv must be the very file" in refused(perpsim("run", "first/about.json", "--out", "third"))


def test_an_existing_folder_is_refused_before_anything_is_simulated(perpsim, monkeypatch):
    Path("runs/calm-1").mkdir(parents=True)
    Path("runs/calm-1/about.json").write_text("{}")
    monkeypatch.setattr("sim.market.Market.run", lambda *_, **__: pytest.fail("simulated"))
    assert "exists already" in refused(perpsim("run", "calm", *SHORT))


def test_force_replaces_a_run(perpsim):
    Path("runs/calm-1").mkdir(parents=True)
    Path("runs/calm-1/about.json").write_text("{}")
    assert perpsim("run", "calm", *SHORT, "--force")[0] == 0
    assert Run.load("runs/calm-1")["mark"].size


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_simulated(perpsim, monkeypatch):
    Path("file").write_text("")
    monkeypatch.setattr("sim.market.Market.run", lambda *_, **__: pytest.fail("simulated"))
    assert "nothing was saved in file/run" in refused(perpsim("run", "calm", *SHORT, "--out", "file/run"))


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        (("clam",), 1, "unknown scenario 'clam'; did you mean 'calm'?"),
        (("calm", "--hour", "1"), 2, "unknown option '--hour'; did you mean '--hours'?"),
        (("calm", "--hours", "long"), 2, "'--hours': must be a number"),
        (("calm", "--hours", "nan"), 1, "hours must"),
        (("calm", "--hours", "-1"), 1, "hours must"),
        (("calm", "--seed", "1.5"), 2, "'--seed': must be a whole number (got 1.5)"),
        (("calm", "--hours"), 2, "'--hours' requires an argument"),
        (("calm", "--venue", "BITMX"), 2, "unknown venue 'BITMX'; did you mean 'BITMEX'?"),
        (("calm", "--hours", "LogNorml(median=1)"), 2, "did you mean 'LogNormal'?"),
        (("calm", "--hours", "LogNormal(medan=1)"), 2, "unknown field 'medan'; did you mean 'median'?"),
        (("calm", "--hours", "LogNormal(median=open('x'))"), 2, "LogNormal"),
        (("calm", "--noise", "1e12"), 1, "not enough memory (Unable to allocate"),
        (("calm", "--long-leverage", "high"), 2, "must be a rule or distribution such as LogNormal(median="),
        (("calm", "more"), 2, "unexpected extra argument"),
        (("--seed", "1", "calm"), 2, "a scenario must stand before its options (got --seed first)"),
        (("nowhere.py:mine",), 1, "a scenario's file must exist (got nowhere.py)"),
        (("nowhere/about.json",), 1, "nowhere/about.json is missing"),
    ],
)
def test_what_is_mistyped_is_answered_in_one_sentence(perpsim, typed, status, said):
    assert said in refused(perpsim("run", *typed), status=status)


def test_a_users_file_is_answered_in_one_sentence_too(perpsim, mine):
    assert "unknown scenario 'mein'; did you mean 'mine'?" in refused(perpsim("run", f"{mine}:mein"))
    assert "did you mean '--buyers'" in refused(perpsim("run", mine, "--buyer", 1), status=2)
    Path("broken.py").write_text("import nonsense_of_mine")
    assert "broken.py cannot be imported (ModuleNotFoundError" in refused(perpsim("run", "broken.py"))
    Path("random.py").write_text("")
    assert "must not be called like the module 'random'" in refused(perpsim("run", "random.py:mine"))
    Path("about.json").write_text("{}")
    assert "names no scenario" in refused(perpsim("run", "about.json"))


def test_traceback_shows_where_an_error_comes_from(monkeypatch):
    with pytest.raises(ValueError, match="unknown scenario"):
        main(["--traceback", "run", "clam"])


def test_every_keyword_is_an_option_with_its_default_and_help(perpsim, mine):
    code, out, _ = perpsim("run", mine, "--help")
    out = " ".join(out.split())
    assert code == 0 and "Is mine run?" in out
    assert re.search(r"--buyers WHOLE NUMBER how many buy the dip \[default: 100\]", out)
    assert "--brave / --no-brave" in out and "[default: BITMEX]" in out and "--step-s" in out


def test_the_scenarios_are_listed_with_their_questions(perpsim):
    names = perpsim("scenarios", "--names")[1].split()
    assert "calm" in names
    lines = perpsim("scenarios")[1].splitlines()
    assert [line.split()[0] for line in lines] == names and all(len(line.split()) > 3 for line in lines)


def test_version_and_help_and_a_mistyped_command(perpsim):
    assert perpsim("--version")[1] == "perpsim, version 0.1.0\n"
    assert perpsim()[:2] == perpsim("--help")[:2] and perpsim("--help")[0] == 0
    assert perpsim("run")[0] == 0
    assert "No such command 'rum'" in refused(perpsim("rum"), status=2)


def test_help_answers_in_half_a_second():
    command = [sys.executable, "-m", "analysis.cli", "--help"]
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run(command, cwd=Path(__file__).parent.parent, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - begun)
    assert min(seconds) < 0.5


def test_what_was_simulated_before_ctrl_c_is_saved_and_said(perpsim, monkeypatch):
    @contextmanager
    def pressed(market):
        yield lambda done: done and signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("analysis.job.progress_bar", pressed)
    code, _, said = perpsim("run", "calm", "--hours", "24")
    assert code == 130 and "interrupted; what was simulated so far is saved in runs" in said
    run = Run.load("runs/calm-1")
    assert not run.about["finished"] and 0 < len(run["mark"]) < 24 * 3600
    assert Path("runs/calm-1/overview.png").exists()


def test_ctrl_c_before_the_first_step_saves_nothing(perpsim, monkeypatch, tmp_path):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.market.Market.run", stop)
    assert "interrupted; nothing was saved" in refused(perpsim("run", "calm", *SHORT), status=130)
    assert list(tmp_path.glob("runs/*")) == []


def test_ctrl_c_in_a_fit_says_that_its_points_are_kept(perpsim, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("analysis.calibration.command.calibrate", stop)
    assert "goes on from there" in refused(perpsim("calibrate", "--fit"), status=130)
    assert "nothing was saved" in refused(perpsim("calibrate"), status=130)


def test_a_picture_that_fails_for_want_of_room_does_not_lose_the_run(perpsim, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    code, _, err = perpsim("run", "calm", *SHORT)
    assert code == 1 and "the run is saved in runs/calm-1, but not its" in err.replace(os.sep, "/")
    assert len(Run.load("runs/calm-1")["mark"])


def test_calibrate_hands_its_options_on(perpsim, monkeypatch):
    given = {}

    def stop(out, **options):
        given.update(options, out=out)
        raise ValueError("far enough")

    monkeypatch.setattr("analysis.calibration.command.calibrate", stop)
    options = ("--data", "there", "--held-back", "2020-05,2020-06", "--processes", "3", "--seeds", "1:4", "--out", "o")
    refused(perpsim("calibrate", *options))
    wanted = {"data": "there", "held_back": ["2020-05", "2020-06"], "processes": 3, "out": "o", "fit": False}
    assert wanted.items() <= given.items() and list(given["seeds"]) == [1, 2, 3]
