"""Market makers who leave when it hurts."""

from scenarios.scenario import scenario
from scenarios.shock import shocked


@scenario
def maker_withdrawal(*, seed, fall=0.1, over_s=600.0, loss_limit=0.25, depth=0.5, **market):
    """What does it cost that market makers leave in the middle of a fall?

    Expect: it costs less than staying. Makers who never leave buy all the way down and are liquidated
    themselves, and the deepest discount is then about 3 percentage points deeper than with makers who leave and
    return.

    fall: of spot, a fraction
    over_s: how long it takes, s
    loss_limit: of their equity below its peak, at which makers cancel their quotes for a quarter of an hour; 1 never
    depth: capital of the market makers, as a multiple of the usual
    """
    return shocked(seed=seed, move=-fall, over_s=over_s, loss_limit=loss_limit, depth=depth, **market)
