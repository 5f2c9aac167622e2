"""Every scenario: its numbers as they were, and its question answered over several seeds."""

import json
from pathlib import Path

import numpy as np
import pytest

from agents import LogNormal
from scenarios.calm import calm
from scenarios.flash_crash import flash_crash
from scenarios.march_2020 import march_2020
from scenarios.venue_comparison import venue_comparison
from sim import venues
from sim.ledger import RESERVED_ROWS
from sim.venues import BITMEX, LINEAR

GOLDEN = Path(__file__).resolve().parent / "golden"
VENUES = dict(hours=0.75, at_hours=0.1, back_hours=0.5, longs=600, shorts=400, noise=200, fund_coin=2.0)
CASES = {
    "calm": (calm, dict(hours=1.0)),
    "flash_crash": (flash_crash, dict(hours=2.0)),
    "flash_crash_small_fund": (flash_crash, dict(hours=2.0, fund_coin=1.0, depth=0.05, drop=0.2)),
    "march_2020": (march_2020, dict(hours=12.0)),
    "venue_deribit": (venue_comparison, dict(venue=venues.DERIBIT, **VENUES)),
    "venue_binance": (venue_comparison, dict(venue=venues.BINANCE, **VENUES)),
    "venue_okx": (venue_comparison, dict(venue=venues.OKX, **VENUES)),
    "venue_kraken": (venue_comparison, dict(venue=venues.KRAKEN, **VENUES)),
    "venue_hyperliquid": (venue_comparison, dict(venue=venues.HYPERLIQUID, **VENUES)),
    "venue_dydx": (venue_comparison, dict(venue=venues.DYDX, **VENUES)),
    "venue_drift": (venue_comparison, dict(venue=venues.DRIFT, **VENUES)),
    "venue_synthetix": (venue_comparison, dict(venue=venues.SYNTHETIX, **VENUES)),
    "venue_gmx": (venue_comparison, dict(venue=venues.GMX, **VENUES)),
    "venue_perpetual": (venue_comparison, dict(venue=venues.PERPETUAL, **VENUES)),
}


def numbers(run):
    """{name: number} of what each mechanism did."""
    last, took = run.series[-1], run.liquidations
    final = "index mark last open_interest_contracts volume_contracts messages rejected liquidations".split()
    final += "liquidated_contracts fund_coin fund_draw_coin fund_gain_coin fees_coin adl_contracts funding_rate".split()
    said = {name: last[name].item() for name in final}
    said["basis_lowest"] = float(np.nanmin(run["last"] / run["index"] - 1.0))
    said["spread_mean_usd"] = float(np.nanmean(run["spread_usd"]))
    said["depth_bid_mean_contracts"] = float(run["depth_bid_contracts"].mean())
    said["spot_impact_lowest_usd"] = float(run["spot_impact_usd"].min())
    said["branching_ratio"] = float(np.nan_to_num(run.about["branching_ratio"]))
    said["impact_usd"] = float(took.impact_usd.sum())
    said["funding_paid_coin"] = float(run.funding.paid_coin.sum())
    said["equity_of_traders_coin"] = float(run.accounts.equity_coin[RESERVED_ROWS:].sum())
    said["deposits_coin"] = float(run.accounts.deposits_coin[RESERVED_ROWS:].sum())
    return said


@pytest.mark.parametrize("name", CASES)
def test_a_scenario_gives_the_numbers_it_gave(name, request):
    scenario, options = CASES[name]
    got, path = numbers(scenario(seed=1, **options).run()), GOLDEN / f"{name}.json"
    if request.config.getoption("--golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(got, indent=2) + "\n", encoding="utf-8")
    known = json.loads(path.read_text(encoding="utf-8"))
    assert got == pytest.approx(known, rel=1e-9, abs=1e-9), "if that was meant, run `pytest --golden`"


def test_every_mechanism_has_a_golden_number_that_is_not_zero():
    files = [json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8")) for name in CASES]
    for name in files[0]:
        assert any(each[name] != 0 for each in files), name


SEEDS = range(1, 7)


def measured(scenario, metric, **options):
    """(seeds,) metric of a run of each seed."""
    return np.array([metric(scenario(seed=seed, **options).run()) for seed in SEEDS])


def error(values):
    """Standard error of their mean."""
    return values.std(ddof=1) / np.sqrt(len(values))


def lowest_basis(run):
    """Lowest of the last trade over the index, less 1."""
    return np.nanmin(run["last"][60:] / run["index"][60:] - 1.0)


def liquidated(run):
    """Liquidated contracts over the open interest at the start."""
    return run["liquidated_contracts"][-1] / run["open_interest_contracts"][0]


SHORT = dict(hours=0.75, at_hours=0.25, step_s=1.0)


def test_in_a_crash_among_thin_makers_the_contract_falls_further_than_spot():
    basis = measured(flash_crash, lowest_basis, depth=0.2, drop=0.2, **SHORT)
    calmly = measured(flash_crash, lowest_basis, depth=0.2, drop=0.0, **SHORT)
    assert basis.mean() < -3 * error(basis)
    assert (basis - calmly).mean() < -2 * error(basis - calmly)


def test_in_a_crash_more_leverage_means_more_liquidations():
    """The same open interest on less capital, and spread less evenly."""
    low, high = (measured(flash_crash, liquidated, leverage=LogNormal(m, 0.6, 1.0, 80.0), **SHORT) for m in (4, 14))
    assert (high - low).mean() > 3 * error(high - low) and high.mean() > 0.05
    spread = (LogNormal(4.0, sigma, 1.0, 80.0) for sigma in (0.2, 1.2))
    even, uneven = (measured(flash_crash, liquidated, leverage=leverage, **SHORT) for leverage in spread)
    assert (uneven - even).mean() > 3 * error(uneven - even)


def test_in_a_crash_a_deeper_fall_means_more_liquidations():
    shallow, deep = (measured(flash_crash, liquidated, drop=drop, **SHORT) for drop in (0.05, 0.2))
    assert (deep - shallow).mean() > 3 * error(deep - shallow)


def test_liquidations_are_part_of_why_the_contract_falls_further():
    thin = dict(depth=0.2, drop=0.15, **SHORT)
    booked, absorbed = (measured(flash_crash, lowest_basis, forced=forced, **thin) for forced in ("book", "absorbed"))
    assert (booked - absorbed).mean() < -2 * error(booked - absorbed)


def test_deeper_makers_hold_the_contract_closer():
    thin, deep = (measured(flash_crash, lowest_basis, depth=depth, drop=0.15, **SHORT) for depth in (0.1, 2.0))
    assert (deep - thin).mean() > 2 * error(deep - thin)


def test_the_same_fall_liquidates_more_of_a_contract_margined_in_the_coin_that_falls():
    options = dict(hours=0.75, at_hours=0.1, over_s=900.0, back_hours=0.7, longs=600, shorts=400, noise=200)
    inverse, linear = (measured(venue_comparison, liquidated, venue=each, **options) for each in (BITMEX, LINEAR))
    assert (inverse - linear).mean() > 3 * error(inverse - linear) and inverse.mean() > 0.1


def test_on_an_ordinary_day_the_contract_stays_close_to_its_index():
    def mean_basis(run):
        return np.nanmean(run["mid"] / run["index"] - 1.0)

    basis = measured(calm, mean_basis, hours=1.0)
    share = measured(calm, lambda run: len(run.liquidations) / len(run.accounts), hours=1.0)
    furthest = measured(calm, lambda run: np.nanmax(np.abs(run["last"] / run["index"] - 1.0)), hours=1.0)
    assert abs(basis.mean()) < 1e-3 and share.max() < 0.01 and furthest.max() < 0.01


def test_in_march_longs_are_liquidated_and_the_index_is_the_published_one():
    runs = [march_2020(seed=seed, hours=12.0).run() for seed in (1, 2)]
    assert np.array_equal(runs[0]["index"][719::720], runs[1]["index"][719::720]), "published points are met exactly"
    for run in runs:
        took = run.liquidations.contracts
        assert took[took > 0].sum() > 10 * -took[took < 0].sum() and lowest_basis(run) < -0.005
