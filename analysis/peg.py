"""How well a contract is held to its index: how far it strays, for how long, and what holding it there costs.

The premium is the mid over the index, less 1: negative is a discount. Where a side of the book is empty the mid is the
other side, and where both are it is nan: such rows belong to whatever stretch they interrupt, and to no mean.
"""

import numpy as np

from analysis.estimators import relaxation_time
from analysis.positions import value_coin
from analysis.stamps import row_s
from analysis.summary import share, simulated_hours

BAND = 1e-3
TAIL = 0.01
HOUR_S, DAY_HOURS = 3_600.0, 24.0


def premium(run):
    """(rows,) the mid over the index, less 1."""
    return run["mid"] / run["index"] - 1.0


def known(run):
    """(rows that have one,) the premium."""
    there = premium(run)
    return there[~np.isnan(there)]


def peg_rms_bps(run):
    """Tracking error: root of the mean square of the premium."""
    return 1e4 * float(np.sqrt(np.nanmean(premium(run) ** 2)))


def peg_tail_bps(run, part=TAIL):
    """Mean size of the premium in the hundredth of rows, one at least, in which it is largest, either way."""
    sizes = np.sort(np.abs(known(run)))
    if not 0.0 < part <= 1.0:
        raise ValueError(f"part must be a share of the rows above 0 (got {part}); 0.01 for the worst hundredth")
    return 1e4 * float(sizes[-max(1, round(part * len(sizes))) :].mean()) if len(sizes) else float("nan")


def outside_band_percent(run, band=BAND):
    """Share of the time in which the mid was further than `band`, a tenth of a percent, from the index."""
    return 100.0 * share(int((np.abs(known(run)) > band).sum()), len(known(run)))


def breaks(run, band=BAND):
    """[(begins_s, lasts_s)] of the stretches of rows outside the band, in order; each row lasts until the next."""
    found, step, last = [], row_s(run), False
    for time_s, size in zip(run["time_s"].tolist(), np.abs(premium(run)).tolist(), strict=True):
        outside = last if size != size else size > band
        if outside and last:
            found[-1] = (found[-1][0], time_s + step - found[-1][0])
        elif outside:
            found.append((time_s, step))
        last = outside
    return found


def longest_break_hours(run, band=BAND):
    """Length of the longest stretch outside the band; 0 if there was none."""
    return max((lasts for _, lasts in breaks(run, band)), default=0.0) / HOUR_S


def relaxation(run, every_s=60.0):
    """Estimate, s, of the time in which the premium, looked at every so often, fades to 1/e of its distance from its
    own mean: `analysis.estimators.relaxation_time`, which refuses what is too short or does not revert.

    Noise that lasts a row, as of a bid and an ask that are hit in turn, looks like fast reversion: look more rarely
    where the answer grows by that.
    """
    step = row_s(run)
    rows = round(every_s / step)
    if rows < 1 or abs(rows * step - every_s) > 1e-6 * step:
        raise ValueError(f"every_s must be a multiple of the {step:g} s between rows (got {every_s}); change it")
    looked = premium(run)[rows - 1 :: rows]
    first = int(np.argmax(~np.isnan(looked)))  # before the first order there is no mid
    return relaxation_time(looked[first:], every_s)


def relaxation_s(run, every_s=60.0):
    """The value of `relaxation`; nan where the run does not tell it."""
    try:
        return relaxation(run, every_s).value
    except ValueError:
        return float("nan")


def funding_paid_bps(run):
    """What payers paid in the whole run, over the mean value of the open interest of one side."""
    value = value_coin(run, run["open_interest_contracts"], run["index"])
    return 1e4 * share(float(run.funding["paid_coin"].sum()), float(value.mean()))


def funding_paid_bps_a_day(run):
    """The same over the days of the run: what it cost those who paid to have the peg held."""
    return funding_paid_bps(run) * share(DAY_HOURS, simulated_hours(run))
