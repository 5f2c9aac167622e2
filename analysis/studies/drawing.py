"""Panels that studies share: a map over two axes, dots with their standard errors, and the page they stand on."""

from contextlib import contextmanager

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from analysis.figures import BLACK, GREY, STYLE

WIDTH = 7.0  # inches: a column


@contextmanager
def page(height, rows, columns, **options):
    """Yield (figure, axes) of a page of panels in the house's style; height in inches, options as of `subplots`."""
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06)
        yield figure, figure.subplots(rows, columns, **options)


def heat(ax, frame, column, row, value, told="{:.2g}", colours="Blues", **limits):
    """Draw means over two axes as shaded cells with their numbers; limits: vmin, vmax of the shades."""
    grid = frame.pivot(index=row, columns=column, values=value)
    drawn = ax.pcolormesh(grid.to_numpy(float), cmap=colours, edgecolors="white", linewidth=1.0, **limits)
    for (y, x), number in np.ndenumerate(grid.to_numpy(float)):
        red, green, blue, _ = drawn.cmap(drawn.norm(number))
        dark = 0.3 * red + 0.6 * green + 0.1 * blue < 0.55
        words = told.format(number) if np.isfinite(number) else "none"
        words = words.replace("-", "\N{MINUS SIGN}") if float(told.format(number)) else words.lstrip("-")
        ax.text(x + 0.5, y + 0.5, words, ha="center", va="center", fontsize=7, color="white" if dark else BLACK)
    ax.set_xticks(np.arange(len(grid.columns)) + 0.5, [f"{each:g}" for each in grid.columns])
    ax.set_yticks(np.arange(len(grid.index)) + 0.5, [f"{each:g}" for each in grid.index])
    ax.grid(False)
    ax.tick_params(length=0)
    return drawn


def dots(ax, frame, names, value, colour, marker="o", shift=0.0, label=None, scale=1.0):
    """Draw means with bars of a standard error, one line a name, the first on top.

    shift: of the dots, in lines, so that two kinds can stand side by side; scale: of the numbers
    """
    ordered = frame.set_index(names)
    at = np.arange(len(ordered)) + shift
    error = scale * ordered[f"{value}_se"].fillna(0.0)
    look = {"markersize": 3.6, "elinewidth": 1.0, "capsize": 0, "linestyle": "none"}
    ax.errorbar(scale * ordered[value], at, xerr=error, fmt=marker, color=colour, label=label, **look)
    ax.set_yticks(np.arange(len(ordered)), ordered.index)
    ax.set_ylim(len(ordered) - 0.4, -0.6)
    ax.tick_params(axis="y", labelcolor=BLACK)


def note(figure, answer, words):
    """Put a line under a page that says how it was made, and of how many seeds its means are."""
    seeds = answer.rows.seed.nunique()
    figure.supxlabel(f"{words} Means of {seeds} seeds.", fontsize=6.5, color=GREY, x=0.01, ha="left")


def legend(figure, ax):
    """Put the legend of a panel above the whole page, in one row."""
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))
