"""What it costs to attack a mark, and what that pays: every mark rule, three prices to push, three sizes of capital."""

from analysis.figures import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY
from analysis.studies.attack import attacker_profit_coin, liquidated_percent, lowest_mark_percent, victims_lost_coin
from analysis.studies.drawing import note, page
from analysis.studies.study import Study
from scenarios import mark_manipulation
from sim.composite_mark import BYBIT_MARK, DERIBIT_MARK, DERIBIT_MARK_2016, HYPERLIQUID_MARK
from sim.mark import FundingBasis, LastPrice
from sim.oracle_mark import PoolPrice

MARKS = {
    "last trade": LastPrice(),
    "last, 3 % band (Deribit 2016)": DERIBIT_MARK_2016,
    "mid": PoolPrice(),
    "median, no other venues (Hyperliquid)": HYPERLIQUID_MARK,
    "30 s mean, 0.5 % band (Deribit)": DERIBIT_MARK,
    "median, 5 min (Bybit)": BYBIT_MARK,
    "index, funding (BitMEX)": FundingBasis(),
}
LOOKS = dict(zip(MARKS, zip((RED, ORANGE, PURPLE, BLUE, SKY, GREEN, BLACK), "osD^v<x", strict=True), strict=True))
PUSHES = ["last", "mid", "index"]
NOBODY = "with nobody to liquidate"


def draw(answer):
    """A Figure: profit of an attack by its capital under each mark, a panel for each price that is pushed, and what the
    same attack makes of nobody."""
    means, bare = answer.means(), answer.means(NOBODY)
    panels = [pushes for pushes in PUSHES if (means.pushes == pushes).any()]
    with page(3.5, 1, len(panels), sharey=True) as (figure, axes):
        for ax, pushes in zip(axes, panels, strict=True):
            profits(ax, means[means.pushes == pushes])
            alone = bare[bare.pushes == pushes].groupby("capital_coin").attacker_profit_coin.mean()
            ax.plot(alone.index, alone, "--", color=GREY, label=f"any of them, {NOBODY}")
            ax.axhline(0.0, color="#909090", linewidth=0.6)
            ax.set_xscale("log", base=2)
            ax.set_xticks(alone.index, [f"{each:g}" for each in alone.index])
            ax.set_title(f"Pushed: the {pushes if pushes != 'last' else 'last trade'}", loc="left")
            ax.set_xlabel("capital, BTC")
        axes[0].set_ylabel("profit, BTC")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=3)
        note(figure, answer, "A short is built, the price pushed by 3 %, and all of it unwound. Bars: standard errors.")
    return figure


def profits(ax, means):
    """Draw profit by capital with its standard error, a line a mark."""
    for mark in means["venue.mark"].unique():
        chosen, (colour, marker) = means[means["venue.mark"] == mark], LOOKS[mark]
        look = {"color": colour, "fmt": f"-{marker}", "markersize": 3.5, "elinewidth": 0.8, "capsize": 0}
        error = chosen.attacker_profit_coin_se.fillna(0.0)
        ax.errorbar(chosen.capital_coin, chosen.attacker_profit_coin, yerr=error, label=mark, **look)


manipulation_frontier = Study(
    question="Which marks does it pay to push, what does that cost, and how much capital does it take?",
    scenario=mark_manipulation,
    seeds=range(4),
    arguments={"venue.mark": MARKS, "pushes": PUSHES, "capital_coin": [200.0, 400.0, 800.0]},
    twins={NOBODY: {"leverage": 1.0}},
    metrics=(attacker_profit_coin, liquidated_percent, lowest_mark_percent, victims_lost_coin),
    draw=draw,
)
