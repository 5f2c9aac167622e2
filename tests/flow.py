"""Random order flow for a floor: everything a trader can send, around a mark that wanders and jumps."""

import hashlib

import numpy as np

from sim import orders
from sim.exchange import records
from sim.ledger import ENGINE, RESERVED_ROWS
from sim.liquidation import BITMEX_LADDER
from sim.orders import ADD_MARGIN, CANCEL, CANCEL_ALL, DEPOSIT, FOK, GTC, IOC, POST, REPLACE, SUBMIT
from tests.floor import INVERSE, Floor, step

ACTIONS = {SUBMIT: 0.72, CANCEL: 0.08, REPLACE: 0.08, CANCEL_ALL: 0.02, DEPOSIT: 0.08, ADD_MARGIN: 0.02}
LIFETIMES = {GTC: 0.6, IOC: 0.2, FOK: 0.1, POST: 0.1}


class Flow:
    """What happens on a floor, step by step, drawn from `rng`.

    middle: tick about which the mark wanders; around: ticks between orders and mark; jump: logarithmic size of
    a jump of the mark, one in twenty steps; coin: units of a usual deposit; contracts: of a usual order
    """

    def __init__(self, floor, rng, *, middle, around=8.0, jump=0.03, coin, contracts):
        self.floor, self.rng, self.middle, self.around, self.jump = floor, rng, middle, around, jump
        self.coin, self.contracts, self.mark, self.index = coin, contracts, float(middle), middle

    def of(self, chances, count):
        """Draws of the keys of `chances`."""
        return self.rng.choice(list(chances), count, p=list(chances.values()))

    def move(self):
        """Let mark and index wander, the mark pulled back to the middle."""
        moved = self.rng.normal(0, 0.002) + (self.rng.random() < 0.05) * self.rng.normal(0, self.jump)
        self.mark *= np.exp(moved + 0.01 * np.log(self.middle / self.mark))
        self.mark = float(np.clip(self.mark, 20, self.floor.terms.ticks - 20))
        self.index = int(np.clip(round(self.mark + self.rng.normal(0, 3)), 1, self.floor.terms.ticks - 1))

    def messages(self, count):
        """(count,) messages: each owner's in a row."""
        rng, top = self.rng, int(self.floor.terms.ticks) - 1
        batch = records(count, orders.MESSAGE)
        batch.account = np.sort(rng.integers(RESERVED_ROWS, len(self.floor.x.accounts), count))
        batch.action, batch.tif = self.of(ACTIONS, count), self.of(LIFETIMES, count)
        side = np.where(rng.random(count) < 0.5, 1, -1)
        batch.amount = side * np.ceil(rng.lognormal(np.log(self.contracts), 1.0, count))
        batch.tick = np.clip(np.rint(self.mark + rng.normal(0, self.around, count)), 1, top)
        market = rng.random(count) < 0.1
        batch.tick[market] = np.where(side > 0, top, 1)[market]
        batch.lifetime = rng.choice([0, 0, 1, 5, 20], count)
        batch.reduce_only = rng.random(count) < 0.15
        self.add_stops(batch, side, top)
        self.pick_orders(batch)
        self.move_coin(batch)
        return batch

    def move_coin(self, batch):
        """Let the rich take coin out and the poor bring some in; sometimes more than there is."""
        wanted = self.coin * self.rng.lognormal(-1.0, 1.0, len(batch))
        moved = np.where(batch.action == DEPOSIT, wanted - self.floor.x.accounts.wallet[batch.account], 0.1 * wanted)
        transfers = (batch.action == DEPOSIT) | (batch.action == ADD_MARGIN)
        batch.amount[transfers] = moved[transfers]

    def add_stops(self, batch, side, top):
        """Turn some of the messages into stops and a few into alarms, near the mark."""
        rng, count = self.rng, len(batch)
        stops = rng.random(count) < 0.12
        batch.trigger = np.where(stops, rng.integers(0, 6, count), -1)
        batch.limit = np.where(rng.random(count) < 0.5, batch.tick, np.where(side > 0, top, 1))
        batch.amount[stops & (rng.random(count) < 0.1)] = 0

    def pick_orders(self, batch):
        """Let cancels and replacements name live orders, mostly of their own, seldom orders that never were."""
        orders = self.floor.x.orders
        alive = np.flatnonzero((orders.serial > 0) & (orders.account != ENGINE))
        named = np.flatnonzero((batch.action == CANCEL) | (batch.action == REPLACE))
        if not len(alive):
            return
        slots = self.rng.choice(alive, len(named))
        batch.order[named] = (orders.serial[slots] << 24) + slots
        own = self.rng.random(len(named)) < 0.9
        batch.account[named[own]] = orders.account[slots[own]]
        same = self.rng.random(len(named)) < 0.5
        batch.tick[named[same]] = orders.tick[slots[same]]
        batch.order[named[self.rng.random(len(named)) < 0.05]] += 1 << 50
        batch[:] = batch[np.argsort(batch.account, kind="stable")]

    def events(self, count):
        """Keywords of `floor.step`: the next step."""
        self.move()
        funding = 0
        if self.rng.random() < 0.1:
            worth = abs(int(self.floor.x.settlement[round(self.mark)]))
            funding = int(self.rng.normal(0, 0.002) * worth)
        return dict(mark=round(self.mark), index=self.index, messages=self.messages(count), funding=funding)


def digest(steps=12, count=25, seed=3):
    """Fingerprint of everything a floor holds after a short random run: accounts, orders, lots and counts."""
    floor = Floor(
        [10**12] * 8, contract=INVERSE, fund=10**9, leverage=[1, 3, 7, 10, 20, 30, 50, 90.0], liquidation=BITMEX_LADDER
    )
    flow = Flow(floor, np.random.default_rng(seed), middle=1000, coin=10**12, contracts=300)
    for _ in range(steps):
        step(floor, **flow.events(count))
    held = (floor.x.accounts, floor.x.orders, floor.x.lots, floor.x.levels, floor.x.bits, floor.x.now, floor.x.fills)
    return hashlib.blake2b(b"".join(array.tobytes() for array in held), digest_size=8).hexdigest(), int(floor.now.fills)


if __name__ == "__main__":
    print(*digest())
