"""Venues side by side: rows are those of `analysis.compare`, (name, {metric: number}, (minutes,) basis)."""

import numpy as np

from analysis.figures.drawing import named, nothing
from analysis.figures.style import BLUE, GREY, LINES

ENDINGS = {"usd": "USD", "percent": "%", "coin": "coin", "bps": "bp", "hours": "hours"}


def venue_paths(rows, ax):
    """The basis on each venue by the minute, in percent; six lines can be told apart."""
    title, unit, along = "Distance from the index", "mid over index, less 1, %", "hours"
    if not rows:
        return nothing(ax, "no venue was run", title, unit, along)
    for (colour, dash), (name, _, basis) in zip(LINES * 9, rows, strict=False):
        ax.plot(np.arange(1, len(basis) + 1) / 60.0, 100.0 * basis, color=colour, linestyle=dash, label=name, alpha=0.9)
    ax.axhline(0.0, color="#909090", linewidth=0.6, zorder=1)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    return named(ax, title, unit, along)


def venue_bars(numbers, ax):
    """One number of every venue. numbers: (name of the metric, whose ending is its unit; rows)"""
    metric, rows = numbers
    words, _, ending = metric.rpartition("_")
    title, unit = words.replace("_", " ").capitalize() or metric, ENDINGS.get(ending, ending)
    if not rows:
        return nothing(ax, "no venue was run", title, "", unit)
    ax.barh(np.arange(len(rows)), [each[metric] for _, each, _ in rows], color=BLUE, height=0.7)
    ax.set_yticks(np.arange(len(rows)), [name for name, _, _ in rows], fontsize=6)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.xaxis.set_major_formatter(lambda number, _: f"{number / 1e6:g} M" if abs(number) >= 1e5 else f"{number:,g}")
    ax.tick_params(axis="x", labelsize=6, labelcolor=GREY)
    return named(ax, title, "", unit)
