"""Accounts, the book and its orders in plain Python: the slow twin that the kernels must agree with.

It is written to be read, not to be fast: integers, dictionaries and lists, and whatever can be looked up is
looked up again instead of being kept. A size or a position is a signed number of contracts, buys and longs
positive; an amount is whole settlement units. Rounding is the venue's: fees to the nearest unit, half up;
what a partial close releases, down.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from math import floor
from types import SimpleNamespace

from sim.ledger import ENGINE, EXCHANGE, FUND, RESERVED_ROWS
from sim.margin import NETTINGS
from sim.orders import (
    ADD_MARGIN,
    CANCEL,
    CANCEL_ALL,
    DEPOSIT,
    FOK,
    GTC,
    IOC,
    POST,
    REPLACE,
    SLOT_BITS,
    SUBMIT,
)
from sim.streams import PRIORITY, words4

CANCEL_RESTING, CANCEL_TAKING, DECREMENT = range(3)


@dataclass(eq=False)
class Account:
    leverage: float = 1.0
    cross: bool = True  # the whole wallet backs the position
    alert: bool = False  # wake the owner on fills
    wallet: int = 0
    margin: int = 0  # set aside for an isolated position
    contracts: int = 0
    cost: int = 0  # sum of -contracts * S over the fills of the open position
    seen: int = 0  # funding index when funding was last booked
    deposits: int = 0
    liquidations: int = 0
    forced: bool = False  # being liquidated since an earlier mark


@dataclass(eq=False)
class Order:
    serial: int
    account: int
    size: int
    tick: int  # limit, or trigger of a stop
    limit: int = 0  # of a stop, once triggered
    expires: int | None = None
    reduce_only: bool = False
    lot: int = -1  # of the engine's, that it closes
    trigger: int | None = None  # of a stop: 2 * source + falling

    @property
    def price(self):
        """The tick at which it trades at worst."""
        return self.tick if self.trigger is None else self.limit


@dataclass(eq=False)
class Trading:
    """Everything that traders do to each other.

    settlement: S of every tick; tiers: rows of (limit, maintenance rate, initial rate, deduction) in units
    """

    terms: object
    settlement: list
    tiers: list
    accounts: list
    keys: tuple = (0, 0)
    step: int = 0
    funding_index: int = 0
    mark_units: int = 0
    last: int = -1
    serial: int = 1
    orders: dict = field(default_factory=dict)  # by serial, oldest first
    queues: dict = field(default_factory=lambda: defaultdict(list))  # orders at each tick, first in line first
    fills: list = field(default_factory=list)
    touched: list = field(default_factory=list)
    woken: list = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)

    # ---- accounts

    def touch(self, i):
        """Book the funding that an account owes; the fund pays what the engine owes."""
        account = self.accounts[i]
        owed = account.contracts * (self.funding_index - account.seen)
        account.seen = self.funding_index
        if i == ENGINE:
            self.accounts[FUND].wallet -= owed
            self.counts["engine_funding"] -= owed
        elif account.cross:
            account.wallet -= owed
        else:
            account.margin -= owed
        if i not in self.touched:
            self.touched.append(i)

    def fill(self, i, size, units, fee_rate):
        """Pay the fee, close what the fill closes, open what is left of it."""
        self.touch(i)
        account = self.accounts[i]
        fee = floor(abs(size * units) * fee_rate + 0.5)
        account.wallet -= fee
        self.accounts[EXCHANGE].wallet += fee
        closing = self.closable(i, size)
        if closing:
            self.close(account, closing if size > 0 else -closing, units)
        if abs(size) > closing:
            self.open(account, size - closing if size > 0 else size + closing, units)
        if account.wallet < 0 < account.margin:  # the margin pays what the wallet cannot
            paid = min(-account.wallet, account.margin)
            account.wallet += paid
            account.margin -= paid

    def close(self, account, size, units):
        """A part of the position takes its share of cost and margin with it, rounded down."""
        part, whole = abs(size), abs(account.contracts)
        cost, margin = account.cost * part // whole, account.margin * part // whole
        account.cost -= cost
        account.margin -= margin
        account.contracts += size
        account.wallet += cost + margin - size * units

    def open(self, account, size, units):
        """An isolated position takes its initial margin from the wallet, as far as there is one."""
        account.contracts += size
        account.cost -= size * units
        if not account.cross:
            moved = min(floor(abs(size * units) / account.leverage), max(account.wallet, 0))
            account.wallet -= moved
            account.margin += moved

    def closable(self, i, size):
        """Contracts of an order of `size` that would only reduce the position."""
        held = self.accounts[i].contracts
        return min(abs(held), abs(size)) if held * size < 0 else 0

    def equity(self, i, units):
        """Everything the account is worth when a contract is worth `units`."""
        account = self.accounts[i]
        owed = account.contracts * (self.funding_index - account.seen)
        return account.wallet + account.margin + account.cost + account.contracts * units - owed

    def move_coin(self, i, amount):
        """A deposit; a withdrawal must leave what orders and position need."""
        if amount < 0:
            needed = self.reserved(i)
            rate = self.initial_rate(i, needed)
            if self.free_balance(i, rate) + amount < needed * (rate + self.terms.taker_fee):
                return self.refuse()
        self.touch(i)
        self.accounts[i].wallet += amount
        self.accounts[i].deposits += amount

    def add_margin(self, i, amount):
        """From the wallet to the isolated position, as far as there is one."""
        self.touch(i)
        account = self.accounts[i]
        moved = min(amount, account.wallet)
        if moved > 0 and account.contracts and not account.cross:
            account.wallet -= moved
            account.margin += moved

    # ---- margin of orders

    def tier(self, value):
        """The margin tier of a position worth `value` units, or of as many contracts at the mark."""
        if self.terms.tiers_in_contracts:
            value = floor(value / abs(self.mark_units) + 0.5)
        return next(row for row, (limit, *_) in enumerate(self.tiers) if value <= limit)

    def reserved(self, i, size=0, tick=0):
        """Units of notional that the account's orders may open, with one more of `size` at `tick`."""
        orders = [(o.size, o.price) for o in self.orders.values() if o.account == i and not o.reduce_only]
        held, opens, sides, whole = self.accounts[i].contracts, [], [], []
        for sign in (1, -1):
            side = [(abs(s), abs(s * self.settlement[t])) for s, t in [*orders, (size, tick)] if s * sign > 0]
            contracts, value = sum(c for c, _ in side), float(sum(v for _, v in side))
            closing = min(contracts, max(-sign * held, 0))
            opens.append(contracts - closing)
            sides.append(value * (1.0 - closing / contracts) if contracts else 0.0)
            whole.append(value)
        netting = NETTINGS[self.terms.netting]
        if netting == "worst":
            value = float(held) * abs(self.mark_units)
            return max(abs(value + whole[0]), abs(value - whole[1])) - abs(value)
        if netting == "net":
            sides[0] *= max(opens[0] - opens[1], 0) / max(opens[0], 1)
        return max(sides) if netting == "larger" else sides[0] + sides[1]

    def initial_rate(self, i, value):
        """The rate the account chose by its leverage, or its tier's if that is more."""
        position = float(abs(self.accounts[i].contracts * self.mark_units))
        return max(1.0 / self.accounts[i].leverage, self.tiers[self.tier(position + value)][2])

    def free_balance(self, i, rate):
        """The wallet; under cross margin less a loss not yet realised and the margin of the position."""
        account = self.accounts[i]
        if not account.cross:
            return float(account.wallet)
        unrealised = self.equity(i, self.mark_units) - account.wallet - account.margin
        return account.wallet + min(0.0, unrealised) - rate * abs(account.cost)

    def affordable(self, i, size, tick):
        """Whether wallet and limits allow what an order would open beyond those that rest."""
        before, after = self.reserved(i), self.reserved(i, size, tick)
        if after <= before:
            return True
        resting = sum(abs(o.size) for o in self.orders.values() if o.account == i and not o.reduce_only)
        if abs(self.accounts[i].contracts) + resting + abs(size) > self.terms.most_contracts:
            return False
        rate = self.initial_rate(i, after)
        return after * (rate + self.terms.taker_fee) <= self.free_balance(i, rate)

    def solvent_limit(self, i, size, limit):
        """The limit of an order that closes, no worse than where closing the whole position leaves nothing."""
        if not self.closable(i, size):
            return limit
        held, backing = self.accounts[i].contracts, self.equity(i, 0)

        def left(units):
            return backing + held * units - self.terms.taker_fee * abs(held * units)

        ticks = self.terms.ticks
        if size < 0:
            return max(limit, min(bisect_left(self.settlement, 0, key=left), ticks - 1))
        return min(limit, bisect_right(self.settlement, 0, key=lambda units: -left(units)) - 1)

    # ---- the book

    @property
    def bid(self):
        """The best bid; -1 where there is none."""
        return max((tick for tick, queue in self.queues.items() if queue[0].size > 0), default=-1)

    @property
    def ask(self):
        """The best ask; `ticks` where there is none."""
        return min((tick for tick, queue in self.queues.items() if queue[0].size < 0), default=self.terms.ticks)

    def crosses(self, size, limit):
        """Whether an order would trade."""
        return self.ask <= limit if size > 0 else self.bid >= limit

    def rest(self, order):
        """Put an order last in line at its tick, or among the stops."""
        self.serial += 1
        self.orders[order.serial] = order
        if order.trigger is None:
            self.queues[order.tick].append(order)
        return order

    def remove(self, order):
        """Take an order out."""
        del self.orders[order.serial]
        if order.trigger is None:
            self.queues[order.tick].remove(order)
            if not self.queues[order.tick]:
                del self.queues[order.tick]

    def shrink(self, order, contracts):
        """Take contracts off an order, which keeps its place until none are left."""
        order.size -= contracts if order.size > 0 else -contracts
        if order.size == 0:
            self.remove(order)

    def take(self, i, lot, size, limit):
        """Trade at the best price first, there with the first in line; return what is left."""
        while size and self.crosses(size, limit):
            order = self.queues[self.ask if size > 0 else self.bid][0]
            part = min(abs(size), abs(order.size))
            if order.reduce_only:
                part = min(part, self.closable(order.account, order.size))
            if order.account == i and lot < 0:
                size = self.meet_self(order, size)
            elif part == 0:  # a reduce-only order whose position is gone
                self.remove(order)
            else:
                self.trade(order, i, lot, part if size > 0 else -part)
                size -= part if size > 0 else -part
        return size

    def meet_self(self, order, size):
        """What is left of an order of `size` that meets its owner's."""
        self.counts["self_trades"] += 1
        if self.terms.prevention == CANCEL_RESTING:
            self.remove(order)
            return size
        if self.terms.prevention == CANCEL_TAKING:
            return 0
        common = min(abs(size), abs(order.size))
        self.shrink(order, common)
        return size - common if size > 0 else size + common

    def trade(self, order, taker, lot, size):
        """One fill, at the maker's price: the taker buys `size`."""
        maker, tick, maker_lot = order.account, order.tick, order.lot
        self.fills.append((maker, taker, tick, size, maker_lot, lot))
        self.counts["fills"] += 1
        self.counts["volume"] += abs(size)
        self.last = tick
        self.shrink(order, abs(size))
        self.settle(taker, lot, size, tick, self.terms.taker_fee)
        self.settle(maker, maker_lot, -size, tick, self.terms.maker_fee)

    def settle(self, i, lot, size, tick, fee_rate):
        """Book one side of a fill; the engine's lots pay no fee."""
        if lot >= 0:
            self.close_lot(lot, size, self.settlement[tick])
            return
        self.fill(i, size, self.settlement[tick], fee_rate)
        if self.accounts[i].alert:
            self.wake(i)

    def wake(self, i):
        """Let the owner look at the market in the next step."""
        if i not in self.woken:
            self.woken.append(i)

    def fillable(self, i, size, limit):
        """Whether others offer all of `size` up to the limit; reduce-only orders may vanish and do not count."""
        found = 0
        for tick in sorted(self.queues, reverse=size < 0):
            for order in self.queues[tick]:
                beyond = tick > limit if size > 0 else tick < limit
                if order.size * size > 0 or beyond or found >= abs(size):
                    continue
                if order.account == i and self.terms.prevention != CANCEL_RESTING:
                    return False
                if order.account != i and not order.reduce_only:
                    found += abs(order.size)
        return found >= abs(size)

    # ---- messages

    def refuse(self):
        """Count a refused message."""
        self.counts["rejected"] += 1

    def submit(self, i, size, tick, tif, reduce_only=False, expires=None, lot=-1):
        """Match an order; return the one that rests, if one does."""
        if reduce_only:
            size = self.closable(i, size) * (1 if size > 0 else -1)
        if size == 0 or not 1 <= tick < self.terms.ticks:
            return self.refuse()
        if lot < 0:
            if not reduce_only and not self.affordable(i, size, self.dearest(size, tick, tif)):
                return self.refuse()
            tick = self.solvent_limit(i, size, tick)
            if tick < 1:
                return self.refuse()
        if tif == POST and self.crosses(size, tick):
            return self.refuse()
        if tif == FOK and not self.fillable(i, size, tick):
            return self.refuse()
        size = self.take(i, lot, size, tick)
        if size and tif in (GTC, POST):
            return self.rest(Order(self.serial, i, size, tick, 0, expires, reduce_only, lot))

    def dearest(self, size, tick, tif):
        """The tick at which an order must be affordable: its own or, where that is dearer or the order does not
        rest, the one at which it would start to trade."""
        best = min(max(self.ask if size > 0 else self.bid, 1), self.terms.ticks - 1)
        start = min(tick, best) if size > 0 else max(tick, best)
        return start if tif == IOC else max(start, tick, key=lambda at: abs(self.settlement[at]))

    def place_stop(self, message, expires):
        """A stop waits for its trigger; one that may open must be affordable at its limit."""
        i, size, tick, limit = message.account, message.amount, message.tick, message.limit
        opens = size != 0 and not message.reduce_only
        valid = 1 <= tick < self.terms.ticks and 1 <= limit < self.terms.ticks
        if not valid or (opens and not self.affordable(i, size, limit)):
            return self.refuse()
        self.rest(Order(self.serial, i, size, tick, limit, expires, not opens, -1, message.trigger))

    def find(self, i, order_id):
        """The account's own order of that id, if it is alive."""
        order = self.orders.get(order_id >> SLOT_BITS)
        return order if order and order.account == i else None

    def replace(self, message, expires):
        """Less at the same price keeps its place; anything else is a new order instead of the old."""
        order = self.find(message.account, message.order)
        if not order:
            return self.refuse()
        alike = order.trigger is None and (order.size > 0) == (message.amount > 0) and order.tick == message.tick
        if alike and abs(message.amount) <= abs(order.size):
            return self.shrink(order, abs(order.size) - abs(message.amount))
        self.remove(order)
        self.submit(message.account, message.amount, message.tick, message.tif, message.reduce_only, expires)

    def cancel(self, orders):
        """Cancel these orders."""
        for order in list(orders):
            self.remove(order)
            self.counts["cancels"] += 1

    def cancel_all(self, i):
        """Cancel every order of an account."""
        self.cancel(order for order in self.orders.values() if order.account == i)

    def handle(self, message):
        """Act on one message."""
        self.counts["messages"] += 1
        self.counts["submits"] += message.action in (SUBMIT, REPLACE)
        i, expires = message.account, self.step + message.lifetime if message.lifetime > 0 else None
        if message.action == SUBMIT and message.trigger >= 0:
            self.place_stop(message, expires)
        elif message.action == SUBMIT:
            self.submit(i, message.amount, message.tick, message.tif, message.reduce_only, expires)
        elif message.action == CANCEL:
            self.cancel(filter(None, [self.find(i, message.order)]))
        elif message.action == CANCEL_ALL:
            self.cancel_all(i)
        elif message.action == REPLACE:
            self.replace(message, expires)
        elif message.action == DEPOSIT:
            self.move_coin(i, message.amount)
        elif message.action == ADD_MARGIN:
            self.add_margin(i, message.amount)

    def dice(self, i, block):
        """The word drawn by an account in this step."""
        return int(words4(*self.keys, i - RESERVED_ROWS, self.step, block, PRIORITY)[0])

    def act(self, messages):
        """Each owner's messages in a row, the owners in the order of their dice; above capacity, orders are
        refused with the chance of the excess."""
        messages = [SimpleNamespace(**dict(zip(m.dtype.names, m.item(), strict=True))) for m in messages]
        runs = [list(run) for _, run in groupby(messages, key=lambda message: message.account)]
        placing = sum(message.action in (SUBMIT, REPLACE) for message in messages)
        refused = max(0.0, 1.0 - self.terms.capacity / placing) if placing else 0.0
        for run in sorted(runs, key=lambda run: self.dice(run[0].account, 0)):
            for sent, message in enumerate(run, 1):
                places = message.action in (SUBMIT, REPLACE)
                if places and self.dice(message.account, sent) < refused * 2.0**32:
                    self.counts["messages"] += 1
                    self.counts["overloaded"] += 1
                else:
                    self.handle(message)

    # ---- the clock

    def begin(self):
        """The next step; orders that have had their time are cancelled."""
        self.step += 1
        self.cancel(order for order in self.orders.values() if order.expires == self.step)

    def fire(self, source, tick):
        """Stops that the source has reached become orders: rising ones from the lowest trigger up, then falling
        ones from the highest down, of one trigger the last placed first. An alarm wakes its owner."""
        for falling in (False, True):
            stops = [order for order in self.orders.values() if order.trigger == 2 * source + falling]
            stops.sort(key=lambda order: (-order.tick if falling else order.tick, -order.serial))
            for stop in stops:
                if stop.tick >= tick if falling else stop.tick <= tick:
                    self.trigger(stop)

    def trigger(self, stop):
        """A stop becomes a limit order, or a market order where its limit is an end of the ladder."""
        self.remove(stop)
        self.counts["stopped"] += 1
        if stop.size == 0:
            return self.wake(stop.account)
        tif = IOC if stop.limit in (1, self.terms.ticks - 1) else GTC
        self.submit(stop.account, stop.size, stop.limit, tif, stop.reduce_only, stop.expires)
