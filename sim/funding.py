"""Funding: the rate that longs pay shorts, positive, or shorts longs, negative, as a fraction of position value.

The rule of BitMEX, Bybit, Binance and Hyperliquid, with the constants that make it Deribit's, OKX's or Kraken's:
an average premium P, interest I that pulls it when it is near, and caps.

    rate = (P + clamp(I - P, -damper, damper)) / divisor, then the caps
"""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from sim.contract import positive, require

HOUR_S = 3_600.0


@dataclass(frozen=True)
class ClampedPremium:
    """Premium over an interval, clamped towards interest; defaults are BitMEX's XBTUSD since April 2020.

    interval_hours:   between two stamps
    stamps_utc_hours: of the day, at which positions pay
    interest:         a fraction per interval: (quote - base) / 3 of a day's rates
    damper:           the rate is the interest while the premium is no further from it; 0 none
    cap:              largest rate; BitMEX 75 % of initial less maintenance margin
    change_cap:       largest change from one interval to the next; BitMEX 75 % of maintenance margin
    divisor:          of the rate: 8 where an eighth of an 8-hour rate is paid each hour (Hyperliquid), 24 at Kraken
    against:          "mark": premium over the fair price, plus the funding basis in it (BitMEX); "index": over it
    weights:          "flat", or "linear": the n-th sample counts n times (Bybit)
    sample_s:         between two samples of the premium
    lag:              intervals from the end of that over which a rate is found to the stamp that charges it
    rate_at_start:    last found when the run begins

    Sources: BitMEX's perpetual guide, its blog of 17-Apr-2020 on caps, and its staff on the premium's terms;
    Bybit's help centre on weights. Deribit: interest=0, damper=0.00025, lag=0 (support 31424939178397), accrued
    there by the millisecond; OKX: interest=0, damper=0, cap=0.00375 (360053909272); Kraken: interval_hours=1,
    interest=0, damper=0, divisor=24, cap=0.0025 (360022835911).
    """

    interval_hours: float = 8.0
    stamps_utc_hours: tuple = (4.0, 12.0, 20.0)
    interest: float = 0.0001
    damper: float = 0.0005
    cap: float = 0.00375
    change_cap: float = 0.00375
    divisor: float = 1.0
    against: str = "mark"
    weights: str = "flat"
    sample_s: float = 60.0
    lag: int = 1
    rate_at_start: float = 0.0001

    def __post_init__(self):
        for field in ("interval_hours", "divisor", "sample_s"):
            positive(field, getattr(self, field))
        for field in ("damper", "cap", "change_cap", "lag"):
            require(getattr(self, field) >= 0, getattr(self, field), f"{field} must be 0 or more", "use inf for none")
        for field, known in (("against", ("mark", "index")), ("weights", ("flat", "linear"))):
            if getattr(self, field) not in known:
                raise ValueError(f"{field} must be {known[0]!r} or {known[1]!r} (got {getattr(self, field)!r})")
        hours = sorted(self.stamps_utc_hours)
        apart = np.diff([*hours, hours[0] + 24.0]) if hours else np.zeros(1)
        if not np.allclose(apart, self.interval_hours):
            got = f"{self.stamps_utc_hours}, {self.interval_hours} hours"
            raise ValueError(f"stamps_utc_hours must be interval_hours apart around the clock (got {got}); add some")

    def start(self):
        return Interval(self.rate_at_start, self.lag)

    def premium(self, quotes):
        """How far what can be sold or bought lies outside the fair price, relative to the index.

        A side without an impact price adds nothing.
        """
        basis = quotes.funding_rate * quotes.to_funding if self.against == "mark" else 0.0
        fair = quotes.index * (1.0 + basis)
        above = quotes.impact_bid - fair if quotes.impact_bid > fair else 0.0
        below = fair - quotes.impact_ask if quotes.impact_ask < fair else 0.0
        return (above - below) / quotes.index + basis

    def sample(self, quotes, memory):
        """Take one sample of the premium; to be called every `sample_s`, at a stamp before the payment."""
        memory.count += 1
        weight = memory.count if self.weights == "linear" else 1
        memory.total += weight * self.premium(quotes)
        memory.weight += weight

    def found(self, premium, previous):
        """The rate of an interval with that average premium, that of the interval before being `previous`."""
        rate = (premium + min(max(self.interest - premium, -self.damper), self.damper)) / self.divisor
        rate = min(max(rate, previous - self.change_cap), previous + self.change_cap)
        return min(max(rate, -self.cap), self.cap)

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
