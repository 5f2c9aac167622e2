"""The same orders, less to meet them."""

from scenarios.scenario import scenario
from scenarios.shock import shocked


@scenario
def thin_book(*, seed, fall=0.1, over_s=600.0, depth=0.1, **market):
    """What does the same fall do when the market makers have a tenth of their capital?

    Expect: with ten times the capital behind the quotes the deepest discount is 11 percentage points smaller:
    the same forced orders meet a book that holds them.

    fall: of spot, a fraction
    over_s: how long it takes, s
    depth: capital of the market makers, as a multiple of the usual
    """
    return shocked(seed=seed, move=-fall, over_s=over_s, depth=depth, **market)
