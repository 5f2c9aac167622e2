"""The band in which no arbitrage pays, over what it costs, and where a contract stood that longs pushed up."""

from dataclasses import replace

import numpy as np

from agents import Arbitrageurs, LeveragedLongs
from analysis.figures import Beside
from analysis.theory.bounds import no_arbitrage_band
from scenarios import calm
from sim.venues import BITMEX

FEES_BPS = (0.0, 5.0, 10.0, 20.0)
SETTLED_HOURS = 3.0  # after which the longs have come


def premiums(seed, fee_bps, arbitrageurs, hours):
    """(rows,) mid over the index, less 1, once the longs have come."""
    venue = replace(BITMEX, taker_fee=1e-4 * fee_bps)
    market = calm(seed=seed, hours=hours, step_s=15.0, arbitrageurs=0, venue=venue, record_every=4)
    Arbitrageurs(
        market, name="Carry", count=arbitrageurs, coin=100.0, spot_coin=100.0, spot_usd_coin=100.0, careful=1.0,
        hurdle_bps=0.0, funding_weight=0.0,
    )  # fmt: skip
    LeveragedLongs(market, name="Buyers", count=3_000, coin=1.0, leverage=5.0, entry=0.05)
    run = market.run()
    late = run["time_s"] > 3_600.0 * SETTLED_HOURS
    found = run["mid"][late] / run["index"][late] - 1.0
    return found[np.isfinite(found)]


def beside(seeds=range(4), hours=6.0, fees_bps=FEES_BPS):
    """The Beside of the premium over the cost of both legs there and back, with many arbitrageurs and without any."""
    fine = np.linspace(0.0, 2.0 * max(fees_bps), 40)
    edge = np.array([1e4 * no_arbitrage_band(perpetual_cost=1e-4 * each).high for each in fine])
    runs = {}
    for label, count in (("with arbitrageurs", 300), ("without", 0)):
        means = np.array([[1e4 * premiums(seed, fee, count, hours).mean() for seed in seeds] for fee in fees_bps])
        error = means.std(axis=1, ddof=1) / np.sqrt(len(seeds))
        runs[label] = 2.0 * np.array(fees_bps), means.mean(axis=1), error
    theory = {"upper edge": (fine, edge), "without the clamp": (fine, edge - 5.0)}
    return Beside(
        title="Premium, and what an arbitrage costs", along="fees there and back, bp",
        unit="mid over index, less 1, bp", theory=theory, runs=runs,
    )  # fmt: skip
