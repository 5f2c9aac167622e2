"""How good a market is to trade in: spread, depth, turnover, and how far the price moves with what is bought.

The impact curve needs fills: run the market with `fills=True`. It is of net flow over windows, all traders together,
which is not what one large order costs (`analysis.papers.metaorders`) nor what a book asks at once.
"""

import numpy as np
import pandas

from analysis.estimators import Estimate
from analysis.stamps import row_s
from analysis.summary import final, number, share, simulated_hours

BINS, FEWEST = 8, 10


def spread_bps(run):
    """Median spread over the mid, where both sides are quoted."""
    return 1e4 * number(run["spread_usd"] / run["mid"], np.median)


def immediate_cost_bps(run):
    """Median of half of what buying and at once selling the venue's impact notional costs, over the mid."""
    return 1e4 * number(0.5 * (run["impact_ask"] - run["impact_bid"]) / run["mid"], np.median)


def depth_percent(run):
    """Median of the contracts within 1 % of the best price, mean of both sides, over open interest."""
    both = 0.5 * (run["depth_bid_contracts"] + run["depth_ask_contracts"])
    there = run["open_interest_contracts"] > 0
    return 100.0 * number(both[there] / run["open_interest_contracts"][there], np.median)


def depth_lowest_percent(run):
    """Fewest contracts within 1 % on either side in a row, over the median of that side: how thin it got."""
    found = []
    for side in ("depth_bid_contracts", "depth_ask_contracts"):
        found.append(share(float(run[side].min()), float(np.median(run[side]))))
    return 100.0 * min(found)


def turnover_a_day(run):
    """Contracts traded in a day over the mean open interest of one side."""
    days = simulated_hours(run) / 24.0
    return share(number(run["volume_contracts"], final), float(run["open_interest_contracts"].mean()) * days)


def net_flow(run, window_s):
    """((windows,) contracts bought by takers less sold, (windows,) log return of the mid) over whole windows.

    The return of a window is from the last row before it to its own last row.
    """
    if not len(run.fills):
        raise ValueError("a run must have kept its fills to tell impact (got none); run it with fills=True")
    step = row_s(run)
    rows = round(window_s / step)
    if rows < 1 or abs(rows * step - window_s) > 1e-6 * step:
        raise ValueError(f"window_s must be a multiple of the {step:g} s between rows (got {window_s}); change it")
    ends = run["time_s"][rows - 1 :: rows]
    mids = np.append(run["mid"][0], run["mid"][rows - 1 :: rows])
    step_s = run.about["step_s"]
    window = np.ceil(run.fills["step"] * step_s / window_s - 1e-9).astype(int) - 1
    flow = np.bincount(np.maximum(window, 0), run.fills["contracts"], minlength=len(ends))[: len(ends)]
    return flow, np.diff(np.log(mids))


def impact_curve(run, window_s=60.0, bins=BINS):
    """A frame of how the mid moves with net flow, a row a bin of the size of the flow, equally many windows in each:
    contracts (mean size), move_bps (mean move in the flow's direction), error (its standard error), windows."""
    flow, moved = net_flow(run, window_s)
    there = (flow != 0) & np.isfinite(moved)
    sizes, moves = np.abs(flow[there]), 1e4 * np.sign(flow[there]) * moved[there]
    if len(sizes) < FEWEST * bins:
        raise ValueError(f"a curve must have {FEWEST * bins} windows with trades (got {len(sizes)}); run longer")
    parts = np.array_split(np.argsort(sizes, kind="stable"), bins)
    rows = [(sizes[each].mean(), moves[each].mean(), moves[each].std(ddof=1) / np.sqrt(len(each)), len(each))
            for each in parts]  # fmt: skip
    return pandas.DataFrame(rows, columns=["contracts", "move_bps", "error", "windows"])


def impact_exponent(curve):
    """Estimate of the exponent of a curve, move ~ contracts ** exponent: least squares of logarithms, each bin weighted
    by how sure its mean is, the error from those.

    Bins that did not move the price the way of the flow have no logarithm: with less than three others, ValueError.
    """
    there = curve[(curve.move_bps > 0.0) & (curve.contracts > 0.0) & (curve.error > 0.0)]
    if len(there) < 3:
        raise ValueError(f"three bins must move with the flow to tell an exponent (got {len(there)}); widen them")
    x, y = np.log(there.contracts), np.log(there.move_bps)
    weight = (there.move_bps / there.error) ** 2
    away = x - np.average(x, weights=weight)
    spread = float((weight * away**2).sum())
    return Estimate(float((weight * away * y).sum() / spread), spread**-0.5)
