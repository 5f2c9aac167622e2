"""Closed forms and estimators beside the numbers of their papers: simulated is only what an estimator reads."""

import numpy as np

from analysis.estimators import branching_of_counts
from analysis.papers.row import Row
from analysis.signals import sharpe, splits
from analysis.theory import execution, fair_price, leverage
from sim.streams import generator

UNIT = {"kappa": 1.0, "usd_rate": 0.05}
QUANTLIB = {"kappa": 0.2, "usd_rate": 0.04, "coin_rate": 0.02}
PAPER = {"ratio": 2.5 / np.sqrt(250.0), "periods": 1_250, "variance": 0.5 / 250.0}
CRITICAL = {
    0.01: (150.0, 148.87, 151.12), 0.02: (75.0, 73.87, 76.12), 0.05: (30.0, 28.87, 31.12), 0.1: (15.0, 13.87, 16.12),
    0.2: (7.5, 6.36, 8.61), 0.3: (5.0, 3.85, 6.11),
}  # fmt: skip
LIQUIDATION = execution.Liquidation(
    horizon=1.0, temporary=0.1, permanent=0.1, terminal=100.0, holding=0.5, funding=5.0
)  # fmt: skip
SOLD = {
    1.0: (-31.7356, (4.505, 1.974, 0.744, 0.275)),
    0.0: (-24.4701, (5.693, 3.489, 1.935, 0.892)),
    -1.0: (-17.2045, (6.882, 5.003, 3.127, 1.510)),
}
AT = (0.25, 0.5, 0.75, 0.9)


def table():
    """[Row] of all of them."""
    return [*fair_prices(), *powers(), *critical(), *liquidation(), *sharpes(), *cross_validation(), *branching()]


def row(claim, published, found, tolerance):
    """A Row without chance in it."""
    return Row(claim, published, float(found), 0.0, tolerance)


def fair_prices():
    """Ackerer, Hugonnier and Jermann, at the parameters of two independent implementations."""
    quanto = {"settlement_rate": 0.03, "volatility": 0.3, "settlement_volatility": 0.3, "correlation": 0.5}
    unit = (
        ("linear", 105.2632, fair_price.linear(100.0, **UNIT)),
        ("linear, discrete", 103.0303, fair_price.linear_discrete(100.0, **UNIT, coin_rate=0.02)),
        ("inverse", 105.0, fair_price.inverse(100.0, **UNIT)),
        ("inverse, discrete", 104.7619, fair_price.inverse_discrete(100.0, **UNIT)),
        ("quanto", 106.9519, fair_price.quanto(100.0, **UNIT, **quanto)),
    )
    rows = [row(f"fair price, {name}, kappa 1", number, found, 1e-4) for name, number, found in unit]
    linear = fair_price.linear(10_000.0, **QUANTLIB, interest=0.005)
    inverse = fair_price.inverse(10_000.0, **QUANTLIB, interest=-0.005)
    rows.append(row("fair price, linear, QuantLib's parameters", 10_833.3333, linear, 1e-4 * 1.1))
    return [*rows, row("fair price, inverse, QuantLib's parameters", 11_282.0513, inverse, 1e-4 * 1.1)]


def powers():
    """White and others: perpetuals on a power of spot, funded daily, and every 17.5 days."""
    rows = []
    for exponent, number in ((2, 1.0035161), (-1, 1.0035161), (0.5, 0.9995618)):
        found = fair_price.power(1.0, exponent=exponent, volatility=0.8)
        rows.append(row(f"power perpetual, exponent {exponent:g}, over spot's power", number, found, 1e-7))
    found = fair_price.power(1.0, exponent=2, volatility=0.8, interval_years=17.5 / 365.0)
    return [*rows, row("power perpetual, exponent 2, funded every 17.5 days", 1.0643256, found, 1e-7)]


def critical():
    """Critical leverage under square-root impact."""
    kinds = ("linear", "long"), ("inverse", "long"), ("inverse", "short")
    return [
        row(f"critical leverage, {kind} {side}, impact {impact:.0%}", number,
            leverage.critical_leverage(impact, kind, side), 0.006)
        for impact, numbers in CRITICAL.items()
        for (kind, side), number in zip(kinds, numbers, strict=True)
    ]  # fmt: skip


def liquidation():
    """Donnelly, Lin and Lorig: how fast ten contracts are sold, and what is left of them."""
    rows = []
    for basis, (rate, left) in SOLD.items():
        rows.append(row(f"rate of selling at first, basis {basis:g}", rate, LIQUIDATION.rate(0.0, 10.0, basis), 1e-4))
        times, held = LIQUIDATION.mean_path(10.0, basis)
        rows += [row(f"left at {at:g}, basis {basis:g}", number, np.interp(at, times, held), 2e-3)
                 for at, number in zip(AT, left, strict=True)]  # fmt: skip
    return rows


def sharpes():
    """Bailey and Lopez de Prado: the deflated Sharpe ratio, and how long a record must be."""
    skewed = {"skewness": -3.0, "kurtosis": 10.0}
    needed = sharpe.minimum_periods(2 / np.sqrt(12), skewness=-0.72, kurtosis=5.78, above=1 / np.sqrt(12))
    return [
        row("expected best of 100 without skill", 0.1132, sharpe.expected_best(100, PAPER["variance"]), 5e-5),
        row("deflated Sharpe ratio, 100 trials", 0.9004, sharpe.deflated(**PAPER, **skewed, trials=100), 5e-5),
        row("deflated Sharpe ratio, 46 trials", 0.9505, sharpe.deflated(**PAPER, **skewed, trials=46), 5e-5),
        row("the same of normal returns, 88 trials", 0.9505,
            sharpe.deflated(**PAPER, skewness=0.0, kurtosis=3.0, trials=88), 5e-5),
        row("minimum track record, months", 59.895, needed, 5e-4),
        row("best of 80 without skill, deviations", 2.45, sharpe.expected_best(80, 1.0), 5e-3),
    ]  # fmt: skip


def cross_validation():
    """Lopez de Prado: how many splits and paths combinatorial cross-validation has."""
    return [
        row("splits of 6 blocks by 2", 15, len(list(splits.combinatorial(600, blocks=6, tried=2))), 0.0),
        row("paths of 6 blocks by 2", 5, splits.paths(6, 2), 0.0),
        row("paths of 10 blocks by 8", 36, splits.paths(10, 8), 0.0),
    ]


def branching(windows=200, length=100.0, horizon=20_000.0):
    """Hardiman and Bouchaud: the branching ratio of simulated clusters, from counts in windows."""
    rows = []
    for ratio in (0.2, 0.5, 0.8, 0.9):
        counts = clusters(ratio, horizon, length)
        rows.append(row(f"branching ratio {ratio:g} from counts", ratio, branching_of_counts(counts), 0.05))
    return rows


def clusters(ratio, horizon, length):
    """(windows,) counts of a Hawkes process with base and decay 1 a unit of time, built cluster by cluster."""
    rng = generator(17, f"clusters.{ratio}")
    times = generation = rng.uniform(0.0, horizon, rng.poisson(horizon))
    while len(generation):
        children = rng.poisson(ratio, len(generation))
        generation = np.repeat(generation, children) + rng.exponential(1.0, children.sum())
        times = np.append(times, generation)
    return np.histogram(times, np.arange(0.0, horizon + length, length))[0][1:]
