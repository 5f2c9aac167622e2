"""A small fall among crowded longs."""

from agents import LogNormal
from scenarios.scenario import scenario
from scenarios.shock import shocked


@scenario
def long_squeeze(*, seed, fall=0.05, over_s=600.0, leverage=20.0, depth=1.0, **market):
    """How small a fall is enough when the longs are crowded and highly leveraged?

    Expect: a fall of 5 % liquidates 0.8 turns of the open interest at a median leverage of 20x, and next to
    nothing at 5x, whose positions bear four times the move.

    fall: of spot, a fraction
    over_s: how long it takes, s
    leverage: median effective leverage of the longs
    depth: capital of the market makers, as a multiple
    """
    longs = LogNormal(median=leverage, sigma=0.5, low=1.0, high=80.0)
    return shocked(seed=seed, move=-fall, over_s=over_s, longs=longs, depth=depth, **market)
