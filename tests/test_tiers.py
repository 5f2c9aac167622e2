"""Margin tiers of the venues: the rates they publish, and that maintenance does not jump where it is marginal."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import tiers as venues
from sim import venues as presets
from sim.contract import Inverse, Linear
from sim.exchange import new_exchange
from sim.margin import Tiers, initial_margin, isolated, maintenance_margin, next_deduction
from sim.orders import tier
from sim.pool_solvency import synthetix_margin
from sim.tiers import (
    BINANCE_2020,
    BINANCE_2021,
    BITMEX_2020,
    BITMEX_2024,
    BYBIT,
    BYBIT_2020,
    DERIBIT,
    DERIBIT_2019,
    DYDX_LARGE,
    DYDX_SMALL,
    HYPERLIQUID,
    KRAKEN,
    KRAKEN_2019,
    OKX_2019,
    OKX_EARLY_2019,
    SYNTHETIX,
    LiquidityTier,
    halved,
)

TABLES = {name: each for name, each in vars(venues).items() if isinstance(each, Tiers)}
INVERSE = Inverse(unit=1e-15)


def asked(tiers, value):
    """Maintenance of positions worth `value`."""
    rate, _, deduction = tiers.at(value)
    return rate * value - deduction


@pytest.mark.parametrize("name", ["BINANCE_2020", "BINANCE_2021", "BYBIT", "HYPERLIQUID", "DERIBIT", "DERIBIT_2019"])
def test_maintenance_does_not_jump_where_it_is_marginal(name):
    limits = np.array(TABLES[name].rows)[:-1, 0]
    limits = limits if len(limits) else np.array([1.0, 25.0, 2_000.0])
    assert asked(TABLES[name], limits * (1 + 1e-12)) == pytest.approx(asked(TABLES[name], limits), rel=1e-9)


@pytest.mark.parametrize("name", ["BITMEX_2020", "BITMEX_2024", "BYBIT_2020", "KRAKEN", "KRAKEN_2019", "OKX_2019"])
def test_whole_position_tiers_jump_by_the_rate_on_all_that_came_before(name):
    rows = np.array(TABLES[name].rows)
    limits, rates = rows[:-1, 0], rows[:, 1]
    jump = asked(TABLES[name], limits * (1 + 1e-12)) - asked(TABLES[name], limits)
    assert jump == pytest.approx(limits * np.diff(rates), rel=1e-6)


@pytest.mark.parametrize("name", TABLES)
def test_a_larger_position_never_needs_less(name):
    sizes = np.geomspace(1e-3, 1e9, 3_000)
    maintenance, initial, _ = TABLES[name].at(sizes)
    needed = asked(TABLES[name], sizes)
    assert np.all(np.diff(maintenance) >= 0) and np.all(np.diff(initial) >= 0)
    assert np.all(np.diff(needed) > 0)


@pytest.mark.parametrize("name", TABLES)
def test_a_tier_allows_its_leverage_up_to_its_limit(name):
    tiers = TABLES[name]
    for leverage in (1, 2, 3.5, 7, 19, 20, 40, 99):
        most = tiers.largest(leverage)
        if math.isnan(most):
            assert tiers.at(0.0)[1] > 1 / leverage
        elif most < math.inf:
            assert tiers.at(most)[1] == pytest.approx(min(tiers.at(most)[1], 1 / leverage))
            assert tiers.at(most * (1 + 1e-6))[1] > (1 / leverage) * (1 - 1e-9)


def test_bitmex_steps_of_100_became_steps_of_150():
    """Positions below 200, 350, 500 and 650 XBT: 0.5, 1, 1.5 and 2 %."""
    assert BITMEX_2024.at([180, 230, 400, 600])[0] == pytest.approx([0.005, 0.01, 0.015, 0.02])
    assert BITMEX_2024.margin(180)["maintenance_coin"] == pytest.approx(0.9)
    assert BITMEX_2020.at([200, 300, 301])[1] == pytest.approx([0.01, 0.015, 0.02])


def test_deribit_rates_grow_by_half_a_basis_point_a_coin_exactly():
    size = np.array([0.0, 25.0, 350.0])
    deribit = DERIBIT.margin(size)
    assert deribit["initial_rate"] == pytest.approx([0.02, 0.02125, 0.0375], abs=1e-15)
    assert deribit["initial_coin"] == pytest.approx([0, 0.53125, 13.125], abs=1e-12)
    assert deribit["maintenance_coin"] == pytest.approx([0, 0.28125, 9.625], abs=1e-12)
    assert DERIBIT_2019.at(100)[:2] == pytest.approx([0.01025, 0.015])
    assert DERIBIT.largest([50, 40, 20]) == pytest.approx([0, 100, 600]) and math.isnan(DERIBIT.largest(51))


@given(st.floats(0.0, 2_000.0))
def test_the_table_of_a_slope_lies_on_it_or_a_little_above(value):
    """What kernels read of Deribit's rates: chords, 0.0025 % of the value above at most."""
    table = DERIBIT.table(1.0)
    row = table[np.searchsorted(table[:, 0], value)]
    exact = asked(DERIBIT, value)
    assert -1e-9 <= row[1] * value - row[3] - exact <= 2.5e-5 * value + 1e-9
    assert 0 <= row[2] - DERIBIT.at(value)[1] + 1e-15 <= 1e-3 + 0.05 * DERIBIT.at(value)[1]


def test_the_table_of_a_slope_does_not_jump_and_never_reaches_100_percent():
    table = DERIBIT.table(1e-12)
    limits, rates, initial, deductions = table.T
    assert limits[-1] == math.inf and np.all(np.diff(limits) > 0) and rates.max() < 1 and initial.max() <= 1
    ends = limits[:-1]
    assert rates[:-1] * ends - deductions[:-1] == pytest.approx(rates[1:] * ends - deductions[1:])


def test_the_table_of_a_slope_in_contracts_is_steps_rounded_up():
    table = SYNTHETIX.table(1e-6)
    size = np.array([10.0, 1_000.0, 50_000.0])
    rate = table[np.searchsorted(table[:, 0], size), 1]
    assert np.all(rate >= SYNTHETIX.at(size)[0]) and rate == pytest.approx(SYNTHETIX.at(size)[0], rel=0.05)
    assert not table[:, 3].any()


def test_binance_brackets_and_both_of_its_deductions():
    leverages = [125, 100, 50, 20, 10, 5, 4]
    assert BINANCE_2021.largest(leverages).tolist() == [5, 10, 20, 50, 100, 200, 400]
    assert BINANCE_2020.largest([*leverages, 3, 2]).tolist() == [10, 20, 30, 50, 100, 200, 400, 1000, math.inf]
    assert [BINANCE_2020.at(300)[0], BINANCE_2020.at(300)[2]] == pytest.approx([0.125, 11.81])
    assert BINANCE_2021.at(300)[2] == pytest.approx(11.605)
    assert next_deduction(50, 0.05, 0.025, 0.56) == pytest.approx(1.81)
    assert next_deduction(75_000_000, 0.045, 0.04, 1_107_000) == pytest.approx(1_482_000)
    assert BINANCE_2021.margin(0.4)["maintenance_coin"] == pytest.approx(0.0016)


def test_bybit_deducts_what_its_older_table_charged_twice():
    assert BYBIT_2020.at(400)[:2] == BYBIT.at(400)[:2] == pytest.approx([0.015, 0.02])
    assert asked(BYBIT, 400) == pytest.approx(150 * 0.005 + 150 * 0.01 + 100 * 0.015)


def test_okx_counts_contracts():
    early = OKX_EARLY_2019.margin([10_000, 20_000])
    assert early["tier"].tolist() == [1, 2] and early["maintenance_rate"].tolist() == [0.01, 0.01]
    assert early["max_leverage"] == pytest.approx([40, 30])
    later = OKX_2019.margin([999, 1_000, 14_999, 125_000, 1_890_000])
    assert later["tier"].tolist() == [1, 2, 3, 10, 187]
    assert later["maintenance_rate"] == pytest.approx([0.005, 0.01, 0.015, 0.05, 0.935])
    assert later["max_leverage"] == pytest.approx([100, 50, 30, 8, 1])


def test_kraken_levels():
    assert KRAKEN.at([500_000, 500_001, 2e6, 5e6, 7e6, 15e6, 40e6, 60e6])[1].tolist() == [
        0.02, 0.04, 0.06, 0.1, 0.15, 0.25, 0.3, 0.4,
    ]  # fmt: skip
    assert KRAKEN_2019.at(4e6)[:2] == (0.05, 0.1)
    assert np.array(KRAKEN.rows)[:, 1] == pytest.approx(np.array(KRAKEN.rows)[:, 2] / 2)


@pytest.mark.parametrize("price", [2_000.0, 8_000.0, 60_000.0])
def test_a_tier_of_contracts_does_not_change_with_the_price(price):
    size = 600_000
    cost, _ = isolated(INVERSE, size, 8_000, 10)
    value = size / price / INVERSE.unit
    assert maintenance_margin(INVERSE, size, cost, price, KRAKEN) == pytest.approx(0.02 * value)
    assert initial_margin(INVERSE, size, price, KRAKEN) == pytest.approx(0.04 * value)


@pytest.mark.parametrize("price", [4_000.0, 60_000.0])
@pytest.mark.parametrize("venue", [presets.OKX, presets.KRAKEN, presets.BITMEX], ids=["OKX", "Kraken", "BitMEX"])
def test_an_exchange_counts_tiers_as_its_venue_does(venue, price):
    """In contracts or in value: what its kernels look up is the published rate of the position."""
    contract = venue.contract
    x, units = new_exchange(contract.ladder(), venue.tiers.table(contract.unit)), contract.settlement(price)
    venue.write(x.terms[0], 1.0)
    for size in (1, 999, 1_000, 10_000, 60_000, 499_999, 500_000, 500_001, 4_000_000, 20_000_001):
        row = tier(x, float(abs(size * units)), units)
        assert x.tiers[row, 1] == venue.tiers.at(venue.tiers.size(contract, size, price))[0], size


def test_the_table_leaves_limits_in_contracts_as_they_are():
    assert KRAKEN.table(1e-12)[0].tolist() == [500_000, 0.01, 0.02, 0]


def test_hyperliquid_asks_half_the_initial_margin_at_the_highest_leverage():
    assert HYPERLIQUID.at([1e6, 200e6])[0].tolist() == [0.0125, 0.025] and HYPERLIQUID.at(200e6)[2] == 1_875_000
    doge = halved((20e3, 100e3, math.inf), (10, 5, 3))
    assert asked(doge, 150e3) == pytest.approx(20e3 * 0.05 + 80e3 * 0.1 + 50e3 / 6)


def test_dydx_initial_margin_grows_to_all_between_the_caps():
    """A market of 20 %, and half way between its caps: 60 %."""
    tier = LiquidityTier(initial=0.2, maintenance_share=0.5, lower_usd=1e6, upper_usd=2e6)
    interest = [0, 1e6, 1_234_567, 1.5e6, 2e6, 9e6]
    assert tier.initial_rate(interest) == pytest.approx([0.2, 0.2, 0.3876536, 0.6, 1, 1])
    assert tier.maintenance_rate == 0.1 and tier.tiers(1.5e6) == Tiers.flat(0.1, tier.initial_rate(1.5e6))
    assert DYDX_LARGE.initial_rate([0, 1e12]).tolist() == [0.02, 0.02]
    assert DYDX_LARGE.maintenance_rate == pytest.approx(0.012)


@given(st.floats(0, 60e6), st.floats(0, 60e6))
def test_dydx_initial_margin_never_falls_with_open_interest(one, other):
    low, high = sorted([one, other])
    assert 0.1 <= DYDX_SMALL.initial_rate(low) <= DYDX_SMALL.initial_rate(high) <= 1


def test_caps_that_meet_are_a_step():
    tier = LiquidityTier(initial=0.2, maintenance_share=0.5, lower_usd=1e6, upper_usd=1e6)
    assert tier.initial_rate([0, 1e6 - 1, 1e6, 2e6]).tolist() == [0.2, 0.2, 1, 1]


def test_synthetix_tiers_are_its_exact_sum_without_the_fees_in_dollars():
    contract = Linear(face=1.0, unit=1e-6)
    for size in (5, -700, 20_000):
        asked = maintenance_margin(contract, size, 0, 1_200.0, SYNTHETIX) * contract.unit
        assert asked == pytest.approx(synthetix_margin(size, 1_200.0)["threshold"])


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Tiers([(math.inf, 0.1, 0.2, 0)], counted="lots"), r"counted must be one of .* \(got 'lots'\)"),
        (lambda: Tiers([(5, 0.1, 0.2, 0), (math.inf, 0.1, 0.2, 0)], slope=1e-5), "slope must be 0, or positive"),
        (lambda: Tiers.sloped(0.1, 0.2, -1e-5), "slope must be 0, or positive"),
        (lambda: Tiers.sloped(0.1, 0.2, math.inf), "slope must be 0, or positive"),
        (lambda: LiquidityTier(initial=0.0, maintenance_share=0.5), r"initial must lie in \(0, 1\] \(got 0.0\)"),
        (lambda: LiquidityTier(initial=0.1, maintenance_share=2.0), "maintenance_share must lie in"),
        (lambda: LiquidityTier(initial=0.1, maintenance_share=1, lower_usd=2, upper_usd=1), "lower_usd must lie in"),
        (lambda: DYDX_SMALL.initial_rate(-1.0), "open_interest_usd must be 0 or more"),
        (lambda: DERIBIT.largest(0), "leverage must be positive"),
    ],
)
def test_tables_that_cannot_be_are_refused(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make()
