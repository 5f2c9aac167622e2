"""Positions by their leverage: with how much they were opened, with how much and when they were liquidated.

A position's opening leverage is its cost over the collateral behind it, which is all that the account has in the venue
where margin is shared. Its leverage at liquidation is its value at the mark over what is then left of that collateral.
"""

import numpy as np
import pandas

from analysis.summary import contract
from analysis.who import TENTHS, tenths, traders

HOUR_S = 3_600.0


def payoff_coin(run, price):
    """S of one contract, in the settlement coin, at a price: rising, negative for an inverse contract."""
    stated = contract(run)
    face = stated["face"]
    return -face / np.asarray(price, float) if stated["kind"] == "Inverse" else face * np.asarray(price, float)


def value_coin(run, contracts, price):
    """Value of positions at a price, settlement coin, positive."""
    return np.abs(contracts * payoff_coin(run, price))


def taken_over(run):
    """The rows of `liquidations` that are whole positions with their collateral, each account's first only."""
    rows = run.liquidations[run.liquidations["taken_over"]]
    return rows[np.sort(np.unique(rows["account"], return_index=True)[1])]


def left_coin(run, rows):
    """(rows,) what is left at the mark of the collateral of positions that are taken over; negative is a loss."""
    return rows["margin_coin"] + rows["cost_coin"] + rows["contracts"] * payoff_coin(run, rows["mark"])


def at_liquidation(run):
    """A frame with a row for each account that was taken over, its first time: account, crowd, hours since the start,
    contracts, leverage when opened, leverage at the mark when taken over (inf if nothing was left), and whether it was
    bankrupt by then, so that closing it at the mark costs the fund."""
    rows = taken_over(run)
    left = left_coin(run, rows)
    value = value_coin(run, rows["contracts"], rows["mark"])
    return pandas.DataFrame(
        {
            "account": rows["account"], "crowd": rows["crowd"], "hours": rows["time_s"] / HOUR_S,
            "contracts": rows["contracts"], "opened": opened(rows["cost_coin"], rows["margin_coin"]),
            "liquidated": np.divide(value, left, out=np.full(len(rows), np.inf), where=left > 0.0),
            "bankrupt": left < 0.0,
        }
    )  # fmt: skip


def opened(cost, collateral):
    """(positions,) opening leverage; inf without collateral."""
    size = np.abs(np.asarray(cost, float))
    return np.divide(size, collateral, out=np.full(len(size), np.inf), where=np.asarray(collateral) > 0.0)


def by_leverage(run, crowd=None):
    """A frame with a row a tenth of opening leverage, 1 the lowest, of positions that were taken over or are open at
    the end: accounts, opened (median), liquidated_percent, hours (median, until taken over), leverage (median, then).

    Who closed in time is in none: with how much it had traded, a run does not keep.

    crowd: of one crowd only
    """
    gone, there = at_liquidation(run), traders(run)
    alive = there[(there["contracts"] != 0) & ~np.isin(there["account"], gone.account)]
    still = opened(alive["cost_coin"], alive["wallet_coin"] + alive["margin_coin"])
    open_ = pandas.DataFrame({"account": alive["account"], "crowd": alive["crowd"], "opened": still})
    whole = pandas.concat([gone.assign(gone=True), open_.assign(gone=False)], ignore_index=True)
    whole = whole if crowd is None else whole[whole.crowd == crowd]
    if len(whole) < TENTHS:
        raise ValueError(f"there must be {TENTHS} positions or more to tell tenths (got {len(whole)}); see by_crowd")
    groups = whole.groupby(tenths(whole.opened.to_numpy()).tolist())
    made = pandas.DataFrame({"accounts": groups.size(), "opened": groups.opened.median()})
    made["liquidated_percent"] = 100.0 * groups.gone.mean()
    made["hours"], made["leverage"] = groups.hours.median(), groups.liquidated.median()
    return made.rename_axis("tenth").reset_index()


def bankrupt_percent(run):
    """Contracts of takeovers whose collateral was already lost at the mark, of all that was taken over."""
    rows = run.liquidations[run.liquidations["taken_over"]]
    left = left_coin(run, rows)
    sizes = np.abs(rows["contracts"])
    return 100.0 * float(sizes[left < 0.0].sum() / sizes.sum()) if len(rows) else float("nan")


def bankrupt_coin(run):
    """Value at the mark, when taken over, of positions whose collateral was already lost: bankrupt notional."""
    rows = run.liquidations[run.liquidations["taken_over"]]
    left = left_coin(run, rows)
    return float(value_coin(run, rows["contracts"], rows["mark"])[left < 0.0].sum())


def liquidated_opening_leverage(run):
    """Median leverage when opened of the positions that were taken over; nan if none was."""
    found = at_liquidation(run).opened
    return float(found.median()) if len(found) else float("nan")
