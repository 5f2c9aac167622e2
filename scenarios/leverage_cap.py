"""A venue that lowers the leverage it allows."""

from dataclasses import replace

import numpy as np

from agents import LogNormal
from scenarios.capital import QUANTILES
from scenarios.scenario import scenario
from scenarios.shock import HIGH, shocked


@scenario
def leverage_cap(*, seed, cap=10.0, fall=0.15, over_s=600.0, leverage=HIGH, open_interest_usd=20e6, **market):
    """What does a cap on leverage save, and what does it cost in open interest?

    Expect: without the cap the deepest discount is 7 percentage points deeper and a third more contracts are
    liquidated in turns of open interest; the cap costs a third of that open interest.

    cap: highest effective leverage of a long; who wanted more holds less, with the same coin
    fall: of spot, a fraction
    over_s: how long it takes, s
    leverage: effective leverage that the longs would have chosen without a cap
    open_interest_usd: that they would then have held
    """
    if not (isinstance(leverage, LogNormal) and cap > leverage.low):
        raise ValueError(
            f"leverage must be a LogNormal that begins below the cap (got {leverage} and {cap}); change one"
        )
    capped = replace(leverage, high=min(cap, leverage.high))
    kept = np.minimum(leverage.at(QUANTILES), cap).mean() / leverage.at(QUANTILES).mean()
    held = float(open_interest_usd * kept)
    return shocked(seed=seed, move=-fall, over_s=over_s, longs=capped, open_interest_usd=held, **market)
