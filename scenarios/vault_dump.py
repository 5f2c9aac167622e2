"""A position dumped on the fund: margin is taken out, and what is left to lose is not the trader's."""

from math import inf

from agents import Deserters, LogNormal
from scenarios.scenario import scenario
from scenarios.shock import PRICE, shocked
from sim.venues import HYPERLIQUID


@scenario
def vault_dump(
    *, seed, dumped_usd=40e6, withdraws=True, most_leverage=40.0, fall=0.03, over_s=300.0, venue=HYPERLIQUID, **market
):
    """What does a vault lose on a position too large for the book, whose owner took the margin out before it failed?

    Expect: of a long of 40 million USD, left with the 2.5 % that 40x asks for, it needs some 850,000 USD to get rid of
    in a fall of 3 %, and nothing where the margin stays, or where the venue allows 20x at most: then it never fails. A
    third of the position costs nothing, for the book takes it.

    dumped_usd: value of the position, a long
    withdraws: whether its owner takes out all but the initial margin before spot falls
    most_leverage: chosen on the venue: one over it is the initial margin that must stay
    fall: of spot, a fraction
    over_s: how long it takes, s
    venue: whose fund, or vault, takes positions over; its maintenance is below one over most_leverage
    """

    def deserter(market):
        coin = dumped_usd / PRICE / 5.0
        start_s = 600.0 if withdraws else inf
        look = {"coin": coin, "leverage": 5.0, "max_leverage": most_leverage, "start_s": start_s}
        return [Deserters(market, count=1, **look)], []

    longs = market.pop("longs", LogNormal(median=5.0, sigma=0.6, low=1.0, high=20.0))
    return shocked(seed=seed, move=-fall, over_s=over_s, venue=venue, longs=longs, others=(deserter,), **market)
