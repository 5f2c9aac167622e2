"""Liquidation by chance: lone leveraged positions on a mark that nobody moves, and the reflection principle."""

from dataclasses import replace

import numpy as np

from agents import LeveragedLongs, LeveragedShorts, Listed
from analysis.figures import Beside
from analysis.theory.leverage import liquidation_probability
from sim.index import SpotMarket, SpotVenue
from sim.ledger import RESERVED_ROWS
from sim.margin import Tiers
from sim.market import Market
from sim.oracle_mark import OraclePrice
from sim.paths import GeometricBrownian
from sim.venues import BITMEX

PRICE, VOLATILITY, MAINTENANCE = 10_000.0, 0.8, 0.005
STILL = SpotMarket(venues=(SpotVenue(name="One", volume_coin=1.0, noise_bps=0.0),))
LEVERAGES = (10.0, 20.0, 30.0, 40.0, 50.0, 75.0, 100.0)


def market(seed, hours, every_s):
    """A market in which one long of each leverage sits against one short without any; nobody trades."""
    venue = replace(
        BITMEX, mark=OraclePrice(every_s=every_s), tiers=Tiers.flat(MAINTENANCE, MAINTENANCE), maintenance_on="mark",
        closing_fee=0.0, max_leverage=1e6,
    )  # fmt: skip
    path = GeometricBrownian(price=PRICE, volatility=VOLATILITY)
    made = Market(seed=seed, venue=venue, hours=hours, step_s=every_s, path=path, spot=STILL)
    asleep = {"wake_s": float("inf"), "leverage": 1.0}
    coins = tuple(100.0 / each for each in LEVERAGES)
    count = len(LEVERAGES)
    longs = LeveragedLongs(made, count=count, coin=Listed(coins), **asleep | {"leverage": Listed(LEVERAGES)})
    shorts = LeveragedShorts(made, count=1, coin=1e4, **asleep)
    made.endow(round(100.0 * count * PRICE), longs=[longs], shorts=[shorts])
    return made


def liquidated(seed, hours, every_s):
    """(leverages,) whether each long was liquidated."""
    made = market(seed, hours, every_s)
    accounts = made.run().accounts
    return accounts["liquidations"][RESERVED_ROWS : RESERVED_ROWS + len(LEVERAGES)] > 0


def beside(seeds=range(200), hours=8.0, cadences=(60.0, 1_200.0)):
    """The Beside of the probability of liquidation over leverage, for marks computed at these cadences, s."""
    theory, runs = {}, {}
    fine = np.linspace(min(LEVERAGES), max(LEVERAGES), 60)
    drift = -0.5 * VOLATILITY**2  # of the logarithm
    for every_s in cadences:
        label = f"a mark every {every_s / 60.0:g} min"
        told = [
            liquidation_probability(
                leverage=each, hours=hours, volatility=VOLATILITY, drift=drift, maintenance=MAINTENANCE,
                look_every_s=every_s,
            )
            for each in fine
        ]  # fmt: skip
        share = np.mean([liquidated(seed, hours, every_s) for seed in seeds], axis=0)
        theory[label] = fine, 100.0 * np.array(told)
        runs[label] = np.array(LEVERAGES), 100.0 * share, 100.0 * np.sqrt(share * (1.0 - share) / len(seeds))
    title = f"Liquidated by chance within {hours:g} hours"
    return Beside(title=title, along="leverage, x", unit="% of longs", theory=theory, runs=runs)
