"""An ordinary day."""

from agents import Arbitrageurs, LeveragedLongs, LeveragedShorts, LogNormal, MarketMakers, NoiseTraders
from scenarios.capital import capital
from scenarios.scenario import scenario
from sim.market import Market
from sim.paths import GeometricBrownian


@scenario
def calm(
    *,
    seed,
    price=8_000.0,
    volatility=0.6,
    makers=20,
    noise=500,
    longs=400,
    shorts=400,
    arbitrageurs=20,
    careful=0.0,
    long_leverage=LogNormal(median=5.0, sigma=0.7, low=1.0, high=50.0),  # noqa: B008
    short_leverage=LogNormal(median=4.0, sigma=0.7, low=1.0, high=50.0),  # noqa: B008
    open_interest=20_000_000,
    maker_coin=200.0,
    maker_levels=3,
    maker_half_spread_bps=2.0,
    maker_skew_bps=10.0,
    maker_takes_bps=20.0,
    maker_lean_seen=1.0,
    **market,
):
    """Does a perpetual stay close to its index on an ordinary day?

    Expect: yes; without arbitrageurs the root mean square of its distance from the index is 5 basis points
    larger.

    price: of spot at the start, USD
    volatility: of spot, annual
    makers: number of market makers
    noise: number of noise traders
    longs: number of leveraged longs
    shorts: number of leveraged shorts
    arbitrageurs: number of arbitrageurs
    careful: whether they count what closing and their impact on spot cost, 0 to 1; who does not loses by it
    long_leverage: effective leverage of the longs, idle wallet included
    short_leverage: the same of the shorts
    open_interest: contracts that longs hold against shorts at the start
    maker_coin: of each market maker
    maker_levels: quotes of each on a side
    maker_half_spread_bps: of the innermost quote at usual volatility, basis points
    maker_skew_bps: shift of what they think fair at full inventory, basis points
    maker_takes_bps: how far beyond their quote and the fee an order must stand for them to take it, basis points
    maker_lean_seen: of their own leaning, what they take for the market's basis, 0 to 1
    """
    market.setdefault("path", GeometricBrownian(price=price, volatility=volatility))
    market = Market(seed=seed, **market)
    MarketMakers(
        market, count=makers, coin=maker_coin, levels=maker_levels, half_spread_bps=maker_half_spread_bps,
        skew_bps=maker_skew_bps, takes_bps=maker_takes_bps, lean_seen=maker_lean_seen,
    )  # fmt: skip
    NoiseTraders(market, count=noise, coin=2.0)
    worth = open_interest * market.contract_usd
    bought, sold = (capital(worth, price, *side) for side in ((longs, long_leverage), (shorts, short_leverage)))
    held = LeveragedLongs(market, count=longs, coin=bought, leverage=long_leverage)
    owed = LeveragedShorts(market, count=shorts, coin=sold, leverage=short_leverage)
    Arbitrageurs(market, count=arbitrageurs, coin=50.0, spot_coin=50.0, spot_usd_coin=50.0, careful=careful)
    market.endow(open_interest, longs=[held], shorts=[owed], spread=0.02)
    return market
