"""Who pays once the insurance fund is empty."""

from dataclasses import replace

from scenarios.scenario import scenario
from scenarios.shock import shocked
from sim.deleverage import AutoDeleverage
from sim.venues import BITMEX


@scenario
def adl_waterfall(*, seed, loss=AutoDeleverage(), fall=0.25, over_s=600.0, fund_coin=1.0, venue=BITMEX, **market):  # noqa: B008
    """Who pays for a fall that the insurance fund cannot pay for, and how evenly?

    Expect: charged in proportion to profits, at once, instead of closed by BitMEX's queue, winners have haircuts that
    are more even: their Gini coefficient is 0.45 lower, for nearly all of them pay and nobody pays all.

    loss: rule by which the winners pay; `docs/studies.md` compares sixteen
    fall: of spot, a fraction
    over_s: how long it takes, s
    fund_coin: insurance fund at the start
    venue: whose other rules hold
    """
    venue = replace(venue, loss=loss)
    return shocked(seed=seed, move=-fall, over_s=over_s, depth=0.5, fund_coin=fund_coin, venue=venue, **market)
