"""Critical leverage: where closing a position against a square-root book costs the fund more than its margin."""

import numpy as np

from analysis.figures import Beside
from analysis.papers.critical_leverage import simulated
from analysis.theory.leverage import critical_leverage

KINDS = {"inverse long": ("inverse", "long"), "inverse short": ("inverse", "short"), "linear": ("linear", "long")}


def beside(impacts=(0.05, 0.1, 0.2, 0.3), kinds=tuple(KINDS)):
    """The Beside of critical leverage over the impact of closing the whole position; nothing in it is drawn."""
    fine = np.geomspace(0.8 * min(impacts), 1.1 * max(impacts), 60)
    theory, runs = {}, {}
    for label in kinds:
        contract, side = KINDS[label]
        theory[label] = 100.0 * fine, np.array([critical_leverage(each, contract, side) for each in fine])
        found = np.array([simulated(each, contract, side) for each in impacts])
        runs[label] = 100.0 * np.array(impacts), found, np.zeros(len(impacts))
    return Beside(
        title="Leverage beyond which the fund pays", along="impact of the whole position, %",
        unit="leverage, x", theory=theory, runs=runs, log="xy",
    )  # fmt: skip
