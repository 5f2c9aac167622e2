"""What studies measure beyond the headlines: each a function of a run, whose name says in what unit.

Amounts are in the venue's settlement coin. A winner's profit is what its equity at the end exceeds its deposits by,
with what a loss rule took from it put back: realised and unrealised, fees and funding included.
"""

import numpy as np

from analysis.compare import deepest_discount_percent, minutes
from analysis.peg import premium
from analysis.summary import final, fund_first_coin, number, open_interest_first_contracts, share
from analysis.who import taken, winners
from sim.ledger import RESERVED_ROWS

CASCADE_PERCENT = 2.0


def cascade(run):
    """1 if the mean mid of a minute fell more than 2 % below the index, else 0: its mean is a probability."""
    return float(deepest_discount_percent(run) < -CASCADE_PERCENT)


def fund_needed_coin(run):
    """How far the fund, less the unrealised loss of what the engine holds, fell below its start: the least that it
    must have had to pay for all that was closed, and for closing the rest at the mark."""
    worst = run["fund_coin"] + np.minimum(run["engine_unrealised_coin"], 0.0)
    return max(fund_first_coin(run) - number(worst, np.min), 0.0)


def exhausted(run):
    """1 if winners were deleveraged or charged, else 0: its mean is a probability."""
    return float(bool((run.adl["account"] >= RESERVED_ROWS).any()))


def winners_lost_coin(run):
    """What winners lost at the mark by being deleveraged, or paid of a shared loss."""
    return float(run.adl["lost_coin"][run.adl["account"] >= RESERVED_ROWS].sum())


def engine_left_percent(run):
    """What the liquidation engine still held in the last row, of the open interest of the first."""
    return 100.0 * share(abs(number(run["engine_contracts"], final)), open_interest_first_contracts(run))


def bids_missing_percent(run):
    """Share of the time in which nobody bid."""
    return 100.0 * float(np.isnan(run["bid"]).mean())


def haircuts(run):
    """(winners,) the part of its profit that each lost, 0 to 1: who lost more than it has won in all counts as 1."""
    profit, lost = winners(run)
    return np.clip(lost / profit, 0.0, 1.0)


def winners_charged_percent(run):
    """Winners from whom the rule took anything, of all."""
    _, lost = winners(run)
    return 100.0 * share(int((lost > 0).sum()), len(lost))


def haircut_mean_percent(run):
    """What the rule took from winners, of their profits together."""
    profit, lost = winners(run)
    return 100.0 * share(float(lost.sum()), float(profit.sum()))


def haircut_top_percent(run):
    """The part of its profit that a rule took from the winner worse off than 95 in 100 others."""
    cut = haircuts(run)
    return 100.0 * float(np.quantile(cut, 0.95)) if len(cut) else float("nan")


def burden_gini(run):
    """Gini coefficient of what winners lost: 0 all alike, 1 one bears all; nan if nobody lost anything."""
    return gini(np.maximum(winners(run)[1], 0.0))


def haircut_gini(run):
    """Gini coefficient of winners' haircuts, parts of their profits: 0 where each gives up the same part."""
    return gini(haircuts(run))


def gini(amounts):
    """Gini coefficient of amounts, 0 or more each; nan if all are 0."""
    ordered = np.sort(np.asarray(amounts, float))
    if not len(ordered) or not ordered.sum() > 0:
        return float("nan")
    ranks = np.arange(1, len(ordered) + 1)
    return float(2.0 * (ranks * ordered).sum() / (len(ordered) * ordered.sum()) - (len(ordered) + 1) / len(ordered))


def hedgers_share_percent(run):
    """What arbitrageurs and market makers, who are hedged or in the middle, lost to the rule, of all that it took."""
    lost = taken(run)
    hedged = np.isin(run.accounts["crowd"], ["Arbitrageurs", "MarketMakers"])
    return 100.0 * share(float(lost[hedged].sum()), float(lost.sum()))


def highest_premium_percent(run):
    """Highest mean of a minute of the mid over the index, less 1."""
    return 100.0 * float(np.nanmax(minutes(premium(run), run)))
