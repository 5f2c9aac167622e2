"""One shock, three contracts: inverse, linear, and spot to the power -1."""

from scenarios.scenario import scenario
from scenarios.shock import shocked
from sim.venues import BITMEX


@scenario
def payoffs(*, seed, move=-0.22, over_s=600.0, leverage=4.0, depth=1.0, venue=BITMEX, **market):
    """What does the payoff do to the same traders in the same shock? Run it with venue BITMEX, LINEAR and POWER.

    Expect: a linear contract liquidates 0.8 turns of open interest less: a long of 4x is liquidated after a fall
    of a fifth on the inverse contract, which this fall of 22 % passes, and of a quarter on the linear one.

    move: of spot, a fraction
    over_s: how long it takes, s
    leverage: effective leverage of every long
    depth: capital of the market makers, as a multiple of the usual
    venue: BITMEX, LINEAR or POWER: BitMEX's rules on each of the three contracts
    """
    return shocked(seed=seed, move=move, over_s=over_s, longs=leverage, depth=depth, venue=venue, **market)
