"""What happens to a loss that the insurance fund cannot pay: winners are closed against it, or share it.

Rare, so in numpy, on positions of the other side only.
"""

from dataclasses import dataclass

import numpy as np

from sim.book import close_lot
from sim.engine import offer, withdraw
from sim.ledger import FUND, RESERVED_ROWS, fill, touch
from sim.orders import cancel_all


def largest_remainder(amount, weights):
    """Whole shares of `amount` in proportion to `weights` that add up to it; ties go to the lower row."""
    exact = np.asarray(weights, float) * (float(amount) / float(np.sum(weights)))
    whole = np.floor(exact).astype(np.int64)
    short = int(amount - whole.sum())
    first = np.argsort(-(exact - whole), kind="stable")
    np.add.at(whole, first[np.arange(abs(short)) % len(first)], np.sign(short))
    return whole


def positions(x, sign):
    """Rows of traders with a position of that sign, and per row its profit, entry value and equity, units."""
    accounts, now = x.accounts, x.now[0]
    rows = RESERVED_ROWS + np.flatnonzero(accounts.contracts[RESERVED_ROWS:] * sign > 0)
    held = accounts[rows]
    owed = held.contracts * (now.funding_index - held.seen)
    profit = held.cost + held.contracts * now.mark_units  # funding is not in it, whether booked or not
    backing = held.margin + np.where(held.cross, held.wallet, 0) - owed
    return rows, profit, np.abs(held.cost), profit + backing


def bitmex_score(profit, entry_value, equity, value):
    """Rank by which BitMEX deleverages: profit rate times effective leverage, divided by it for losers.

    Source: BitMEX, Auto-Deleveraging; values are those of the position at mark and at bankruptcy.
    """
    rate = profit / np.maximum(entry_value, 1)
    leverage = value / np.maximum(equity, 1)
    return np.where(rate > 0, rate * leverage, rate / leverage)


@dataclass(frozen=True)
class AutoDeleverage:
    """Close unpaid lots at their bankruptcy price against the best-ranked positions of the other side."""

    socialises = False

    def allocate(self, x, done):
        """Deleverage every unpaid lot; `done(lot, row, contracts, units)` hears of each close."""
        for k in np.flatnonzero(x.lots.unpaid[: x.now[0].lots]):
            if x.lots[k].open:
                self.close(x, int(k), done)

    def close(self, x, k, done):
        """Close lot `k` against counterparties in order of rank until it is closed or nobody is left.

        A counterparty stops where closing more at this price would use up its equity.
        """
        lot, now = x.lots[k], x.now[0]
        sign = 1 if lot.open > 0 else -1
        units = bankruptcy_units(lot)
        withdraw(x, k)
        rows, profit, entry, equity = positions(x, -sign)
        value = np.abs(x.accounts.contracts[rows] * now.mark_units)
        for at in np.argsort(-bitmex_score(profit, entry, equity, value), kind="stable"):
            if lot.open == 0:
                break
            row = int(rows[at])
            loss = sign * (units - int(now.mark_units))
            most = abs(int(x.accounts[row].contracts))
            if loss > 0:
                most = min(most, max(int(equity[at]), 0) // loss)
            part = sign * min(most, abs(int(lot.open)))
            if part:
                cancel_all(x, row)
                fill(x, row, part, units, 0.0)
                close_lot(x, k, -part, units)
                lot.deleveraged += abs(part)
                now.deleveraged += abs(part)
                done(k, row, part, units)
        lot.unpaid = False
        if lot.open and x.terms[0].rests:
            offer(x, k)


def bankruptcy_units(lot):
    """Whole units a contract at which closing an open lot leaves the fund nothing to pay, and less than one unit a
    contract to gain."""
    left, held = int(lot.open_cost + lot.open_margin), int(lot.open)
    return -(left // held) if held > 0 else left // -held


@dataclass(frozen=True)
class SocialisedLoss:
    """Let the fund's shortfall be paid by the unrealised profits of the winners, in proportion.

    Source: the rule of Deribit's and early BitMEX's documentation, applied at once instead of at a session's end.
    """

    socialises = True

    def allocate(self, x, done):
        """Charge the fund's shortfall to every position in profit, each at most its profit."""
        short = -int(x.accounts[FUND].wallet)
        longs, shorts = positions(x, 1), positions(x, -1)
        rows, profit = (np.concatenate([longs[k], shorts[k]]) for k in (0, 1))
        won = np.maximum(profit, 0)
        if short <= 0 or not won.any():
            return
        paid = np.minimum(largest_remainder(min(short, int(won.sum())), won), won)
        x.accounts[FUND].wallet += paid.sum()
        for row, part in zip(rows[paid > 0], paid[paid > 0], strict=True):
            touch(x, row)
            x.accounts[row].cost -= part
            done(-1, int(row), 0, int(part))
