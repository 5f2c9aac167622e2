"""An ordinary day."""

import math

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
    noise_coin=2.0,
    noise_order_share=0.2,
    noise_wake_s=120.0,
    noise_lifetime_s=300.0,
    longs=400,
    shorts=400,
    arbitrageurs=20,
    arbitrage_coin=50.0,
    arbitrage_order_share=0.1,
    arbitrage_pause_s=5.0,
    arbitrage_hurdle_bps=10.0,
    careful=0.0,
    patient=0.0,
    arbitrage_takes_bps=math.inf,
    long_leverage=LogNormal(median=5.0, sigma=0.7, low=1.0, high=50.0),  # noqa: B008
    short_leverage=LogNormal(median=4.0, sigma=0.7, low=1.0, high=50.0),  # noqa: B008
    bargain=1.0,
    long_entry=0.05,
    short_entry=0.05,
    horizon_s=LogNormal(median=172_800.0, sigma=1.0),  # noqa: B008
    replaced_s=math.inf,
    open_interest=20_000_000,
    maker_coin=200.0,
    maker_levels=3,
    maker_half_spread_bps=2.0,
    maker_skew_bps=10.0,
    maker_takes_bps=20.0,
    maker_lean_seen=1.0,
    maker_memory_s=600.0,
    maker_wake_s=5.0,
    **market,
):
    """Does a perpetual stay close to its index on an ordinary day?

    Expect: yes; without arbitrageurs the root mean square of its distance from the index is 5 basis points
    larger.

    price: of spot at the start, USD
    volatility: of spot, annual
    makers: number of market makers
    noise: number of noise traders
    noise_coin: of each
    noise_order_share: of the position at which a noise trader only trades back, in a mean order
    noise_wake_s: mean time between two orders of one of them, s
    noise_lifetime_s: of their orders that rest, s
    longs: number of leveraged longs
    shorts: number of leveraged shorts
    arbitrageurs: number of arbitrageurs
    arbitrage_coin: of each at the exchange, and as much at spot in coin and in USD
    arbitrage_order_share: of an arbitrageur's largest position, in one order
    arbitrage_pause_s: between two orders of one of them, s
    arbitrage_hurdle_bps: profit over the costs they count, from which they trade, basis points
    careful: whether they count what closing and their impact on spot cost, 0 to 1; who does not loses by it
    patient: whether their orders rest, 0 or 1, or take what the book offers
    arbitrage_takes_bps: profit over hurdle and costs beyond which orders that would rest take all the same
    long_leverage: effective leverage of the longs, idle wallet included
    short_leverage: the same of the shorts
    bargain: discount to the index at which longs enter and shorts leave, and premium at which shorts enter and longs
        leave, a fraction
    long_entry: probability, a look, that a long without a position enters at market
    short_entry: the same of the shorts
    horizon_s: mean time a long or short keeps a position, s
    replaced_s: mean time after which a long or short without a position is replaced by a newcomer, s
    open_interest: contracts that longs hold against shorts at the start
    maker_coin: of each market maker
    maker_levels: quotes of each on a side
    maker_half_spread_bps: of the innermost quote at usual volatility, basis points
    maker_skew_bps: shift of what they think fair at full inventory, basis points
    maker_takes_bps: how far beyond their quote and the fee an order must stand for them to take it, basis points
    maker_lean_seen: of their own leaning, what they take for the market's basis, 0 to 1
    maker_memory_s: half-life with which they learn the market's basis, s
    maker_wake_s: mean time between two looks of one of them, s
    """
    market.setdefault("path", GeometricBrownian(price=price, volatility=volatility))
    market = Market(seed=seed, **market)
    MarketMakers(
        market, count=makers, coin=maker_coin, levels=maker_levels, half_spread_bps=maker_half_spread_bps,
        skew_bps=maker_skew_bps, takes_bps=maker_takes_bps, lean_seen=maker_lean_seen,
        basis_half_life_s=maker_memory_s, wake_s=maker_wake_s,
    )  # fmt: skip
    NoiseTraders(
        market, count=noise, coin=noise_coin, order_share=noise_order_share, wake_s=noise_wake_s,
        lifetime_s=noise_lifetime_s,
    )  # fmt: skip
    worth = open_interest * market.contract_usd
    bought, sold = (capital(worth, price, *side) for side in ((longs, long_leverage), (shorts, short_leverage)))
    holders = dict(bargain=bargain, horizon_s=horizon_s, replaced_s=replaced_s)
    held = LeveragedLongs(market, count=longs, coin=bought, leverage=long_leverage, entry=long_entry, **holders)
    owed = LeveragedShorts(market, count=shorts, coin=sold, leverage=short_leverage, entry=short_entry, **holders)
    Arbitrageurs(
        market, count=arbitrageurs, coin=arbitrage_coin, spot_coin=arbitrage_coin, spot_usd_coin=arbitrage_coin,
        order_share=arbitrage_order_share, pause_s=arbitrage_pause_s, hurdle_bps=arbitrage_hurdle_bps, careful=careful,
        patient=patient, takes_bps=arbitrage_takes_bps,
    )  # fmt: skip
    market.endow(open_interest, longs=[held], shorts=[owed], spread=0.02)
    return market
