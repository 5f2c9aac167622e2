"""Where a fall of spot becomes a cascade: leverage against the depth of the book, under two marks."""

from analysis.compare import deepest_discount_percent
from analysis.studies.crash import THIRD
from analysis.studies.drawing import heat, note, page
from analysis.studies.measures import bids_missing_percent, cascade, engine_left_percent
from analysis.studies.study import Study
from analysis.summary import branching_ratio, liquidated_turns
from scenarios import flash_crash
from sim.mark import FundingBasis, LastPrice

INDEX, LAST = "mark: index and funding", "mark: last trade"
ABSORBED = "without their orders"


def draw(answer):
    """A Figure: for each mark the liquidated turns, the probability of a cascade, and what forced orders added."""
    means, added = answer.means(), answer.added(ABSORBED)
    panels = (
        ("Liquidated,\nturns of open interest", means, "liquidated_turns", "{:.2f}", "Blues", 0.0, 2.0),
        ("Probability of a cascade\n(2 % below the index)", means, "cascade", "{:.2f}", "Oranges", 0.0, 1.0),
        (
            "Discount that forced\norders added, % of index",
            added,
            "deepest_discount_percent",
            "{:.1f}",
            "Purples_r",
            -30.0,
            0.0,
        ),
    )
    with page(4.3, 2, len(panels), sharex=True, sharey=True) as (figure, axes):
        for top, row, mark in zip((True, False), axes, (INDEX, LAST), strict=True):
            for ax, (title, frame, value, told, colours, low, high) in zip(row, panels, strict=True):
                chosen = frame[frame["venue.mark"] == mark]
                limits = {"vmin": low, "vmax": high}
                heat(ax, chosen, "depth", "leverage.median", value, told=told, colours=colours, **limits)
                if top:
                    ax.set_title(title, loc="left")
            row[0].set_ylabel(f"{mark}\nmedian leverage of longs")
        for ax in axes[-1]:
            ax.set_xlabel("capital of makers, multiple")
        note(figure, answer, "Spot falls 10 % in ten minutes; discounts are of a minute's mean mid to the index.")
    return figure


leverage_by_depth = Study(
    question="At which leverage and depth does a fall become a cascade, and what do the liquidations add to it?",
    scenario=flash_crash,
    seeds=range(4),
    arguments=THIRD
    | {
        "venue.mark": {INDEX: FundingBasis(), LAST: LastPrice(every_s=5.0)},
        "leverage.median": [2.0, 4.0, 8.0, 16.0],
        "depth": [0.25, 0.5, 1.0, 2.0, 4.0],
    },
    twins={ABSORBED: {"forced": "absorbed"}},
    metrics=(
        liquidated_turns, deepest_discount_percent, cascade, branching_ratio, engine_left_percent,
        bids_missing_percent,
    ),
    draw=draw,
)  # fmt: skip
