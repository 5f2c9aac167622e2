"""Critical leverage on this exchange: where closing a position costs more than its margin, by its own impact alone.

Under the square-root law the last contract of a position Q trades at a distance I = Y (Q / V)^(1/2) from where the
first does, and the way there is a book whose depth grows in proportion to distance. One account, marked at its entry,
is taken over and sold into such a book by the liquidation engine: below a leverage the fund gains what is left of the
margin, above it the fund pays the rest. `analysis.theory.critical_leverage` says which; after Caccioli, Bouchaud and
Farmer, "A proposal for impact-adjusted valuation" (arXiv 1204.0922).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import brentq

from agents import Crowd, LeveragedLongs, LeveragedShorts, Listed
from analysis.papers.row import Row
from analysis.theory.leverage import critical_leverage
from sim.contract import Inverse, Linear
from sim.engine import Unwind
from sim.index import SpotMarket, SpotVenue
from sim.margin import Tiers
from sim.market import Market
from sim.oracle_mark import OraclePrice
from sim.paths import Points
from sim.venues import BITMEX, LINEAR

PRICE, CONTRACTS, LEVELS = 10_000.0, 10_000_000, 2_000
FUND = 10_000.0
BEYOND = 1.1  # of the impact, to which the book goes
STILL = SpotMarket(venues=(SpotVenue(name="One", volume_coin=1.0, noise_bps=0.0),))
UNBACKED = Tiers.flat(0.9, 0.9)
"""A maintenance margin that no leverage above 1.1 covers: the first mark takes the position over at its entry."""


@dataclass(kw_only=True, eq=False)
class StandingBook(Crowd):
    """One order each, once, the n-th at n parts of `impact` from `price` and of a size that grows with n.

    They know nothing. side: 1 bids below the price, -1 offers above it; size: contracts of each; looks: made so far
    """

    price: float = PRICE
    impact: float = 0.1
    side: float = 1.0
    size: Any = 1.0
    wake_s: Any = 1e-3

    def decide(self, view, me):
        """Their order, in the first step."""
        part = (me.rows - self.first + 1.0) / self.count
        price = self.price * (1.0 - self.side * self.impact * part)
        return me.limit(np.full(len(me.rows), view.step <= 1), self.side * me.size, price)


def fund_gain(leverage, impact, contract="inverse", side="long"):
    """What the fund gains, or pays if below zero, by one such liquidation, as a share of the position's value."""
    kind = Inverse(name="unit", tick=PRICE * 1e-5) if contract == "inverse" else Linear(
        name="unit", face=1e-4, tick=PRICE * 1e-5, unit=1e-9, coin="USD"
    )  # fmt: skip
    venue = replace(
        BITMEX if contract == "inverse" else LINEAR, contract=kind, tiers=UNBACKED, maker_fee=0.0, taker_fee=0.0,
        closing_fee=0.0, maintenance_on="mark", mark=OraclePrice(every_s=1.0), max_leverage=1e6,
        unwind=Unwind(rests=False, rest_s=0.0, usd_per_s=1e15),
    )  # fmt: skip
    market = Market(
        seed=0, venue=venue, hours=4.0 / 3600.0, step_s=1.0, fund_coin=FUND,
        path=Points(times_s=(0.0,), values=(PRICE,)), spot=STILL,
    )  # fmt: skip
    long, parts = side == "long", BEYOND * np.arange(LEVELS + 1) / LEVELS
    sizes = np.diff(np.rint(CONTRACTS * parts**2))
    StandingBook(
        market, count=LEVELS, coin=5.0, impact=BEYOND * impact, side=1.0 if long else -1.0, size=Listed(tuple(sizes))
    )
    worth = CONTRACTS * market.contract_usd / PRICE
    asleep = {"count": 1, "wake_s": float("inf")}
    held = {"coin": worth / leverage, "leverage": 1.0, **asleep}, {"coin": 10.0 * worth, "leverage": 1.0, **asleep}
    bought = LeveragedLongs(market, **held[0 if long else 1])
    sold = LeveragedShorts(market, **held[1 if long else 0])
    market.endow(CONTRACTS, longs=[bought], shorts=[sold])
    run = market.run()
    unit = 1.0 if contract == "inverse" else PRICE
    return float(run["fund_coin"][-1] / unit - FUND) / worth


def simulated(impact, contract="inverse", side="long", within=0.2):
    """The leverage at which what the fund gains changes its sign, looked for within a part of the theory's."""
    theory = critical_leverage(impact, contract, side)
    low, high = theory * (1.0 - within), theory * (1.0 + within)
    return brentq(lambda leverage: fund_gain(leverage, impact, contract, side), low, high, xtol=1e-4 * theory)


def table(impacts=(0.01, 0.02, 0.05, 0.1, 0.2, 0.3)):
    """[Row] of the critical leverage of linear and inverse positions at these impacts; published: the closed form."""
    kinds = ("linear", "long"), ("inverse", "long"), ("inverse", "short")
    return [
        Row(
            f"{contract} {side}, impact {impact:.0%}", critical_leverage(impact, contract, side),
            simulated(impact, contract, side), 0.0, tolerance=0.01 * critical_leverage(impact, contract, side),
        )
        for impact in impacts
        for contract, side in kinds
    ]  # fmt: skip
