"""Dollars made of coin and a short, when shorts have to pay or nobody wants the dollars."""

from agents import Arbitrageurs, DollarMinters, LeveragedLongs, LeveragedShorts, LogNormal, MarketMakers, NoiseTraders
from scenarios.capital import capital
from scenarios.scenario import scenario
from sim.market import Market
from sim.paths import GeometricBrownian


@scenario
def synthetic_dollar(
    *,
    seed,
    hours=24.0,
    step_s=5.0,
    price=8_000.0,
    volatility=0.6,
    makers=10,
    noise=500,
    longs=400,
    shorts=100,
    bears=400,
    bear_leverage=5.0,
    arbitrageurs=2,
    minters=200,
    open_interest=40_000_000,
    dollars=0.7,
    redeem_per_bp_day=0.02,
    depeg=0.03,
    depeg_at_hours=6.0,
    **market,
):
    """What does a wave of redemptions of synthetic dollars do to the perpetual, and to what backs them?

    Expect: did they not trade at a discount, the contract would stand some 17 basis points lower in the second half of
    the day: three quarters of the dollars are redeemed, and buying back their shorts lifts it to its index. The backing
    of the others hardly loses by that. With `bears=1_500` and no discount it is funding that drives them out: the
    backing loses 0.2 % of the dollars, less than half of what it would if nobody redeemed.

    price: of spot at the start, USD
    volatility: of spot, annual
    makers: number of market makers
    noise: number of noise traders
    longs: number of leveraged longs
    shorts: number of shorts beside the minters, of four times their coin
    bears: number of leveraged shorts who come in the course of the day and make funding negative
    bear_leverage: at which they sell
    arbitrageurs: number of arbitrageurs
    minters: number of accounts that back dollars
    open_interest: contracts that longs hold against shorts and minters at the start
    dollars: those that are out, of the open interest
    redeem_per_bp_day: share of them redeemed a day for each basis point of negative funding or of their discount
    depeg: discount at which they begin to trade for other reasons, a fraction; it halves every four hours
    depeg_at_hours: when
    """
    market.setdefault("path", GeometricBrownian(price=price, volatility=volatility))
    market = Market(seed=seed, hours=hours, step_s=step_s, **market)
    worth, leverage = open_interest * market.contract_usd, LogNormal(median=4.0, sigma=0.7, low=1.0, high=50.0)
    coin = worth / price
    MarketMakers(market, count=makers, coin=200.0)
    NoiseTraders(market, count=noise, coin=2.0)
    held = LeveragedLongs(market, count=longs, coin=capital(worth, price, longs, leverage), leverage=leverage)
    owed = LeveragedShorts(market, count=shorts, coin=(1.0 - dollars) * coin / max(shorts, 1) / 4.0, leverage=4.0)
    out = DollarMinters(
        market, count=minters, coin=dollars * coin / max(minters, 1), redeem_per_bp_day=redeem_per_bp_day,
        depeg=depeg, depeg_at_s=3_600.0 * depeg_at_hours,
    )  # fmt: skip
    LeveragedShorts(market, name="Bears", count=bears, coin=LogNormal(1.0, 1.0), leverage=bear_leverage, entry=0.02)
    Arbitrageurs(market, count=arbitrageurs, coin=50.0, spot_coin=50.0, spot_usd_coin=50.0)
    market.endow(open_interest, longs=[held], shorts=[owed, out])
    return market
