"""Pictures of a run. A panel is `(run, ax) -> ax` and stands alone; `overview` stacks them over one UTC axis.

Colours are Okabe and Ito's, which the colour-blind can tell apart (jfly.uni-koeln.de/color, 2008). Long runs are
thinned for drawing so that no high, low or gap of a pixel is lost.
"""

from datetime import UTC, datetime
from textwrap import fill

import matplotlib
import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from analysis.summary import basis, contract

BLACK, ORANGE, SKY, GREEN = "#000000", "#e69f00", "#56b4e9", "#009e73"
BLUE, RED, PURPLE, GREY = "#0072b2", "#d55e00", "#cc79a7", "#6b6b6b"
DRAWN_BINS = 800
MARKED_BINS = 240
LARGEST_MARK = 70.0
STEPS = [1, 2, 2.5, 5, 10]
CLOCK = (None, ["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%S.%f"], None, ["", "%Y", "%b", "%d %b", "%H:%M", "%H:%M"])
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.labelsize": 7.5,
    "axes.labelcolor": GREY,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlepad": 4.0,
    "axes.edgecolor": "#b0b0b0",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.5,
    "lines.linewidth": 0.9,
    "lines.solid_joinstyle": "round",
    "xtick.color": "#b0b0b0",
    "ytick.color": "#b0b0b0",
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "xtick.major.size": 2.5,
    "ytick.major.size": 0.0,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 1.3,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.4,
    "legend.borderaxespad": 0.0,
    "legend.borderpad": 0.1,
}


def overview(run):
    """Return the whole run on one page: a matplotlib Figure, byte for byte the same for the same run."""
    panels = (price, discount, funding, open_interest, fund, engine, depth)
    heights = (3.0, 1.4, 1.1, 1.2, 1.2, 1.1, 1.2)
    return stacked(run, panels, heights, size_inches=(7.2, 10.0))


def stacked(run, panels, heights, size_inches):
    """Return a Figure of panels above one another, entitled with the run's question, venue and seed."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        figure = Figure(figsize=size_inches, layout="constrained")
        figure.get_layout_engine().set(h_pad=0.03, hspace=0.02, w_pad=0.06)
        axes = figure.subplots(len(panels), sharex=True, height_ratios=heights)
        for panel, ax in zip(panels, axes, strict=True):
            panel(run, ax)
            ax.label_outer()
        figure.align_ylabels(axes)
        entitle(run, figure)
    return figure


def entitle(run, figure):
    """Put the scenario's question at the top, and under it what was run."""
    origin = run.about.get("scenario") or {}
    question = fill(origin.get("question") or origin.get("name") or "A run", 72)
    hours = run["time_s"][-1] / 3600.0 if len(run.series) else 0.0
    since = f"{hours:.3g} h from {start(run).day} {start(run):%B %Y, %H:%M} UTC"
    story = [contract(run)["venue"], f"seed {run.about.get('seed')}", since]
    story += [] if run.about.get("finished", True) else ["stopped early"]
    title = figure.suptitle(f"{question}\n ", x=0.012, ha="left", fontsize=11, fontweight="bold", linespacing=1.35)
    below = {"xycoords": title, "xytext": (0, 2), "textcoords": "offset points", "annotation_clip": False}
    told = figure.axes[0].annotate(" · ".join(filter(None, story)), (0, 0), **below, color=GREY, fontsize=8)
    told.set_in_layout(False)


def price(run, ax):
    """Index, mark and last trade; takeovers as triangles at the mark, in area as large as their contracts."""
    draw(run, ax, run["last"], color=SKY, linewidth=0.7, label="last")
    draw(run, ax, run["index"], color=BLACK, linewidth=0.8, label="index")
    draw(run, ax, run["mark"], color=BLUE, linewidth=0.8, label="mark")
    held = run.liquidations["contracts"]
    longs, shorts = (binned(run, run.liquidations[side]) for side in (held > 0, held < 0))
    largest = max(longs[2].max(initial=0.0), shorts[2].max(initial=0.0))
    mark_takeovers(run, ax, longs, largest, points=4, marker="v", color=RED, label="longs taken over")
    mark_takeovers(run, ax, shorts, largest, points=-4, marker="^", color=GREEN, label="shorts taken over")
    return finish(run, ax, "Price", "USD")


def mark_takeovers(run, ax, gathered, largest, points, **look):
    """Draw one marker per stretch of the run, so many points above the mark; the largest of all tells its size."""
    at_s, mark, contracts = gathered
    if not len(contracts):
        return
    look["label"] += f", up to {short(largest)}" if contracts.max() == largest else ""
    away = ax.transData + ScaledTranslation(0, points / 72, ax.get_figure().dpi_scale_trans)
    areas = np.maximum(LARGEST_MARK * contracts / largest, 3.0)
    edge = {"linewidths": 0.4, "edgecolors": "white", "alpha": 0.85, "zorder": 3}
    ax.scatter(clock(run, at_s), mark, s=areas, transform=away, **edge, **look)


def discount(run, ax):
    """Basis: last trade and mark over the index, less 1, percent."""
    percent = 100.0 * basis(run)
    at, rows = clock(run, run["time_s"]), thin(percent)
    ax.fill_between(at[rows], percent[rows], 0, where=percent[rows] < 0, color=RED, alpha=0.25, linewidth=0)
    ax.fill_between(at[rows], percent[rows], 0, where=percent[rows] > 0, color=SKY, alpha=0.35, linewidth=0)
    draw(run, ax, percent, color=RED, linewidth=0.7, label="last trade")
    draw(run, ax, 100.0 * (run["mark"] / run["index"] - 1), color=BLUE, label="mark")
    return finish(run, zero(ax), "Basis to the index", "%", least=0.2)


def funding(run, ax):
    """The rate as predicted all along, and as paid at the stamps, percent an interval; positive: longs pay."""
    draw(run, ax, 100.0 * run["funding_rate"], color=SKY, label="predicted", drawstyle="steps-post")
    if len(run.funding):
        at, rate = clock(run, run.funding["time_s"]), 100.0 * run.funding["rate"]
        ax.vlines(at, 0, rate, color=BLACK, linewidth=0.8)
        ax.plot(at, rate, "o", color=BLACK, markersize=3.5, clip_on=False, label="paid")
    return finish(run, zero(ax), "Funding rate", "% an interval", least=0.04)


def open_interest(run, ax):
    """Open interest in contracts and, where a contract is so many USD, in coin at the mark, on an axis of its own."""
    terms, contracts = contract(run), run["open_interest_contracts"]
    draw(run, ax, contracts, color=BLACK, label="contracts")
    if terms["kind"] == "Inverse":
        right = ax.twinx()
        draw(run, right, terms["face"] * contracts / run["mark"], color=ORANGE, label=terms["coin"])
        ax.plot([], [], color=ORANGE, label=f"{terms['coin']} at the mark (right)")
        right.yaxis.set_major_locator(MaxNLocator(4, steps=STEPS))
        right.yaxis.set_major_formatter(lambda number, _: short(number))
        right.set_ylim(bottom=0)
        right.set_ylabel(terms["coin"])
        right.grid(False)
    ax.set_ylim(bottom=0)
    return finish(run, ax, "Open interest", "contracts", least=8.0)


def fund(run, ax):
    """What the insurance fund won or lost since the first row, and the unrealised loss of the engine."""
    coin, money = contract(run)["coin"], run["fund_coin"]
    opening = money[0] if len(money) else 0.0
    draw(run, ax, money - opening, color=BLACK, label=f"fund, change from {opening:,.0f} {coin}")
    draw(run, ax, run["engine_unrealised_coin"], color=RED, label="engine, unrealised")
    return finish(run, zero(ax), "Insurance fund", coin, least=8.0)


def engine(run, ax):
    """What the liquidation engine holds, longs positive, and what was auto-deleveraged."""
    held = run["engine_contracts"]
    at, rows = clock(run, run["time_s"]), thin(held)
    ax.fill_between(at[rows], held[rows], 0, color=RED, alpha=0.4, linewidth=0, label="inventory")
    if len(run.adl):
        at_s, _, contracts = binned(run, run.adl)
        areas = np.maximum(30.0 * contracts / contracts.max(), 6.0)
        label = f"auto-deleveraged ({short(contracts.sum())})"
        ax.scatter(clock(run, at_s), 0 * at_s, s=areas, marker="D", color=PURPLE, zorder=3, clip_on=False, label=label)
    else:
        ax.plot([], [], " ", label="no auto-deleveraging")
    return finish(run, zero(ax), "Liquidation engine", "contracts", least=8.0)


def depth(run, ax):
    """Contracts in the book within 1 % of the mid: bids upwards, asks downwards."""
    at = clock(run, run["time_s"])
    for column, sign, colour, name in (
        ("depth_bid_contracts", 1, BLUE, "bids"),
        ("depth_ask_contracts", -1, ORANGE, "asks"),
    ):
        contracts = sign * run[column]
        rows = thin(contracts)
        ax.fill_between(at[rows], contracts[rows], 0, color=colour, alpha=0.6, linewidth=0, label=name)
    finish(run, zero(ax), "Depth within 1 % of the mid", "contracts", least=8.0)
    ax.yaxis.set_major_formatter(lambda number, _: short(abs(number)))
    return ax


def finish(run, ax, title, unit, least=0.0):
    """Give a panel its title, unit, legend and clock, and an axis that spans `least` or more."""
    ax.set_title(title, loc="left")
    ax.set_ylabel(unit)
    low, high = ax.get_ylim()
    if high - low < least:
        ax.set_ylim(low and -least / 2, least / 2)
    legend(ax)
    ax.yaxis.set_major_locator(MaxNLocator(6 if title == "Price" else 4, steps=STEPS))
    ax.yaxis.set_major_formatter(lambda number, _: short(number))
    locator = AutoDateLocator(minticks=5, maxticks=10)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, *CLOCK, show_offset=False))
    ax.set_xlabel("UTC", loc="right")
    ends = clock(run, np.array([0.0, run["time_s"][-1] if len(run.series) else 3600.0]))
    ax.set_xlim(*ends)
    return ax


def legend(ax):
    """Put the legend of a panel above it on the right, in one row."""
    handles, labels = ax.get_legend_handles_labels()
    drawn = ax.legend(handles, labels, loc="lower right", bbox_to_anchor=(1, 1.02), ncols=max(1, len(labels)))
    for handle in drawn.legend_handles:
        if hasattr(handle, "set_sizes"):
            handle.set_sizes([20.0])


def short(number):
    """Return a number as a label: 1.2 bn, 840 M, 8,000, -0.25."""
    size, unit = next((each for each in ((1e9, " bn"), (1e6, " M")) if abs(number) >= each[0]), (1.0, ""))
    return f"{number / size + 0.0:,.{3 if unit else 6}g}{unit}".replace("-", "\N{MINUS SIGN}")


def zero(ax):
    """Draw the line of zero."""
    ax.axhline(0, color="#909090", linewidth=0.6, zorder=1)
    return ax


def draw(run, ax, values, **style):
    """Draw one column of the series."""
    rows = thin(values)
    ax.plot(clock(run, run["time_s"])[rows], values[rows], **style)


def start(run):
    """When the run started, UTC, without a zone."""
    at = datetime.fromisoformat(run.about.get("start", "1970-01-01"))
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def clock(run, time_s):
    """Seconds since the start of the run as datetime64, UTC."""
    return np.datetime64(start(run), "ms") + np.rint(1e3 * time_s).astype("timedelta64[ms]")


def thin(values, bins=DRAWN_BINS):
    """Rows that draw the same curve: of each of `bins` stretches the first, lowest, highest, last and a missing one."""
    if len(values) <= 4 * bins:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), bins + 1).astype(int)
    rows = []
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        part = values[low:high]
        gaps = np.isnan(part)
        rows += [low, high - 1, low + gaps.argmax()]
        if not gaps.all():
            rows += [low + np.nanargmin(part), low + np.nanargmax(part)]
    return np.unique(rows)


def binned(run, events, bins=MARKED_BINS):
    """(time_s, mark, contracts) of events gathered into equal stretches of the run: mean, mean, sum."""
    span_s = run["time_s"][-1] if len(run.series) else 1.0
    number = np.minimum((events["time_s"] / span_s * bins).astype(int), bins - 1)
    used, where = np.unique(number, return_inverse=True)
    count = np.bincount(where, minlength=len(used))
    height = events["mark"] if "mark" in events.dtype.names else np.zeros(len(events))
    means = (np.bincount(where, column) / count for column in (events["time_s"], height))
    return *means, np.bincount(where, np.abs(events["contracts"]))
