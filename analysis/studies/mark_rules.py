"""The same crash under every mark rule that reads a book or an index."""

from analysis.compare import deepest_discount_percent
from analysis.figures import BLUE, ORANGE
from analysis.studies.crash import THIRD
from analysis.studies.drawing import dots, legend, note, page
from analysis.studies.measures import bids_missing_percent, engine_left_percent
from analysis.studies.study import Study
from analysis.summary import branching_ratio, engine_largest_loss_coin, liquidated_turns, short_forced_contracts
from scenarios import flash_crash
from sim.composite_mark import (
    AEVO_MARK,
    BINANCE_MARK,
    BINANCE_MARK_2020,
    BYBIT_MARK,
    DERIBIT_MARK,
    DERIBIT_MARK_2016,
    HYPERLIQUID_MARK,
    KRAKEN_MARK,
    OKX_MARK,
)
from sim.mark import FundingBasis, LastPrice
from sim.oracle_mark import OraclePrice

ABSORBED = "without their orders"
MARKS = {
    "index (an oracle)": OraclePrice(),
    "index, posted at 0.1 % (dYdX 2023)": OraclePrice(smoothing=0.3, threshold=0.001, confirmations=5),
    "index, funding (BitMEX)": FundingBasis(),
    "index, mean basis (OKX)": OKX_MARK,
    "30 s mean, 0.5 % band (Deribit)": DERIBIT_MARK,
    "30 s mean, 1 % band (Kraken)": KRAKEN_MARK,
    "median, 30 min (Binance once)": BINANCE_MARK_2020,
    "median, 2.5 min (Binance)": BINANCE_MARK,
    "median, 5 min (Bybit)": BYBIT_MARK,
    "median of impact (Aevo)": AEVO_MARK,
    "median, no other venues (Hyperliquid)": HYPERLIQUID_MARK,
    "last, 3 % band (Deribit 2016)": DERIBIT_MARK_2016,
    "last trade": LastPrice(),
}

OF_THAT = {"marker": "s", "shift": 0.14, "label": "of that, added by those orders"}


def draw(answer):
    """A Figure: what each mark liquidated, how far the price fell, and the worst loss of the engine at the mark."""
    means, added = answer.means(), answer.added(ABSORBED)
    panels = (
        ("liquidated_turns", "Liquidated", "turns of open interest"),
        ("deepest_discount_percent", "Lowest mid", "% over the index, a minute"),
        ("engine_largest_loss_coin", "Engine's largest loss", "BTC, at the mark"),
    )
    with page(3.6, 1, len(panels), sharey=True) as (figure, axes):
        for ax, (value, title, unit) in zip(axes, panels, strict=True):
            dots(ax, means, "venue.mark", value, BLUE, shift=-0.14, label="with their orders in the book")
            if ax is axes[-1]:  # nothing is left to the engine without those orders
                ax.set_xscale("symlog", linthresh=10.0)
                ax.set_xlim(left=0.0)
            else:
                ax.axvline(0.0, color="#909090", linewidth=0.6)
                dots(ax, added, "venue.mark", value, ORANGE, **OF_THAT)
            ax.set_title(title, loc="left")
            ax.set_xlabel(unit)
        legend(figure, axes[0])
        note(figure, answer, "Spot falls 10 % in ten minutes, makers at half their capital. Bars: standard errors.")
    return figure


mark_rules = Study(
    question="What does the mark rule make of the same crash?",
    scenario=flash_crash,
    seeds=range(6),
    arguments=THIRD | {"depth": 0.5, "venue.mark": MARKS},
    twins={ABSORBED: {"forced": "absorbed"}},
    metrics=(
        liquidated_turns, deepest_discount_percent, branching_ratio, engine_largest_loss_coin, engine_left_percent,
        short_forced_contracts, bids_missing_percent,
    ),
    draw=draw,
)  # fmt: skip
