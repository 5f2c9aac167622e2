"""Arguments of `calm` that were fitted: an ordinary day of XBTUSD in the winter of 2019 to 2020."""

from agents import LogNormal
from sim.paths import StochasticVolatility

CALIBRATED = {
    "path": StochasticVolatility(
        price=8_000.0, volatility=0.552, dispersion=0.739, half_life_hours=0.414, correlation=0.0
    ),
    "careful": 1.0,
    "open_interest": 1_000_000_000,
    "longs": 800,
    "shorts": 800,
    "long_leverage": LogNormal(median=3.2, sigma=0.7, low=1.0, high=50.0),
    "short_leverage": LogNormal(median=3.2, sigma=0.7, low=1.0, high=50.0),
    "arbitrageurs": 300,
    "noise": 300,
    "makers": 20,
    "maker_coin": 400.0,
    "maker_levels": 20,
    "maker_half_spread_bps": 1.5,
    "maker_skew_bps": 20.0,
    "maker_takes_bps": 7.0,
    "maker_lean_seen": 0.25,
}
"""As `calm(seed=..., **CALIBRATED)`; `perpsim calibrate` says what they give. The step is `moments.STEP_S`."""

SLOPES = None
