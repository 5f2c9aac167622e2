"""Funding that no venue has: a controller that drives the basis to zero, and a premium weighed by liquidity.

They answer to sentiment and liquidity: how far traders push the price from the index and for how long, and how much
of what they hold the book could take back.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

from sim.contract import positive, require
from sim.funding import HOUR_S, ClampedPremium, FundingRule
from sim.premium import PRICES, basis, clamp, price_of


@dataclass(frozen=True, kw_only=True)
class PidOnBasis(FundingRule):
    """Proportional, integral and derivative control of the basis: a rate that grows until the basis is gone.

    price:             whose basis over the index is controlled: "mid", "impact mid" or "mark"
    proportional:      rate of an interval per unit of basis
    integral_per_hour: by which that rate grows each hour, per unit of basis
    derivative_hours:  rate per unit of basis an hour
    filter_hours:      time constant with which the change of the basis is smoothed
    cap:               largest rate of an interval

    A clamped premium leaves a basis as long as something pushes it; the integral does not. It stands still while the
    rate is at its cap and the basis would push it further, so that it never winds up (conditional integration).
    """

    accrual_s: float = 60.0
    price: str = "mid"
    proportional: float = 1.0
    integral_per_hour: float = 0.25
    derivative_hours: float = 0.0
    filter_hours: float = 0.25
    cap: float = 0.005

    def __post_init__(self):
        super().__post_init__()
        self.one_of("price", PRICES[1:])
        self.not_negative("proportional", "integral_per_hour", "derivative_hours", "filter_hours", "cap")

    def start(self):
        return Loop()

    def found(self, premium, integral=0.0, change=0.0):
        """The rate at a basis, with what has been integrated and the basis's change an hour."""
        free = self.proportional * premium + integral + self.derivative_hours * change
        return clamp(free, -self.cap, self.cap)

    def after(self, control, premium, hours):
        """The Control after `hours`, at whose end the basis is `premium`; without time passed only the rate moves."""
        change = control.change
        if hours > 0 and not math.isnan(control.premium):
            change += (premium - control.premium - change * hours) / (hours + self.filter_hours)
        grown = control.integral + self.integral_per_hour * premium * hours
        free = self.proportional * premium + grown + self.derivative_hours * change
        integral = control.integral if abs(free) > self.cap and free * premium > 0 else grown
        rate = self.found(premium, integral, change)
        return Control(premium=premium, integral=integral, change=change, rate=rate)

    def sample(self, quotes, memory):
        """Take one step of control; without a price the rate stays."""
        premium = basis(price_of(quotes, self.price), quotes.index)
        if premium == premium:
            memory.control = self.after(memory.control, premium, (quotes.time_s - memory.time_s) / HOUR_S)
            memory.time_s = quotes.time_s

    def payable(self, memory):
        return memory.control.rate


@dataclass(frozen=True, kw_only=True)
class Control:
    """Where a controller stands: basis, what has been integrated, change of the basis an hour, and the rate."""

    premium: float = math.nan
    integral: float = 0.0
    change: float = 0.0
    rate: float = 0.0


class Loop:
    """A controller and the time at which it last looked."""

    def __init__(self):
        self.control, self.time_s = Control(), 0.0


@dataclass(frozen=True, kw_only=True)
class LiquidityScaled(ClampedPremium):
    """A clamped premium that counts more, the more open interest stands against a thin book.

    ordinary: open interest over depth at which the premium counts once
    power:    of how far it is from ordinary; 0 makes this a ClampedPremium
    largest:  weight, and one over the smallest

    Open interest is the larger side of those who demand liquidity, depth the mean of both sides of the book within
    1 % of the mid. The weight multiplies each sample, so interest, damper and caps hold for what comes of it; where
    the depth is not known it is 1.
    """

    sees_demand: ClassVar[bool] = True

    stamps_utc_hours: tuple = (0.0, 8.0, 16.0)
    against: str = "index"
    lag: int = 0
    ordinary: float = 10.0
    power: float = 0.5
    largest: float = 4.0

    def __post_init__(self):
        super().__post_init__()
        positive("ordinary", self.ordinary)
        self.not_negative("power")
        require(self.largest >= 1, self.largest, "largest must be 1 or more", "use inf for no limit")

    def weight(self, open_interest, depth):
        """How often a premium counts at this open interest and depth, contracts."""
        if math.isnan(depth) or self.power == 0:
            return 1.0
        times = open_interest / depth if depth > 0 else math.inf if open_interest > 0 else self.ordinary
        return clamp((times / self.ordinary) ** self.power, 1.0 / self.largest, self.largest)

    def premium(self, quotes):
        """The premium times its weight."""
        depth = (quotes.depth_bid + quotes.depth_ask) / 2
        return super().premium(quotes) * self.weight(max(quotes.longs, quotes.shorts), depth)
