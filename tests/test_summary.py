"""The headline numbers count what their names say, and are nan where there is nothing to count."""

import json
import math

import numpy as np
import pytest

from analysis import summary
from sim.outcome import ADL, FUNDING, LIQUIDATIONS
from sim.record import plain
from sim.series import SERIES
from tests.made_up import VENUE, a_run, calm_run, empty_run, fall_run, table


@pytest.fixture
def run():
    """Four half-hours in which every column has its own story."""
    series = table(
        4, SERIES, time_s=1800.0 * np.arange(1, 5), index=[100, 100, 80, 90], last=[np.nan, 100, 77, 90], mark=90.0,
        open_interest_contracts=[1000, 900, 400, 500], volume_contracts=[0, 10, 500, 600], messages=[5, 10, 50, 80],
        rejected=[0, 0, 1, 2], overloaded=[0, 0, 4, 4], liquidations=[0, 0, 3, 4],
        liquidated_contracts=[0, 0, 1400, 1500], fund_coin=[10, 9, 4, 7], fund_draw_coin=[0, 1, 6, 6],
        fund_gain_coin=[0, 0, 0, 3], engine_contracts=[0, 5, 300, -40], engine_unrealised_coin=[0, 1, -2.5, -1],
        depth_bid_contracts=[90, 80, 30, 60], depth_ask_contracts=[91, 81, 31, 61], fees_coin=[0, 0.1, 0.2, 0.5],
    )  # fmt: skip
    took = table(5, LIQUIDATIONS, contracts=[700, -200, 300, 100, 100], parent=[-1, 0, -1, 2, -1], time_s=5400.0)
    paid = table(3, FUNDING, rate=[1e-4, -3.75e-3, -1e-3], paid_coin=[1.0, 2.0, 0.5])
    closed = table(3, ADL, account=[4, 9, 4], contracts=[-5, -6, -7])
    return a_run(series, took, paid, closed)


def test_every_number_is_what_its_docstring_says(run):
    expected = {
        "simulated_hours": 2.0,
        "index_move_percent": -10.0,
        "last_move_percent": -10.0,
        "last_lowest_usd": 77.0,
        "basis_mean_bps": -125.0,
        "basis_lowest_bps": -375.0,
        "basis_highest_bps": 0.0,
        "hours_below_1_percent": 0.5,
        "hours_below_3_percent": 0.5,
        "hours_below_5_percent": 0.0,
        "funding_mean_percent": -0.155,
        "funding_lowest_percent": -0.375,
        "funding_highest_percent": 0.01,
        "funding_paid_coin": 3.5,
        "open_interest_first_contracts": 1000,
        "open_interest_lowest_contracts": 400,
        "open_interest_final_contracts": 500,
        "liquidations": 4,
        "liquidated_contracts": 1500,
        "liquidated_turns": 1.5,
        "forced_closes": 5,
        "long_forced_contracts": 1200,
        "short_forced_contracts": 200,
        "branching_ratio": 0.4,
        "fund_first_coin": 10.0,
        "fund_lowest_coin": 4.0,
        "fund_final_coin": 7.0,
        "fund_draws_coin": 6.0,
        "fund_gains_coin": 3.0,
        "fund_largest_fall_coin": 6.0,
        "engine_largest_loss_coin": 2.5,
        "engine_peak_contracts": 300,
        "depth_at_engine_peak_contracts": 30,
        "adl_contracts": 18,
        "adl_accounts": 2,
        "volume_contracts": 600,
        "messages": 80,
        "overloaded_percent": 5.0,
        "rejected_percent": 2.5,
        "fees_coin": 0.5,
    }
    numbers = summary.summary(run)
    assert list(numbers) == list(expected)
    for name, value in expected.items():
        assert numbers[name] == pytest.approx(value, abs=1e-9), name


def test_the_numbers_are_plain_and_fit_into_json():
    for each in (fall_run(), calm_run(), empty_run()):
        numbers = summary.summary(each)
        assert {type(value) for value in numbers.values()} <= {int, float}
        json.dumps(plain(numbers), allow_nan=False)


def test_every_number_is_defined_in_one_line():
    for metrics in summary.HEADLINES.values():
        for metric in metrics:
            assert metric.__doc__.endswith(".") and "\n" not in metric.__doc__, metric


def test_an_engine_that_was_short_faced_the_asks(run):
    run.series.engine_contracts = [0, 5, -300, 40]
    assert summary.engine_peak_contracts(run) == -300 and summary.depth_at_engine_peak_contracts(run) == 31


def test_what_never_happened_is_zero_and_what_cannot_be_measured_is_nan():
    calm = summary.summary(calm_run())
    for name in ("forced_closes", "adl_contracts", "adl_accounts", "funding_paid_coin", "engine_peak_contracts"):
        assert calm[name] == 0
    for name in ("branching_ratio", "funding_mean_percent", "depth_at_engine_peak_contracts", "rejected_percent"):
        assert math.isnan(calm[name])
    assert calm["hours_below_1_percent"] == 0 and calm["engine_largest_loss_coin"] == 0


def test_a_run_without_rows_has_only_zeros_and_nans():
    assert all(value == 0 or math.isnan(value) for value in summary.summary(empty_run()).values())


def test_one_row_lasts_from_the_start_of_the_run():
    run = a_run(table(1, SERIES, time_s=60.0, index=100.0, last=90.0))
    assert summary.hours_below_5_percent(run) == pytest.approx(1 / 60)


def test_what_went_in_is_told_apart_from_what_came_out():
    text = summary.lines(fall_run())
    put_in, _, came_out = text.partition("\n\n")
    assert put_in.splitlines()[0] == "Put in:" and "longs     900" in put_in and "BitMEX XBTUSD, March 2020" in put_in
    assert came_out.startswith("Price:") and "longs     900" not in came_out and "branching_ratio" in came_out


def test_the_contract_is_read_from_the_venue_as_it_was():
    known = summary.contract(fall_run())
    assert known == {
        "venue": "BitMEX XBTUSD, March 2020",
        "kind": "Inverse",
        "name": "XBTUSD",
        "face": 1.0,
        "tick": 0.5,
        "coin": "BTC",
    }
    for venue in ("Venue(name=open('x'), contract=Inverse())", "venue", "Venue(", VENUE.replace("contract", "c"), ""):
        known = summary.contract(a_run(table(0, SERIES), venue=venue, settlement="USD"))
        assert (known["kind"], known["coin"]) == ("", "USD")


def test_a_real_venue_is_understood():
    from sim.venues import BITMEX, LINEAR

    known = [summary.contract(a_run(table(0, SERIES), venue=repr(each))) for each in (BITMEX, LINEAR)]
    assert [(each["venue"], each["kind"], each["face"]) for each in known] == [
        (BITMEX.name, "Inverse", 1.0),
        (LINEAR.name, "Linear", 0.0001),
    ]
