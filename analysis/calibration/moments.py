"""What runs make: blocks to measure as a record is measured, and numbers that no record of bars has."""

from itertools import repeat
from typing import NamedTuple

import numpy as np

from analysis.calibration.blocks import DAYS, Blocks, joined, of_run
from scenarios.calm import calm
from sim.book import depth
from sim.outcome import outcome

WARM_HOURS = 12.0
"""From the start, which opening positions and an empty memory shape: measured nowhere."""
STEP_S = 10.0
RECORD_S = 60.0


class Simulated(NamedTuple):
    """Runs of one set of arguments, one block of three days each.

    blocks: Blocks; numbers: {name: (runs,) values} of bands
    """

    blocks: Blocks
    numbers: dict

    def taken(self, numbers):
        """Return some of the runs, by number, one perhaps several times."""
        return Simulated(self.blocks.taken(numbers), {name: each[numbers] for name, each in self.numbers.items()})

    def target(self, target):
        """Return the value of a Target."""
        return float(target.measure(self.blocks))

    def band(self, band):
        """Return the value of a Band, the mean of the runs where each has one."""
        return float(band.measure(self.blocks) if band.measure else self.numbers[band.name].mean())


def market(seed, arguments):
    """Return the market of `calm` with those arguments, long enough for one block."""
    timing = dict(hours=WARM_HOURS + 24.0 * DAYS, step_s=STEP_S, record_every=round(RECORD_S / STEP_S))
    return calm(seed=seed, **timing, **arguments)


def simulated(seeds, arguments, each=map):
    """Return the Simulated of `calm` with those arguments, a run a seed.

    each: maps a function to runs, as `map` does, or that of a pool of processes
    """
    runs = list(each(one, seeds, repeat(arguments)))
    names = runs[0][1]
    values = {name: np.array([own[name] for _, own in runs]) for name in names}
    return Simulated(joined([each for each, _ in runs]), values)


def one(seed, arguments):
    """Return the block and {name: number} of one run."""
    made, near = market(seed, arguments), []
    while made.clock < made.length:
        made.step()
        if made.clock * made.step_s % 3_600.0 == 0.0:
            near.append(depth_within(made, 10.0))
    run, after_s = outcome(made, finished=True), 3_600.0 * WARM_HOURS
    return of_run(run, after_s), numbers(run, after_s, np.array(near[int(WARM_HOURS) :]))


def depth_within(market, bps):
    """Return the contracts a side, mean of both, within so many basis points of the best price."""
    x = market.exchange
    reach = int(np.ceil(1e-4 * bps * x.now[0].mid / x.terms[0].tick))
    return 0.5 * (depth(x, -1, reach) + depth(x, 1, reach))


def numbers(run, after_s, near):
    """Return {name: number} of the bands that a book and accounts are needed for.

    near: (hours,) contracts within 10 bp
    """
    rows = run.series[run.series.time_s > after_s]
    open_interest = float(rows.open_interest_contracts.mean())
    far = 0.5 * float((rows.depth_bid_contracts + rows.depth_ask_contracts).mean())
    forced = run.liquidations[run.liquidations.time_s > after_s].contracts
    return {
        "spread_bps": 1e4 * float(np.nanmedian(rows.spread_usd / rows.mid)),
        "depth_shape": float(near.mean()) / far,
        "depth_10_percent": 100.0 * float(near.mean()) / open_interest,
        "depth_100_percent": 100.0 * far / open_interest,
        "turnover": float(rows.volume_contracts[-1] - rows.volume_contracts[0]) / open_interest / DAYS,
        "long_liquidated_percent": 100.0 * float(forced.clip(min=0).sum()) / open_interest / DAYS,
        "short_liquidated_percent": 100.0 * float((-forced).clip(min=0).sum()) / open_interest / DAYS,
    }
