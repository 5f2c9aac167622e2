"""Who must be liquidated, found by price; `sim.forced` says how.

A position is filed under the tick at which it might have to be liquidated: its trigger, or the end of its margin
tier if losses reach that first and what is asked beyond it may be more. The tick is that of S - G, so a funding
payment moves one threshold and no account. A bucket says when a position is looked at; its exact equity decides.
"""

import math

import numpy as np

from sim import ladder
from sim.ahead import fetch, fetch_order, fetch_queues, fetch_second_order
from sim.backing import backing, doomed
from sim.compiled import kernel
from sim.exchange import LONGS, SHORTS
from sim.forced import force
from sim.ledger import RESERVED_ROWS
from sim.orders import tier
from sim.ticks import tick_of

DONE, FULL = 0, 1
"""How a round of takeovers ends: all done, or nothing done for want of room for lots (make room and call again)."""


@kernel(inlined=True)
def trigger_units(x, i, row):
    """S at which row `i`, in that row of the tiers, must next be looked at: where its maintenance binds, or where the
    tier ends."""
    account, terms = x.accounts[i], x.terms[0]
    held = float(account.contracts)
    rate, deduction = x.tiers[row, 1] + terms.closing_fee, x.tiers[row, 3]
    fixed = float(backing(x, i, 0))
    sign = -1.0 if terms.inverse else 1.0
    if terms.entry_basis:
        at = (rate * abs(float(account.cost)) - deduction - fixed) / held
    else:
        at = -(fixed + deduction) / (held - rate * abs(held) * sign)
    if terms.tiers_in_contracts:
        return at
    if held * sign < 0.0:  # losses raise the value: the next tier may come first
        ends = sign * x.tiers[row, 0] / abs(held)
    elif row > 0 and deduction > 0.0:  # they lower it, and the tier below asks for more than this one would there
        ends = sign * x.tiers[row - 1, 0] / abs(held)
    else:
        return at
    return max(at, ends) if held > 0.0 else min(at, ends)


@kernel(inlined=True)
def fragile(x, i, row):
    """Whether row `i`, in that row of the tiers, could be liquidated by winning: its value then grows into tiers whose
    maintenance jumps."""
    account, terms = x.accounts[i], x.terms[0]
    held = float(account.contracts)
    sign = -1.0 if terms.inverse else 1.0
    if held * sign < 0.0 or terms.tiers_in_contracts:
        return False
    fixed, most = float(backing(x, i, 0)), abs(held) * abs(x.settlement[1 if terms.inverse else terms.ticks - 1])
    while row + 1 < len(x.tiers) and x.tiers[row, 0] < most:
        value = x.tiers[row, 0]
        base = abs(float(account.cost)) if terms.entry_basis else value
        if fixed + value < base * (x.tiers[row + 1, 1] + terms.closing_fee) - x.tiers[row + 1, 3]:
            return True
        row += 1
    return False


@kernel
def unfile(x, i):
    """Take row `i` out of its bucket."""
    filed = x.risk[i]
    if filed.bucket < 0:
        return
    row = filed.bucket & 1
    tick = filed.bucket >> 1
    if filed.bucket_prev >= 0:
        x.risk[filed.bucket_prev].bucket_next = filed.bucket_next
    else:
        x.heads[row, tick] = filed.bucket_next
        if filed.bucket_next < 0:
            ladder.discard(x.bits[row], x.terms[0].ticks, tick)
    if filed.bucket_next >= 0:
        x.risk[filed.bucket_next].bucket_prev = filed.bucket_prev
    filed.bucket = -1


@kernel
def file(x, i):
    """Put row `i` into the bucket of its trigger, a tick on the early side."""
    account, filed, now = x.accounts[i], x.risk[i], x.now[0]
    row, tick = -1, 0
    if account.contracts != 0 and i >= RESERVED_ROWS:
        row = LONGS if account.contracts > 0 else SHORTS
        held_in = tier(x, abs(float(account.contracts) * now.mark_units), now.mark_units)
        at = tick_of(x, trigger_units(x, i, held_in) - (now.long_index if row == LONGS else now.short_index))
        last = x.terms[0].ticks - 1
        tick = min(math.ceil(at) + 1, last) if row == LONGS else max(math.floor(at) - 1, 0)
        if fragile(x, i, held_in):  # looked at on every mark
            tick = last if row == LONGS else 0
    if row >= 0 and filed.bucket == tick * 2 + row:
        return
    unfile(x, i)
    if row < 0:
        return
    filed.bucket = tick * 2 + row
    head = x.heads[row, tick]
    filed.bucket_prev, filed.bucket_next = -1, head
    if head >= 0:
        x.risk[head].bucket_prev = i
    else:
        ladder.add(x.bits[row], x.terms[0].ticks, tick)
    x.heads[row, tick] = i


@kernel
def file_touched(x):
    """File every row that changed since the last call."""
    now = x.now[0]
    for k in range(now.dirty):
        i = x.dirty[k]
        x.accounts[i].touched = False
        file(x, i)
    now.dirty = 0


@kernel
def file_all(x):
    """File every position anew; due when funding was paid, which moves the threshold but not quite every trigger."""
    for i in range(RESERVED_ROWS, len(x.accounts)):
        if x.accounts[i].contracts != 0:
            file(x, i)


@kernel
def liquidate(x, first_rows):
    """One round at the present mark: every position that no longer covers its maintenance is reduced or taken over.

    Returns DONE, or FULL before it does anything when there is not room for two lots of every position looked at: a
    round that was broken off would file again who traded with it, and so depend on the room there was.
    """
    now, ticks = x.now[0], x.terms[0].ticks
    file_touched(x)
    low = math.floor(tick_of(x, float(now.mark_units - now.long_index)))
    high = math.ceil(tick_of(x, float(now.mark_units - now.short_index)))
    rows = np.empty(at_risk(x, low, high, np.empty(0, np.int64)), np.int64)
    if now.lots + 2 * len(rows) > len(x.lots):
        return FULL
    at_risk(x, low, high, rows)
    tick, seen = ladder.below(x.bits[LONGS], ticks, ticks - 1), 0
    while tick >= low:
        seen = look(x, x.heads[LONGS, tick], first_rows, rows, seen)
        tick = ladder.below(x.bits[LONGS], ticks, tick - 1)
    tick = ladder.above(x.bits[SHORTS], ticks, 0)
    while tick <= high and tick < ticks:
        seen = look(x, x.heads[SHORTS, tick], first_rows, rows, seen)
        tick = ladder.above(x.bits[SHORTS], ticks, tick + 1)
    file_touched(x)
    return DONE


@kernel
def at_risk(x, low, high, rows):
    """How many positions are filed where a mark between those ticks has them looked at; as many as there is room for
    are written into `rows`, in the order in which they are."""
    ticks, count = x.terms[0].ticks, 0
    tick = ladder.below(x.bits[LONGS], ticks, ticks - 1)
    while tick >= low:
        count = listed(x, x.heads[LONGS, tick], rows, count)
        tick = ladder.below(x.bits[LONGS], ticks, tick - 1)
    tick = ladder.above(x.bits[SHORTS], ticks, 0)
    while tick <= high and tick < ticks:
        count = listed(x, x.heads[SHORTS, tick], rows, count)
        tick = ladder.above(x.bits[SHORTS], ticks, tick + 1)
    return count


@kernel
def listed(x, i, rows, count):
    """Write the bucket that begins with row `i` behind the first `count` of `rows`; returns the new count."""
    while i >= 0:
        if count < len(rows):
            rows[count] = i
        count += 1
        i = x.risk[i].bucket_next
    return count


@kernel
def look(x, i, first_rows, rows, seen):
    """Look at every position of a bucket, first to last; returns how many were seen so far.

    rows: those that are likely to be next, from the `seen`-th on
    """
    units = x.now[0].mark_units
    while i >= 0:
        look_ahead(x, rows, seen)
        seen += 1
        after = x.risk[i].bucket_next
        if doomed(x, i, units):
            force(x, i, first_rows)
        else:
            x.accounts[i].forced = 0
            file(x, i)
        i = after
    return seen


@kernel
def look_ahead(x, rows, seen):
    """Ask for what the looks after the `seen`-th will need: the account, its first two orders, the queues of all."""
    if seen + 32 < len(rows):
        fetch(x.accounts, rows[seen + 32])
    if seen + 24 < len(rows):
        fetch(x.reserved, rows[seen + 24])
        fetch_order(x, rows[seen + 24])
    if seen + 16 < len(rows):
        fetch_second_order(x, rows[seen + 16])
    if seen + 8 < len(rows):
        fetch_queues(x, rows[seen + 8])
