"""The folder of a sweep: whatever stops it at whatever step, nothing is lost, doubled or mixed up."""

import json
import shutil
from contextlib import suppress
from itertools import count

import duckdb
import numpy as np
import pandas
import polars
import pyarrow.parquet as parquet
import pytest

from analysis.sweep import store, sweep, work
from analysis.sweep.front import planned
from analysis.sweep.store import Store
from tests.quick import both, index_end, moody, nowhere, quick, trifle
from tests.swept import Crash, assert_identical, assert_same_sweep, begun, dataset, dying, journalled

METRICS = [index_end, nowhere, moody, both]
ASKED = {
    "seeds": range(4), "noise": [3, 4], "fails": (2,), "twins": {"rich": {"coin": 4.0}}, "metrics": METRICS,
    "series_s": 2.0, "tables": ["accounts"],
}  # fmt: skip


def swept(out, scenario=trifle, **asked):
    """A sweep in this process."""
    return sweep(scenario, out=out, processes=0, **({"seeds": range(3), "metrics": [index_end]} | asked))


def stopped(out, **asked):
    """A sweep that dies when all its runs are done, and none is in the dataset."""
    with pytest.MonkeyPatch.context() as patch, suppress(Crash):
        patch.setattr(Store, "flush", lambda _: None)
        patch.setattr(Store, "finish", lambda *_: (_ for _ in ()).throw(Crash))
        swept(out, **asked)
    return out


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A sweep that nothing stopped: two points, four seeds, twins, tables; one seed fails."""
    return swept(tmp_path_factory.mktemp("whole") / "sweep", **ASKED)


def test_there_is_one_row_a_run_in_the_order_of_the_plan(whole):
    rows = pandas.read_parquet(whole.folder / "runs")
    plan = pandas.read_parquet(whole.folder / "plan.parquet")
    assert list(rows.run_id) == list(plan.run_id) and rows.run_id.is_unique and len(rows) == 16
    assert list(zip(rows.point, rows.seed, rows.twin, strict=True)) == [
        (point, seed, twin) for point in (0, 1) for seed in range(4) for twin in ("", "rich")
    ]
    assert list(rows.noise) == [3] * 8 + [4] * 8
    shared = [name for name in plan.columns if name not in ("status", "error")]
    pandas.testing.assert_frame_equal(rows[shared], plan[shared])


def test_what_tells_of_time_and_place_begins_with_meta(whole):
    names = list(pandas.read_parquet(whole.folder / "runs").columns)
    assert names[:5] == ["run_id", "point", "seed", "twin", "noise"]
    assert names[5:] == [
        "index_end", "nowhere", "moody", "low", "high", "status", "error", "scenario", "arguments", "code",
        "meta_begun", "meta_seconds", "meta_host", "meta_worker", "meta_attempt", "meta_peak_mb", "meta_traceback",
    ]  # fmt: skip


def test_a_run_that_fails_is_a_row_that_says_why_and_the_sweep_goes_on(whole):
    rows = whole.frame()
    failed = rows[rows.seed == 2]
    assert set(failed.error) == {"ValueError: seed 2 was to fail"} and set(failed.status) == {"failed"}
    assert failed[["index_end", "moody", "low"]].isna().all(axis=None)
    assert failed.meta_traceback.str.contains("raise ValueError").all()
    assert set(rows[rows.seed == 1].status) == {"done"} and set(rows[rows.seed == 1].error) == {""}


def test_a_metric_that_fails_does_not_spoil_the_others(whole):
    rows = whole.frame()
    assert set(rows[rows.seed == 3].error) == {"metric moody: ZeroDivisionError: one in three, and in two lines"}
    assert rows[rows.seed == 3].moody.isna().all() and (rows[rows.seed == 3].index_end > 0).all()
    assert len(whole.failures()) == 3 * 2 * 2  # seeds 0, 2, 3
    assert list(whole.means("index_end").runs) == [1, 1, 1, 1]


@pytest.mark.parametrize("every_s", [7.0, 10.0])
def test_rows_and_the_series_that_are_kept_are_the_runs_own(tmp_path, every_s):
    made = swept(tmp_path / "s", quick, seeds=[1], noise=4, metrics=METRICS, series_s=every_s, tables="accounts")
    run, (row,), kept = quick(seed=1, noise=4).run(), made.frame().itertuples(), made.table("series")
    assert (row.index_end, row.low, row.high) == (index_end(run), *both(run).values())
    assert json.loads(row.arguments).items() <= run.about["scenario"]["arguments"].items()
    assert made.arguments(row.run_id) == {"seed": "1"} | json.loads(row.arguments)
    own = run.frame("series")
    own = own.groupby(np.ceil(own.time_s / every_s)).tail(1).reset_index(drop=True)
    pandas.testing.assert_frame_equal(kept.drop(columns="run_id"), own, check_exact=True)
    assert set(kept.run_id) == {row.run_id}
    own = run.frame("accounts")
    pandas.testing.assert_frame_equal(made.table("accounts")[own.columns], own, check_exact=True)


def test_three_readers_see_the_same_rows(whole):
    folder = whole.folder / "runs"
    seen = [
        pandas.read_parquet(folder).to_csv(),
        polars.read_parquet(folder).to_pandas().to_csv(),
        duckdb.sql(f"select * from read_parquet('{folder}/*.parquet')").df().to_csv(),
    ]
    assert seen[0] == seen[1] == seen[2]


def test_a_folder_that_was_begun_and_left_is_gone_on_with(tmp_path, whole):
    for name in ("lock", ".about.json"):
        (tmp_path / name).touch()
    for name in ("runs", "journal", "series", "accounts"):
        (tmp_path / name).mkdir()
    (tmp_path / "journal" / ".half").touch()
    assert_same_sweep(swept(tmp_path, **ASKED).folder, whole.folder)


SMALL = {"seeds": range(2), "twins": {"rich": {"coin": 9.0}}, "metrics": [index_end, nowhere], "series_s": 2.0}


def steps(folder, asked, monkeypatch, prepared=None):
    """Die at each step of a sweep's files in turn and go on with the same call; yields after each."""
    monkeypatch.setattr(store, "FIRST_S", 0.0)  # a part for every job
    monkeypatch.setattr(store, "SHARE", 0.0)
    monkeypatch.setattr(work.os, "fsync", lambda _: None)
    for step in count():
        out = folder / f"dies-{step}"
        if prepared:
            shutil.copytree(prepared, out)
        try:
            with dying(out, step):
                swept(out, **asked)
            return
        except Crash:
            there = begun(out)
            swept(out, **asked)
            now = begun(out)
            assert there == {run_id: now[run_id] for run_id in there}, f"step {step} repeated what was done"
            yield step, out


def test_a_sweep_that_dies_at_any_step_of_its_files_loses_repeats_and_doubles_nothing(tmp_path, monkeypatch):
    reference = swept(tmp_path / "whole", **SMALL).folder
    died = 0
    for _, out in steps(tmp_path, SMALL, monkeypatch):
        assert_same_sweep(out, reference)
        died += 1
    assert died > 40


def test_a_sweep_that_dies_at_any_step_while_its_axes_grow_loses_and_doubles_nothing(tmp_path, monkeypatch):
    asked = SMALL | {"seeds": [1], "twins": {}}
    before = swept(tmp_path / "before", **asked, coin=[1, 3]).folder
    after = asked | {"coin": [0.5, 1, 3]}
    reference = swept(tmp_path / "whole", **after).folder
    died = 0
    for _, out in steps(tmp_path, after, monkeypatch, before):
        assert_same_sweep(out, reference)
        died += 1
    assert died > 30


def test_more_seeds_and_more_values_come_to_what_one_go_would_have(tmp_path):
    swept(tmp_path / "grown", coin=[1, 3], seeds=[1, 2])
    first = begun(tmp_path / "grown")
    swept(tmp_path / "grown", coin=[0.5, 1, 3], seeds=[1, 2])
    swept(tmp_path / "grown", coin=[0.5, 1, 2, 3], seeds=[1, 2, 3, 0])
    once = swept(tmp_path / "once", coin=[0.5, 1, 2, 3], seeds=[1, 2, 3, 0])
    assert_same_sweep(tmp_path / "grown", once.folder)
    ordered = [pandas.read_parquet(tmp_path / name / "runs").run_id.tolist() for name in ("grown", "once")]
    assert ordered[0] == ordered[1] and len(ordered[0]) == 16
    assert first.items() <= begun(tmp_path / "grown").items()


@pytest.mark.parametrize("fewer", [{"seeds": range(2)}, {"coin": [1.0]}, {"hours": 0.02}])
def test_asking_for_less_or_else_than_is_there_is_refused_and_loses_nothing(tmp_path, fewer):
    asked = {"coin": [1.0, 2.0], "seeds": range(3)}
    for made in (swept(tmp_path / "done", **asked).folder, stopped(tmp_path / "stopped", **asked)):
        there = begun(made)
        assert len(there) == 6
        with pytest.raises(ValueError, match="holds runs that are not asked for now .such as .*; ask for them too"):
            swept(made, **(asked | fewer))
        assert begun(made) == there
        swept(made, **asked)
        assert begun(made) == there


@pytest.mark.parametrize("damage", [b"", b'[{"run_id": "tor', b"\0" * 4096, b"\xff\xfe\n\n", b"[{}"])
def test_a_line_that_a_crash_tore_costs_nothing_but_itself(tmp_path, whole, damage):
    folder = stopped(tmp_path / "sweep", **ASKED)
    (journal,) = (folder / "journal").glob("*.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    assert len(lines) == 8
    torn = lines[-1][:40]
    journal.write_bytes(b"".join(lines[:-1]) + lines[2] + torn + b"\n" + damage)
    there = begun(folder)
    assert len(there) == 14
    swept(folder, **ASKED)
    assert_same_sweep(folder, whole.folder)
    assert there.items() <= begun(folder).items()


def test_one_run_in_two_journals_is_one_row(tmp_path, whole):
    folder = stopped(tmp_path / "sweep", **ASKED)
    (journal,) = (folder / "journal").glob("*.jsonl")
    shutil.copy(journal, journal.with_name("other-1-0000.jsonl"))
    swept(folder, **ASKED)
    assert_same_sweep(folder, whole.folder)


def test_a_table_that_reached_its_part_before_the_row_did_is_there_once(tmp_path, whole):
    folder = stopped(tmp_path / "sweep", **ASKED)
    first = sorted((folder / "journal").glob("series-*.parquet"))[0]
    shutil.copy(first, folder / "series" / "part-00001.parquet")
    swept(folder, **ASKED)
    assert_same_sweep(folder, whole.folder)


def test_two_sweeps_do_not_write_to_one_folder_at_once(tmp_path):
    plan = planned(trifle, range(3), [index_end], None, "grid", None, (), 0, None, (), {})
    with Store(plan, tmp_path / "sweep"), pytest.raises(OSError, match="written to by another sweep; wait for it"):
        swept(tmp_path / "sweep")
    assert len(swept(tmp_path / "sweep").frame()) == 3


def other_code(folder):
    about = json.loads((folder / "about.json").read_text())
    about["identity"]["code"] = "0" * 20
    (folder / "about.json").write_text(json.dumps(about))


OTHERS = [
    (ValueError, "another sweep: it was made by other code", other_code, {}),
    (ValueError, "its metrics differ .only there: none; .* low, high.", None, {"metrics": [index_end, both]}),
    (ValueError, "its twins differ .only there: none; only asked now: a.", None, {"twins": {"a": {"noise": 3}}}),
    (ValueError, "its axes differ .only there: none; only asked now: coin.", None, {"coin": [1.0]}),
    (ValueError, "its tables differ", None, {"series_s": 10.0}),
    (ValueError, "about.json must be JSON", lambda at: (at / "about.json").write_text('{"ide'), {}),
    (ValueError, "about.json must be JSON", lambda at: (at / "about.json").write_text(""), {}),
    (FileExistsError, "something else than a sweep", lambda at: (at / "about.json").write_text("[]"), {}),
    (FileExistsError, "something else than a sweep", lambda at: (at / "about.json").write_text('{"seed": 1}'), {}),
    (FileExistsError, "something else than a sweep", lambda at: (at / "about.json").unlink(), {}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "said", "damage", "asked"), OTHERS)
def test_a_folder_of_something_else_is_refused_and_left_as_it_is(tmp_path, kind, said, damage, asked):
    folder = swept(tmp_path / "sweep").folder
    if damage:
        damage(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(kind, match=said) as error:
        swept(folder, **asked)
    assert "\n" not in str(error.value) and str(folder) in str(error.value)
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert not list(folder.glob("series"))


def test_a_folder_that_holds_something_else_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="holds something else than a sweep; name another folder"):
        swept(tmp_path)
    with pytest.raises(FileExistsError, match="must not be a file"):
        swept(tmp_path / "notes.txt")
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]


def test_a_torn_part_is_named_and_without_it_its_runs_are_made_again(tmp_path):
    folder = swept(tmp_path / "sweep").folder
    whole, part = dataset(folder), folder / "runs" / "part-00001.parquet"
    part.write_bytes(part.read_bytes()[:-100])
    with pytest.raises(ValueError, match="part-00001.parquet must be a whole Parquet file .*; remove it, and") as error:
        swept(folder)
    assert "\n" not in str(error.value)
    part.unlink()
    assert_identical(dataset(swept(folder).folder), whole)


def test_a_torn_plan_is_written_anew(tmp_path):
    folder = swept(tmp_path / "sweep").folder
    whole = (folder / "plan.parquet").read_bytes()
    (folder / "plan.parquet").write_bytes(whole[:100])
    swept(folder)
    assert len(parquet.read_table(folder / "plan.parquet")) == 3


@pytest.mark.parametrize("of", ["the plan", "a part", "a table", "a journal", "about"])
@pytest.mark.parametrize("after", [0, 1])
def test_a_full_disk_stops_the_sweep_in_one_sentence_and_room_lets_it_go_on(tmp_path, whole, monkeypatch, of, after):
    full, left = OSError(28, "No space left on device"), [after]

    def write(function, due):
        def done(*args, **kwargs):
            left[0] -= due(*args)
            if left[0] < 0:
                raise full
            return function(*args, **kwargs)

        return done

    folder, always = tmp_path / "sweep", lambda *_: True
    with monkeypatch.context() as patch:
        patch.setattr(store, "FIRST_S", 0.0)
        patch.setattr(store, "SHARE", 0.0)
        if of == "a journal":
            patch.setattr(work.os, "write", write(work.os.write, always))
        elif of == "about":
            left[0] = 0
            patch.setattr(store, "write_json", write(store.write_json, always))
        elif of == "a table":
            patch.setattr(work, "write_whole", write(work.write_whole, always))
        else:
            left[0] += of == "a part"
            patch.setattr(store, "write_whole", write(store.write_whole, always))
        with pytest.raises(OSError, match="the sweep stopped, for .* cannot be written .No space left") as error:
            swept(folder, **ASKED)
    assert "\n" not in str(error.value) and "make room, then give the same command again" in str(error.value)
    there = begun(folder)
    swept(folder, **ASKED)
    assert_same_sweep(folder, whole.folder)
    assert there.items() <= begun(folder).items()


def test_a_line_of_a_journal_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    journal = work.Journal(tmp_path)
    journal.write([{"run_id": "one"}])
    real = work.os.write
    monkeypatch.setattr(work.os, "write", lambda file, line: real(file, line[:9]))
    with pytest.raises(OSError, match="No space left"):
        journal.write([{"run_id": "two"}])
    assert journal.path.read_bytes() == b'[{"run_id": "one"}]\n'


def test_the_next_sweep_of_this_process_into_a_folder_writes_a_new_journal(tmp_path):
    swept(tmp_path / "sweep", seeds=range(2))
    stopped(tmp_path / "sweep", seeds=range(4))
    assert len(journalled(tmp_path / "sweep")) == 2
    shutil.rmtree(tmp_path / "sweep")
    stopped(tmp_path / "sweep", seeds=range(4))
    assert len(journalled(tmp_path / "sweep")) == 4


def test_half_a_file_of_a_process_that_died_troubles_no_reader(tmp_path, monkeypatch):
    folder = swept(tmp_path / "sweep").folder

    def half(table, file, **_):
        file.write(b"PAR1")
        assert len(pandas.read_parquet(folder / "runs")) == 3
        assert len(polars.read_parquet(folder / "runs")) == 3
        raise Crash

    monkeypatch.setattr(parquet, "write_table", half)
    with pytest.raises(Crash), monkeypatch.context() as patch:
        patch.setattr(Store, "write_plan", lambda _: None)
        swept(folder, seeds=range(5))


def test_until_a_standard_error_is_met_seeds_are_added_and_a_looser_one_keeps_them(tmp_path):
    asked = {"seeds": range(2), "coin": [1, 2]}
    tight = swept(tmp_path / "one", **asked, until_se={"index_end": 20.0}, max_seeds=40)
    means = tight.means()
    assert ((means.index_end_se <= 20.0) | (means.runs == 40)).all() and (means.runs > 2).all()
    before = dataset(tight.folder)
    loose = swept(tmp_path / "one", **asked, until_se={"index_end": 1e6}, max_seeds=40)
    assert_identical(dataset(loose.folder), before)
    in_turns = swept(tmp_path / "two", **asked, until_se={"index_end": 1e6}, max_seeds=40)
    assert list(in_turns.means().runs) == [2, 2]
    swept(tmp_path / "two", **asked, until_se={"index_end": 20.0}, max_seeds=40)
    assert_same_sweep(tmp_path / "two", tight.folder)
    with pytest.raises(ValueError, match="not asked for now"):
        swept(tmp_path / "one", **asked)
