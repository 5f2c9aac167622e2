"""How far a contract stood from its index, through the runs of each rule."""

import numpy as np

from analysis.figures.drawing import named, nothing
from analysis.figures.style import BLACK, BLUE, SKY

TITLE = "Distance from the index"


def pegs(runs, ax):
    """Quantiles of the mid over the index, less 1: a line a rule, from the narrowest down.

    runs: {rule: Run or [Run]}. Thin: 1 to 99 % of the time; thick: the middle half; a bar across: the median.
    """
    found = {name: basis_bps(several) for name, several in runs.items()}
    found = {name: each for name, each in found.items() if len(each)}
    if not found:
        return nothing(ax, "no run has a row", TITLE, "rule", "bp")
    quantiles = {name: np.quantile(each, [0.01, 0.25, 0.5, 0.75, 0.99]) for name, each in found.items()}
    order = sorted(quantiles, key=lambda name: np.ptp(quantiles[name][[0, 4]]))
    for row, name in enumerate(order):
        low, first, middle, last, high = quantiles[name]
        ax.hlines(row, low, high, color=SKY, linewidth=1.6)
        ax.hlines(row, first, last, color=BLUE, linewidth=5.0)
        ax.plot(middle, row, "|", color=BLACK, markersize=9, markeredgewidth=1.5)
    ax.axvline(0.0, color="#909090", linewidth=0.6, zorder=1)
    ax.set_yticks(range(len(order)), order)
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    return named(ax, TITLE, "", "mid over index, less 1, bp")


def basis_bps(runs):
    """(rows,) mid over index, less 1, basis points, of a run or of several, without what is missing."""
    several = runs if isinstance(runs, list | tuple) else [runs]
    basis = np.concatenate([1e4 * (run["mid"] / run["index"] - 1.0) for run in several])
    return basis[np.isfinite(basis)]
