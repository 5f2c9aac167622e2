"""How large a position: sizing rules, each a frozen value whose numbers a crowd hands to its compiled rule.

Every rule is of one form, and so is what compiled rules need of it: notional over equity is

    scale * volatility^a * stop^b, at most `most`

volatility: of the index, annual; stop: distance from entry at which the position is closed, a fraction, 1 if at none.
Equity is what the venue counts margin in. Where that is the coin itself (inverse contracts), a wallet without a
position is long once already, in USD: who counts in USD has one more than these rules say.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from sim.compiled import kernel
from sim.contract import positive


@kernel
def sized(table, volatility, stop):
    """Notional over equity by the numbers of a rule, (4,) scale, a, b, most; the most where nothing seems to move."""
    if volatility <= 0.0 and table[1] < 0.0:
        return table[3]
    return min(table[0] * volatility ** table[1] * min(stop, 1.0) ** table[2], table[3])


@dataclass(frozen=True)
class Sizing(ABC):
    """What every sizing rule has; its fields are positive."""

    def __post_init__(self):
        for name, value in vars(self).items():
            positive(name, value)

    @abstractmethod
    def table(self):
        """(4,) scale, power of volatility, power of the stop's distance, most."""

    def leverage(self, volatility=1.0, stop=1.0):
        """Notional over equity at an annual volatility and a stop's distance."""
        return float(sized(self.table(), float(volatility), float(stop)))


@dataclass(frozen=True)
class FixedFraction(Sizing):
    """The same multiple of equity whatever happens: leverage = fraction.

    It keeps exposure in proportion to wealth, so that a loss shrinks the next position (Vince, Portfolio Management
    Formulas, Wiley 1990, who then looks for the fraction of fastest growth).
    """

    fraction: float = 3.0

    def table(self):
        return np.array([self.fraction, 0.0, 0.0, self.fraction])


@dataclass(frozen=True)
class VolatilityTarget(Sizing):
    """Equity is to move by `target` a year: leverage = target / volatility.

    target: annual volatility of equity. Source: Harvey, Hoyle, Korgaonkar, Rattray, Sargaison and Van Hemert, The
    Impact of Volatility Targeting, Journal of Portfolio Management 45(1), 2018.
    """

    target: float = 1.0
    most: float = 10.0

    def table(self):
        return np.array([self.target, -1.0, 0.0, self.most])


@dataclass(frozen=True)
class FractionalKelly(Sizing):
    """A part of what makes log equity grow fastest: leverage = fraction * edge / volatility^2.

    edge: annual return of the contract that the trader expects on the side of its signal, as equity is counted, right
    or wrong. With fraction 1 and a true edge the growth is edge^2 / (2 volatility^2), with fraction c it is
    c * (2 - c) of that; beyond 2 equity shrinks. Sources: Kelly, Bell System Technical Journal 35, 1956; in
    continuous time Thorp, The Kelly Criterion, Handbook of Asset and Liability Management 1, 2006.
    """

    edge: float = 1.0
    fraction: float = 0.5
    most: float = 10.0

    def table(self):
        return np.array([self.fraction * self.edge, -2.0, 0.0, self.most])


@dataclass(frozen=True)
class RiskPerStop(Sizing):
    """A stop that fills at its price costs `risk` of equity: leverage = risk / stop.

    Of an inverse contract it costs risk / (1 - stop) long and risk / (1 + stop) short. Source: the percent risk model
    of Tharp, Trade Your Way to Financial Freedom, McGraw-Hill 1998.
    """

    risk: float = 0.02
    most: float = 10.0

    def table(self):
        return np.array([self.risk, 0.0, -1.0, self.most])
