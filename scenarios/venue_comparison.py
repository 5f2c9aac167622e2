"""One fall and half a recovery, on any venue."""

from math import log1p

from agents import Arbitrageurs, LeveragedLongs, LeveragedShorts, LogNormal, MarketMakers, NoiseTraders, Uniform
from scenarios.capital import capital
from scenarios.scenario import scenario
from sim.market import Market
from sim.paths import GeometricBrownian, Shock, Shocked


@scenario
def venue_comparison(
    *,
    seed,
    hours=10.0,
    fund_coin=50.0,
    drop=0.25,
    at_hours=2.0,
    over_s=1_800.0,
    recovers=0.5,
    back_hours=4.0,
    price=8_000.0,
    volatility=0.8,
    makers=160,
    noise=1_000,
    longs=3_000,
    shorts=2_000,
    arbitrageurs=20,
    leverage=LogNormal(median=6.0, sigma=0.5, low=1.0, high=9.5),  # noqa: B008
    bargain=Uniform(low=0.01, high=0.1),  # noqa: B008
    open_interest_usd=60e6,
    **market,
):
    """What would another venue's rules have made of the same fall? `perpsim compare` runs it on each.

    Expect: on BitMEX the forced closes make the deepest discount 2.4 percentage points deeper; what other
    venues make of the same is in `docs/venues.md`.

    drop: fall of spot, a fraction
    at_hours: when it begins
    over_s: how long it takes, s
    recovers: part of the fall, in logarithms, that spot then makes good
    back_hours: when it begins to, over an hour
    price: of spot at the start, USD
    volatility: of spot apart from that, annual
    makers: number of market makers; none where a pool takes their place
    noise: number of noise traders
    longs: number of leveraged longs
    shorts: number of leveraged shorts
    arbitrageurs: number of arbitrageurs
    leverage: effective leverage of the longs, below the lowest limit of all venues, which is 10
    bargain: distance from the index at which longs buy and shorts take their profit, or the reverse, a fraction
    open_interest_usd: what longs hold against shorts at the start, USD
    """
    if not 0 <= drop < 1:
        raise ValueError(f"drop must be a fraction from 0 to below 1 (got {drop}); 0.25 is a quarter")
    fall = log1p(-drop)
    shocks = Shock(at_hours * 3600.0, fall, over_s), Shock(back_hours * 3600.0, -recovers * fall, 3_600.0)
    path = Shocked(GeometricBrownian(price=price, volatility=volatility), shocks)
    market = Market(seed=seed, hours=hours, fund_coin=fund_coin, path=market.pop("path", path), **market)
    if not market.venue.pool:
        MarketMakers(market, count=makers, coin=10.0)
    NoiseTraders(market, count=noise, coin=1.0)
    coin = capital(open_interest_usd, price, longs, leverage)
    held = LeveragedLongs(market, count=longs, coin=coin, leverage=leverage, bargain=bargain)
    coin, low = LogNormal(median=4.0, sigma=1.0), LogNormal(median=2.0, sigma=0.6, low=0.5, high=9.5)
    owed = LeveragedShorts(market, count=shorts, coin=coin, leverage=low, bargain=bargain)
    Arbitrageurs(market, count=arbitrageurs, coin=50.0, spot_coin=50.0, spot_usd_coin=50.0)
    market.endow(round(open_interest_usd / market.contract_usd), longs=[held], shorts=[owed], spread=0.02)
    return market
