"""A day on which many want to be long."""

from agents import LeveragedLongs, LogNormal
from scenarios.calm import calm
from scenarios.scenario import scenario


@scenario
def crowded_longs(
    *,
    seed,
    makers=20,
    arbitrageurs=20,
    careful=0.0,
    buyers=1_000,
    coin=LogNormal(median=1.0, sigma=1.0),  # noqa: B008
    leverage=5.0,
    entry=0.02,
    **market,
):
    """What does it cost to hold a perpetual to its index while a crowd of leveraged longs arrives?

    Expect: their buying holds the contract 12 basis points above where it is without them, until arbitrageurs
    have no more coin to hold against them.

    makers: number of market makers
    arbitrageurs: number of arbitrageurs
    careful: whether they count what closing and their impact on spot cost, 0 to 1
    buyers: number of leveraged longs who come in the course of the day, beside the traders of `calm`
    coin: that each of them brings
    leverage: at which they buy
    entry: probability that one who has not bought does so, a look
    """
    market = calm(seed=seed, makers=makers, arbitrageurs=arbitrageurs, careful=careful, **market)
    LeveragedLongs(market, name="Buyers", count=buyers, coin=coin, leverage=leverage, entry=entry)
    return market
