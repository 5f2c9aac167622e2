"""What happens to a loss that the insurance fund cannot pay: winners are closed against it, or share it.

Rare, so in numpy, on positions of the other side only. Every rule acts in whole units and whole contracts, and none
makes or loses coin. What they have in common is `LossRule`; losses shared otherwise than at once are in
`sim.socialise`.
"""

from dataclasses import dataclass

import numpy as np

from sim import ranks
from sim.book import close_lot
from sim.compiled import kernel
from sim.contract import require
from sim.engine import offer, withdraw
from sim.haircuts import RISKS, in_order, largest_remainder, ranked, risk_weights, whole_shares
from sim.ledger import ENGINE, FUND, fill, seat, touch
from sim.orders import cancel_all
from sim.ranks import bitmex_score
from sim.spelling import unknown
from sim.standing import draws, entry_price, initial_margin, maintenance, positions, price_of, standing, units_of

PRICES = ("bankruptcy", "mark", "index", "bankruptcy near mark")
ALLOCATIONS = ("queue", "random", "pro_rata", "capped", "risk_aware")


class LossRule:
    """What the market asks of a rule that allocates losses.

    socialises:       the fund pays every loss, falls below zero, and the rule brings it back; else it stops at zero
    stamps_utc_hours: of the day, at which `settle` is called
    allocate(x, done) is called after the engine traded, when a lot is unpaid or a fund that socialises is below zero.
    done(lot, row, contracts, units) hears of each winner: contracts it bought (sold: negative) and S at which, for a
    lot; or lot -1, 0 contracts and the units it paid. settle(x, memory, done) is called at each stamp; memory is what
    `start` gave before the first step.
    """

    socialises = False
    stamps_utc_hours = ()

    def start(self, x):
        """No memory."""
        return None

    def settle(self, x, memory, done):
        """Nothing is left for later."""


def hyperliquid(x, at):
    """Scores of those in profit by gain on the entry price and leverage; -inf for the others."""
    value, backing = np.maximum(at.value, 1), np.maximum(at.equity, 1)
    gain = ranks.hyperliquid_score(float(x.now[0].mark), entry_price(x, at), value, backing, at.side)
    return np.where(at.profit > 0, gain, -np.inf)


RANKS = {
    "bitmex": lambda x, at: bitmex_score(at.profit, at.entry_value, at.equity, at.value),
    "binance": lambda x, at: ranks.binance_score(at.profit, at.equity - at.profit, maintenance(x, at)),
    "bybit": lambda x, at: ranks.bybit_score(at.profit, initial_margin(x, at)),
    "okx": lambda x, at: ranks.okx_score(
        at.profit / np.maximum(at.entry_value, 1), np.maximum(at.equity, 1) / np.maximum(maintenance(x, at), 1)
    ),
    "hyperliquid": hyperliquid,
    "profit": lambda x, at: ranks.profit_score(at.profit.astype(float)),
}
"""Scores of a Standing by each venue's formula (`sim.ranks`); "profit" is GMX's."""


@dataclass(frozen=True)
class AutoDeleverage(LossRule):
    """Close unpaid lots against positions of the other side. The defaults are BitMEX's.

    rank:       whose formula orders the queue: a key of RANKS, or "random start" (dYdX: from a random account on)
    price:      at which both sides are closed: the lot's "bankruptcy" price (BitMEX, Binance, Bybit, dYdX), the
                "mark" (OKX, Hyperliquid now), the "index" (Hyperliquid once; dYdX's final settlement), or
                "bankruptcy near mark", the mark where the bankruptcy price is further than `near` from it (a
                third-party copy of Bybit's page)
    allocation: "queue", one after another by rank; "random", in an order drawn from each account's own dice;
                "pro_rata", in proportion to profits, losers not at all; "capped", so, but nobody loses more than
                `cap` of its profit; "risk_aware", by profit and `risk_weights` of effective leverage, capped likewise
    whole_positions: who is reached in the queue is closed entirely; the engine is left with what was too much
    risk, threshold: of "risk_aware", see `sim.haircuts.risk_weights`

    A counterparty stops where closing more at this price would use up its equity (where they share: its profit,
    times `cap`), and the rest passes on; what nobody takes stays with the engine and comes again.

    A price beyond the bankruptcy price costs the fund something, which no venue lets fall below zero on purpose: if
    it cannot pay for the whole lot, the price of all of it moves towards the bankruptcy price just so far that it
    can, in whole units a contract. So winners lose no more than the fund lacks. A better price is the fund's gain.
    """

    rank: str = "bitmex"
    price: str = "bankruptcy"
    allocation: str = "queue"
    whole_positions: bool = False
    cap: float = 1.0
    risk: str = "linear"
    threshold: float = 0.9
    near: float = 0.05

    def __post_init__(self):
        known = {"rank": (*RANKS, "random start"), "price": PRICES, "allocation": ALLOCATIONS, "risk": RISKS}
        for name, right in known.items():
            if getattr(self, name) not in right:
                raise ValueError(unknown(name, getattr(self, name), right))
        require(0 < self.cap <= 1, self.cap, "cap must lie above 0 and up to 1", "give a part of the profit")
        require(self.near >= 0, self.near, "near must be 0 or more", "give a fraction of the mark")
        if self.cap < 1 and self.allocation not in ("capped", "risk_aware"):
            raise ValueError(f"cap must be 1 where allocation is {self.allocation!r} (got {self.cap}); use 'capped'")
        if self.whole_positions and self.allocation not in ("queue", "random"):
            raise ValueError(f"whole_positions must be False where allocation is {self.allocation!r}; use a queue")

    def allocate(self, x, done):
        """Deleverage every unpaid lot; `done(lot, row, contracts, units)` hears of each close, and of what the engine
        was left with (row ENGINE) where whole positions were too much."""
        for k in np.flatnonzero(x.lots.unpaid[: x.now[0].lots]):
            if x.lots[k].open:
                self.close(x, int(k), done)

    def close(self, x, k, done):
        """Close lot `k` until nothing of it is open or nobody is left."""
        lot = x.lots[k]
        sign = 1 if lot.open > 0 else -1
        units = self.units(x, k)
        withdraw(x, k)
        at = standing(x, -sign)
        order, parts = self.parts(x, k, at, sign * (units - int(x.now[0].mark_units)))
        chosen = order[parts[order] > 0]
        rows, closed, left = at.rows[chosen], sign * parts[chosen], int(lot.open)
        trade(x, k, rows, closed, units)
        for row, part in zip(rows.tolist(), closed.tolist(), strict=True):
            done(k, row, part, units)
            if abs(part) > abs(left):
                done(k, ENGINE, left - part, units)
            left -= part
        lot.unpaid = False
        if lot.open and x.terms[0].rests:
            offer(x, k, abs(lot.open))

    def parts(self, x, k, at, loss):
        """(order, parts): contracts of each row of a Standing to close against lot `k`, where one contract costs it
        `loss` units of its profit, and the order in which that is done."""
        needed, most = abs(int(x.lots[k].open)), np.abs(x.accounts.contracts[at.rows])
        if self.allocation in ("queue", "random"):
            order = ranked(self.scores(x, k, at))
            return order, in_order(needed, affordable(most, at.equity, loss), order, self.whole_positions)
        won = np.maximum(at.profit, 0)
        weights = won.astype(float)
        if self.allocation == "risk_aware":
            weights *= risk_weights(at.value / np.maximum(at.equity, 1), self.risk, self.threshold)
        purse = np.minimum(np.floor(self.cap * won).astype(np.int64), at.equity)
        return np.arange(len(most)), whole_shares(needed, weights, affordable(most, purse, loss))

    def scores(self, x, k, at):
        """(rows,) by which a Standing is put in order for lot `k`, highest first."""
        if self.allocation == "random":
            return draws(x, at.rows, k)
        if self.rank == "random start":
            start = draws(x, x.lots.account[k : k + 1].astype(np.int64), k)[0]
            return ranks.random_start_score(len(at.rows), start)
        return RANKS[self.rank](x, at)

    def units(self, x, k):
        """Whole units a contract at which lot `k` is closed: at the rule's price, as far as the fund can pay for it."""
        now, open_ = x.now[0], int(x.lots[k].open)
        own = wanted = bankruptcy_units(x.lots[k])
        far = self.price == "bankruptcy near mark" and is_far(price_of(x, own), float(now.mark), self.near)
        if far or self.price == "mark":
            wanted = int(now.mark_units)
        elif self.price == "index":
            wanted = units_of(x, float(now.index))
        sign, each = 1 if open_ > 0 else -1, max(int(x.accounts[FUND].wallet), 0) // abs(open_)
        return own - sign * each if sign * (own - wanted) > each else wanted


def affordable(most, purse, loss):
    """(rows,) contracts up to `most` that a purse pays for at a loss each; all of them where there is none."""
    return np.minimum(most, np.maximum(purse, 0) // loss) if loss > 0 else most


def is_far(bankruptcy, mark, near):
    """Whether a bankruptcy price is further than `near` of the mark away from it."""
    return bool(abs(bankruptcy - mark) > near * mark)


def closing_price(price, bankruptcy, mark, index=np.nan, near=0.05):
    """The price at which a rule of AutoDeleverage closes both sides, while the fund can pay; `price` as there."""
    if price not in PRICES:
        raise ValueError(unknown("price", price, PRICES))
    if price == "bankruptcy near mark":
        return mark if is_far(bankruptcy, mark, near) else bankruptcy
    return {"bankruptcy": bankruptcy, "mark": mark, "index": index}[price]


@kernel
def trade(x, k, rows, parts, units):
    """Close `parts` contracts of rows (bought: positive) against lot `k`, in that order; where it has fewer, the engine
    takes on the rest the other way round, and the lot becomes what it then holds, bankrupt at that price."""
    lot, now = x.lots[k], x.now[0]
    for n in range(len(rows)):
        part, left = parts[n], lot.open
        taken = part if abs(part) <= abs(left) else left
        cancel_all(x, rows[n])
        fill(x, rows[n], part, units, 0.0)
        close_lot(x, k, -taken, units)
        if part != taken:
            hold(x, k, taken - part, units)
        lot.deleveraged += abs(part)
        now.deleveraged += abs(part)


@kernel
def hold(x, k, size, units):
    """Give lot `k`, of which nothing is open, `size` contracts that the engine took on at `units` each."""
    touch(x, ENGINE)
    lot, engine, now = x.lots[k], x.accounts[ENGINE], x.now[0]
    lot.open, lot.open_cost, lot.open_margin = size, -size * units, 0
    lot.bankruptcy_units, lot.closed_step = units, -1
    engine.contracts += size
    engine.cost -= size * units
    now.open_interest += max(size, 0)
    seat(x, ENGINE)


def bankruptcy_units(lot):
    """Whole units a contract at which closing an open lot leaves the fund nothing to pay, and less than one unit a
    contract to gain."""
    left, held = int(lot.open_cost + lot.open_margin), int(lot.open)
    return -(left // held) if held > 0 else left // -held


@kernel
def charge(x, rows, amounts, free_first):
    """Take `amounts` units from `rows`: from the cost of the open position, or from the free balance as far as that
    goes and only then from the position."""
    for n in range(len(rows)):
        touch(x, rows[n])
        account = x.accounts[rows[n]]
        free = min(amounts[n], max(account.wallet, 0)) if free_first else 0
        account.wallet -= free
        account.cost -= amounts[n] - free


def collect(x, rows, amounts, done, free_first=False):
    """Charge rows and give it to the fund; `done` hears of each that pays."""
    rows, amounts = rows[amounts > 0], amounts[amounts > 0]
    x.accounts[FUND].wallet += amounts.sum()
    charge(x, rows, amounts, free_first)
    for row, amount in zip(rows.tolist(), amounts.tolist(), strict=True):
        done(-1, row, 0, amount)


@dataclass(frozen=True)
class SocialisedLoss(LossRule):
    """Let the fund's shortfall be paid by the unrealised profits of the winners, in proportion.

    Source: the rule of Deribit's and early BitMEX's documentation, applied at once instead of at the end of the day.
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
        collect(x, rows, paid, done)
