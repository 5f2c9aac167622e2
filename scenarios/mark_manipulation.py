"""One trader pushes the price that the mark is made of."""

from dataclasses import replace

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
from sim.mark import LastPrice
from sim.market import Market
from sim.paths import GeometricBrownian
from sim.venues import BITMEX

AT_THE_LAST = replace(BITMEX, name="BitMEX's rules, marked at the last trade", mark=LastPrice())


@scenario
def mark_manipulation(
    *,
    seed,
    hours=0.5,
    venue=AT_THE_LAST,
    manipulators=1,
    pushes="last",
    push=0.03,
    capital_coin=400.0,
    spot_coin=3_000.0,
    budget=0.5,
    target=1.0,
    price=8_000.0,
    volatility=0.3,
    depth=1.0,
    makers=16,
    noise=300,
    longs=1_500,
    shorts=1_000,
    arbitrageurs=10,
    leverage=LogNormal(median=20.0, sigma=0.6, low=2.0, high=80.0),  # noqa: B008
    open_interest=20_000_000,
    **market,
):
    """What does it cost to push the mark, and what does it pay?

    Expect: marked at the index, a capital of 400 coin earns some 44 coin less than marked at the last trade, which is
    nearly all of its profit: one order moves the last trade by 3 %, which liquidates three quarters of the open
    interest, while nothing moves the index but the arbitrage that answers.

    manipulators: how many push: 1, or 0 for the same market left alone
    pushes: the price that is pushed: "last", "mid" or "index"
    push: distance to which it is pushed, a fraction
    capital_coin: of the manipulator at the exchange at the start, coin
    spot_coin: that it has at one spot venue besides, to push the index with, coin
    budget: loss at which it stops, of the capital at the exchange
    target: profit at which it does
    price: of spot at the start, USD
    volatility: of spot, annual
    depth: capital of the market makers, as a multiple
    makers: number of market makers
    noise: number of noise traders
    longs: number of leveraged longs
    shorts: number of leveraged shorts
    arbitrageurs: number of arbitrageurs
    leverage: effective leverage of the longs, idle wallet included
    open_interest: contracts that longs hold against shorts at the start
    """
    path = market.pop("path", GeometricBrownian(price=price, volatility=volatility))
    market = Market(seed=seed, hours=hours, venue=venue, path=path, **market)
    MarketMakers(market, count=makers, coin=25.0 * depth)
    NoiseTraders(market, count=noise, coin=1.0)
    coin = capital(open_interest * market.contract_usd, price, longs, leverage)
    held = LeveragedLongs(market, count=longs, coin=coin, leverage=leverage)
    owed = LeveragedShorts(market, count=shorts, coin=LogNormal(2.0, 1.0), leverage=LogNormal(2.0, 0.6, 0.5, 20.0))
    Arbitrageurs(market, count=arbitrageurs, coin=20.0, spot_coin=20.0, spot_usd_coin=20.0)
    Manipulator(
        market, count=2 * manipulators, coin=Listed((0.95 * capital_coin, 0.05 * capital_coin)),
        spot_coin=Listed((spot_coin, 0.0)), pushes=pushes, push=push,
        budget=budget, target=target,
    )  # fmt: skip
    market.endow(open_interest, longs=[held], shorts=[owed], spread=0.02)
    return market
