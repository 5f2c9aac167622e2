"""Losses that all share: the day's winners at its end, or every open contract."""

from dataclasses import dataclass

import numpy as np

from sim.deleverage import LossRule, collect
from sim.haircuts import whole_shares
from sim.insurance import loss_per_contract
from sim.ledger import FUND, POOL, RESERVED_ROWS, owed_by


@dataclass(frozen=True)
class DailyLoss(LossRule):
    """Let the fund's shortfall stand until the day ends, and then be paid by those who won in it, in proportion.

    A winner's profit is what its equity rose since the day began, less what it brought in: realised and unrealised,
    fees and funding included. It pays at most that, from its free balance first, and keeps no negative equity. What
    winners cannot pay stands over to the next day.

    Source: Deribit, Insurance Fund (25944777576477): losses beyond the fund are socialised among the day's winners;
    profits are settled at 08:00 UTC. Which profits count there exactly is not published.
    """

    socialises = True
    stamps_utc_hours: tuple = (8.0,)

    def start(self, x):
        """Begin the first day: (rows,) equity less deposits, units, to be given to `settle`."""
        return earned(x)

    def allocate(self, x, done):
        """Nothing before the day ends."""

    def settle(self, x, memory, done):
        """Charge the shortfall to the day's winners, and begin the next day in `memory`."""
        traders = slice(RESERVED_ROWS, None)
        result, short = earned(x), -int(x.accounts[FUND].wallet)
        profit = np.maximum(result - memory, 0)[traders]
        most = np.minimum(profit, np.maximum(result + x.accounts.deposits, 0)[traders])
        if short > 0:
            paid = whole_shares(short, profit.astype(float), most)
            collect(x, RESERVED_ROWS + np.arange(len(paid)), paid, done, free_first=True)
        memory[:] = earned(x)


def earned(x):
    """(rows,) what every account has beyond its deposits, units, at the mark."""
    accounts, now = x.accounts, x.now[0]
    held = accounts.wallet + accounts.margin + accounts.cost + accounts.contracts * now.mark_units
    return held - owed_by(accounts, now) - accounts.deposits


@dataclass(frozen=True)
class SpreadLoss(LossRule):
    """Let the fund's shortfall be paid by every contract of both sides alike, rounded up to a unit each.

    Drift v2 charges it through the funding indices of both sides; what they charge to every position, this charges
    to its cost. The engine's own contracts pay nothing: the fund would pay itself. What rounding up brings too much,
    less than a unit a contract, stays in the fund. An account may be charged more than it has: it is liquidated.
    """

    socialises = True

    def allocate(self, x, done):
        """Charge the fund's shortfall to every trader's position."""
        short, contracts = -int(x.accounts[FUND].wallet), x.accounts.contracts[RESERVED_ROWS:]
        longs, shorts = int(contracts[contracts > 0].sum()), int(contracts[contracts < 0].sum())
        if short > 0 and longs - shorts > 0:
            each = loss_per_contract(short, longs, shorts)
            collect(x, RESERVED_ROWS + np.arange(len(contracts)), np.abs(contracts) * each, done)


@dataclass(frozen=True)
class PoolPays(LossRule):
    """Let the pool that is everybody's counterparty pay the fund's shortfall, whatever it has.

    Where a pool is the other side of all trades, what a bankrupt account cannot pay is what the pool does not earn.
    Sources: Synthetix perps v2, GMX v2; Perpetual Protocol v1, whose insurance fund is the pool's counterparty.
    """

    socialises = True

    def allocate(self, x, done):
        """Move what the fund lacks from the pool to it."""
        short = -int(x.accounts[FUND].wallet)
        if short > 0:
            x.accounts[FUND].wallet += short
            x.accounts[POOL].wallet -= short
