"""Numbers over arguments: phase diagrams, and which argument a number hangs on."""

from typing import Any, NamedTuple

import numpy as np

from analysis.figures.drawing import logarithmic, named, nothing
from analysis.figures.style import BLACK, BLUE, GREY, ORANGE, SHADES, SKY

FEWEST = 3  # points of a diagram: a triangle


class Diagram(NamedTuple):
    """What a phase diagram shows.

    frame: a row a point, with both arguments by name and `value`; x, y: `analysis.phase.Axis`; threshold: of the line;
    title: what the value is, with its unit; labels: of the two axes, their names if none are given
    """

    frame: Any
    x: Any
    y: Any
    threshold: float
    title: str = ""
    labels: tuple = ()


def phase_diagram(diagram, ax):
    """A Diagram: the number in shades, the line where it passes the threshold, and the points that were run."""
    frame, x, y = diagram.frame, diagram.x, diagram.y
    labels = diagram.labels or (x.name, y.name)
    if len(frame) < FEWEST:
        return nothing(ax, "no runs", diagram.title, labels[1], labels[0])
    filled = ax.tricontourf(frame[x.name], frame[y.name], frame.value, levels=12, cmap=SHADES)
    filled.set_edgecolor("face")  # vector viewers would show seams
    scale = ax.get_figure().colorbar(filled, ax=ax, label=diagram.title)
    scale.outline.set_visible(False)
    if frame.value.min() < diagram.threshold <= frame.value.max():
        ax.tricontour(
            frame[x.name], frame[y.name], frame.value, levels=[diagram.threshold], colors=BLACK, linewidths=1.6
        )
        ax.plot([], [], color=BLACK, linewidth=1.6, label=f"{diagram.threshold:g}")
        ax.legend(loc="lower right", bbox_to_anchor=(1, 1.02))
    look = {"color": "white", "markersize": 4.0, "markeredgecolor": GREY, "markeredgewidth": 0.4, "clip_on": False}
    ax.plot(frame[x.name], frame[y.name], ".", **look)
    for axis, name in ((x, "x"), (y, "y")):
        if axis.between.log:
            logarithmic(ax, name)
    ax.grid(False)
    return named(ax, "", labels[1], labels[0])


def sensitivity(shares, ax):
    """Sobol indices, the largest on top: alone in dark, with all that it acts together with in light; 95 % intervals.

    shares: [`analysis.sensitivity.Share`]
    """
    title = "Share of variance explained"
    if not shares:
        return nothing(ax, "no arguments were varied", title, "", "share of variance, -")
    at = np.arange(len(shares))
    kinds = (("total", SKY, -0.19, "together with others"), ("first", BLUE, 0.19, "alone"))
    for kind, colour, shift, label in kinds:
        values = np.array([getattr(each, kind) for each in shares])
        ends = np.array([getattr(each, f"{kind}_interval") for each in shares])
        reach = np.abs(ends.T - values)
        look = {"ecolor": BLACK, "elinewidth": 0.8, "capsize": 1.5}
        ax.barh(at + shift, values, height=0.36, color=colour, xerr=reach, error_kw=look, label=label)
    return listed(ax, [each.argument for each in shares], title, "share of variance, -")


def elementary_effects(effects, ax, unit="in the unit of the number"):
    """Morris's effects, the largest on top: their mean size with its standard error, and their spread.

    effects: [`analysis.sensitivity.Effect`]; unit: of the number
    """
    title = "Effect of an argument's whole range"
    if not effects:
        return nothing(ax, "no arguments were varied", title, "", unit)
    at = np.arange(len(effects))
    look = {"ecolor": BLACK, "elinewidth": 0.8, "capsize": 1.5}
    sizes, errors = ([getattr(each, name) for each in effects] for name in ("size", "size_error"))
    ax.barh(at, sizes, height=0.5, color=BLUE, xerr=errors, error_kw=look, label="mean size")
    spreads = [each.spread for each in effects]
    ax.plot(spreads, at, "D", color=ORANGE, markeredgecolor=BLACK, markeredgewidth=0.5, markersize=4, label="spread")
    return listed(ax, [each.argument for each in effects], title, unit)


def listed(ax, names, title, along):
    """Give bars their names, the first on top."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.axvline(0.0, color="#909090", linewidth=0.6, zorder=1)
    ax.grid(axis="y", visible=False)
    ax.legend(loc="lower right")
    return named(ax, title, "", along)
