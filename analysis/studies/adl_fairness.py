"""Who pays what an insurance fund cannot: one crash, every rule that allocates a loss."""

from analysis.figures import BLUE
from analysis.studies.crash import TENTH
from analysis.studies.drawing import dots, note, page
from analysis.studies.measures import (
    burden_gini,
    engine_left_percent,
    haircut_gini,
    haircut_mean_percent,
    haircut_top_percent,
    hedgers_share_percent,
    winners_charged_percent,
    winners_lost_coin,
)
from analysis.studies.study import Study
from scenarios import flash_crash
from sim.deleverage import AutoDeleverage, SocialisedLoss
from sim.socialise import DailyLoss, PoolPays, SpreadLoss

RULES = {
    "queue: BitMEX": AutoDeleverage(),
    "queue: Binance": AutoDeleverage(rank="binance"),
    "queue: Bybit": AutoDeleverage(rank="bybit"),
    "queue: OKX, at the mark": AutoDeleverage(rank="okx", price="mark"),
    "queue: Hyperliquid, at the mark": AutoDeleverage(rank="hyperliquid", price="mark"),
    "queue: largest profit (GMX)": AutoDeleverage(rank="profit"),
    "queue: from a random one (dYdX)": AutoDeleverage(rank="random start"),
    "queue: random order": AutoDeleverage(allocation="random"),
    "queue: BitMEX, whole positions": AutoDeleverage(whole_positions=True),
    "pro rata to profits": AutoDeleverage(allocation="pro_rata"),
    "pro rata, half at most": AutoDeleverage(allocation="capped", cap=0.5),
    "by profit and leverage": AutoDeleverage(allocation="risk_aware"),
    "charge on profits, at once": SocialisedLoss(),
    "charge on the day's winners (Deribit)": DailyLoss(),
    "charge on all contracts (Drift)": SpreadLoss(),
    "the pool pays (GMX, Synthetix)": PoolPays(),
}


def draw(answer):
    """A Figure: what winners lose under each rule, how unevenly, how much of it hedgers, and what is left open."""
    means = answer.means()
    panels = (
        ("winners_lost_coin", "Winners lost", "BTC"),
        ("haircut_top_percent", "95th haircut", "% of profit"),
        ("haircut_gini", "Gini", "of haircuts"),
        ("hedgers_share_percent", "From hedgers", "% of the loss"),
        ("engine_left_percent", "Engine holds", "% of contracts"),
    )
    with page(4.0, 1, len(panels), sharey=True) as (figure, axes):
        for ax, (value, title, unit) in zip(axes, panels, strict=True):
            dots(ax, means, "venue.loss", value, BLUE)
            ax.set_xlim(-0.06 * ax.get_xlim()[1], 1.08 * ax.get_xlim()[1])
            ax.set_title(title, loc="left", fontsize=7.5)
            ax.set_xlabel(unit)
        note(
            figure,
            answer,
            "Spot falls 20 %, the fund holds 1 BTC. Haircut: part of a winner's profit. Bars: standard errors.",
        )
    return figure


adl_fairness = Study(
    question="Who pays when the insurance fund is empty, and how evenly?",
    scenario=flash_crash,
    seeds=range(4),
    arguments=TENTH
    | {"depth": 0.5, "drop": 0.2, "fund_coin": 1.0, "start": "2020-01-01T07:15", "venue.loss": RULES},
    metrics=(
        winners_lost_coin, winners_charged_percent, haircut_mean_percent, haircut_top_percent, haircut_gini,
        burden_gini, hedgers_share_percent, engine_left_percent,
    ),
    draw=draw,
)  # fmt: skip
