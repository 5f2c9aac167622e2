"""What became of directional traders: who was ruined, and what all of them together kept."""

import numpy as np

from agents import Breakouts, MeanReverters, TrendFollowers
from analysis.summary import share

TRADERS = tuple(kind.__name__ for kind in (TrendFollowers, Breakouts, MeanReverters))
RUINED = 0.1
"""Of the deposits; who keeps less is ruined, and so is who was liquidated."""


def traders(run, names=TRADERS):
    """Return the rows of `accounts` of the crowds called so."""
    return run.accounts[np.isin(run.accounts["crowd"], names)]


def ruined(accounts):
    """Return (rows,) who was liquidated, or keeps less than a tenth of what it brought."""
    return (accounts["liquidations"] > 0) | (accounts["equity_coin"] < RUINED * accounts["deposits_coin"])


def ruined_percent(run):
    """Directional traders who were ruined, of all."""
    return 100.0 * share(int(ruined(traders(run)).sum()), len(traders(run)))


def kept_percent(run):
    """What directional traders have at the end, of what they brought."""
    there = traders(run)
    return 100.0 * share(float(there["equity_coin"].sum()), float(there["deposits_coin"].sum()))


def kept_median_percent(run):
    """The same of the one in their middle, whom the few who win a lot do not move."""
    there = traders(run)
    return 100.0 * float(np.median(there["equity_coin"] / there["deposits_coin"]))
