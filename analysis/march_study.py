"""The study of 12-13 March 2020: what is run. Four sweeps of one scenario, and what they are asked for.

centre: the declared centre over seeds. draws: a Latin hypercube through the ranges of the assumptions, one seed: the
prior-predictive band. twins: the centre with one thing changed, over fewer seeds. impact: what the liquidations did, at
several coefficients of spot impact.
"""

from pathlib import Path
from typing import NamedTuple

from analysis.march_outcomes import outcomes
from analysis.sweep import Between, sweep
from scenarios.march_2020 import march_2020
from scenarios.march_2020_assumptions import ASSUMPTIONS
from scenarios.march_2020_facts import FUND_COIN
from sim.mark import LastPrice, MedianOfThree

SERIES_S = 1_800.0
HALT_HOURS = (26.0 + 16.0 / 60.0, 26.0 + 40.0 / 60.0)
"""The stop of trading, 02:16 to 02:40 on the 13th, in hours from the start."""

LEAST_SEEDS = 2
IMPACT_COEFFICIENTS = [0.0, 0.5, 1.0, 2.0]
ABSORBED = {"forced": "absorbed"}


class Question(NamedTuple):
    """A twin: what is changed, in words, and the arguments that change it."""

    words: str
    change: dict


QUESTIONS = {
    "absorbed": Question("liquidations absorbed off the book", ABSORBED),
    "outage": Question("trading stopped 02:16 to 02:40", {"halt": HALT_HOURS}),
    "last": Question("mark: last trade", {"venue.mark": LastPrice()}),
    "median": Question("mark: median of three, as on Bybit", {"venue.mark": MedianOfThree()}),
    "slower": Question("engine four times slower", {"venue.unwind.usd_per_s": 15_000.0}),
    "faster": Question("engine four times faster", {"venue.unwind.usd_per_s": 240_000.0}),
    "paced": Question(
        "engine paced from the first contract", {"venue.unwind.rests": False, "venue.unwind.rest_s": 0.0}
    ),
    "paced_slower": Question(
        "so paced, and sixteen times slower",
        {"venue.unwind.rests": False, "venue.unwind.rest_s": 0.0, "venue.unwind.usd_per_s": 3_750.0},
    ),
    "capped": Question(
        "leverage of at most 5x",
        {"venue.max_leverage": 5.0, "long_leverage.high": 5.0, "short_leverage.high": 5.0},
    ),
    "capped_more": Question(
        "leverage of at most 3x",
        {"venue.max_leverage": 3.0, "long_leverage.high": 3.0, "short_leverage.high": 3.0},
    ),
    "half_fund": Question("a fund of half the size", {"fund_coin": 0.5 * FUND_COIN.value}),
    "twice_fund": Question("a fund of twice the size", {"fund_coin": 2.0 * FUND_COIN.value}),
    "instant": Question("free and instant transfers", {"transfer_s": 0.0, "deposit_delay_s": 0.0}),
    "arbitrage": Question(
        "arbitrage capital x 4, and instant",
        {"arbitrage_coin": 1_000.0, "transfer_s": 0.0},
    ),
    "no_dip_buyers": Question("no dip buyers", {"dip_buyers": 0}),
    "unhedged": Question("makers who cannot lay off elsewhere", {"maker_credit": 0.0}),
    "lean": Question("makers learn from own leaning", {"lean_seen": 1.0}),
}


def counts(seeds):
    """Return {part: runs of each} for so many seeds of the centre: an hour on two cores for 64."""
    return {
        "centre": seeds,
        "draws": seeds,
        "twins": max(LEAST_SEEDS, 3 * seeds // 16),
        "impact": max(LEAST_SEEDS, 3 * seeds // 32),
    }


def study(out, *, seeds=64, processes=None, sweep=sweep, **arguments):
    """Run the study and return {part: its Sweep}; the same call goes on where it was stopped.

    out: a folder, with one of each part in it
    seeds: of the centre, and points of the draws; the twins have fewer
    processes: at a time, by default one for each core
    arguments: of the scenario, in every run
    """
    if seeds < LEAST_SEEDS:
        raise ValueError(f"seeds must be {LEAST_SEEDS} or more (got {seeds}); one run has no uncertainty")
    number, common = counts(seeds), {"metrics": [outcomes], "processes": processes, **arguments}
    ranges = {each.name: Between(each.low, each.high, log=each.log) for each in ASSUMPTIONS}
    ranges = {name: span for name, span in ranges.items() if name.partition(".")[0] not in arguments}

    def part(name, **asked):
        chosen = {"seeds": range(number[name])} | asked
        return sweep(march_2020, out=Path(out) / name, **chosen, **common)

    return {
        "centre": part("centre", series_s=SERIES_S),
        "draws": part("draws", seeds=[0], design="lhs", points=seeds, series_s=SERIES_S, **ranges),
        "twins": part("twins", twins={name: each.change for name, each in QUESTIONS.items()}, series_s=SERIES_S),
        "impact": part("impact", twins={"absorbed": ABSORBED}, spot_impact=IMPACT_COEFFICIENTS),
    }
