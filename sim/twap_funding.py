"""Funding of virtual pools: the gap between two time-weighted means, as USD a coin, paid out over a day.

The rules of Drift v2 and Perpetual Protocol v1. What they find is USD a coin; as a rate it is divided by the index,
at which positions are then valued, so that a linear contract of one coin pays just that.
"""

import math
from dataclasses import dataclass

from sim.funding import HOURLY, FundingRule
from sim.premium import carried_mean, clamp, price_of


@dataclass(frozen=True, kw_only=True)
class CappedGap(FundingRule):
    """A 24th of the gap between mark and oracle, and of an offset, each hour, as far as the pool can pay: Drift v2.

    offset:     part of the oracle price added to the gap: 1/5000 is 7.3 % a year
    most:       largest gap, part of the oracle price: 1/33 for tiers A and B, 1/20 for C, 1/10 below
    window_s:   of the means
    pool_share: part of the fee pool that one hour may take

    The pool takes the other side of the difference between longs and shorts. If it owes more than its share, those
    who receive get that share and what the payers pay, in equal parts. Means: of bid and of ask, their mean being
    the mark's, and of the index. Source: drift-labs, protocol-v2 (commit 0ae3e3b1), controller/funding.rs,
    math/funding.rs and, for the tiers, state/perp_market.rs; its documents leave out the offset. Its estimates of
    bid and ask from its own trades, and its bounds on what one price may move a mean, are left out here.
    """

    interval_hours: float = 1.0
    stamps_utc_hours: tuple = HOURLY
    counterparty: str = "pool"
    valued_at: str = "index"
    offset: float = 1 / 5_000
    most: float = 1 / 33
    window_s: float = 3_600.0
    pool_share: float = 1 / 3

    def __post_init__(self):
        super().__post_init__()
        self.not_negative("most", "window_s", "pool_share")

    def start(self):
        return Means()

    def found(self, mark_twap, oracle_twap):
        """USD that a long of one coin pays at a stamp."""
        most = oracle_twap * self.most
        gap = mark_twap - oracle_twap + abs(oracle_twap) * self.offset
        return clamp(gap, -most, most) * self.interval_hours / 24.0

    def sides(self, rate, longs, shorts, pool=0.0):
        """What a contract of each side is charged; `pool` is the fee pool, in the unit of rate * contracts."""
        payers, receivers = (longs, shorts) if rate > 0 else (shorts, longs)
        owed, share = abs(rate) * (receivers - payers), max(pool, 0.0) * self.pool_share
        if owed <= share:
            return rate, rate
        received = math.copysign((share + abs(rate) * payers) / receivers, rate)
        return (rate, received) if rate > 0 else (received, rate)

    def sample(self, quotes, memory):
        """Carry the means on; that of a side which is empty stays."""
        seconds, memory.time_s = quotes.time_s - memory.time_s, quotes.time_s
        memory.oracle = carried_mean(memory.oracle, quotes.index, seconds, self.window_s)
        if quotes.bid == quotes.bid:
            memory.bid = carried_mean(memory.bid, quotes.bid, seconds, self.window_s)
        if quotes.ask == quotes.ask:
            memory.ask = carried_mean(memory.ask, quotes.ask, seconds, self.window_s)
        memory.index = quotes.index

    def payable(self, memory):
        """The rate that a stamp would charge now; 0 before there was a bid and an ask."""
        mark = (memory.bid + memory.ask) / 2
        return self.found(mark, memory.oracle) / memory.index if mark == mark else 0.0


class Means:
    """Means of bid, ask and index, and the latest index and its time."""

    def __init__(self):
        self.bid = self.ask = self.oracle = self.index = math.nan
        self.time_s = 0.0


@dataclass(frozen=True, kw_only=True)
class PoolPremium(FundingRule):
    """The pool's mean price over the index's, a 24th of it each hour: Perpetual Protocol v1.

    USD a coin: (mean of the pool's price - mean of the index) * interval / 1 day, both over the interval. Every
    position pays or receives the same, so the fund pays, or gets, what longs and shorts differ by. On a book the mid
    stands for the pool's price. Source: perpetual-protocol, Amm.sol (settleFunding), ClearingHouse.sol (payFunding).
    """

    interval_hours: float = 1.0
    stamps_utc_hours: tuple = HOURLY
    valued_at: str = "index"

    def start(self):
        return Gap()

    def found(self, mark_twap, index_twap):
        """USD that a long of one coin pays at a stamp: the premium fraction."""
        return (mark_twap - index_twap) * self.interval_hours / 24.0

    def sample(self, quotes, memory):
        """Take one price of the pool and of the index, unless there is none of the pool."""
        price = price_of(quotes, "mid")
        if price == price:
            memory.mark += price
            memory.oracle += quotes.index
            memory.count += 1
            memory.index = quotes.index

    def payable(self, memory):
        """The rate that a stamp would charge now; that of the last before the first sample."""
        if not memory.count:
            return memory.rate
        return self.found(memory.mark / memory.count, memory.oracle / memory.count) / memory.index

    def rate(self, memory):
        memory.rate = self.payable(memory)
        memory.mark = memory.oracle = 0.0
        memory.count = 0
        return memory.rate


class Gap:
    """Sums of the interval's prices of pool and index, how many, the latest index, and the rate before."""

    def __init__(self):
        self.mark = self.oracle = self.rate = 0.0
        self.count, self.index = 0, math.nan
