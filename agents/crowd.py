"""A crowd: many accounts that follow one rule. Subclass it as a dataclass and write `decide`.

A field that is a distribution is drawn once per account, from the account's own dice. `decide(view, me)` gets
the accounts awake in this step and returns their messages. The crowds of this package give their rule as a
compiled function instead, `kernel(x, rows, first, traits, out, n)`: the same rule, written for one account at a
time, which appends to `out` from `n` on and returns the new count.
"""

from dataclasses import dataclass, field, fields
from typing import Any

import mesa
import numpy as np

from agents.awake import NO_MESSAGES, Awake, View
from agents.distributions import is_distribution
from agents.rate_limit import RateLimit
from sim.bundle import Columns
from sim.streams import Dice, crowd_key

OWN_FIELDS = {"market", "count", "messages_per_s", "name"}


@dataclass(kw_only=True, eq=False)
class Crowd(mesa.Agent):
    """Accounts that follow one rule.

    market:    the market they trade on
    count:     how many
    coin:      deposit of each at the start
    max_leverage: chosen on the venue, by default its most; initial margin is notional / max_leverage
    wake_s:    mean time between two looks at the market, s; inf never, then only fills and alarms wake
    cross:     whether the whole wallet backs a position, else a margin of its own does
    alert:     wake on own fills
    messages_per_s: the most each may send, cancels included; what is beyond is refused, and counted in `limit.refused`
    name:      of their dice; two crowds of one class must be named apart
    """

    market: Any = field(kw_only=False, repr=False)
    count: int
    coin: Any = 1.0
    max_leverage: Any = None
    wake_s: Any = 600.0
    cross: bool = True
    alert: bool = False
    messages_per_s: Any = np.inf
    name: str = ""

    provides = False  # liquidity: what it holds is not demand, which some funding rules look at
    kernel = None
    memory = ()  # names of further numbers, per account, that the rule keeps between steps
    messages_per_wake = 4  # the most that a compiled rule sends for one account

    def __post_init__(self):
        self.name = self.name or type(self).__name__ + self.market.suffix
        if isinstance(self.count, bool) or not (isinstance(self.count, int | np.integer) and self.count >= 0):
            raise ValueError(f"count of {self.name} must be a whole number, 0 or more (got {self.count!r}); correct it")
        if self.max_leverage is None:
            self.max_leverage = self.market.venue.max_leverage
        mesa.Agent.__init__(self, self.market)
        getattr(mesa.Agent, "_ids", {}).pop(self.market, None)  # Mesa's counter would keep every market alive
        self.unique_id = len(self.market.crowds) + 1
        self.key = crowd_key(self.market.seed, self.name)
        self.traits = self._draw_traits()
        self._check_traits()
        self.limit = self._limited()
        self.first = self.market.admit(self)

    def _draw_traits(self):
        """Columns: every numeric field, drawn or constant, then the rule's memory as zeros."""
        names = [f.name for f in fields(self) if f.name not in OWN_FIELDS]
        values = {name: getattr(self, name) for name in names}
        numeric = {
            name: value
            for name, value in values.items()
            if is_distribution(value) or (isinstance(value, int | float | np.number) and not isinstance(value, bool))
        }
        drawn = {name: self._drawn(name, value) for name, value in numeric.items()}
        for name, value in drawn.items():
            if np.isnan(value).any():
                raise ValueError(f"{name} of {self.name} must be a number (got {numeric[name]}); correct it")
        return Columns(self.count, drawn, self.memory)

    def _drawn(self, name, value):
        if not is_distribution(value):
            return value
        return value.at(self.drawn_once(name).uniform(0))

    def _limited(self):
        """The limit of messages; None where there is none."""
        per_s = self._drawn("messages_per_s", self.messages_per_s)
        if not np.all(np.asarray(per_s) > 0.0):
            got = self.messages_per_s
            raise ValueError(f"messages_per_s of {self.name} must be above 0 (got {got}); leave it out for no limit")
        return RateLimit(per_s, self.count) if np.any(np.asarray(per_s) < np.inf) else None

    def _check_traits(self):
        """ValueError unless the traits that every crowd has are within their bounds."""
        traits, most = self.traits, self.market.venue.max_leverage
        bounds = {"coin": (0.0, np.inf), "max_leverage": (0.0, most), "leverage": (0.0, most), "wake_s": (0.0, np.inf)}
        for name, (low, high) in bounds.items():
            if name not in traits.names:
                continue
            drawn = traits[name]
            bad = ~((drawn > low) & (drawn <= high)) & ~((name == "coin") & (drawn == 0.0))
            if bad.any():
                limit = f"above {low:g}" + (f" and at most the venue's {high:g}" if high < np.inf else "")
                raise ValueError(
                    f"{name} of {self.name} must be {limit} (got {drawn[bad][0]:g}); change its value or its bounds"
                )

    def open(self, rows):
        """Fill in the crowd's account rows, new and empty, what they bring aside."""
        rows.leverage = self.traits.max_leverage
        rows.cross, rows.alert = self.cross, self.alert

    def dice(self, rows):
        """The dice of some of the crowd's rows in this step."""
        return Dice(self.key, rows - self.first, self.market.exchange.now[0].step)

    def decide(self, view, me):
        """Messages of the accounts awake in this step; none unless a subclass says so."""
        return NO_MESSAGES

    def write(self, rows, count):
        """Append the messages of the awake `rows` that their limit admits to the market's `count`; returns the new
        count."""
        end = self._written(rows, count)
        if self.limit is None or end == count:
            return end
        sent, now = self.market.messages[count:end], self.market.exchange.now[0]
        through = self.limit.admitted(sent["account"] - self.first, float(now.time_s))
        admitted = sent[through]
        self.market.messages[count : count + len(admitted)] = admitted
        now.messages += len(sent) - len(admitted)
        now.rejected += len(sent) - len(admitted)
        return count + len(admitted)

    def _written(self, rows, count):
        """Append all that the awake `rows` want to send."""
        market = self.market
        if self.kernel:
            out = market.room_for(count + len(rows) * self.messages_per_wake)
            return self.kernel(market.exchange, rows, self.first, self.traits, out, count, *self.context())
        answer = self.decide(View(market.exchange), Awake(self, rows))
        answer = np.concatenate([NO_MESSAGES, *answer] if isinstance(answer, list | tuple) else [answer])
        market.room_for(count + len(answer))[count : count + len(answer)] = answer
        return count + len(answer)

    def context(self):
        """Further arguments of a compiled rule."""
        return ()

    def drawn_once(self, what):
        """Dice of every account for something drawn once a run, by its name."""
        return Dice(crowd_key(self.market.seed, f"{self.name}.{what}"), np.arange(self.count), 0)
