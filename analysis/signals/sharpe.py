"""What a Sharpe ratio is worth that was the best of many.

Bailey and Lopez de Prado, "The deflated Sharpe ratio", Journal of Portfolio Management 40(5), 2014, and "The Sharpe
ratio efficient frontier", Journal of Risk 15(2), 2012. Ratios are of one period, not a year; kurtosis is raw, 3 of a
normal.
"""

from math import e, sqrt

import numpy as np
from scipy.stats import kurtosis, norm, skew


def sharpe_ratio(returns):
    """Mean over standard deviation of the returns of a period; nan where they do not vary."""
    returns = finite(returns)
    spread = returns.std(ddof=1)
    return float(returns.mean() / spread) if spread > 0.0 else float("nan")


def ratio_error(ratio, periods, skewness=0.0, kurtosis=3.0):
    """Standard error of an estimated ratio; ValueError for moments that no distribution has."""
    variance = 1.0 - skewness * ratio + (kurtosis - 1.0) / 4.0 * ratio**2
    if periods < 2 or kurtosis < 1.0 + skewness**2 or variance <= 0.0:
        raise ValueError(
            f"there must be two periods or more and a kurtosis of at least 1 + skewness^2 "
            f"(got {periods}, {kurtosis} and {skewness})"
        )
    return sqrt(variance / (periods - 1.0))


def probabilistic(ratio, periods, skewness=0.0, kurtosis=3.0, above=0.0):
    """Probability that the true ratio is above a threshold."""
    return float(norm.cdf((ratio - above) / ratio_error(ratio, periods, skewness, kurtosis)))


def expected_best(trials, variance):
    """Ratio that the best of so many trials without any skill is expected to show; variance: of the trials' ratios."""
    if trials < 2 or not variance >= 0.0:
        raise ValueError(f"there must be two trials or more, of a variance (got {trials} and {variance})")
    weight = np.euler_gamma
    return float(
        sqrt(variance) * ((1.0 - weight) * norm.ppf(1.0 - 1.0 / trials) + weight * norm.ppf(1.0 - 1.0 / (trials * e)))
    )


def deflated(ratio, periods, skewness, kurtosis, trials, variance):
    """Probability that the true ratio is above what the best of so many trials without skill would show."""
    return probabilistic(ratio, periods, skewness, kurtosis, above=expected_best(trials, variance))


def minimum_periods(ratio, skewness=0.0, kurtosis=3.0, above=0.0, confidence=0.95):
    """Periods of record needed to say with that confidence that the true ratio is above a threshold, or inf."""
    if ratio <= above:
        return float("inf")
    return float(1.0 + ratio_error(ratio, 2, skewness, kurtosis) ** 2 * (norm.ppf(confidence) / (ratio - above)) ** 2)


def deflated_of(returns, others):
    """The deflated ratio of a series of returns, chosen among it and `others`, an array (periods, trials)."""
    returns = finite(returns)
    tried = [sharpe_ratio(returns), *(sharpe_ratio(each) for each in np.asarray(others).T)]
    moments = float(skew(returns)), float(kurtosis(returns, fisher=False))
    return deflated(tried[0], len(returns), *moments, len(tried), float(np.var(tried, ddof=1)))


def finite(returns):
    """(n,) returns as floats; ValueError, one sentence, unless there are three or more and all are finite."""
    returns = np.asarray(returns, float)
    if returns.ndim != 1 or len(returns) < 3 or not np.isfinite(returns).all():
        raise ValueError(f"returns must be three or more finite numbers (got {returns.shape}); drop what is missing")
    return returns
