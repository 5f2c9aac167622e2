"""The order book: price-time priority on integer ticks, compiled.

Bids and asks share one ladder of levels, since a tick never holds both. Every function takes the exchange `x`
first. Sizes are signed contracts, buys positive; a taker trades at the maker's tick, and each fill is booked
into both accounts, or into a lot of the liquidation engine, at once.
"""

import numpy as np

from sim import ladder
from sim.compiled import kernel
from sim.exchange import BOOK, EXPIRY_SLOTS, STOPS
from sim.ledger import ENGINE, FUND, fill, seat, share, touch

CANCEL_RESTING, CANCEL_TAKING, DECREMENT = 0, 1, 2
"""What self-trade prevention does with an order that meets another of its owner's: cancel the resting one,
cancel the taking one, or shrink both by the smaller without a trade."""


@kernel
def reserve(x, o, size):
    """Add `size` contracts (negative: release as many) to what order `o` may open of its owner's, and their value."""
    order = x.orders[o]
    if order.reduce_only or order.account == ENGINE:
        return
    tick = order.tick if order.trigger < 0 else order.limit
    value = size * abs(x.settlement[tick])
    owner = x.reserved[order.account]
    buys = order.contracts > 0
    owner.buying += size if buys else 0
    owner.buying_value += value if buys else 0
    owner.selling += 0 if buys else size
    owner.selling_value += 0 if buys else value


@kernel(inlined=True)
def insert(x, o):
    """Link order `o` to its owner, to the expiry wheel, and behind the queue of its tick."""
    order = x.orders[o]
    owner = x.accounts[order.account]
    order.own_prev, order.own_next = -1, owner.orders
    if owner.orders >= 0:
        x.orders[owner.orders].own_prev = o
    owner.orders = o
    if order.expires >= 0:
        slot = order.expires % EXPIRY_SLOTS
        order.expiry_prev, order.expiry_next = -1, x.expiry[slot]
        if x.expiry[slot] >= 0:
            x.orders[x.expiry[slot]].expiry_prev = o
        x.expiry[slot] = o
    x.now[0].resting += 1
    reserve(x, o, abs(order.contracts))
    if order.trigger >= 0:
        enqueue_stop(x, o)
    else:
        enqueue(x, o)


@kernel(inlined=True)
def enqueue(x, o):
    """Append order `o` to the queue of its tick."""
    order = x.orders[o]
    level = x.levels[order.tick]
    order.prev, order.next = level.tail, -1
    if level.tail >= 0:
        x.orders[level.tail].next = o
    else:
        level.head = o
        ladder.add(x.bits[BOOK], x.terms[0].ticks, order.tick)
    level.tail = o
    level.contracts += abs(order.contracts)
    now = x.now[0]
    if order.contracts > 0:
        now.bid = max(now.bid, order.tick)
    else:
        now.ask = min(now.ask, order.tick)


@kernel
def enqueue_stop(x, o):
    """File stop order `o` under its trigger tick."""
    order = x.orders[o]
    row = STOPS + order.trigger
    head = x.heads[row, order.tick]
    order.prev, order.next = -1, head
    if head >= 0:
        x.orders[head].prev = o
    else:
        ladder.add(x.bits[row], x.terms[0].ticks, order.tick)
    x.heads[row, order.tick] = o


@kernel(inlined=True)
def dequeue(x, o):
    """Take order `o` out of the queue of its tick and move the best price if the tick is now empty."""
    order = x.orders[o]
    level = x.levels[order.tick]
    if order.prev >= 0:
        x.orders[order.prev].next = order.next
    else:
        level.head = order.next
    if order.next >= 0:
        x.orders[order.next].prev = order.prev
    else:
        level.tail = order.prev
    level.contracts -= abs(order.contracts)
    if level.head >= 0:
        return
    now, ticks = x.now[0], x.terms[0].ticks
    ladder.discard(x.bits[BOOK], ticks, order.tick)
    if order.tick == now.bid:
        now.bid = ladder.below(x.bits[BOOK], ticks, order.tick - 1)
    elif order.tick == now.ask:
        now.ask = ladder.above(x.bits[BOOK], ticks, order.tick + 1)


@kernel
def dequeue_stop(x, o):
    """Take stop order `o` out of the list of its trigger tick."""
    order = x.orders[o]
    row = STOPS + order.trigger
    if order.prev >= 0:
        x.orders[order.prev].next = order.next
    else:
        x.heads[row, order.tick] = order.next
        if order.next < 0:
            ladder.discard(x.bits[row], x.terms[0].ticks, order.tick)
    if order.next >= 0:
        x.orders[order.next].prev = order.prev


@kernel
def remove(x, o):
    """Take order `o` out of the exchange and give its slot back."""
    order = x.orders[o]
    reserve(x, o, -abs(order.contracts))
    if order.trigger >= 0:
        dequeue_stop(x, o)
    else:
        dequeue(x, o)
    if order.own_prev >= 0:
        x.orders[order.own_prev].own_next = order.own_next
    else:
        x.accounts[order.account].orders = order.own_next
    if order.own_next >= 0:
        x.orders[order.own_next].own_prev = order.own_prev
    if order.expires >= 0:
        if order.expiry_prev >= 0:
            x.orders[order.expiry_prev].expiry_next = order.expiry_next
        else:
            x.expiry[order.expires % EXPIRY_SLOTS] = order.expiry_next
        if order.expiry_next >= 0:
            x.orders[order.expiry_next].expiry_prev = order.expiry_prev
    order.serial = 0
    order.next = x.now[0].free
    x.now[0].free = o
    x.now[0].resting -= 1


@kernel(inlined=True)
def shrink(x, o, size):
    """Take `size` contracts (positive) off order `o`, which leaves the book when none are left."""
    order = x.orders[o]
    if size >= abs(order.contracts):
        remove(x, o)
        return
    reserve(x, o, -size)
    order.contracts -= size if order.contracts > 0 else -size
    if order.trigger < 0:
        x.levels[order.tick].contracts -= size


@kernel
def closable(x, i, size):
    """Contracts (positive) of an order of `size` that would only reduce the position of row `i`."""
    held = x.accounts[i].contracts
    if held == 0 or (held > 0) == (size > 0):
        return 0
    return min(abs(held), abs(size))


@kernel
def backstopped(x):
    """Whether what the engine takes over is a backstop's, with its margin: what fell below a share of maintenance."""
    terms = x.terms[0]
    return terms.backstop_keeps_margin and 0.0 < terms.takeover_below < 1.0


@kernel
def close_lot(x, lot, size, units):
    """Book `size` contracts (buys positive) at `units` each against an engine's lot; the fund takes the result, or the
    trader whose position it was what it gains, where the venue leaves that to them and no backstop keeps it."""
    touch(x, ENGINE)
    it, engine, now = x.lots[lot], x.accounts[ENGINE], x.now[0]
    part, whole = abs(size), abs(it.open)
    margin = share(it.open_margin, part, whole)
    cost = share(it.open_cost + it.open_margin, part, whole) - margin  # rounded once: at bankruptcy no unit is lost
    result = cost + margin - size * units
    now.open_interest -= max(-size, 0)
    it.open += size
    it.open_cost -= cost
    it.open_margin -= margin
    engine.contracts += size
    engine.cost -= cost
    engine.margin -= margin
    seat(x, ENGINE)
    if result > 0 and x.terms[0].residual_to_trader and not backstopped(x):
        touch(x, it.account)
        x.accounts[it.account].wallet += result
    else:
        x.accounts[FUND].wallet += result
        it.realised += result
        now.fund_gain += max(0, result)
        now.fund_draw += max(0, -result)
        now.draw_left += min(0, result)
    if it.open == 0:
        it.closed_step = now.step


@kernel(inlined=True)
def book_side(x, i, lot, size, units, fee_rate):
    """Book one side of a fill into its account, or into its lot without a fee."""
    if lot >= 0:
        close_lot(x, lot, size, units)
    else:
        fill(x, i, size, units, fee_rate)
        account = x.accounts[i]
        if account.alert and not account.woken:
            account.woken = True
            x.woken[x.now[0].woken] = i
            x.now[0].woken += 1


@kernel(inlined=True)
def trade(x, o, taker, lot, size):
    """Fill `size` contracts (bought by the taker when positive) against resting order `o`."""
    order, now, terms = x.orders[o], x.now[0], x.terms[0]
    maker, tick, maker_lot = order.account, order.tick, order.lot
    if terms.record_fills:
        entry = x.fills[now.fills_kept]
        now.fills_kept += 1
        entry.step, entry.maker, entry.taker, entry.tick = now.step, maker, taker, tick
        entry.contracts, entry.maker_lot, entry.taker_lot = size, maker_lot, lot
    now.fills += 1
    now.volume += abs(size)
    now.last = tick
    shrink(x, o, abs(size))
    units = x.settlement[tick]
    book_side(x, taker, lot, size, units, terms.taker_fee)
    book_side(x, maker, maker_lot, -size, units, terms.maker_fee)


@kernel
def meet_self(x, o, size):
    """Apply self-trade prevention between resting order `o` and a taker of `size`; returns the taker's size left."""
    x.now[0].self_trades += 1
    prevention = x.terms[0].prevention
    if prevention == CANCEL_RESTING:
        remove(x, o)
        return size
    if prevention == CANCEL_TAKING:
        return np.int64(0)
    common = min(abs(size), abs(x.orders[o].contracts))
    shrink(x, o, common)
    return size - common if size > 0 else size + common


@kernel(inlined=True)
def take(x, account, lot, size, limit):
    """Trade `size` contracts against the book, best price first, up to the `limit` tick; returns what is left."""
    now, ticks = x.now[0], x.terms[0].ticks
    while size != 0:
        tick = now.ask if size > 0 else now.bid
        if tick < 0 or tick >= ticks or (tick > limit if size > 0 else tick < limit):
            break
        o = x.levels[tick].head
        order = x.orders[o]
        if order.account == account and lot < 0:
            size = meet_self(x, o, size)
            continue
        part = min(abs(size), abs(order.contracts))
        if order.reduce_only:
            part = min(part, closable(x, order.account, order.contracts))
            if part == 0:
                remove(x, o)
                continue
        part = part if size > 0 else -part
        trade(x, o, account, lot, part)
        size -= part
    return size


@kernel
def fillable(x, account, size, limit):
    """Whether the book holds `size` contracts up to the `limit` tick that are neither the account's own nor
    reduce-only, which may vanish when met; nor behind the account's own where those would stop or shrink the taker."""
    ticks = x.terms[0].ticks
    tick = x.now[0].ask if size > 0 else x.now[0].bid
    wanted = abs(size)
    while wanted > 0 and 0 <= tick < ticks and (tick <= limit if size > 0 else tick >= limit):
        o = x.levels[tick].head
        while o >= 0 and wanted > 0:
            order = x.orders[o]
            if order.account == account:
                if x.terms[0].prevention != CANCEL_RESTING:
                    return False
            elif not order.reduce_only:
                wanted -= abs(order.contracts)
            o = order.next
        if size > 0:
            tick = ladder.above(x.bits[BOOK], ticks, tick + 1)
        else:
            tick = ladder.below(x.bits[BOOK], ticks, tick - 1)
    return wanted <= 0


@kernel
def firm(x, tick):
    """Contracts resting at a tick that are not reduce-only, which may vanish when met."""
    o, total = x.levels[tick].head, 0
    while o >= 0:
        order = x.orders[o]
        if not order.reduce_only:
            total += abs(order.contracts)
        o = order.next
    return total


@kernel
def impact_price(x, side, units):
    """Average price of buying (+1) or selling (-1) a notional of `units` in the book; nan if it is too thin."""
    ticks, terms = x.terms[0].ticks, x.terms[0]
    tick = x.now[0].ask if side > 0 else x.now[0].bid
    left, contracts, spent = units, 0.0, 0.0
    while left > 0.0 and 0 <= tick < ticks:
        each = float(abs(x.settlement[tick]))
        part = min(left / each, float(x.levels[tick].contracts))
        contracts += part
        spent += part * tick * terms.tick
        left -= part * each
        if side > 0:
            tick = ladder.above(x.bits[BOOK], ticks, tick + 1)
        else:
            tick = ladder.below(x.bits[BOOK], ticks, tick - 1)
    return spent / contracts if contracts > 0.0 and left <= 1e-9 * units else np.nan


@kernel
def depth(x, side, reach):
    """Contracts resting among the asks (+1) or bids (-1) within `reach` ticks of the best price."""
    ticks = x.terms[0].ticks
    best = x.now[0].ask if side > 0 else x.now[0].bid
    tick, total = best, 0
    while 0 <= tick < ticks and abs(tick - best) <= reach:
        total += x.levels[tick].contracts
        if side > 0:
            tick = ladder.above(x.bits[BOOK], ticks, tick + 1)
        else:
            tick = ladder.below(x.bits[BOOK], ticks, tick - 1)
    return total
