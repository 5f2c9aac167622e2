"""Who bears what an insurance fund cannot: what each account lost by a loss rule, and on how few it falls.

A haircut is the part of a profit that a rule took: `lost_coin` over the profit there would have been without it.
"""

import numpy as np
import pandas

from analysis.estimators import Estimate, finite
from analysis.summary import share
from analysis.who import taken
from sim.ledger import RESERVED_ROWS
from sim.streams import generator

RESAMPLES = 400


def by_account(run):
    """A frame with a row for each account that lost to a loss rule, the largest loss first: account, crowd, contracts
    that were closed, lost_coin, profit_coin (that it would have had), haircut (0 to 1, nan without a profit)."""
    lost, there = taken(run), run.accounts
    rows = np.flatnonzero(lost != 0.0)
    rows = rows[np.argsort(-lost[rows], kind="stable")]
    closed = np.bincount(run.adl["account"], np.abs(run.adl["contracts"]), minlength=len(there)).astype(int)
    profit = there["equity_coin"][rows] - there["deposits_coin"][rows] + lost[rows]
    part = np.divide(lost[rows], profit, out=np.full(len(rows), np.nan), where=profit > 0.0)
    return pandas.DataFrame(
        {
            "account": rows, "crowd": there["crowd"][rows], "contracts": closed[rows], "lost_coin": lost[rows],
            "profit_coin": profit, "haircut": np.clip(part, 0.0, 1.0),
        }
    )  # fmt: skip


def losses(run):
    """(accounts that lost,) what each lost to a loss rule, settlement coin."""
    lost = taken(run)
    return lost[lost > 0.0]


def burden_top_percent(run, part=0.01):
    """What the hundredth of traders, one at least, that lost most to a loss rule bore of all that it took."""
    ordered = np.sort(losses(run))[::-1]
    traders = len(run.accounts) - RESERVED_ROWS
    return 100.0 * share(float(ordered[: max(1, round(part * traders))].sum()), float(ordered.sum()))


def burden_accounts(run):
    """As on how many accounts with equal losses the burden falls: 1 over the sum of squared shares (Herfindahl)."""
    lost = losses(run)
    return share(float(lost.sum()) ** 2, float((lost**2).sum()))


def socialised_coin(run):
    """What accounts were charged of losses that all share, not by closing a position."""
    charged = (run.adl["lot"] < 0) & (run.adl["account"] >= RESERVED_ROWS)
    return float(run.adl["lost_coin"][charged].sum())


def expected_shortfall(amounts, level=0.95, seed=0):
    """Estimate of the mean of the largest 1 - level of some amounts, as of the draws on a fund in many runs.

    The empirical form of Rockafellar and Uryasev (Journal of Banking & Finance 26, 2002): where the level falls between
    two amounts, the smaller counts with what of it lies above. The error is of a bootstrap over amounts; of a tail of
    fewer than ten it is itself unsure.

    amounts: (n,), positive is bad; level: 0.95 for the mean of the worst twentieth
    """
    amounts = finite(amounts, 2)
    if not 0.0 < level < 1.0 or (1.0 - level) * len(amounts) < 1.0:
        raise ValueError(
            f"level must leave one amount or more in the tail (got {level} of {len(amounts)}); lower it, or run more"
        )
    chance = generator(seed, "expected shortfall")
    drawn = [tail_mean(chance.choice(amounts, len(amounts)), level) for _ in range(RESAMPLES)]
    return Estimate(tail_mean(amounts, level), float(np.std(drawn, ddof=1)))


def tail_mean(amounts, level):
    """Mean of the largest 1 - level of some amounts."""
    ordered, size = np.sort(amounts)[::-1], (1.0 - level) * len(amounts)
    whole = int(size + 1e-9)
    rest = (size - whole) * ordered[whole] if whole < len(ordered) else 0.0
    return float((ordered[:whole].sum() + rest) / size)
