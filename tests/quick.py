"""A market of a few milliseconds, for tests of sweeps, with numbers to keep; written out as a user's file too."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from agents import MarketMakers, NoiseTraders
from scenarios import scenario
from sim.market import Market


@scenario
def quick(*, seed, noise=5, coin=2.0, hours=0.01, dies=(), **market):
    """How little does a market need?

    dies: seeds whose runs kill their process
    """
    if seed in dies:
        os._exit(1)
    market = Market(seed=seed, hours=hours, **market)
    MarketMakers(market, count=2, coin=10.0)
    NoiseTraders(market, count=noise, coin=coin)
    return market


@scenario
def trifle(*, seed, coin=2.0, noise=5, hours=1.0, fails=(), sleeps_s=0.0):
    """How little does a sweep need? No market at all, and no time but its sleep."""
    time.sleep(sleeps_s)
    if seed in fails:
        raise ValueError(f"seed {seed} was to fail")
    chance = np.random.default_rng(seed).normal(100.0, 9.0, 4)
    series = np.rec.fromarrays([np.arange(1.0, 5.0), coin * noise * hours * chance], names="time_s,index")
    accounts = np.rec.fromarrays([np.arange(seed), np.full(seed, "crowd")], names="account,crowd")
    run = Trifle(series=series, accounts=accounts, about={"finished": True, "seed": seed})
    return SimpleNamespace(about={}, replays=False, length=0, run=lambda: run)


class Trifle(SimpleNamespace):
    """A run of no market."""

    def __getitem__(self, column):
        return self.series[column]


def index_end(run):
    """Index at the end, which the seed decides."""
    return run["index"][-1]


def index_low(run):
    """Lowest index."""
    return run["index"].min()


def nowhere(run):
    """No number: of one sign for even seeds, of the other for odd ones."""
    return float("nan") if run.about["seed"] % 2 else -float("nan")


def moody(run):
    """A metric that fails for every third seed."""
    if run.about["seed"] % 3 == 0:
        raise ZeroDivisionError("one in three, and\nin two lines")
    return 1.0


def both(run):
    """Two numbers at once."""
    return {"low": run["index"].min(), "high": run["index"].max()}


both.names = ("low", "high")
SOURCE = Path(__file__).read_text(encoding="utf-8")
