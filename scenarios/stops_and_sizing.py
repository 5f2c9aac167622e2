"""Traders who follow signals, with and without stops, sized one way or another."""

import math

from agents import (
    Arbitrageurs,
    Breakouts,
    FixedFraction,
    LogNormal,
    MarketMakers,
    MeanReverters,
    NoiseTraders,
    TrendFollowers,
)
from scenarios.scenario import scenario
from sim.market import Market
from sim.paths import StochasticVolatility


@scenario
def stops_and_sizing(
    *,
    seed,
    hours=120.0,
    step_s=20.0,
    price=8_000.0,
    volatility=1.2,
    traders=150,
    coin=LogNormal(median=0.2, sigma=0.5),  # noqa: B008
    sizing=FixedFraction(30.0),  # noqa: B008
    stop_loss=0.01,
    take_profit=math.inf,
    latency_s=60.0,
    makers=40,
    noise=200,
    arbitrageurs=20,
    **market,
):
    """Do stops and careful sizes save traders from ruin, and what do they cost?

    Expect: without stops some 50 more of 100 are ruined at thirty times their equity, and the median trader keeps a
    tenth of its coin instead of most of it: stops close what would have been liquidated. At five times, or with 2 % at
    risk a stop, nobody is ruined. The price is the rare fortune: together they then keep 110 %, not several times that.

    price: of spot at the start, USD
    volatility: of spot, annual, on average; it comes and goes
    traders: number of trend followers, of breakout traders and of mean reverters, each
    coin: that each of them brings
    sizing: rule that says how large a full position is (`agents.sizing`)
    stop_loss: distance of their stops from the entry price, a fraction; 1 for none
    take_profit: distance at which they take a profit, a fraction; inf for never
    latency_s: age of a signal when they act on it, s
    makers: number of market makers
    noise: number of noise traders
    arbitrageurs: number of arbitrageurs
    """
    market.setdefault("path", StochasticVolatility(price=price, volatility=volatility, half_life_hours=6.0))
    market = Market(seed=seed, hours=hours, step_s=step_s, **market)
    MarketMakers(market, count=makers, coin=200.0)
    NoiseTraders(market, count=noise, coin=2.0)
    Arbitrageurs(market, count=arbitrageurs, coin=50.0, spot_coin=50.0, spot_usd_coin=50.0)
    mind = dict(
        count=traders, coin=coin, sizing=sizing, stop_loss=stop_loss, take_profit=take_profit, latency_s=latency_s,
        wake_s=300.0,
    )  # fmt: skip
    slow = LogNormal(median=21_600.0, sigma=0.7, low=7_200.0, high=86_400.0)
    TrendFollowers(market, fast_s=3_600.0, slow_s=slow, **mind)
    Breakouts(market, window_s=slow, **mind)
    MeanReverters(market, average_s=slow, **mind)
    return market
