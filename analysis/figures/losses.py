"""What winners gave up when they were deleveraged or charged: by account, and how it is spread among them."""

import numpy as np
from matplotlib.ticker import LogLocator

from analysis.figures.drawing import logarithmic, named, nothing, short
from analysis.figures.style import BLACK, BLUE, GREY, ORANGE, RED
from analysis.summary import contract
from analysis.who import winners

NOBODY = "nobody was deleveraged or charged in this run"


def haircuts(run, ax):
    """Each winner's haircut, the part of its profit that it lost, over it; the line is that of all together."""
    title, coin = "Haircuts", contract(run)["coin"]
    profit, lost = winners(run)
    if not (lost > 0).any():
        return nothing(ax, NOBODY, title, "% of profit", f"profit, {coin}")
    cut = 100.0 * np.clip(lost / profit, 0.0, 1.0)
    spared = lost <= 0
    mean = 100.0 * lost.sum() / profit.sum()
    ax.scatter(profit[spared], cut[spared], s=9, facecolors="none", edgecolors=GREY, linewidths=0.5,
               label=f"spared {spared.sum():,}")  # fmt: skip
    ax.scatter(profit[~spared], cut[~spared], s=9, color=BLUE, alpha=0.6, linewidths=0,
               label=f"paid {(~spared).sum():,}")  # fmt: skip
    ax.axhline(mean, color=RED, linewidth=1.0, linestyle="--", label=f"of all {mean:.0f} %")
    logarithmic(ax, "x")
    ax.xaxis.set_major_locator(LogLocator())
    ax.set_xlim(left=max(profit[~spared].min() / 3.0, profit.min()))
    ax.set_ylim(-2.0, 102.0)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3)
    return named(ax, title, "% of profit", f"profit before it, {coin}")


def burden(run, ax):
    """What winners lost, added up from who lost most: the further above the straight line, the fewer bore it."""
    title = "Who bore the loss"
    _, lost = winners(run)
    if not (lost > 0).any():
        return nothing(ax, NOBODY, title, "% of the loss", "% of winners")
    paid = np.sort(np.maximum(lost, 0.0))[::-1]
    summed = np.append(0.0, np.cumsum(paid)) / paid.sum()
    part = np.linspace(0.0, 100.0, len(summed))
    ax.plot(part, 100.0 * summed, color=BLUE, linewidth=1.4, label="winners")
    ax.plot([0, 100], [0, 100], color=BLACK, linewidth=0.8, linestyle="--", label="all alike")
    half = part[np.searchsorted(summed, 0.5)]
    ax.plot([half, half], [0, 50], color=ORANGE, linewidth=0.9)
    loss = f"{short(float(f'{paid.sum():.3g}'))} {contract(run)['coin']}"
    ax.text(96.0, 8.0, f"{half:.0f} % of winners bore\nhalf of {loss}", ha="right")
    ax.set_xlim(0, 100)
    ax.set_ylim(0, 100)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    return named(ax, title, "% of the loss", "% of winners, who lost most first")
