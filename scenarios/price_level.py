"""A venue's rules at prices for which they were not published: of another coin, or of another year."""

import math
from dataclasses import replace

from sim.contract import MOST_UNITS

LOWEST_USD = 3_000.0  # bitcoin since 2017; a coin that costs less is taken for another one
ROOM = 2.5  # of the book above the highest price
MOST_TICKS = 2_000_000  # of the book, which takes 60 bytes for each
TIMES = 20.0  # the open interest, which all sums of a run must be able to hold


def at_prices(venue, first, highest, usd):
    """`venue` with a book for a coin that costs `first` USD at the start and at most `highest`.

    usd: open interest; where that is so large that sums of money would not fit, they are counted in larger units.

    A coin below LOWEST_USD is counted by tens, hundreds or thousands: what a rule counts in coin (risk limits, impact
    notional, the tick) moves by that power of ten, and so is worth about what it is worth to bitcoin.
    """
    coins = 10.0 ** max(0, math.ceil(math.log10(LOWEST_USD / first)))
    contract, inside = venue.contract, venue.contract.coin_margined
    unit, face = contract.unit * (coins if inside else 1.0), contract.face * (1.0 if inside else coins)
    tick, top = contract.tick / coins, max(contract.highest / coins, ROOM * highest)
    while MOST_UNITS * unit < TIMES * usd / (first if inside else 1.0):
        unit, top = unit * 10.0, ROOM * highest  # lower, for larger units have to tell the highest ticks apart
    while top / tick > MOST_TICKS:
        tick *= 10.0
    if inside:
        venue = replace(venue, tiers=scaled(venue.tiers, coins), impact_coin=venue.impact_coin * coins)
    if hasattr(venue.pool, "skew_scale"):
        venue = replace(venue, pool=replace(venue.pool, skew_scale=venue.pool.skew_scale * coins))
    book = {"tick": tick, "highest": math.ceil(top / tick) * tick}
    return replace(venue, contract=replace(contract, face=face, unit=unit, **book))


def scaled(tiers, coins):
    """`tiers` whose limits, counted in coin, are so many times as large; those counted in contracts stay."""
    if tiers.counted != "coin":
        return tiers
    rows = tuple((limit * coins, *rates, deduction * coins) for limit, *rates, deduction in tiers.rows)
    return replace(tiers, rows=rows, slope=tiers.slope / coins)
