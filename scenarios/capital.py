"""How much capital a crowd needs to hold an open interest at its leverage."""

import numpy as np

from agents import LogNormal
from agents.distributions import is_distribution

QUANTILES = (np.arange(1_000) + 0.5) / 1_000


def capital(open_interest, price, count, leverage, sigma=1.0):
    """Log-normal coin of `count` accounts that hold `open_interest` USD between them at that leverage, on average.

    leverage: a number or a distribution; sigma: log standard deviation of the coin
    """
    mean_leverage = np.mean(leverage.at(QUANTILES)) if is_distribution(leverage) else leverage
    mean_coin = open_interest / price / max(count, 1) / mean_leverage
    return LogNormal(median=float(mean_coin * np.exp(-(sigma**2) / 2)), sigma=sigma)
