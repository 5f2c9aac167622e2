"""The size of the insurance fund."""

from scenarios.scenario import scenario
from scenarios.shock import shocked


@scenario
def insurance_fund(*, seed, fund_coin=5.0, fall=0.25, over_s=600.0, depth=0.5, **market):
    """How large a fund keeps the winners of a fall from being deleveraged?

    Expect: with a fund of 1,000 coin instead of 5 none of some 15,500,000 contracts of the winners is closed
    against their will.

    fund_coin: insurance fund at the start
    fall: of spot, a fraction
    over_s: how long it takes, s
    depth: capital of the market makers, as a multiple of the usual
    """
    return shocked(seed=seed, move=-fall, over_s=over_s, depth=depth, fund_coin=fund_coin, **market)
