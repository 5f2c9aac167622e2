"""Avellaneda and Stoikov's market maker on this exchange: an inventory strategy beside one blind to inventory.

"High-frequency trading in a limit order book", Quantitative Finance 8(3), 2008, its simulations: the mid starts at
100 and moves by +-sigma sqrt(dt), a quote at distance d from it is hit in a time dt with probability A exp(-k d) dt,
orders are of one unit, the horizon is 1. Here the mid is the index, the unit a linear contract of one coin, dt a
second of two steps: the maker quotes in the first, takers trade in the second. One market a path.

Quotes are rounded to ticks away from the mid, so a spread is a tick wider. At a thousandth nothing of that is seen; a
tick of 0.1 costs less than can be told from chance in 300 paths, since profit is flat about the best spread, and one of
0.5, a third of the spread, costs 7 % of the profit with inventory and 10 % without.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agents import Crowd, InventoryMakers, sending
from analysis.papers.row import Row
from sim.compiled import kernel
from sim.contract import Linear
from sim.index import SpotMarket, SpotVenue
from sim.index_rules import IndexRule
from sim.margin import Tiers
from sim.market import Market
from sim.oracle_mark import OraclePrice
from sim.orders import IOC
from sim.paths import YEAR_S
from sim.streams import DECIDE, as_exponential, generator, uniform4
from sim.venues import LINEAR

PRICE = 100.0
EVERY_STEP_S = 1e-3  # between two looks, of a step of half a second
PUBLISHED = {
    (0.1, "inventory"): {"spread": 1.49, "profit": 65.0, "sd of profit": 6.6, "sd of final inventory": 2.9},
    (0.1, "symmetric"): {"spread": 1.49, "profit": 68.4, "sd of profit": 12.7, "sd of final inventory": 8.4},
}
"""Of 1,000 paths with k = 1.5, A = 140, sigma = 2 and dt = 0.005, by gamma and strategy. The mean final inventory is
noise about 0, and its sign does not survive in the text."""


TOLERANCE = {"profit": 0.015, "sd of profit": 0.08, "sd of final inventory": 0.08, "spread": 0.01}
"""Of the number: the paper prints two or three digits of 1,000 paths."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """The paper's model: horizon 1, so that rates and volatility are a horizon's.

    gamma: risk aversion; k: decay of the rate with distance, per USD; arrivals: A, the rate at the mid; sigma: of the
    mid, USD; dt: time between two quotes; tick: of the contract, USD
    """

    gamma: float = 0.1
    k: float = 1.5
    arrivals: float = 140.0
    sigma: float = 2.0
    dt: float = 0.005
    tick: float = 0.001

    @property
    def moves(self):
        """How often the mid moves; as many seconds are the horizon."""
        return round(1.0 / self.dt)


@dataclass(frozen=True)
class Binomial:
    """A mid that moves up or down by the same amount, in USD, at steps 3, 5, 7 and so on."""

    move: float

    def prices(self, seed, steps, step_s):
        signs = 2.0 * generator(seed, "fundamental").integers(0, 2, steps // 2 + 1) - 1.0
        walk = PRICE + self.move * np.append(0.0, np.cumsum(signs))
        return walk[np.maximum(np.arange(steps + 1) - 1, 0) // 2]


@kernel
def reach_out(x, rows, first, traits, out, n):
    """In every second step each taker trades up to its distance from the index, the even ones buying."""
    now, tick = x.now[0], x.terms[0].tick
    for i in rows:
        if now.step % 2 == 1:
            continue
        me, key = traits[i - first], x.keys[x.accounts[i].crowd]
        drawn = uniform4(key[0], key[1], i - first, now.step, 0, DECIDE)
        away = me.reach * (as_exponential(drawn[0]) + math.log(me.chance))
        buys = (i - first) % 2 == 0
        limit = math.floor((now.index + away) / tick) if buys else math.ceil((now.index - away) / tick)
        n = sending.limit(out, n, i, 1 if buys else -1, min(max(limit, 1), x.terms[0].ticks - 1), IOC, 0)
    return n


@dataclass(kw_only=True, eq=False)
class ReachingTakers(Crowd):
    """One buyer and one seller of a contract at every quote: they know the index, and trade up to a distance from it.

    The distance is reach * (ln(chance) + an exponential number of mean 1), so that a quote at distance d is hit with
    probability min(1, chance * exp(-d / reach)). One below zero is of a taker who comes seldom enough to do without.

    reach:  1 / k, USD; chance: A dt
    """

    reach: Any = 1.0
    chance: Any = 1.0
    wake_s: Any = EVERY_STEP_S

    kernel = staticmethod(reach_out)
    messages_per_wake = 1


def market(model, leans, seed):
    """The market of one path."""
    contract = Linear(name="unit", face=1.0, tick=model.tick, unit=1e-9, highest=2.0 * PRICE)
    venue = replace(
        LINEAR, name="Avellaneda and Stoikov", contract=contract, tiers=Tiers.flat(0.005, 0.01), maker_fee=0.0,
        taker_fee=0.0, closing_fee=0.0, mark=OraclePrice(every_s=0.5), index=IndexRule(),
    )  # fmt: skip
    spot = SpotMarket(venues=(SpotVenue(name="One", volume_coin=1.0, noise_bps=0.0),))
    horizon_s = float(model.moves)
    made = Market(
        seed=seed, venue=venue, hours=(2 * model.moves + 1.5) * 0.5 / 3600.0, step_s=0.5, spot=spot,
        path=Binomial(model.sigma * math.sqrt(model.dt)),
    )  # fmt: skip
    InventoryMakers(
        made, count=1, coin=1_000.0, risk_aversion=model.gamma, leans=leans, order_usd=PRICE,
        reach_bps=1e4 / model.k / PRICE, volatility=model.sigma / PRICE * math.sqrt(YEAR_S / horizon_s),
        horizon_s=horizon_s if leans else 0.5 * horizon_s, ends_s=horizon_s + 0.5 if leans else math.inf,
        wake_s=EVERY_STEP_S,
    )  # fmt: skip
    ReachingTakers(made, count=2, coin=1e4, reach=1.0 / model.k, chance=model.arrivals * model.dt)
    return made


def outcomes(model, leans, paths, seed=0):
    """(paths, 3) mean spread quoted, USD, profit at the last mid, USD, and final inventory; seeds from `seed` on.

    leans: the inventory strategy; else its mean spread about the mid all along, the paper's symmetric one
    """
    found = np.empty((paths, 3))
    for path in range(paths):
        made = market(model, leans, seed + path)
        run = made.run()
        maker = run.accounts[made.crowds[0].first]
        spread = run["spread_usd"][0 : 2 * model.moves : 2].mean()
        found[path] = spread, maker.equity_coin - maker.deposits_coin, maker.contracts
    return found


def table(*, paths=1_000, seed=0, **parameters):
    """[Row] of both strategies; parameters: of `Model`. The paper's numbers stand beside them where it has them."""
    model, rows = Model(**parameters), []
    told = replace(model, gamma=0.1, tick=Model().tick) == Model()
    for leans, name in ((True, "inventory"), (False, "symmetric")):
        published = PUBLISHED.get((model.gamma, name), {}) if told else {}
        found = moments(outcomes(model, leans, paths, seed))
        for each in found:
            number = published.get(each, math.nan)
            rows.append(Row(f"{name}: {each}", number, *found[each], tolerance=TOLERANCE.get(each, 0.0) * number))
    return rows


def moments(found):
    """{what: (number, its standard error)} of the outcomes of paths."""
    said = {}
    for name, each in zip(("spread", "profit", "final inventory"), found.T, strict=True):
        deviation = each.std(ddof=1)
        said[name] = each.mean(), deviation / math.sqrt(len(each))
        if name != "spread":
            kurtosis = ((each - each.mean()) ** 4).mean() / each.var() ** 2
            said[f"sd of {name}"] = deviation, deviation * math.sqrt(max(kurtosis - 1.0, 0.0) / 4.0 / len(each))
    return said
