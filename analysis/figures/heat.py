"""Heat maps through time: what rests in the book, and where positions would be liquidated."""

import numpy as np
from matplotlib.colors import LogNorm

from analysis.figures.cascade import episode
from analysis.figures.drawing import clock, draw, finish, nothing, short
from analysis.figures.style import BLACK, RED, SHADES
from analysis.summary import contract

DECADES = 2.5  # of the colours, below the most that stands in a bin
WITHOUT = "this run has no maps: run it with maps=Maps(every_s=10)"


def book_heat(run, ax):
    """Contracts that rest in the book, by price and time, through the largest episode or, without one, the whole run;
    and where it traded: bids lie below, asks above."""
    rows = run.book_map
    if not len(rows):
        return nothing(ax, WITHOUT, "Order book", "USD", "UTC")
    window = episode(run, around=0.5) or (rows["time_s"].min(), rows["time_s"].max())
    rows = rows[(rows["time_s"] >= window[0]) & (rows["time_s"] <= window[1])]
    if not len(rows):
        return nothing(ax, "no map was made during the cascade: make them oftener", "Order book", "USD", "UTC")
    mesh = shaded(run, ax, rows, rows["bids_contracts"] + rows["asks_contracts"])
    bar(ax, mesh, rows, "resting")
    traded(run, ax, rows)
    finish(run, ax, "Order book and trades", "USD")
    ax.grid(False)
    ax.set_xlim(*clock(run, np.array(window)))
    ax.set_ylim(rows["low"].min(), rows["high"].max())
    return ax


def liquidation_heat(run, ax, reach=0.2):
    """Contracts by the price at which they would be liquidated, through time, and the mark that walks into them.

    reach: how far from the marks of the run is shown, a fraction
    """
    rows = run.liquidation_map
    if not len(rows):
        return nothing(ax, WITHOUT, "Liquidation prices", "USD", "UTC")
    mesh = shaded(run, ax, rows, rows["longs_contracts"] + rows["shorts_contracts"])
    bar(ax, mesh, rows, "liquidated there")
    draw(run, ax, run["mark"], color=RED, linewidth=1.1, label="mark")
    finish(run, ax, "Where positions would be liquidated", "USD")
    ax.grid(False)
    mark = run["mark"]
    ax.set_ylim((1.0 - reach) * mark.min(), (1.0 + reach) * mark.max())
    return ax


def shaded(run, ax, rows, amounts):
    """Draw amounts by time and bin of price; nothing where there is none."""
    times, column = np.unique(rows["time_s"], return_inverse=True)
    wide = float(np.median(np.log(rows["high"] / rows["low"])))
    bins = np.rint(np.log(rows["low"]) / wide).astype(int)
    first, count = bins.min(), np.ptp(bins) + 1
    grid = np.zeros((count, len(times)))
    np.add.at(grid, (bins - first, column), amounts)
    step = np.diff(times).min() if len(times) > 1 else times[0]
    edges = clock(run, np.append(times - step, times[-1]))
    most = float(grid.max())
    norm = LogNorm(vmin=most / 10**DECADES, vmax=most, clip=True)
    prices = np.exp((first + np.arange(count + 1)) * wide)
    shades = np.ma.masked_equal(grid, 0.0)
    return ax.pcolormesh(edges, prices, shades, norm=norm, cmap=SHADES, rasterized=True, zorder=0)


def bar(ax, mesh, rows, what):
    """Put a scale beside the panel that says what a shade means."""
    bps = 1e4 * (float(np.median(rows["high"] / rows["low"])) - 1.0)
    scale = ax.get_figure().colorbar(mesh, ax=ax, pad=0.01, aspect=30, format=lambda number, _: short(number))
    scale.set_label(f"contracts {what}, a bin of {bps:.0f} bp", fontsize=6.5)
    scale.ax.tick_params(labelsize=6.5)
    scale.outline.set_visible(False)


def traded(run, ax, rows):
    """Draw what traded between two maps, and at which mean price, areas being contracts; the last trade where no fills
    were kept."""
    if not len(run.fills):
        return draw(run, ax, run["last"], color=RED, linewidth=0.7, label="last trade")
    times = np.unique(rows["time_s"])
    step_s = run.about["step_s"]
    at_s = run.fills["step"] * step_s
    fills = run.fills[(at_s > times[0]) & (at_s <= times[-1])]
    number = np.searchsorted(times, fills["step"] * step_s)
    sizes, price = np.abs(fills["contracts"]), fills["tick"] * contract(run)["tick"]
    for sign, marker, name in ((1, "^", "bought"), (-1, "v", "sold")):
        mine = np.sign(fills["contracts"]) == sign
        size = np.bincount(number[mine], sizes[mine], len(times))
        mean = np.bincount(number[mine], (sizes * price)[mine], len(times)) / np.maximum(size, 1)
        there = size > 0
        areas = np.maximum(30.0 * size / max(size.max(), 1.0), 0.8)[there]
        look = {"facecolors": RED if sign < 0 else "white", "edgecolors": BLACK, "linewidths": 0.3, "alpha": 0.9}
        ax.scatter(clock(run, times[there]), mean[there], s=areas, marker=marker, label=name, zorder=3, **look)
    return ax
