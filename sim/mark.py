"""Mark prices: the price at which an exchange counts profit and loss, and decides who is liquidated.

A rule is a frozen dataclass with `every_s`, at which the exchange computes the mark; `start()`, its memory of the
past, if it has one; and `mark(quotes, memory)`, USD per coin, which brings that memory up to date. It is to be
called once every `every_s`; `marks(samples)` does so. A book without bids or without asks has nan for what is
missing; what each rule then does is said with it. The index is never missing. Rules of several parts are in
`sim.composite_mark`, where each venue's own is named too, and rules that do not look at a book in `sim.oracle_mark`.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from sim.averages import Smoothed, Window
from sim.contract import positive, require


class Quotes(NamedTuple):
    """What a rule may see. Prices are USD per coin; bid, ask, last and impact prices are nan where there is none.

    time_s:       since the start of the run
    impact_bid:   mean price at which the venue's impact notional can be sold; impact_ask: bought
    funding_rate: to be charged at the next stamp, as known now
    to_funding:   part of the funding interval left, 0 to 1
    mark:         of the exchange as it stands, nan before there is one
    longs:        contracts held by those who demand liquidity, shorts: owed by them; on a book, by all who do not
                  provide it, on a pool by all traders
    depth_bid:    contracts bid for within 1 % of the mid, depth_ask: on offer; nan where not known
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
    mark: float = math.nan
    longs: float = 0.0
    shorts: float = 0.0
    depth_bid: float = math.nan
    depth_ask: float = math.nan


class MarkRule:
    """What all rules have in common: a cadence, by default no memory, and a way to be driven by hand."""

    def __post_init__(self):
        positive("every_s", self.every_s)

    def start(self):
        """A new memory."""
        return None

    def marks(self, samples):
        """[mark after each of `samples`], USD, with one memory; none of a run.

        samples: {field of Quotes: number} each; `index` is needed, prices left out or None are missing, `time_s` is
        `every_s` after the sample before, and other numbers are 0
        """
        memory, time_s, found = self.start(), -self.every_s, []
        for sample in samples:
            given = {field: number for field, number in sample.items() if number is not None}
            sample = UNKNOWN | {"time_s": time_s + self.every_s} | given
            time_s = sample["time_s"]
            found.append(self.mark(Quotes(**sample), memory))
        return found


UNKNOWN = dict.fromkeys(("bid", "ask", "last", "impact_bid", "impact_ask"), math.nan) | {
    "funding_rate": 0.0,
    "to_funding": 0.0,
}


@dataclass(frozen=True)
class LastPrice(MarkRule):
    """The last trade, as futures exchanges did at first and a manipulator likes best.

    within_spread: if outside the best bid and ask, the nearer of the two (a side that is empty is no limit)
    band: furthest from the index, relative; Deribit 0.03 in 2016, later 0.1 (support article 1000199659,
    deribit.com/docs/mark-price). Before the first trade the mark is the index.
    """

    every_s: float = 1.0
    within_spread: bool = False
    band: float = math.inf

    def __post_init__(self):
        super().__post_init__()
        require(self.band > 0, self.band, "band must be above 0", "use inf for none")

    def mark(self, quotes, memory):
        if math.isnan(quotes.last):
            return quotes.index
        price = quotes.last
        if self.within_spread:
            price = quotes.bid if price < quotes.bid else quotes.ask if price > quotes.ask else price
        return within(price, quotes.index, self.band)


@dataclass(frozen=True)
class FundingBasis(MarkRule):
    """Index * (1 + funding rate * part of the interval left): BitMEX's fair price. It never looks at the book.

    BitMEX publishes its indices every 5 seconds. Source: its fair-price page; an API capture of 24-Nov-2024
    agrees when the time left is counted in whole minutes.
    """

    every_s: float = 5.0

    def mark(self, quotes, memory):
        return fair_price(quotes.index, quotes.funding_rate, quotes.to_funding)


@dataclass(frozen=True)
class MedianOfThree(MarkRule):
    """The median of the fair price of `FundingBasis`, index + mean of (mid - index) over `window_s`, and the last.

    A price that is missing is left out: no trade yet, or no mid in the whole window; of two the median is their
    mean. A sample without a mid is a gap in the window, and before the window is full its mean is that of what there
    is. Defaults are Bybit's, 5 minutes sampled each second (help centre, 2024); Binance's COIN-M are window_s=150,
    sample_s=5, once 1800 and 60 (FAQ fff6ec1b, both copies).
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

    def mid(self, quotes):
        """The price whose distance from the index is averaged."""
        return (quotes.bid + quotes.ask) / 2

    def traded(self, quotes):
        """The price of the contract itself."""
        return quotes.last

    def averaged(self, quotes, memory):
        """Index + mean of (mid - index) over the window, nan without a mid in it."""
        memory.expire(quotes.time_s - self.window_s)
        if quotes.time_s >= memory.next_s:
            memory.next_s = quotes.time_s + self.sample_s * (1.0 - 1e-9)
            memory.add(self.mid(quotes) - quotes.index, quotes.time_s)
        return quotes.index + memory.mean()

    def mark(self, quotes, memory):
        fair = fair_price(quotes.index, quotes.funding_rate, quotes.to_funding)
        return median(fair, self.averaged(quotes, memory), self.traded(quotes))


@dataclass(frozen=True)
class ImpactEma(MarkRule):
    """Index + exponential mean of (fair price - index), at most `band` of the index away from it.

    The fair price is `impact_mid`, with `reach`. Of `window_s` / `every_s` = n computations the latest weighs
    2 / (n + 1), and the first sample is the first mean; where the fair price is missing the mean stays, and what it
    has missed counts when there is one again. Without any the mark is the index.

    Deribit from about 2018: 30 s, each second so that the latest weighs 2 / 31, a depth of 1 BTC, a reach of 0.1 %, a
    band of 0.5 %. Sources: copies of its page at Scalpex (depth, reach, weight) and Bit.com (window, band); its own
    newest page still has the mean of a bounded mid, and is cut before the constants.
    """

    every_s: float = 1.0
    window_s: float = 30.0
    band: float = 0.005
    reach: float = 0.001

    def __post_init__(self):
        for field in ("every_s", "window_s"):
            positive(field, getattr(self, field))
        require(self.window_s >= self.every_s, self.window_s, "window_s must be every_s or more", "lengthen it")
        for field in ("band", "reach"):
            require(getattr(self, field) > 0, getattr(self, field), f"{field} must be above 0", "use inf for none")

    def start(self):
        return Smoothed(2.0 / (self.window_s / self.every_s + 1.0))

    def mark(self, quotes, memory):
        fair = impact_mid(quotes.impact_bid, quotes.impact_ask, quotes.bid, quotes.ask, self.reach)
        memory.add(fair - quotes.index, quotes.time_s, self.every_s)
        return within(quotes.index + memory.mean(), quotes.index, self.band)


def fair_price(index, funding_rate, left, interval=1.0):
    """Index * (1 + funding rate * left / interval): BitMEX's fair price, and price 1 of Binance, Bybit and Aevo.

    left: until the next funding, in the unit of `interval`; funding_rate: for a whole interval
    """
    return index * (1.0 + funding_rate * (left / interval))


def fair_basis(index, funding_rate, left, interval=1.0):
    """USD of `fair_price` above the index."""
    return fair_price(index, funding_rate, left, interval) - index


def impact_mid(impact_bid, impact_ask, bid=math.nan, ask=math.nan, reach=math.inf):
    """Middle of the impact prices, each at most `reach`, relative, outside the best bid or ask; nan if one is missing.

    A side too thin for an impact price (nan) is taken to reach to that limit, if it has one.
    """
    low, high = bid * (1.0 - reach), ask * (1.0 + reach)
    if math.isfinite(low) and not impact_bid > low:
        impact_bid = low
    if math.isfinite(high) and not impact_ask < high:
        impact_ask = high
    return (impact_bid + impact_ask) / 2


def median(*prices):
    """The middle of those that are not nan; of two, their mean; nan if all are."""
    known = sorted(price for price in prices if price == price)
    count = len(known)
    return (known[(count - 1) // 2] + known[count // 2]) / 2 if known else math.nan


def within(price, index, band):
    """`price` moved to at most `band` of `index` away from it."""
    return min(max(price, index * (1 - band)), index * (1 + band))
