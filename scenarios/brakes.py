"""Brakes: a slower engine, a halt, a band about the mark, a cap on open interest, margin that rises with
volatility, batch auctions."""

from dataclasses import replace
from math import inf

from scenarios.scenario import scenario
from scenarios.shock import shocked
from sim.margin_scale import VolatilityMargin
from sim.venues import BITMEX


@scenario
def brakes(
    *,
    seed,
    pace_usd_per_s=20_000.0,
    halt_hours=0.0,
    band=inf,
    most_open_interest=inf,
    most_margin=1.0,
    auction_s=0.0,
    fall=0.15,
    depth=0.5,
    venue=BITMEX,
    hours=2.0,
    **market,
):
    """Does it help to sell more slowly what was liquidated, to stop trading for a while, or to keep orders to a band?

    Expect: a halt of a quarter of an hour makes the deepest discount 7 percentage points smaller, because spot has
    ended its fall before anything more is sold; a slower engine does not help, for it sells the same, lower. A band
    holds the discount by definition, and leaves the engine with what it may not sell. Margin that rises up to threefold
    with volatility is no brake: of a fall of 5 % it has another 0.06 of the open interest liquidated. Auctions every
    ten seconds make the deepest discount of a minute 8 points smaller, though single trades are 15 points lower, for
    all of a sale pays what its last contract does.

    pace_usd_per_s: the most that the liquidation engine sells, USD a second
    halt_hours: how long nobody can trade from the middle of the fall on; the index goes on, and so does the mark
    band: how far beyond the mark an order may trade, a fraction; inf for none
    most_open_interest: contracts above which orders that open are refused; inf for none
    most_margin: the most that margin rates are multiplied with as the index becomes volatile; 1 for rates that stay
    auction_s: time between two batch auctions, s; 0 for trading at any time
    fall: of spot, a fraction, over ten minutes
    depth: capital of the market makers, as a multiple of the usual
    venue: whose other rules hold
    """
    unwind = replace(venue.unwind, usd_per_s=pace_usd_per_s)
    if not 1.0 <= most_margin < inf:
        raise ValueError(f"most_margin must be 1 or more and finite (got {most_margin}); 1 is for rates that stay")
    scale = VolatilityMargin(most=most_margin) if most_margin != 1.0 else venue.margin_scale
    venue = replace(
        venue,
        unwind=unwind,
        price_band=band,
        most_open_interest=most_open_interest,
        margin_scale=scale,
        auction_s=auction_s or venue.auction_s,
    )
    halt = (0.25 + 1 / 12, 0.25 + 1 / 12 + halt_hours) if halt_hours else ()
    halt = market.pop("halt", halt)
    return shocked(seed=seed, move=-fall, depth=depth, venue=venue, halt=halt, hours=hours, **market)
