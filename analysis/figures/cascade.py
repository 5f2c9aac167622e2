"""The anatomy of a cascade: its largest episode, every forced close in it, and which brought about which."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.dates import date2num
from matplotlib.ticker import LogLocator

from analysis.cascades import episodes
from analysis.figures.drawing import clock, finish, legend, logarithmic, nothing, short
from analysis.figures.style import BLACK, BLUE, RED, SKY

AROUND = 0.12  # of an episode's length, shown before and after it
FEWEST = 2
LARGEST_MARK = 90.0
BAND = 0.7  # of a generation's room, over which its forced closes are spread by size
NONE = "no liquidations came together in this run"


def anatomy(run, ax):
    """The largest episode: every forced close by time and size, a line from each to those it made, and the price.

    Filled: brought about by the price impact of an earlier one, to which the line leads; open: it would have come
    without.
    """
    window = episode(run)
    if window is None:
        return nothing(ax, NONE, "Cascade", "contracts", "UTC")
    descent(run, ax, window, np.abs(run.liquidations["contracts"]).astype(float))
    logarithmic(ax, "y")
    framed(run, ax, window, "Cascade", "contracts closed")
    ax.yaxis.set_major_locator(LogLocator())
    shown = (run["time_s"] >= window[0]) & (run["time_s"] <= window[1])
    right, at = ax.twinx(), clock(run, run["time_s"][shown])
    for column, colour, dash in (("last", SKY, "-"), ("mark", BLUE, "-"), ("index", BLACK, (0, (4, 1.5)))):
        right.plot(at, run[column][shown], color=colour, linestyle=dash, linewidth=0.9)
        ax.plot([], [], color=colour, linestyle=dash, label=column)
    right.set_ylabel("USD")
    right.yaxis.set_major_formatter(lambda number, _: short(number))
    right.grid(False)
    ax.set_zorder(right.get_zorder() + 1)
    ax.patch.set_visible(False)
    legend(ax)
    return ax


def genealogy(run, ax):
    """The same forced closes by generation: 0 comes unaided, 1 by the impact of those, and so on; in the band of a
    generation the larger stand higher."""
    window = episode(run)
    if window is None:
        return nothing(ax, NONE, "Genealogy", "generation", "UTC")
    sizes, generation = np.abs(run.liquidations["contracts"]), generations(run.liquidations["parent"])
    ranks = np.argsort(np.argsort(sizes, kind="stable"), kind="stable")
    within = BAND * ranks / len(ranks)
    descent(run, ax, window, generation + within)
    framed(run, ax, window, "Genealogy", "generation")
    most = generation[inside(run.liquidations, window)].max()
    ax.set_yticks(np.arange(most + 1) + 0.5 * BAND, np.arange(most + 1))
    ax.set_ylim(-0.2, most + BAND + 0.2)
    ax.grid(axis="y", visible=False)
    for number in range(most + 1):
        ax.axhspan(number - 0.08, number + BAND + 0.08, color="#f1f1f1", linewidth=0, zorder=0)
    return ax


def episode(run, around=AROUND):
    """(from, to) in seconds of the largest episode and so much of its length around it; None if there is none."""
    found = episodes(run, fewest=FEWEST)
    if not found:
        return None
    largest = max(found, key=lambda each: each.contracts)
    more = max(around * largest.lasts_s, 10.0)
    return max(0.0, largest.begins_s - more), min(largest.begins_s + largest.lasts_s + more, float(run["time_s"][-1]))


def generations(parents):
    """(lots,) how many forced closes stand above each: 0 for one without a parent."""
    found = np.zeros(len(parents), int)
    for lot in np.flatnonzero(parents >= 0):  # a parent comes before its children
        found[lot] = found[parents[lot]] + 1
    return found


def inside(lots, window):
    """(lots,) whether each came within a window, seconds."""
    return (lots["time_s"] >= window[0]) & (lots["time_s"] <= window[1])


def descent(run, ax, window, height):
    """Draw the forced closes of a window at that (lots,) height, and lines from parents to children."""
    lots, at = run.liquidations, date2num(clock(run, run.liquidations["time_s"]))
    child = inside(lots, window) & ~lots["again"] & (lots["parent"] >= 0)
    above = lots["parent"][child]
    lines = np.stack([np.column_stack([at[above], height[above]]), np.column_stack([at[child], height[child]])], axis=1)
    faint = float(np.clip(60.0 / max(len(lines), 1), 0.08, 0.6))
    ax.add_collection(LineCollection(lines, colors=RED, linewidths=0.5, alpha=faint, zorder=2, rasterized=True))
    sizes = np.abs(lots["contracts"])
    alone = inside(lots, window) & ~lots["again"] & ~child
    further = np.isin(np.arange(len(lots)), above) & lots["again"]  # parts that came later, and made others
    areas = np.maximum(LARGEST_MARK * sizes / sizes[child | alone | further].max(), 2.5)
    look = {"alpha": 0.75, "zorder": 3, "linewidths": 0.5}
    ax.scatter(at[alone | further], height[alone | further], s=areas[alone | further], facecolors="none",
               edgecolors=BLACK, **look)  # fmt: skip
    ax.scatter(at[child], height[child], s=areas[child], facecolors=RED, edgecolors="white", **look)
    ax.plot([], [], "o", markersize=4, markerfacecolor="none", color=BLACK, label=f"unaided ({short(alone.sum())})")
    ax.plot([], [], "o", markersize=4, color=RED, label=f"brought about ({short(child.sum())})")


def framed(run, ax, window, title, unit):
    """Give the panel the clock of its window, and its words."""
    finish(run, ax, title, unit)
    ends = clock(run, np.array(window))
    ax.set_xlim(*ends)
    return ax
