"""One trader pushes one spot venue of the index."""

from agents import (
    Arbitrageurs,
    LeveragedLongs,
    LeveragedShorts,
    Listed,
    LogNormal,
    Manipulator,
    MarketMakers,
    NoiseTraders,
)
from scenarios.capital import capital
from scenarios.scenario import scenario
from sim.index import SpotMarket, SpotVenue
from sim.market import Market
from sim.paths import GeometricBrownian


@scenario
def oracle_attack(
    *,
    seed,
    hours=0.5,
    manipulators=1,
    spot_venues=1,
    volume_coin=1_000.0,
    cost_bps=10.0,
    tie_half_life_s=10.0,
    push=0.04,
    capital_coin=300.0,
    spot_coin=1_500.0,
    price=8_000.0,
    volatility=0.3,
    makers=20,
    noise=300,
    longs=1_500,
    shorts=1_000,
    arbitrageurs=10,
    leverage=LogNormal(median=20.0, sigma=0.6, low=2.0, high=80.0),  # noqa: B008
    open_interest=20_000_000,
    **market,
):
    """What does it pay to push one spot venue when the mark is the index of one, three or five of them?

    Expect: an index of five venues instead of one lowers the profit by some 60 coin, from 35 to a loss of 25: what is
    sold goes through a fifth of the depth, and arbitrage between the venues carries it to the others.

    manipulators: how many push, each the first venue: 1, or 0 for the same market left alone
    spot_venues: venues in the index, of equal weight and volume
    volume_coin: traded a day at all of them together, coin: their depth
    cost_bps: of a trade there, beyond impact
    tie_half_life_s: of differences between them, which arbitrage closes
    push: distance to which the index is pushed, a fraction
    capital_coin: of the manipulator at the exchange at the start, coin
    spot_coin: that it has at the first venue besides, coin
    price: of spot at the start, USD
    volatility: of spot, annual
    makers: number of market makers
    noise: number of noise traders
    longs: number of leveraged longs
    shorts: number of leveraged shorts
    arbitrageurs: number of arbitrageurs
    leverage: effective leverage of the longs, idle wallet included
    open_interest: contracts that longs hold against shorts at the start
    """
    if not (isinstance(spot_venues, int) and spot_venues >= 1):
        raise ValueError(f"spot_venues must be a whole number, 1 or more (got {spot_venues!r}); correct it")
    names = [f"Spot {number + 1}" for number in range(spot_venues)]
    each = dict(volume_coin=volume_coin / spot_venues, cost_bps=cost_bps)
    venues = tuple(SpotVenue(name=name, **each) for name in names)
    spot = market.pop("spot", SpotMarket(venues=venues, tie_half_life_s=tie_half_life_s))
    path = market.pop("path", GeometricBrownian(price=price, volatility=volatility))
    market = Market(seed=seed, hours=hours, spot=spot, path=path, **market)
    MarketMakers(market, count=makers, coin=25.0)
    NoiseTraders(market, count=noise, coin=1.0)
    coin = capital(open_interest * market.contract_usd, price, longs, leverage)
    held = LeveragedLongs(market, count=longs, coin=coin, leverage=leverage)
    owed = LeveragedShorts(market, count=shorts, coin=LogNormal(2.0, 1.0), leverage=LogNormal(2.0, 0.6, 0.5, 20.0))
    Arbitrageurs(market, count=arbitrageurs, coin=20.0, spot_coin=20.0, spot_usd_coin=20.0)
    Manipulator(
        market, count=2 * manipulators, coin=Listed((capital_coin, 0.0)), spot_coin=Listed((spot_coin, 0.0)),
        pushes="index", push=push, order_share=0.1,
    )  # fmt: skip
    market.endow(open_interest, longs=[held], shorts=[owed], spread=0.02)
    return market
