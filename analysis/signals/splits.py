"""Splits of a history into what a rule is fitted on and what it is tried on, with nothing of one known in the other.

Lopez de Prado, "Advances in Financial Machine Learning" (2018), chapters 7 and 12.
"""

from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np


class Split(NamedTuple):
    """Places in a history: fitted on `train`, tried on `test`; `blocks` are the numbers of the blocks tried."""

    train: np.ndarray
    test: np.ndarray
    blocks: tuple


def walk_forward(length, *, folds, horizon=0, embargo=0):
    """[Split] of `folds` stretches of a history, each tried after fitting on all that comes before it.

    horizon: periods that a label looks ahead, which are dropped from the end of what is fitted; embargo: periods kept
    free besides
    """
    edges = block_edges(length, folds + 1)
    made = []
    for fold in range(1, folds + 1):
        train = np.arange(0, max(edges[fold] - horizon - embargo, 0))
        made.append(Split(train, np.arange(edges[fold], edges[fold + 1]), (fold,)))
    return made


def combinatorial(length, *, blocks=6, tried=2, horizon=0, embargo=0):
    """[Split] of every choice of `tried` blocks out of `blocks`, the rest fitted on after purging.

    Purged: what lies within `horizon` before a tried block, whose labels look into it, and within `horizon` + `embargo`
    after it, whose features may still know it.
    """
    if not 1 <= tried < blocks:
        raise ValueError(f"tried blocks must be fewer than all (got {tried} of {blocks})")
    edges, places = block_edges(length, blocks), np.arange(length)
    made = []
    for chosen in combinations(range(blocks), tried):
        test, free = np.zeros(length, bool), np.ones(length, bool)
        for block in chosen:
            test[edges[block] : edges[block + 1]] = True
            free[max(edges[block] - horizon, 0) : edges[block + 1] + horizon + embargo] = False
        made.append(Split(places[free & ~test], places[test], chosen))
    return made


def paths(blocks, tried):
    """How many whole histories the tried blocks of `combinatorial` make up: each block is tried as often."""
    return tried * comb(blocks, tried) // blocks


def path_blocks(blocks, tried):
    """(paths, blocks) number of the split that each path takes each block from."""
    taken = [[number for number, each in enumerate(combinations(range(blocks), tried)) if block in each]
             for block in range(blocks)]  # fmt: skip
    return np.array(taken).T


def block_edges(length, blocks):
    """(blocks + 1,) places at which a history is cut into blocks as equal as can be."""
    if not 1 <= blocks <= length:
        raise ValueError(f"a history must be as long as it has blocks (got {length} for {blocks})")
    return np.linspace(0, length, blocks + 1).round().astype(int)
