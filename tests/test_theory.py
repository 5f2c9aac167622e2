"""Formulas of papers: the numbers they print, and what must hold for any."""

from math import exp, inf, isinf, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.theory import bounds, execution, fair_price, insurance, leverage, quoting

UNIT = {"kappa": 1.0}


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (fair_price.linear(100.0, **UNIT, usd_rate=0.05), 105.2632),
        (fair_price.linear_discrete(100.0, **UNIT, usd_rate=0.05, coin_rate=0.02), 103.0303),
        (fair_price.inverse(100.0, **UNIT, usd_rate=0.05), 105.0),
        (fair_price.inverse_discrete(100.0, **UNIT, usd_rate=0.05), 104.7619),
        (
            fair_price.quanto(
                100.0, **UNIT, usd_rate=0.05, settlement_rate=0.03, volatility=0.3, settlement_volatility=0.3,
                correlation=0.5,
            ),
            106.9519,
        ),
    ],
)  # fmt: skip
def test_prices_at_unit_intensity_are_those_of_an_independent_implementation(price, expected):
    assert price == pytest.approx(expected, abs=5e-5)


def test_prices_are_those_of_quantlib_at_its_parameters():
    rates = {"usd_rate": 0.04, "coin_rate": 0.02}
    assert fair_price.linear(10_000.0, kappa=0.2, interest=0.005, **rates) == pytest.approx(10_833.3333, abs=5e-5)
    assert fair_price.inverse(10_000.0, kappa=0.2, interest=-0.005, **rates) == pytest.approx(11_282.0513, abs=5e-5)


@pytest.mark.parametrize(
    ("kappa", "usd_rate", "bps"), [(1_095.0, 0.05, -0.543), (365.0, 0.05, -1.630), (1_095.0, 0.2, 0.827)]
)
def test_the_basis_of_a_venue_that_charges_a_hundredth_of_a_percent(kappa, usd_rate, bps):
    for price in (fair_price.linear, fair_price.inverse):
        made = price(100.0, kappa=kappa, interest=0.1095, usd_rate=usd_rate)
        assert fair_price.basis_bps(made, 100.0) == pytest.approx(bps, abs=2e-3)


@given(kappa=st.floats(100, 3_000), usd_rate=st.floats(0, 0.3), coin_rate=st.floats(0, 0.3))
def test_interest_that_is_the_difference_of_rates_anchors_the_price_at_spot(kappa, usd_rate, coin_rate):
    for price in (fair_price.linear, fair_price.inverse):
        made = price(100.0, kappa=kappa, interest=usd_rate - coin_rate, usd_rate=usd_rate, coin_rate=coin_rate)
        assert made == pytest.approx(100.0)


def test_a_power_perpetual_is_a_sum_of_futures_on_the_power():
    for exponent, expected in [(2, 1.0035161), (-1, 1.0035161), (0.5, 0.9995618)]:
        made = fair_price.power(1.0, exponent=exponent, volatility=0.8)
        assert made == pytest.approx(expected, abs=5e-8)
    growth, interval = 0.8**2, 17.5 / 365.0
    summed = sum(0.5 * 0.5**n * exp(growth * interval * (n + 1)) for n in range(2_000))
    made = fair_price.power(1.0, exponent=2, volatility=0.8, interval_years=interval)
    assert made == pytest.approx(summed, rel=1e-12)
    assert summed == pytest.approx(1.0643256, abs=5e-8)


def test_a_premium_that_is_charged_too_slowly_has_no_price():
    with pytest.raises(ValueError, match="must be above zero .*charge the premium faster"):
        fair_price.power(1.0, exponent=3, volatility=2.0, interval_years=1.0)
    with pytest.raises(ValueError, match="must be above zero"):
        fair_price.linear(100.0, kappa=0.05, usd_rate=0.1)


@pytest.mark.parametrize(
    ("lev", "long", "short"), [(2, 0.670000, 1.990000), (10, 0.913636, 1.105556), (100, 0.995050, 1.005051)]
)
def test_liquidation_prices_of_inverse_positions(lev, long, short):
    assert leverage.liquidation_price(1.0, lev) == pytest.approx(long, abs=5e-7)
    assert leverage.liquidation_price(1.0, lev, side="short") == pytest.approx(short, abs=5e-7)


def test_a_short_without_leverage_is_never_bankrupt():
    assert isinf(leverage.bankruptcy_price(8_000.0, 1.0, "short"))
    assert leverage.liquidation_probability(leverage=1.0, hours=1e6, volatility=2.0, side="short") == 0.0


@pytest.mark.parametrize(
    ("impact", "linear", "long", "short"), [(0.01, 150, 148.87, 151.12), (0.1, 15, 13.87, 16.12), (0.3, 5, 3.85, 6.11)]
)
def test_critical_leverage_is_where_closing_costs_the_margin(impact, linear, long, short):
    assert leverage.critical_leverage(impact, "linear") == pytest.approx(linear)
    assert leverage.critical_leverage(impact) == pytest.approx(long, abs=6e-3)
    assert leverage.critical_leverage(impact, side="short") == pytest.approx(short, abs=6e-3)


def test_critical_leverage_is_the_mean_of_a_square_root_path():
    done = (np.arange(1_000_000) + 0.5) / 1_000_000
    for side, sign in (("long", -1.0), ("short", 1.0)):
        paid = np.mean(1.0 / (1.0 + sign * 0.2 * np.sqrt(done)))
        assert 1.0 / abs(paid - 1.0) == pytest.approx(leverage.critical_leverage(0.2, side=side), rel=1e-5)


@pytest.mark.parametrize(("side", "drift"), [("long", 0.0), ("long", 0.5), ("short", -0.3)])
@pytest.mark.parametrize("look_every_s", [600.0, 3_600.0])
def test_liquidation_by_chance_is_what_simulated_marks_do(side, drift, look_every_s):
    options = {"leverage": 8.0, "hours": 24.0, "volatility": 1.2, "drift": drift, "side": side}
    rng, looks, paths = np.random.default_rng(5), int(24 * 3_600 / look_every_s), 40_000
    years = look_every_s / 3_600 / 8_760
    path = np.cumsum(drift * years + 1.2 * sqrt(years) * rng.standard_normal((paths, looks)), axis=1)
    barrier = log(leverage.liquidation_price(1.0, 8.0, side=side))
    hit = (path.min(axis=1) <= barrier) if side == "long" else (path.max(axis=1) >= barrier)
    told = leverage.liquidation_probability(**options, look_every_s=look_every_s)
    assert told == pytest.approx(hit.mean(), abs=4 * sqrt(hit.mean() * (1 - hit.mean()) / paths) + 5e-4)
    assert told < leverage.liquidation_probability(**options)


@given(lev=st.floats(1.5, 90), hours=st.floats(0.1, 500))
def test_more_leverage_and_more_time_are_never_safer(lev, hours):
    told = [leverage.liquidation_probability(leverage=lev * k, hours=hours * k, volatility=0.8) for k in (1.0, 1.1)]
    assert 0.0 <= told[0] <= told[1] <= 1.0


STOIKOV = {"risk_aversion": 0.1, "volatility": 2.0, "decay": 1.5}


def stoikov(paths, symmetric):
    """(profit, final inventory) of simulated makers with the settings of the paper."""
    rng, step, mid = np.random.default_rng(1), 0.005, np.full(paths, 100.0)
    cash, held = np.zeros(paths), np.zeros(paths)
    mean = np.mean([quoting.spread(**STOIKOV, left=1.0 - n * step) for n in range(200)])
    for number in range(200):
        bid, ask = quoting.quotes(mid, held, **STOIKOV, left=1.0 - number * step)
        if symmetric:
            bid, ask = mid - mean / 2, mid + mean / 2
        bought = rng.random(paths) < np.clip(140 * np.exp(-1.5 * (mid - bid)) * step, 0, 1)
        sold = rng.random(paths) < np.clip(140 * np.exp(-1.5 * (ask - mid)) * step, 0, 1)
        held, cash = held + bought - sold, cash - bought * bid + sold * ask
        mid = mid + rng.choice([-1.0, 1.0], paths) * 2.0 * sqrt(step)
    return cash + held * mid, held


@pytest.mark.parametrize(("symmetric", "profit", "sd", "held"), [(False, 65.0, 6.6, 2.9), (True, 68.4, 12.7, 8.4)])
def test_makers_who_mind_inventory_earn_what_the_paper_prints(symmetric, profit, sd, held):
    earned, left = stoikov(6_000, symmetric)
    assert earned.mean() == pytest.approx(profit, rel=0.015)
    assert earned.std() == pytest.approx(sd, rel=0.08) and left.std() == pytest.approx(held, rel=0.08)


DONNELLY = execution.Liquidation(
    horizon=1.0, temporary=0.1, permanent=0.1, terminal=100.0, holding=0.5, funding=5.0
)  # fmt: skip


@pytest.mark.parametrize(
    ("basis", "rate", "held"),
    [
        (1.0, -31.7356, (4.505, 1.974, 0.744, 0.275)),
        (0.0, -24.4701, (5.693, 3.489, 1.935, 0.892)),
        (-1.0, -17.2045, (6.882, 5.003, 3.127, 1.510)),
    ],
)
def test_a_position_is_sold_as_fast_as_the_paper_says(basis, rate, held):
    assert DONNELLY.rate(0.0, 10.0, basis) == pytest.approx(rate, abs=5e-5)
    times, path = DONNELLY.mean_path(10.0, basis)
    for at, left in zip((0.25, 0.5, 0.75, 0.9), held, strict=True):
        assert np.interp(at, times, path) == pytest.approx(left, abs=2e-3)
    assert DONNELLY.urgency == pytest.approx(0.632456, abs=5e-7)
    assert DONNELLY.aversion == pytest.approx(-0.993692, abs=5e-7)


def test_the_clamp_alone_keeps_a_band_of_ten_basis_points_open():
    band = bounds.no_arbitrage_band()
    assert band.high - band.low == pytest.approx(0.001) and band.low == -band.high
    wide = bounds.no_arbitrage_band(spot_cost=0.001, perpetual_cost=0.0005, usd_rate=0.1)
    assert wide.low < band.low and wide.high > band.high and wide.high + wide.low > 0
    with pytest.raises(ValueError, match="spot_cost must be zero or more"):
        bounds.no_arbitrage_band(spot_cost=-1.0)


@given(weight=st.floats(1.5, 50.0), seed=st.integers(0, 50))
def test_no_other_fund_costs_less_than_the_optimal_one(weight, seed):
    losses = np.random.default_rng(seed).pareto(2.5, 500)
    best = insurance.optimal_fund(losses, carry_rate=1.0, loss_weight=weight)
    cost = [fund + weight * insurance.uncovered(losses, fund)[0] for fund in (best, 0.8 * best, 1.2 * best + 1e-6)]
    assert cost[0] <= min(cost) + 1e-9
    assert insurance.optimal_fund(losses, carry_rate=weight, loss_weight=1.0) == 0.0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: leverage.critical_leverage(1.5), "impact must be a fraction"),
        (lambda: leverage.critical_leverage(0.1, "quanto"), "contract must be"),
        (lambda: leverage.bankruptcy_price(1.0, 0.0), "leverage must be above zero"),
        (lambda: leverage.liquidation_price(1.0, 5.0, side="both"), "side must be"),
        (lambda: insurance.optimal_fund([np.nan], carry_rate=1, loss_weight=2), "losses must be finite"),
        (lambda: insurance.optimal_fund([1.0], carry_rate=0, loss_weight=2), "must be above zero"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_a_fund_without_end_leaves_nothing_uncovered():
    assert insurance.uncovered([1.0, 2.0], inf)[0] == 0.0
