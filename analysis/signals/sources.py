"""Where a signal comes from: a column of a run, what a user's function makes of the view, a crowd, or a real series.

Each becomes the same thing: what was known at a time beside the return from that time to the next.
"""

from typing import NamedTuple

import numpy as np

from agents.awake import View
from analysis.stamps import row_s
from analysis.watching import watched
from sim.spelling import unknown


class Aligned(NamedTuple):
    """A signal beside what followed it.

    times: (n,) datetime64, UTC, ascending; signal: (n,) known then; returns: (n,) of the contract from then to the next
    time, logarithmic; funding: (n,) rate paid by longs between them
    """

    times: np.ndarray
    signal: np.ndarray
    returns: np.ndarray
    funding: np.ndarray


def from_run(run, signal, every_s=60.0):
    """The Aligned of a run every so often; signal: a column's name, or a function Run -> (rows,) that looks back only.

    Whether it does is for its author to see to: `analysis.signals.soundness` tells only what is too good.
    """
    values = np.asarray(run[signal] if isinstance(signal, str) else signal(run), float)
    if values.shape != run["time_s"].shape:
        raise ValueError(f"a signal must have a value for each of {len(run['time_s'])} rows (got {values.shape})")
    step = row_s(run)
    rows = round(every_s / step)
    if rows < 1 or abs(rows * step - every_s) > 1e-6 * step:
        raise ValueError(f"every_s must be a multiple of the {step:g} s between rows (got {every_s}); change it")
    return aligned(run, run["time_s"][rows - 1 :: rows], values[rows - 1 :: rows])


def from_view(market, signal, every_s=60.0):
    """The Aligned of a market that has not begun; signal: a function of the view that traders see, View -> number."""
    told = watched(market, lambda market: signal(View(market.exchange)), every_s)
    return aligned(told.run, told.time_s, told.seen)


def from_crowd(market, crowd, every_s=60.0):
    """The Aligned of a market that has not begun, the net position of a crowd being the signal; crowd: its name."""
    known = {each.name: each for each in market.crowds}
    if crowd not in known:
        raise ValueError(unknown("crowd", crowd, known))
    rows = slice(known[crowd].first, known[crowd].first + known[crowd].count)
    told = watched(market, lambda market: market.exchange.accounts.contracts[rows].sum(), every_s)
    return aligned(told.run, told.time_s, told.seen)


def from_prices(times, prices, signal, funding=None):
    """The Aligned of a real series: (n,) times, prices and signal; funding: (n,) rate paid between a time and the next.

    The last time has no return, and is left out.
    """
    times, prices = np.asarray(times, "datetime64[s]"), np.asarray(prices, float)
    signal = np.asarray(signal, float)
    if not times.shape == prices.shape == signal.shape or times.ndim != 1:
        raise ValueError(
            f"times, prices and signal must be as many (got {times.shape}, {prices.shape}, {signal.shape})"
        )
    paid = np.zeros(len(times)) if funding is None else np.asarray(funding, float)
    return Aligned(times[:-1], signal[:-1], np.diff(np.log(prices)), paid[:-1])


def aligned(run, time_s, signal):
    """The Aligned of a run: mids at those seconds, which must be of rows, and funding charged between them."""
    mids = run["mid"][np.searchsorted(run["time_s"], time_s - 1e-6)]
    paid = np.histogram(run.funding["time_s"], np.append(time_s, np.inf) + 1e-6, weights=run.funding["rate"])[0]
    start = np.datetime64(str(run.about["start"])[:19], "s")
    return from_prices(start + np.round(time_s).astype("timedelta64[s]"), mids, signal, paid)
