"""A run beside its twin: a panel is `((base, twin), ax) -> ax`."""

import numpy as np

from analysis.figures.drawing import draw, finish, zero
from analysis.figures.style import BLACK, BLUE, ORANGE, RED
from analysis.summary import basis, contract


def twin_prices(pair, ax):
    """Index of the base, and the last trade of both."""
    draw(pair[0], ax, pair[0]["index"], color=BLACK, linewidth=0.8, label="index")
    both(pair, ax, lambda run: run["last"])
    return finish(pair[0], ax, "Price", "USD")


def twin_gap(pair, ax):
    """What the change did to the price: the twin's last trade over the base's, less 1."""
    base, twin = pair
    rows = min(len(base.series), len(twin.series))
    percent = np.full(len(base.series), np.nan)
    percent[:rows] = 100.0 * (twin["last"][:rows] / base["last"][:rows] - 1.0)
    draw(base, ax, percent, color=RED, label="last trade")
    return finish(base, zero(ax), "Twin over base", "%", least=0.2)


def twin_discounts(pair, ax):
    """Basis of both: last trade over the index, less 1."""
    both(pair, ax, lambda run: 100.0 * basis(run))
    return finish(pair[0], zero(ax), "Basis to the index", "%", least=0.2)


def twin_liquidated(pair, ax):
    """Contracts liquidated so far in both."""
    both(pair, ax, lambda run: run["liquidated_contracts"])
    return finish(pair[0], ax, "Liquidated so far", "contracts", least=8.0)


def twin_funds(pair, ax):
    """Change of the insurance fund in both."""
    both(pair, ax, lambda run: run["fund_coin"] - run["fund_coin"][:1])
    return finish(pair[0], zero(ax), "Insurance fund, change", contract(pair[0])["coin"], least=8.0)


def both(pair, ax, column):
    """Draw a column of both runs."""
    for run, colour, name in zip(pair, (BLUE, ORANGE), ("base", "twin"), strict=True):
        draw(run, ax, column(run), color=colour, linewidth=0.8, label=name)
