"""The page of a calibration: docs/calibration.md, whose numbers are of one run of the command."""

from analysis.calibration.fit import CROWDS, INDEX, POINTS, ROUNDS, SHARE
from analysis.calibration.fit import SEEDS as FIT
from analysis.calibration.identified import identified, section
from analysis.calibration.observed import FITTED, HELD_BACK
from analysis.calibration.table import AGREES, MET, said
from scenarios.scenario import text

FINE = AGREES, MET
PARAMETERS = tuple(each.name for each in (*INDEX, *CROWDS))
FADES = (
    "the record's deviations lose a third within minutes and the rest over hours, in the months held back less and "
    "later than in those of the fit; here one crowd of makers, by what it holds and remembers, makes both."
)
STUCK = (
    "where the index falls or rises by a tenth within hours, one side is liquidated, and the premium stays beyond the "
    "clamp until newcomers and arbitrageurs have taken it; fundings of the record stayed near 0.01 %."
)
SIDES = (
    "longs were the side in demand in those months; here they come back sooner than shorts, and what both hold drifts "
    "with the price, block by block."
)
SAMPLE = "volatility is fitted to moments of spot alone, and runs of three days scatter widely about them."
REASONS = {
    **dict.fromkeys(("basis_bps", "basis_5_minutes", "basis_1_hour", "common_returns", "volatility_ratio"), FADES),
    **dict.fromkeys(("funding_bps", "funding_pinned", "linear", "turnover"), STUCK),
    **dict.fromkeys(("funding_mean_bps", "funding_positive"), SIDES),
    **dict.fromkeys(("memory", "tail_added", "clustering_added", "tail", "index_volatility", "index_tail"), SAMPLE),
    "short_liquidated_percent": "both sides have the leverage of one fit, and rises of the index here were its seeds'.",
    "long_liquidated_percent": "both sides have the leverage of one fit, and falls of the index here were its seeds'.",
    "kurtosis": "it hangs on the largest few returns of all runs.",
    "spread_bps": "makers widen with a volatility that changes by the half hour.",
}
"""Of what is missed, by name: the mechanism that is not there."""


def page(result, arguments, seeds, slopes=None, held_back=HELD_BACK):
    """Return the page of a Result, in Markdown; slopes: of the targets in what was fitted, if anything was;
    held_back: months.
    """
    points = ["| target | in sample | held back | simulated | error | z | z held back | verdict |", "|---" * 8 + "|"]
    for each in result.rows:
        numbers = " | ".join(f"{number:.3g}" for number in (each.fitted, each.held_back, each.simulated, each.error))
        points.append(f"| {each.words} | {numbers} | {each.away:+.1f} | {each.away_held_back:+.1f} | {each.verdict} |")
    bands = ["| band | from | to | simulated | error | verdict | source |", "|---" * 7 + "|"]
    for each in result.bounds:
        numbers = " | ".join(f"{number:.3g}" for number in (each.low, each.high, each.simulated, each.error))
        bands.append(f"| {each.words} | {numbers} | {each.verdict} | {each.source} |")
    ends = [f"* {each}" for each in [*said(result), *reasons(result)]]
    if slopes is not None:
        ends += ["", *section(identified(PARAMETERS, slopes, [each.error for each in result.rows]))]
    return "\n".join([head(held_back), settings(arguments, seeds), *points, "", *bands, "", *ends, ""])


def settings(arguments, seeds):
    """Return the lines that say what was run."""
    own = "\n".join(f"    {name}={text(value)}," for name, value in arguments.items())
    return f"`calm` with\n\n```\n{own}\n```\n\nover seeds {seeds[0]} to {seeds[-1]}, three days each.\n"


def reasons(result):
    """Return a line for each target that is missed and each band that is not met."""
    wrong = [each for each in [*result.rows, *result.bounds] if each.verdict not in FINE]
    return [f"{each.words}: {REASONS.get(each.name, 'no reason is known.')}" for each in wrong]


def head(held_back):
    """Return how the table was made, in Markdown."""
    return f"""# Calibration of the ordinary day

Made by `perpsim calibrate --doc docs/calibration.md`, over the seeds named below. How far is an
ordinary day of `calm` with the arguments of `ordinary_day` from ordinary days that were recorded? Both are cut into
blocks of three days and measured by the same functions (`analysis/calibration/targets.py`).

* **Record**: the last trade of XBTUSD and of spot at Binance at the end of every 5 minutes, and the fundings of XBTUSD.
  {" and ".join(FITTED)} are of the fit; {" and ".join(held_back)} were held back from it. Blocks with a missing bar are
  left out. Spot is quoted in a dollar token whose premium wanders from day to day, so of the basis only what happens
  within a day is compared; its level is that of the fundings. Other months are tried with
  `--data FOLDER --held-back 2020-05,2020-06`.
* **Index** of the runs: a path of stochastic volatility, fitted to spot alone: its quick part to three moments of the
  months of the fit, its slow part to how much volatility differed between blocks of 2019 to 2025 within four months,
  the months held back left out. So what is `inherited` is told from what the contract adds: the last rows are
  differences of both.
* **Fit** of the crowds: `perpsim calibrate --fit` runs {POINTS} points of a Latin hypercube over seeds {FIT[0]} to
  {FIT[-1]}, {SHARE} of them a point, and makes each moment a quadratic of each parameter; at the least of that
  surface it runs all of them and moves the surface to what they give, {ROUNDS} times, and the best of these is the end.
  Nothing was moved by hand afterwards, but for rounding. What is not fitted, which parameters are and between which
  bounds was chosen before, some of it after looking at runs of other seeds than those of the table (500 to 515, and in
  a first search those of the fit).
* **Errors**: whole blocks are drawn again, 400 times, in the record and in the runs; `error` is of both. z is the
  distance in such errors; beyond 2.576 a target is missed.
* **Joint test**: J is the sum of all z squared. Its law under a true model is drawn from normal deviations with the
  covariance of both samples, which are too few blocks to be inverted; in the months of the fit, less what eight fitted
  parameters can take from them. Against the months held back nothing was fitted.
* **Bands** are bounds that others published, for what no record of bars shows. These months are outside two of them
  themselves: their tail indices are 2.47 and 2.42, their excess kurtosis 103 and 155. Autocorrelation is counted in
  errors that allow for clustering: in units of 1 / root n, as once here, the index alone, which has none, would be
  outside in every second sample.
"""
