"""How long it takes to begin: compilation once, then each later start."""

import time

from benchmarks import timing
from benchmarks.timing import Line

FIRST_STEP = """
import time
from scenarios.calm import calm
market = calm(seed=1, hours=0.01)
market.step()
"""
RUN = """
import sys
from analysis.cli import main
main(["run", "calm", "--hours", "0.01", "--out", sys.argv[1]])
"""
HELP = """
from analysis.cli import main
main(["--help"])
"""


def wall(code, environment=None, arguments=()):
    """Wall-clock seconds of a new process that runs `code`."""
    start = time.perf_counter()
    timing.python(code, *arguments, environment=environment)
    return time.perf_counter() - start


def measure(repeats=3):
    """Lines of the table; wall-clock, since that is what somebody waits."""
    with timing.fresh_cache() as environment:
        folder = environment["XDG_CACHE_HOME"]
        runs = iter(f"{folder}/run-{n}" for n in range(repeats + 2))
        first = wall(RUN, environment, [next(runs)])
        later = [wall(RUN, environment, [next(runs)]) for _ in range(repeats)]
        steps = [wall(FIRST_STEP, environment) for _ in range(repeats)]
        helps = [wall(HELP, environment) for _ in range(repeats)]
    return [
        Line("start", "first run, compilation included", first, "s", target=60.0),
        Line("start", "later run of 36 steps, tables and figure included", *spread(later)),
        Line("start", "later start to the end of the first step", *spread(steps), target=2.0),
        Line("start", "--help", *spread(helps), target=0.5),
    ]


def spread(taken):
    """(best, unit, worst over best less 1)."""
    return min(taken), "s", max(taken) / min(taken) - 1.0
