"""What a sweep costs beyond its runs: scaling from one worker to two, overhead a run, ten thousand short runs."""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks import timing
from benchmarks.timing import Line

LONG = {"hours": 0.5, "at_hours": 0.1, "over_s": 300.0}  # flash_crash, of 7,200 steps
SHORT = {"hours": 0.02}  # calm, of 72 steps
LONG_RUNS, SHORT_RUNS, ALONE_RUNS = 200, 10_000, 30
MEMORY_AFTER = 1_000  # runs of a worker after which its memory should have stopped growing

SWEEP = """
import resource, sys
from analysis.sweep import sweep
name, seeds, processes, out, options = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], eval(sys.argv[5])
sweep(name, seeds=range(seeds), processes=processes, out=out, **options)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
PLAIN = """
import gc, sys, time
from scenarios import flash_crash
options, runs = eval(sys.argv[1]), int(sys.argv[2])
flash_crash(seed=0, **options).run()
gc.collect()
gc.freeze()
start = time.perf_counter()
for seed in range(runs):
    flash_crash(seed=seed, **options).run()
    gc.collect()
print(time.perf_counter() - start)
"""


def swept(name, seeds, processes, out, options):
    """(wall-clock seconds from the call to the finished dataset, its rows) of a sweep in a process of its own."""
    import pandas

    start = time.perf_counter()
    timing.python(SWEEP, name, seeds, processes, out, options)
    return time.perf_counter() - start, pandas.read_parquet(Path(out) / "runs")


def measure():
    """Lines of the table; wall-clock, since that is what somebody waits."""
    with tempfile.TemporaryDirectory(prefix="perpsim-bench-") as folder:
        timing.python(SWEEP, "flash_crash", 2, 1, f"{folder}/warm", LONG)
        return [*scaling(folder), *alone(), *short(folder)]


def scaling(folder):
    """One worker against two on the same runs."""
    one, _ = swept("flash_crash", LONG_RUNS, 1, f"{folder}/one", LONG)
    two, rows = swept("flash_crash", LONG_RUNS, 2, f"{folder}/two", LONG)
    what = f"{LONG_RUNS} runs of flash_crash, {LONG['hours']} h"
    return [
        Line("sweep", f"{what}, one worker", one, "s"),
        Line("sweep", f"{what}, two", two, "s"),
        Line("sweep", "scaling from one worker to two, of perfect", one / two / 2, "", target=0.9, at_least=True),
        Line("sweep", "not spent in runs, start included, a run", 1e3 * beyond(two, 2, rows), "ms"),
    ]


def beyond(wall_s, processes, rows):
    """Seconds of the workers, a run, in which none was simulated."""
    return (wall_s * processes - rows.meta_seconds.sum()) / len(rows)


def alone():
    """What two processes that share nothing but the machine reach on it: no sweep can scale better."""
    with ThreadPoolExecutor(2) as pool:
        one = float(timing.python(PLAIN, LONG, ALONE_RUNS))
        both = pool.map(lambda _: float(timing.python(PLAIN, LONG, ALONE_RUNS)), range(2))
        return [Line("sweep", "the same of two plain loops, side by side", one / np.mean(list(both)), "")]


def short(folder):
    """Ten thousand short runs: time, overhead, memory, files, and how soon the dataset is open."""
    wall, rows = swept("calm", SHORT_RUNS, 2, f"{folder}/short", SHORT)
    start = time.perf_counter()
    opened = rows_of(f"{folder}/short/runs")
    taken = time.perf_counter() - start
    assert opened == SHORT_RUNS
    first, last = peaks(rows)
    return [
        Line("sweep", f"{SHORT_RUNS:,} runs of calm, {SHORT['hours']} h, two workers", wall / 60.0, "min", target=10.0),
        Line("sweep", "overhead a run", 1e3 * beyond(wall, 2, rows), "ms", target=10.0),
        Line("sweep", f"memory of a worker, {MEMORY_AFTER:,}th run to last", last - first, "MB", target=20.0),
        Line("sweep", "files in the dataset", len(list(Path(folder, "short", "runs").iterdir())), "", target=10.0),
        Line("sweep", "opening it with pandas", taken, "s", target=1.0),
    ]


def rows_of(folder):
    """How many rows pandas finds in a dataset."""
    import pandas

    return len(pandas.read_parquet(folder))


def peaks(rows):
    """(MB after so many runs, MB at the end) of peak memory, the mean of the workers."""
    each = [group.sort_values("meta_begun").meta_peak_mb for _, group in rows.groupby("meta_worker")]
    return np.mean([peak.iloc[MEMORY_AFTER] for peak in each]), np.mean([peak.iloc[-1] for peak in each])
