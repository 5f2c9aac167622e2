"""The liquidation engine: an account with an inventory of lots, and the pace at which it gets rid of them.

A lot is one takeover. It first rests in the book at its bankruptcy price, where closing it costs the fund nothing,
then trades at whatever the book offers, at most so many contracts a second and so much of the fund an hour.
The fund gains or pays when a lot is closed, never before. Lots are closed first come, first served.
"""

import math
from dataclasses import dataclass

from sim import ladder, pooled
from sim.auction import due
from sim.book import close_lot, firm, remove
from sim.compiled import kernel
from sim.exchange import BOOK
from sim.ledger import ENGINE, FUND, OUTSIDE, fill, seat, touch
from sim.orders import GTC, IOC, find, submit, within_band
from sim.ticks import tick_of


@dataclass(frozen=True)
class Unwind:
    """How the engine gets rid of a lot.

    pays:                 the insurance fund pays for closing beyond the bankruptcy price; else winners do, at once
    rests:                rest it at its bankruptcy price first, and what is left of it all along
    rest_s:               how long before it trades at worse prices
    usd_per_s:            the most it then trades, USD (of a contract not inverse: as worth at the start)
    draw_coin_per_hour:   the most of the insurance fund it then spends, allowed to add up over one hour
    """

    pays: bool = True
    rests: bool = True
    rest_s: float = 30.0
    usd_per_s: float = 20_000.0
    draw_coin_per_hour: float = math.inf

    def __post_init__(self):
        for name in ("rest_s", "usd_per_s", "draw_coin_per_hour"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must be 0 or more (got {getattr(self, name)})")

    def write(self, terms, step_s):
        """Fill the kernels' record of terms."""
        limit = min(self.draw_coin_per_hour / terms.unit, 2.0**62)
        terms.pays, terms.rests, terms.rest_steps = self.pays, self.rests, math.ceil(self.rest_s / step_s)
        terms.draw_rate, terms.draw_limit = limit / 3600.0, limit


@kernel
def take_over(x, i, parent, again):
    """Move the position of row `i` and what backs it to the engine, as a lot: no price, no rounding."""
    touch(x, i)
    touch(x, ENGINE)
    now, account, engine = x.now[0], x.accounts[i], x.accounts[ENGINE]
    if account.cross:
        account.margin += account.wallet
        account.wallet = 0
    if not x.terms[0].backstop_keeps_margin:
        left = max(0, min(account.margin, account.margin + account.cost + account.contracts * now.mark_units))
        account.margin -= left
        account.wallet += left
    account.forced = 0
    lot = x.lots[now.lots]
    lot.account, lot.parent, lot.step, lot.closed_step, lot.mark = i, parent, now.step, -1, now.mark
    lot.contracts = lot.open = account.contracts
    lot.cost = lot.open_cost = account.cost
    lot.margin = lot.open_margin = account.margin
    lot.taken_over, lot.again = True, again
    lot.bankruptcy_units = -float(account.cost + account.margin) / account.contracts
    engine.contracts += account.contracts
    engine.cost += account.cost
    engine.margin += account.margin
    now.liquidated += abs(account.contracts)
    account.contracts, account.cost, account.margin = 0, 0, 0
    seat(x, ENGINE)
    now.lots += 1


@kernel
def unwind(x):
    """Close what may be closed of the inventory in this step; returns whether there is a loss the fund cannot pay."""
    now, terms = x.now[0], x.terms[0]
    now.draw_left = min(terms.draw_limit, now.draw_left + terms.draw_rate * terms.step_s)
    now.unpaid, now.promised = 0, 0.0
    budget = math.floor(terms.engine_rate * terms.step_s * max(terms.auction_steps, 1)) if due(x) else 0
    moving = True
    for k in range(now.first_lot, now.lots):
        lot = x.lots[k]
        if lot.open != 0:
            if terms.absorbs:
                absorb(x, k)
            else:
                budget -= work(x, k, budget)
        if moving and lot.open == 0:
            now.first_lot = k + 1
        else:
            moving = False
    return now.unpaid > 0 or (terms.socialises and x.accounts[FUND].wallet < 0)


@kernel
def work(x, k, budget):
    """Rest lot `k` when it is new, aggress once it has rested; returns the contracts aggressed."""
    now, terms, lot = x.now[0], x.terms[0], x.lots[k]
    if lot.step == now.step and terms.rests:
        offer(x, k, abs(lot.open))
    if lot.open == 0 or budget <= 0 or now.step - lot.step < terms.rest_steps:
        return 0
    wanted = min(budget, abs(lot.open))
    if terms.auction_steps > 0:
        return auctioned(x, k, wanted)
    size = payable(x, k, wanted)
    if size == 0:
        return 0
    withdraw(x, k)
    before = lot.open
    place(x, k, size, 1 if before > 0 else terms.ticks - 1, IOC)
    if lot.open != 0 and terms.rests:
        offer(x, k, abs(lot.open))
    return abs(before) - abs(lot.open)


@kernel
def offer(x, k, size):
    """Rest `size` contracts of lot `k` at its bankruptcy price, rounded to the tick that costs the fund nothing."""
    lot, ticks = x.lots[k], x.terms[0].ticks
    at = tick_of(x, lot.bankruptcy_units)
    if lot.open > 0:
        tick = max(1, math.floor(at))
        while tick < ticks and x.settlement[tick] < lot.bankruptcy_units:
            tick += 1
    else:
        tick = min(ticks - 1, math.ceil(at))
        while tick > 0 and x.settlement[tick] > lot.bankruptcy_units:
            tick -= 1
    if 0 < tick < ticks:
        lot.order = place(x, k, size, tick, GTC)


@kernel
def auctioned(x, k, wanted):
    """Send up to `wanted` contracts of lot `k` to the auction and rest the others; returns how many were sent.

    What the book offered after the last auction says how many, and at what price at worst; at that price the fund could
    pay for all of them. Marks the lot unpaid as `payable` does.
    """
    now, lot = x.now[0], x.lots[k]
    size, tick = payable_at_once(x, k, wanted)
    if size == 0:
        return 0
    withdraw(x, k)
    place(x, k, size, tick, IOC)
    loss = lot.bankruptcy_units - x.settlement[tick]
    now.promised += max(loss if lot.open > 0 else -loss, 0.0) * size
    if abs(lot.open) > size and x.terms[0].rests:
        offer(x, k, abs(lot.open) - size)
    return size


@kernel
def purse_of(x):
    """(what the fund could pay now, and what of it the engine may spend in this step), units."""
    now, terms = x.now[0], x.terms[0]
    fund = max(float(x.accounts[FUND].wallet - now.fund_kept), 0.0) * (1.0 - 1e-9) if terms.pays else 0.0
    return fund, now.draw_left if terms.socialises else min(fund, now.draw_left)


@kernel
def payable_at_once(x, k, wanted):
    """(contracts, tick): as `payable`, where all of them trade at the worst of the ticks that they reach."""
    now, terms, lot = x.now[0], x.terms[0], x.lots[k]
    selling = lot.open > 0
    fund, purse = purse_of(x)
    purse = max(purse - now.promised, 0.0)
    worst = 1 if selling else terms.ticks - 1
    if terms.price_band > 0.0:
        worst = within_band(x, -1 if selling else 1, worst)
    lot.unpaid = False
    tick, offered, size, at = now.bid if selling else now.ask, 0, 0, 0
    while size < wanted and 0 <= tick < terms.ticks and (tick >= worst if selling else tick <= worst):
        offered += firm(x, tick)
        loss = (lot.bankruptcy_units - x.settlement[tick]) * (1.0 if selling else -1.0)
        if size == 0 and offered > 0 and loss > 0.0 and fund < loss and not terms.socialises:
            lot.unpaid = True
            now.unpaid += 1
        most = min(wanted, offered)
        if loss > 0.0:
            most = min(most, math.floor(purse / loss))
        if most < size or (most == 0 and offered > 0):
            break
        if most > size:
            size, at = most, tick
        tick = (
            ladder.below(x.bits[BOOK], terms.ticks, tick - 1)
            if selling
            else ladder.above(x.bits[BOOK], terms.ticks, tick + 1)
        )
    return size, at


@kernel
def withdraw(x, k):
    """Cancel the resting order of lot `k`."""
    o = find(x, ENGINE, x.lots[k].order)
    if o >= 0:
        remove(x, o)
    x.lots[k].order = 0


@kernel
def place(x, k, size, tick, tif):
    """Send an order for `size` contracts of lot `k` and book how it moved the mid; returns the id of what rests."""
    lot = x.lots[k]
    before, held = pressed(x), lot.open
    order = submit(x, ENGINE, -size if held > 0 else size, tick, tif, False, -1, k)
    if lot.open != held:
        moved = pressed(x) - before
        lot.impact_usd += moved
        lot.live_usd += moved
        x.now[0].live_usd += moved
    return order


@kernel
def mid(x):
    """Middle of the best bid and ask, USD; the side that is there if one is empty, the last trade if both are, the
    index before the first."""
    now, terms = x.now[0], x.terms[0]
    if now.bid >= 0 and now.ask < terms.ticks:
        return 0.5 * (now.bid + now.ask) * terms.tick
    if now.bid >= 0:
        return now.bid * terms.tick
    if now.ask < terms.ticks:
        return now.ask * terms.tick
    return now.last * terms.tick if now.last >= 0 else now.index


@kernel
def pressed(x):
    """The mid by which impact is measured: an order that empties a side leaves that side where it last traded, so that
    selling to the last bid does not look like a rise."""
    now, terms = x.now[0], x.terms[0]
    if now.last < 0:
        return mid(x)
    if now.bid < 0 and now.ask < terms.ticks:
        return 0.5 * (min(now.last, now.ask) + now.ask) * terms.tick
    if now.bid >= 0 and now.ask == terms.ticks:
        return 0.5 * (now.bid + max(now.last, now.bid)) * terms.tick
    return mid(x)


@kernel
def payable(x, k, wanted):
    """Contracts of lot `k`, at most `wanted`, that the book or pool offers at a loss which the fund and its draw limit
    can pay. Marks the lot unpaid when the fund itself cannot pay for the first contract."""
    lot, now, terms = x.lots[k], x.now[0], x.terms[0]
    side = -1 if lot.open > 0 else 1
    fund, purse = purse_of(x)
    lot.unpaid = False
    if terms.pooled:
        size, loss = pooled.payable(x, lot, wanted, purse)
        if size == 0 and loss > 0.0 and not terms.socialises and fund < loss:
            lot.unpaid = True
            now.unpaid += 1
        return size
    tick = now.bid if side < 0 else now.ask
    worst = 1 if side < 0 else terms.ticks - 1
    if terms.price_band > 0.0:
        worst = within_band(x, side, worst)
    size = 0
    while size < wanted and 0 <= tick < terms.ticks and side * tick <= side * worst:
        loss = side * (x.settlement[tick] - lot.bankruptcy_units)
        part = min(wanted - size, firm(x, tick))
        if part > 0 and loss > 0.0:
            if size == 0 and not terms.socialises and fund < loss:
                lot.unpaid = True
                now.unpaid += 1
            part = min(part, math.floor(max(purse, 0.0) / loss))
            purse -= part * loss
            if part == 0:
                break
        size += part
        if side < 0:
            tick = ladder.below(x.bits[BOOK], terms.ticks, tick - 1)
        else:
            tick = ladder.above(x.bits[BOOK], terms.ticks, tick + 1)
    return size


@kernel
def absorb(x, k):
    """Close lot `k` at the mark against the world outside the book: wealth moves, prices do not."""
    lot, units = x.lots[k], x.now[0].mark_units
    size = lot.open
    fill(x, OUTSIDE, size, units, 0.0)
    close_lot(x, k, -size, units)


@kernel
def unrealised(x, units):
    """Units the fund would gain if every open lot were closed at `units` a contract; negative is a loss."""
    engine = x.accounts[ENGINE]
    return engine.margin + engine.cost + engine.contracts * units
