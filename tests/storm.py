"""A small storm: a fall of spot with every crowd on the market, over in half an hour; and its tables."""

import numpy as np

from agents import Arbitrageurs, LeveragedLongs, LeveragedShorts, LogNormal, MarketMakers, NoiseTraders
from scenarios.flash_crash import flash_crash
from sim.market import Market
from sim.paths import GeometricBrownian, Shock, Shocked
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


def brew(*, seed=1, cross=True, stop_loss=0.02, crowds=(), before=(), **options):
    """A market like the storm, its traders' margin, stops and further crowds to choose."""
    usual = dict(hours=0.3, step_s=5.0, start="2020-01-01T03:50", check=True)
    path = Shocked(GeometricBrownian(price=8_000.0), (Shock(at_s=300.0, log_size=-0.15, over_s=300.0),))
    market = Market(**dict(seed=seed, path=path) | usual | options)
    for make in before:
        make(market)
    MarketMakers(market, count=CROWDED["makers"], coin=10.0, cross=cross)
    NoiseTraders(market, count=CROWDED["noise"], coin=2.0, cross=cross)
    traders = dict(coin=LogNormal(1.0, 1.0), cross=cross, stop_loss=stop_loss, wake_s=60.0, deposit_delay_s=120.0)
    held = LeveragedLongs(market, count=150, leverage=LogNormal(12.0, 0.8, 1.0, 80.0), reentry=0.8, **traders)
    owed = LeveragedShorts(market, count=80, leverage=3.0, top_up=0.9, **traders)
    Arbitrageurs(market, count=CROWDED["arbitrageurs"], coin=5.0, hurdle_bps=3.0)
    for make in crowds:
        make(market)
    market.endow(6_000_000, longs=[held], shorts=[owed], spread=0.02)
    return market


def same(one, other):
    """Assert that two Runs are bit-identical in every table."""
    for table in ("series", "liquidations", "funding", "adl", "accounts", "fills"):
        ours, theirs = getattr(one, table), getattr(other, table)
        assert ours.dtype == theirs.dtype and np.array_equal(ours.view(np.ndarray).tobytes(), theirs.tobytes()), table
