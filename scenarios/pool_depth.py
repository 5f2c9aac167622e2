"""A pool in place of a book."""

from dataclasses import replace

from agents import Arbitrageurs, LeveragedLongs, LogNormal, NoiseTraders
from scenarios.scenario import scenario
from sim.market import Market
from sim.paths import GeometricBrownian
from sim.pool_rules import VirtualAmm
from sim.venues import PERPETUAL


@scenario
def pool_depth(*, seed, depth_usd=20e6, buyers=200, leverage=3.0, hours=6.0, step_s=5.0, venue=PERPETUAL, **market):
    """How far do the same buyers move the price of a pool as its depth changes?

    Expect: a pool four times as deep is moved 4,000 basis points less: the price of a constant product grows
    with the square of what is bought over its depth.

    depth_usd: of the virtual pool, in quote
    buyers: number of leveraged longs who come within the hours
    leverage: at which they buy
    venue: one whose contract trades against a virtual pool
    """
    if not isinstance(venue.pool, VirtualAmm):
        raise ValueError(f"venue must trade against a virtual pool (got {venue.name}); take PERPETUAL")
    venue = replace(venue, pool=replace(venue.pool, depth_coin=depth_usd))
    path = market.pop("path", GeometricBrownian(price=8_000.0, volatility=0.6))
    market = Market(seed=seed, hours=hours, step_s=step_s, venue=venue, path=path, **market)
    NoiseTraders(market, count=100, coin=1.0)
    LeveragedLongs(market, count=buyers, coin=LogNormal(1.0, 1.0), leverage=leverage, entry=0.05)
    Arbitrageurs(market, count=5, coin=20.0, spot_coin=20.0, spot_usd_coin=20.0)
    return market
