"""Does a result depend on the step or on how many accounts hold the same positions? `flash_crash`, paired by seed.

    python -m benchmarks.step_and_population [--seeds 64] [--processes 2]

Halving the step, and replacing each trader by four with a quarter of its capital at equal open interest, must move
every headline number by less than a quarter of its standard deviation between seeds: the whole 95 % interval of
the mean difference must lie within it. Prints a table; the exit status is not zero if a number fails.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from agents import Arbitrageurs, LeveragedLongs, LeveragedShorts, LogNormal, MarketMakers, NoiseTraders
from scenarios.capital import capital
from sim.market import Market
from sim.paths import GeometricBrownian, Shock, Shocked

ALLOWED = 0.25  # standard deviations between seeds
VARIANTS = ("base", "half the step", "four times the accounts")


def crash(seed, variant):
    """`flash_crash`, its fall after 20 minutes: at its step or half of it, with its accounts or four times as many."""
    times = 4 if variant == VARIANTS[2] else 1
    step_s = 0.5 if variant == VARIANTS[1] else 1.0
    fall = Shock(at_s=1_200.0, log_size=np.log(0.9).item(), over_s=600.0)
    path = Shocked(GeometricBrownian(price=8_000.0, volatility=0.6), (fall,))
    market = Market(seed=seed, hours=1.0, step_s=step_s, path=path)
    MarketMakers(market, count=20 * times, coin=75.0 / times)
    NoiseTraders(market, count=500 * times, coin=2.0 / times)
    leverage = LogNormal(8.0, 0.8, 1.0, 80.0), LogNormal(2.0, 0.6, 0.5, 20.0)
    coin = capital(60_000_000, 8_000.0, 1_500 * times, leverage[0])
    held = LeveragedLongs(market, count=1_500 * times, coin=coin, leverage=leverage[0])
    owed = LeveragedShorts(market, count=1_000 * times, coin=LogNormal(3.0 / times, 1.0), leverage=leverage[1])
    each = 50.0 / times
    Arbitrageurs(market, count=20 * times, coin=each, spot_coin=each, spot_usd_coin=each)
    market.endow(60_000_000, longs=[held], shorts=[owed], spread=0.02)
    return market


def headlines(task):
    """{name: number} of one run, on the grid of seconds that both steps share."""
    seed, variant = task
    run = crash(seed, variant).run()
    every = 2 if variant == VARIANTS[1] else 1
    rows = run.series[every - 1 :: every]
    basis = 1e4 * (rows.mid / rows.index - 1.0)
    falling = (rows.time_s > 1_200.0) & (rows.time_s <= 2_400.0)
    last = run.series[-1]
    return {
        "fall_beyond_spot_bps": float(-np.nanmin(basis[falling])),
        "basis_in_the_fall_bps": float(np.nanmean(basis[falling])),
        "basis_before_bps": float(np.nanmean(basis[rows.time_s <= 1_200.0])),
        "liquidated_million": float(last.liquidated_contracts) / 1e6,
        "fund_change_coin": float(last.fund_gain_coin - last.fund_draw_coin),
        "engine_most_million": float(np.abs(rows.engine_contracts).max()) / 1e6,
        "open_interest_million": float(last.open_interest_contracts) / 1e6,
        "volume_million": float(last.volume_contracts) / 1e6,
        "fees_coin": float(last.fees_coin),
        "index_final_usd": float(last["index"]),
        "spread_mean_usd": float(np.nanmean(rows.spread_usd)),
    }


def compare(found, seeds):
    """[(variant, metric, deviation, difference, half interval, whether it holds)], in standard deviations."""
    table = []
    for variant in VARIANTS[1:]:
        for metric in found[seeds[0], "base"]:
            base, other = (np.array([found[seed, kind][metric] for seed in seeds]) for kind in ("base", variant))
            deviation = base.std(ddof=1)
            moved = (other - base) / deviation
            interval = 1.96 * moved.std(ddof=1) / np.sqrt(len(seeds))
            holds = abs(moved.mean()) + interval < ALLOWED
            table.append((variant, metric, base.mean(), deviation, moved.mean(), interval, holds))
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
    for variant, metric, mean, deviation, moved, interval, holds in table:
        print(
            f"{variant:24} {metric:24} {mean:12.4g} (sd {deviation:9.3g})  {moved:+7.3f} +- {interval:5.3f}"
            f"  {'pass' if holds else 'within, not sure' if abs(moved) < ALLOWED else 'FAIL'}"
        )
    sys.exit(0 if all(row[-1] for row in table) else 1)


if __name__ == "__main__":
    main()
