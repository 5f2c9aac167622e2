"""Pools as trading venues: who trades, trades with a formula, which the kernels below quote in whole units.

    PRODUCT   reserves of contracts x and of settlement units y, x * y = k (virtual AMM: Perpetual Protocol v1)
    SKEW      the index times 1 + skew / scale, and a trade pays the mean over its way (Synthetix perps v2)
    POWER     the index, and a charge of factor * |imbalance| ** exponent, some of which is given back to those who
              reduce it (GMX v2)

A pool is one record of POOL, made by a rule of `sim.pool_rules`. Sizes are signed contracts, buys positive, and what
a trade costs is the sum of size * S over its contracts, as in `sim.ledger`. It is rounded up for buys and sells
alike, so against the trader, first to a whole number of units and then to whole units per contract, which is what
the ledger books. What the pool gains by that stays in it: k never falls, and no round trip earns anything while the
index stands still.
"""

import math

import numpy as np

from sim.compiled import kernel

PRODUCT, SKEW, POWER = 0, 1, 2
WHOLE_SHARE = 1 << 30
"""`share` of a pool that gives back all that it charges."""
MOST = 1 << 61
"""Neither reserve grows beyond so many contracts or units, for then sums would overflow."""

POOL = np.dtype(
    [
        ("kind", np.int64),
        ("sign", np.int64),  # of S
        ("contracts", np.int64),  # PRODUCT: reserve
        ("units", np.int64),  # PRODUCT: reserve, settlement units
        ("index", np.int64),  # S at the index
        ("held", np.int64),  # contracts that traders hold, longs less shorts
        ("most", np.int64),  # SKEW, POWER: the largest |held|
        ("scale", np.int64),  # SKEW: contracts of skew that double the price
        ("share", np.int64),  # POWER: of a charge that those who reduce the imbalance get, times WHOLE_SHARE
        ("collected", np.int64),  # POWER: charges kept for that, units
        ("limit", np.float64),  # PRODUCT: share of a reserve that one trade may take out
        ("keep", np.float64),  # PRODUCT: of the distance to the index after a step; 1 if never pegged to it again
        ("factor", np.float64),  # POWER: units, of one contract of imbalance
        ("exponent", np.float64),  # POWER
        ("cap", np.float64),  # POWER: most that is given back, relative to what is traded
    ]
)


@kernel
def ceiling(amount, part, whole, less):
    """(amount * part - less) / whole rounded up: exact though the product need not fit, for 0 < whole <= 2**61.

    Whole numbers of either sign, the result below 2**62; long multiplication, a bit of `part` at a time. Interpreted,
    it takes numbers of any size.
    """
    sign = 1 if (amount < 0) == (part < 0) else -1
    amount, part = abs(amount), abs(part)
    each, rest = amount // whole, amount % whole
    quotient, left, bit = 0, 0, 1
    while bit <= part // 2:
        bit *= 2
    while bit > 0:
        quotient, left = 2 * quotient, 2 * left
        if part & bit:
            quotient, left = quotient + each, left + rest
        while left >= whole:
            quotient, left = quotient + 1, left - whole
        bit //= 2
    return sign * quotient - (less - sign * left) // whole


@kernel
def charge(pool, held):
    """Units that bringing POWER's imbalance from none to `held` contracts costs: whole, so that parts add up."""
    return math.floor(pool.factor * math.pow(abs(float(held)), pool.exponent) + 0.5)


@kernel
def rebate(pool, held):
    """Units that bringing POWER's imbalance from `held` contracts to none gives back, before any cap."""
    return -ceiling(charge(pool, held), -pool.share, WHOLE_SHARE, 0)


@kernel
def impact(pool, size):
    """Units by which POWER betters the price of a trade of `size`; negative for one that unbalances it.

    A trade past balance gives up the imbalance on one side and pays for that on the other. What is given back is no
    more than was collected, nor than the cap.
    """
    before, after = pool.held, pool.held + size
    if size == 0:
        return 0
    if (before > 0 and after > 0) or (before < 0 and after < 0):
        if abs(after) >= abs(before):
            return charge(pool, before) - charge(pool, after)
        gained = rebate(pool, before) - rebate(pool, after)
    else:
        gained = rebate(pool, before) - charge(pool, after)
    most = min(float(pool.collected), pool.cap * abs(float(size * pool.index)))
    return min(gained, math.floor(most))


@kernel
def total(pool, size):
    """Units that trading `size` contracts costs (negative: brings, or is credited for an inverse), rounded up."""
    if pool.kind == PRODUCT:
        change = -pool.sign * size
        return ceiling(pool.units, -change, pool.contracts + change, 0)
    flat = pool.index * size
    if pool.kind == SKEW:
        return flat + ceiling(flat, 2 * pool.held + size, 2 * pool.scale, 0)
    return flat - impact(pool, size)


@kernel
def each(pool, size):
    """Whole units per contract at which a trade of `size` is booked, never better for the trader than `total`."""
    cost = total(pool, size)
    return -((-cost) // size) if size > 0 else (-cost) // (-size)


@kernel
def trade(pool, size):
    """Trade `size` contracts, which must lie within `room`; returns the units per contract to book at."""
    units = each(pool, size)
    if pool.kind == PRODUCT:
        pool.contracts -= pool.sign * size
        pool.units += size * units
    elif pool.kind == POWER:
        pool.collected += size * (units - pool.index)
    pool.held += size
    return units


@kernel
def marginal(pool, size, side):
    """Units, not rounded, of the next contract bought (side 1) or sold (-1) after a trade of `size`.

    The two differ for POWER alone, by what is charged and not given back.
    """
    if pool.kind == PRODUCT:
        left = float(pool.contracts - pool.sign * size)
        return pool.sign * float(pool.units) / left * (pool.contracts / left)
    held, index = float(pool.held + size), float(pool.index)
    if pool.kind == SKEW:
        return index * (1.0 + held / pool.scale)
    slope = pool.factor * pool.exponent * math.pow(abs(held), pool.exponent - 1.0)
    if held * side >= 0.0:
        return index + side * slope
    back = min(slope * (pool.share / WHOLE_SHARE), pool.cap * index) if pool.collected > 0 else 0.0
    return index - side * back


@kernel
def room(pool, size):
    """The part of a trade of `size` that the pool takes at all, signed."""
    if pool.kind == PRODUCT:
        contracts, units = float(pool.contracts), float(pool.units)
        if (size > 0) == (pool.sign > 0):  # takes contracts out
            most = min(pool.limit * contracts, contracts - 1.0 - units / MOST * contracts)
        else:
            most = min(pool.limit / (1.0 - pool.limit) * contracts, MOST - contracts)
    else:
        most = float(pool.most - pool.held if size > 0 else pool.most + pool.held)
    part = min(abs(size), max(math.floor(most), 0))
    return part if size > 0 else -part


@kernel
def acceptable(pool, size, limit, books):
    """Whether a trade of `size` leaves the pool within `limit` units and, if it books, costs no more per contract."""
    side = 1 if size > 0 else -1
    if side * marginal(pool, size, side) > side * limit:
        return False
    return not books or side * each(pool, size) <= side * limit


@kernel
def furthest(pool, size, limit, books):
    """The largest part of a trade of `size`, signed, that there is room for and that is acceptable."""
    side = 1 if size > 0 else -1
    low, high = 0, abs(room(pool, size)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if acceptable(pool, side * middle, limit, books):
            low = middle
        else:
            high = middle
    return side * low


@kernel
def within(pool, size, limit):
    """The part of a trade of `size`, signed, that the pool takes until a contract costs (brings) `limit` units."""
    return furthest(pool, size, limit, True)


@kernel
def depth(pool, side, reach):
    """Contracts that move the price of buying (1) or selling (-1) by `reach`, relative; what there is room for."""
    at, moved = marginal(pool, 0, side), 1.0 + side * reach
    return abs(furthest(pool, side * (MOST >> 1), at * moved if pool.sign > 0 else at / moved, False))


@kernel
def impact_units(pool, side, units):
    """Units per contract, not rounded, of buying (1) or selling (-1) contracts that cost `units`; nan if too thin."""
    low, high = 0, abs(room(pool, side * (MOST >> 1)))
    if high < 1 or abs(total(pool, side * high)) < units:
        return math.nan
    while high - low > 1:
        middle = (low + high) // 2
        if abs(total(pool, side * middle)) <= units:
            low = middle
        else:
            high = middle
    return total(pool, side * low) / (side * low) if low > 0 else marginal(pool, 0, side)


@kernel
def follow(pool, index_units):
    """Let a step pass: the index is worth `index_units` a contract; PRODUCT is pegged to it again as far as it is."""
    pool.index = index_units
    if pool.kind == PRODUCT and pool.keep < 1.0:
        aim = float(abs(index_units)) * pool.contracts
        pool.units = max(math.floor(aim + pool.keep * (pool.units - aim) + 0.5), 1)
