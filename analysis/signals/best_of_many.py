"""Whether the best of many rules is better than nothing, or only the luckiest: the reality check and its successor."""

from typing import NamedTuple

import numpy as np


class Superior(NamedTuple):
    """Probabilities that the best of these rules would look as good if none were better than nothing.

    upper: White's reality check, which takes every rule for as good as nothing ("A reality check for data snooping",
    Econometrica 68, 2000); consistent, lower: Hansen's, which leave out the hopeless ones, some and all of those that
    lose ("A test for superior predictive ability", Journal of Business & Economic Statistics 23, 2005)
    """

    lower: float
    consistent: float
    upper: float


def superior(returns, *, block=None, resamples=1_000, seed=0):
    """The Superior of (periods, rules) returns over what they are held against, resampled in blocks of random length.

    block: mean length of a block, by default the square root of the periods. Needs arch (`pip install
    'perpsim[signals]'`), whose test it is.
    """
    try:
        from arch.bootstrap import SPA
    except ImportError as error:
        raise ImportError("the test needs arch; install it with pip install 'perpsim[signals]'") from error
    returns = np.asarray(returns, float)
    if returns.ndim != 2 or len(returns) < 20 or not returns.shape[1] or not np.isfinite(returns).all():
        raise ValueError(f"returns must be (20 or more periods, rules) of finite numbers (got {returns.shape})")
    length = block or max(1, round(len(returns) ** 0.5))
    test = SPA(np.zeros(len(returns)), -returns, block_size=length, reps=resamples, seed=seed)
    test.compute()
    return Superior(*(float(test.pvalues[name]) for name in Superior._fields))
