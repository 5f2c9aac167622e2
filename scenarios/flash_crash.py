"""A sudden fall of spot."""

from math import log1p

from agents import Arbitrageurs, LeveragedLongs, LeveragedShorts, LogNormal, MarketMakers, NoiseTraders
from scenarios.capital import capital
from scenarios.scenario import scenario
from sim.market import Market
from sim.paths import GeometricBrownian, Shock, Shocked


@scenario
def flash_crash(
    *,
    seed,
    hours=4.0,
    step_s=0.25,
    drop=0.1,
    at_hours=1.0,
    over_s=600.0,
    price=8_000.0,
    volatility=0.6,
    depth=1.0,
    makers=60,
    noise=2_000,
    longs=6_000,
    shorts=4_000,
    arbitrageurs=20,
    leverage=LogNormal(median=8.0, sigma=0.8, low=1.0, high=80.0),  # noqa: B008
    open_interest=60_000_000,
    **market,
):
    """How much further does the contract fall than spot when leveraged longs are liquidated on the way?

    Expect: with the forced closes absorbed off the book the deepest discount is several times smaller, by 2 in natural
    logarithms, 0.1 instead of 0.8 % as a rule: they are most of it. Once in a while the makers leave, and it is 10 %.

    drop: fall of spot, a fraction
    at_hours: when it begins
    over_s: how long it takes, s
    price: of spot at the start, USD
    volatility: of spot apart from the fall, annual
    depth: capital of the market makers, as a multiple
    makers: number of market makers
    noise: number of noise traders
    longs: number of leveraged longs
    shorts: number of leveraged shorts
    arbitrageurs: number of arbitrageurs
    leverage: effective leverage of the longs, idle wallet included; more is less capital behind the same contracts
    open_interest: contracts that longs hold against shorts at the start
    """
    if not 0 <= drop < 1:
        raise ValueError(f"drop must be a fraction from 0 to below 1 (got {drop}); 0.1 is ten percent")
    fall = Shock(at_s=at_hours * 3600.0, log_size=log1p(-drop), over_s=over_s)
    path = Shocked(GeometricBrownian(price=price, volatility=volatility), (fall,))
    market = Market(seed=seed, hours=hours, step_s=step_s, path=market.pop("path", path), **market)
    MarketMakers(market, count=makers, coin=25.0 * depth)
    NoiseTraders(market, count=noise, coin=0.5)
    coin = capital(open_interest * market.contract_usd, price, longs, leverage)
    held = LeveragedLongs(market, count=longs, coin=coin, leverage=leverage)
    owed = LeveragedShorts(market, count=shorts, coin=LogNormal(0.75, 1.0), leverage=LogNormal(2.0, 0.6, 0.5, 20.0))
    Arbitrageurs(market, count=arbitrageurs, coin=50.0, spot_coin=50.0, spot_usd_coin=50.0)
    market.endow(open_interest, longs=[held], shorts=[owed], spread=0.02)
    return market
