"""Avellaneda and Stoikov's maker: the spread that it quotes over its aversion to risk, and what inventory costs."""

import numpy as np

from analysis.figures import Beside
from analysis.papers.avellaneda_stoikov import Model, outcomes
from analysis.theory.quoting import spread

AVERSIONS = (0.02, 0.1, 0.3, 1.0)


def told(model, gamma):
    """Mean spread of the theory over the horizon, USD."""
    left = 1.0 - np.arange(model.moves) / model.moves
    return float(np.mean([
        spread(risk_aversion=gamma, volatility=model.sigma, left=each, decay=model.k) for each in left
    ]))  # fmt: skip


def beside(aversions=AVERSIONS, paths=12):
    """The Beside of the mean spread quoted on the exchange over risk aversion, in USD of a mid of 100."""
    fine = np.geomspace(min(aversions), max(aversions), 40)
    lines, points = {}, {}
    lines["spread"] = fine, np.array([told(Model(), each) for each in fine])
    found = [outcomes(Model(gamma=each), leans=True, paths=paths)[:, 0] for each in aversions]
    points["spread"] = (
        np.array(aversions), np.array([each.mean() for each in found]),
        np.array([each.std(ddof=1) / np.sqrt(paths) for each in found]),
    )  # fmt: skip
    return Beside(
        title="Spread of a maker who minds inventory", along="risk aversion, per USD", unit="USD, of a mid of 100",
        theory=lines, runs=points, log="x",
    )  # fmt: skip
