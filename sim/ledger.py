"""Accounts as arrays, in whole settlement units; fills, fees, funding and transfers that never lose one.

Per account: `wallet` (free balance), `margin` (set aside for an isolated position), signed `contracts` and
`cost` of the open position. A fill of q contracts at S units each adds q to contracts and -q * S to cost,
so equity at a mark is wallet + margin + cost + contracts * S(mark). Closing a part first releases its share
of cost and margin to the wallet, rounded down; what rounding leaves stays with the open part.

Funding is a running index G in units per contract, one for longs and one for shorts: they move together where what
longs pay is what shorts receive, and apart where a venue shares it out otherwise. An account owes
contracts * (G - seen), booked when it is next touched: to its margin when isolated (so that its trigger does not
depend on when it was touched), else to its wallet. The law: wallet + margin + cost, summed over all rows, equals
deposits less withdrawals plus the sum of contracts * (G - seen).
"""

import math

import numpy as np

from sim.compiled import kernel
from sim.room import zeros

EXCHANGE, FUND, ENGINE, OUTSIDE, POOL = 0, 1, 2, 3, 4
"""Rows of the venue itself: its fees, its insurance fund, its liquidation engine, the world outside the book, which
only a counterfactual trades with, and the pool that takes the other side of every trade where there is no book."""
RESERVED_ROWS = 5

ACCOUNT = np.dtype(
    [
        ("wallet", np.int64),  # free balance, units
        ("margin", np.int64),  # set aside for the isolated position, units
        ("contracts", np.int64),  # open position, longs positive
        ("cost", np.int64),  # sum of -q * S over the fills of the open position, units
        ("seen", np.int64),  # funding index of its side when last booked, units per contract
        ("deposits", np.int64),  # brought in less taken out, units
        ("leverage", np.float32),  # chosen by the owner: initial margin is value / leverage
        ("orders", np.int32),  # first of the account's own orders; -1 none
        ("crowd", np.int16),
        ("cross", np.bool_),  # the whole wallet backs the position
        ("touched", np.bool_),  # changed since the risk engine last filed it
        ("alert", np.bool_),  # wake the owner on its own fills
        ("woken", np.bool_),  # already in the list of the woken
        ("forced", np.int8),  # being liquidated: 1 tried, 2 a part is closed
    ],
    align=True,
)
"""What a fill reads and writes, 64 bytes: one line of the cache, since rows begin where lines do (`sim.room`)."""

RESERVED = np.dtype(
    [
        ("buying", np.int64),  # contracts of resting buys that may open a position
        ("selling", np.int64),  # contracts of resting sells that may open a position
        ("buying_value", np.int64),  # |q * S| of those buys at their own prices, units
        ("selling_value", np.int64),  # |q * S| of those sells at their own prices, units
    ],
    align=True,
)

RISK = np.dtype(
    [
        ("bucket", np.int32),  # tick under which the risk engine filed the position; -1 not filed
        ("bucket_prev", np.int32),
        ("bucket_next", np.int32),
        ("liquidations", np.int32),
    ],
    align=True,
)


def new_accounts(count, crowd=-1, leverage=1.0, cross=True):
    """(count,) empty rows."""
    accounts = zeros(count, ACCOUNT)
    accounts.orders = -1
    accounts.crowd, accounts.leverage, accounts.cross = crowd, leverage, cross
    return accounts


@kernel
def share(amount, part, whole):
    """floor(amount * part / whole) without overflow, for 0 <= part <= whole < 2**31."""
    if part == whole:
        return amount
    quotient = amount // whole
    return quotient * part + (amount - quotient * whole) * part // whole


@kernel
def owes(x, i):
    """Units of funding that row `i` owes and that are not yet booked; negative is due to it."""
    account, now = x.accounts[i], x.now[0]
    return account.contracts * ((now.long_index if account.contracts > 0 else now.short_index) - account.seen)


def owed_by(accounts, now):
    """`owes` of many rows at once."""
    index = np.where(accounts.contracts > 0, now.long_index, now.short_index)
    return accounts.contracts * (index - accounts.seen)


@kernel
def seat(x, i):
    """Let funding of row `i` count from now on, by the index of its side; due whenever its contracts change."""
    account, now = x.accounts[i], x.now[0]
    account.seen = now.long_index if account.contracts > 0 else now.short_index


@kernel
def touch(x, i):
    """Book the funding that row `i` owes and let the risk engine know that it changed."""
    account = x.accounts[i]
    now = x.now[0]
    owed = owes(x, i)
    seat(x, i)
    if owed:
        if i == ENGINE:
            x.accounts[FUND].wallet -= owed
            now.engine_funding -= owed
        elif account.cross:
            account.wallet -= owed
        else:
            account.margin -= owed
    if not account.touched:
        account.touched = True
        x.dirty[now.dirty] = i
        now.dirty += 1


@kernel
def cover(account):
    """Let the margin of an isolated position pay what the wallet cannot."""
    if account.wallet < 0 and account.margin > 0:
        paid = min(-account.wallet, account.margin)
        account.wallet += paid
        account.margin -= paid


@kernel(inlined=True)
def fill(x, i, size, units, fee_rate):
    """Book `size` contracts (buys positive) at `units` each into row `i`, and its fee into the exchange's."""
    touch(x, i)
    account = x.accounts[i]
    fee = math.floor(abs(size * units) * fee_rate + 0.5)
    account.wallet -= fee
    x.accounts[EXCHANGE].wallet += fee
    held = account.contracts
    x.now[0].open_interest += max(held + size, 0) - max(held, 0)
    if held != 0 and (held > 0) != (size > 0):
        part = min(abs(size), abs(held))
        closed = part if held > 0 else -part
        cost = share(account.cost, part, abs(held))
        margin = share(account.margin, part, abs(held))
        account.cost -= cost
        account.margin -= margin
        account.contracts -= closed
        account.wallet += cost + margin + closed * units
        size += closed
    if size != 0:
        account.contracts += size
        account.cost -= size * units
        if not account.cross:
            needed = math.floor(abs(size * units) / account.leverage)
            moved = min(needed, max(account.wallet, 0))
            account.wallet -= moved
            account.margin += moved
    seat(x, i)
    cover(account)


@kernel
def transfer(x, sender, receiver, amount):
    """Move `amount` units of free balance from one row to another."""
    touch(x, sender)
    touch(x, receiver)
    x.accounts[sender].wallet -= amount
    x.accounts[receiver].wallet += amount


@kernel
def deposit(x, i, amount):
    """Bring `amount` units in from outside; a withdrawal is negative."""
    touch(x, i)
    x.accounts[i].wallet += amount
    x.accounts[i].deposits += amount


@kernel
def add_margin(x, i, amount):
    """Move up to `amount` units from the free balance of row `i` to its isolated position; returns the units moved."""
    touch(x, i)
    account = x.accounts[i]
    moved = min(amount, max(account.wallet, 0))
    if account.cross or account.contracts == 0 or moved <= 0:
        return 0
    account.wallet -= moved
    account.margin += moved
    return moved


@kernel
def pair_off(x, buyers, bought, sellers, sold, units):
    """Trade down two lists of rows, the next buyer with the next seller, until the contracts of both are used up.

    bought, sold: (rows,) contracts of each, with equal sums; units: (buyers,) S at which each buyer trades.
    """
    b = s = 0
    while b < len(buyers) and s < len(sellers):
        part = min(bought[b], sold[s])
        if part > 0:
            fill(x, buyers[b], part, units[b], 0.0)
            fill(x, sellers[s], -part, units[b], 0.0)
        bought[b] -= part
        sold[s] -= part
        if bought[b] == 0:
            b += 1
        else:
            s += 1


@kernel
def collateral(account):
    """Units that back the position: its margin, and the wallet too under cross margin."""
    return account.margin + account.wallet if account.cross else account.margin


@kernel
def equity(x, i, units):
    """Wallet, margin and position of row `i` at `units` a contract, funding owed included."""
    account = x.accounts[i]
    return account.wallet + account.margin + account.cost + account.contracts * units - owes(x, i)
