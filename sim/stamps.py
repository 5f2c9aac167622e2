"""Funding through a run: when the premium is sampled, what is paid at each stamp, and what traders are told."""

import math

import numpy as np

from sim.funding import seconds_left, stamps
from sim.risk import file_all


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
        self.memory, self.paid, self.total = rule.start(), [], 0.0
        self.rate = rule.payable(self.memory)

    def left_s(self, clock):
        """Seconds from step `clock` to the next stamp."""
        return seconds_left(self.rule, self.start, clock * self.step_s)

    def due(self, clock):
        """Whether the premium is sampled or funding is paid at step `clock`."""
        return clock % self.sample_every == 0 or clock in self.stamped

    def pass_by(self, x, clock, quotes):
        """Do at step `clock` what is due; `quotes()` gives what the rule may see."""
        if clock % self.sample_every == 0:
            self.rule.sample(quotes(), self.memory)
            self.rate = self.rule.payable(self.memory)
        if clock in self.stamped:
            self.pay(x, clock)
            self.rate = self.rule.rate(self.memory)
        self.announce(x, clock)

    def announce(self, x, clock):
        """Tell traders the rate of the next stamp and the time to it."""
        x.now[0].funding_rate = self.rate
        x.now[0].to_funding_s = self.left_s(clock)

    def pay(self, x, clock):
        """Move the funding index by the rate times the value of a contract at the mark: longs pay when it rises.

        The index is the rounding of an unrounded running sum, so rounding does not add up.
        """
        now = x.now[0]
        before, mark = int(now.funding_index), float(now.mark)
        self.total += self.rate * float(self.contract.value(mark))
        now.funding_index = math.floor(self.total + 0.5)
        held = x.accounts.contracts
        paid = int(np.maximum(held * (int(now.funding_index) - before), 0).sum()) * self.contract.unit
        self.paid.append((clock * self.step_s, self.rate, mark, paid))
        file_all(x)  # a trigger moves by more than the index where maintenance is charged on the mark or a tier ends
