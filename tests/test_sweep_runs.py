"""Sweeps that run: on processes, on an executor of your own, of scenarios and metrics written anywhere."""

import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas
import polars
import pytest

from analysis.summary import basis_mean_bps, index_move_percent
from analysis.sweep import Between, store, sweep
from analysis.sweep.front import planned
from analysis.sweep.loop import Handing, Sending
from analysis.sweep.work import opened
from analysis.twins import twin
from scenarios import march_2020
from sim.mark import LastPrice
from sim.venues import BITMEX, OKX
from tests.quick import index_end, index_low, nowhere, quick, trifle
from tests.swept import assert_identical, assert_same_sweep, dataset

HOME = Path(__file__).resolve().parent.parent


def swept(out, scenario=trifle, **asked):
    """A sweep, in this process unless asked otherwise."""
    return sweep(scenario, out=out, **({"processes": 0, "seeds": range(3), "metrics": [index_end]} | asked))


def script(folder, text):
    """Run a script that may import perpsim; returns (exit status, printed, its last line of errors)."""
    (folder / "script.py").write_text(f"import sys\nsys.path.insert(0, {str(HOME)!r})\n{text}")
    done = subprocess.run(
        [sys.executable, folder / "script.py"], cwd=folder, capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stdout, done.stderr


MINE = """
from analysis.sweep import sweep
from tests.quick import trifle
from scenarios import scenario

FACTOR = 2.0

@scenario
def mine(*, seed, coin=1.0):
    \\"\\"\\"Mine?\\"\\"\\"
    return trifle(seed=seed, coin=FACTOR * coin)

def last(run):
    return scaled(run["index"][-1])

def scaled(number):
    return FACTOR * number

class Times:
    __name__ = "times"
    def __init__(self, factor):
        self.factor = factor
    def __call__(self, run):
        return self.factor * run["index"][-1]
""".replace('\\"', '"')


def test_functions_of_a_script_go_to_its_workers_by_value(tmp_path):
    text = MINE + """
if __name__ == "__main__":
    made = sweep(mine, seeds=range(4), coin=[1.0, 2.0], metrics=[last, Times(3.0)], processes=2, out="out")
    print(made.frame()[["coin", "last", "times"]].to_csv(index=False))
"""  # fmt: skip
    status, printed, said = script(tmp_path, text)
    assert status == 0, said
    expected = [
        (coin, 2.0 * index, 3.0 * index)
        for coin in (1.0, 2.0)
        for index in (trifle(seed=seed, coin=2.0 * coin).run()["index"][-1] for seed in range(4))
    ]
    assert printed.split() == ["coin,last,times", *(",".join(map(repr, map(float, row))) for row in expected)]


def test_a_script_without_its_guard_is_told_of_it_in_one_sentence(tmp_path):
    status, printed, said = script(
        tmp_path, MINE + 'print("made", sweep(mine, seeds=range(4), processes=1, out="out"))'
    )
    assert status == 1 and "made" not in printed
    last = said.strip().splitlines()[-1]
    assert "a worker must be able to start, but died at once; in a script of yours put the call" in last
    assert "`if __name__ == '__main__':`" in last


READERS = {
    "pandas": lambda folder: pandas.read_parquet(folder, columns=["run_id"]).run_id.tolist(),
    "polars": lambda folder: polars.read_parquet(folder)["run_id"].to_list(),
    "duckdb": lambda folder: [
        row[0] for row in duckdb.connect().sql(f"select run_id from read_parquet('{folder}/*.parquet')").fetchall()
    ],
}


def test_while_it_runs_readers_see_every_row_once_and_few_files(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "FIRST_S", 0.05)
    monkeypatch.setattr(store, "SHARE", 0.2)
    over, seen, files, wrong = threading.Event(), dict.fromkeys(READERS, 0), [0], []
    folder, put = tmp_path / "sweep" / "runs", store.Store.finish

    def looks(name):
        while not over.is_set():
            if not list(folder.glob("*.parquet")):
                continue
            try:
                ids = READERS[name](folder)
            except Exception as error:
                wrong.append((name, error))
                return
            if len(set(ids)) < len(ids):
                wrong.append((name, ids))
            seen[name] += 0 < len(ids) < 160
            files.append(len(list(folder.iterdir())))

    def finish(self, order):  # at the very end many files become one: who reads just then may have to look again
        over.set()
        for thread in threads:
            thread.join()
        put(self, order)

    monkeypatch.setattr(store.Store, "finish", finish)
    threads = [threading.Thread(target=looks, args=[name]) for name in READERS]
    for thread in threads:
        thread.start()
    made = swept(tmp_path / "sweep", seeds=range(160), sleeps_s=0.01)
    assert not wrong and all(number > 1 for number in seen.values())
    assert 3 < max(files) < 30 and len(list(folder.iterdir())) == 1
    assert len(made.frame()) == 160 and all(len(read(folder)) == 160 for read in READERS.values())


def test_the_workers_and_their_number_change_no_bit(tmp_path):
    asked = {"seeds": range(12), "coin": [1, 2.5], "metrics": [index_end, nowhere], "twins": {"a": {"noise": 3}}}
    asked |= {"series_s": 2.0, "until_se": {"index_end": 12.0}, "max_seeds": 30}
    reference = swept(tmp_path / "here", **asked)
    swept(tmp_path / "processes", **asked, processes=2)
    with ThreadPoolExecutor(3) as threads:
        swept(tmp_path / "threads", **asked, processes=None, executor=threads)
    assert_same_sweep(tmp_path / "processes", reference.folder)
    assert_same_sweep(tmp_path / "threads", reference.folder)
    base = reference.means()
    base = base[base.twin == ""]
    assert (base.index_end_se <= 12.0).any() and (base.runs > 12).any() and (base.runs <= 30).all()


def test_a_point_whose_standard_error_is_met_gets_no_more_seeds(tmp_path):
    made = swept(tmp_path / "s", coin=[0.001, 1.0], seeds=range(4), until_se={"index_end": 10.0}, max_seeds=64)
    still, moving = made.means().itertuples()
    assert still.runs == 4 and 4 < moving.runs <= 64 and moving.index_end_se <= 10.0
    seeds = made.frame().groupby("point").seed.apply(list)
    assert seeds[1] == list(range(moving.runs))


def test_rules_of_a_venue_are_swept_like_numbers(tmp_path):
    asked = {"venue.mark": [BITMEX.mark, LastPrice()], "venue.unwind.usd_per_s": 5e3, "hours": 0.1}
    made = swept(tmp_path / "s", quick, seeds=[3], **asked, venue=OKX)
    for row, mark in zip(made.frame().itertuples(), asked["venue.mark"], strict=True):
        venue = replace(OKX, mark=mark, unwind=replace(OKX.unwind, usd_per_s=5e3))
        assert row.index_end == index_end(quick(seed=3, hours=0.1, venue=venue).run())
        assert made.arguments(row.run_id)["venue"] == repr(venue)


def test_a_design_spreads_a_sweep_over_ranges(tmp_path):
    made = swept(tmp_path / "s", design="sobol", points=8, coin=Between(0.5, 8.0, log=True), noise=Between(1, 9))
    rows = made.frame()
    assert len(rows) == 24 and rows.groupby("point").coin.nunique().eq(1).all() and rows.coin.nunique() == 8
    assert (rows.coin.groupby(rows.point).first() < 2.0).sum() == 4 and rows.noise.dtype == np.int64


def test_a_leverage_above_a_venues_limit_is_a_row_where_it_is_no_sweeps_first_point(tmp_path):
    asked = {"hours": 0.01, "longs": 5, "shorts": 5, "noise": 5, "long_leverage": [5.0, 500.0]}
    rows = swept(tmp_path / "s", "calm", seeds=[1], **asked).frame()
    assert list(rows.status) == ["done", "failed"]
    assert rows.error[1].startswith(
        "ValueError: leverage of LeveragedLongs must be above 0 and at most the venue's 100"
    )


def test_the_twin_of_a_replay_moves_spot_by_the_difference_alone(tmp_path):
    asked = {"seeds": [1, 2], "hours": 0.1, "step_s": 1.0}
    metrics, change = [basis_mean_bps, index_move_percent], {"spot_impact": 0.0}
    made = swept(tmp_path / "s", march_2020, **asked, metrics=metrics, twins={"still": change})
    differences = twin(march_2020, [1, 2], change, *metrics, hours=0.1, step_s=1.0)
    means = made.changes().iloc[0]
    for each in differences:
        assert means[each.metric] == pytest.approx(each.mean, abs=1e-12, nan_ok=True)


def test_whatever_a_scenario_or_metric_raises_is_a_row(tmp_path):
    class Dumb(Exception):
        def __str__(self):
            raise RuntimeError

    raised = {0: SystemExit(3), 1: Dumb(), 2: ValueError("half a name \udcff"), 3: MemoryError("no\nroom")}

    def bad(run):
        raise raised[run.about["seed"]]

    rows = swept(tmp_path / "s", seeds=range(4), metrics=[bad, index_low]).frame()
    assert list(rows.error) == [
        "metric bad: SystemExit: 3", "metric bad: Dumb: (it has no text)",
        r"metric bad: ValueError: half a name \udcff", "metric bad: MemoryError: no room",
    ]  # fmt: skip
    assert rows.index_low.notna().all() and rows.bad.isna().all()


def test_nan_has_the_same_bits_whether_it_came_from_a_worker_or_its_journal(tmp_path):
    swept(tmp_path / "one", metrics=[nowhere])
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(store.Store, "add", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        swept(tmp_path / "two", metrics=[nowhere])
    swept(tmp_path / "two", metrics=[nowhere])
    assert_identical(dataset(tmp_path / "one"), dataset(tmp_path / "two"))


def test_a_worker_that_has_other_code_refuses():
    plan = planned(trifle, [1], [index_end], None, "grid", None, (), 0, None, (), {})
    folder = type("Folder", (), {"folder": HOME})
    spec = pickle.loads(Handing(Sending(plan), folder, None).spec)
    with pytest.raises(ImportError, match="must run the code that the sweep was planned with .got"):
        opened(pickle.dumps(spec._replace(code="0" * 20)))
    assert opened(pickle.dumps(spec)).code == plan.code


def test_an_interrupted_sweep_says_nothing_else_and_keeps_its_rows(tmp_path):
    def stop(run):
        if run.about["seed"] == 2:
            raise KeyboardInterrupt
        return 1.0

    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path / "s", seeds=range(4), metrics=[stop])
    assert list(dataset(tmp_path / "s")["stop"].to_pylist()) == [1.0, 1.0]
