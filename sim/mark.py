"""Mark prices: the price at which an exchange counts profit and loss, and decides who is liquidated.

A rule is a frozen dataclass with `every_s`, at which the exchange computes the mark; `start()`, its memory of the
past, if it has one; and `mark(quotes, memory)`, USD per coin, which brings that memory up to date. It is to be
called once every `every_s`. A book without bids or without asks has nan for what is missing; what each rule
then does is said with it. The index is never missing.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from sim.contract import positive, require


class Quotes(NamedTuple):
    """What a rule may see. Prices are USD per coin; bid, ask, last and impact prices are nan where there is none.

    time_s:       since the start of the run
    impact_bid:   mean price at which the venue's impact notional can be sold; impact_ask: bought
    funding_rate: to be charged at the next stamp, as known now
    to_funding:   part of the funding interval left, 0 to 1
    """

    time_s: float
    index: float
    bid: float
    ask: float
    last: float
    impact_bid: float
    impact_ask: float
    funding_rate: float
    to_funding: float


@dataclass(frozen=True)
class LastPrice:
    """The last trade, as futures exchanges did at first and a manipulator likes best.

    within_spread: if outside the best bid and ask, the nearer of the two (a side that is empty is no limit)
    band: furthest from the index, relative; Deribit 0.03 in 2016, later 0.1 (support article 1000199659,
    deribit.com/docs/mark-price). Before the first trade the mark is the index.
    """

    every_s: float = 1.0
    within_spread: bool = False
    band: float = math.inf

    def __post_init__(self):
        positive("every_s", self.every_s)
        require(self.band > 0, self.band, "band must be above 0", "use inf for none")

    def start(self):
        return None

    def mark(self, quotes, memory):
        if math.isnan(quotes.last):
            return quotes.index
        price = quotes.last
        if self.within_spread:
            price = quotes.bid if price < quotes.bid else quotes.ask if price > quotes.ask else price
        return within(price, quotes.index, self.band)


@dataclass(frozen=True)
class FundingBasis:
    """Index * (1 + funding rate * part of the interval left): BitMEX's fair price. It never looks at the book.

    BitMEX publishes its indices every 5 seconds. Source: its fair-price page; an API capture of 24-Nov-2024
    agrees when the time left is counted in whole minutes.
    """

    every_s: float = 5.0

    def __post_init__(self):
        positive("every_s", self.every_s)

    def start(self):
        return None

    def mark(self, quotes, memory):
        return quotes.index * (1.0 + quotes.funding_rate * quotes.to_funding)


@dataclass(frozen=True)
class MedianOfThree:
    """The median of the fair price of `FundingBasis`, index + mean of (mid - index) over `window_s`, and the last.

    A price that is missing is left out: no trade yet, or no mid in the whole window; of two the median is their
    mean. A sample without a mid is a gap in the window. Defaults are Bybit's, 5 minutes sampled each second (help
    centre, 2024); Binance's COIN-M are window_s=150, sample_s=5, once 1800 and 60 (FAQ fff6ec1b, both copies).
    """

    every_s: float = 1.0
    window_s: float = 300.0
    sample_s: float = 1.0

    def __post_init__(self):
        for field in ("every_s", "window_s", "sample_s"):
            positive(field, getattr(self, field))
        require(self.window_s >= self.sample_s, self.window_s, "window_s must be sample_s or more", "lengthen it")

    def start(self):
        return Window(round(self.window_s / self.sample_s))

    def mark(self, quotes, memory):
        if quotes.time_s >= memory.next_s:
            memory.next_s = quotes.time_s + self.sample_s * (1.0 - 1e-9)
            memory.add((quotes.bid + quotes.ask) / 2 - quotes.index)
        fair = quotes.index * (1.0 + quotes.funding_rate * quotes.to_funding)
        return median(fair, quotes.index + memory.mean(), quotes.last)


@dataclass(frozen=True)
class ImpactEma:
    """Index + exponential mean of (mid of the impact prices - index), at most `band` of the index away from it.

    The mean forgets with `time_constant_s`. Where an impact price is missing it stays as it is and ages; before
    the first sample it is 0. Deribit: 30 s, 0.5 % (copy at bitexch; its own page is cut before the constants).
    The mean is that of Hyperliquid's robust prices, unbiased from the first sample on.
    """

    every_s: float = 1.0
    time_constant_s: float = 30.0
    band: float = 0.005

    def __post_init__(self):
        for field in ("every_s", "time_constant_s"):
            positive(field, getattr(self, field))
        require(self.band > 0, self.band, "band must be above 0", "use inf for none")

    def start(self):
        return Fading()

    def mark(self, quotes, memory):
        premium = (quotes.impact_bid + quotes.impact_ask) / 2 - quotes.index
        memory.add(premium, self.every_s, self.time_constant_s)
        return within(quotes.index + memory.mean(), quotes.index, self.band)


class Window:
    """The latest `most` samples, nan for a missing one, and the mean of the others."""

    def __init__(self, most):
        self.samples, self.next_s = deque(maxlen=most), -math.inf
        self.total, self.known, self.added = 0.0, 0, 0

    def add(self, sample):
        """Let the oldest go and the newest in."""
        if len(self.samples) == self.samples.maxlen:
            self.count(self.samples[0], -1)
        self.samples.append(sample)
        self.count(sample, 1)
        self.added += 1
        if self.added % self.samples.maxlen == 0:  # so that rounding never adds up for longer than a window
            self.total = math.fsum(each for each in self.samples if each == each)

    def count(self, sample, sign):
        """Add a sample to the sum, or take it away."""
        if sample == sample:
            self.total += sign * sample
            self.known += sign

    def mean(self):
        """nan without samples."""
        return self.total / self.known if self.known else math.nan


class Fading:
    """A mean whose samples count for the time they stand for and fade: sum x t e^(-age/T) / sum t e^(-age/T).

    Source: Hyperliquid, robust price indices.
    """

    def __init__(self):
        self.total = self.weight = 0.0

    def add(self, sample, lasting_s, time_constant_s):
        """Let `lasting_s` pass and a sample in, unless it is nan."""
        fade = math.exp(-lasting_s / time_constant_s)
        self.total *= fade
        self.weight *= fade
        if sample == sample:
            self.total += sample * lasting_s
            self.weight += lasting_s

    def mean(self):
        """0 without samples."""
        return self.total / self.weight if self.weight else 0.0


def median(*prices):
    """The middle of those that are not nan; of two, their mean."""
    known = sorted(price for price in prices if price == price)
    count = len(known)
    return (known[(count - 1) // 2] + known[count // 2]) / 2


def within(price, index, band):
    """`price` moved to at most `band` of `index` away from it."""
    return min(max(price, index * (1 - band)), index * (1 + band))
