"""Bytes an account: the slope of peak memory from 100,000 to 1,000,000 accounts, each size in a process of its own."""

import sys

from benchmarks import timing
from benchmarks.timing import Line

SIZES = (100_000, 1_000_000)
STEPS = 20

CODE = """
import resource, sys
from benchmarks.markets import five_crowds
kind, count = sys.argv[1], int(sys.argv[2])
market = five_crowds(sleepers=count) if kind == "sleepers" else five_crowds(accounts=count)
for _ in range({steps}):
    market.step()
if kind == "run":
    from sim.outcome import outcome
    outcome(market, finished=False)
try:  # what Linux calls the maximum of a process counts its parent's too
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak)
"""
PER_UNIT = 1 if sys.platform == "darwin" else 1024


def slope(kind):
    """Bytes an account."""
    timing.python(CODE.format(steps=STEPS), kind, 10_000)  # compiles what is missing, which takes memory too
    peaks = [PER_UNIT * int(timing.python(CODE.format(steps=STEPS), kind, size).split()[-1]) for size in SIZES]
    return (peaks[1] - peaks[0]) / (SIZES[1] - SIZES[0])


def measure():
    """Lines of the table."""
    return [
        Line("memory", "bytes an account, five crowds in proportion", slope("all"), "B", target=200.0),
        Line("memory", "bytes an account, sleepers", slope("sleepers"), "B", target=120.0, key="bytes_per_account"),
        Line("memory", "bytes an account, with the tables of the run", slope("run"), "B"),
    ]
