"""How large an insurance fund should be that costs its carry and spares winners a loss."""

import numpy as np


def optimal_fund(losses, *, carry_rate, loss_weight):
    """Fund that minimises carry_rate * fund + loss_weight * E[(loss - fund)+]: a quantile of the loss.

    The quantile is 1 - carry_rate / loss_weight (Chitra, arXiv 2512.01112); 0 where carrying is dearer than losing.

    losses: (n,) coin, draws of what one period would take from a fund without end
    carry_rate: cost of a coin of the fund in that period
    loss_weight: cost of a coin that is taken from winners instead
    """
    losses = np.asarray(losses, float)
    if not len(losses) or not np.isfinite(losses).all() or (losses < 0).any():
        raise ValueError(f"losses must be finite and zero or more, one at least (got {losses[:5]})")
    if not (carry_rate > 0.0 and loss_weight > 0.0):
        raise ValueError(f"carry_rate and loss_weight must be above zero (got {carry_rate} and {loss_weight})")
    level = 1.0 - carry_rate / loss_weight
    return float(np.quantile(losses, level, method="inverted_cdf")) if level > 0.0 else 0.0


def uncovered(losses, fund):
    """(mean of what a fund leaves uncovered, its standard error), coin."""
    left = np.maximum(np.asarray(losses, float) - fund, 0.0)
    error = float(left.std(ddof=1) / np.sqrt(len(left))) if len(left) > 1 else float("nan")
    return float(left.mean()), error
