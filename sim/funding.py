"""Funding: the rate that longs pay shorts, positive, or shorts longs, negative, as a fraction of position value.

Here is what every rule has, and the rule of BitMEX, Binance, Bybit and Hyperliquid, with the constants that make it
OKX's or Kraken's: an average premium P, interest I that pulls it when it is near, and caps.

    rate = (P + clamp(I - P, -damper, damper)) / divisor, then the caps

Others are in `sim.continuous_funding`, `sim.voted_funding`, `sim.skew_funding`, `sim.twap_funding` and
`sim.research_funding`.
"""

import math
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import numpy as np

from sim.contract import positive, require
from sim.premium import PRICES, WEIGHTS, basis, clamp, impact_premium, price_of

HOUR_S = 3_600.0
HOURLY = tuple(float(hour) for hour in range(24))


@dataclass(frozen=True, kw_only=True)
class FundingRule(ABC):
    """What every funding rule has: when it looks, when positions pay, and who takes what is left over.

    interval_hours:   of the rate, and between two stamps
    stamps_utc_hours: of the day, at which an interval ends
    sample_s:         between two calls of `sample`
    accrual_s:        inf: positions pay at stamps; else every `accrual_s`, `payable` times its part of the interval
    counterparty:     "fund" or "pool": pays, or gets, the difference between what longs and shorts are charged
    valued_at:        "mark" or "index": the price at which the value of a position is charged

    A rule keeps what it saw in a memory that `start` makes, `sample` and `rate` bring up to date, and `payable` reads.
    """

    sees_demand: ClassVar[bool] = False  # looks at `longs` and `shorts` of the quotes

    interval_hours: float = 8.0
    stamps_utc_hours: tuple = (0.0, 8.0, 16.0)
    sample_s: float = 60.0
    accrual_s: float = math.inf
    counterparty: str = "fund"
    valued_at: str = "mark"

    def __post_init__(self):
        for field in ("interval_hours", "sample_s"):
            positive(field, getattr(self, field))
        require(self.accrual_s > 0, self.accrual_s, "accrual_s must be positive", "use inf to pay at stamps")
        self.one_of("counterparty", ("fund", "pool"))
        self.one_of("valued_at", ("mark", "index"))
        hours = sorted(self.stamps_utc_hours)
        apart = np.diff([*hours, hours[0] + 24.0]) if hours else np.zeros(1)
        if not np.allclose(apart, self.interval_hours):
            got = f"{self.stamps_utc_hours}, {self.interval_hours} hours"
            raise ValueError(f"stamps_utc_hours must be interval_hours apart around the clock (got {got}); add some")

    def one_of(self, field, known):
        """ValueError unless a field is one of the known words."""
        if getattr(self, field) not in known:
            must = " or ".join(map(repr, known))
            raise ValueError(f"{field} must be {must} (got {getattr(self, field)!r})")

    def not_negative(self, *fields):
        """ValueError unless these fields are 0 or more."""
        for field in fields:
            require(getattr(self, field) >= 0, getattr(self, field), f"{field} must be 0 or more", "use inf for none")

    @abstractmethod
    def start(self):
        """The memory of a run that begins."""

    @abstractmethod
    def sample(self, quotes, memory):
        """Look at the market; to be called every `sample_s`, at a stamp before the payment."""

    @abstractmethod
    def payable(self, memory):
        """The rate to be charged next, per interval, as known now."""

    def rate(self, memory):
        """End the interval, once its stamp has charged `payable`; returns what is payable after it."""
        return self.payable(memory)

    def sides(self, rate, longs, shorts, pool=0.0):
        """(long_rate, short_rate): what a contract of each side is charged; shorts receive what is positive.

        longs, shorts: contracts of open interest on each side, 0 or more; pool: what the counterparty holds, in
        values of a contract. Both are `rate` unless the rule says otherwise.
        """
        return rate, rate

    def charge(self, rate, held, value=1.0, pool=0.0):
        """(paid, rest): what each of these positions pays, and what is left over for the counterparty, or it adds.

        held: contracts, longs positive; value: of a contract, in the unit in which is paid; pool: as in `sides`.
        """
        held = np.asarray(held, dtype=float)
        longs, shorts = held[held > 0].sum(), -held[held < 0].sum()
        long_rate, short_rate = self.sides(rate, longs, shorts, pool)
        paid = np.where(held > 0, long_rate, short_rate) * held * value
        return paid, float(paid.sum())


@dataclass(frozen=True, kw_only=True)
class ClampedPremium(FundingRule):
    """Premium over an interval, clamped towards interest; defaults are BitMEX's XBTUSD since April 2020.

    interest:      a fraction per interval: (quote - base) / 3 of a day's rates
    damper:        the rate is the interest while the premium is no further from it; 0 none
    cap:           largest rate; BitMEX 75 % of initial less maintenance margin
    change_cap:    largest change from one interval to the next; BitMEX 75 % of maintenance margin
    divisor:       of the rate: 8 where an eighth of an 8-hour rate is paid each hour (Hyperliquid), 24 at Kraken
    against:       "mark": premium over the fair price, plus the funding basis in it (BitMEX); "index": over it
    price:         "impact": how far what can be sold or bought lies outside; else how far the "mid" of bid and ask
                   (OKX), the "impact mid" (Kraken) or the "mark" lies above
    weights:       "flat", or "linear": the n-th sample counts n times (Bybit)
    lag:           intervals from the end of that over which a rate is found to the stamp that charges it
    rate_at_start: last found when the run begins

    Sources: BitMEX's perpetual guide, its blog of 17-Apr-2020 on caps, and its staff on the premium's terms.
    All that follow have against="index", change_cap=inf and stamps that begin at 0 UTC, lag=0 unless said. Bybit:
    weights="linear" (help centre). Binance COIN-M: sample_s=5, and from memory, unverified, weights="linear" and
    cap=0.003. OKX: price="mid", interest=0, damper=0, cap=0.00375 (360053909272). Hourly: Hyperliquid: sample_s=5,
    divisor=8, cap=0.04, valued_at="index" (copies of its funding page); Kraken: price="impact mid", interest=0,
    damper=0, divisor=24, cap=0.0025, lag=1, accrual_s finite, valued_at="index" (360022835911); it once had
    divisor=8 and four hours. That Kraken's premium is of the impact mid is from memory, unverified.
    """

    stamps_utc_hours: tuple = (4.0, 12.0, 20.0)
    interest: float = 0.0001
    damper: float = 0.0005
    cap: float = 0.00375
    change_cap: float = 0.00375
    divisor: float = 1.0
    against: str = "mark"
    price: str = "impact"
    weights: str = "flat"
    lag: int = 1
    rate_at_start: float = 0.0001

    def __post_init__(self):
        super().__post_init__()
        positive("divisor", self.divisor)
        self.not_negative("damper", "cap", "change_cap", "lag")
        self.one_of("against", ("mark", "index"))
        self.one_of("price", PRICES)
        self.one_of("weights", WEIGHTS)

    def start(self):
        return Interval(self.rate_at_start, self.lag)

    def premium(self, quotes):
        """How far the price lies from the fair price, relative to the index; nan if there is none.

        A side without an impact price adds nothing.
        """
        held = quotes.funding_rate * quotes.to_funding if self.against == "mark" else 0.0
        if self.price != "impact":
            return basis(price_of(quotes, self.price), quotes.index)
        fair = quotes.index * (1.0 + held)
        return impact_premium(quotes.impact_bid, quotes.impact_ask, quotes.index, fair) + held

    def sample(self, quotes, memory):
        """Take one sample of the premium, unless there is none."""
        premium = self.premium(quotes)
        if premium == premium:
            memory.count += 1
            weight = memory.count if self.weights == "linear" else 1
            memory.total += weight * premium
            memory.weight += weight

    def found(self, premium, previous=None):
        """The rate of an interval with that average premium, or rates of a list of them.

        previous: of the interval before, from which a change is capped; None leaves that cap out.
        """
        premium = np.asarray(premium, dtype=float)
        rate = (premium + clamp(self.interest - premium, -self.damper, self.damper)) / self.divisor
        if previous is not None:
            rate = clamp(rate, previous - self.change_cap, previous + self.change_cap)
        return clamp(rate, -self.cap, self.cap)

    def predicted(self, memory):
        """The rate that the present interval would find if it ended now; without a sample, that of the last."""
        if memory.count == 0:
            return memory.previous
        return self.found(memory.total / memory.weight, memory.previous)

    def payable(self, memory):
        """The rate that the next stamp will charge, as known now: after each sample, and at the stamp itself."""
        return memory.due[0] if self.lag else self.predicted(memory)

    def rate(self, memory):
        """End the interval, once its stamp has charged `payable`; returns what the next stamp will."""
        memory.previous = self.predicted(memory)
        memory.due.append(memory.previous)
        memory.due.popleft()
        memory.count, memory.weight, memory.total = 0, 0.0, 0.0
        return self.payable(memory)


class Interval:
    """Samples of the interval under way, the rate found by the one before, and those found and not yet charged."""

    def __init__(self, rate, lag):
        self.count, self.weight, self.total = 0, 0.0, 0.0
        self.previous, self.due = rate, deque([rate] * lag)


def interest(quote_rate, base_rate, intervals_per_day=3):
    """The interest of an interval: what holding the quote currency earns over the base, both rates of a day.

    Source: BitMEX, perpetual guide: 0.06 % and 0.03 % are 0.01 % every 8 hours.
    """
    return (quote_rate - base_rate) / intervals_per_day


def margin_cap(initial_rate, maintenance_rate, share=0.75):
    """The largest rate: a share of initial less maintenance margin. BitMEX: 0.75; dYdX v4: 6."""
    return share * (initial_rate - maintenance_rate)


def absolute_rate(rate, index):
    """Coins an hour that a long of one 1 USD contract pays at a relative rate. Source: Kraken, 360022835911."""
    return rate / index


def funding_payment(rate, contracts, price, face=1.0, inverse=True, part=1.0):
    """Settlement coins that a position pays at a rate; negative: it receives. Numbers, or arrays that broadcast.

    contracts: signed, longs positive; price: at which the venue values positions; face: of a contract, USD if
    inverse, coin if linear; part: of the interval that has passed. Source: BitMEX, perpetual guide; BYDFi.
    """
    price = positive("price", price)
    value = face / price if inverse else face * price
    return np.multiply(rate, contracts) * value * part


def stamps(rule, start, steps, step_s):
    """Numbers of the steps, 1 to `steps`, that end at a funding stamp; rising.

    start: datetime, UTC, or ISO text. ValueError unless a whole number of steps makes an interval and leads from
    the start to its first stamp.
    """
    interval_ms, step_ms = round(1000 * rule.interval_hours * HOUR_S), round(step_s * 1000)
    if step_ms <= 0 or interval_ms % step_ms or abs(step_ms - step_s * 1000) > 1e-6:
        got = f"{step_s:g} s into {rule.interval_hours:g} hours"
        raise ValueError(f"step_s must divide the funding interval (got {got}); choose a divisor such as 1, 5 or 60")
    first_ms = round(1000 * seconds_left(rule, start, 0.0))
    if first_ms % step_ms:
        must = "start must lie a whole number of steps before a funding stamp"
        raise ValueError(f"{must} (got {start}, {first_ms / 1000:g} s before, steps of {step_s:g} s); move it")
    return list(range(first_ms // step_ms, steps + 1, interval_ms // step_ms))


def seconds_left(rule, start, time_s):
    """Seconds from `time_s` after `start` to the next stamp: at a stamp, a whole interval."""
    interval_s = rule.interval_hours * HOUR_S
    return interval_s - (clock_s(start) + time_s - rule.stamps_utc_hours[0] * HOUR_S) % interval_s


def clock_s(start):
    """Seconds of the day, UTC, at which `start` lies."""
    start = datetime.fromisoformat(start) if isinstance(start, str) else start
    start = start.astimezone(UTC) if start.tzinfo else start
    return start.hour * 3600 + start.minute * 60 + start.second + start.microsecond / 1e6
