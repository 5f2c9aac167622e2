"""Liquidity that stands by for a crash."""

from agents import BackstopProviders
from scenarios.scenario import scenario
from scenarios.shock import shocked


@scenario
def backstop(*, seed, budget_coin=800.0, nearest_bps=200.0, latency_s=2.0, fall=0.1, over_s=60.0, depth=0.1, **market):
    """What does a backstop of a given budget save in a crash?

    Expect: without it the deepest discount is 10 percentage points deeper, 12 instead of 2: it holds until all is sold
    by force. Three quarters of the budget save nothing, for what is sold after it is spent meets an empty book. It
    earns some 4 % of the budget, and the insurance fund pays no less.

    budget_coin: of all providers together; 0 for the market without them
    nearest_bps: distance of their first quote from the index; four more follow, each as far again
    latency_s: mean time between two of their looks at the market, s
    fall: of spot, a fraction
    over_s: how long it takes, s
    depth: capital of the market makers, as a multiple of the usual
    """

    def stand_by(market):
        look = {"coin": budget_coin / 10.0, "nearest_bps": nearest_bps, "wake_s": latency_s}
        BackstopProviders(market, count=10, **look)
        return [], []

    join = (stand_by,) if budget_coin else ()
    return shocked(seed=seed, move=-fall, over_s=over_s, depth=depth, others=join, **market)
