"""Funding that answers to who holds what, not to a price: Synthetix's velocity of skew, GMX's imbalance.

Skew and imbalance are of open interest in contracts. Pools have no book, so traders of the larger side are charged
for the risk that the pool takes over from them.
"""

from dataclasses import dataclass
from typing import ClassVar

from sim.contract import positive
from sim.funding import HOUR_S, HOURLY, FundingRule
from sim.premium import clamp

DAY_S = 86_400.0
YEAR_S = 365 * DAY_S
LEAST_FACTOR = 1e-30  # a second: the smallest that GMX's contracts can write


@dataclass(frozen=True, kw_only=True)
class VelocityOfSkew(FundingRule):
    """The rate grows in proportion to the skew for as long as it lasts: Synthetix perps v2.

    skew_scale:    contracts of skew at which the velocity is largest; Synthetix counts coins
    max_velocity:  largest change of the daily rate in a day
    rate_at_start: daily

    A market in balance keeps its last rate. Between two samples the skew is taken to have stayed as it was at the
    first; the rate is then a straight line, and what is charged is its mean. Traders pay each other; what one side
    is short of, the pool pays or gets. Source: Synthetixio, PerpsV2MarketBase.sol; defaults of sETH on Optimism. That
    skew over scale is capped at 1 is in its tests of 2023, not in older versions.
    """

    sees_demand: ClassVar[bool] = True

    interval_hours: float = 24.0
    stamps_utc_hours: tuple = (0.0,)
    accrual_s: float = 60.0
    counterparty: str = "pool"
    skew_scale: float = 1_000_000.0
    max_velocity: float = 9.0
    rate_at_start: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        positive("skew_scale", self.skew_scale)
        self.not_negative("max_velocity")

    def start(self):
        return Line(self.rate_at_start)

    def velocity(self, skew):
        """Change of the daily rate in a day at a skew, contracts, longs positive."""
        return clamp(skew / self.skew_scale, -1.0, 1.0) * self.max_velocity

    def later(self, rate, skew, seconds):
        """The daily rate after `seconds` at a skew."""
        return rate + self.velocity(skew) * (seconds / DAY_S)

    def accrued(self, rate, skew, seconds, price=1.0):
        """What a long of one coin receives over `seconds` at a skew, in units of `price`; negative: it pays."""
        return -(rate + self.later(rate, skew, seconds)) / 2.0 * (seconds / DAY_S) * price

    def history(self, trades, price=1.0):
        """{"rates", "funding_sequence"}: daily rate at each trade, and what a long of one coin has received till then.

        trades: [seconds since the one before, size] each.
        """
        rates, sequence, skew = [self.rate_at_start], [0.0], 0.0
        for seconds, size in trades:
            sequence.append(sequence[-1] + self.accrued(rates[-1], skew, seconds, price))
            rates.append(self.later(rates[-1], skew, seconds))
            skew += size
        return {"rates": rates[1:], "funding_sequence": sequence[1:]}

    def sample(self, quotes, memory):
        """Draw the line on from the sample before; begin anew once what it shows has been charged."""
        seconds = quotes.time_s - memory.time_s
        if memory.lasting_s >= self.accrual_s * (1.0 - 1e-9):
            memory.total = memory.lasting_s = 0.0
        memory.total -= self.accrued(memory.daily, memory.skew, seconds) * DAY_S
        memory.lasting_s += seconds
        memory.daily = self.later(memory.daily, memory.skew, seconds)
        memory.time_s, memory.skew = quotes.time_s, quotes.longs - quotes.shorts

    def payable(self, memory):
        """The mean rate since the last accrual, or stamp; before a sample, the rate of now."""
        daily = memory.total / memory.lasting_s if memory.lasting_s else memory.daily
        return daily * self.interval_hours / 24.0

    def rate(self, memory):
        if self.accrual_s > self.interval_hours * HOUR_S:
            memory.total = memory.lasting_s = 0.0
        return self.payable(memory)


class Line:
    """Daily rate, skew and time of the latest sample, and the rate's integral since the last accrual."""

    def __init__(self, daily):
        self.daily, self.skew, self.time_s = daily, 0.0, 0.0
        self.total = self.lasting_s = 0.0


@dataclass(frozen=True, kw_only=True)
class Imbalance(FundingRule):
    """The larger side pays in proportion to the imbalance, the smaller shares it: GMX v2 with a fixed factor.

    factor:   a second, of the larger side's value, at an imbalance of 1
    exponent: of the difference of open interest in the imbalance
    most:     largest rate a second

    Rate a second: factor * |longs - shorts| ** exponent / (longs + shorts). With one side empty nobody pays. GMX
    counts open interest in USD at entry, here it is counted in contracts at their value of now; that matters for the
    scale of an exponent other than 1. Source: gmx-synthetics, README and MarketUtils.sol; its README prints the rates
    with signs that contradict each other. The default factor is from memory, unverified.
    """

    sees_demand: ClassVar[bool] = True

    interval_hours: float = 1.0
    stamps_utc_hours: tuple = HOURLY
    accrual_s: float = 60.0
    counterparty: str = "pool"
    factor: float = 2e-8
    exponent: float = 1.0
    most: float = 0.9 / YEAR_S

    def __post_init__(self):
        super().__post_init__()
        positive("exponent", self.exponent)
        self.not_negative("factor", "most")

    def start(self):
        return Saved()

    def imbalance(self, longs, shorts):
        """The difference of open interest, raised to the exponent, over the sum; negative if shorts are more."""
        size = abs(longs - shorts) ** self.exponent / (longs + shorts) if longs + shorts else 0.0
        return size if longs > shorts else -size

    def found(self, longs, shorts):
        """The rate a second, of the larger side's value; positive: longs pay."""
        if not min(longs, shorts):
            return 0.0
        return clamp(self.factor * self.imbalance(longs, shorts), -self.most, self.most)

    def sides(self, rate, longs, shorts, pool=0.0):
        """What a contract of each side is charged: the payers the rate on the larger side, the others share it."""
        if not min(longs, shorts):
            return 0.0, 0.0
        paid = rate * max(longs, shorts)
        return paid / longs, paid / shorts

    def sample(self, quotes, memory):
        """Find the rate of now."""
        memory.factor = self.found(quotes.longs, quotes.shorts)

    def payable(self, memory):
        return memory.factor * self.interval_hours * HOUR_S


@dataclass(frozen=True, kw_only=True)
class AdaptiveImbalance(Imbalance):
    """The rate itself grows while the sides are out of balance: GMX v2 with adaptive funding.

    increase: change a second of the rate a second, at an imbalance of 1; decrease: of its size while it falls
    stable:   imbalance above which it grows; falling: below which it falls; between them it stays
    least:    smallest rate a second that is charged, once there is one; most: largest

    Against the skew it moves to the skew's side by `increase`, whatever the imbalance. One that has fallen keeps its
    sign, at 1e-30. Source: gmx-synthetics, README, MarketUtils.sol and config/markets.ts: 90 % a year in 3 hours,
    back in 48, 4 % and 0. That it starts from 0 after a side was empty is from memory, unverified.
    """

    increase: float = 0.9 / YEAR_S / (3 * HOUR_S)
    decrease: float = 0.9 / YEAR_S / (48 * HOUR_S)
    stable: float = 0.04
    falling: float = 0.0
    least: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        self.not_negative("increase", "decrease", "stable", "falling", "least")

    def change(self, imbalance, along, seconds):
        """How much the size of the rate a second grows in `seconds`; it falls, and may change its sign, if negative.

        imbalance: 0 to 1; along: whether the larger side is the one that pays.
        """
        if not along:
            return -imbalance * self.increase * seconds
        if imbalance > self.stable:
            return imbalance * self.increase * seconds
        return -self.decrease * seconds if imbalance < self.falling else 0.0

    def next_factor(self, longs, shorts, seconds, factor=0.0):
        """The rate a second after `seconds` with this open interest, from `factor` before; positive: longs pay."""
        if not min(longs, shorts):
            return 0.0
        skew = self.imbalance(longs, shorts)
        if factor == 0.0:
            return clamp(skew * self.increase * seconds, -self.most, self.most)
        sign, along = (1.0 if factor > 0 else -1.0), factor * skew > 0
        grown = sign * factor + self.change(abs(skew), along, seconds)
        return clamp(sign * (max(grown, LEAST_FACTOR) if along else grown), -self.most, self.most)

    def sample(self, quotes, memory):
        """Let the rate move for the time since the last sample, with the open interest of now."""
        seconds = quotes.time_s - memory.time_s
        memory.factor = self.next_factor(quotes.longs, quotes.shorts, seconds, memory.factor)
        memory.time_s = quotes.time_s

    def payable(self, memory):
        size = max(abs(memory.factor), self.least)
        signed = size if memory.factor > 0 else -size if memory.factor < 0 else 0.0
        return signed * self.interval_hours * HOUR_S


class Saved:
    """The rate a second, and when it was found."""

    def __init__(self):
        self.factor = self.time_s = 0.0
