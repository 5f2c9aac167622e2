"""Kernels of composite prices: what spot venues say together, without the stale, the outlying and the excluded.

`prices` is (venues,) USD, nan for a venue that says nothing; `rule` is one RULE, as `IndexRule.record` writes it.
`advance` is the whole rule of an index; the rest are its parts.
"""

import math

import numpy as np

from sim.compiled import kernel

MEAN, MEDIAN, INVERSE_SQUARE = range(3)  # average
ALL, REST, REST_MEAN = range(3)  # around
SAME, EQUAL, HOLD = range(3)  # few

RULE = np.dtype(
    [
        ("average", np.int64),
        ("around", np.int64),
        ("few", np.int64),
        ("clips", np.int64),
        ("at_band", np.int64),
        ("trim", np.int64),
        ("least", np.int64),
        ("most_out", np.int64),
        ("sticks", np.int64),
        ("readmit", np.int64),  # computations of the index in a row
        ("every", np.int64),  # steps
        ("most_age", np.int64),  # steps
        ("band", np.float64),
        ("readmit_band", np.float64),
    ]
)


@kernel
def median(prices):
    """The middle of those that are not nan; nan if all are."""
    known, count = np.empty(len(prices)), 0
    for price in prices:
        if math.isnan(price):
            continue
        at = count
        while at > 0 and known[at - 1] > price:
            known[at] = known[at - 1]
            at -= 1
        known[at] = price
        count += 1
    return (known[(count - 1) // 2] + known[count // 2]) / 2.0 if count > 0 else math.nan


@kernel
def heavy_median(prices, weights, shares):
    """The price at which half of the weight lies on either side; the mean of two if that is between them.

    shares: (venues,) written: 1 for that venue, or 1/2 for each of the two; untouched if all weights are 0, then nan
    """
    order, count, total = np.empty(len(prices), np.int64), 0, 0.0
    for v in range(len(prices)):
        if not weights[v] > 0.0 or math.isnan(prices[v]):
            continue
        at = count
        while at > 0 and prices[order[at - 1]] > prices[v]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = v
        count += 1
        total += weights[v]
    if count == 0:
        return math.nan
    at, below = 0, weights[order[0]]
    while below < total / 2.0 and at < count - 1:
        at += 1
        below += weights[order[at]]
    low, high = order[at], order[at + 1] if below == total / 2.0 and at < count - 1 else order[at]
    for v in range(len(prices)):
        shares[v] = 0.5 * (v == low) + 0.5 * (v == high)
    return (prices[low] + prices[high]) / 2.0


@kernel
def known(prices):
    """How many are not nan."""
    count = 0
    for price in prices:
        count += not math.isnan(price)
    return count


@kernel
def centre(prices, v, rule, middle):
    """The price that venue `v` is compared with; `middle`, the median of all, where there are no others."""
    if rule.around == ALL or known(prices) < 2 or math.isnan(prices[v]):
        return middle
    if rule.around == REST_MEAN:
        total = 0.0
        for u in range(len(prices)):
            total += 0.0 if u == v or math.isnan(prices[u]) else prices[u]
        return total / (known(prices) - 1)
    rest = prices.copy()
    rest[v] = math.nan
    return median(rest)


@kernel
def outlying(beyond, limit, at_band):
    """Whether a price so far from the others is an outlier; nan is none."""
    return abs(beyond) > limit or (at_band != 0 and abs(beyond) == limit)


@kernel
def astray(prices, count, rule, middle, last):
    """Whether one or two venues left alone are too far from each other, or from the last index, to be believed."""
    if count == 2:
        for price in prices:
            if outlying(price - middle, rule.band / 2.0 * middle, rule.at_band):
                return True
    return count == 1 and outlying(middle - last, rule.band * last, rule.at_band)


@kernel
def sift(prices, weights, rule, middle, kept, beyond):
    """Write the weight that each price keeps and how far it lies above `middle`; returns how many are outliers."""
    out, alike = 0, rule.few == EQUAL and known(prices) == 2
    for v in range(len(prices)):
        about = centre(prices, v, rule, middle)
        limit, far = rule.band * abs(about), prices[v] - about
        outlier = outlying(far, limit, rule.at_band)
        out += outlier
        if outlier and rule.clips:
            far = math.copysign(limit, far)
        if abs(far) <= limit and (rule.clips or not outlier):
            kept[v] = 1.0 if alike else weights[v]
            beyond[v] = far + (about - middle)
    return out


@kernel
def trim(prices, kept, count):
    """Take `count` times the highest and the lowest of the prices that are kept out; none if that left nothing."""
    left = 0
    for v in range(len(prices)):
        left += kept[v] > 0.0
    for _ in range(count if left > 2 * count else 0):
        for sign in (1.0, -1.0):
            worst = -1
            for v in range(len(prices)):
                if kept[v] > 0.0 and (worst < 0 or sign * prices[v] > sign * prices[worst]):
                    worst = v
            kept[worst] = 0.0


@kernel
def lean(prices, kept):
    """Turn weights into inverse squares of the distance from the mean they give; who is there takes all."""
    total, mean, there = 0.0, 0.0, 0
    for v in range(len(prices)):
        total += kept[v]
        mean += kept[v] * prices[v] if kept[v] > 0.0 else 0.0
    mean /= total
    for v in range(len(prices)):
        there += kept[v] > 0.0 and prices[v] == mean
    for v in range(len(prices)):
        if kept[v] > 0.0:
            far = prices[v] - mean
            kept[v] = (1.0 if far == 0.0 else 0.0) if there else 1.0 / (far * far)


@kernel
def combine(prices, weights, rule, last, shares):
    """The index of these prices; nan where the rule has none and the last one stands.

    weights: (venues,); last: the index before, nan for none
    shares:  (venues,) written: the weight of each in the index, 1 together; untouched if it is nan
    """
    middle, count = median(prices), known(prices)
    if count < rule.least or (rule.few == HOLD and count <= 2 and astray(prices, count, rule, middle, last)):
        return math.nan
    kept, beyond = np.zeros(len(prices)), np.zeros(len(prices))
    if sift(prices, weights, rule, middle, kept, beyond) > rule.most_out:
        return heavy_median(prices, np.ones(len(prices)), shares)
    trim(prices, kept, rule.trim)
    if rule.average == MEDIAN:
        return heavy_median(middle + beyond, kept, shares)
    if rule.average == INVERSE_SQUARE and kept.sum() > 0.0:
        lean(prices, kept)
    total, above = 0.0, 0.0
    for v in range(len(prices)):
        total += kept[v]
        above += kept[v] * beyond[v]
    if total == 0.0:
        return math.nan
    for v in range(len(prices)):
        shares[v] = kept[v] / total
    return middle + above / total


@kernel
def exclude(active, rule, out):
    """Write nan for the venues that are out, which the outliers among three or more others join."""
    for v in range(len(active)):
        active[v] = math.nan if out[v] else active[v]
    if known(active) < 3:
        return
    before, middle = active.copy(), median(active)
    for v in range(len(active)):
        about = centre(before, v, rule, middle)
        if outlying(before[v] - about, rule.band * abs(about), rule.at_band):
            out[v], active[v] = 1, math.nan


@kernel
def readmit(prices, active, rule, index, last, out, calm):
    """Let venues back in that have been near the others, or near the index if none is left, for long enough.

    index: nan where `last` stands; calm: (venues,) computations for which a venue has been near, -1 if it is not
    """
    count, about, band = known(active), median(active), rule.readmit_band
    if count == 0 or (count == 1 and math.isnan(index)):
        about, band = last, rule.band
    for v in range(len(prices)):
        if out[v]:
            calm[v] = calm[v] + 1 if abs(prices[v] - about) <= band * about else -1
            if calm[v] >= rule.readmit:
                out[v], calm[v] = 0, -1


@kernel
def advance(prices, weights, rule, last, shares, out, calm):
    """`combine`, with the memory of a rule whose outliers stay out: `out` 0 or 1, `calm` as in `readmit`."""
    if not rule.sticks:
        return combine(prices, weights, rule, last, shares)
    active = prices.copy()
    exclude(active, rule, out)
    index = combine(active, weights, rule, last, shares)
    readmit(prices, active, rule, index, last, out, calm)
    return index
