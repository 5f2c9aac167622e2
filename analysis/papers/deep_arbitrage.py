"""The fair price of a perpetual in the limit of deep arbitrage, on this exchange.

Ackerer, Hugonnier and Jermann (arXiv 2310.11771) price a perpetual whose longs pay kappa times the premium and an
interest. Here one arbitrageur with endless depth and no fee sets the price. It does not know the formula: it sees the
rate that the venue is about to charge, knows what it earns on USD and on coin, and moves its quotes by a part of what
the rate is off from the difference of the two, for at that rate neither side of the carry gains. The venue measures the
premium of its quotes and charges funding by its own machinery; what comes of it is the mean basis.

That rule is the same for a linear and an inverse contract, whose prices differ in the second order of the rates only,
by 0.001 bp at these: the rows of the inverse one test its funding, not that difference.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from agents import Crowd
from analysis.papers.row import Row
from analysis.theory import fair_price
from sim.contract import Inverse, Linear
from sim.funding import ClampedPremium
from sim.index import SpotMarket, SpotVenue
from sim.margin import Tiers
from sim.market import Market
from sim.oracle_mark import OraclePrice
from sim.paths import GeometricBrownian
from sim.venues import BITMEX, LINEAR

PRICE, TICK, HIGHEST = 1_000.0, 0.01, 8_000.0
A_YEAR = fair_price.EIGHT_HOURS  # stamps
CALM = SpotMarket(venues=(SpotVenue(name="One", volume_coin=1.0, noise_bps=0.0),))
WARM = 0.1  # of the run, in which the price finds its place
CASES = (
    (1_095.0, 0.05, 0.1095), (365.0, 0.05, 0.1095), (1_095.0, 0.1095, 0.1095), (1_095.0, 0.2, 0.1095),
    (365.0, 0.2, 0.1095), (1_095.0, 0.0, 0.1095), (365.0, 0.0, 0.1095),
)  # fmt: skip
"""kappa, USD less coin rate and interest, a year: those of a realistic venue."""


@dataclass(frozen=True, kw_only=True)
class PremiumAndInterest(ClampedPremium):
    """The paper's funding: a share of the premium, and the interest whatever the premium."""

    def found(self, premium, previous=None):
        return np.asarray(premium, float) / self.divisor + self.interest


@dataclass(kw_only=True, eq=False)
class DeepArbitrageur(Crowd):
    """Quote the whole market at a price that it moves until the funding rate pays for the carry.

    It knows the index, the rate of the next stamp, and its own rates.

    carry:  what USD earns in an interval less what coin does, fractions
    learns: part of what the rate is off by, by which it moves its premium at each look
    """

    carry: float = 0.0
    learns: float = 0.2
    premium: float = 0.0

    def decide(self, view, me):
        """A bid and an offer a tick apart about the index and its premium."""
        if view.step > 1:
            self.premium += self.learns * (self.carry - view.funding_rate)
        price = view.index * (1.0 + self.premium)
        return me.quote(np.full(len(me.rows), True), price - 0.5 * TICK, price + 0.5 * TICK, 1_000)


def mean_basis(kappa, difference, interest, contract="linear", periods=10_000, seed=0, volatility=0.1):
    """(mean basis, its standard error) after the price has found its place, fractions of the index.

    kappa: share of the premium paid in a year; difference: USD rate less coin rate, interest: both a year
    """
    kind = Inverse(name="unit", tick=TICK, highest=HIGHEST)
    if contract == "linear":
        kind = Linear(name="unit", face=1.0, tick=TICK, unit=1e-9, highest=HIGHEST, coin="USD")
    rule = PremiumAndInterest(
        interest=interest / A_YEAR, damper=0.0, cap=math.inf, change_cap=math.inf, divisor=A_YEAR / kappa, lag=0,
        against="index", price="mid", sample_s=14_400.0, rate_at_start=0.0,
    )  # fmt: skip
    venue = replace(
        LINEAR if contract == "linear" else BITMEX, contract=kind, tiers=Tiers.flat(0.005, 0.01), maker_fee=0.0,
        taker_fee=0.0, mark=OraclePrice(every_s=14_400.0), funding=rule,
    )  # fmt: skip
    market = Market(
        seed=seed, venue=venue, hours=8.0 * periods, step_s=14_400.0, spot=CALM,
        path=GeometricBrownian(price=PRICE, volatility=volatility),
    )  # fmt: skip
    DeepArbitrageur(market, count=1, coin=1e5, wake_s=1.0, carry=difference / A_YEAR)
    run = market.run()
    late = run["time_s"] > WARM * run["time_s"][-1]
    basis = (run["mid"] / run["index"] - 1.0)[late]
    blocks = np.array([block.mean() for block in np.array_split(basis, 20)])
    return float(basis.mean()), float(blocks.std(ddof=1) / math.sqrt(len(blocks)))


def table(cases=CASES, periods=10_000):
    """[Row] of the mean basis, bp, of a linear and an inverse contract; published: the paper's continuous formulas."""
    rows = []
    for contract in ("linear", "inverse"):
        for kappa, difference, interest in cases:
            price = getattr(fair_price, contract)(1.0, kappa=kappa, interest=interest, usd_rate=difference)
            mean, error = mean_basis(kappa, difference, interest, contract, periods)
            claim = f"{contract}, kappa {kappa:g}, rates {difference:.2%} apart: mean basis, bp"
            rows.append(Row(claim, 1e4 * (price - 1.0), 1e4 * mean, 1e4 * error, tolerance=0.3))
    return rows
