"""The study of 12-13 March 2020 as numbers: each outcome beside its fact, what it depends on, and what twins changed.

Every function takes frames of a sweep (`Sweep.frame`), one row a run, and leaves out runs that failed.
"""

from typing import NamedTuple

import numpy as np
import pandas

from analysis.march_outcomes import OUTCOMES
from scenarios.march_2020_assumptions import ASSUMPTIONS

LOW, HIGH = 0.05, 0.95
SIGNIFICANT = 0.01


class Criterion(NamedTuple):
    """What the median of the centre must keep to; `low` and `high` are allowed themselves."""

    name: str
    words: str
    low: float
    high: float


CRITERIA = (
    Criterion("first_leg_percent", "a first-leg discount of 1 to 8 %", -8.0, -1.0),
    Criterion("night_percent", "a half-hourly discount of 5 to 15 % in the second leg", -15.0, -5.0),
    Criterion("hours_below_3", "at least 3 hours beyond 3 %", 3.0, np.inf),
    Criterion("stamps_at_cap", "funding at its negative cap for at least three stamps", 3.0, np.inf),
    Criterion("open_interest_change_percent", "fewer contracts of open interest", -100.0, -1e-9),
    Criterion("turns", "0.7 to 3 turns of gross liquidations", 0.7, 3.0),
    Criterion("smallest_fund_coin", "a fund that is drawn", 1.0, np.inf),
    Criterion("fund_exhausted", "and not exhausted", 0.0, 0.0),
)


def done(frame, twin=""):
    """Return the rows of runs that came to their end, of the base or of a twin."""
    return frame[(frame.status == "done") & (frame.twin == twin)]


def quantile(values, share):
    """Return a quantile of what is not nan, infinities included, nan where there is nothing."""
    there = np.sort(values[~np.isnan(values)])
    return there[round(share * (len(there) - 1))] if len(there) else np.nan


def beside(centre, draws):
    """Return a frame, a row an outcome: medians, 5 and 95 % of centre and draws, the fact, and where it lies.

    place: the share of draws below the fact; verdict: of `judged`
    """
    rows = []
    for each in OUTCOMES:
        row = {"name": each.name, "words": each.words}
        for part, frame in (("centre", centre), ("draws", draws)):
            values = done(frame)[each.name].to_numpy(float)
            for word, share in (("median", 0.5), ("low", LOW), ("high", HIGH)):
                row[f"{part}_{word}"] = quantile(values, share)
        fact = each.fact
        row |= {"real": fact.value, "real_low": fact.low, "real_high": fact.high, "source": fact.source}
        values = done(draws)[each.name].to_numpy(float)
        row["place"] = share_below(values, middle(fact))
        row["verdict"] = judged(fact, row["draws_low"], row["draws_high"])
        rows.append(row)
    return pandas.DataFrame(rows)


def middle(fact):
    """Return a fact's value, or the middle of its bounds where only these are known."""
    return fact.value if fact.value == fact.value else 0.5 * (fact.low + fact.high)


def share_below(values, fact):
    """Return the share of values below a fact, those equal to it counting half; nan where either is missing."""
    there = values[~np.isnan(values)]
    if not len(there) or fact != fact:
        return np.nan
    return float(np.mean(there < fact) + 0.5 * np.mean(there == fact))


def judged(fact, low, high):
    """Return "inside", "below" or "above": where the fact, or the nearer of its bounds, lies to a band; "" unknown."""
    least, most = (bound if bound == bound else fact.value for bound in (fact.low, fact.high))
    if np.isnan([least, most, low, high]).any():
        return ""
    return "below" if most < low else "above" if least > high else "inside"


def criteria(centre):
    """Return [(Criterion, median, whether it holds)] of the centre's medians."""
    medians = [quantile(done(centre)[each.name].to_numpy(float), 0.5) for each in CRITERIA]
    return [(each, got, bool(each.low <= got <= each.high)) for each, got in zip(CRITERIA, medians, strict=True)]


def correlations(draws, names):
    """Return a frame of Spearman's rank correlations: a row an assumption, a column an outcome; nan if one is constant.

    What does not pass `SIGNIFICANT` is there too; `least` tells how large a coefficient must be to pass.
    """
    rows, known = done(draws), [each.name for each in ASSUMPTIONS if each.name in draws]
    table = {name: [spearman(rows[each], rows[name]) for each in known] for name in names}
    return pandas.DataFrame(table, index=known)


def spearman(one, other):
    """Return the rank correlation of two columns over the rows that have both."""
    both = one.notna() & other.notna()
    ranks = [column[both].rank() for column in (one, other)]
    if both.sum() < 3 or min(each.nunique() for each in ranks) < 2:
        return np.nan
    return float(np.corrcoef(*ranks)[0, 1])


def least(count, level=SIGNIFICANT):
    """Return the size from which on a rank correlation of `count` draws passes a two-sided test at that level."""
    from scipy.stats import t

    if count < 4:
        return np.nan
    bound = t.ppf(1.0 - level / 2.0, count - 2)
    return float(bound / np.sqrt(count - 2 + bound**2))


def changes(frame, names):
    """Return a frame, a row a twin and point: twin less base of the same seed, mean and standard error of each name."""
    base = done(frame).set_index(["point", "seed"])[names]
    rows = []
    for label in [each for each in frame.twin.unique() if each]:
        other = done(frame, label).set_index(["point", "seed"])[names]
        difference = (other - base.reindex(other.index)).replace([np.inf, -np.inf], np.nan)
        for point, group in difference.groupby(level="point"):
            row = {"twin": label, "point": point, "pairs": len(group.dropna(how="all"))}
            row |= {name: group[name].mean() for name in names}
            row |= {f"{name}_se": group[name].sem() for name in names}
            rows.append(row)
    return pandas.DataFrame(rows)
