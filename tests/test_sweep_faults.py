"""Sweeps that are killed, over and over, at random moments: what comes of them is what an undisturbed one left."""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import wait
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from analysis.sweep import sweep
from analysis.sweep.pool import LocalPool, WorkerDied
from tests.quick import SOURCE
from tests.swept import assert_same_sweep, begun, dataset

HOME = Path(__file__).resolve().parent.parent
SCRIPT = """
import json, sys
sys.path.insert(0, {home!r})
from analysis.sweep import sweep

if __name__ == "__main__":
    how = json.loads(sys.argv[1])
    try:
        sweep("{file}:trifle", metrics=["{file}:" + each for each in {metrics!r}], **how)
    except KeyboardInterrupt:
        sys.exit(130)
    print("finished")
"""
METRICS = ["index_end", "nowhere", "moody"]
ASKED = {
    "seeds": list(range(50)),
    "noise": [3, 4, 5],
    "twins": {"rich": {"coin": 4.0}},
    "series_s": 2.0,
    "sleeps_s": 0.005,
}
UNTIL = {"until_se": {"index_end": 1e-9}, "max_seeds": 52}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A folder with a scenario, and a script that sweeps over it as its argument says."""
    folder = tmp_path_factory.mktemp("bench")
    (folder / "small_market.py").write_text(SOURCE)
    script = SCRIPT.format(home=str(HOME), file=folder / "small_market.py", metrics=METRICS)
    (folder / "script.py").write_text(script)
    return folder


def here(bench, out):
    """Go on in this process until it is done; returns the folder."""
    file = bench / "small_market.py"
    metrics = [f"{file}:{each}" for each in METRICS]
    return sweep(f"{file}:trifle", **ASKED, **UNTIL, metrics=metrics, processes=0, out=bench / out).folder


@pytest.fixture(scope="module")
def reference(bench):
    """The folder of the sweep of 312 runs that nothing disturbed, made in one process."""
    return here(bench, "reference")


class Killed:
    """A script that sweeps in a process of its own, and can be killed."""

    def __init__(self, bench, out, **how):
        import json

        asked = json.dumps(ASKED | UNTIL | {"out": str(bench / out)} | how)
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        self.folder = bench / out
        self.popen = subprocess.Popen(
            [sys.executable, bench / "script.py", asked], cwd=bench, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self.process = psutil.Process(self.popen.pid)

    def workers(self):
        """The processes that run the jobs, and live."""
        found = []
        for each in self.process.children(recursive=True):
            with suppress(psutil.Error):  # it ended just now
                if each.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in " ".join(each.cmdline()):
                    found.append(each)
        return found

    def lines(self):
        """How many jobs are in the journals."""
        return sum(path.read_bytes().count(b"\n") for path in self.folder.glob("journal/*.jsonl"))

    def until(self, jobs):
        """Wait until so many more jobs are journalled; returns whether it still runs then."""
        wanted, end = self.lines() + jobs, time.monotonic() + 240
        while self.popen.poll() is None and self.lines() < wanted:
            assert time.monotonic() < end, f"nothing has happened for four minutes; workers: {self.workers()}"
            time.sleep(0.005)
        return self.popen.poll() is None

    def kill(self, *processes):
        """Kill -9, in that order."""
        for each in processes:
            with suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGKILL)


def gone(processes, within_s=2.0):
    """Whether all those processes have ended within so many seconds."""
    _, alive = psutil.wait_procs(processes, timeout=within_s)
    return not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


def killed(bench, out, whom, chance, **how):
    """Sweep until it is killed at a random moment, workers alone first if `whom` says so; returns (kills, begun)."""
    running, kills = Killed(bench, out, **how), 0
    assert running.until(chance.randrange(3, 30))
    for _ in range(2 if whom == "workers" else 0):
        time.sleep(chance.random() * 0.02)
        running.kill(chance.choice(running.workers()))
        kills += 1
        assert running.until(chance.randrange(2, 6))
    workers = running.workers()
    assert workers
    running.kill(*(workers if whom == "both" else ()), running.process)
    running.popen.communicate()
    assert running.popen.returncode == -signal.SIGKILL and gone(workers)
    return kills + 1, begun(running.folder)


HOW = {
    "pool": [("workers", {"processes": 2}), ("both", {"processes": 1})],
    "dask": [("workers", {"cluster": "local", "processes": 2})],
}


@pytest.mark.parametrize("kind", HOW)
def test_a_sweep_that_is_killed_at_random_comes_to_the_same_and_repeats_nothing(bench, reference, kind):
    chance, kills, kept = random.Random(7), 0, {}
    for whom, how in HOW[kind]:
        more, there = killed(bench, kind, whom, chance, **how)
        assert kept.items() <= there.items(), "what was done was done again"
        kept, kills = there, kills + more
    assert kills == (4 if kind == "pool" else 3) and 10 < len(kept) < 312
    assert_same_sweep(here(bench, kind), reference)
    assert kept.items() <= begun(bench / kind).items()


def test_ctrl_c_keeps_what_is_done_and_leaves_nobody_behind(bench, reference):
    running = Killed(bench, "interrupted", processes=2)
    assert running.until(20)
    workers, began = running.workers(), time.monotonic()
    assert len(workers) == 2
    os.killpg(running.popen.pid, signal.SIGINT)
    out, err = running.popen.communicate(timeout=60)
    assert running.popen.returncode == 130 and not out and "Traceback" not in err
    assert time.monotonic() - began < 20.0 and gone(workers, 2.0)
    there = begun(running.folder)
    parts = list((running.folder / "runs").glob("*.parquet"))
    assert len(there) >= 40 and 1 <= len(parts) < 12
    assert len(dataset(running.folder)) >= len(there) - 8  # the rest is in the journals
    assert_same_sweep(here(bench, "interrupted"), reference)
    assert there.items() <= begun(running.folder).items()


def test_a_run_that_kills_its_worker_every_time_fails_as_a_row_and_all_others_are_done(tmp_path):
    from tests.quick import index_end, quick

    done = sweep(quick, seeds=range(12), dies=(7,), metrics=[index_end], processes=1, out=tmp_path / "sweep")
    rows = done.frame()
    assert list(rows.seed) == list(range(12)) and list(rows[rows.status == "failed"].seed) == [7]
    assert set(done.failures().error) == {
        "WorkerDied: 3 times in a row the worker died while it ran this (out of memory, or a crash?)"
    }
    assert set(done.failures().meta_attempt) == {3} and set(rows[rows.status == "done"].meta_attempt) == {1}
    assert rows[rows.status == "done"].index_end.notna().all()


def one(number):
    return number + 1


def slow(seconds):
    time.sleep(seconds)
    return os.getpid()


@pytest.fixture(scope="module")
def pool():
    """A pool of one process."""
    pool = LocalPool(1)
    pool.start()
    yield pool
    pool.shutdown(cancel_futures=True)


def test_a_death_costs_the_pool_the_job_that_ran_and_an_idle_one_nothing(pool):
    first = pool.submit(os.getpid).result(60)
    calls = [pool.submit(slow, 60.0), *(pool.submit(one, number) for number in range(5))]
    time.sleep(0.2)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(WorkerDied):
        calls[0].result(60)
    assert [call.result(60) for call in calls[1:]] == [1, 2, 3, 4, 5]
    second = pool.submit(os.getpid).result(60)
    os.kill(second, signal.SIGKILL)
    time.sleep(0.5)
    assert pool.submit(os.getpid).result(60) not in (first, second)
    with pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result(60)


@pytest.mark.parametrize("wait_s", [0.0, 0.001, 0.01])
def test_no_call_is_forgotten_when_it_comes_while_a_death_is_being_noticed(pool, wait_s):
    victim = pool.submit(os.getpid).result(60)
    calls = [pool.submit(slow, 60.0), pool.submit(one, 1)]
    time.sleep(0.2)
    os.kill(victim, signal.SIGKILL)
    time.sleep(wait_s)
    calls.append(pool.submit(one, 2))
    assert not wait(calls, timeout=60).not_done and [call.result() for call in calls[1:]] == [2, 3]
    assert isinstance(calls[0].exception(), WorkerDied)


def test_a_pool_that_is_shut_down_while_it_starts_leaves_no_process_and_no_one_waiting():
    before, pool, end = psutil.Process().children(), LocalPool(1), time.monotonic() + 30
    running, new = pool.submit(slow, 60.0), []
    while not new and time.monotonic() < end:
        new = [each for each in set(psutil.Process().children()) - set(before) if "spawn_main" in each.cmdline()[-2]]
    (worker,) = new
    pool.shutdown(cancel_futures=True)
    assert isinstance(running.exception(10), WorkerDied) and gone([worker])
