"""The fair price of an inverse perpetual over the interest in its funding, and where those who carry it bring it.

A holder of coin who is short once its worth is in dollars and earns the funding; one who is long once its worth holds
twice the coin and pays it. Whoever compares that with the interest of both needs no spot: the contract is carried.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agents import Crowd
from analysis.figures import Beside
from analysis.theory.fair_price import EIGHT_HOURS, basis_bps, inverse
from scenarios import calm
from sim.funding import ClampedPremium
from sim.venues import BITMEX

INTERESTS_BPS = (-20.0, -10.0, 0.0, 10.0, 20.0)
USD_RATE = 0.05


@dataclass(kw_only=True, eq=False)
class Carriers(Crowd):
    """Sell while the funding that the present premium makes is above the interest on USD, buy while it is below.

    They know the mid, the index and their own position.

    interest: in the funding rate, a fraction an interval; usd_rate: a year; order_contracts: at a look; most: leverage
    """

    interest: Any = 0.0
    usd_rate: Any = USD_RATE
    order_contracts: Any = 20_000
    most: Any = 1.0
    wake_s: Any = 60.0

    def decide(self, view, me):
        """An order towards the side that is paid, as long as the position stays within its equity."""
        paid = view.mid / view.index - 1.0 + me.interest - me.usd_rate / EIGHT_HOURS
        wanted = -np.sign(paid) * me.order_contracts
        room = me.most * me.equity * view.mark
        return me.at_market(np.abs(me.contracts + wanted) < room, wanted)


def premium_bps(seed, interest_bps, hours, settled=0.5):
    """Mean of the mid over the index, less 1, in the second half of one run."""
    interest = 1e-4 * interest_bps
    rule = ClampedPremium(
        interest=interest, damper=0.0, cap=math.inf, change_cap=math.inf, against="index", price="mid",
        rate_at_start=interest,
    )  # fmt: skip
    venue = replace(BITMEX, funding=rule, taker_fee=0.0, maker_fee=0.0)
    market = calm(seed=seed, hours=hours, step_s=15.0, arbitrageurs=0, venue=venue, record_every=4)
    Carriers(market, count=60, coin=200.0, interest=interest)
    run = market.run()
    late = run["time_s"] > settled * 3_600.0 * hours
    return 1e4 * float(np.nanmean(run["mid"][late] / run["index"][late] - 1.0))


def beside(seeds=range(3), hours=6.0, interests_bps=INTERESTS_BPS):
    """The Beside of the premium over the interest in funding."""
    fine = np.linspace(min(interests_bps), max(interests_bps), 40)
    told = [
        basis_bps(inverse(1.0, kappa=EIGHT_HOURS, interest=1e-4 * each * EIGHT_HOURS, usd_rate=USD_RATE), 1.0)
        for each in fine
    ]
    found = np.array([[premium_bps(seed, each, hours) for seed in seeds] for each in interests_bps])
    error = found.std(axis=1, ddof=1) / np.sqrt(len(seeds))
    return Beside(
        title="Fair premium of an inverse contract", along="interest in funding, bp in 8 h",
        unit="mid over index, less 1, bp", theory={"premium": (fine, np.array(told))},
        runs={"premium": (np.array(interests_bps), found.mean(axis=1), error)},
    )  # fmt: skip
