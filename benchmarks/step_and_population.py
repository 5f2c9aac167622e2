"""Does a result depend on the step or on how many accounts hold the same positions? `flash_crash`, paired by seed.

    python -m benchmarks.step_and_population [--seeds 64] [--processes 2]

Halving the step, and replacing each account by four like it with a quarter of its capital, must move every headline
number by less than a quarter of its standard deviation between seeds. Prints a table with 95 % intervals; a number
that moved by less, but whose interval reaches beyond, is "not sure". The exit status is not zero if a number moved
by more.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from multiprocessing import get_context

import numpy as np

from agents import Listed
from agents.crowd import OWN_FIELDS
from agents.distributions import is_distribution
from scenarios.flash_crash import flash_crash
from sim.market import Market
from sim.paths import GeometricBrownian, Shock, Shocked

ALLOWED = 0.25  # standard deviations between seeds
VARIANTS = ("base", "half the step", "four times the accounts")
STEP_S = 0.25
EACH_MINUTE = round(60 / STEP_S)
AMOUNTS = {"coin", "spot_coin", "spot_usd_coin"}
PATH = Shocked(GeometricBrownian(8_000.0, 0.6), (Shock(at_s=1_200.0, log_size=np.log(0.9).item(), over_s=600.0),))


def crash(seed, variant):
    """`flash_crash`, its fall after 20 minutes: at its step or half of it, with its accounts or four times as many."""
    step_s = STEP_S / 2 if variant == VARIANTS[1] else STEP_S
    market = flash_crash(seed=seed, hours=1.0, step_s=step_s, path=PATH)
    return fourfold(market) if variant == VARIANTS[2] else market


def fourfold(one):
    """The same market with four accounts, alike but for their dice, for each of `one`."""
    market = Market(seed=one.seed, hours=1.0, step_s=STEP_S, path=PATH)
    crowds = {}
    for crowd in one.crowds:
        chosen = {each.name: four(crowd, each.name) for each in fields(crowd) if each.name not in OWN_FIELDS}
        crowds[crowd.name] = type(crowd)(market, count=4 * crowd.count, **chosen)
    held, owed = crowds["LeveragedLongs"], crowds["LeveragedShorts"]
    market.endow(one.exchange.now[0].open_interest.item(), longs=[held], shorts=[owed], spread=0.02)
    return market


def four(crowd, name):
    """A field of the crowd with each account's value four times over, an amount divided by four."""
    value, parts = getattr(crowd, name), 4 if name in AMOUNTS else 1
    if is_distribution(value):
        return Listed(tuple(np.repeat(crowd.traits[name], 4) / parts))
    return value / parts if name in AMOUNTS else value


def headlines(task):
    """{name: number} of one run, at the times that both steps share."""
    seed, variant = task
    run = crash(seed, variant).run()
    every = 2 if variant == VARIANTS[1] else 1
    rows = run.series[every - 1 :: every]
    basis = 1e4 * (rows.mid / rows.index - 1.0)
    falling = (rows.time_s > 1_200.0) & (rows.time_s <= 2_400.0)
    last = run.series[-1]
    return {
        "fall_beyond_spot_bps": float(-minutes(basis[falling]).min()),
        "basis_in_the_fall_bps": float(np.nanmean(basis[falling])),
        "basis_before_bps": float(np.nanmean(basis[rows.time_s <= 1_200.0])),
        "liquidated_million": float(last.liquidated_contracts) / 1e6,
        "fund_change_coin": float(last.fund_gain_coin - last.fund_draw_coin),
        "engine_most_million": float(minutes(np.abs(rows.engine_contracts)).max()) / 1e6,
        "open_interest_million": float(last.open_interest_contracts) / 1e6,
        "volume_million": float(last.volume_contracts) / 1e6,
        "fees_coin": float(last.fees_coin),
        "index_final_usd": float(last["index"]),
        "spread_mean_usd": float(np.nanmean(rows.spread_usd)),
    }


def minutes(numbers):
    """(whole minutes,) means; of these extremes are taken, since that of an instant grows with how often one looks."""
    return np.nanmean(numbers[: len(numbers) // EACH_MINUTE * EACH_MINUTE].reshape(-1, EACH_MINUTE), axis=1)


def compare(found, seeds):
    """[(variant, metric, deviation, difference, half interval)], in standard deviations."""
    table = []
    for variant in VARIANTS[1:]:
        for metric in found[seeds[0], "base"]:
            base, other = (np.array([found[seed, kind][metric] for seed in seeds]) for kind in ("base", variant))
            deviation = base.std(ddof=1)
            moved = (other - base) / deviation
            interval = 1.96 * moved.std(ddof=1) / np.sqrt(len(seeds))
            table.append((variant, metric, base.mean(), deviation, moved.mean(), interval))
    return table


def main():
    """Run, print and exit."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=64)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    if options.seeds < 2 or options.processes < 1:
        parser.error("seeds must be 2 or more, processes 1 or more; a deviation needs two")
    seeds = range(1, options.seeds + 1)
    tasks = [(seed, variant) for seed in seeds for variant in VARIANTS]
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        found = dict(zip(tasks, pool.map(headlines, tasks, chunksize=3), strict=True))
    table = compare(found, seeds)
    print(f"{options.seeds} paired seeds; moved by, in standard deviations between seeds, with its 95 % interval")
    for variant, metric, mean, deviation, moved, interval in table:
        print(
            f"{variant:24} {metric:24} {mean:12.4g} (sd {deviation:9.3g})  {moved:+7.3f} +- {interval:5.3f}"
            f"  {verdict(moved, interval)}"
        )
    sys.exit(0 if all(abs(row[4]) < ALLOWED for row in table) else 1)


def verdict(moved, interval):
    """What to say of a difference and its 95 % interval."""
    if abs(moved) + interval < ALLOWED:
        return "pass"
    return "pass, not sure" if abs(moved) < ALLOWED else "FAIL"


if __name__ == "__main__":
    main()
