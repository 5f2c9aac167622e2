"""Batch auctions in plain Python: what the slow twin does where orders gather."""

from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from sim.ledger import ENGINE, FUND
from sim.orders import FOK, GTC, IOC
from tests.reference.closing import Twin
from tests.reference.trading import Order

BUY, SELL = 6, 7  # triggers of those that gather


@dataclass(eq=False)
class AuctionTwin(Twin):
    """A whole exchange whose orders meet in auctions."""

    promised: float = 0.0

    @property
    def due(self):
        """Whether there is an auction in this step."""
        return self.step % self.terms.auction_steps == 0

    def submit(self, i, size, tick, tif, reduce_only=False, expires=None, lot=-1):
        """Let an order that can be afforded gather."""
        if reduce_only:
            size = self.closable(i, size) * (1 if size > 0 else -1)
        if size == 0 or not 1 <= tick < self.terms.ticks:
            return self.refuse()
        dearest = tick
        if lot < 0:
            dearest = self.dearest(size, tick, tif)
            if not reduce_only and not self.affordable(i, size, dearest):
                return self.refuse()
            tick = self.solvent_limit(i, size, tick)
            if tick < 1:
                return self.refuse()
        if tif == FOK:
            return self.refuse()
        if lot < 0 and not reduce_only:
            tick = self.covered_limit(i, size, tick, dearest)
        order = Order(self.serial, i, size, tick, dearest, expires, reduce_only, lot, BUY if size > 0 else SELL)
        order.immediate = tif == IOC
        return self.rest(order)

    def covered_limit(self, i, size, tick, dearest):
        """A limit no worse for who opens than the mark less the initial margin of a contract."""
        each = float(abs(self.settlement[dearest]))
        room = each * self.initial_rate(i, each * abs(size))
        at = self.tick_of(self.mark_units + (room if size > 0 else -room))
        if self.closable(i, size) == abs(size):
            return tick
        return min(tick, max(floor(at), 1)) if size > 0 else max(tick, min(ceil(at), self.terms.ticks - 1))

    # ---- the auction

    def auction(self):
        """Trade at one price what can be traded; again if orders vanished on the way; then the others rest."""
        if not self.due:
            return
        before = self.mid
        while True:
            tick, volume = self.clearing(self.trading())
            if not volume:
                break
            alone, others = self.clearing([order for order in self.trading() if order.lot < 0])
            held = [lot.open for lot in self.lots]
            self.meet(tick, volume)
            moved = tick * self.terms.tick - (alone * self.terms.tick if others else before)
            traded = [abs(lot.open - had) for lot, had in zip(self.lots, held, strict=True)]
            for lot, part in zip(self.lots, traded, strict=True):
                lot.impact_usd += moved * part / sum(traded) if part else 0.0
        ticks = {1: [], -1: []}
        for order in self.trading():
            ticks[1 if order.size > 0 else -1].append(order.tick)
        for order in self.trading():
            crossing = min(ticks[-1], default=self.terms.ticks) <= order.tick <= max(ticks[1], default=-1)
            if crossing and not self.wanted(order):
                self.remove(order)
        for order in sorted(self.gathered(), key=lambda order: order.serial):
            if order.immediate or (order.lot >= 0 and not self.wanted(order)):
                self.remove(order)
            else:
                order.trigger, order.limit = None, 0
                self.queues[order.tick].append(order)

    def trading(self):
        """Orders that rest or gathered."""
        return [order for order in self.orders.values() if order.trigger in (None, BUY, SELL)]

    def gathered(self):
        """Orders that wait for the auction."""
        return [order for order in self.orders.values() if order.trigger in (BUY, SELL)]

    def wanted(self, order):
        """Contracts that an order may trade."""
        if isinstance(order, int):  # of a liquidation, which has a question of the same name
            return super().wanted(order)
        if order.lot >= 0:
            return min(abs(order.size), abs(self.lots[order.lot].open))
        return self.closable(order.account, order.size) if order.reduce_only else abs(order.size)

    def clearing(self, orders):
        """(tick, contracts): of all ticks the one at which most would trade, then the fewest be left, then the nearest
        to the mark."""
        bought, sold = np.zeros(int(self.terms.ticks), np.int64), np.zeros(int(self.terms.ticks), np.int64)
        for order in orders:
            (bought if order.size > 0 else sold)[order.tick] += self.wanted(order)
        demand, supply = bought[::-1].cumsum()[::-1], sold.cumsum()
        volume, left = np.minimum(demand, supply), np.abs(demand - supply)
        best = np.flatnonzero(volume == volume.max())
        best = best[left[best] == left[best].min()]
        return int(best[np.abs(best - self.mark_tick).argmin()]), int(volume.max())

    def line_up(self, side, tick, volume):
        """[order, contracts] of those of a side that trade `volume` at `tick`: the better price first, there those that
        rested, then the others in proportion."""
        able = [o for o in self.trading() if o.size * side > 0 and side * o.tick >= side * tick]
        line = []
        for at in sorted({order.tick for order in able}, reverse=side > 0):
            for order in self.queues[at] if at in self.queues and self.queues[at][0].size * side > 0 else ():
                line.append([order, min(self.wanted(order), volume)])
                volume -= line[-1][1]
            waiting = [o for o in able if o.tick == at and o.trigger == (BUY if side > 0 else SELL)][::-1]
            asked, seen = sum(map(self.wanted, waiting)), 0
            given = min(asked, volume)
            for order in waiting if given else ():
                seen += self.wanted(order)
                line.append([order, given * seen // asked - given * (seen - self.wanted(order)) // asked])
            volume -= given
        return [entry for entry in line if entry[1]]

    def meet(self, tick, volume):
        """Pair the first buyer with the first seller until one side is through."""
        buys, sells = self.line_up(1, tick, volume), self.line_up(-1, tick, volume)
        while buys and sells:
            (buy, bought), (sell, sold) = buys[0], sells[0]
            part = min(bought, sold)
            if buy.account == sell.account and buy.lot < 0:
                self.counts["self_trades"] += 1
                self.shrink(buy, part)
                self.shrink(sell, part)
            elif not self.wanted(buy):
                self.remove(buy)
                bought = part = 0
            elif not self.wanted(sell):
                self.remove(sell)
                sold = part = 0
            else:
                part = min(part, self.wanted(buy), self.wanted(sell))
                self.swap(buy, sell, part, tick)
            buys[0][1], sells[0][1] = bought - part, sold - part
            if not buys[0][1]:
                buys.pop(0)
            if not sells[0][1]:
                sells.pop(0)

    def swap(self, buy, sell, size, tick):
        """One fill; who gathered pays as a taker."""
        takes, other = (buy, sell) if buy.trigger else (sell, buy)
        rates = [self.terms.taker_fee if order.trigger else self.terms.maker_fee for order in (buy, sell)]
        signed = size if takes is buy else -size
        self.fills.append((other.account, takes.account, tick, signed, other.lot, takes.lot))
        self.counts["fills"] += 1
        self.counts["volume"] += size
        self.last = tick
        self.shrink(buy, size)
        self.shrink(sell, size)
        self.settle(buy.account, buy.lot, size, tick, rates[0])
        self.settle(sell.account, sell.lot, -size, tick, rates[1])

    # ---- the engine

    def unwind(self):
        """As without auctions, but what it trades it sends to an auction, for all the time since the one before."""
        self.promised, pace = 0.0, self.terms.engine_rate
        self.terms.engine_rate = pace * self.terms.auction_steps if self.due else 0.0
        super().unwind()
        self.terms.engine_rate = pace

    def work(self, k, budget):
        """Offer what is new at its bankruptcy price; in an auction offer what is due at what the fund can pay."""
        lot, terms = self.lots[k], self.terms
        if lot.step == self.step and terms.rests:
            self.offer(k)
        if budget <= 0 or self.step - lot.step < terms.rest_steps:
            return 0
        size, tick = self.payable_at_once(k, min(budget, abs(lot.open)))
        if not size:
            return 0
        side = 1 if lot.open > 0 else -1
        self.withdraw(k)
        self.submit(ENGINE, -side * size, tick, IOC, lot=k)
        self.promised += max(side * (lot.bankruptcy_units - self.settlement[tick]), 0.0) * size
        rest = self.bankruptcy_tick(lot.bankruptcy_units, lot.open)
        if abs(lot.open) > size and terms.rests and rest:
            lot.order = self.submit(ENGINE, -side * (abs(lot.open) - size), rest, GTC, lot=k)
        return size

    def payable_at_once(self, k, wanted):
        """The most contracts that the book offers down to some tick and the fund could pay for if all traded there; the
        first such tick. It stops where the fund can pay for fewer than before."""
        lot, terms = self.lots[k], self.terms
        side = 1 if lot.open > 0 else -1
        fund = max(float(self.accounts[FUND].wallet) * (1.0 - 1e-9), 0.0) if terms.pays else 0.0
        purse = max((self.draw_left if terms.socialises else min(fund, self.draw_left)) - self.promised, 0.0)
        size, at, offered, lot.unpaid = 0, 0, 0, False
        for tick in sorted((t for t, queue in self.queues.items() if queue[0].size * side > 0), reverse=side > 0):
            offered += sum(abs(order.size) for order in self.queues[tick] if not order.reduce_only)
            loss = side * (lot.bankruptcy_units - self.settlement[tick])
            lot.unpaid |= not size and offered > 0 and loss > max(fund, 0) and not terms.socialises
            most = min(wanted, offered, floor(purse / loss) if loss > 0 else wanted)
            if most < size or (not most and offered) or size == wanted:
                break
            if most > size:
                size, at = most, tick
        return size, at
