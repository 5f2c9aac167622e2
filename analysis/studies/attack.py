"""What an attack on a mark or an index costs and pays: each a function of a run, whose name says in what unit.

Of scenarios with a `Manipulator` whose capital is among their arguments, `capital_coin` at the exchange and
`spot_coin` at spot, which it brings to the exchange in the end; amounts are in the coin that the venue settles in.
What is still at spot when a run ends counts as lost: a run must last until the attack is unwound.
"""

import numpy as np

from analysis.summary import open_interest_first_contracts, share
from sim.ledger import RESERVED_ROWS


def attacker_profit_coin(run):
    """What the manipulator has in the end over what it began with; nan without one, and where USD is settled in."""
    mine = run.accounts[run.accounts.crowd == "Manipulator"]
    arguments = run.about["scenario"]["arguments"]
    began = sum(float(arguments.get(name, 0.0)) for name in ("capital_coin", "spot_coin"))
    there = len(mine) and run.about["settlement"] != "USD"
    return float(mine.equity_coin.sum()) - began if there else float("nan")


def lowest_mark_percent(run):
    """The lowest the mark came against the index of the first row, percent."""
    return 100.0 * float(run["mark"].min() / run["index"][0] - 1.0)


def victims_lost_coin(run):
    """What those who were liquidated ended below their deposits, in all."""
    there = run.accounts[RESERVED_ROWS:]
    hurt = there[there.liquidations > 0]
    return float((hurt.deposits_coin - hurt.equity_coin).sum())


def liquidated_percent(run):
    """Contracts liquidated, of the open interest of the first row."""
    return 100.0 * share(float(run["liquidated_contracts"][-1]), open_interest_first_contracts(run))


def attacker_open_contracts(run):
    """What the manipulator still holds, either side."""
    return float(np.abs(run.accounts.contracts[run.accounts.crowd == "Manipulator"]).sum())


def makers_lost_coin(run):
    """What the market makers ended below their deposits."""
    makers = run.accounts[run.accounts.crowd == "MarketMakers"]
    return float((makers.deposits_coin - makers.equity_coin).sum())
