"""The optimal insurance fund: sized on what half of the runs lost, held against what the other half did."""

import numpy as np

from analysis.figures import Beside
from analysis.theory.insurance import optimal_fund, uncovered
from scenarios import long_squeeze
from sim.streams import generator

CARRY, WEIGHT = 0.2, 1.0
"""What a coin in the fund costs, and a coin taken from winners: the fund is then the 80 % quantile of the loss."""
ENDLESS_COIN = 1e5
LEAST, MEAN, MOST = 0.03, 0.03, 0.14
"""Of a fall: the least, what exponential numbers are added to it on average, and the most."""


def loss(seed):
    """What one fall, drawn too, takes from a fund without end, coin: its lowest, below its start."""
    fall = min(LEAST + MEAN * generator(seed, "fall").exponential(), MOST)
    run = long_squeeze(seed=seed, fall=fall, over_s=60.0, hours=0.5, step_s=2.5, fund_coin=ENDLESS_COIN).run()
    return max(0.0, ENDLESS_COIN - float(run["fund_coin"].min()))


def cost(losses, fund):
    """(mean, standard error) of what a fund costs, carry and what winners lose together, coin."""
    mean, error = uncovered(losses, fund)
    return CARRY * fund + WEIGHT * mean, WEIGHT * error


def beside(seeds=range(80)):
    """The Beside of a fund's cost over its size; the line is of even seeds, the points of odd ones."""
    losses = np.array([loss(seed) for seed in seeds])
    first, second = losses[::2], losses[1::2]
    best = optimal_fund(first, carry_rate=CARRY, loss_weight=WEIGHT)
    fine = np.unique(np.append(np.linspace(0.0, 1.15 * losses.max(), 120), best))
    sizes = np.unique(np.append(np.linspace(0.0, fine[-1], 9), best))
    found = np.array([cost(second, size) for size in sizes])
    at_best = cost(second, best)
    runs = {
        "cost": (sizes, found[:, 0], found[:, 1]),
        f"the optimum of the line, {best:.3g} BTC": (np.array([best]), np.array([at_best[0]]), np.array([at_best[1]])),
    }
    theory = {"cost": (fine, np.array([cost(first, size)[0] for size in fine]))}
    return Beside(title="What a fund costs", along="fund, BTC", unit="BTC a fall", theory=theory, runs=runs)
