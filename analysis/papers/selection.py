"""Tests of the best of many rules on returns whose truth is known: how often they are fooled, and what they find.

White, Econometrica 68 (2000), Hansen, Journal of Business & Economic Statistics 23 (2005), and Bailey, Borwein, Lopez
de Prado and Zhu, Journal of Computational Finance 20(4), 2016. What is published is what a test promises: at a level
of 5 % it refuses 5 % of nulls, and what is chosen among rules of nothing lies below the middle half of the time.
"""

from importlib.util import find_spec
from math import nan, sqrt

import numpy as np
from scipy.stats import norm

from analysis.papers.row import Row
from analysis.signals.best_of_many import superior
from analysis.signals.overfitting import backtest_overfitting
from sim.streams import generator

RULES, LEVEL, RESAMPLES = 20, 0.05, 200
DAYS_A_YEAR = 250.0


def table(nulls=500, planted=100):
    """[Row] of the reality check and its successor, which need arch, and of the probability of overfitting."""
    if find_spec("arch") is None:
        missing = Row("reality check: not tried, install perpsim[signals]", nan, nan, nan)
        return [missing, *overfitting()]
    return [*size(nulls), *power(planted), *overfitting()]


def panel(name, number, periods):
    """(periods, RULES) returns of rules without skill."""
    return 0.01 * generator(number, f"selection.{name}").standard_normal((periods, RULES))


def size(count, periods=500):
    """How often the best of rules without skill is called superior."""
    found = [superior(panel("null", number, periods), resamples=RESAMPLES, seed=number) for number in range(count)]
    ordered = np.mean([each.lower <= each.consistent <= each.upper for each in found])
    rows = [Row("panels whose three p-values are in order", 1.0, float(ordered), 0.0)]
    for name, words in (("upper", "reality check"), ("consistent", "superior predictive ability")):
        refused = float(np.mean([getattr(each, name) < LEVEL for each in found]))
        error = sqrt(refused * (1.0 - refused) / count)
        rows.append(Row(f"{words}, nulls refused at 5 %", LEVEL, refused, error, tolerance=0.02))
    return rows


def power(count, periods=1_250, ratio=1.5):
    """How often the reality check refuses where one rule of 20 has an annual Sharpe ratio of 1.5, in five years.

    Beside it: how often the best of 20 independent normal ratios, one of them so high, passes the level that 20 without
    skill pass once in 20 times. No test that takes all rules for equal can do better.
    """
    found = 0
    for number in range(count):
        returns = panel("planted", number, periods)
        returns[:, 0] += 0.01 * ratio / sqrt(DAYS_A_YEAR)
        found += superior(returns, resamples=RESAMPLES, seed=number).upper < LEVEL
    share, none = found / count, (1.0 - LEVEL) ** (1.0 / RULES)
    expected = 1.0 - none ** (RULES - 1) * norm.cdf(norm.ppf(none) - ratio * sqrt(periods / DAYS_A_YEAR))
    error = sqrt(share * (1.0 - share) / count)
    return [Row("reality check, one rule of Sharpe ratio 1.5 found", float(expected), share, error, tolerance=0.05)]


def overfitting(count=40, periods=800):
    """The probability of overfitting, of noise."""
    told = [backtest_overfitting(panel("noise", number, periods), blocks=8).probability for number in range(count)]
    error = float(np.std(told, ddof=1) / sqrt(count))
    return [Row("probability of overfitting, of noise", 0.5, float(np.mean(told)), error, tolerance=0.15)]
