"""A signal tried in every way at once: what speaks for it, what against it, and a verdict with its reasons."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas
from scipy.stats import kurtosis, norm, skew

from analysis.signals import sharpe
from analysis.signals.evidence import Coefficient, Rate, hit_rate, information_coefficient, pairs, returns_after_costs
from analysis.signals.paths import path_ratios
from analysis.signals.soundness import faults
from analysis.signals.splits import walk_forward
from analysis.signals.windows import by_regime, in_windows

FOUND, REFUSED = "found", "refused"
LEVEL = 0.01
FOLDS, FEWEST = 5, 250
AGAINST = 2.0  # t by which a signal must point the other way in a regime for that to speak against it
STRESSED = 0.1  # of the periods, those with the largest moves before them


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of trying a signal.

    ic:          Coefficient of ranks with the next return; hits: Rate at which the sign is right
    net:         (n,) returns after costs of holding the sign of the signal
    probability: that the Sharpe ratio after costs is above what the best of `trials` without skill would show
    needed:      periods of record that would be enough to say that it is above zero, with 95 %
    folds:       (FOLDS,) information coefficients in stretches of the record, each after what came before it
    stressed, calm: information coefficients after large moves, and otherwise
    paths:       (5,) Sharpe ratios a period after costs, of combinatorial purged cross-validation
    regimes:     a frame by regime, as `windows.by_regime` makes it
    windows:     a frame of the days of stress that the record has, as `windows.in_windows`; no rows without times
    reasons:     why it is refused, one sentence each; none if it is found
    """

    ic: Coefficient
    hits: Rate
    net: np.ndarray
    probability: float
    needed: float
    folds: np.ndarray
    stressed: float
    calm: float
    paths: np.ndarray
    regimes: pandas.DataFrame
    windows: pandas.DataFrame
    reasons: tuple

    @property
    def verdict(self):
        """FOUND or REFUSED."""
        return REFUSED if self.reasons else FOUND

    def __str__(self):
        told = f"information coefficient {self.ic.value:.4f} (t = {self.ic.t:.1f}, {self.ic.pairs} pairs)"
        return "\n".join([f"{self.verdict}: {told}", *(f"- {each}" for each in self.reasons)])


def tried(
    signal, returns, *, fee_bps=0.0, slippage_bps=0.0, funding=None, trials=1, spread=None, times=None, horizon=0
):
    """The Tried of a signal, known before the return of the same place: (n,) each.

    Over 4,000 independent normal returns a signal that correlates with them by 0.1 was found 200 times of 200, one that
    does not, 2 times of 500.

    fee_bps, slippage_bps: of what is traded; funding: (n,) rate of each period, paid by longs; trials: how many signals
    were looked at before this one was chosen; spread: standard deviation of their Sharpe ratios a period, by default
    that of ratios without skill; times: (n,) datetime64, UTC, for the days of stress; horizon: periods that the signal
    was fitted to look ahead beyond the next, which cross-validation purges
    """
    signal, returns = np.asarray(signal, float), np.asarray(returns, float)
    kept_signal, kept = pairs(signal, returns)
    if len(kept) < FEWEST:
        raise ValueError(f"a signal must have {FEWEST} pairs or more with the return that follows (got {len(kept)})")
    there = np.isfinite(signal) & np.isfinite(returns)
    paid = None if funding is None else np.asarray(funding, float)[there]
    costs = dict(fee_bps=fee_bps, slippage_bps=slippage_bps, funding=paid)
    net = returns_after_costs(np.sign(kept_signal), kept, **costs)
    probability, needed = skill(net, trials, spread)
    ic = information_coefficient(kept_signal, kept)
    folds = np.array([
        information_coefficient(kept_signal[each.test], kept[each.test]).value
        for each in walk_forward(len(kept), folds=FOLDS)
    ])  # fmt: skip
    stressed, calm = by_stress(kept_signal, kept)
    found = dict(ic=ic, hits=hit_rate(kept_signal, kept), net=net, probability=probability, needed=needed)
    found |= dict(folds=folds, stressed=stressed, calm=calm)
    found["paths"] = path_ratios(kept_signal, kept, horizon=horizon, **costs)
    found["regimes"] = by_regime(kept_signal, kept, net, paid)
    at = np.full(len(kept), np.datetime64("NaT", "s")) if times is None else np.asarray(times, "datetime64[s]")[there]
    found["windows"] = in_windows(at, kept_signal, kept, net)
    unsound = faults(signal, returns, times)
    speaks = against(found, trials) if np.ptp(kept_signal) > 0.0 else ()
    return Tried(**found, reasons=(*unsound, *speaks))


def skill(net, trials, spread):
    """(probability of a Sharpe ratio above that of the luckiest of so many, periods of record needed)."""
    ratio = sharpe.sharpe_ratio(net)
    if not np.isfinite(ratio):
        return 0.0, float("inf")
    moments = float(skew(net)), float(kurtosis(net, fisher=False))
    spread = 1.0 / sqrt(len(net)) if spread is None else spread
    best = sharpe.expected_best(trials, spread**2) if trials > 1 else 0.0
    return sharpe.probabilistic(ratio, len(net), *moments, above=best), sharpe.minimum_periods(ratio, *moments)


def by_stress(signal, returns):
    """Information coefficients after the largest moves, those of the period before, and after the others."""
    before = np.abs(np.concatenate([[0.0], returns[:-1]]))
    wild = before >= np.quantile(before, 1.0 - STRESSED)
    return (information_coefficient(signal[each], returns[each]).value for each in (wild, ~wild))


def against(found, trials):
    """Sentences that speak against a signal that changes."""
    ic, net = found["ic"], found["net"]
    bar, chosen = float(norm.isf(LEVEL / 2.0 / trials)), f"; chosen among {trials}," if trials > 1 else ";"
    if not abs(ic.t) > bar:
        yield f"its information coefficient has t = {ic.t:.1f}{chosen} it must be beyond {bar:.1f}"
    if found["probability"] < 1.0 - 0.05:
        above = f"above that of the luckiest of {trials}" if trials > 1 else "above zero"
        yield f"its Sharpe ratio after costs is {above} with a probability of {found['probability']:.2f} only"
    if net.mean() <= 0.0:
        yield f"after costs it earns {1e4 * net.mean():.2f} bp a period"
    same = int((np.sign(found["folds"]) == np.sign(ic.value)).sum())
    if same < FOLDS - 1:
        yield f"its sign holds in {same} of {FOLDS} stretches of the record"
    lost = int((~(found["paths"] > 0.0)).sum())
    if lost:
        yield f"with its side learnt elsewhere in the record it loses in {lost} of {len(found['paths'])} paths"
    for kind in ("regimes", "windows"):
        for row in found[kind].to_dict("records"):
            if np.sign(ic.value) * row["t"] < -AGAINST:
                words = next(iter(row.values()))
                yield f"it points the other way in '{words}' (t = {row['t']:.1f}, {row['periods']} periods)"
