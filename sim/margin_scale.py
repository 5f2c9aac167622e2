"""Margin that rises with volatility: the rates of a venue's tiers times a number that follows its index.

The rates change for everybody at once, so every position is filed anew under its trigger whenever they do; between two
changes they are constants, and exact equity decides as ever.
"""

import math
from dataclasses import dataclass

from sim import risk
from sim.contract import positive, require
from sim.paths import YEAR_S
from sim.terms import cadence

SCALED = ("initial", "maintenance", "both")


@dataclass(frozen=True, kw_only=True)
class VolatilityMargin:
    """How far margin rates rise with the realised volatility of the index.

    The multiplier is volatility over `usual`, between `least` and `most`; volatility is the root of an exponentially
    weighted mean of squared log returns. A floor keeps a calm market from eroding margin, and so the rise from being as
    steep; a cap keeps rates below what nobody can pay. Assumed throughout: no venue of `sim.venues` publishes such a
    formula for its perpetuals; they change their tables by notice.

    usual:       volatility at which the rates of the tiers hold as they are, annual
    half_life_s: with which a past return loses weight
    every_s:     time between two returns, and between two changes of the rates; at most a half-life
    least, most: bounds of the multiplier
    scales:      "initial" rates, which new orders must cover, "maintenance" rates, which positions must, or "both"

    Deductions are scaled with the maintenance, so that it jumps no more between tiers than it did. A fee of closing is
    not. An initial rate is never below the maintenance rate, and never above 1.
    """

    usual: float = 0.6
    half_life_s: float = 1_800.0
    every_s: float = 60.0
    least: float = 1.0
    most: float = 3.0
    scales: str = "both"

    def __post_init__(self):
        for name in ("usual", "half_life_s", "every_s"):
            positive(name, getattr(self, name))
        require(self.every_s <= self.half_life_s, self.every_s, "every_s must be at most half_life_s", "look sooner")
        lawful = 0 < self.least <= self.most < math.inf
        require(lawful, self.least, f"least must be above 0 and at most most, {self.most},", "sort the bounds")
        if self.scales not in SCALED:
            raise ValueError(f"scales must be one of {SCALED} (got {self.scales!r}); say which rates rise")

    def multiplier(self, volatility):
        """What rates are multiplied with at that annual `volatility`."""
        return min(max(volatility / self.usual, self.least), self.most)

    def decay(self, elapsed_s):
        """Weight that is left after `elapsed_s`."""
        return 0.5 ** (elapsed_s / self.half_life_s)

    def scaled(self, table, multiplier):
        """(tiers, 4) of `Tiers.table` with the rates at that multiplier."""
        rows = table.copy()
        if self.scales != "initial":
            rows[:, [1, 3]] *= multiplier
        if self.scales != "maintenance":
            rows[:, 2] *= multiplier
        rows[:, 2] = rows[:, 2].clip(rows[:, 1], 1.0)
        return rows

    def require_payable(self, tiers, closing_fee):
        """ValueError unless maintenance, with the fee of closing, stays below all that a position is worth."""
        rates = tiers.table(1.0)[:, 1]
        highest = rates.max() * (1.0 if self.scales == "initial" else self.most) + closing_fee
        must = "the highest maintenance rate times `most`, with the closing fee, must be below 1"
        require(highest < 1, highest, must, "lower `most` of the margin scale")


class Scale:
    """A venue's margin scale at work: what it has seen of the index, and the multiplier that holds."""

    def __init__(self, rule, step_s):
        self.rule, self.every = rule, cadence(rule.every_s, step_s)
        self.elapsed_s, self.variance = self.every * step_s, rule.usual**2 / YEAR_S  # a second
        self.table, self.index, self.multiplier = None, math.nan, 1.0

    def open(self, x):
        """Take the rates as they are for those of the usual volatility."""
        self.table, self.index = x.tiers.copy(), float(x.now[0].index)
        self.change(x)

    def pass_by(self, x, clock):
        """Look at the index when it is time, and change the rates where the multiplier has moved."""
        if clock % self.every:
            return
        index = float(x.now[0].index)
        moved, self.index = math.log(index / self.index), index
        self.variance += (1.0 - self.rule.decay(self.elapsed_s)) * (moved * moved / self.elapsed_s - self.variance)
        self.change(x)

    def change(self, x):
        """Write the rates that now hold, and file every position under the trigger that they give it."""
        multiplier = self.rule.multiplier(math.sqrt(self.variance * YEAR_S))
        if multiplier != self.multiplier:
            self.multiplier = multiplier
            x.tiers[:] = self.rule.scaled(self.table, multiplier)
            risk.file_all(x)
