"""What pools charge, said in prices and USD: the kernels of `sim.pool`, on contracts small enough for any size."""

import math
from decimal import Decimal

import numpy as np

from sim import pool
from sim.contract import Linear, positive
from sim.pool_rules import ImpactPool, SkewPool

FINEST = 2**50  # units, beyond which doubles would not tell one from the next


def skew_fills(price, skew_scale, sizes, skew=0.0):
    """The price that each trade of a row pays on a SkewPool, list.

    price: index; skew_scale, sizes, skew: coins, the sizes signed; skew: longs less shorts before the first trade
    """
    face = grain([*sizes, skew, skew_scale])
    units = max(1, min(FINEST, 2**58 // max(1, round(max(map(abs, sizes)) / face))))
    contract = Linear(face=face, unit=price * face / units, tick=price, highest=2 * price)
    here = SkewPool(skew_scale=skew_scale).start(price, contract)[0]
    here.held = round(skew / face)
    fills = []
    for size in (round(size / face) for size in sizes):
        fills.append(price * int(pool.total(here, size)) / (size * int(here.index)))
        here.held += size
    return fills


def price_impact_usd(before, after, exponent, factor, positive_factor=None, most_rebate=math.inf, **fields):
    """What an ImpactPool gives (positive) or charges (negative) a trade that takes its imbalance from `before` to
    `after`, USD.

    before, after: USD, longs less shorts (or any measure of which side is the heavier); numbers, or lists of as many
    impact_pool_usd: what is there to give back; by default enough
    """
    fields = {"exponent": exponent, "factor": factor, "positive_factor": positive_factor} | fields
    rule = ImpactPool(**fields | {"impact_pool_usd": 0.0}, most_rebate=most_rebate)
    paths = np.broadcast_arrays(np.asarray(before, float), np.asarray(after, float))
    face = grain([number for path in paths for number in path.ravel().tolist()])
    largest = max(float(np.abs(paths).max()), face)
    units = 10.0 ** math.floor(math.log10(2**58) - math.log10(largest + factor * largest**exponent))  # in a USD
    contract = Linear(face=face, unit=1.0 / units, tick=1.0, highest=2.0)
    here = rule.start(1.0, contract)[0]
    here.collected = round(min(fields.get("impact_pool_usd", math.inf) * units, 2.0**60))
    impacts = []
    for start, end in zip(*(np.rint(path / face).astype(np.int64).ravel() for path in paths), strict=True):
        here.held = start
        impacts.append(int(pool.impact(here, end - start)) / units)
    return impacts if np.ndim(paths[0]) else impacts[0]


def grain(numbers):
    """The largest power of ten, at most 1, of which all numbers are whole multiples, down to 1e-9."""
    positive("numbers", np.abs(numbers) + 1.0)
    digits = [-Decimal(repr(float(number))).normalize().as_tuple().exponent for number in numbers if number]
    return 10.0 ** -min(max([0, *digits]), 9)
