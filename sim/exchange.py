"""The arrays of one exchange, bundled so that every kernel takes them as its first argument `x`."""

from collections import namedtuple

import numpy as np

from sim import ladder
from sim.bundle import Bundle
from sim.ledger import RESERVED, RESERVED_ROWS, RISK, new_accounts
from sim.pool import POOL
from sim.room import longer, zeros
from sim.wheel import CLOCK

LONGS, SHORTS, STOPS = 0, 1, 2
"""Rows of `heads`: accounts filed by trigger, longs and shorts; then stop orders, one row for each source and
direction (STOPS + 2 * source + falling); then orders that wait for an auction, bids and offers."""
MARK, INDEX, LAST = 0, 1, 2
GATHERED = 6
"""Trigger of a buy order that waits for an auction, filed like a stop; of a sell order it is one more."""
BOOK = 10
"""Row of `bits` that says which ticks hold resting orders; the others are those of `heads`."""
EXPIRY_SLOTS = 4096
OF_ACCOUNTS = "accounts reserved risk clocks dirty woken".split()
"""The arrays with a row for each account."""

ORDER = np.dtype(
    [
        ("contracts", np.int64),  # contracts left, buys positive
        ("serial", np.int64),  # unique over the run; 0 when the slot is free
        ("account", np.int32),
        ("tick", np.int32),  # limit; of a stop its trigger
        ("limit", np.int32),  # of a stop: limit once triggered; of a gathered order, where margin is reckoned
        ("lot", np.int32),  # of the liquidation engine: the lot it closes; else -1
        ("prev", np.int32),  # in the queue of its tick
        ("next", np.int32),
        ("own_prev", np.int32),  # among the owner's orders
        ("own_next", np.int32),
        ("expires", np.int32),  # step at which it is cancelled; -1 never
        ("expiry_prev", np.int32),  # in its slot of the expiry wheel
        ("expiry_next", np.int32),
        ("trigger", np.int8),  # -1 resting in the book; else row of `heads` less STOPS
        ("reduce_only", np.bool_),
        ("immediate", np.bool_),  # of a gathered order: what the auction leaves of it does not rest
    ],
    align=True,
)

LEVEL = np.dtype([("contracts", np.int64), ("head", np.int32), ("tail", np.int32)], align=True)

FILL = np.dtype(
    [
        ("step", np.int32),
        ("maker", np.int32),
        ("taker", np.int32),
        ("tick", np.int32),
        ("contracts", np.int64),  # contracts the taker buys
        ("maker_lot", np.int32),
        ("taker_lot", np.int32),
    ],
    align=True,
)

LOT = np.dtype(
    [
        ("contracts", np.int64),  # taken over, longs positive
        ("cost", np.int64),  # taken over with them, units
        ("margin", np.int64),
        ("open", np.int64),  # contracts not yet closed
        ("open_cost", np.int64),
        ("open_margin", np.int64),
        ("realised", np.int64),  # paid into the fund by closing it, units; negative is a draw
        ("deleveraged", np.int64),  # contracts closed against winners, not in the book
        ("mark", np.float64),
        ("bankruptcy_units", np.float64),  # S at which margin and cost are used up
        ("impact_usd", np.float64),  # mid after less before its own fills, so far
        ("live_usd", np.float64),  # of that, what has not yet decayed
        ("live_spot_usd", np.float64),  # the same of the index, by spot trades that answered it
        ("order", np.int64),  # id of the order that rests for it; 0 none
        ("account", np.int32),
        ("parent", np.int32),  # lot whose impact made it happen; -1 an immigrant
        ("step", np.int32),
        ("closed_step", np.int32),  # -1 while open
        ("again", np.bool_),  # a further part of a liquidation that an earlier lot began
        ("taken_over", np.bool_),  # by the engine; else closed by an order in the account's own name
        ("unpaid", np.bool_),  # the fund cannot pay for closing it in the book
    ],
    align=True,
)

NOW = np.dtype(
    [
        (name, np.int64)
        for name in (
            "step long_index short_index mark_units bid ask last mark_tick index_tick free resting serial dirty lots "
            "first_lot first_live unpaid woken collected halted fills fills_kept messages submits cancels volume "
            "rejected overloaded self_trades open_interest liquidations liquidated fund_draw fund_gain engine_funding "
            "deleveraged stopped fund_kept"
        ).split()
    ]
    + [
        (name, np.float64)
        for name in (
            "time_s mark shadow_mark index mid impact_bid impact_ask depth_bid depth_ask funding_rate "
            "to_funding_s highest_mark variance draw_left promised live_usd live_spot_usd"
        ).split()
    ]
)

Now = namedtuple("Now", NOW.names)
"""What changes, as plain numbers: `snapshot(x)`."""

TERMS = np.dtype(
    [
        (name, np.float64)
        for name in (
            "tick unit scale power index_scale maker_fee taker_fee closing_fee impact_units depth_reach step_s "
            "capacity engine_rate draw_rate draw_limit live_decay rest_steps volatility_decay slice_contracts "
            "slice_fraction slices_a_step slice_from_units target takeover_below liquidation_fee closer_fee adjustment "
            "spread tiers_down most_open_interest price_band"
        ).split()
    ]
    + [
        (name, np.int64)
        for name in (
            "ticks inverse entry_basis netting prevention rests absorbs socialises record_fills most_contracts pays "
            "pooled tiers_in_contracts liquidation_style liquidation_limit residual_to_trader backstop_keeps_margin "
            "whole_below auction_steps"
        ).split()
    ]
)


class Exchange(Bundle):
    """State of one exchange.

    accounts:   (accounts,) ACCOUNT   the ledger; the first RESERVED_ROWS belong to the venue
    reserved:   (accounts,) RESERVED  what resting orders may open
    risk:       (accounts,) RISK      where the risk engine filed the position
    clocks:     (accounts,) CLOCK     when its owner next looks at the market
    orders:     (orders,) ORDER       resting orders, a pool of slots
    levels:     (ticks,) LEVEL        queue of each tick
    heads:      (10, ticks)           first account, stop or gathered order filed under each tick; -1 none
    bits:       (11, words)           which ticks of `heads` and of the book are occupied
    expiry:     (EXPIRY_SLOTS,)       first order that may expire in each slot; -1 none
    settlement: (ticks,)              S of every tick, units per contract, rising
    tiers:      (tiers, 4)            limit (units), maintenance rate, initial rate, deduction (units)
    keys:       (crowds, 2)           key of each crowd's dice
    lots:       (lots,) LOT           every takeover of the run
    dirty:      (accounts,)           rows the risk engine has to file again
    woken:      (accounts,)           rows woken by a fill or an alarm
    fills:      (fills,) FILL         fills of this step, where they are recorded
    pool:       (1,) POOL             what trades with everybody where there is no book
    now:        (1,) NOW              what changes
    terms:      (1,) TERMS            what does not
    """


def records(count, dtype):
    """(count,) zeroed records whose fields are attributes."""
    return zeros(count, dtype)


def new_exchange(settlement, tiers):
    """An exchange without traders whose book quotes the ticks of `settlement`."""
    ticks = len(settlement)
    levels = records(ticks, LEVEL)
    levels.head = levels.tail = -1
    x = Exchange(
        accounts=new_accounts(RESERVED_ROWS),
        reserved=records(RESERVED_ROWS, RESERVED),
        risk=records(RESERVED_ROWS, RISK),
        clocks=records(RESERVED_ROWS, CLOCK),
        orders=records(0, ORDER),
        levels=levels,
        heads=np.full((BOOK, ticks), -1, np.int32),
        bits=np.zeros((BOOK + 1, ladder.words(ticks)), np.int64),
        expiry=np.full(EXPIRY_SLOTS, -1, np.int32),
        settlement=settlement,
        tiers=tiers,
        keys=np.zeros((0, 2), np.uint64),
        lots=records(0, LOT),
        dirty=np.zeros(RESERVED_ROWS, np.int32),
        woken=np.zeros(RESERVED_ROWS, np.int32),
        fills=records(0, FILL),
        pool=records(1, POOL),
        now=records(1, NOW),
        terms=records(1, TERMS),
    )
    now, terms = x.now[0], x.terms[0]
    now.free, now.bid, now.ask, now.last, now.serial = -1, -1, ticks, -1, 1
    now.mark_tick = now.index_tick = -1
    terms.ticks = ticks
    x.risk.bucket = -1
    return with_orders(x, 1024)


def grown(array, count):
    """A longer copy of an array, zeros behind."""
    copy = zeros(count, array.dtype)
    copy[: len(array)] = array
    return copy


def with_orders(x, count):
    """The exchange with room for `count` orders, the new slots chained into the free list."""
    had = len(x.orders)
    orders = grown(x.orders, count)
    orders.next[had:] = np.arange(had + 1, count + 1)
    orders.next[count - 1] = x.now[0].free
    x.now[0].free = had
    return x.replace(orders=orders)


def with_accounts(x, accounts):
    """The exchange with further account rows."""
    had, x = len(x.accounts), with_room(x, len(accounts))
    x.accounts[had:] = accounts
    return x


def with_room(x, count):
    """The exchange with `count` further account rows, empty."""
    had, total = len(x.accounts), len(x.accounts) + count
    x = x.replace(**{name: longer(getattr(x, name), total) for name in OF_ACCOUNTS})
    x.accounts[had:] = new_accounts(1)
    x.risk.bucket[had:] = -1
    return x


def snapshot(x):
    """What `x.now` holds, as a tuple of plain numbers with names; far cheaper than asking it field by field."""
    return Now._make(x.now.item())
