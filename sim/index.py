"""The index of spot venues by the rule of an exchange, and spot as a run sees it.

In a replay the index is the real series: the impact of the run's own trades is recorded, and forgotten from one
step to the next. A twin given the impact that its base recorded adds the difference of the two, relative to the
price. So the past is reproduced exactly and a counterfactual differs by modelled impact alone.
"""

import math
from dataclasses import dataclass

import numpy as np

from sim import spot
from sim.compiled import kernel
from sim.composite import advance
from sim.contract import MOST_UNITS, positive, require
from sim.exchange import records
from sim.index_rules import IndexRule
from sim.streams import crowd_key


@kernel
def weigh(s):
    """The index of the venues as they are priced, and what own trades are in it; nan if no venue is left."""
    now, rule, venues = s.now[0], s.rule[0], s.venues
    fresh = np.empty(len(s.venues))
    for v in range(len(s.venues)):
        fresh[v] = s.venues[v].price if s.venues[v].age <= rule.most_age else math.nan
    index = advance(fresh, venues.weight, rule, now.index, venues.share, venues.out, venues.calm)
    if not math.isnan(index):
        now.impact = 0.0
        for v in range(len(s.venues)):
            now.impact += s.venues[v].share * s.venues[v].impact
    return index


@kernel
def observe(s, step):
    """Let a step pass and return the index; the last one until the next is due, or if its rule has none.

    In a replay it is due each step, and is the fundamental * (1 + impact - base_impact), from which the venues
    deviate; in the base run itself it is the fundamental.
    """
    now, terms, fundamental, base_impact = s.now[0], s.terms[0], s.prices[step], s.base_impact[step]
    spot.relax(s, step)
    now.fundamental = fundamental
    for v in range(len(s.venues)):
        s.venues[v].anchor = fundamental * (1.0 + s.venues[v].stray)
    spot.reprice(s)
    due = terms.replays or step % s.rule[0].every == 0
    index = weigh(s) if due else math.nan
    if terms.replays:
        now.index = fundamental * (1.0 + (0.0 if math.isnan(base_impact) else now.impact - base_impact))
        shift = 0.0 if math.isnan(index) else now.index - index
        for v in range(len(s.venues)):
            s.venues[v].anchor += shift
        spot.reprice(s)
    elif not math.isnan(index):
        now.index = index
    for v in range(len(s.venues)):
        s.venues[v].seen = s.venues[v].price
    s.impact[step] = now.impact
    return now.index


@dataclass(frozen=True, kw_only=True)
class SpotVenue:
    """One spot exchange.

    name:         of its noise; no two alike
    volume_coin:  traded a day: its depth, by the square-root law
    weight:       in the index
    noise_bps:    standard deviation of its own noise
    cost_bps:     what a trade pays beyond impact: half the spread, and the fee
    outage_hours: ((from, to), ...) since the start, when it neither quotes nor trades
    pool_coin:    coin in its constant-product pool at the start, beside as much worth of USD (`sim.spot_pool`); 0: it
                  has none, and its depth is that of the square-root law
    """

    name: str
    volume_coin: float
    weight: float = 1.0
    noise_bps: float = 1.0
    cost_bps: float = 0.0
    outage_hours: tuple = ()
    pool_coin: float = 0.0

    def __post_init__(self):
        positive("volume_coin", self.volume_coin)
        for field in ("weight", "noise_bps", "cost_bps", "pool_coin"):
            require(getattr(self, field) >= 0, getattr(self, field), f"{field} must be 0 or more", "correct it")
        for hours in self.outage_hours:
            if len(hours) != 2 or not hours[0] < hours[1]:
                raise ValueError(f"outage_hours must be pairs ((from, to), ...) (got {hours}); add the brackets")


@dataclass(frozen=True, kw_only=True)
class SpotMarket:
    """The venues, the impact of trades at them (`sim.spot`) and the rule of the index.

    y, daily_volatility: of the square-root law
    permanent:           share of impact that lasts
    half_life_s:         of the volume behind the rest; of impact, its root, it is twice as long
    tie_half_life_s:     of differences between venues, which arbitrage closes
    rule:                of the index; None: that of the exchange
    replays:             the path is a real index, to which own impact is not added

    y is of order one (arXiv 2510.06879) and impact fades almost wholly (arXiv 1412.4503); volumes, daily volatility
    and half-lives are round numbers of 2020's order, fitted to nothing.
    """

    venues: tuple = (
        SpotVenue(name="Bitstamp", volume_coin=10_000.0),
        SpotVenue(name="Coinbase", volume_coin=25_000.0),
        SpotVenue(name="Kraken", volume_coin=10_000.0),
    )
    y: float = 1.0
    daily_volatility: float = 0.04
    permanent: float = 0.1
    half_life_s: float = 3_600.0
    tie_half_life_s: float = 10.0
    rule: IndexRule | None = None
    replays: bool = False

    def __post_init__(self):
        for field in ("half_life_s", "tie_half_life_s"):
            positive(field, getattr(self, field))
        for field in ("y", "daily_volatility"):
            require(getattr(self, field) >= 0, getattr(self, field), f"{field} must be 0 or more", "correct it")
        require(0 <= self.permanent <= 1, self.permanent, "permanent must lie in [0, 1]", "give a share")
        names = [venue.name for venue in self.venues]
        if len(set(names)) < len(names) or not sum(venue.weight for venue in self.venues) > 0:
            raise ValueError(f"venues must differ in name and have some weight (got {self.venues}); correct them")

    def open(self, prices, seed, step_s, impact=1.0, *, unit=1e-12, in_usd=False, base_impact=None, rule=IndexRule()):  # noqa: B008
        """The spot market of one run, an OpenSpot.

        prices:       (steps + 1,) USD, the fundamental
        impact:       coefficient of all impact; 0 none, 1 the law as declared
        unit, in_usd: settlement unit of the exchange, and whether that is USD, else coin
        base_impact:  (steps + 1,) `impact` of the run of which this one is a twin; in replays only
        rule:         of the exchange's index, unless spot has one of its own
        """
        positive("prices of the path", prices)
        require(impact >= 0, impact, "the coefficient of impact must be 0 or more", "use 1 for the declared law")
        if base_impact is not None and not (self.replays and len(base_impact) == len(prices)):
            got = f"{len(base_impact)} for {len(prices)} prices, replays={self.replays}"
            raise ValueError(f"base_impact must be that of a replay with as many steps (got {got}); run the base")
        rule = self.rule or rule
        state = spot.Spot(
            prices=np.array(prices, float),
            base_impact=np.full(len(prices), np.nan) if base_impact is None else np.array(base_impact, float),
            impact=np.zeros(len(prices)),
            venues=self.venue_rows(seed, impact, rule, prices[0]),
            holdings=records(len(self.venues), spot.HOLDING),
            outages=self.outage_steps(step_s),
            now=records(1, spot.NOW),
            terms=self.term_row(step_s, impact, unit, in_usd),
            rule=rule.record(step_s),
        )
        state.holdings.venue, state.holdings.account = np.arange(len(self.venues)), -1
        state.now.index, state.now.next_arrival = prices[0], spot.NEVER
        return OpenSpot(state)

    def venue_rows(self, seed, impact, rule, price):
        """(venues,) VENUE at the start."""
        rows = records(len(self.venues), spot.VENUE)
        volumes = [venue.volume_coin for venue in self.venues]
        rows.weight, rows.calm = rule.weigh([venue.weight for venue in self.venues], volumes), -1
        for row, venue in zip(rows, self.venues, strict=True):
            row.volume = venue.volume_coin
            row.noise, row.cost = 1e-4 * venue.noise_bps, 1e-4 * venue.cost_bps
            row.transient = (1 - self.permanent) * self.strength(impact, venue.volume_coin)
            row.liquidity = venue.pool_coin * math.sqrt(price) / impact if impact else 0.0
            row.key0, row.key1 = crowd_key(seed, f"spot {venue.name}")
        return rows

    def strength(self, impact, volume_coin):
        """Impact, relative, of one coin where so much is traded a day."""
        return impact * self.y * self.daily_volatility / math.sqrt(volume_coin)

    def term_row(self, step_s, impact, unit, in_usd):
        """(1,) TERMS of steps of `step_s` seconds."""
        rows = records(1, spot.TERMS)
        terms = rows[0]
        terms.lasting = self.permanent * self.strength(impact, sum(venue.volume_coin for venue in self.venues))
        terms.keep, terms.tie = 0.5 ** (step_s / self.half_life_s), 0.5 ** (step_s / self.tie_half_life_s)
        terms.replays = self.replays
        terms.coin_unit, terms.usd_unit = (1e-12, unit) if in_usd else (unit, 1e-6)
        terms.in_usd = in_usd
        return rows

    def outage_steps(self, step_s):
        """(outages, 3) venue, first step, first step after it."""
        hours = [(v, *pair) for v, venue in enumerate(self.venues) for pair in venue.outage_hours]
        outages = np.array(hours, float).reshape(-1, 3)
        outages[:, 1:] *= 3_600 / step_s
        return np.rint(outages).astype(np.int64)


class OpenSpot:
    """Spot in one run. `state` is its spot.Spot, for kernels; another object after each `admit`."""

    def __init__(self, state):
        self.state, self.step, self.traders = state, 0, False

    def observe(self, step):
        """Let a step pass, the first being 0, and return the index."""
        self.step, index = step, observe(self.state, step)
        if not index > 0:
            raise ValueError(f"the index must stay positive (got {index} at step {step}); sell less, or deepen spot")
        return index

    @property
    def index(self):
        """The index as last observed, USD."""
        return float(self.state.now[0].index)

    @property
    def first_price(self):
        """Fundamental price at the start, USD."""
        return float(self.state.prices[0])

    @property
    def impact(self):
        """(steps + 1,) impact of the run's own trades on the index, relative; a twin's `base_impact`."""
        return self.state.impact

    @property
    def impact_usd(self):
        """How far the run's own trades have moved the index so far (in a replay: would have), USD."""
        return float(self.state.impact[self.step] * self.state.prices[self.step])

    def moved_usd(self):
        """How far trades have moved the index since the last `observe`, USD: what its next value will show."""
        return spot.moved_usd(self.state)

    def admit(self, venue, accounts, exchange=0, *, usd=0.0, coin=0.0):
        """Open holdings for rows `accounts` of the exchange of that number; returns their rows.

        venue: number of theirs; usd, coin: brought in; each a scalar or (accounts,)
        """
        self.traders = True
        terms, now, first = self.state.terms[0], self.state.now[0], len(self.state.holdings)
        last, venues = len(self.state.venues) - 1, np.asarray(venue)
        require((venues >= 0) & (venues <= last), venues, f"venue must be 0 to {last}", "choose another")
        rows = records(len(accounts), spot.HOLDING)
        rows.account, rows.venue, rows.exchange = accounts, venue, exchange
        rows.usd, rows.coin = whole("usd", usd, terms.usd_unit), whole("coin", coin, terms.coin_unit)
        now.usd_in, now.coin_in = added("usd", now.usd_in, rows.usd), added("coin", now.coin_in, rows.coin)
        self.state = self.state.replace(holdings=np.concatenate([self.state.holdings, rows]).view(np.recarray))
        return first + np.arange(len(rows))

    def trade(self, orders):
        """Trade (orders,) spot.ORDER in turn; each says afterwards what it bought and how it moved the index."""
        spot.trade_all(self.state, orders)

    def arrivals(self, step):
        """[(exchange, account, settlement units)] that exchanges now receive; what is for spot is booked here."""
        if not spot.due(self.state, step):
            return []
        landed = np.zeros((len(self.state.holdings), 3), np.int64)
        count = spot.land(self.state, step, landed)
        return [tuple(each) for each in landed[:count].tolist()]


def whole(name, amount, unit):
    """An amount in whole units, int64."""
    units = np.rint(np.asarray(amount, float) / unit)
    good = (units >= 0) & (units < MOST_UNITS)
    require(good, np.asarray(amount), f"{name} must be 0 or more and fit in 2^62 units", "bring in another sum")
    return units.astype(np.int64)


def added(name, held, units):
    """`held` and all of `units`, which must not overflow together."""
    total = int(held) + sum(units.tolist())
    require(total < MOST_UNITS, total, f"{name} of all rows must fit in 2^62 units", "bring in less")
    return total
