"""A trading floor for tests: one exchange without a market, and a hand on each of its levers."""

import math

import numpy as np

from sim import auction, deleverage, engine, orders, risk
from sim.contract import Inverse, Linear
from sim.exchange import INDEX, LAST, LOT, MARK, grown, new_exchange, records, with_accounts, with_orders
from sim.ledger import FUND, RESERVED_ROWS, deposit, new_accounts
from sim.liquidation import TAKEOVER
from sim.margin import Tiers
from sim.streams import crowd_key

ANNA, BOB, CAROL, DAVE, ERIN = range(RESERVED_ROWS, RESERVED_ROWS + 5)
"""Rows of the first five traders."""

LINEAR = Linear(face=1.0, unit=1e-3, tick=1.0, highest=2000.0)
"""A contract at tick t is worth 1000 * t units: the arithmetic of a test can be done in the head."""
INVERSE = Inverse(face=1.0, unit=1e-12, tick=0.5, highest=1000.0)
"""A contract at tick t is worth -1e12 / (0.5 * t) units."""

TERMS = dict(
    maker_fee=0.0,
    taker_fee=0.0,
    closing_fee=0.0,
    capacity=math.inf,
    entry_basis=False,
    netting=1,
    prevention=0,
    rests=True,
    pays=True,
    rest_steps=0,
    engine_rate=1e9,
    draw_rate=0.0,
    draw_limit=2.0**62,
    absorbs=False,
    socialises=False,
    record_fills=True,
    most_contracts=10**9,
    step_s=1.0,
    live_decay=0.5,
    auction_steps=0,
    price_band=0.0,
)
"""What a floor has where a test says nothing else: a venue without fees that sells at once."""


class Floor:
    """One exchange, its traders in rows ANNA, BOB, ... of one crowd.

    wallets: units of each trader; leverage, cross: of all, or one value each; fund: units; liquidation: its style;
    terms: as in TERMS
    """

    def __init__(
        self, wallets, *, leverage=10.0, cross=False, contract=LINEAR, tiers=None, fund=0, liquidation=TAKEOVER, **terms
    ):
        table = (tiers or Tiers.flat(0.005, 0.01)).table(contract.unit)
        traders = new_accounts(len(wallets), crowd=0, leverage=leverage, cross=cross)
        self.x = with_accounts(new_exchange(contract.ladder(), table), traders)
        self.x = self.x.replace(keys=crowd_key(1, "floor")[np.newaxis], lots=records(4, LOT))
        self.first_rows = np.array([RESERVED_ROWS])
        self.contract, self.now, self.terms = contract, self.x.now[0], self.x.terms[0]
        for name, value in {**TERMS, **terms}.items():
            if name not in TERMS:
                raise TypeError(f"terms must be those of TERMS (got {name!r})")
            self.terms[name] = value
        self.terms.tick, self.terms.unit, self.terms.inverse = contract.tick, contract.unit, contract.sign < 0
        self.terms.scale = contract.face / contract.unit
        self.terms.tiers_in_contracts = tiers is not None and tiers.counted == "contracts"
        liquidation.write(self.terms, float(self.terms.step_s))
        self.now.draw_left = self.terms.draw_limit
        self.loss = deleverage.SocialisedLoss() if self.terms.socialises else deleverage.AutoDeleverage()
        self.adl = []
        deposit(self.x, FUND, fund)
        for row, wallet in enumerate(wallets, RESERVED_ROWS):
            deposit(self.x, row, wallet)

    def __getitem__(self, row):
        """The account in that row."""
        return self.x.accounts[row]

    def send(self, account, amount=0, tick=0, **fields):
        """Handle one message at once; returns the id of the order that now rests, else 0."""
        self.make_room(1)
        message = records(1, orders.MESSAGE)[0]
        message.account, message.amount, message.tick, message.trigger = account, amount, tick, -1
        for name, value in fields.items():
            message[name] = value
        serial = int(self.now.serial)
        orders.handle(self.x, message)
        alive = np.flatnonzero(self.x.orders.serial == serial)
        return (serial << orders.SLOT_BITS) + int(alive[0]) if len(alive) else 0

    def make_room(self, count):
        """Room for `count` messages that all rest, for the engine's orders, and for every fill they may bring."""
        x, now = self.x, self.now
        rest = int(now.resting + count + now.lots - now.first_lot)
        if rest > len(x.orders):
            self.x = x = with_orders(x, 2 * rest)
        if now.fills_kept + 2 * rest > len(x.fills):
            self.x = x.replace(fills=grown(x.fills, int(now.fills_kept) + 4 * rest))

    def begin(self):
        """Move the clock by one step; orders that have had their time expire."""
        self.now.step += 1
        orders.expire(self.x)

    def set_index(self, tick):
        """Move the index to a tick; its stops fire."""
        self.now.index_tick = tick
        orders.fire(self.x, INDEX, tick)

    def set_mark(self, tick):
        """Mark to a tick; its stops fire."""
        now = self.now
        now.mark = now.shadow_mark = tick * self.terms.tick
        now.mark_tick, now.mark_units = tick, self.x.settlement[tick]
        orders.fire(self.x, MARK, tick)

    def liquidate(self):
        """One round at the present mark."""
        self.make_room(len(self.x.accounts))
        while risk.liquidate(self.x, self.first_rows) == risk.FULL:
            self.x = self.x.replace(lots=grown(self.x.lots, 2 * len(self.x.lots)))
        self.make_room(0)

    def unwind(self):
        """Let the engine trade, and who must pay what the fund cannot."""
        if engine.unwind(self.x):
            self.loss.allocate(self.x, lambda *close: self.adl.append(tuple(map(int, close))))

    def act(self, messages):
        """Handle the messages of a step in the order of their owners' dice."""
        self.make_room(len(messages))
        orders.act(self.x, messages, len(messages), self.first_rows)

    def auction(self):
        """Hold the auction that is due, if the floor has any."""
        if self.terms.auction_steps and auction.due(self.x):
            auction.clear(self.x, engine.pressed(self.x))

    def fire_last(self):
        """Fire the stops on the last trade."""
        if self.now.last >= 0:
            orders.fire(self.x, LAST, self.now.last)

    def pay_funding(self, units, received=None):
        """Longs pay `units` a contract, shorts receive as much or `received`; the fund has the difference."""
        received = units if received is None else received
        held = self.x.accounts.contracts
        self.now.long_index += units
        self.now.short_index += received
        paid = int(held[held > 0].sum()) * units + int(held[held < 0].sum()) * received
        self.x.accounts[FUND].wallet += paid
        risk.file_all(self.x)

    def take_fills(self):
        """(maker, taker, tick, contracts, maker's lot, taker's lot) of every fill since the last call."""
        kept = self.x.fills[: self.now.fills_kept]
        self.now.fills_kept = 0
        names = "maker taker tick contracts maker_lot taker_lot".split()
        return [tuple(int(fill[name]) for name in names) for fill in kept]

    def trades(self):
        """(maker, taker, tick, contracts) of those fills."""
        return [fill[:4] for fill in self.take_fills()]

    def queue(self, tick):
        """(account, contracts) of the orders resting at a tick, first in line first."""
        waiting, o = [], self.x.levels[tick].head
        while o >= 0:
            order = self.x.orders[o]
            waiting.append((int(order.account), int(order.contracts)))
            o = order.next
        return waiting

    def open(self, buyer, seller, contracts, tick):
        """Let `buyer` buy `contracts` from `seller` at a tick."""
        self.send(seller, -contracts, tick)
        self.send(buyer, contracts, tick)


def step(floor, *, mark, index, messages, funding=0):
    """One step in the market's order; a Floor and a Twin take it alike."""
    floor.begin()
    floor.set_index(index)
    floor.set_mark(mark)
    floor.liquidate()
    floor.unwind()
    floor.act(messages)
    floor.auction()
    floor.fire_last()
    if funding:
        floor.pay_funding(funding)
