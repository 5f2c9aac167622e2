"""Spot venues: what they quote, what trading there does to it, and who holds what; whole units of coin and USD.

The price of a venue is the fundamental times 1 + its own noise + impact. Impact is the square-root law,
y * sigma_D * sqrt(Q / V_D) (Donier and Bonart, arXiv 1412.4503), of two signed volumes in coin:

    transient   (1 - permanent) * y * sigma_D * root(M / V), M traded at the venue, fading exponentially
    lasting     permanent * y * sigma_D * root(N / sum of V), N traded at all venues, net, since the start

with root(x) = sign(x) * sqrt(|x|). A trade pays the mean over its way along both, so it costs the same in one
piece or in many at once. What fades is the volume, not the price, and what lasts depends on the net volume
alone, so no round trip earns anything (Alfonsi and Schied, SIAM J. Financial Math. 1, 2010). Were it a share of
every increment that lasts, buying slowly and selling at once would earn. Arbitrage between venues moves M from
dear to cheap ones. A venue may be a constant-product pool instead (`sim.spot_pool`), with its own transient impact.

Coin and USD change hands only with the first `holdings`, the rest of the world.
"""

import math

import numpy as np

from sim import spot_pool
from sim.bundle import Bundle
from sim.compiled import kernel
from sim.streams import DECIDE, as_normal, uniform4

NEVER = 2**62

VENUE = np.dtype(
    [
        ("volume", np.float64),  # coin a day
        ("weight", np.float64),  # in the index, before any are left out
        ("noise", np.float64),  # standard deviation of `stray`
        ("cost", np.float64),  # half spread and fee, relative
        ("transient", np.float64),  # impact of one coin of pressure, relative
        ("liquidity", np.float64),  # of a pool, root of its coin times its USD; 0 it is none
        ("pressure", np.float64),  # signed volume that has not faded, coin
        ("net", np.float64),  # signed volume since the start, coin
        ("stray", np.float64),  # own deviation from the others, relative
        ("anchor", np.float64),  # price less impact
        ("impact", np.float64),  # relative
        ("price", np.float64),
        ("seen", np.float64),  # price when last observed
        ("share", np.float64),  # weight among those in the index, adding up to 1
        ("age", np.int64),  # steps since it last had a price of its own; 0 while it is up
        ("key0", np.uint64),  # of its noise
        ("key1", np.uint64),
        ("out", np.int64),  # 1: excluded from the index as an outlier, until it is readmitted
        ("calm", np.int64),  # computations of the index for which it has been near the others since; -1 it is not
    ]
)

HOLDING = np.dtype(
    [
        ("usd", np.int64),  # units
        ("coin", np.int64),  # units
        ("transit", np.int64),  # settlement units on their way here, or, negative, to the exchange
        ("arrives_step", np.int64),  # of what is in transit
        ("account", np.int32),  # row at the exchange; -1 none
        ("exchange", np.int32),  # its number; 0 the market's first
        ("venue", np.int32),
    ],
    align=True,
)

ORDER = np.dtype(
    [
        ("row", np.int64),  # of holdings
        ("coin", np.int64),  # units to buy, or, negative, to sell; then those traded
        ("usd", np.int64),  # then the units paid
        ("moved_usd", np.float64),  # then how far the order moved the index
    ]
)

NOW = np.dtype(
    [
        ("fundamental", np.float64),
        ("index", np.float64),
        ("impact", np.float64),  # of the run's own trades on the index, relative
        ("next_arrival", np.int64),  # step before which nothing arrives
        ("usd_in", np.int64),  # brought in less taken out, units
        ("coin_in", np.int64),
    ]
)

TERMS = np.dtype(
    [
        ("lasting", np.float64),  # impact of one coin of net volume, relative
        ("keep", np.float64),  # of a venue's pressure after a step
        ("tie", np.float64),  # of the differences between venues after a step
        ("coin_unit", np.float64),
        ("usd_unit", np.float64),
        ("replays", np.int64),
        ("in_usd", np.int64),  # the exchange settles in USD, else in coin
    ]
)


class Spot(Bundle):
    """State of the spot market, the first argument `s` of its kernels.

    prices:      (steps + 1,)        fundamental, USD
    base_impact: (steps + 1,)        `impact` of the run of which this is a twin; nan none
    impact:      (steps + 1,)        of the run's own trades on the index, relative, as far as observed
    venues:      (venues,) VENUE
    holdings:    (rows,) HOLDING     the first rows, one for each venue, are the rest of the world there
    outages:     (outages, 3) int64  venue, first step, first step after it
    now:         (1,) NOW            what changes
    terms:       (1,) TERMS          what does not
    rule:        (1,) composite.RULE of the index
    """


@kernel
def root(strength, volume):
    """Impact of a signed volume, relative."""
    return math.copysign(strength * math.sqrt(abs(volume)), volume)


@kernel
def climb(strength, start, volume):
    """Sum of `root` along `volume`, from `start` on, coin."""
    before, after = abs(start), abs(start + volume)
    return 2.0 / 3.0 * strength * (after * math.sqrt(after) - before * math.sqrt(before))


@kernel
def transient_impact(s, v):
    """Impact of the pressure on venue `v`, relative."""
    venue = s.venues[v]
    if venue.liquidity > 0.0:
        return spot_pool.impact(spot_pool.reserve(venue, s.now[0].fundamental), venue.pressure)
    return root(venue.transient, venue.pressure)


@kernel
def transient_climb(s, v, coin):
    """Sum of `transient_impact` along `coin` bought at venue `v`, coin."""
    venue = s.venues[v]
    if venue.liquidity > 0.0:
        return spot_pool.way(spot_pool.reserve(venue, s.now[0].fundamental), venue.pressure, coin)
    return climb(venue.transient, venue.pressure, coin)


@kernel
def net_volume(s):
    """Coin traded at all venues since the start, buys less sells."""
    total = 0.0
    for v in range(len(s.venues)):
        total += s.venues[v].net
    return total


@kernel
def reprice(s):
    """Write impact and price of every venue that is up."""
    lasting = root(s.terms[0].lasting, net_volume(s))
    for v in range(len(s.venues)):
        venue = s.venues[v]
        if venue.age == 0:
            venue.impact = transient_impact(s, v) + lasting
            venue.price = venue.anchor + s.now[0].fundamental * venue.impact


@kernel
def carry(s, worth):
    """Whether any venue is a pool. What a coin is worth, and so what lies in a pool, changes; impact there does not."""
    before, pooled = s.now[0].fundamental, False
    for v in range(len(s.venues)):
        if s.venues[v].liquidity > 0.0:
            pooled = True
            if before > 0.0:
                s.venues[v].pressure *= math.sqrt(before / worth)
    return pooled


@kernel
def relax(s, step):
    """Let a step pass: pressure fades and spreads over the venues, noise wanders; outages begin and end."""
    terms, worth = s.terms[0], s.prices[step]
    pooled = carry(s, worth)
    pressure, volume = 0.0, 0.0
    for v in range(len(s.venues)):
        pressure += s.venues[v].pressure
        volume += s.venues[v].volume
    level = spot_pool.even_level(s, worth, pressure) if pooled else 0.0
    spread = math.sqrt(1.0 - terms.tie * terms.tie)
    for v in range(len(s.venues)):
        venue = s.venues[v]
        even = spot_pool.absorbed(venue, worth, level) if pooled else pressure * venue.volume / volume
        venue.pressure = terms.keep * (even + terms.tie * (venue.pressure - even))
        drawn = uniform4(venue.key0, venue.key1, 0, step, 0, DECIDE)
        venue.stray = terms.tie * venue.stray + venue.noise * spread * as_normal(drawn[0])
        down = False
        for o in range(len(s.outages)):
            down |= s.outages[o, 0] == v and s.outages[o, 1] <= step < s.outages[o, 2]
        venue.age = venue.age + 1 if down else 0


@kernel
def moved_usd(s):
    """How far trades have moved the index since it was last observed, USD."""
    moved = 0.0
    for v in range(len(s.venues)):
        moved += s.venues[v].share * (s.venues[v].price - s.venues[v].seen)
    return moved


@kernel
def cost(s, v, coin_units):
    """USD units that buying `coin_units` at venue `v` costs now; negative: what selling them brings."""
    venue, terms = s.venues[v], s.terms[0]
    coin = coin_units * terms.coin_unit
    way = transient_climb(s, v, coin) + climb(terms.lasting, net_volume(s), coin)
    usd = coin * venue.anchor + s.now[0].fundamental * way + abs(coin) * venue.price * venue.cost
    if venue.liquidity > 0.0:
        return math.ceil(usd / terms.usd_unit)
    return math.floor(usd / terms.usd_unit + 0.5)


@kernel
def taken(s, v, coin_units):
    """What of `coin_units` venue `v` trades: all, but a pool not so much that it runs dry."""
    venue, unit = s.venues[v], s.terms[0].coin_unit
    if venue.liquidity > 0.0:
        held, coin = spot_pool.reserve(venue, s.now[0].fundamental), coin_units * unit
        most = spot_pool.part(held, venue.pressure, coin)
        return coin_units if most == coin else math.floor(most / unit)
    return coin_units


@kernel
def trade(s, row, coin_units):
    """Buy (sell if negative) coin for a row of holdings at its venue; returns the coin units traded.

    None are if the venue is down or the row holds too little: nothing is lent. Nothing is cut either, but by a pool
    that would run dry.
    """
    holding = s.holdings[row]
    v = holding.venue
    coin_units = taken(s, v, coin_units)
    usd_units = cost(s, v, coin_units)
    if s.venues[v].age > 0 or holding.usd < usd_units or holding.coin + coin_units < 0:
        return 0
    world, venue = s.holdings[v], s.venues[v]
    holding.coin += coin_units
    holding.usd -= usd_units
    world.coin -= coin_units
    world.usd += usd_units
    venue.pressure += coin_units * s.terms[0].coin_unit
    venue.net += coin_units * s.terms[0].coin_unit
    reprice(s)
    return coin_units


@kernel
def trade_all(s, orders):
    """Trade (orders,) ORDER, one after the other, and write what became of each."""
    for k in range(len(orders)):
        order = orders[k]
        usd, moved = s.holdings[order.row].usd, moved_usd(s)
        order.coin = trade(s, order.row, order.coin)
        order.usd = usd - s.holdings[order.row].usd
        order.moved_usd = moved_usd(s) - moved


@kernel
def send(s, row, units, arrives_step):
    """Send settlement units of a row to its account at the exchange; whether it could.

    It can if it holds them and nothing else is on its way to or from it.
    """
    holding, in_usd = s.holdings[row], s.terms[0].in_usd
    if holding.transit != 0 or units <= 0 or (holding.usd if in_usd else holding.coin) < units:
        return False
    add(s, holding, -units)
    holding.transit, holding.arrives_step = -units, arrives_step
    s.now[0].next_arrival = min(s.now[0].next_arrival, arrives_step)
    return True


@kernel
def fetch(s, row, units, arrives_step):
    """Send settlement units that the caller takes off the exchange to a row; whether it could."""
    holding, now = s.holdings[row], s.now[0]
    if holding.transit != 0 or units <= 0:
        return False
    holding.transit, holding.arrives_step = units, arrives_step
    now.next_arrival = min(now.next_arrival, arrives_step)
    bring(s, units)
    return True


@kernel
def add(s, holding, units):
    """Put settlement units into a holding."""
    if s.terms[0].in_usd:
        holding.usd += units
    else:
        holding.coin += units


@kernel
def bring(s, units):
    """Count settlement units as brought in to spot; negative: taken out."""
    if s.terms[0].in_usd:
        s.now[0].usd_in += units
    else:
        s.now[0].coin_in += units


@kernel
def due(s, step):
    """Whether anything arrives."""
    return s.now[0].next_arrival <= step


@kernel
def land(s, step, landed):
    """Book the transfers that are due; returns how many of them are for an exchange.

    landed: (rows, 3) written: the exchange and the account that the caller credits, and with how many settlement units
    """
    now, count = s.now[0], 0
    now.next_arrival = NEVER
    for row in range(len(s.holdings)):
        holding = s.holdings[row]
        if holding.transit != 0 and holding.arrives_step > step:
            now.next_arrival = min(now.next_arrival, holding.arrives_step)
        elif holding.transit < 0:
            landed[count, 0], landed[count, 1] = holding.exchange, holding.account
            landed[count, 2] = -holding.transit
            bring(s, holding.transit)
            holding.transit = 0
            count += 1
        elif holding.transit > 0:
            add(s, holding, holding.transit)
            holding.transit = 0
    return count


def check(s):
    """Assert that what is held and in transit is what was brought in: no unit of coin or USD is made or lost."""
    holdings, now, in_usd = s.holdings, s.now[0], s.terms[0].in_usd
    moving = int(np.abs(holdings.transit).sum())
    usd = int(holdings.usd.sum()) + (moving if in_usd else 0)
    coin = int(holdings.coin.sum()) + (0 if in_usd else moving)
    assert usd == now.usd_in, f"USD at spot must be conserved ({usd} units held, {now.usd_in} brought in)"
    assert coin == now.coin_in, f"coin at spot must be conserved ({coin} units held, {now.coin_in} brought in)"
