"""What traders send: submit, cancel, replace; resting, triggered and expiring orders; margin reserved by them.

An order is accepted when the initial margin and the taker fee of what it may open are covered at its own price.
Orders that only close the position reserve nothing, and may not trade beyond the price at which the position has
used up its collateral. Messages of one step are handled in an order drawn from each owner's own dice, so that
nobody is always first and a newcomer moves nobody else's place among the others.
"""

import math

import numpy as np

from sim import ladder, pooled
from sim.ahead import fetch, fetch_order, fetch_queues
from sim.book import closable, fillable, insert, remove, shrink, take
from sim.compiled import kernel
from sim.contract import MOST_UNITS
from sim.exchange import EXPIRY_SLOTS, GATHERED, STOPS
from sim.ledger import add_margin, deposit, equity
from sim.streams import PRIORITY, first_words, words4
from sim.ticks import tick_of

SUBMIT, CANCEL, CANCEL_ALL, REPLACE, DEPOSIT, ADD_MARGIN = 0, 1, 2, 3, 4, 5
"""Actions. The amount of the last two is in settlement units: coin from outside (negative takes it out), and free
balance to the isolated position."""
GTC, IOC, FOK, POST = 0, 1, 2, 3
"""How long an order stays: until cancelled, only now, all of it now or nothing, only as a maker."""
RISING, FALLING = 0, 1
"""A trigger fires once its source stands at or above, at or below, its tick."""
SUM, LARGER, NET, WORST = 0, 1, 2, 3
"""How resting orders are netted: places in `sim.margin.NETTINGS`."""
SLOT_BITS = 24
PLACE_BITS = 31
"""Of a place among the owners of a step, below the word it is ranked by."""

MESSAGE = np.dtype(
    [
        ("amount", np.int64),  # contracts, buys positive (or units); 0 with a trigger is an alarm that only wakes
        ("order", np.int64),  # id of the order to cancel or replace
        ("account", np.int32),
        ("tick", np.int32),  # limit, or trigger of a stop
        ("limit", np.int32),  # of a stop: limit once triggered
        ("lifetime", np.int32),  # steps; 0 until cancelled
        ("action", np.int8),
        ("tif", np.int8),
        ("trigger", np.int8),  # -1 none, else 2 * source + direction
        ("reduce_only", np.bool_),
    ],
    align=True,
)


@kernel
def tier(x, value, units):
    """Row of the tier table for a position worth `value`, or of as many contracts of `units` where those count."""
    row = 0
    if x.terms[0].tiers_in_contracts:
        value = math.floor(value / abs(units) + 0.5)
    while value > x.tiers[row, 0]:
        row += 1
    return row


@kernel
def opening(value, contracts, closing):
    """Units of `value` that remain when `closing` of the side's `contracts` only close the position."""
    if contracts == 0:
        return 0.0
    return value * (1.0 - min(contracts, max(closing, 0)) / contracts)


@kernel(inlined=True)
def reserved(x, i, buying, buying_value, selling, selling_value):
    """Units of notional that the resting orders of row `i` may open, sides netted as in `sim.margin.order_value`."""
    held, netting = x.accounts[i].contracts, x.terms[0].netting
    if netting == WORST:
        value = float(held) * abs(x.now[0].mark_units)
        return max(abs(value + buying_value), abs(value - selling_value)) - abs(value)
    buys = opening(buying_value, buying, -held)
    sells = opening(selling_value, selling, held)
    if netting == LARGER:
        return max(buys, sells)
    if netting == NET:
        opens = buying - max(-held, 0)
        buys *= max(opens - max(selling - max(held, 0), 0), 0) / max(opens, 1)
    return buys + sells


@kernel(inlined=True)
def affordable(x, i, size, tick):
    """Whether row `i` can reserve margin and fee for an order of `size` contracts at `tick`."""
    held, terms = x.reserved[i], x.terms[0]
    before, buying, selling, buying_value, selling_value = 0.0, 0, 0, 0.0, 0.0
    if x.accounts[i].orders >= 0:  # else nothing is reserved, nor has its row to come
        buying, selling = held.buying, held.selling
        buying_value, selling_value = float(held.buying_value), float(held.selling_value)
        before = reserved(x, i, buying, buying_value, selling, selling_value)
    value = abs(float(size) * float(x.settlement[tick]))
    if value + (buying_value if size > 0 else selling_value) >= MOST_UNITS:  # could not be counted where it rests
        return False
    buys, sells = buying + max(size, 0), selling - min(size, 0)
    after = reserved(
        x, i, buys, buying_value + (value if size > 0 else 0.0), sells, selling_value + (value if size < 0 else 0.0)
    )
    if after <= before:
        return True
    if abs(x.accounts[i].contracts) + buys + sells > terms.most_contracts:
        return False
    if terms.most_open_interest > 0.0 and x.now[0].open_interest >= terms.most_open_interest:
        return False
    rate = initial_rate(x, i, after)
    return after * (rate + terms.taker_fee) <= free_balance(x, i, rate)


@kernel
def initial_rate(x, i, reserving):
    """Initial margin rate of row `i` with its position and `reserving` units of orders: its own or the tier's."""
    position = float(abs(x.accounts[i].contracts * x.now[0].mark_units))
    return max(1.0 / np.float64(x.accounts[i].leverage), x.tiers[tier(x, position + reserving, x.now[0].mark_units), 2])


@kernel
def free_balance(x, i, rate):
    """Units of row `i` that are not set aside for its position; unrealised profit is not free, a loss is taken."""
    account = x.accounts[i]
    free = float(account.wallet)
    if account.cross:
        unrealised = float(equity(x, i, x.now[0].mark_units) - account.wallet - account.margin)
        free += min(0.0, unrealised) - rate * abs(account.cost)
    return free


@kernel
def move_coin(x, i, units):
    """Deposit `units` into row `i`; a withdrawal (negative) must leave what its orders and position reserve. Returns
    whether it did."""
    if units < 0:
        held = x.reserved[i]
        value = reserved(x, i, held.buying, float(held.buying_value), held.selling, float(held.selling_value))
        rate = initial_rate(x, i, value)
        if free_balance(x, i, rate) + units < value * (rate + x.terms[0].taker_fee):
            reject(x)
            return False
    deposit(x, i, units)
    return True


@kernel(inlined=True)
def solvent_limit(x, i, size, limit):
    """The `limit` of an order that closes, moved to where its owner could still pay for the close."""
    account, terms = x.accounts[i], x.terms[0]
    held = account.contracts
    if held == 0 or (held > 0) == (size > 0):
        return limit
    backing = float(equity(x, i, 0))
    sign = -1.0 if terms.inverse else 1.0
    closed = held - terms.taker_fee * abs(held) * sign
    beyond = limit - 1 if size < 0 else limit + 1
    if 1 <= beyond < terms.ticks and backing + closed * x.settlement[beyond] >= 0.0:
        return limit  # most could pay a tick further on: that needs no division
    at = tick_of(x, -backing / closed)
    return max(limit, math.ceil(at)) if size < 0 else min(limit, math.floor(at))


@kernel
def covered_limit(x, i, size, limit, dearest):
    """The `limit` of an order that opens and waits for an auction, moved to where its initial margin, at the `dearest`
    tick that it was checked at, still pays for what it would be under water the moment it filled."""
    if closable(x, i, size) == abs(size):
        return limit
    each = abs(float(x.settlement[dearest]))
    room = each * initial_rate(x, i, each * abs(size))
    at = tick_of(x, float(x.now[0].mark_units) + (room if size > 0 else -room))
    return min(max(limit, math.ceil(at)), x.terms[0].ticks - 1) if size < 0 else max(min(limit, math.floor(at)), 1)


@kernel
def reject(x):
    """Count a refused message."""
    x.now[0].rejected += 1
    return 0


@kernel(inlined=True)
def rest(x, account, size, tick, expires, reduce_only, lot, trigger, limit, immediate):
    """Put an order into a free slot and link it; returns its id."""
    now = x.now[0]
    o = now.free
    order = x.orders[o]
    now.free = order.next
    order.contracts, order.account, order.tick, order.limit = size, account, tick, limit
    order.expires, order.reduce_only, order.lot, order.trigger = expires, reduce_only, lot, trigger
    order.immediate = immediate
    order.serial = now.serial
    now.serial += 1
    insert(x, o)
    return (order.serial << SLOT_BITS) + o


@kernel
def within_band(x, size, tick):
    """The worst price of an order, moved to the edge of the band about the mark if it lies beyond."""
    mark, band = x.now[0].mark / x.terms[0].tick, x.terms[0].price_band
    if size > 0:
        return max(min(tick, math.floor(mark * (1.0 + band))), 1)
    return min(max(tick, math.ceil(mark * (1.0 - band))), x.terms[0].ticks - 1)


@kernel(inlined=True)
def submit(x, account, size, tick, tif, reduce_only, expires, lot):
    """Match an order and rest what is left if it may; returns the id of what rests, else 0. A pool rests nothing; with
    auctions, all of it waits for the next."""
    now, ticks = x.now[0], x.terms[0].ticks
    dearest = tick
    if reduce_only:
        part = closable(x, account, size)
        size = part if size > 0 else -part
    if size == 0 or tick < 1 or tick >= ticks:
        return reject(x)
    if lot < 0:
        best = min(max(now.ask if size > 0 else now.bid, 1), ticks - 1)
        dearest = min(tick, best) if size > 0 else max(tick, best)  # where it would start to trade
        if tif != IOC and abs(x.settlement[tick]) > abs(x.settlement[dearest]):
            dearest = tick
        if not reduce_only and not affordable(x, account, size, dearest):
            return reject(x)
        tick = solvent_limit(x, account, size, tick)
        if tick < 1:
            return reject(x)
    if x.terms[0].price_band > 0.0:
        tick = within_band(x, size, tick)
    if x.terms[0].pooled:
        left = size if tif == POST else pooled.take(x, account, lot, size, tick, tif == FOK)
        return reject(x) if left == size and lot < 0 else 0
    if x.terms[0].auction_steps > 0:
        if tif == FOK:
            return reject(x)
        if lot < 0 and not reduce_only:
            tick = covered_limit(x, account, size, tick, dearest)
        trigger = GATHERED if size > 0 else GATHERED + 1
        return rest(x, account, size, tick, expires, reduce_only, lot, trigger, dearest, tif == IOC)
    crosses = now.ask <= tick if size > 0 else now.bid >= tick
    if crosses:
        if tif == POST or (tif == FOK and not fillable(x, account, size, tick)):
            return reject(x)
        size = take(x, account, lot, size, tick)
    elif tif == FOK:
        return reject(x)
    if size == 0 or tif == IOC or tif == FOK:
        return 0
    return rest(x, account, size, tick, expires, reduce_only, lot, -1, 0, False)


@kernel
def find(x, account, order):
    """Slot of the order with id `order` if it is alive and belongs to `account`; else -1."""
    o = order & ((1 << SLOT_BITS) - 1)
    if order <= 0 or o >= len(x.orders):
        return -1
    return o if x.orders[o].serial == order >> SLOT_BITS and x.orders[o].account == account else -1


@kernel
def cancel_all(x, account):
    """Cancel every order of an account, stops included; returns how many."""
    count = 0
    while x.accounts[account].orders >= 0:
        remove(x, x.accounts[account].orders)
        count += 1
    return count


@kernel
def replace(x, message, expires):
    """Change price or size of an order: less at the same price keeps its place, anything else queues anew."""
    o = find(x, message.account, message.order)
    if o < 0:
        return reject(x)
    order = x.orders[o]
    same_side = (order.contracts > 0) == (message.amount > 0) and order.trigger < 0
    if same_side and order.tick == message.tick and abs(message.amount) <= abs(order.contracts):
        shrink(x, o, abs(order.contracts) - abs(message.amount))
        return message.order
    remove(x, o)
    return submit(x, message.account, message.amount, message.tick, message.tif, message.reduce_only, expires, -1)


@kernel(inlined=True)
def handle(x, message):
    """Act on one message."""
    now = x.now[0]
    now.messages += 1
    expires = now.step + message.lifetime if message.lifetime > 0 else -1
    if message.action == SUBMIT:
        now.submits += 1
        if message.trigger >= 0:
            place_stop(x, message, expires)
        else:
            submit(x, message.account, message.amount, message.tick, message.tif, message.reduce_only, expires, -1)
    elif message.action == CANCEL_ALL:
        now.cancels += cancel_all(x, message.account)
    elif message.action == CANCEL:
        o = find(x, message.account, message.order)
        if o >= 0:
            remove(x, o)
            now.cancels += 1
    elif message.action == REPLACE:
        now.submits += 1
        replace(x, message, expires)
    elif message.action == DEPOSIT:
        move_coin(x, message.account, message.amount)
    elif message.action == ADD_MARGIN:
        add_margin(x, message.account, message.amount)


@kernel
def place_stop(x, message, expires):
    """Rest a stop or an alarm until its trigger; one that may open reserves margin like a limit order."""
    opens = message.amount != 0 and not message.reduce_only
    valid = 1 <= message.tick < x.terms[0].ticks and 1 <= message.limit < x.terms[0].ticks
    if not valid or (opens and not affordable(x, message.account, message.amount, message.limit)):
        reject(x)
        return
    rest(
        x, message.account, message.amount, message.tick, expires, not opens, -1, message.trigger, message.limit, False
    )


@kernel
def fire(x, source, tick):
    """Turn every stop whose source now stands at `tick` into an order: at its limit, or at market if that is an
    end of the ladder. An alarm wakes its owner."""
    ticks = x.terms[0].ticks
    for direction in range(2):
        row = STOPS + 2 * source + direction
        while True:
            if direction == RISING:
                at = ladder.above(x.bits[row], ticks, 0)
                due = at <= tick and at < ticks
            else:
                at = ladder.below(x.bits[row], ticks, ticks - 1)
                due = at >= tick and at >= 0
            if not due:
                break
            o = x.heads[row, at]
            order = x.orders[o]
            account, size, limit = order.account, order.contracts, order.limit
            expires, reduce_only = order.expires, order.reduce_only
            remove(x, o)
            x.now[0].stopped += 1
            if size == 0:
                wake(x, account)
            else:
                tif = IOC if limit == 1 or limit == ticks - 1 else GTC
                submit(x, account, size, limit, tif, reduce_only, expires, -1)


@kernel
def wake(x, i):
    """Put row `i` among those who look at the market in the next step."""
    account = x.accounts[i]
    if not account.woken:
        account.woken = True
        x.woken[x.now[0].woken] = i
        x.now[0].woken += 1


@kernel
def expire(x):
    """Cancel the orders whose lifetime ends in this step."""
    now = x.now[0]
    o = x.expiry[now.step % EXPIRY_SLOTS]
    while o >= 0:
        after = x.orders[o].expiry_next
        if x.orders[o].expires == now.step:
            remove(x, o)
            now.cancels += 1
        o = after


@kernel
def drawn_order(x, messages, count, first_rows):
    """Owner, first message and the one after the last of each run of one owner's messages, (runs,) each, in the order
    drawn from the owners' dice. The rows of a crowd lie together, so its key is looked up once for all of them."""
    owners, begins = np.empty(count, np.int32), np.empty(count + 1, np.int32)
    rows, keys = np.empty(count, np.uint64), np.empty((2, count), np.uint64)
    runs, owner, low, high, crowd = 0, -1, 0, 0, 0
    for m in range(count):
        fetch(messages, min(m + 32, count - 1))
        if messages[m].account == owner:
            continue
        owner = messages[m].account
        if owner < low or owner >= high:
            crowd = x.accounts[owner].crowd
            low = first_rows[crowd]
            high = first_rows[crowd + 1] if crowd + 1 < len(first_rows) else len(x.accounts)
        owners[runs], begins[runs], rows[runs] = owner, m, owner - low
        keys[0, runs], keys[1, runs] = x.keys[crowd, 0], x.keys[crowd, 1]
        runs += 1
    begins[runs] = count
    order = by_rank(first_words(keys, rows[:runs], x.now[0].step, PRIORITY))
    drawn, firsts, beyonds = np.empty(runs, np.int32), np.empty(runs, np.int32), np.empty(runs, np.int32)
    for k in range(runs):
        r = order[k]
        drawn[k], firsts[k], beyonds[k] = owners[r], begins[r], begins[r + 1]
    return drawn, firsts, beyonds


@kernel
def by_rank(ranks):
    """Places of words of 32 bits from the lowest up; equal ones stay in order.

    The words are evenly spread, so two buckets for each all but sort them; one insertion pass finishes.
    """
    count = len(ranks)
    ends, order = np.zeros(2 * count + 1, np.int32), np.empty(count, np.int64)
    for r in range(count):
        ends[(ranks[r] * count >> 31) + 1] += 1
    for b in range(2 * count):
        ends[b + 1] += ends[b]
    for r in range(count):
        bucket = ranks[r] * count >> 31
        order[ends[bucket]] = (ranks[r] << PLACE_BITS) + r
        ends[bucket] += 1
    for r in range(1, count):
        ranked, at = order[r], r
        while at > 0 and order[at - 1] > ranked:
            order[at] = order[at - 1]
            at -= 1
        order[at] = ranked
    for r in range(count):
        order[r] &= (1 << PLACE_BITS) - 1
    return order


@kernel
def refused_share(x, messages, count):
    """Share of the orders of a step that exceed what the venue can take in."""
    if count <= x.terms[0].capacity:
        return 0.0
    orders = 0
    for m in range(count):
        orders += messages[m].action == SUBMIT or messages[m].action == REPLACE
    return max(0.0, 1.0 - x.terms[0].capacity / orders) if orders > 0 else 0.0


@kernel
def overload(x, message, sent, first_rows, share):
    """Whether an overloaded venue refuses the owner's `sent`-th message of the step; cancels always pass."""
    if message.action != SUBMIT and message.action != REPLACE:
        return False
    crowd = x.accounts[message.account].crowd
    row = message.account - first_rows[crowd]
    drawn = words4(x.keys[crowd, 0], x.keys[crowd, 1], row, x.now[0].step, sent, PRIORITY)
    return drawn[0] < share * 4294967296.0


@kernel(inlined=True)
def look_ahead(x, messages, first, soon, sooner, soonest):
    """Ask for what is needed next: the messages from `first` on, and their owner's rows; after these the first order of
    row `sooner` and the queues of all of row `soonest`."""
    last = len(messages) - 1
    fetch(messages, first)
    fetch(messages, min(first + 1, last))
    fetch(messages, min(first + 2, last))
    fetch(x.accounts, soon)
    fetch(x.reserved, soon)
    fetch_order(x, sooner)
    fetch_queues(x, soonest)


@kernel
def act(x, messages, count, first_rows):
    """Handle the `count` messages of a step: each owner's in a row, the owners in an order drawn from their dice.

    Above the venue's capacity each order is refused at random with the excess share.
    first_rows: (crowds,) first account of each crowd, so that dice count accounts within their crowd.
    """
    share = refused_share(x, messages, count)
    owners, begins, ends = drawn_order(x, messages, count, first_rows)
    last = len(owners) - 1
    for k in range(len(owners)):  # rows are asked for by number: arrays given away in a loop are counted each time
        soon, sooner, soonest = min(k + 16, last), min(k + 8, last), min(k + 4, last)
        look_ahead(x, messages, begins[soon], owners[soon], owners[sooner], owners[soonest])
        for m in range(begins[k], ends[k]):
            if share > 0.0 and overload(x, messages[m], m - begins[k] + 1, first_rows, share):
                x.now[0].messages += 1
                x.now[0].overloaded += 1
            else:
                handle(x, messages[m])


@kernel
def shortage(x, count):
    """(orders, fills) slots that `count` messages, the engine, and reductions of every account in the next step could
    need at most; 0 where there are enough."""
    now = x.now[0]
    open_lots = now.lots - now.first_lot
    slots = now.resting + count + open_lots
    fills = now.fills_kept + slots + open_lots + len(x.accounts) if x.terms[0].record_fills else 0
    return slots if slots > len(x.orders) else 0, fills if fills > len(x.fills) else 0
