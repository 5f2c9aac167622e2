"""The best of many signals: whether it is any good, or only the luckiest of them."""

from dataclasses import dataclass

import numpy as np

from analysis.signals.best_of_many import Superior, superior
from analysis.signals.evidence import returns_after_costs
from analysis.signals.overfitting import Overfitting, backtest_overfitting
from analysis.signals.sharpe import sharpe_ratio
from analysis.signals.verdict import Tried, tried

LEVEL, MOST_OVERFITTED = 0.05, 0.5


@dataclass(frozen=True, kw_only=True)
class Selected:
    """What came of choosing among signals.

    name:        of the one with the highest Sharpe ratio after costs
    tried:       its Tried, chosen among all of them
    superior:    p-values of the best being no better than nothing
    overfitting: how those that were best in half of the record did in the other half
    reasons:     why it is refused; those of `tried` and of the choice
    """

    name: str
    tried: Tried
    superior: Superior
    overfitting: Overfitting
    reasons: tuple


def best_of(signals, returns, *, fee_bps=0.0, slippage_bps=0.0, funding=None, times=None, blocks=8, seed=0):
    """The Selected among {name: (n,) signal}, each known before the return of the same place; all finite.

    Every signal that was looked at must be among them: what was left out beforehand was part of the choice.
    """
    if len(signals) < 2:
        raise ValueError(f"there must be two signals or more to choose from (got {len(signals)}); use verdict.tried")
    costs = dict(fee_bps=fee_bps, slippage_bps=slippage_bps, funding=funding)
    net = {name: returns_after_costs(np.sign(each), returns, **costs) for name, each in signals.items()}
    ratios = {name: np.nan_to_num(sharpe_ratio(each), nan=-np.inf) for name, each in net.items()}
    name, panel = max(ratios, key=ratios.get), np.column_stack(list(net.values()))
    spread = float(np.std([each for each in ratios.values() if np.isfinite(each)], ddof=1))
    found = tried(signals[name], returns, **costs, trials=len(signals), spread=spread, times=times)
    better, overfitted = superior(panel, seed=seed), backtest_overfitting(panel, blocks)
    reasons = list(found.reasons)
    if better.consistent > LEVEL:
        reasons.append(f"the best of {len(signals)} without any skill looks as good with p = {better.consistent:.2f}")
    if overfitted.probability >= MOST_OVERFITTED:
        reasons.append(f"the best in half of the record is below the middle in the rest, {overfitted.probability:.0%}")
    return Selected(name=name, tried=found, superior=better, overfitting=overfitted, reasons=tuple(reasons))
