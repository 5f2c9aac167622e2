"""Accounts in whole units: nothing is lost by rounding, and what one pays another gets."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import laws
from sim.contract import average_entry
from sim.ledger import (
    ACCOUNT,
    EXCHANGE,
    add_margin,
    deposit,
    equity,
    fill,
    owes,
    pair_off,
    share,
    touch,
    transfer,
)
from tests.floor import ANNA, BOB, CAROL, INVERSE, LINEAR, Floor

RICH = 10**13
CONTRACTS = st.integers(1, 10**6)


def traders(cross=False, leverage=10.0, count=3, **terms):
    """Rich traders; nobody is watching their mark."""
    return Floor([RICH] * count, cross=cross, leverage=leverage, **terms)


def swap(floor, buyer, seller, contracts, units, fee_rate=0.0):
    """Let two accounts trade outside the book."""
    fill(floor.x, buyer, contracts, units, fee_rate)
    fill(floor.x, seller, -contracts, units, fee_rate)


# ---- shares


@given(st.integers(-(2**62), 2**62), st.integers(1, 2**31 - 1), st.data())
def test_a_share_is_exact_and_rounded_down(amount, whole, data):
    part = data.draw(st.integers(0, whole))
    assert share(amount, part, whole) == amount * part // whole


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(1, 1000), min_size=1, max_size=12))
def test_shares_given_out_one_after_the_other_add_up_to_the_whole(amount, parts):
    left, held, given_out = amount, sum(parts), 0
    for part in parts:
        piece = share(left, part, held)
        left, held, given_out = left - piece, held - part, given_out + piece
    assert (left, given_out) == (0, amount)


# ---- fills


def test_what_the_long_wins_the_short_loses():
    floor = traders()
    swap(floor, ANNA, BOB, 7, 100_000)
    swap(floor, BOB, ANNA, 7, 130_001)
    assert floor[ANNA].wallet - RICH == 7 * 30_001 == RICH - floor[BOB].wallet
    for row in (ANNA, BOB):
        assert (floor[row].contracts, floor[row].cost, floor[row].margin) == (0, 0, 0)


def test_a_long_in_an_inverse_contract_wins_less_from_a_rise_than_it_loses_from_a_fall():
    """The venues' own example at a tenth: 60,000 contracts from 600 to 700 win 14.2857 coins, to 500 they lose 20."""
    won = {}
    for price in (700.0, 500.0):
        floor = traders(contract=INVERSE)
        swap(floor, ANNA, BOB, 60_000, INVERSE.settlement(600.0))
        swap(floor, BOB, ANNA, 60_000, INVERSE.settlement(price))
        won[price] = (floor[ANNA].wallet - RICH) * INVERSE.unit
    assert won[700.0] == pytest.approx(14.2857142857) and won[500.0] == pytest.approx(-20.0)


def test_a_partial_close_releases_its_share_of_cost_and_margin():
    floor = traders(leverage=10.0)
    swap(floor, ANNA, BOB, 10, 100_000)
    assert floor[ANNA].margin == 100_000
    swap(floor, BOB, ANNA, 4, 110_000)
    assert (floor[ANNA].contracts, floor[ANNA].cost, floor[ANNA].margin) == (6, -600_000, 60_000)
    assert floor[ANNA].wallet == RICH - 60_000 + 4 * 10_000


@given(
    st.lists(st.tuples(CONTRACTS, st.integers(400, 1600), st.booleans()), min_size=1, max_size=12),
    st.booleans(),
    st.sampled_from([LINEAR, INVERSE]),
)
def test_a_chain_of_fills_changes_equity_by_the_marks_moves_alone(fills, cross, contract):
    floor = traders(cross=cross, contract=contract)
    held = worth = 0
    previous = None
    for contracts, tick, buys in fills:
        units = int(floor.x.settlement[tick])
        worth += held * (units - previous) if previous is not None else 0
        size = contracts if buys else -contracts
        swap(floor, ANNA, BOB, size, units)
        held, previous = held + size, units
        assert equity(floor.x, ANNA, units) == RICH + worth
        assert equity(floor.x, BOB, units) == RICH - worth
        assert floor[ANNA].contracts == held
    laws.coin_is_conserved(floor.x)
    laws.longs_equal_shorts(floor.x)


@given(st.integers(1, 1000), st.integers(1, 1000), st.integers(400, 1600), st.integers(400, 1600), st.booleans())
def test_a_flip_is_a_close_and_then_an_open(held, beyond, entry, exit, buys):
    sign = 1 if buys else -1
    at_once, in_two = traders(contract=INVERSE, taker_fee=0.0), traders(contract=INVERSE)
    for floor, sizes in ((at_once, [held + beyond]), (in_two, [held, beyond])):
        swap(floor, ANNA, BOB, sign * held, int(floor.x.settlement[entry]))
        for size in sizes:
            swap(floor, ANNA, BOB, -sign * size, int(floor.x.settlement[exit]))
    assert at_once[ANNA] == in_two[ANNA]
    assert at_once[ANNA].contracts == -sign * beyond
    assert at_once[ANNA].cost == sign * beyond * at_once.x.settlement[exit]


def test_average_entry_is_that_of_the_open_position_after_a_partial_close():
    floor = traders(contract=INVERSE)
    swap(floor, ANNA, BOB, 300, INVERSE.settlement(600.0))
    swap(floor, ANNA, BOB, 300, INVERSE.settlement(300.0))
    entry = average_entry(INVERSE, 600, int(floor[ANNA].cost))
    assert entry == pytest.approx(400.0)  # the harmonic mean
    swap(floor, BOB, ANNA, 123, INVERSE.settlement(900.0))
    assert average_entry(INVERSE, 477, int(floor[ANNA].cost)) == pytest.approx(entry)


def test_an_isolated_position_takes_its_margin_and_no_more_than_there_is():
    floor = Floor([150_000, RICH], leverage=10.0)
    swap(floor, ANNA, BOB, 10, 100_000)
    assert (floor[ANNA].wallet, floor[ANNA].margin) == (50_000, 100_000)
    swap(floor, ANNA, BOB, 10, 100_000)
    assert (floor[ANNA].wallet, floor[ANNA].margin) == (0, 150_000)
    assert floor[BOB].margin == 200_000


def test_a_cross_position_sets_nothing_aside():
    floor = traders(cross=True)
    swap(floor, ANNA, BOB, 10, 100_000)
    assert (floor[ANNA].wallet, floor[ANNA].margin) == (RICH, 0)


def test_the_margin_pays_what_the_wallet_cannot():
    floor = Floor([100_000, RICH], leverage=10.0)
    swap(floor, ANNA, BOB, 10, 100_000)
    swap(floor, BOB, ANNA, 5, 85_000)  # loses 75,000, of which its share of margin pays 50,000
    assert (floor[ANNA].wallet, floor[ANNA].margin) == (0, 25_000)


def test_open_interest_is_what_the_longs_hold():
    floor = traders()
    deals = (ANNA, BOB, 5, 5), (ANNA, CAROL, 3, 8), (BOB, ANNA, 6, 3), (BOB, ANNA, 4, 5)
    for buyer, seller, contracts, expected in deals:
        swap(floor, buyer, seller, contracts, 100_000)
        assert floor.now.open_interest == expected
        laws.longs_equal_shorts(floor.x)


# ---- fees


@given(
    st.integers(1, 10**6),
    st.integers(1, 10**9),
    st.sampled_from([0.00075, 0.0005, -0.00025, -0.0001, 0.0]),
    st.booleans(),
)
def test_a_fee_is_rounded_to_the_nearest_unit_and_paid_to_the_exchange(contracts, units, rate, buys):
    floor = traders()
    fill(floor.x, ANNA, contracts if buys else -contracts, units, rate)
    fee = math.floor(contracts * units * rate + 0.5)
    assert floor[EXCHANGE].wallet == fee
    assert floor[ANNA].wallet + floor[ANNA].margin == RICH - fee


def test_the_taker_pays_its_fee_and_the_maker_gets_its_rebate():
    floor = traders(maker_fee=-0.00025, taker_fee=0.00075, cross=True)
    floor.send(ANNA, -8, 100)
    floor.send(BOB, 8, 100)
    assert (floor[ANNA].wallet - RICH, floor[BOB].wallet - RICH, floor[EXCHANGE].wallet) == (200, -600, 400)


# ---- funding


def test_longs_pay_shorts_when_the_index_rises():
    floor = traders(cross=True)
    swap(floor, ANNA, BOB, 7, 100_000)
    floor.pay_funding(30)
    for row in (ANNA, BOB):
        touch(floor.x, row)
    assert (floor[ANNA].wallet - RICH, floor[BOB].wallet - RICH) == (-210, 210)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("fund"), st.integers(-(10**4), 10**4)),
        st.tuples(st.just("trade"), st.integers(-50, 50).filter(bool)),
    ),
    min_size=1,
    max_size=15,
)


@given(STEPS, st.lists(st.booleans(), min_size=15, max_size=15), st.booleans())
def test_funding_is_the_same_however_often_accounts_are_touched(steps, touched, cross):
    seldom, often = traders(cross=cross, leverage=4.0), traders(cross=cross, leverage=4.0)
    for (kind, amount), also in zip(steps, touched, strict=False):
        for floor in (seldom, often):
            if kind == "fund":
                floor.pay_funding(amount)
            else:
                swap(floor, ANNA, BOB, amount, 100_000)
        if also:
            touch(often.x, ANNA)
        laws.coin_is_conserved(seldom.x)
        laws.coin_is_conserved(often.x)
    for floor in (seldom, often):
        touch(floor.x, ANNA)
        touch(floor.x, BOB)
    assert seldom[ANNA] == often[ANNA] and seldom[BOB] == often[BOB]


@given(STEPS, st.booleans())
def test_all_funding_ever_booked_adds_up_to_nothing(steps, cross):
    floor = traders(cross=cross, count=4)
    for number, (kind, amount) in enumerate(steps):
        if kind == "fund":
            floor.pay_funding(amount)
        else:
            swap(floor, ANNA + number % 4, ANNA + (number + 1) % 4, amount, 100_000)
    for row in range(ANNA, ANNA + 4):
        touch(floor.x, row)
    accounts = floor.x.accounts
    assert (accounts.wallet + accounts.margin + accounts.cost).sum() == 4 * RICH


@given(STEPS, st.integers(-(10**4), 10**4), st.booleans())
def test_what_longs_pay_and_shorts_do_not_receive_is_the_funds_to_the_unit(steps, more, cross):
    floor = traders(cross=cross, count=4)
    for number, (kind, amount) in enumerate(steps):
        if kind == "fund":
            floor.pay_funding(amount, amount + more)
        else:
            swap(floor, ANNA + number % 4, ANNA + (number + 1) % 4, amount, 100_000)
        laws.coin_is_conserved(floor.x)
    for row in range(ANNA, ANNA + 4):
        touch(floor.x, row)
        assert owes(floor.x, row) == 0
    accounts = floor.x.accounts
    assert (accounts.wallet + accounts.margin + accounts.cost).sum() == 4 * RICH


def test_who_turns_from_long_to_short_pays_as_a_long_and_receives_as_a_short():
    floor = traders(leverage=10.0, cross=True)
    swap(floor, ANNA, BOB, 10, 100_000)
    floor.pay_funding(500, 100)
    swap(floor, BOB, ANNA, 30, 100_000)
    floor.pay_funding(500, 100)
    touch(floor.x, ANNA)
    touch(floor.x, BOB)
    assert floor[ANNA].wallet == RICH - 10 * 500 + 20 * 100 and floor[BOB].wallet == RICH + 10 * 100 - 20 * 500


def test_isolated_funding_is_paid_by_the_margin_so_that_the_trigger_moves_with_it():
    floor = traders(leverage=10.0)
    swap(floor, ANNA, BOB, 10, 100_000)
    floor.pay_funding(500)
    touch(floor.x, ANNA)
    assert (floor[ANNA].margin, floor[ANNA].wallet) == (95_000, RICH - 100_000)


# ---- transfers


@given(st.integers(-(10**12), 10**12), st.integers(0, 10**12))
def test_transfers_and_deposits_keep_the_law(amount, brought):
    floor = traders()
    transfer(floor.x, ANNA, BOB, amount)
    deposit(floor.x, CAROL, brought)
    assert floor[ANNA].wallet == RICH - amount and floor[BOB].wallet == RICH + amount
    assert floor[CAROL].deposits == floor[CAROL].wallet == RICH + brought
    laws.coin_is_conserved(floor.x)


def test_margin_added_is_reported_and_no_more_than_there_is():
    floor = Floor([150_000, RICH], leverage=10.0)
    assert add_margin(floor.x, ANNA, 10) == 0  # nothing to add it to
    swap(floor, ANNA, BOB, 10, 100_000)
    assert add_margin(floor.x, ANNA, 20_000) == 20_000
    assert add_margin(floor.x, ANNA, 70_000) == 30_000
    assert (floor[ANNA].wallet, floor[ANNA].margin) == (0, 150_000)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_pairs_trade_down_both_lists_to_the_end(bought, sold):
    excess = sum(bought) - sum(sold)
    (sold if excess > 0 else bought).append(abs(excess))
    count = len(bought) + len(sold)
    floor = traders(count=count, cross=True)
    buyers, sellers = np.arange(ANNA, ANNA + len(bought)), np.arange(ANNA + len(bought), ANNA + count)
    units = 100_000 + np.arange(len(bought))
    pair_off(floor.x, buyers, np.array(bought), sellers, np.array(sold), units)
    assert floor.x.accounts.contracts[buyers].tolist() == bought
    assert floor.x.accounts.contracts[sellers].tolist() == [-contracts for contracts in sold]
    assert floor.x.accounts.cost[buyers].tolist() == (-np.array(bought) * units).tolist()
    laws.check(floor.x)


# ---- laws


def spoil(floor, row, **fields):
    for name, amount in fields.items():
        table = floor.x.accounts if name in ACCOUNT.names else floor.x.reserved
        table[row][name] += amount


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"wallet": 1}, "coin must be conserved"),
        ({"seen": 1}, "coin must be conserved"),
        ({"contracts": 1, "cost": 0}, "longs must equal shorts"),
        ({"buying": 1}, "buying of account"),
        ({"selling_value": 1}, "selling_value of account"),
    ],
)
def test_every_law_notices_a_single_unit(fields, sentence):
    floor = traders()
    swap(floor, ANNA, BOB, 7, 100_000)
    floor.send(ANNA, 1, 90)
    laws.check(floor.x)
    spoil(floor, ANNA, **fields)
    with pytest.raises(AssertionError, match=sentence):
        laws.check(floor.x)


def test_the_laws_notice_a_book_that_is_wrong_about_its_best_price():
    floor = traders()
    floor.send(ANNA, 1, 90)
    for bid, sentence in ((89, "lowest resting sell|highest resting buy"), (3000, "must not cross")):
        floor.now.bid = bid
        with pytest.raises(AssertionError, match=sentence):
            laws.check(floor.x)
