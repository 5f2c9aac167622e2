"""Margin that rises with volatility: the multiplier by hand, who is then found, and what it does in a fall."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios import brakes
from sim.ledger import RESERVED_ROWS
from sim.margin import Tiers, maintenance_margin
from sim.margin_scale import SCALED, Scale, VolatilityMargin
from sim.paths import YEAR_S
from sim.venues import BITMEX, DERIBIT
from tests.floor import ANNA, BOB, INVERSE, LINEAR, Floor
from tests.test_risk import FLAT, IN_USD, MARGINAL, STEEP, STEPS, liquidated, population

SHORT = {"hours": 0.6, "fall": 0.05, "check": True}


def scale_of(floor, **rule):
    """A scale at work on a floor, looked at in every step of a minute."""
    floor.now.index = 1_000.0
    scale = Scale(VolatilityMargin(every_s=60.0, **rule), 60.0)
    scale.open(floor.x)
    return scale


@pytest.mark.parametrize(("volatility", "multiplier"), [(0.3, 0.8), (0.6, 1.0), (0.9, 1.5), (1.2, 2.0), (6.0, 2.5)])
def test_rates_rise_in_proportion_to_volatility_between_two_bounds(volatility, multiplier):
    assert VolatilityMargin(usual=0.6, least=0.8, most=2.5).multiplier(volatility) == pytest.approx(multiplier)


def test_volatility_is_the_exponentially_weighted_mean_of_squared_returns():
    floor = Floor([])
    scale = scale_of(floor, usual=0.5, half_life_s=600.0, least=0.01, most=9.0)
    returns = np.random.default_rng(5).normal(0.0, 0.004, 50)
    for clock, moved in enumerate(returns, 1):
        floor.now.index *= math.exp(moved)
        scale.pass_by(floor.x, clock)
    ages = 0.5 ** (np.arange(50)[::-1] / 10.0)  # a half-life is ten minutes
    variance = (1.0 - 0.5**0.1) * (ages * returns**2).sum() / 60.0 + 0.5**5.0 * 0.5**2 / YEAR_S
    assert scale.multiplier == pytest.approx(math.sqrt(variance * YEAR_S) / 0.5, rel=1e-9)
    assert floor.x.tiers[0, 1] == pytest.approx(0.005 * scale.multiplier) and scale.multiplier > 2.0


@pytest.mark.parametrize("scales", SCALED)
def test_the_rates_that_are_named_rise_and_the_initial_rate_is_never_the_lower(scales):
    table = Tiers.marginal([10.0, np.inf], [0.01, 0.04], [0.02, 0.5]).table(1e-8)
    rows = VolatilityMargin(scales=scales).scaled(table, 3.0)
    kept, risen = table[:, [1, 3]], 3.0 * table[:, [1, 3]]
    assert rows[:, [1, 3]].tolist() == (kept if scales == "initial" else risen).tolist()
    assert rows[:, 2].tolist() == {"initial": [0.06, 1.0], "maintenance": [0.03, 0.5], "both": [0.06, 1.0]}[scales]
    assert (rows[:, 0] == table[:, 0]).all() and (table[:, 1] == [0.01, 0.04]).all()


@settings(max_examples=40)
@given(
    st.integers(0, 2**32),
    st.sampled_from([INVERSE, LINEAR]),
    st.sampled_from([FLAT, STEPS, STEEP, MARGINAL]),
    st.booleans(),
    st.sampled_from([0.3, 1.0]),
)
def test_whenever_the_rates_change_exactly_those_who_fail_are_found(seed, contract, tiers, entry_basis, least):
    rng = np.random.default_rng(seed)
    floor = population(rng, contract, tiers, entry_basis=entry_basis)
    scale = scale_of(floor, half_life_s=120.0, least=least, most=2.4)
    rule, tiers = scale.rule, IN_USD[id(tiers)] if contract is LINEAR else tiers
    tick, basis, multipliers = 1000.0, "entry" if entry_basis else "mark", set()
    for clock in range(1, 25):
        tick *= np.exp(rng.normal(0, 0.0008) - 0.01 * (clock == 5))  # a jump, and then the multiplier fades
        floor.now.index = 1_000.0 * tick / 1000.0
        scale.pass_by(floor.x, clock)
        floor.set_mark(int(np.clip(tick, 2, 1999)))
        rows = rule.scaled(np.array(tiers.rows), scale.multiplier)
        expected = failing(floor, contract, Tiers(rows), basis)
        assert liquidated(floor) == expected
        multipliers.add(scale.multiplier)
    assert len(multipliers) > 2


def failing(floor, contract, tiers, basis):
    """Rows whose equity is below maintenance at the mark, one by one."""
    mark, found = float(floor.now.mark), set()
    for row in range(RESERVED_ROWS, len(floor.x.accounts)):
        account = floor[row]
        held, cost = int(account.contracts), int(account.cost)
        behind = int(account.margin + (account.wallet if account.cross else 0))
        left = behind + cost + held * int(floor.now.mark_units)
        if held and left < maintenance_margin(contract, held, cost, mark, tiers, basis=basis):
            found.add(row)
    return found


def test_a_rise_asks_for_more_of_the_next_order_and_a_calm_gives_it_back():
    floor = Floor([10_000_000] * 2, leverage=100.0, cross=True, tiers=Tiers.flat(0.005, 0.01))
    floor.set_mark(1000)
    scale = scale_of(floor, half_life_s=60.0, most=3.0)
    floor.now.index = 1_050.0
    scale.pass_by(floor.x, 1)
    assert scale.multiplier == 3.0
    assert not floor.send(ANNA, 400, 1000)  # worth 400 million, 3 % of which are 12 million
    assert floor.send(ANNA, 300, 1000)
    for clock in range(2, 40):
        scale.pass_by(floor.x, clock)
    assert scale.multiplier == 1.0 and floor.send(BOB, 400, 999)


def test_rates_that_may_not_rise_change_nothing():
    plain = brakes(seed=3, **SHORT).run()
    held = brakes(seed=3, venue=replace(BITMEX, margin_scale=VolatilityMargin(most=1.0)), **SHORT).run()
    assert plain.series.tobytes() == held.series.tobytes()


def test_a_rise_in_a_fall_liquidates_more_and_the_law_holds():
    plain, risen = brakes(seed=4, **SHORT), brakes(seed=4, most_margin=3.0, **SHORT)
    before, after = (each.run()["liquidated_contracts"][-1] for each in (plain, risen))
    assert plain.sessions.scale is None and risen.sessions.scale.multiplier > 2.0
    assert after > 1.02 * before > 0


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: VolatilityMargin(usual=0.0), "usual must be positive"),
        (lambda: VolatilityMargin(every_s=60.0, half_life_s=30.0), "every_s must be at most half_life_s"),
        (lambda: VolatilityMargin(least=2.0, most=1.5), "least must be above 0 and at most most, 1.5"),
        (lambda: VolatilityMargin(most=math.inf), "at most most, inf"),
        (lambda: VolatilityMargin(scales="none"), "scales must be one of"),
        (lambda: replace(BITMEX, margin_scale=VolatilityMargin(most=30.0)), r"times `most`.*got 1.35"),
        (lambda: replace(DERIBIT, margin_scale=VolatilityMargin(most=3.0)), "lower `most`"),
        (lambda: replace(BITMEX, margin_scale=3.0), "margin_scale must be a VolatilityMargin or None"),
    ],
)
def test_a_scale_that_cannot_be_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()
