"""Batch auctions: orders gather, and those that can trade with each other do so at one price.

An order waits outside the book, with its margin reserved, under its limit; at an auction it meets what rests and what
gathered with it. The price is the one at which most contracts trade, among those the one that leaves the fewest over,
among those the nearest to the mark. Better prices come first, at one price those that rested before, and what is left
is shared among those that gathered in proportion to their size: who was first within a batch does not matter. All of an
order trades at what its last contract does, so one that opens goes no further from the mark than its margin. Source:
Budish, Cramton and Shim, Quarterly Journal of Economics 130(4), 2015, frequent batch auctions; they take the middle of
the prices that tie, here it is the nearest to the mark because a market order has no limit of its own.
"""

import numpy as np

from sim import ladder
from sim.book import book_side, closable, dequeue_stop, enqueue, remove, reserve, shrink
from sim.compiled import kernel
from sim.exchange import BOOK, GATHERED, STOPS
from sim.ledger import share

BUYS, SELLS = STOPS + GATHERED, STOPS + GATHERED + 1
"""Rows of `heads` under which they wait."""


@kernel
def due(x):
    """Whether orders are matched in this step."""
    steps = x.terms[0].auction_steps
    return steps == 0 or x.now[0].step % steps == 0


@kernel
def clear(x, before):
    """Hold the auction, then let rest what may.

    before: the mid, from which the engine's impact is counted where nobody would have traded without it

    Orders may vanish on the way: an owner's that meet each other, and reduce-only ones whose position is gone. What
    others could have traded with them is auctioned again.
    """
    tick, volume = price(x, True)
    while volume > 0:
        alone, _ = price(x, False)
        open_before = held_by_lots(x)
        meet(x, tick, volume)
        moved = (tick - alone) * x.terms[0].tick if alone >= 0 else tick * x.terms[0].tick - before
        press(x, open_before, moved)
        tick, volume = price(x, True)
    sweep(x)
    settle_down(x, BUYS)
    settle_down(x, SELLS)


@kernel
def price(x, engine):
    """(tick, contracts) at which the auction clears, with the `engine`'s orders or without; (-1, 0) if it does not.

    Demand and supply are constant between the ticks at which there are orders, so each tick of those and the stretch up
    to the next are looked at once.
    """
    low, high = overlap(x)
    demand, supply, tick = 0, 0, low
    while tick <= high:
        demand += amount(x, 1, tick, engine)
        tick = upward(x, tick + 1)
    most, over, first, last, tick = 0, 0, -1, -1, low
    while tick <= high:
        supply += amount(x, -1, tick, engine)
        after = upward(x, tick + 1)
        for start, end in ((tick, tick), (tick + 1, after - 1)):
            if end > tick:
                end = min(end, high)
            volume, left = min(demand, supply), abs(demand - supply)
            if start <= end and (volume > most or (volume == most and left < over)):
                most, over, first, last = volume, left, start, end
            elif start <= end and volume == most and left == over:
                last = end
            if start == tick:
                demand -= amount(x, 1, tick, engine)
        tick = after
    return (min(max(x.now[0].mark_tick, first), last), most) if most > 0 else (-1, 0)


@kernel
def overlap(x):
    """The lowest tick at which somebody sells, and the highest at which somebody buys."""
    now, ticks = x.now[0], x.terms[0].ticks
    low = min(now.ask, ladder.above(x.bits[SELLS], ticks, 0))
    return low, max(now.bid, ladder.below(x.bits[BUYS], ticks, ticks - 1))


@kernel
def sweep(x):
    """Cancel orders that stand in each other's way and can trade nothing: a reduce-only one without a position, which
    would leave the book crossed."""
    tick, high = overlap(x)
    while tick <= high:
        discard_idle(x, x.levels[tick].head)
        discard_idle(x, x.heads[BUYS, tick])
        discard_idle(x, x.heads[SELLS, tick])
        tick = upward(x, tick + 1)


@kernel
def discard_idle(x, o):
    """Cancel those of the orders queued from `o` on that can trade nothing."""
    while o >= 0:
        after = x.orders[o].next
        if wanted(x, o, True) == 0:
            remove(x, o)
        o = after


@kernel
def upward(x, tick):
    """The lowest tick with an order, at or above `tick`."""
    ticks = x.terms[0].ticks
    gathered = min(ladder.above(x.bits[BUYS], ticks, tick), ladder.above(x.bits[SELLS], ticks, tick))
    return min(gathered, ladder.above(x.bits[BOOK], ticks, tick))


@kernel
def downward(x, tick):
    """The highest tick with an order, at or below `tick`; -1 where there is none."""
    ticks = x.terms[0].ticks
    gathered = max(ladder.below(x.bits[BUYS], ticks, tick), ladder.below(x.bits[SELLS], ticks, tick))
    return max(gathered, ladder.below(x.bits[BOOK], ticks, tick))


@kernel
def wanted(x, o, engine):
    """Contracts (positive) that order `o` may trade; none of a lot's unless the `engine`'s orders count."""
    order = x.orders[o]
    size = abs(order.contracts)
    if order.lot >= 0:
        return min(size, abs(x.lots[order.lot].open)) if engine else 0
    return min(size, closable(x, order.account, order.contracts)) if order.reduce_only else size


@kernel
def first_in_book(x, side, tick):
    """The first order of that side that rests at `tick`; -1 where there is none."""
    now = x.now[0]
    return x.levels[tick].head if (tick <= now.bid if side > 0 else tick >= now.ask) else np.int32(-1)


@kernel
def total(x, o, engine):
    """Contracts that the orders queued from `o` on may trade."""
    contracts = 0
    while o >= 0:
        contracts += wanted(x, o, engine)
        o = x.orders[o].next
    return contracts


@kernel
def amount(x, side, tick, engine):
    """Contracts that buyers (+1) or sellers (-1) with that limit may trade."""
    waiting = x.heads[BUYS if side > 0 else SELLS, tick]
    return total(x, first_in_book(x, side, tick), engine) + total(x, waiting, engine)


@kernel
def line_up(x, side, tick, volume, slots, parts):
    """Write the orders of a side that trade `volume` contracts at `tick`, and what each does; returns how many."""
    count, at = 0, downward(x, x.terms[0].ticks - 1) if side > 0 else upward(x, 0)
    while volume > 0 and side * at >= side * tick:
        o = first_in_book(x, side, at)
        while o >= 0 and volume > 0:
            slots[count], parts[count] = o, min(wanted(x, o, True), volume)
            volume -= parts[count]
            count += 1
            o = x.orders[o].next
        o = x.heads[BUYS if side > 0 else SELLS, at]
        asked, seen = total(x, o, True), 0
        given = min(asked, volume)
        while o >= 0 and given > 0:
            size = wanted(x, o, True)
            slots[count], parts[count] = o, share(given, seen + size, asked) - share(given, seen, asked)
            seen += size
            count += 1
            o = x.orders[o].next
        volume -= given
        at = downward(x, at - 1) if side > 0 else upward(x, at + 1)
    return count


@kernel
def meet(x, tick, volume):
    """Let those who trade `volume` contracts at `tick` do so, the first buyer with the first seller."""
    room = x.now[0].resting
    buys, bought, sells, sold = (np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room, np.int64),
                                 np.zeros(room, np.int64))  # fmt: skip
    buyers, sellers = line_up(x, 1, tick, volume, buys, bought), line_up(x, -1, tick, volume, sells, sold)
    i, j = 0, 0
    while i < buyers and j < sellers:
        b, s = buys[i], sells[j]
        part = min(bought[i], sold[j])
        if part > 0 and x.orders[b].account == x.orders[s].account and x.orders[b].lot < 0:
            x.now[0].self_trades += 1
            shrink(x, b, part)
            shrink(x, s, part)
        elif part > 0:
            buying, selling = wanted(x, b, True), wanted(x, s, True)
            part = min(part, buying, selling)
            if buying == 0:
                remove(x, b)
                bought[i] = 0
            elif selling == 0:
                remove(x, s)
                sold[j] = 0
            else:
                trade(x, b, s, part, tick)
        bought[i] -= min(part, bought[i])
        sold[j] -= min(part, sold[j])
        i += bought[i] == 0
        j += sold[j] == 0


@kernel
def trade(x, b, s, size, tick):
    """Fill `size` contracts between a buy and a sell order at `tick`: who gathered is a taker, who rested a maker."""
    now, terms = x.now[0], x.terms[0]
    buyer, buyer_lot, buyer_takes = x.orders[b].account, x.orders[b].lot, x.orders[b].trigger >= 0
    seller, seller_lot, seller_takes = x.orders[s].account, x.orders[s].lot, x.orders[s].trigger >= 0
    if terms.record_fills:
        entry = x.fills[now.fills_kept]
        now.fills_kept += 1
        entry.step, entry.tick = now.step, tick
        entry.maker, entry.maker_lot = (seller, seller_lot) if buyer_takes else (buyer, buyer_lot)
        entry.taker, entry.taker_lot = (buyer, buyer_lot) if buyer_takes else (seller, seller_lot)
        entry.contracts = size if buyer_takes else -size
    now.fills += 1
    now.volume += size
    now.last = tick
    shrink(x, b, size)
    shrink(x, s, size)
    units = x.settlement[tick]
    book_side(x, buyer, buyer_lot, size, units, terms.taker_fee if buyer_takes else terms.maker_fee)
    book_side(x, seller, seller_lot, -size, units, terms.taker_fee if seller_takes else terms.maker_fee)


@kernel
def held_by_lots(x):
    """(lots,) contracts open in each lot that the engine still holds."""
    now = x.now[0]
    held = np.zeros(now.lots - now.first_lot, np.int64)
    for k in range(now.first_lot, now.lots):
        held[k - now.first_lot] = x.lots[k].open
    return held


@kernel
def press(x, open_before, moved):
    """Book an impact of `moved` USD on the lots that traded, in proportion to their contracts."""
    now, traded = x.now[0], 0
    for k in range(len(open_before)):
        traded += abs(open_before[k] - x.lots[now.first_lot + k].open)
    for k in range(len(open_before)):
        lot = x.lots[now.first_lot + k]
        if lot.open != open_before[k]:
            part = moved * abs(open_before[k] - lot.open) / traded
            lot.impact_usd += part
            lot.live_usd += part
            now.live_usd += part


@kernel
def settle_down(x, row):
    """Let what gathered in that row and is left rest in the book, the earliest first; what may not rest is gone."""
    ticks = x.terms[0].ticks
    tick = ladder.above(x.bits[row], ticks, 0)
    while tick < ticks:
        o = x.heads[row, tick]
        while x.orders[o].next >= 0:
            o = x.orders[o].next
        while o >= 0:
            order = x.orders[o]
            earlier = order.prev
            if order.immediate or (order.lot >= 0 and wanted(x, o, True) == 0):
                remove(x, o)
            else:
                reserve(x, o, -abs(order.contracts))
                dequeue_stop(x, o)
                order.trigger, order.limit = -1, 0
                reserve(x, o, abs(order.contracts))
                enqueue(x, o)
            o = earlier
        tick = ladder.above(x.bits[row], ticks, tick + 1)
