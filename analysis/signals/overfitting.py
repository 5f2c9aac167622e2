"""How likely it is that the best of many rules was only the luckiest.

Bailey, Borwein, Lopez de Prado and Zhu, "The probability of backtest overfitting", Journal of Computational Finance
20(4), 2016: of every half of the blocks of a history, where does the rule that was best in it stand in the other half?
"""

from itertools import combinations
from math import log
from typing import NamedTuple

import numpy as np

from analysis.signals.splits import block_edges


class Overfitting(NamedTuple):
    """How rules that were best in one half of a history did in the other.

    probability: of standing below the median there; logits: (splits,) of the rank there, negative below the median;
    loss: probability of losing there
    """

    probability: float
    logits: np.ndarray
    loss: float


def backtest_overfitting(returns, blocks=16):
    """The Overfitting of rules chosen by their Sharpe ratio.

    returns: (periods, rules), finite, two rules or more; blocks: even
    """
    returns = np.asarray(returns, float)
    if returns.ndim != 2 or returns.shape[1] < 2 or not np.isfinite(returns).all():
        raise ValueError(f"returns must be a finite table (periods, rules) of two rules or more (got {returns.shape})")
    if blocks < 2 or blocks % 2:
        raise ValueError(f"blocks must be even, two or more (got {blocks})")
    edges, logits, lost = block_edges(len(returns), blocks), [], []
    parts = [returns[edges[number] : edges[number + 1]] for number in range(blocks)]
    for chosen in combinations(range(blocks), blocks // 2):
        inside = ratios([parts[number] for number in chosen])
        outside = ratios([parts[number] for number in range(blocks) if number not in chosen])
        best = int(np.argmax(inside))
        below = float((outside < outside[best]).sum() + 0.5 * (outside == outside[best]).sum() + 0.5)
        share = below / (len(outside) + 1.0)
        logits.append(log(share / (1.0 - share)))
        lost.append(outside[best] < 0.0)
    logits = np.array(logits)
    return Overfitting(float((logits < 0.0).mean() + 0.5 * (logits == 0.0).mean()), logits, float(np.mean(lost)))


def ratios(parts):
    """(rules,) Sharpe ratio of each rule over some blocks."""
    whole = np.concatenate(parts)
    spread = whole.std(axis=0, ddof=1)
    return np.divide(whole.mean(axis=0), spread, out=np.zeros(whole.shape[1]), where=spread > 0.0)
