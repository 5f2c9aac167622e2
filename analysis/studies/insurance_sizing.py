"""How large an insurance fund must be so that no winner is deleveraged."""

from analysis.compare import deepest_discount_percent
from analysis.figures import BLUE, GREY
from analysis.studies.crash import THIRD
from analysis.studies.drawing import heat, note, page
from analysis.studies.measures import engine_left_percent, exhausted, fund_needed_coin, winners_lost_coin
from analysis.studies.study import Study
from analysis.summary import adl_contracts, liquidated_turns
from scenarios import flash_crash

FUNDS = [5.0, 20.0, 80.0, 320.0, 10_000.0]
ENOUGH = FUNDS[-1]
"""More than any run needs: what is drawn from it is what the fund would have had to be."""


def draw(answer):
    """A Figure: probability that winners pay, that the fund is short, and the fund that would do, by the fall."""
    rows = answer.rows.assign(fall=100.0 * answer.rows["drop"])
    rows["short"] = (rows.exhausted > 0) | (rows.fund_needed_coin > rows.fund_coin)
    means = rows.groupby(["fall", "fund_coin"], as_index=False)[["exhausted", "short"]].mean()
    with page(2.6, 1, 3) as (figure, (left, middle, right)):
        panels = (left, "exhausted", "Winners pay in the hour"), (middle, "short", "Fund is short at the mark")
        for ax, value, title in panels:
            heat(ax, means, "fall", "fund_coin", value, "{:.2f}", "Oranges", vmin=0.0, vmax=1.0)
            ax.set_title(f"{title},\nprobability", loc="left")
            ax.set_ylabel("insurance fund, BTC")
        needed(answer, right)
        for ax in (left, middle, right):
            ax.set_xlabel("fall of spot, %")
        words = "A fall in ten minutes, makers at half their capital, by BitMEX's rules of 2020. Bars: standard errors."
        note(figure, answer, words)
    return figure


def needed(answer, ax):
    """What each run needed, and the mean with its standard error."""
    runs = answer.rows[answer.rows.fund_coin == ENOUGH]
    ax.plot(100.0 * runs["drop"], runs.fund_needed_coin, "o", color=GREY, markersize=2.5, label="a run")
    means = answer.means()
    means = means[means.fund_coin == ENOUGH]
    look = {"color": BLUE, "markersize": 4, "capsize": 2}
    error = means.fund_needed_coin_se.fillna(0.0)
    ax.errorbar(100.0 * means["drop"], means.fund_needed_coin, yerr=error, fmt="-s", label="mean", **look)
    ax.set_ylim(bottom=0.0)
    ax.set_title("Fund that would do,\nBTC", loc="left")
    ax.legend(loc="upper left", bbox_to_anchor=(0.06, 0.9))


insurance_sizing = Study(
    question="How large must an insurance fund be so that no winner is deleveraged?",
    scenario=flash_crash,
    seeds=range(6),
    arguments=THIRD | {"depth": 0.5, "drop": [0.05, 0.1, 0.15, 0.2, 0.3], "fund_coin": FUNDS},
    metrics=(
        exhausted, winners_lost_coin, fund_needed_coin, adl_contracts, engine_left_percent, liquidated_turns,
        deepest_discount_percent,
    ),
    draw=draw,
)  # fmt: skip
