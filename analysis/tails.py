"""How much of a sample is its tail: a fraction for Hill's estimate that the sample itself chooses.

Of a Pareto sample Hill's interval (`analysis.estimators.tail_index`) holds the index as often as it says whatever the
fraction; of others it does only where so little is taken that the bias is small beside the error. Of Student's t with 3
degrees of freedom, 10,000 draws, intervals at nominal 95 % held the index in 18 % of samples with the largest 5 %
taken, the custom; in 94 % with 1 %; and in 90 % with the fraction chosen here, which knows nothing of the law. With 4
degrees of freedom, where the power law begins later, these are 0, 90 and 89 %, and the median of the last is 3.7.
"""

import numpy as np

from analysis.estimators import finite

CRITICAL = 1.25
"""Of the statistic below, which is about 1 while what is taken is a power law."""
UNDERSMOOTHED = 6
"""The part kept of the most that passes: where bias is as large as error an interval fails half of the time."""
FEWEST, MOST = 10, 0.5


def tail_fraction(sample):
    """The fraction of |sample| to give to `tail_index`: a sixth of the most whose log spacings show no trend.

    Guillou and Hall, "A diagnostic for selecting the threshold in extreme value analysis", Journal of the Royal
    Statistical Society B 63, 2001: i log(X_i / X_(i+1)) are independent and alike as long as the tail is a power law,
    so that their weighted sum, smoothed over numbers half as large and half as large again, exceeds CRITICAL where it
    is no more. Of the largest number that does not exceed it a part is taken, which gives up precision for coverage.
    """
    ordered = np.sort(np.abs(finite(sample, 100)))[::-1]
    most = min(int(MOST * len(ordered)), int(np.count_nonzero(ordered > 0.0)) - 1)
    if most < 2 * FEWEST:
        raise ValueError(f"a tail must have {2 * FEWEST} values above zero beyond it (got {most}); take more")
    numbers = np.arange(FEWEST, int(most / 1.5))
    trend = np.append(0.0, np.cumsum(trends(ordered, most) ** 2))
    half = numbers // 2
    rough = np.sqrt((trend[numbers + half] - trend[numbers - half - 1]) / (2 * half + 1))
    straight = np.flatnonzero(rough < CRITICAL)
    chosen = numbers[straight[-1]] // UNDERSMOOTHED if len(straight) else FEWEST
    return max(int(chosen), FEWEST) / len(ordered)


def trends(ordered, most):
    """(most,) of the k largest, k = 1, 2, ...: the trend of their log spacings, of mean 0 and variance 1 if there is
    none."""
    rank = np.arange(1, most + 1)
    spacings = rank * np.log(ordered[:most] / ordered[1 : most + 1])
    sums = np.cumsum(spacings)
    mean = np.where(sums > 0.0, sums / rank, 1.0)
    return np.sqrt(3.0 / rank**3.0) * ((rank + 1) * sums - 2.0 * np.cumsum(rank * spacings)) / mean
