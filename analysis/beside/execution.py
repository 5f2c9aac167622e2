"""Optimal liquidation of a perpetual: a seller on the exchange who follows the formula, and the path that it foresees.

The formula takes the basis as moved by the seller alone, in proportion; here makers and others move it too, and what
the seller sees of it is what it acts upon. Units of the formula: the horizon, a tenth of the position, BASIS_USD.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from agents import Crowd, LeveragedShorts
from analysis.figures import Beside
from analysis.theory.execution import Liquidation
from scenarios import calm

PROBLEM = Liquidation(horizon=1.0, temporary=0.1, permanent=0.1, terminal=100.0, holding=0.5, funding=5.0)
"""The paper's own parameters."""
PARTS, PART, BASIS_USD = 10.0, 200_000, 8.0
HOURS, STEP_S = 2.0, 15.0
AT = np.linspace(0.1, 1.0, 10)


@dataclass(kw_only=True, eq=False)
class Seller(Crowd):
    """One account that sells what it holds at the rate that `PROBLEM` finds optimal for the basis it sees.

    It knows the mid, the index and its own position. path: (time, contracts) at each look, in parts of both
    """

    leverage: Any = 1.0
    wake_s: Any = 1e-3
    path: list = field(default_factory=list)

    def decide(self, view, me):
        """What is to be sold until the next look."""
        time, held = view.time_s / (3_600.0 * HOURS), float(me.contracts[0]) / PART
        self.path.append((time, held))
        if time >= PROBLEM.horizon or held <= 0.0:
            return me.at_market(np.zeros(len(me.rows), bool), 0)
        rate = PROBLEM.rate(time, held, (view.mid - view.index) / BASIS_USD)
        size = int(np.clip(round(rate * PART * STEP_S / (3_600.0 * HOURS)), -me.contracts[0], PARTS * PART))
        return me.at_market(np.full(len(me.rows), size != 0), size)


def path(seed):
    """(len(AT),) what is left of the position, in parts, in one run."""
    market = calm(seed=seed, hours=HOURS, step_s=STEP_S)
    coin = PARTS * PART * market.contract_usd / float(market.exchange.now[0].index)
    seller = Seller(market, count=1, coin=2.0 * coin)
    others = LeveragedShorts(market, name="Others", count=200, coin=coin / 100.0, leverage=1.0, wake_s=float("inf"))
    market.endow(round(PARTS * PART), longs=[seller], shorts=[others])
    market.run()
    seen = np.array([*seller.path, (1.0, float(market.exchange.accounts.contracts[seller.first]) / PART)])
    return np.interp(AT, seen[:, 0], seen[:, 1])


def beside(seeds=range(12)):
    """The Beside of what is left of a position over time."""
    times, held = PROBLEM.mean_path(PARTS, 0.0)
    found = np.array([path(seed) for seed in seeds])
    error = found.std(axis=0, ddof=1) / np.sqrt(len(seeds))
    hours = HOURS * np.asarray(times)
    return Beside(
        title="Optimal sale of a position", along="hours", unit="% of the position left",
        theory={"left": (hours, 100.0 * np.asarray(held) / PARTS)},
        runs={"left": (HOURS * AT, 100.0 * found.mean(axis=0) / PARTS, 100.0 * error / PARTS)},
    )  # fmt: skip
