"""Who won and who lost: profit, ruin and liquidations by crowd and by wealth.

A profit is equity at the mark less deposits, in the venue's settlement coin: what is held at spot is not in it, so that
hedged crowds, whose other leg lies there, show half of what they did.
"""

import numpy as np
import pandas

from sim.ledger import RESERVED_ROWS

RUINED = 0.1  # of the deposits: who keeps less is ruined
TENTHS = 10


def traders(run):
    """The rows of `accounts` that are traders', not the venue's own."""
    return run.accounts[run.accounts["account"] >= RESERVED_ROWS]


def by_crowd(run):
    """A frame with a row a crowd, in order of name: accounts, deposits_coin, profit_coin, and percent of profit, of
    ruined and of liquidated accounts."""
    there = traders(run)
    return gathered(there, there["crowd"], "crowd")


def by_wealth(run, crowd=None):
    """The same by tenth of the deposits, 1 the poorest, of all traders or of one crowd."""
    there = traders(run)
    if crowd is not None:
        there = there[there["crowd"] == crowd]
        if not len(there):
            raise ValueError(f"the run must have accounts of that crowd (got {crowd!r}, none); see by_crowd(run)")
    return gathered(there, tenths(there["deposits_coin"]), "tenth")


def tenths(amounts):
    """(n,) tenth in which each of some amounts lies, 1 the lowest; equal ones in the order given."""
    ranks = np.argsort(np.argsort(amounts, kind="stable"), kind="stable")
    return 1 + ranks * TENTHS // max(len(ranks), 1)


def gathered(accounts, keys, name):
    """A frame of accounts gathered by a key."""
    deposits, profit = accounts["deposits_coin"], accounts["equity_coin"] - accounts["deposits_coin"]
    rows = pandas.DataFrame(
        {
            name: keys, "deposits_coin": deposits, "profit_coin": profit,
            "ruined": accounts["equity_coin"] < RUINED * deposits, "liquidated": accounts["liquidations"] > 0,
        }
    )  # fmt: skip
    groups = rows.groupby(name)
    made = groups[["deposits_coin", "profit_coin"]].sum()
    made.insert(0, "accounts", groups.size())
    made["profit_percent"] = 100.0 * made.profit_coin / made.deposits_coin.replace(0.0, np.nan)
    made["ruined_percent"] = 100.0 * groups.ruined.mean()
    made["liquidated_percent"] = 100.0 * groups.liquidated.mean()
    return made.reset_index()


def liquidation_times(run):
    """A frame with a row a liquidation: crowd, hours since the start, and contracts; one in parts is one row."""
    begun = run.liquidations[~run.liquidations["again"]]
    return pandas.DataFrame(
        {"crowd": begun["crowd"], "hours": begun["time_s"] / 3_600.0, "contracts": np.abs(begun["contracts"])}
    )


def taken(run):
    """(rows of accounts,) what each account lost to a loss rule, the venue's own accounts not at all."""
    there = run.adl[run.adl["account"] >= RESERVED_ROWS]
    return np.bincount(there["account"], there["lost_coin"], minlength=len(run.accounts))[: len(run.accounts)]


def winners(run):
    """(accounts,) profit and loss to the rule of those who had a profit before it took its part."""
    lost = taken(run)[RESERVED_ROWS:]
    there = run.accounts[RESERVED_ROWS:]
    profit = there["equity_coin"] - there["deposits_coin"] + lost
    return profit[profit > 0], lost[profit > 0]
