"""Reverse stress: not what a shock does, but how small a shock does it.

The same seed draws the same world at every value of the keyword that is searched (common random numbers), so within a
seed a metric moves with the keyword alone, and each seed has a smallest value of its own. That of the crowd of seeds is
their median; its interval is that of order statistics, which supposes nothing about how they are spread, and holds
where some seeds have none in the range.
"""

from dataclasses import dataclass
from math import comb, inf

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Smallest:
    """The smallest value of `keyword`, by seed and over seeds, at which a metric reaches its threshold.

    brackets: (seeds,) pairs (below, reached) in which the value of each seed lies: one value at which the metric is
    short of the threshold and a larger one at which it is not. (-inf, low) where it is reached at the lowest value
    tried, (high, inf) where it is not even at the highest.
    """

    keyword: str
    seeds: tuple
    brackets: tuple

    @property
    def values(self):
        """(seeds,) least value of each seed at which the threshold was seen to be reached; inf if it was not."""
        return tuple(reached for _, reached in self.brackets)

    @property
    def value(self):
        """Median over seeds, the higher of the two in the middle: so much is enough for half of them."""
        return sorted(self.values)[len(self.seeds) // 2]

    @property
    def interval(self):
        """(low, high) of the median over all seeds there could be: 95 % where there are six seeds or more, else what
        the range of the seeds covers (`coverage`)."""
        rank = self._rank()
        below, reached = zip(*self.brackets, strict=True)
        return sorted(below)[rank], sorted(reached)[len(self.seeds) - 1 - rank]

    @property
    def coverage(self):
        """Probability with which such an interval holds the median."""
        return inside(len(self.seeds), self._rank())

    def _rank(self):
        """How many seeds on each side the interval leaves out."""
        count = len(self.seeds)
        return max((k for k in range((count + 1) // 2) if inside(count, k) >= CONFIDENCE), default=0)

    def __str__(self):
        low, high = self.interval
        return (
            f"{self.keyword} {self.value:.4g} (median of {len(self.seeds)} seeds; "
            f"{100 * self.coverage:.3g} % interval {low:.4g} to {high:.4g})"
        )


def inside(count, rank):
    """Probability that the median lies between the order statistics of `count` draws that leave out `rank` a side."""
    return 1.0 - 2.0 * sum(comb(count, k) for k in range(rank + 1)) / 2.0**count


def smallest(scenario, keyword, low, high, metric, threshold, seeds, *, tolerance=None, **arguments):
    """Return the `Smallest` value of `keyword` in [low, high] at which `metric` is `threshold` or more.

    scenario:  function(seed=..., keyword=..., **arguments) that returns what has `run()`
    metric:    function of a run, which the keyword raises; where it does so unevenly, one of the values at which it
               passes the threshold is found, by bisection
    threshold: of the metric
    seeds:     two or more, none twice
    tolerance: width of each seed's bracket at most; by default a 64th of the range
    arguments: of every run

    A seed takes two runs, and one for each halving of the range.
    """
    seeds, tolerance = tuple(seeds), (high - low) / 64.0 if tolerance is None else tolerance
    check(keyword, low, high, seeds, tolerance, arguments)

    def reached(seed, value):
        return bool(metric(scenario(**arguments, seed=seed, **{keyword: value}).run()) >= threshold)

    brackets = tuple(bisect(lambda value, seed=seed: reached(seed, value), low, high, tolerance) for seed in seeds)
    return Smallest(keyword, seeds, brackets)


def bisect(reached, low, high, tolerance):
    """(below, reached) about the point of [low, high] where `reached`, False before it, becomes True."""
    if reached(low):
        return -inf, low
    if not reached(high):
        return high, inf
    while high - low > tolerance:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if reached(middle) else (middle, high)
    return low, high


def check(keyword, low, high, seeds, tolerance, arguments):
    """Raise ValueError for a search that could not end or not tell anything."""
    if not (-inf < low < high < inf):
        raise ValueError(f"low must be below high, both finite (got {low} and {high}); exchange or correct them")
    if not tolerance > 0:
        raise ValueError(f"tolerance must be above 0 (got {tolerance}); say how close is close enough")
    if len(seeds) < 2 or len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must be two or more that differ (got {seeds}); one has no interval")
    if keyword == "seed" or keyword in arguments:
        raise ValueError(f"the keyword searched must be neither seed nor given (got {keyword!r}); leave it out")
