"""A free option at 100x: win on one account, walk away from the other."""

from agents import LeveragedLongs, LeveragedShorts
from scenarios.scenario import scenario
from scenarios.shock import shocked


@scenario
def limited_liability(*, seed, fall=0.1, over_s=10.0, pairs=10, coin=2.0, leverage=80.0, **market):
    """What does a fund pay to those who go long and short at once, and leave the loser to default?

    Expect: when spot falls in ten seconds the fund needs some 250 coin, and next to nothing when it falls in half an
    hour, for then the losers are closed before they are bankrupt.

    fall: of spot, a fraction
    over_s: how long it takes, s; slower falls let the engine close the losers before they are bankrupt
    pairs: number of gamblers, each with a long and a short account
    coin: in each account
    leverage: of each account
    """

    def gamblers(market):
        look = {"count": pairs, "coin": coin, "leverage": leverage, "stop_loss": 1.0, "top_up": 0.0, "reentry": 0.0}
        look |= {"horizon_s": 1e9}
        return (
            [LeveragedLongs(market, name="GamblersLong", **look)],
            [LeveragedShorts(market, name="GamblersShort", **look)],
        )

    return shocked(seed=seed, move=-fall, over_s=over_s, others=(gamblers,), **market)
