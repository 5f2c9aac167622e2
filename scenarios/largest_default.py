"""The largest accounts fail."""

from agents import LeveragedLongs
from scenarios.scenario import scenario
from scenarios.shock import shocked


@scenario
def largest_default(*, seed, whales=2, coin=10.0, leverage=60.0, fall=0.05, over_s=10.0, depth=0.3, **market):
    """What does it cost the fund and the peg when the largest one or two accounts fail?

    Expect: without the two largest accounts, a third of the open interest, the fund needs 27 coin less of 40: what
    they hold is too much for the book to take at better than their bankruptcy price.

    whales: number of such longs; 0 for the market without them
    coin: deposit of each
    leverage: of each, so that the fall liquidates them
    fall: of spot, a fraction
    over_s: how long it takes, s
    depth: capital of the market makers, as a multiple of the usual
    """

    def whale(market):
        look = {"coin": coin, "leverage": leverage, "stop_loss": 1.0, "top_up": 0.0, "horizon_s": 1e9}
        return ([LeveragedLongs(market, name="Whales", count=whales, **look)] if whales else [], [])

    return shocked(seed=seed, move=-fall, over_s=over_s, depth=depth, others=(whale,), **market)
