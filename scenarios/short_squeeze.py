"""A rise among crowded shorts."""

from scenarios.scenario import scenario
from scenarios.shock import HIGH, LOW, shocked


@scenario
def short_squeeze(*, seed, rise=0.1, over_s=600.0, leverage=HIGH, depth=0.5, **market):
    """How far above spot does a rise drive the contract when leveraged shorts are bought in on the way?

    Expect: with the forced closes absorbed off the book the contract rises 15 % less above spot at its highest:
    in a rise of 10 % what drives it is the buying-in of shorts, whom a thin book sells to at any price.

    rise: of spot, a fraction
    over_s: how long it takes, s
    leverage: effective leverage of the shorts
    depth: capital of the market makers, as a multiple
    """
    return shocked(seed=seed, move=rise, over_s=over_s, longs=LOW, shorts=leverage, depth=depth, **market)
