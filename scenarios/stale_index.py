"""The index stands still while spot falls."""

from math import log1p

from agents import Arbitrageurs, LeveragedLongs, LeveragedShorts, LogNormal, MarketMakers, NoiseTraders
from scenarios.capital import capital
from scenarios.scenario import scenario
from sim.index import SpotMarket, SpotVenue
from sim.market import Market
from sim.paths import GeometricBrownian, Shock, Shocked


@scenario
def stale_index(
    *,
    seed,
    hours=1.5,
    stale_s=600.0,
    drop=0.06,
    over_s=600.0,
    at_hours=0.5,
    price=8_000.0,
    volatility=0.3,
    makers=20,
    noise=500,
    longs=1_500,
    shorts=1_000,
    arbitrageurs=20,
    leverage=LogNormal(median=10.0, sigma=0.6, low=2.0, high=80.0),  # noqa: B008
    open_interest=20_000_000,
    **market,
):
    """Who pays when the index stands still for a while and spot falls meanwhile?

    Expect: were the index live, market makers would lose some 26 coin less, 5 % of their capital: they quote about the
    index, and arbitrageurs who see spot sell to them what will be worth less once it moves.

    stale_s: for how long the venue that the index is made of is silent, s, from the beginning of the fall on; below 900
    drop: fall of spot, a fraction
    over_s: how long it takes, s
    at_hours: when it begins
    price: of spot at the start, USD
    volatility: of spot apart from the fall, annual
    makers: number of market makers
    noise: number of noise traders
    longs: number of leveraged longs
    shorts: number of leveraged shorts
    arbitrageurs: number of arbitrageurs, every second of them at a spot venue that goes on
    leverage: effective leverage of the longs, idle wallet included
    open_interest: contracts that longs hold against shorts at the start
    """
    if not 0 <= stale_s < 900:
        raise ValueError(f"stale_s must be 0 or more and below 900 (got {stale_s}); the index drops older prices")
    fall = Shock(at_s=at_hours * 3600.0, log_size=log1p(-drop), over_s=over_s)
    path = market.pop("path", Shocked(GeometricBrownian(price=price, volatility=volatility), (fall,)))
    silent = ((at_hours, at_hours + stale_s / 3600.0),) if stale_s else ()
    feed = SpotVenue(name="Feed", volume_coin=22_500.0, outage_hours=silent)
    spot = SpotMarket(venues=(feed, SpotVenue(name="Elsewhere", volume_coin=22_500.0, weight=0.0)))
    market = Market(seed=seed, hours=hours, path=path, spot=market.pop("spot", spot), **market)
    MarketMakers(market, count=makers, coin=25.0)
    NoiseTraders(market, count=noise, coin=1.0)
    coin = capital(open_interest * market.contract_usd, price, longs, leverage)
    held = LeveragedLongs(market, count=longs, coin=coin, leverage=leverage)
    owed = LeveragedShorts(market, count=shorts, coin=LogNormal(2.0, 1.0), leverage=LogNormal(2.0, 0.6, 0.5, 20.0))
    Arbitrageurs(market, count=arbitrageurs, coin=50.0, spot_coin=50.0, spot_usd_coin=50.0)
    market.endow(open_interest, longs=[held], shorts=[owed], spread=0.02)
    return market
