"""Trading with a pool where there is no book: its quotes in ticks, and orders that it takes now or not at all."""

import math

from sim import pool
from sim.book import book_side
from sim.compiled import kernel
from sim.ledger import POOL, fill
from sim.ticks import tick_of


@kernel
def quote(x):
    """Bring best bid and ask up to date: what the next contract costs, to the tick on the pool's side."""
    now, terms, it = x.now[0], x.terms[0], x.pool[0]
    now.bid = min(max(math.floor(tick_of(x, pool.marginal(it, 0, -1))), 1), terms.ticks - 1)
    now.ask = min(max(math.ceil(tick_of(x, pool.marginal(it, 0, 1))), 1), terms.ticks - 1)


@kernel
def follow(x, index_units):
    """Let a step pass: the pool sees the index."""
    pool.follow(x.pool[0], index_units)
    quote(x)


@kernel
def take(x, account, lot, size, limit, whole):
    """Trade what the pool takes of `size` contracts at no worse than the `limit` tick, if `whole` all or nothing; what
    is left of them."""
    now, terms, it = x.now[0], x.terms[0], x.pool[0]
    at_market = limit == 1 if size < 0 else limit == terms.ticks - 1
    part = pool.room(it, size) if at_market else pool.within(it, size, float(x.settlement[limit]))
    if part == 0 or (whole and part != size):
        return size
    units = pool.trade(it, part)
    now.last = min(max(math.floor(tick_of(x, float(units)) + 0.5), 1), terms.ticks - 1)
    if terms.record_fills:
        entry = x.fills[now.fills_kept]
        now.fills_kept += 1
        entry.step, entry.maker, entry.taker, entry.tick = now.step, POOL, account, now.last
        entry.contracts, entry.maker_lot, entry.taker_lot = part, -1, lot
    now.fills += 1
    now.volume += abs(part)
    book_side(x, account, lot, part, units, terms.taker_fee)
    fill(x, POOL, -part, units, 0.0)
    quote(x)
    return size - part


@kernel
def payable(x, lot, wanted, purse):
    """(contracts, loss of each) of a lot that the pool takes now at a loss which the purse can pay, units."""
    it, side = x.pool[0], -1 if lot.open > 0 else 1
    size = abs(pool.room(it, side * wanted))
    if size == 0:
        return size, 0.0
    loss = side * (float(pool.each(it, side * size)) - lot.bankruptcy_units)
    if loss > 0.0:
        size = min(size, math.floor(max(purse, 0.0) / loss))
    return size, loss


@kernel
def impact_price(x, side, units):
    """Average price of buying (1) or selling (-1) a notional of `units`; nan if the pool is too thin."""
    each = pool.impact_units(x.pool[0], side, units)
    return tick_of(x, each) * x.terms[0].tick if not math.isnan(each) else math.nan


@kernel
def depth(x, side, reach):
    """Contracts that move the price of buying (1) or selling (-1) by `reach`, relative."""
    return pool.depth(x.pool[0], side, reach)
