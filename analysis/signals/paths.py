"""A signal cross-validated: which way to hold it is learnt on some blocks of the record and tried on the others."""

import numpy as np

from analysis.signals import splits
from analysis.signals.evidence import returns_after_costs
from analysis.signals.sharpe import sharpe_ratio

BLOCKS, TRIED = 6, 2


def path_ratios(
    signal, returns, *, horizon=0, embargo=0, blocks=BLOCKS, tried=TRIED, fee_bps=0.0, slippage_bps=0.0, funding=None
):
    """(paths,) Sharpe ratios a period after costs, one for each whole history that the tried blocks make up.

    In each split of combinatorial purged cross-validation the side is learnt where it was not tried: the signal is
    followed if it went with the returns there, else its opposite is. What is nothing loses in about half of the paths.

    signal: (n,) known before returns: (n,), both finite; horizon, embargo: periods, as in `splits.combinatorial`;
    fee_bps, slippage_bps: of what is traded; funding: (n,) rate of each period, paid by longs
    """
    signal, returns = np.asarray(signal, float), np.asarray(returns, float)
    made = splits.combinatorial(len(signal), blocks=blocks, tried=tried, horizon=horizon, embargo=embargo)
    sides = [learnt(signal[each.train], returns[each.train]) for each in made]
    edges, found = splits.block_edges(len(signal), blocks), []
    costs = dict(fee_bps=fee_bps, slippage_bps=slippage_bps, funding=funding)
    for chosen in splits.path_blocks(blocks, tried):
        held = np.concatenate([sides[number] * np.sign(signal[edges[block] : edges[block + 1]])
                               for block, number in enumerate(chosen)])  # fmt: skip
        net = returns_after_costs(held, returns, **costs)
        found.append(sharpe_ratio(net))
    return np.array(found)


def learnt(signal, returns):
    """1 where following the signal's sign earned something, -1 where it lost."""
    return 1.0 if float(np.sign(signal) @ returns) >= 0.0 else -1.0
