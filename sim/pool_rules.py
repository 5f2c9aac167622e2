"""Rules of pools: what liquidity each kind has, and how depth, size of a trade and price impact hang together.

Each rule answers three questions in closed form, for a pool in balance: the `impact` of a trade on the price, the
`largest` trade for an impact, and the depth for an impact (`deep_enough` makes the rule). `slippage` is what the
trade itself pays, on average, beyond the price before it. All four are relative and signed as the trade is.

`start` makes the POOL record that the kernels of `sim.pool` trade on.
"""

import math
from dataclasses import dataclass

from sim.contract import Linear, positive, require
from sim.exchange import records
from sim.pool import MOST, POOL, POWER, PRODUCT, SKEW, WHOLE_SHARE


@dataclass(frozen=True, kw_only=True)
class VirtualAmm:
    """x * y = k: reserves of contracts and of what they settle in, neither of them owned by anybody.

    depth_coin:        settlement coin in the pool at the start, and as much worth of contracts
    trade_limit:       share of a reserve that one trade may take out
    repeg_half_life_s: in which the distance to the index halves, by adding to or taking from the settlement reserve
                       at the pool's own risk; inf: the pool finds its price by trade alone

    A linear contract costs (1 - u) ** -2 as much after a purchase worth u of the depth, and the purchase pays
    1 / (1 - u) of the price before on average. An inverse contract is bought with the coin it is quoted in:
    (1 + u) ** 2 and 1 + u. Sales have u < 0. Perpetual Protocol v1 (Amm.sol: trade limit 0.9 there; no re-peg).
    """

    depth_coin: float
    trade_limit: float = 0.9
    repeg_half_life_s: float = math.inf

    def __post_init__(self):
        positive("depth_coin", self.depth_coin)
        require(0 < self.trade_limit < 1, self.trade_limit, "trade_limit must lie in (0, 1)", "0.9 is usual")
        require(self.repeg_half_life_s > 0, self.repeg_half_life_s, "repeg_half_life_s must be above 0", "inf: never")

    def impact(self, size, inverse=False):
        """How far a trade worth `size` settlement coin moves the price, relative."""
        part = share(size, self.depth_coin, inverse)
        return (1.0 + part) ** 2 - 1.0 if inverse else (1.0 - part) ** -2 - 1.0

    def slippage(self, size, inverse=False):
        """How far the average price of a trade worth `size` settlement coin lies from the price before, relative."""
        part = share(size, self.depth_coin, inverse)
        return part if inverse else part / (1.0 - part)

    def largest(self, impact, inverse=False):
        """Worth, settlement coin, of the trade that moves the price by `impact`."""
        return self.depth_coin * reserve_share(impact, inverse)

    @classmethod
    def deep_enough(cls, size, impact, inverse=False, **fields):
        """The pool in which a trade worth `size` settlement coin moves the price by `impact`; both of one sign."""
        return cls(depth_coin=size / reserve_share(impact, inverse), **fields)

    def start(self, index_price, contract, step_s=1.0):
        """(1,) POOL that quotes what a contract settles at when it trades at `index_price`."""
        units = contract.settlement(index_price)
        contracts = round(self.depth_coin / contract.unit / abs(units))
        pool = opened(PRODUCT, contract, units)
        reserve = contracts * abs(units)
        fits = 2 <= contracts < MOST >> 2 and reserve < MOST >> 2
        do = "the pool needs 2 contracts, and fewer than 2**59 of them and of units; change the face or the unit"
        require(fits, self.depth_coin, "depth_coin must be whole in contracts and units", do)
        pool.contracts, pool.units = contracts, reserve
        pool.limit, pool.keep = self.trade_limit, 0.5 ** (step_s / self.repeg_half_life_s)
        return pool


@dataclass(frozen=True, kw_only=True)
class SkewPool:
    """The index, times 1 + skew / skew_scale, where skew is what traders hold, longs less shorts.

    skew_scale: coins of the underlying at which the price would be twice the index
    most_skew:  share of that at which the pool takes no more of one side (ours: Synthetix caps the open interest of
                each market instead)

    A trade of q coins moves the price by q / skew_scale of the index and pays half of that on average: the mean of
    index * (1 + k / S) and index * (1 + (k + q) / S). So in one piece or in many it costs the same. Synthetix perps
    v2, PerpsV2MarketBase.sol, fillPrice (SIP-279); sETH had 1,000,000.
    """

    skew_scale: float
    most_skew: float = 0.5

    def __post_init__(self):
        positive("skew_scale", self.skew_scale)
        require(0 < self.most_skew < 1, self.most_skew, "most_skew must lie in (0, 1)", "0.5 bounds the price by half")

    def impact(self, size):
        """How far a trade of `size` coins moves the price, relative to the index."""
        return size / self.skew_scale

    def slippage(self, size):
        """How far the average price of a trade of `size` coins lies from the price before, relative to the index."""
        return size / (2.0 * self.skew_scale)

    def largest(self, impact):
        """Coins of the trade that moves the price by `impact`, as far as the pool takes it."""
        return self.skew_scale * max(-self.most_skew, min(impact, self.most_skew))

    @classmethod
    def deep_enough(cls, size, impact, **fields):
        """The pool in which a trade of `size` coins moves the price by `impact`; both of one sign."""
        return cls(skew_scale=size / impact, **fields)

    def start(self, index_price, contract, step_s=1.0):
        """(1,) POOL centred on the index, with no skew. Linear contracts only."""
        pool = opened(SKEW, linear(contract), contract.settlement(index_price))
        scale = self.skew_scale / contract.face
        require(scale < MOST >> 1, self.skew_scale, "skew_scale must be below 2**60 contracts", "take a larger face")
        pool.scale = round(scale)
        return held_within(pool, contract, self.most_skew * scale)


@dataclass(frozen=True, kw_only=True)
class ImpactPool:
    """The index, and a charge of factor * d ** exponent on the imbalance d, USD, that a trade adds.

    factor:          of the charge, USD ** (1 - exponent)
    positive_factor: of what a trade that reduces the imbalance is given back; by default, and at most, `factor`, as
                     a round trip would else pay
    exponent:        of the imbalance, above 1
    most_rebate:     the most that is given back, relative to what is traded (the market's maximum positive impact)
    impact_pool_usd: collected at the start; nothing is given back that was not collected
    most_impact:     impact at which the pool takes no more of one side (ours: GMX caps open interest instead)

    From balance a trade of d USD moves the price by exponent * factor * d ** (exponent - 1) and pays an average of
    factor * d ** (exponent - 1) beyond the index. GMX v2, README and PositionPricingUtils.sol; its code of 2023
    halved the factor. It counts open interest in USD at entry; here a contract counts as what it was worth at the
    start, so that no path of the index makes a round trip pay. Left out: virtual inventories, and the cap on the
    charge of a closing trade, whose excess GMX lets the trader claim later.
    """

    factor: float
    positive_factor: float | None = None
    exponent: float = 2.0
    most_rebate: float = math.inf
    impact_pool_usd: float = 0.0
    most_impact: float = 0.5

    def __post_init__(self):
        positive("factor", self.factor)
        require(self.back >= 0, self.back, "positive_factor must be 0 or more", "0 gives nothing back")
        require(self.exponent > 1, self.exponent, "exponent must be above 1", "2 is usual")
        for field in ("most_rebate", "impact_pool_usd"):
            require(getattr(self, field) >= 0, getattr(self, field), f"{field} must be 0 or more", "correct it")
        require(0 < self.most_impact < 1, self.most_impact, "most_impact must lie in (0, 1)", "try 0.5")

    @property
    def back(self):
        """The factor of what is given back."""
        return self.factor if self.positive_factor is None else min(self.positive_factor, self.factor)

    def impact(self, size):
        """How far a trade of `size` USD moves the price, relative to the index."""
        return self.exponent * self.slippage(size)

    def slippage(self, size):
        """How far the average price of a trade of `size` USD lies from the index, relative to it."""
        return math.copysign(self.factor * abs(size) ** (self.exponent - 1.0), size)

    def largest(self, impact):
        """USD of the trade that moves the price by `impact`, as far as the pool takes it."""
        part = min(abs(impact), self.most_impact) / (self.exponent * self.factor)
        return math.copysign(part ** (1.0 / (self.exponent - 1.0)), impact)

    @classmethod
    def deep_enough(cls, size, impact, exponent=2.0, **fields):
        """The pool in which a trade of `size` USD moves the price by `impact`; both of one sign."""
        factor = abs(impact) / (exponent * abs(size) ** (exponent - 1.0))
        return cls(factor=factor, exponent=exponent, **fields)

    def start(self, index_price, contract, step_s=1.0):
        """(1,) POOL centred on the index, in balance. Linear contracts only."""
        pool = opened(POWER, linear(contract), contract.settlement(index_price))
        worth = contract.value(index_price) * contract.unit
        pool.factor, pool.exponent = self.factor * worth**self.exponent / contract.unit, self.exponent
        pool.share = math.floor(self.back / self.factor * WHOLE_SHARE)
        pool.cap, pool.collected = self.most_rebate, round(self.impact_pool_usd / contract.unit)
        return held_within(pool, contract, self.largest(self.most_impact) / worth)


def share(size, depth_coin, inverse):
    """`size` over the depth of x * y = k; ValueError for a trade that would empty a reserve."""
    part = size / depth_coin
    require(-part < 1 if inverse else part < 1, size, "size must be less than the depth", "trade less")
    return part


def reserve_share(impact, inverse):
    """What a trade is worth, relative to the depth of x * y = k, that moves the price by `impact`."""
    require(impact > -1, impact, "impact must be above -1", "no trade takes the price to zero")
    return math.sqrt(1.0 + impact) - 1.0 if inverse else 1.0 - 1.0 / math.sqrt(1.0 + impact)


def opened(kind, contract, units):
    """A POOL of that kind in which nothing was traded."""
    pool = records(1, POOL)
    pool.kind, pool.sign, pool.index, pool.keep, pool.cap = kind, contract.sign, units, 1.0, math.inf
    return pool


def linear(contract):
    """The contract; ValueError unless it is linear: what is charged in USD is then charged in what it settles in."""
    if type(contract) is not Linear:
        do = "trade it on a VirtualAmm, or take a linear one"
        raise ValueError(f"the contract of this pool must be linear (got {type(contract).__name__}); {do}")
    return contract


def held_within(pool, contract, contracts):
    """The pool, in which traders hold at most so many contracts, and no more than can be counted at any price."""
    pool.most = math.floor(min(contracts, contract.most_contracts()))
    require(contracts >= 1, contracts, "depth must be of a contract or more", "deepen the pool, or change the face")
    return pool
