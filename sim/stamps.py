"""Funding through a run: when the premium is sampled, what is paid at each stamp, and what traders are told."""

import math

from sim.funding import seconds_left, stamps
from sim.ledger import ENGINE, FUND, POOL
from sim.risk import file_all

INDEXES = "long_index", "short_index"


def side_contracts(x):
    """Contracts of all rows that are long, as many as of those that are short; the engine counts with what it holds in
    all. Costs no time in proportion to the accounts."""
    now, engine = x.now[0], int(x.accounts[ENGINE].contracts)
    lots = x.lots.open[now.first_lot : now.lots]
    return int(now.open_interest) - int(lots[lots > 0].sum()) + max(engine, 0)


class Stamps:
    """The venue's funding on the clock of a run.

    rate: to be paid at the next stamp, as known now; paid: one (time_s, rate, mark, paid_coin) a stamp
    """

    def __init__(self, venue, start, length, step_s):
        rule = venue.funding
        self.rule, self.contract, self.step_s, self.start = rule, venue.contract, step_s, start
        self.stamped = set(stamps(rule, start, length, step_s))
        self.interval_s = rule.interval_hours * 3600.0
        self.sample_every = max(1, round(rule.sample_s / step_s))
        self.accrue_every = 0 if math.isinf(rule.accrual_s) else max(1, round(rule.accrual_s / step_s))
        self.memory, self.paid = rule.start(), []
        self.totals, self.since_stamp, self.accrued = [0.0, 0.0], 0, 0
        self.rate, self.filed = rule.payable(self.memory), [0, 0]

    def left_s(self, clock):
        """Seconds from step `clock` to the next stamp."""
        return seconds_left(self.rule, self.start, clock * self.step_s)

    def samples(self, clock):
        """Whether the premium is sampled at step `clock`."""
        return clock % self.sample_every == 0

    def accrues(self, clock):
        """Whether what is paid continuously is booked at step `clock`: at a stamp whatever the cadence."""
        return self.accrue_every and (clock % self.accrue_every == 0 or clock in self.stamped)

    def due(self, clock):
        """Whether the premium is sampled or funding is paid at step `clock`."""
        return self.samples(clock) or self.accrues(clock) or clock in self.stamped

    def pass_by(self, x, clock, quotes):
        """Do at step `clock` what is due; `quotes()` gives what the rule may see."""
        if self.samples(clock):
            self.rule.sample(quotes(), self.memory)
            self.rate = self.rule.payable(self.memory)
        if self.accrues(clock):
            self.pay(x, (clock - self.accrued) * self.step_s / self.interval_s)
            self.accrued = clock
        if clock in self.stamped:
            if not self.accrue_every:
                self.pay(x, 1.0)
            self.note(x, clock)
            self.rate = self.rule.rate(self.memory)
        self.announce(x, clock)

    def announce(self, x, clock):
        """Tell traders the rate of the next stamp and the time to it."""
        x.now[0].funding_rate = self.rate
        x.now[0].to_funding_s = self.left_s(clock)

    def note(self, x, clock):
        """Keep the row of a stamp: what was paid since the last one."""
        self.paid.append(self.row(x, clock))
        self.since_stamp = 0

    def row(self, x, clock):
        """What was paid since the last stamp, as a row of the table."""
        return clock * self.step_s, self.rate, float(x.now[0].mark), self.since_stamp * self.contract.unit

    def rows(self, x, clock):
        """The table when a run ends at step `clock`: a row a stamp, and one for what has accrued since the last."""
        return self.paid + ([self.row(x, clock)] if self.since_stamp else [])

    def pay(self, x, part):
        """Charge `part` of an interval at the present rate: longs pay as their index rises, shorts receive likewise.

        Each index is the rounding of an unrounded running sum, so rounding does not add up. What longs pay beyond what
        shorts receive goes to the rule's counterparty, or comes from it: a pool takes part in that way alone.
        """
        now, accounts = x.now[0], x.accounts
        value = float(self.contract.value(float(now.mark if self.rule.valued_at == "mark" else now.index)))
        counterparty = POOL if self.rule.counterparty == "pool" else FUND
        both, pooled = side_contracts(x), int(accounts[POOL].contracts)
        longs, shorts = both - max(pooled, 0), both - max(-pooled, 0)
        rates = self.rule.sides(self.rate, longs, shorts, max(int(accounts[counterparty].wallet), 0) / value)
        moved = [self.move(now, side, part * rate * value) for side, rate in enumerate(rates)]
        paid = longs * moved[0], -shorts * moved[1]
        self.since_stamp += sum(max(each, 0) for each in paid)
        accounts[counterparty].wallet += sum(paid)
        accounts[POOL].wallet += pooled * moved[0 if pooled > 0 else 1]
        self.file(x)

    def file(self, x):
        """File positions anew once the indexes moved by a quarter of a tick: a trigger moves by more than they do where
        the mark's value is charged or a tier ends, and is looked at a tick early."""
        now = x.now[0]
        tick = min(max(int(now.mark_tick), 1), len(x.settlement) - 2)
        at = [int(now[name]) for name in INDEXES]
        if (
            max(abs(at[0] - self.filed[0]), abs(at[1] - self.filed[1])) * 4
            > x.settlement[tick + 1] - x.settlement[tick]
        ):
            file_all(x)
            self.filed = at

    def move(self, now, side, units):
        """Move the index of longs (0) or shorts (1) by so many units, not rounded; returns the whole ones it moved."""
        name = INDEXES[side]
        before, self.totals[side] = int(now[name]), self.totals[side] + units
        now[name] = math.floor(self.totals[side] + 0.5)
        return int(now[name]) - before
