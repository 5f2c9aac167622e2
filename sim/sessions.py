"""What a venue does by the clock besides funding: what its fund must keep, losses shared at the end of a day, and
margin rates that follow volatility."""

import math

from sim.funding import HOUR_S, clock_s
from sim.ledger import FUND
from sim.margin_scale import Scale
from sim.terms import cadence

SAMPLE_S = 60.0
DAY_S = 86_400.0


class Sessions:
    """The clock of a venue's loss rule, of the draw limit of its insurance fund, and of its margin scale.

    history: (time_s, coin) of the fund, once a minute, as far back as the limit looks
    scale:   the margin scale at work, None where the rates are constants
    """

    def __init__(self, venue, start, step_s):
        self.loss, self.limit, self.unit, self.step_s = venue.loss, venue.draw_limit, venue.contract.unit, step_s
        self.sample_every = cadence(SAMPLE_S, step_s)
        first = clock_s(start)
        self.ends_s = [(hour * HOUR_S - first) % DAY_S or DAY_S for hour in self.loss.stamps_utc_hours]
        self.memory, self.history, self.triggered = None, [], False
        self.scale = Scale(venue.margin_scale, step_s) if venue.margin_scale else None

    def open(self, x):
        """Begin the first session, before the first step."""
        self.memory = self.loss.start(x)
        if self.scale:
            self.scale.open(x)

    def pass_by(self, x, clock, done):
        """Do what is due at step `clock`; `done` hears of who pays."""
        if self.limit and clock % self.sample_every == 0:
            self.watch(x, clock * self.step_s, int(x.accounts[FUND].wallet) * self.unit)
        if any((clock * self.step_s - end) % DAY_S < self.step_s for end in self.ends_s):
            self.loss.settle(x, self.memory, done)
        if self.scale:
            self.scale.pass_by(x, clock)

    def watch(self, x, time_s, coin):
        """Note the fund's balance, and what of it the limit lets nobody spend."""
        self.history.append((time_s, coin))
        while self.history[0][0] <= time_s - HOUR_S * self.limit.window_hours:
            self.history.pop(0)
        self.triggered = self.limit.triggered(self.history, self.triggered)
        x.now[0].fund_kept = math.ceil(self.limit.kept(self.history, self.triggered) / self.unit)
