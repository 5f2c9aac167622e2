"""`perpsim run --twin`: a run, its twin, and what differs."""

import json
from pathlib import Path

import pytest

from analysis import pair
from analysis.cli import main
from scenarios import calm, flash_crash, march_2020
from sim.mark import LastPrice
from sim.record import Run

SHORT = ("--hours", "0.05", "--noise", "50", "--longs", "20", "--shorts", "20", "--open-interest", "100_000")


@pytest.fixture
def perpsim(tmp_path, monkeypatch, capsys):
    """A function of the words behind `perpsim`, run in an empty folder: (exit status, output, errors)."""
    monkeypatch.chdir(tmp_path)

    def command(*words):
        with pytest.raises(SystemExit) as left:
            main([*map(str, words)])
        return left.value.code, *capsys.readouterr()

    return command


def test_a_twin_is_the_run_with_one_thing_changed_and_the_difference_is_shown(perpsim):
    code, out, err = perpsim("run", "calm", *SHORT, "--out", "both", "--twin", "makers=3")
    assert code == 0 and err == ""
    assert "twin less base" in out and "One pair is an anecdote" in out and out.endswith("difference.png\n")
    base, twin = Run.load(Path("both")), Run.load(Path("both/twin"))
    alone = calm(seed=1, hours=0.05, noise=50, longs=20, shorts=20, open_interest=100_000, makers=3).run()
    assert twin["last"].tobytes() == alone["last"].tobytes() != base["last"].tobytes()
    told = json.loads(Path("both/difference.json").read_text())
    messages = told["messages"]
    assert messages["difference"] == messages["twin"] - messages["base"] != 0
    assert Path("both/difference.png").stat().st_size > 20_000


def test_a_part_of_a_rule_can_be_what_differs():
    changed = pair.changes(flash_crash, ["venue.mark=LastPrice(every_s=5.0)", "drop=0.2, forced=absorbed"])
    assert changed == {"venue.mark": LastPrice(every_s=5.0), "drop": 0.2, "forced": "absorbed"}
    assert pair.twin_of(calm, {"seed": 1}, {"venue.mark": LastPrice()})["venue"].mark == LastPrice()


def test_a_change_that_makes_no_difference_is_said_so(perpsim):
    code, out, _ = perpsim("run", "calm", *SHORT, "--out", "both", "--twin", "fund_coin=1000")
    assert code == 0 and "made no difference" in out


def test_a_twin_of_a_replay_differs_by_impact_only():
    market = march_2020(seed=1, hours=0.05)
    base = market.run()
    follows = pair.follow(market, {"seed": 1, "hours": 0.05})
    assert march_2020(**follows).run()["index"].tobytes() == base["index"].tobytes()


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("makers", "a twin must say KEYWORD=VALUE"),
        ("maker=3", "did you mean 'makers'"),
        ("makers=many", "must be a number"),
        ("makers=-1", "must be a whole number, 0 or more"),
        ("seed=2", "a twin must share its run's seed"),
    ],
)
def test_a_wrong_twin_is_answered_in_one_sentence_before_anything_is_simulated(perpsim, word, said):
    code, out, err = perpsim("run", "calm", *SHORT, "--out", "both", "--twin", word)
    assert code and not out and said in err and err.count("\n") == 1 and not Path("both").exists()
