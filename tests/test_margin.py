"""Margin, and the closed forms of the prices at which it is gone, against a walk over every tick."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sim.contract import Contract, Inverse, Linear, Power
from sim.margin import (
    Tiers,
    bankruptcy_price,
    equity,
    initial_margin,
    isolated,
    liquidation_price,
    maintenance_margin,
    open_loss,
    order_cost,
    order_value,
)

INVERSE = Inverse(unit=1e-15, tick=10.0, highest=20_000.0)
LINEAR = Linear(unit=1e-9, face=0.01, tick=10.0, highest=20_000.0)
INVERSE_EXPOSURE = Power(unit=1e-9, face=0.01, tick=10.0, highest=20_000.0, p=-1.0, scale=1e8)
CONTRACTS = [INVERSE, LINEAR, INVERSE_EXPOSURE]
LADDERS = {contract: contract.ladder().tolist() for contract in CONTRACTS}
BASE = Tiers.flat(maintenance=0.005, initial=0.01)
BITMEX = Tiers.steps(first=200, step=150, count=10, maintenance=0.005, initial=0.01, each=0.005)

contracts = st.sampled_from(CONTRACTS)
sizes = st.integers(-3_000, 3_000).filter(bool)
prices = st.floats(2_000.0, 12_000.0)
leverages = st.floats(0.5, 60.0)


class Position(NamedTuple):
    contract: Contract
    size: int
    cost: int
    collateral: int
    tiers: Tiers
    basis: str
    closing_fee: float

    @property
    def side(self):
        return 1 if self.size > 0 else -1

    def liquidation_price(self, mark):
        rules = {"basis": self.basis, "closing_fee": self.closing_fee, "mark": mark}
        return liquidation_price(*self[:5], **rules)

    def covered(self, units):
        """Whether equity covers maintenance when a contract settles at `units`, said as plainly as can be."""
        value = abs(self.size * units)
        row = next(row for row in self.tiers.rows if value * self.contract.unit <= row[0])
        charged = abs(self.cost) if self.basis == "entry" else value
        maintenance = (row[1] + self.closing_fee) * charged - row[3] / self.contract.unit
        return self.collateral + self.cost + self.size * units >= maintenance


@st.composite
def positions(draw):
    """Positions whose tiers begin and end within reach of their price, on no tick exactly."""
    contract, size, entry = draw(contracts), draw(sizes), draw(prices)
    cost, collateral = isolated(contract, size, entry, draw(leverages))
    count = draw(st.integers(1, 5))
    reach = st.lists(st.integers(200, 5_000), min_size=count - 1, max_size=count - 1, unique=True)
    limits = [*(1.000123457e-3 * abs(cost) * contract.unit * x for x in sorted(draw(reach))), math.inf]
    rates = sorted(draw(st.lists(st.floats(0.001, 0.3), min_size=count, max_size=count)))
    whole = Tiers([(limit, rate, rate, 0.0) for limit, rate in zip(limits, rates, strict=True)])
    tiers = draw(st.sampled_from([whole, Tiers.marginal(limits, rates, rates)]))
    basis, fee = draw(st.sampled_from(["entry", "mark"])), draw(st.sampled_from([0.0, 0.00075]))
    return Position(contract, size, int(cost), int(collateral), tiers, basis, fee)


@given(positions(), st.integers(100, 1_500))
def test_on_the_way_to_its_liquidation_price_a_position_is_covered_and_beyond_it_is_not(position, mark):
    ladder, tick = LADDERS[position.contract], position.contract.tick
    assume(position.covered(ladder[mark]))
    price = position.liquidation_price(mark * tick)
    way = range(mark, 0, -1) if position.side > 0 else range(mark, len(ladder))
    assert all(position.covered(ladder[at]) for at in way if position.side * (at * tick - price) > 1e-5)
    if 0.0 < price < math.inf:
        assert not position.covered(position.contract.payoff(price * (1 - 1e-9 * position.side)))


@given(positions(), st.integers(100, 1_500))
def test_a_position_that_fails_already_is_beyond_its_liquidation_price(position, mark):
    assume(not position.covered(LADDERS[position.contract][mark]))
    mark *= position.contract.tick
    assert position.side * (position.liquidation_price(mark) - mark) > -1e-6


@given(positions())
def test_within_a_tier_equity_equals_maintenance_at_the_liquidation_price(position):
    contract, size, cost, collateral, _, basis, fee = position
    price = liquidation_price(contract, size, cost, collateral, BASE, basis=basis, closing_fee=fee)
    assume(0.0 < price < math.inf)
    left = collateral + cost + size * contract.payoff(price)
    asked = maintenance_margin(contract, size, cost, price, BASE, basis=basis, closing_fee=fee)
    assert left == pytest.approx(asked, abs=1e-9 * (abs(cost) + abs(size) * contract.value(price)))


@given(positions())
def test_equity_less_the_closing_fee_is_zero_at_the_bankruptcy_price(position):
    contract, size, cost, collateral, _, _, fee = position
    price = bankruptcy_price(contract, size, cost, collateral, closing_fee=fee)
    assume(0.0 < price < math.inf)
    left, value = collateral + cost + size * contract.payoff(price), abs(size) * contract.value(price)
    assert left == pytest.approx(fee * value, abs=1e-9 * (abs(cost) + value))


@given(positions())
def test_a_position_is_liquidated_before_it_is_bankrupt(position):
    first, last = liquidation_price(*position[:4], BASE), bankruptcy_price(*position[:4])
    assert first == last == math.inf or position.side * (first - last) >= 0


@st.composite
def fresh(draw):
    """Isolated positions just opened, whose initial margin is above maintenance and the fee of closing."""
    contract, size, entry = draw(contracts), draw(sizes), draw(prices)
    rate, fee = draw(st.floats(0.0005, 0.05)), draw(st.sampled_from([0.0, 0.00075]))
    leverage = draw(st.floats(1.0, 0.999 / (1.06 * (rate + fee))))
    table = draw(st.sampled_from(["flat", "contracts", "sloped"]))
    tiers = Tiers.flat(rate, rate)
    if table == "contracts":
        tiers = Tiers.whole([abs(size) / 3, 2 * abs(size), math.inf], [0, rate, 0.3], [0, rate, 0.3], "contracts")
    if table == "sloped":
        tiers = Tiers.sloped(rate / 2, rate, rate / 8 / (abs(size) * contract.value(entry) * contract.unit))
    basis = "mark" if table == "sloped" else draw(st.sampled_from(["entry", "mark"]))
    position = contract, size, *map(int, isolated(contract, size, entry, leverage)), tiers
    return entry, position, {"basis": basis, "closing_fee": fee}


@given(fresh())
def test_a_fresh_position_is_liquidated_between_its_entry_and_its_bankruptcy(opened):
    entry, position, rules = opened
    side = 1 if position[1] > 0 else -1
    liquidated, bankrupt = liquidation_price(*position, **rules), bankruptcy_price(*position[:4])
    assert side * (entry - liquidated) > 0
    assert liquidated == bankrupt or side * (liquidated - bankrupt) > -1e-9 * entry


@given(fresh(), st.floats(1.0, 5.0))
def test_more_margin_never_brings_liquidation_nearer(opened, more):
    _, (contract, size, cost, collateral, tiers), rules = opened
    before = liquidation_price(contract, size, cost, collateral, tiers, **rules)
    after = liquidation_price(contract, size, cost, round(collateral * more), tiers, **rules)
    assert after == before or np.sign(size) * (before - after) > -1e-9


@given(positions(), st.floats(1.0, 3.0))
def test_more_margin_never_brings_liquidation_nearer_in_any_tiers(position, more):
    richer = position._replace(collateral=round(position.collateral * more))
    before, after = position.liquidation_price(None), richer.liquidation_price(None)
    assert after == before or position.side * (before - after) > -1e-6


@given(fresh(), st.integers(100, 1_500))
def test_beyond_its_liquidation_price_a_position_fails_and_before_it_not(opened, mark):
    """The same of rates that grow with value and of tiers of contracts."""
    entry, (contract, size, cost, collateral, tiers), rules = opened
    mark *= contract.tick
    price = liquidation_price(contract, size, cost, collateral, tiers, **rules)
    assume(abs(mark - price) > 1e-6 * entry)
    left = equity(contract, size, cost, collateral, mark)
    asked = maintenance_margin(contract, size, cost, mark, tiers, **rules)
    if np.sign(size) * (mark - price) < 0:
        assert left < asked
    elif np.sign(size) * (entry - mark) >= 0:  # on the way there
        assert left > asked


def test_a_slope_liquidates_where_a_fine_ladder_of_tiers_does():
    """3,500,000 USD at 10,000, 350 coin: 1 % and 0.005 % a coin, against steps of a hundredth of a coin."""
    cost, collateral = isolated(INVERSE, np.array([3_500_000, -3_500_000]), 10_000, 20)
    size = np.array([3_500_000, -3_500_000])
    exact = liquidation_price(INVERSE, size, cost, collateral, Tiers.sloped(0.01, 0.02, 5e-5))
    fine = Tiers.steps(first=0, step=0.01, count=80_000, maintenance=0.01, initial=0.02, each=5e-7)
    assert exact == pytest.approx(liquidation_price(INVERSE, size, cost, collateral, fine), rel=1e-6)


def test_no_price_saves_what_a_slope_asks_too_much_of():
    """A short of 400 coin whose rate grows by 0.5 % a coin fails at every price; a winner may have grown too large."""
    tiers = Tiers.sloped(0.01, 0.02, 0.005)
    short = INVERSE, -4_000_000, *isolated(INVERSE, -4_000_000, 10_000, 100), tiers
    assert liquidation_price(*short) == 0.0
    long = LINEAR, 40_000, *isolated(LINEAR, 40_000, 10_000, 2), Tiers.sloped(0.01, 0.02, 5e-9)
    assert liquidation_price(*long) == liquidation_price(*long, mark=20_000) < 10_000
    assert liquidation_price(*long, mark=10_000_000) == math.inf
    assert math.isnan(liquidation_price(INVERSE, 0, 0, 5, tiers))
    with pytest.raises(ValueError, match=r"basis must be 'mark' where rates have a slope"):
        liquidation_price(*short, basis="entry")


@given(positions())
def test_a_single_tier_of_contracts_is_a_flat_rate(position):
    args, rules = position[:4], {"basis": position.basis, "closing_fee": position.closing_fee}
    counted = Tiers.whole([math.inf], [0.005], [0.01], "contracts")
    assert liquidation_price(*args, counted, **rules) == liquidation_price(*args, BASE, **rules)


SIDES = {"bids": 20, "bids_value": 2_000.0, "asks": 15, "asks_value": 2_250.0}


@pytest.mark.parametrize(
    ("netting", "position", "reserved"),
    [
        ("sum", 0, 4_250.0),
        ("larger", 0, 2_250.0),
        ("net", 0, 5 * 100 + 15 * 150.0),  # BitMEX: 20 bid at 100 and 15 offered at 150
        ("worst", 0, 2_250.0),
        ("sum", 10, 2_000 + 5 * 150.0),
        ("larger", 10, 2_000.0),
        ("net", 10, 15 * 100 + 5 * 150.0),
        ("worst", 10, 2_000.0),  # all bids filled
        ("worst", -10, 1_200 + 2_250 - 1_200.0),
        ("sum", -30, 2_250.0),
        ("larger", -30, 2_250.0),
        ("net", -30, 2_250.0),
    ],
)
def test_resting_orders_reserve_as_each_venue_nets_them(netting, position, reserved):
    assert order_value(netting, position, abs(position) * 120.0, **SIDES) == pytest.approx(reserved)


@given(
    st.sampled_from(["sum", "larger", "net", "worst"]),
    st.integers(-50, 50),
    st.integers(0, 80),
    st.integers(0, 80),
    st.floats(50, 200),
    st.integers(1, 20),
)
def test_orders_never_reserve_less_for_being_more_and_nothing_for_closing(netting, position, bids, asks, price, more):
    def reserved(bids, asks):
        return order_value(netting, position, abs(position) * price, bids, bids * price, asks, asks * price)

    assert 0 <= reserved(bids, asks) <= reserved(bids + more, asks) + 1e-6
    assert reserved(bids, asks) <= reserved(bids, asks + more) + 1e-6
    assert reserved(bids, asks) <= (bids + asks) * price + 1e-6
    closing = min(abs(position), bids if position < 0 else asks)
    assert reserved(closing if position < 0 else 0, 0 if position < 0 else closing) == 0


def test_published_order_costs():
    """Bybit: 10,000 USD of ETHUSD at 2,000 and 25x, and 1 BTCUSDT at 50,000 and 10x, taker fee 0.055 %."""
    inverse = order_cost(INVERSE, 10_000, 2_000, leverage=25, taker_fee=0.00055)
    expected = {"initial_coin": 0.2, "open_fee_coin": 0.00275, "close_fee_coin": 0.00286, "cost_coin": 0.20561}
    assert inverse == pytest.approx(expected)
    linear = order_cost(Linear(), 1, 50_000, leverage=10, taker_fee=0.00055)
    assert linear["cost_coin"] == pytest.approx(5_052.25)
    assert order_cost(Linear(), -1, 50_000, leverage=10, taker_fee=0.00055)["close_fee_coin"] == pytest.approx(30.25)


@given(contracts, sizes, prices, prices)
def test_an_order_loses_at_once_what_its_price_is_worse_than_the_mark(contract, size, price, mark):
    loss = open_loss(contract, size, price, mark)
    worse = (price > mark) == (size > 0) and price != mark
    assert (loss > 0) == worse
    if worse:
        assert loss == pytest.approx(abs(size * (contract.payoff(price) - contract.payoff(mark))) * contract.unit)


@given(st.integers(1, 3_000), prices, st.lists(st.floats(100.0, 100_000.0), min_size=1, max_size=20))
def test_a_1x_inverse_short_is_a_synthetic_dollar(size, entry, marks):
    marks = np.array(marks)
    usd = equity(INVERSE, -size, *isolated(INVERSE, -size, entry, 1.0), marks) * INVERSE.unit * marks
    assert usd == pytest.approx(size, rel=1e-9)


@pytest.mark.parametrize(
    ("leverage", "long_bankrupt", "short_bankrupt", "long_liquidated", "short_liquidated"),
    [
        (2, 0.666667, 2.000000, 0.670000, 1.990000),
        (3, 0.750000, 1.500000, 0.753750, 1.492500),
        (5, 0.833333, 1.250000, 0.837500, 1.243750),
        (10, 0.909091, 1.111111, 0.913636, 1.105556),
        (25, 0.961538, 1.041667, 0.966346, 1.036458),
        (50, 0.980392, 1.020408, 0.985294, 1.015306),
        (100, 0.990099, 1.010101, 0.995050, 1.005051),
    ],
)
def test_inverse_prices_per_leverage(leverage, long_bankrupt, short_bankrupt, long_liquidated, short_liquidated):
    """E L / (L + side), and (1 + side * 0.5 %) times that where maintenance is on the value at the mark."""
    side = np.array([1, -1])
    position = isolated(INVERSE, side, 10_000, leverage)
    bankrupt = bankruptcy_price(INVERSE, side, *position) / 10_000
    liquidated = liquidation_price(INVERSE, side, *position, BASE) / 10_000
    assert bankrupt == pytest.approx([long_bankrupt, short_bankrupt], abs=6e-7)
    assert liquidated == pytest.approx([long_liquidated, short_liquidated], abs=6e-7)


def test_maintenance_on_entry_value_moves_the_liquidation_price():
    side = np.array([1, -1])
    at = liquidation_price(INVERSE, side, *isolated(INVERSE, side, 10_000, 10), BASE, basis="entry")
    assert at / 10_000 == pytest.approx([0.913242, 1.104972], abs=6e-7)


def test_published_liquidation_prices():
    """Kraken PI_XBTUSD, 1,000 at 8,000 with 0.01 BTC; Bybit BTCUSD at 50x, before it rounds up to 7,773.5."""
    cost, _ = isolated(INVERSE, 1_000, 8_000, 1)
    kraken = Tiers.flat(maintenance=0.01, initial=0.02)
    assert liquidation_price(INVERSE, 1_000, cost, 10**13, kraken) == pytest.approx(7_481, abs=0.6)
    assert bankruptcy_price(INVERSE, 1_000, cost, 10**13) == pytest.approx(7_407, abs=0.6)
    at = liquidation_price(INVERSE, 5_000, *isolated(INVERSE, 5_000, 7_890.08, 50), BASE, basis="entry")
    assert at == pytest.approx(7_773.4778, abs=1e-4)


def test_a_1x_inverse_long_is_bankrupt_at_half_its_entry():
    assert bankruptcy_price(INVERSE, 16_000, *isolated(INVERSE, 16_000, 16_000, 1)) == pytest.approx(8_000)


def test_what_can_never_happen_has_no_price():
    short, long = isolated(INVERSE, -16_000, 8_000, 1), isolated(LINEAR, 160, 8_000, 1)
    assert bankruptcy_price(INVERSE, -16_000, *short) == math.inf
    assert liquidation_price(INVERSE, -16_000, *short, BASE) == math.inf
    assert bankruptcy_price(LINEAR, 160, *long) == 0.0
    assert liquidation_price(LINEAR, 160, *long, BASE) == 0.0
    assert math.isnan(bankruptcy_price(LINEAR, 0, 0, 5))
    assert math.isnan(liquidation_price(LINEAR, 0, 0, 5, BASE))


def test_arrays_of_positions_are_answered_one_by_one():
    size = np.array([5, -7, 0, -9])
    cost, collateral = isolated(INVERSE, size, entry=[3e3, 5e3, 6e3, 8e3], leverage=[3.0, 9.0, 2.0, 1.0])
    tiers = Tiers.marginal([1e-3, 2e-3, math.inf], [0.01, 0.02, 0.05], [0.02, 0.04, 0.1])
    together = liquidation_price(INVERSE, size, cost, collateral, tiers)
    alone = [liquidation_price(INVERSE, *row, tiers) for row in zip(size, cost, collateral, strict=True)]
    assert together.shape == (4,) and np.array_equal(together, alone, equal_nan=True)


def coin(amount):
    return round(amount / INVERSE.unit)


def test_a_fall_lifts_an_inverse_long_into_the_tier_that_liquidates_it():
    """190 coin at 10,000 are 200 at 9,500, beyond which 1 % is asked and only 0.75 % is left."""
    cost, _ = isolated(INVERSE, 1_900_000, 10_000, 1)
    assert liquidation_price(INVERSE, 1_900_000, cost, coin(11.5), BITMEX) == pytest.approx(9_500)
    assert liquidation_price(INVERSE, 1_900_000, cost, coin(11.5), BASE) < 9_500


def test_where_an_inverse_short_is_liquidated_depends_on_the_tier_it_stands_in():
    """210 coin at 10,000 with 11.5 behind them fail at 1 % before they are 200 coin, which ask for 0.5 %."""
    cost, _ = isolated(INVERSE, -2_100_000, 10_000, 1)
    position = INVERSE, -2_100_000, cost, coin(11.5), BITMEX
    assert liquidation_price(*position) == pytest.approx(2_100_000 * 0.99 / 198.5)
    assert liquidation_price(*position, mark=10_505) == pytest.approx(2_100_000 * 0.995 / 198.5)


def test_a_tier_holds_its_own_limit():
    maintenance, initial, deduction = BITMEX.at([0.0, 180.0, 200.0, 200.1, 230.0, 350.0, 1e9])
    assert maintenance == pytest.approx([0.005, 0.005, 0.005, 0.01, 0.01, 0.01, 0.05])
    assert initial == pytest.approx(maintenance + 0.005) and not deduction.any()


def test_steps_from_zero_grow_in_proportion_to_size():
    """Deribit: initial 2 % and maintenance 1 %, each plus 0.005 % a coin."""
    deribit = Tiers.steps(first=0, step=25, count=20, maintenance=0.01, initial=0.02, each=25 * 0.00005)
    maintenance, initial, _ = deribit.at([0, 25, 350])
    assert initial == pytest.approx([0.02, 0.02125, 0.0375]) and maintenance == pytest.approx(initial - 0.01)


def test_published_deductions():
    """Binance COIN-M BTCUSD: cum 1.81 from 50 BTC and 11.81 from 200, where the first bracket ends at 10."""
    rates = [0.004, 0.005, 0.01, 0.025, 0.05, 0.1, 0.125, 0.15]
    binance = Tiers.marginal([10, 20, 30, 50, 100, 200, 400, math.inf], rates, [2 * rate for rate in rates])
    assert binance.at([40, 60, 300])[2] == pytest.approx([0.56, 1.81, 11.81])


@given(st.lists(st.floats(0.001, 0.3), min_size=3, max_size=3).map(sorted))
def test_marginal_maintenance_does_not_jump(rates):
    tiers = Tiers.marginal([2.0, 5.0, math.inf], rates, rates)
    values = np.array([2.0, 2.0 + 1e-12, 5.0, 5.0 + 1e-12])
    rate, _, deduction = tiers.at(values)
    below, above = (rate * values - deduction).reshape(2, 2).T
    assert above == pytest.approx(below, abs=1e-11)


def test_the_table_is_in_settlement_units():
    table = Tiers.marginal([5.0, math.inf], [0.01, 0.02], [0.02, 0.04]).table(1e-12)
    assert table.dtype == np.float64 and table.flags.c_contiguous
    assert table == pytest.approx(np.array([[5e12, 0.01, 0.02, 0.0], [math.inf, 0.02, 0.04, 0.05e12]]))


def test_published_margins():
    """Bybit 12,000 at 8,000 and 50x; Kraken 1,000 at 8,000 with 2 % and 1 %; HTX 10 lots at 5,000 and 10x."""
    assert initial_margin(INVERSE, 12_000, 8_000, BASE, leverage=50) == pytest.approx(coin(0.03))
    kraken = Tiers.flat(maintenance=0.01, initial=0.02)
    assert initial_margin(INVERSE, 1_000, 8_000, kraken) == pytest.approx(coin(0.0025))
    assert maintenance_margin(INVERSE, 1_000, 0, 8_000, kraken) == pytest.approx(coin(0.00125))
    assert initial_margin(INVERSE, 1_000, 5_000, BASE, leverage=10) == pytest.approx(coin(0.02))


def test_maintenance_is_the_rate_on_the_whole_value_less_the_deduction():
    """Binance COIN-M: 300 coin ask for 12.5 % less 11.81, at the mark or at an entry twice as high."""
    tiers = Tiers([(200, 0.1, 0.2, 6.81), (math.inf, 0.125, 0.25, 11.81)])
    asked = maintenance_margin(INVERSE, 3_000_000, coin(150), 10_000, tiers)
    assert asked == pytest.approx(coin(0.125 * 300 - 11.81))
    asked = maintenance_margin(INVERSE, 3_000_000, coin(150), 10_000, tiers, basis="entry", closing_fee=0.001)
    assert asked == pytest.approx(coin(0.126 * 150 - 11.81))


def test_a_tier_bounds_the_leverage_that_is_asked_for():
    assert initial_margin(INVERSE, 1_000, 8_000, BASE, 500) == initial_margin(INVERSE, 1_000, 8_000, BASE)


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([(math.inf, 0.1, 0.2)], "rows must hold four numbers"),
        ([(5, 0.1, 0.2, 0), (4, 0.1, 0.2, 0), (math.inf, 0.1, 0.2, 0)], r"limits must rise \(got 4.0\)"),
        ([(math.nan, 0.1, 0.2, 0), (math.inf, 0.1, 0.2, 0)], "limits must be 0 or more"),
        ([(5, 0.1, 0.2, 0)], r"the last limit must be inf \(got 5.0\)"),
        ([(5, 0.1, 0.2, 0), (math.inf, 0.05, 0.2, 0)], r"rates must not fall \(got 0.05\)"),
        ([(math.inf, 0.2, 0.1, 0)], "maintenance_rate must lie in"),
        ([(math.inf, 1.0, 1.0, 0)], "maintenance_rate must lie in"),
        ([(math.inf, math.nan, 0.1, 0)], "maintenance_rate must lie in"),
        ([(math.inf, 0.1, 0.2, -1)], r"deductions must be 0 or more \(got -1.0\)"),
    ],
)
def test_tiers_that_cannot_be_are_refused(rows, complaint):
    with pytest.raises(ValueError, match=complaint):
        Tiers(rows)


def test_arguments_that_cannot_be_are_refused():
    position = INVERSE, 1_000, *isolated(INVERSE, 1_000, 8_000, 10)
    with pytest.raises(ValueError, match=r"basis must be one of .* \(got 'index'\); say what"):
        liquidation_price(*position, BASE, basis="index")
    with pytest.raises(ValueError, match="basis must be one of"):
        maintenance_margin(*position[:3], 8_000, BASE, basis="Mark")
    for basis in ("entry", "mark"):
        with pytest.raises(ValueError, match=r"closing_fee, .*, must lie in \[0, 1\)"):
            liquidation_price(*position, BASE, basis=basis, closing_fee=0.995)
    with pytest.raises(ValueError, match="closing_fee"):
        maintenance_margin(*position[:3], 8_000, BASE, closing_fee=math.nan)
    with pytest.raises(ValueError, match="closing_fee"):
        bankruptcy_price(*position, closing_fee=-0.1)
    with pytest.raises(ValueError, match=r"cost and collateral must be finite \(got nan\)"):
        liquidation_price(*position[:3], math.nan, BASE)
    with pytest.raises(ValueError, match="leverage must be positive"):
        isolated(INVERSE, 1_000, 8_000, 0)
    with pytest.raises(ValueError, match="leverage must be positive"):
        initial_margin(INVERSE, 1_000, 8_000, BASE, -1)
    with pytest.raises(ValueError, match="value_coin must be 0 or more"):
        BASE.at(math.nan)
    with pytest.raises(ValueError, match="contracts must be integers"):
        bankruptcy_price(INVERSE, 1.5, *position[2:])
    with pytest.raises(ValueError, match=r"netting must be one of .* \(got 'gross'\)"):
        order_value("gross", 0, 0.0, **SIDES)
