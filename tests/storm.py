"""A small storm: a fall of spot with every crowd on the market, over in half an hour; and its tables."""

import numpy as np

from agents import LogNormal
from scenarios.flash_crash import flash_crash
from sim.venues import BITMEX

CROWDED = dict(makers=6, noise=60, longs=120, shorts=80, arbitrageurs=6)


def storm(*, seed=1, steps=None, venue=BITMEX, **options):
    """A market in which spot falls by 15 % within 3 minutes, with 15 million USD open and few makers."""
    usual = dict(hours=0.4, step_s=5.0, at_hours=0.1, over_s=180.0, drop=0.15, check=True, depth=0.02)
    usual["leverage"] = LogNormal(15.0, 0.8, 2.0, 80.0)
    mark = venue.contract.index(8_000.0)
    one = abs(float(venue.contract.value(mark))) * venue.contract.unit
    one *= 8_000.0 if venue.contract.coin_margined else 1.0
    options = usual | CROWDED | dict(venue=venue, open_interest=round(15e6 / one)) | options
    if steps:
        options["hours"] = steps * options["step_s"] / 3600.0
    return flash_crash(seed=seed, **options)


def same(one, other):
    """Assert that two Runs are bit-identical in every table."""
    for table in ("series", "liquidations", "funding", "adl", "accounts", "fills"):
        ours, theirs = getattr(one, table), getattr(other, table)
        assert ours.dtype == theirs.dtype and np.array_equal(ours.view(np.ndarray).tobytes(), theirs.tobytes()), table
