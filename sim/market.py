"""The market: a clock, spot, and one exchange on which crowds trade. Start reading at `Market.step`."""

import math
from datetime import UTC, datetime

import mesa
import numpy as np

from sim import engine, genealogy, laws, orders, risk, series, wheel
from sim.deleverage import largest_remainder
from sim.exchange import FILL, LOT, grown, new_exchange, records, with_accounts, with_orders
from sim.funding import stamps
from sim.index import SpotMarket
from sim.ledger import FUND, RESERVED_ROWS, deposit, fill
from sim.mark import Quotes
from sim.outcome import outcome
from sim.paths import GeometricBrownian
from sim.streams import generator
from sim.venues import BITMEX

VOLATILITY_HALF_LIFE_S = 600.0
DEPTH_REACH = 0.01
FUNDING_PAYMENT = np.dtype([("time_s", float), ("rate", float), ("mark", float), ("paid_coin", float)])
ADL = np.dtype([("step", int), ("time_s", float), ("lot", int), ("account", int), ("contracts", int), ("units", int)])


class Market(mesa.Model):
    """One perpetual on one exchange, its spot venues, and the crowds that trade it.

    seed:           of everything drawn; whole, 0 or more
    venue:          rules of the exchange
    hours:          length of the run
    step_s:         length of a step, s; must divide the venue's funding interval
    start:          UTC time at which the run starts, such as 2020-03-12T00:00
    path:           fundamental price, before anybody trades spot
    spot:           spot venues, their index and the impact of trades there
    spot_impact:    coefficient of that impact; 0 none, 1 as declared
    fund_coin:      insurance fund at the start
    half_life_s:    with which the price impact of a forced close fades, for its genealogy
    forced:         "book", or "absorbed": forced closes leave at the mark without touching the book
    halt:           (from, to) hours between which nothing trades and nobody is liquidated
    record_every:   steps between two rows of the series
    fills:          whether to keep every fill
    check:          whether to assert the laws after every step
    """

    def __init__(
        self,
        *,
        seed,
        venue=BITMEX,
        hours=24.0,
        step_s=1.0,
        start="2020-01-01T00:00",
        path=GeometricBrownian(),  # noqa: B008
        spot=SpotMarket(),  # noqa: B008
        spot_impact=1.0,
        fund_coin=1_000.0,
        half_life_s=600.0,
        forced="book",
        halt=(),
        record_every=1,
        fills=False,
        check=False,
    ):
        generator(seed, "market")
        super().__init__(rng=seed)
        self.seed, self.venue, self.step_s, self.check, self.about = seed, venue, step_s, check, {}
        self.steps_in_run, self.record_every = whole_steps(hours, step_s), record_every
        self.start = parse_start(start)
        self.halt = tuple(int(h * 3600 / step_s) for h in halt) or (0, 0)
        self.crowds, self.first_rows, self.messages = [], np.zeros(0, np.int64), records(256, orders.MESSAGE)
        contract = venue.contract
        self.exchange = new_exchange(contract.ladder(), venue.tiers.table(contract.unit))
        self.write_terms(half_life_s, forced, fills)
        self.spot = spot.open(path.prices(seed, self.steps_in_run, step_s), seed, step_s, spot_impact)
        self.wheel, self.awake = np.full(wheel.SLOTS, -1, np.int32), np.zeros(0, np.int32)
        self.stamps = set(stamps(venue.funding, self.start, self.steps_in_run, step_s))
        self.marks, self.premium = (venue.mark.start(), venue.mark.start()), venue.funding.start()
        self.funding_paid, self.funding_sum, self.adl, self.fills = [], 0.0, [], []
        self.series = records(self.steps_in_run // record_every, series.SERIES)
        deposit(self.exchange, FUND, round(fund_coin * self.units_per_coin))
        self.observe()
        self.set_mark()

    def step(self):
        """One step, in this order:

        1. observe      spot moves, and the index with it; orders that have had their time expire
        2. mark         the exchange marks positions to a fair price, and stops fire
        3. decide       the crowds that are awake see the same view and write their messages
        4. liquidate    positions that no longer cover maintenance go to the engine, which trades its lots
        5. match        the messages meet the book; every fill is settled at once
        6. share loss   what the insurance fund cannot pay
        7. pay funding  when due
        8. record
        """
        self.tick()
        self.observe()
        self.set_mark()
        if not self.halted:
            messages = self.decide()
            self.liquidate()
            self.match(messages)
            self.share_loss()
        self.pay_funding()
        self.record()
        if self.check:
            laws.check(self.exchange)

    def tick(self):
        """Move the clock by one step."""
        now = self.exchange.now[0]
        now.step += 1
        now.time_s = now.step * self.step_s

    @property
    def halted(self):
        """Whether the venue's halt lies over this step."""
        return self.halt[0] <= self.exchange.now[0].step < self.halt[1]

    def observe(self):
        """Let spot and the index move, and orders expire."""
        index = self.spot.observe(int(self.exchange.now[0].step))
        series.observe(self.exchange, index, index - float(self.exchange.now[0].live_spot_usd))
        orders.expire(self.exchange)

    def set_mark(self):
        """Mark to the venue's rule, with and without the live impact of forced closes."""
        now = self.exchange.now[0]
        every = max(1, round(self.venue.mark.every_s / self.step_s))
        genealogy.decay(self.exchange)
        if now.step % every == 0:
            quotes = self.quotes()
            mark = self.venue.mark.mark(quotes, self.marks[0])
            shadow = self.venue.mark.mark(self.without_forced(quotes), self.marks[1])
            series.mark_to(self.exchange, mark, shadow)
