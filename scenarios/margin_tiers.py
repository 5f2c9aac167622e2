"""A venue that asks for more maintenance margin."""

from dataclasses import replace

from scenarios.scenario import scenario
from scenarios.shock import shocked
from sim.margin import Tiers
from sim.venues import BITMEX


@scenario
def margin_tiers(*, seed, maintenance=0.02, fall=0.15, over_s=300.0, depth=0.5, venue=BITMEX, **market):
    """Does a higher maintenance margin spare the insurance fund, and whom does it liquidate for that?

    Expect: at a maintenance margin of 0.5 % instead of 2 % the fund needs 23 coin more, though fewer accounts
    are liquidated: what is taken over earlier is closed at better than bankruptcy.

    maintenance: of the value, a fraction, for all sizes; initial margin is at least as much
    fall: of spot, a fraction
    over_s: how long it takes, s
    depth: capital of the market makers, as a multiple of the usual
    venue: whose other rules hold
    """
    tiers = Tiers.flat(maintenance, max(maintenance, 1.0 / venue.max_leverage))
    return shocked(seed=seed, move=-fall, over_s=over_s, depth=depth, venue=replace(venue, tiers=tiers), **market)
