"""The order flow that the bare book and our own are both timed with: everybody cancels and submits anew.

Each round every account, in a random order, cancels what it has in the book and sends a limit order of 1 to 10 lots
at a normal distance from the middle: about half of them trade at once.
"""

from dataclasses import dataclass

import numpy as np

TICKS = 32_768
MIDDLE = 16_000
AROUND = 12.0
LOT = 100


@dataclass
class Round:
    """One order of each account, in the order they are sent: (accounts,) each."""

    owner: np.ndarray
    tick: np.ndarray
    contracts: np.ndarray  # buys positive


def rounds(accounts, count, seed=1, around=AROUND):
    """`count` rounds of the flow; around: standard deviation of the distance from the middle, ticks."""
    rng = np.random.default_rng(seed)
    return [
        Round(
            owner=rng.permutation(accounts),
            tick=MIDDLE + np.rint(rng.normal(0, around, accounts)).astype(np.int64),
            contracts=rng.choice([-1, 1], accounts) * rng.integers(1, 11, accounts) * LOT,
        )
        for _ in range(count)
    ]
