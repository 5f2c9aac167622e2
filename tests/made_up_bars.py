"""Files of bars that nobody traded: a day with a fall in it, at any level of prices."""

from datetime import datetime, timedelta

import numpy as np

START = "2021-05-01T00:00"


def a_fall(file, *, price=8_000.0, drop=0.3, at_hours=2.0, over_hours=3.0, hours=8.0, volatility=0.6, seed=1):
    """Write one-minute bars of spot to a .csv file and return its path as text.

    price: at the start; drop: a fraction, from `at_hours` on, even in logarithms over `over_hours`; volatility: of
    the rest, annual
    """
    minutes = round(60 * hours)
    hour = np.arange(minutes + 1) / 60.0
    walk = np.cumsum(np.random.default_rng(seed).normal(0.0, volatility / np.sqrt(365 * 1_440), minutes + 1))
    fallen = np.log1p(-drop) * np.clip((hour - at_hours) / over_hours, 0.0, 1.0)
    close = price * np.exp(walk - walk[0] + fallen)
    stamps = (datetime.fromisoformat(START) + timedelta(minutes=each) for each in range(minutes))
    high, low = 1.0002 * np.maximum(close[:-1], close[1:]), 0.9998 * np.minimum(close[:-1], close[1:])
    bars = zip(stamps, close[:-1], high, low, close[1:], strict=True)
    lines = [f"{stamp:%Y-%m-%dT%H:%M},{','.join(f'{each:.6f}' for each in bar)}" for stamp, *bar in bars]
    file.write_text("\n".join(["ts_utc,open,high,low,close", *lines]) + "\n")
    return str(file)
