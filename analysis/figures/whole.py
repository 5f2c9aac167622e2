"""A run on one page. A panel is `(run, ax) -> ax` and stands alone; `overview` stacks them over one UTC axis."""

from textwrap import fill

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from analysis.figures.drawing import STEPS, binned, clock, draw, finish, short, start, thin, zero
from analysis.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, styled
from analysis.summary import basis, contract

LARGEST_MARK = 70.0


def overview(run):
    """Return the whole run on one page: a matplotlib Figure, byte for byte the same for the same run."""
    panels = (price, discount, funding, open_interest, fund, engine, depth)
    heights = (3.0, 1.4, 1.1, 1.2, 1.2, 1.1, 1.2)
    return stacked(run, panels, heights, size_inches=(7.2, 10.0))


def stacked(run, panels, heights, size_inches):
    """Return a Figure of panels above one another, entitled with the run's question, venue and seed."""
    with styled():
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
