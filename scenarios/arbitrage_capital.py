"""Limits to arbitrage."""

from scenarios.crowded_longs import crowded_longs
from scenarios.scenario import scenario


@scenario
def arbitrage_capital(
    *, seed, arbitrageurs=20, makers=20, buyers=1_000, leverage=5.0, hours=12.0, step_s=5.0, **market
):
    """How much capital of arbitrageurs does it take to hold the contract to its index against a crowd?

    Expect: with twenty times the capital the root mean square of the distance from the index is 5 basis points
    smaller.

    arbitrageurs: their number; each has 50 coin at the exchange, and 50 and as many USD at spot
    makers: number of market makers
    buyers: number of leveraged longs who come in the course of the day
    leverage: at which they buy
    """
    return crowded_longs(
        seed=seed, arbitrageurs=arbitrageurs, makers=makers, buyers=buyers, leverage=leverage, hours=hours,
        step_s=step_s, **market,
    )  # fmt: skip
