"""How traders on one side of the market stand when a loss is to be allocated: what ranks and haircuts are made of."""

from typing import NamedTuple

import numpy as np

from sim import backing
from sim.ledger import RESERVED_ROWS, owed_by
from sim.streams import Dice

DELEVERAGE = 4
"""What a draw is for, as in `sim.streams`: the order in which winners are closed."""


class Standing(NamedTuple):
    """Traders on one side: (rows,) arrays, in units, at the mark.

    equity is what backs the position and its profit; value and entry_value are positive; side +1 long, -1 short
    """

    rows: np.ndarray
    profit: np.ndarray
    entry_value: np.ndarray
    equity: np.ndarray
    value: np.ndarray
    side: int


def positions(x, sign):
    """Rows of traders with a position of that sign, and per row its profit, entry value and equity, units."""
    accounts, now = x.accounts, x.now[0]
    rows = RESERVED_ROWS + np.flatnonzero(accounts.contracts[RESERVED_ROWS:] * sign > 0)
    held = accounts[rows]
    profit = held.cost + held.contracts * now.mark_units  # funding is not in it, whether booked or not
    backing = held.margin + np.where(held.cross, held.wallet, 0) - owed_by(held, now)
    return rows, profit, np.abs(held.cost), profit + backing


def standing(x, sign):
    """The Standing of traders with a position of that sign."""
    rows, profit, entry_value, equity = positions(x, sign)
    return Standing(rows, profit, entry_value, equity, np.abs(x.accounts.contracts[rows] * x.now[0].mark_units), sign)


def maintenance(x, at):
    """(rows,) maintenance margin of a Standing, units, as the venue's liquidations count it."""
    units = int(x.now[0].mark_units)
    return np.array([backing.maintenance(x, int(i), units) for i in at.rows])


def initial_margin(x, at):
    """(rows,) margin of a Standing: what is set aside if isolated, value at entry over the chosen leverage if not."""
    held = x.accounts[at.rows]
    return np.where(held.cross, at.entry_value / held.leverage, held.margin)


def entry_price(x, at):
    """(rows,) average entry price of a Standing."""
    held = x.accounts[at.rows]
    return np.array([price_of(x, -cost / size) for cost, size in zip(held.cost, held.contracts, strict=True)])


def units_of(x, price):
    """S at a price, rounded as the mark is."""
    terms = x.terms[0]
    at = -terms.scale / price if terms.inverse else terms.scale * price
    return int(np.floor(at + 0.5))


def price_of(x, units):
    """The price at which a contract is worth `units`; inf where no price is as good."""
    terms = x.terms[0]
    if not terms.inverse:
        return float(units / terms.scale)
    return float(-terms.scale / units) if units < 0 else np.inf


def draws(x, rows, k):
    """(rows,) one number in (0, 1) each for lot `k`, from the dice of each account: nobody moves another's."""
    drawn, crowds = np.empty(len(rows)), x.accounts.crowd[rows]
    for crowd in np.unique(crowds):
        mine = crowds == crowd
        first = RESERVED_ROWS + int(np.argmax(x.accounts.crowd[RESERVED_ROWS:] == crowd))
        drawn[mine] = Dice(x.keys[crowd], rows[mine] - first, x.now[0].step, DELEVERAGE).uniform(k)
    return drawn
