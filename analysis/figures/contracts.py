"""Contracts: what a long gains as spot moves, and how far that is from a straight line."""

import numpy as np

from analysis.figures.drawing import named, nothing
from analysis.figures.style import LINES
from sim.contract import pnl_coin

REACH = 0.5  # of the move of spot drawn, a fraction
POINTS = 201
HELD = 100  # contracts
NONE = "no contracts were given"


def payoffs(contracts, ax):
    """Profit of a long of each contract over the move of spot, in its own settlement coin.

    contracts: ({label: sim.contract.Contract}, price of spot at entry)
    """
    for label, look, moves, gained, _ in profits(*contracts):
        ax.plot(moves, gained, label=label, **look)
    return titled(contracts, ax, "Profit of a long, in its own coin")


def convexity(contracts, ax):
    """The same less a straight line along it at entry: above zero it gains from large moves, below it loses by them."""
    for label, look, moves, gained, straight in profits(*contracts):
        ax.plot(moves, gained - straight, label=label, **look)
    return titled(contracts, ax, "Its curvature: less a straight line")


def profits(contracts, spot):
    """Yield (label, look, moves, profit, straight line), all percent, of a long of each contract."""
    moves = np.linspace(-REACH, REACH, POINTS)
    at = spot * (1.0 + moves)
    for number, ((label, contract), (colour, dash)) in enumerate(zip(contracts.items(), LINES * 9, strict=False)):
        look = {"color": colour, "linestyle": dash, "linewidth": max(1.0, 2.4 - 0.4 * number)}  # curves may coincide
        entry = contract.index(spot)
        value = HELD * float(contract.value(entry)) * contract.unit
        gained = pnl_coin(contract, HELD, entry, contract.index(at))
        straight = contract.sign * contract.exponent * moves
        yield label, look, 100.0 * moves, 100.0 * gained / value, 100.0 * straight


def titled(contracts, ax, title):
    """Name the panel; say so where there are no contracts."""
    unit, along = "% of value at entry", "move of spot, %"
    if not contracts[0]:
        return nothing(ax, NONE, title, unit, along)
    for draw in (ax.axhline, ax.axvline):
        draw(0.0, color="#909090", linewidth=0.6, zorder=1)
    ax.legend(loc="best")
    return named(ax, title, unit, along)
