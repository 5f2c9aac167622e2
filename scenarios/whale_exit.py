"""One trader whose position is too large for the book."""

from agents import Arbitrageurs, LeveragedShorts, LogNormal, MarketMakers, NoiseTraders, Whales
from scenarios.scenario import scenario
from sim.market import Market
from sim.paths import GeometricBrownian


@scenario
def whale_exit(
    *,
    seed,
    hours=8.0,
    step_s=5.0,
    price=8_000.0,
    volatility=0.4,
    contracts=40_000_000,
    participation=0.2,
    begins_hours=1.0,
    whale_leverage=2.0,
    budget=0.05,
    makers=20,
    noise=1_000,
    arbitrageurs=20,
    shorts=200,
    **market,
):
    """What does the contract do when one large long gets out through the book?

    Expect: 40 million contracts bring the mid some 70 bp below where it would be, and keep it 50 USD below in the last
    four hours; 5 million some 20 bp, however fast: an exponent near 0.6, between the straight line of makers'
    inventories and the square root of spot, where arbitrageurs sell on what they buy.

    price: of spot at the start, USD
    volatility: of spot, annual
    contracts: that the whale holds, and sells
    participation: its part of what is traded while it sells
    begins_hours: when it begins
    whale_leverage: of its position at the start
    budget: part of the position's value that getting out may cost; then it stops
    makers: number of market makers
    noise: number of noise traders
    arbitrageurs: number of arbitrageurs
    shorts: number of leveraged shorts who hold the other side and stay
    """
    market.setdefault("path", GeometricBrownian(price=price, volatility=volatility))
    market = Market(seed=seed, hours=hours, step_s=step_s, **market)
    coin = contracts * market.contract_usd / price
    MarketMakers(market, count=makers, coin=100.0)
    NoiseTraders(market, count=noise, coin=2.0)
    Arbitrageurs(market, count=arbitrageurs, coin=50.0, spot_coin=50.0, spot_usd_coin=50.0)
    whale = Whales(
        market, count=1, coin=coin / whale_leverage, contracts=0, participation=participation,
        start_s=3_600.0 * begins_hours, budget=budget, leverage=whale_leverage,
    )  # fmt: skip
    others = LeveragedShorts(
        market, count=shorts, coin=LogNormal(median=coin / shorts, sigma=0.5), leverage=1.0, entry=0.0, horizon_s=1e9,
        stop_loss=1.0,
    )  # fmt: skip
    market.endow(contracts, longs=[whale], shorts=[others])
    return market
