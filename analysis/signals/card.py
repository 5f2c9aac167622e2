"""A signal on one page: how it goes with what follows, what is left of it after costs, and what is made of that."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from analysis.figures import BLUE, GREY, ORANGE, RED, STYLE, named, thin, zero
from analysis.signals.evidence import pairs
from analysis.signals.verdict import FOLDS, FOUND

BINS = 10


def card(signal, returns, tried, title="A signal"):
    """A Figure of a `Tried`: next return by tenth of the signal, gain after costs, coefficients by stretch, by regime
    and in named days of stress, Sharpe ratios over cross-validated paths, and the reasons."""
    signal, returns = pairs(signal, returns)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        figure = Figure(figsize=(7.2, 6.4), layout="constrained")
        by_tenth, gained, stretches, paths, regimes, words = figure.subplots(3, 2).ravel()
        tenths(signal, returns, by_tenth)
        gains(tried, gained)
        coefficients(tried, stretches)
        ratios(tried, paths)
        spells(tried, regimes)
        told(tried, words)
        figure.suptitle(f"{title}: {tried.verdict}", x=0.012, ha="left", fontsize=11, fontweight="bold")
    return figure


def tenths(signal, returns, ax):
    """Mean of the next return in each tenth of the signal, with its standard error."""
    order = np.array_split(np.argsort(signal, kind="stable"), BINS)
    means = np.array([1e4 * returns[each].mean() for each in order])
    errors = np.array([1e4 * returns[each].std(ddof=1) / np.sqrt(len(each)) for each in order])
    ax.errorbar(np.arange(1, BINS + 1), means, yerr=errors, fmt="o", color=BLUE, markersize=3.5, capsize=2)
    return named(zero(ax), "Next return by tenth of the signal", "bp", "tenth, lowest first")


def gains(tried, ax):
    """Sum of the returns after costs of holding the sign of the signal."""
    sum_ = 100.0 * np.cumsum(tried.net)
    rows = thin(sum_)
    ax.plot(rows, sum_[rows], color=BLUE)
    return named(zero(ax), "Sum of returns after costs", "%", "period")


def coefficients(tried, ax):
    """Information coefficient in each stretch of the record, after large moves and otherwise."""
    ax.bar(np.arange(1, FOLDS + 1), tried.folds, color=BLUE, width=0.6)
    ax.bar([FOLDS + 2, FOLDS + 3], [tried.stressed, tried.calm], color=[RED, ORANGE], width=0.6)
    words = [*(str(n) for n in range(1, FOLDS + 1)), "stress", "calm"]
    ax.set_xticks([*range(1, FOLDS + 1), FOLDS + 2, FOLDS + 3], words)
    return named(zero(ax), "Information coefficient", "", "stretch of the record")


def ratios(tried, ax):
    """Sharpe ratio after costs of each path of combinatorial purged cross-validation."""
    ax.bar(np.arange(1, len(tried.paths) + 1), tried.paths, color=BLUE, width=0.6)
    ax.set_xticks(np.arange(1, len(tried.paths) + 1))
    return named(zero(ax), "Sharpe ratio over purged paths", "a period", "path")


def spells(tried, ax):
    """Information coefficient in each regime, and in the named days of stress that the record has."""
    rows = [(name, ic, BLUE) for name, ic in zip(tried.regimes.regime, tried.regimes.ic, strict=True)]
    rows += [(name, ic, RED) for name, ic in zip(tried.windows.window, tried.windows.ic, strict=True)]
    names, coefficients_, colours = zip(*rows[::-1], strict=True)
    ax.barh(names, coefficients_, color=colours, height=0.6)
    ax.axvline(0.0, color=GREY, linewidth=0.6)
    ax.tick_params(axis="y", labelsize=6.5)
    return named(ax, "By regime, and in named days (red)", "", "information coefficient")


def told(tried, ax):
    """The verdict's numbers and reasons."""
    lines = [
        f"information coefficient {tried.ic.value:.4f}, t = {tried.ic.t:.1f}",
        f"right {100 * tried.hits.value:.1f} % of the time ({100 * tried.hits.low:.1f} to {100 * tried.hits.high:.1f})",
        f"after costs {1e4 * tried.net.mean():.2f} bp a period",
        f"skill has a probability of {tried.probability:.3f}",
        f"a record of {tried.needed:,.0f} periods would do; there are {len(tried.net):,}"
        if np.isfinite(tried.needed)
        else f"no record is long enough for a loss; there are {len(tried.net):,} periods",
        *(f"against it: {each}" for each in tried.reasons),
    ]
    ax.axis("off")
    colour = GREY if tried.verdict == FOUND else "black"
    ax.text(0.0, 1.0, "\n".join(lines), va="top", fontsize=7.5, color=colour, wrap=True, transform=ax.transAxes)
    return ax
