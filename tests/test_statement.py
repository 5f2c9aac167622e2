"""An account's statement, as the ledger books it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.contract import Inverse, Linear, Quanto, pnl_coin
from sim.statement import statement

XBTUSD = Inverse()
PRICES = st.floats(1_000.0, 90_000.0)
SIZES = st.integers(-10_000, 10_000).filter(bool)


def bought(contracts, price, **fee):
    return {"contracts": contracts, "price": price, **fee}


@given(SIZES, PRICES, PRICES)
def test_a_round_trip_realises_the_profit_of_the_contract(size, entry, exit):
    made = statement(XBTUSD, [bought(size, entry), bought(-size, exit)])
    assert made.realised_coin == made.net_coin == pytest.approx(pnl_coin(XBTUSD, size, entry, exit), abs=1e-15)
    assert made.contracts == 0 and math.isnan(made.average_entry)


@given(SIZES, PRICES, PRICES)
def test_what_is_not_closed_is_unrealised(size, entry, mark):
    made = statement(XBTUSD, [bought(size, entry)], mark=mark)
    assert made.unrealised_coin == made.equity_coin == pytest.approx(pnl_coin(XBTUSD, size, entry, mark), abs=1e-15)
    assert made.net_coin == 0.0 and made.value_coin == pytest.approx(abs(size) / mark, abs=1e-8)
    assert made.equity_usd == pytest.approx(made.equity_coin * mark)


@given(st.lists(st.tuples(SIZES, PRICES), min_size=1, max_size=6), PRICES, st.floats(-0.001, 0.001))
def test_equity_is_profit_less_fees_less_payments(fills, mark, fee_rate):
    events = [bought(*each, fee_rate=fee_rate) for each in fills]
    made = statement(XBTUSD, [*events, {"pays_coin": 0.25}], mark=mark)
    won = sum(pnl_coin(XBTUSD, size, price, mark) for size, price in fills)
    assert made.equity_coin == pytest.approx(won - made.fees_coin - 0.25, abs=1e-11)
    assert made.realised_coin + made.unrealised_coin == pytest.approx(won, abs=1e-11)


def test_a_fee_is_a_rate_on_value_and_a_rebate_is_a_negative_one():
    assert statement(Linear(face=1.0), [bought(2, 500.0, fee_rate=0.001)]).fees_coin == pytest.approx(1.0)
    assert statement(Linear(face=1.0), [bought(-2, 500.0, fee_rate=-0.001)]).net_coin == pytest.approx(1.0)


def test_the_average_entry_of_an_inverse_position_is_harmonic():
    assert statement(Inverse(face=1_000.0), [bought(1, 10_000), bought(1, 15_000)]).average_entry == pytest.approx(
        12_000
    )


def test_what_has_no_mark_or_no_price_of_its_coin_is_nan():
    made = statement(XBTUSD, [bought(1, 10_000.0)])
    assert math.isnan(made.unrealised_coin) and math.isnan(made.equity_usd)
    made = statement(Quanto(face=1e-6), [bought(1, 10_000.0)], mark=11_000.0)
    assert made.unrealised_coin == pytest.approx(0.001) and math.isnan(made.equity_usd)


@pytest.mark.parametrize("event", [{}, {"contracts": 1}, {"contracts": 1, "price": 2.0, "fee": 0.1}, {"pay_coin": 1}])
def test_an_event_that_is_neither_a_fill_nor_a_payment_is_refused(event):
    with pytest.raises(ValueError, match="an event must have contracts and price"):
        statement(XBTUSD, [event])


def test_a_fill_of_half_a_contract_or_without_a_price_is_refused():
    with pytest.raises(ValueError, match="contracts must be integers"):
        statement(XBTUSD, [bought(0.5, 10_000.0)])
    with pytest.raises(ValueError, match="price must be positive"):
        statement(XBTUSD, [bought(1, 0.0)])
