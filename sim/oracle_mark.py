"""Marks that look at no order book: at an oracle's price, as it is posted on a chain, or at a pool's."""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from sim.averages import TimeWeighted
from sim.contract import positive, require
from sim.mark import MarkRule


@dataclass(frozen=True)
class OraclePrice(MarkRule):
    """The index as it was last posted, and the premium of skew on it, if any.

    smoothing:     part of the way that a smoothed price moves to the index at each computation
    threshold:     relative change below which nothing is posted
    confirmations: latest smoothed prices that must all agree with the index on the side, and exceed the threshold
    heartbeat_s:   after which the index is posted in any case
    max_age_s:     an index that has not changed for longer is stale: venues then hold still, see `fresh`
    skew_scale:    contracts that longs hold in excess of shorts for a premium of 100 %

    What is posted is the smoothed price or the index, the nearer to the price before. With the defaults the mark is
    the index. dYdX v4 of 2023: threshold 0.1 % for bitcoin, smoothing 0.3 (its code, x/prices), five confirmations
    and an age of 30 s (from memory, unverified); later it posts each block. Drift v2: stale for margin after 120
    slots, about 48 s; GMX v2: 300 s (both in their code). Synthetix perps v2 quotes and fills with a premium of
    skew / skew_scale (SIP-279), while it margins at the plain oracle price.
    """

    every_s: float = 1.0
    smoothing: float = 1.0
    threshold: float = 0.0
    confirmations: int = 1
    heartbeat_s: float = math.inf
    max_age_s: float = math.inf
    skew_scale: float = math.inf

    def __post_init__(self):
        super().__post_init__()
        require(0 < self.smoothing <= 1, self.smoothing, "smoothing must lie in (0, 1]", "use 1 for none")
        require(self.threshold >= 0, self.threshold, "threshold must be 0 or more", "use 0 for none")
        for field in ("confirmations", "heartbeat_s", "max_age_s", "skew_scale"):
            require(getattr(self, field) > 0, getattr(self, field), f"{field} must be above 0", "correct it")

    def start(self):
        return Posted(self.confirmations)

    def mark(self, quotes, memory):
        index, time_s = quotes.index, quotes.time_s
        if index != memory.index:
            memory.index, memory.changed_s = index, time_s
        smoothed = memory.smoothed[-1] if memory.smoothed else index
        memory.smoothed.append(index + (1.0 - self.smoothing) * (smoothed - index))
        due = math.isnan(memory.price) or time_s - memory.posted_s >= self.heartbeat_s
        price = index if due else next_posted(memory.price, index, memory.smoothed, self.threshold)
        if due or price != memory.price:
            memory.price, memory.posted_s = price, time_s
        return skewed(price, quotes.longs, quotes.shorts, self.skew_scale)

    def fresh(self, quotes, memory):
        """Whether the index has changed within `max_age_s`, so that the venue acts on it, after `mark`."""
        return quotes.time_s - memory.changed_s <= self.max_age_s


class Posted:
    """The price last posted and when, the latest smoothed prices, and the index with the time since when it stands."""

    def __init__(self, confirmations):
        self.price, self.posted_s = math.nan, -math.inf
        self.index, self.changed_s = math.nan, -math.inf
        self.smoothed = deque(maxlen=confirmations)


def next_posted(price, index, smoothed, threshold):
    """The price on chain after one computation, by dYdX v4's rule.

    smoothed: latest smoothed prices, the newest last; threshold: relative change of `price` to be reached
    """
    near = index if abs(smoothed[-1] - price) > abs(index - price) else smoothed[-1]
    for each in (*smoothed, near):
        if (each - price) * (index - price) < 0 or abs(each - price) < threshold * price:
            return price
    return near


def skewed(price, longs, shorts, skew_scale):
    """`price` with the premium of skew, price * (1 + (longs - shorts) / skew_scale). Source: Synthetix, SIP-279."""
    return price * (1.0 + (longs - shorts) / skew_scale)


@dataclass(frozen=True)
class PoolPrice(MarkRule):
    """The price of a pool: "spot", as it stands, or "twap", its time-weighted mean over `window_s`.

    The middle of bid and ask, else the last trade, else the index is taken for the pool's price. Perpetual Protocol
    v1 counts a position's profit at whichever of the two is better for it, over 15 minutes, and at the oracle's if
    that is better still and the pool is `limit` or more away from it: `sides`. Source: its code, ClearingHouse and
    Amm. There the whole position is priced as if it were sold to the pool, here one contract.
    """

    every_s: float = 1.0
    window_s: float = 900.0
    of: str = "spot"
    limit: float = 0.1

    def __post_init__(self):
        super().__post_init__()
        positive("window_s", self.window_s)
        require(self.limit > 0, self.limit, "limit must be above 0", "use inf for none")
        if self.of not in ("spot", "twap"):
            raise ValueError(f"of must be 'spot' or 'twap' (got {self.of!r}); choose one")

    def start(self):
        return TimeWeighted(self.window_s)

    def spot(self, quotes):
        """The pool's price as it stands."""
        for price in ((quotes.bid + quotes.ask) / 2, quotes.last):
            if not math.isnan(price):
                return price
        return quotes.index

    def mark(self, quotes, memory):
        memory.add(self.spot(quotes), quotes.time_s)
        return self.spot(quotes) if self.of == "spot" else memory.mean(quotes.time_s)

    def sides(self, quotes, memory):
        """(price for longs, price for shorts) at which margin is counted, after `mark`."""
        prices = self.spot(quotes), memory.mean(quotes.time_s), quotes.index, self.limit
        return tuple(float(kindest(side, *prices)) for side in (1, -1))


def kindest(contracts, spot, twap, oracle=math.nan, limit=0.1):
    """Of pool price and its mean the one at which positions lose less: the higher for longs, the lower for shorts.

    contracts: signed, scalar or array; oracle: counted too if the pool is `limit`, relative, or more away from it
    """
    over = abs(spot - oracle) >= limit * oracle
    prices = [spot, twap, oracle] if over else [spot, twap]
    return np.where(np.asarray(contracts) > 0, max(prices), min(prices))[()]


DYDX_MARK = OraclePrice()
"""dYdX v4 since 2024: the median of what validators see, posted each block of about a second."""

DYDX_MARK_2023 = OraclePrice(smoothing=0.3, threshold=0.001, confirmations=5, max_age_s=30.0)
"""dYdX v4 of 2023, bitcoin: posted when the price has moved by 0.1 % and smoothed prices agree."""

DRIFT_MARK = OraclePrice(max_age_s=48.0)
"""Drift v2: margin at the oracle's price, stale after 120 slots of 0.4 s."""

SYNTHETIX_MARK = OraclePrice()
"""Synthetix perps v2: margin at the oracle's price, without the premium of skew that fills pay."""

GMX_MARK = OraclePrice(max_age_s=300.0)
"""GMX v2: margin at the oracle's price of no more than 300 s ago. It has a lower price for longs and a higher one for
shorts, which are one here."""

PERPETUAL_MARK = PoolPrice()
"""Perpetual Protocol v1: the pool's price. It counts margin at the kinder of that and its average (`PoolPrice.sides`);
a run counts it at the mark."""
