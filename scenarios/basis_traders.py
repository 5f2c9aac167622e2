"""A market of chartists alone: some bet on the price, some on funding."""

from agents import Chartists
from scenarios.scenario import scenario
from sim.market import Market
from sim.paths import GeometricBrownian


@scenario
def basis_traders(
    *,
    seed,
    hours=8.0,
    step_s=5.0,
    price=8_000.0,
    volatility=0.6,
    traders=400,
    coin=1.0,
    bias=0.9,
    lifetime_s=300.0,
    hurdle_bps=5.0,
    noise_bps=30.0,
    **market,
):
    """What does a contract trade at when longs bet on the price and shorts on funding?

    Expect: a premium of about 2 bp, 1.5 more than without bias: shorts who seek funding sell where they are paid.
    Orders that live 30 s and not 300 let it stray a quarter further.

    price: of spot at the start, USD
    volatility: of spot, annual
    traders: number of chartists, half of them longs
    coin: that each of them brings
    bias: probability that a long's look is about the price and a short's about funding; 0.5 is no difference
    lifetime_s: how long their orders stay, s
    hurdle_bps: premium that is worth a bet on funding
    noise_bps: standard deviation of the error in what they forecast
    """
    market.setdefault("path", GeometricBrownian(price=price, volatility=volatility))
    market = Market(seed=seed, hours=hours, step_s=step_s, **market)
    mind = dict(bias=bias, lifetime_s=lifetime_s, hurdle_bps=hurdle_bps, noise_bps=noise_bps)
    Chartists(market, count=traders, coin=coin, **mind)
    return market
