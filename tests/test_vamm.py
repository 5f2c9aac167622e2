"""The virtual AMM of Perpetual Protocol v1: its own tests' numbers to the last wei, and the laws behind them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.vamm import WEI, Reserves, swap, swaps, wei
from sim.vamm_margin import accounts, liquidation, played, premium_payments

POOL = Reserves(1_000 * WEI, 100 * WEI)
ALICE = {"trader": "alice", "side": "long", "margin": 25, "leverage": 10}


def bob(side, margin, leverage=1, **more):
    """A trade of Bob's."""
    return {"trader": "bob", "side": side, "margin": margin, "leverage": leverage, **more}


def test_amounts_are_those_of_the_contract_to_the_wei():
    """getInputPrice and getOutputPrice in AmmSpec.ts."""
    assert POOL.for_quote(wei(50)) == -4761904761904761904
    assert POOL.for_quote(-wei(50)) == 5263157894736842106
    assert POOL.for_base(wei(5)) == -47619047619047619047
    assert POOL.for_base(-wei(5)) == 52631578947368421053
    assert POOL.for_base(wei(25)) == -wei(200) and POOL.for_base(-wei("37.5")) == wei(600), (
        "what is whole is not rounded"
    )


def follow(*changes):
    """The pool after changes of quote (positive in)."""
    pool = POOL
    for change in changes:
        pool = pool.after(wei(change), pool.for_quote(wei(change)))
    return pool


def test_reserves_along_a_path_are_those_of_the_contract_to_the_wei():
    """swapInput and swapOutput in AmmSpec.ts."""
    assert follow(600) == Reserves(wei(1600), wei(62.5)) and follow(-600) == Reserves(wei(400), wei(250))
    assert follow(-480, 960) == Reserves(wei(1480), 67567567567567567568)
    assert follow(-200, 100) == Reserves(wei(900), 111111111111111111112)
    assert follow(-200, 100, 200) == Reserves(wei(1100), 90909090909090909092)
    assert follow(-200, 450, -250) == POOL
    assert follow(-10, 10) == follow(10, -10) == Reserves(POOL.quote, POOL.base + 1)
    long = POOL.for_base(-wei(10))
    assert POOL.after(long, -wei(10)) == Reserves(1111111111111111111112, wei(90))
    assert POOL.after(long, -wei(10)).for_base(wei(10)) == 1 - long


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 10**24), st.booleans()), min_size=1, max_size=10))
def test_the_product_counted_in_whole_wei_never_falls_and_the_exact_one_by_less_than_a_wei(path):
    pool = POOL
    for quotes, amount, enters in path:
        kept = pool.quote if quotes else pool.base
        change = amount if enters else -(amount % (kept - WEI))
        if not change:
            continue
        other = pool.for_quote(change) if quotes else pool.for_base(change)
        after = pool.after(change, other) if quotes else pool.after(other, change)
        if after.quote < WEI or after.base < WEI:
            break
        assert after.quote * after.base // WEI >= pool.quote * pool.base // WEI
        pool = after


@given(st.floats(1e-3, 900), st.booleans(), st.booleans())
def test_a_swap_is_the_curve_rounded_against_the_trader_by_at_most_a_wei(amount, quotes, enters):
    token, way = "quote" if quotes else "base", "in" if enters else "out"
    amount = amount if quotes else amount / 10
    found = swap(1_000, 100, **{f"{token}_{way}": amount})
    change = wei(amount) * (1 if enters else -1)
    kept, other = (POOL.quote, POOL.base) if quotes else (POOL.base, POOL.quote)
    due = other - Fraction(kept * other, kept + change)
    got = -(POOL.for_quote(change) if quotes else POOL.for_base(change))
    assert -1 < got - due <= 0
    name = f"{'base' if quotes else 'quote'}_{'out' if enters else 'in'}"
    assert found[name] == abs(got) / WEI
    assert found["price"] == pytest.approx(found["quote_reserve"] / found["base_reserve"], rel=1e-15)


def test_a_round_trip_of_two_pays_one_by_the_other():
    """Alice and Bob buy for 200 each and close in that order: what she gains he loses, and the pool is as before."""
    opened = [{"trader": name, "side": "long", "margin": 200, "leverage": 1} for name in ("alice", "bob")]
    closed = [{"trader": name, "close": True} for name in ("alice", "bob")]
    held = accounts(10_000, 100, opened)
    assert held["alice"]["size"] == pytest.approx(1.960784, abs=5e-7)
    assert held["bob"]["size"] == pytest.approx(1.885370, abs=5e-7)
    done = played(10_000, 100, opened + closed)
    assert round(done.realized["alice"] / WEI, 4) == 7.8401 and round(done.realized["bob"] / WEI, 4) == -7.8401
    bought = 100 - Fraction(10**6, 10_200)
    gained = 10_400 - 10**6 / (Fraction(10**6, 10_400) + bought) - 200
    assert abs(done.realized["alice"] - gained * WEI) < 200 > abs(done.realized["bob"] + gained * WEI), "wei of base"
    assert done.pool.quote == wei(10_000) - done.realized["alice"] - done.realized["bob"] and done.pool.base == wei(100)


@pytest.mark.parametrize(
    "trades, now_s, ratio",
    [
        ([ALICE, bob("short", 15, 10)], None, "-0.134297520661157024"),
        ([ALICE | {"side": "short", "margin": 20}, bob("long", 15, 10)], None, None),
        ([ALICE | {"at_s": 15}, bob("short", 15, 10, at_s=945)], 960, "0.096890936009212041"),
        ([ALICE, {"premium_fraction": 0.125}], None, "0.09"),
        ([ALICE, {"premium_fraction": -0.075}], None, "0.106"),
        ([ALICE, bob("short", 45, 10), {"premium_fraction": 0.1}], None, "-1.0571875"),
        ([ALICE, bob("short", 45, 10), {"premium_fraction": -0.1}], None, "-1.0209375"),
    ],
)
def test_margin_ratios_are_those_of_the_clearing_house(trades, now_s, ratio):
    """getMarginRatio in ClearingHouseTest.ts, with funding and with the 15-minute average."""
    found = played(1_000, 100, trades).worth("alice", now_s)[2]
    if ratio:
        assert abs(found - wei(ratio)) <= 1
    assert accounts(1_000, 100, trades, now_s)["alice"]["margin_ratio"] == found / WEI


def test_a_short_is_worth_what_buying_it_back_costs():
    """getMarginRatio of a short, ClearingHouseTest.ts."""
    trades = [ALICE | {"side": "short"}, bob("long", 15, 10)]
    assert accounts(1_000, 100, trades)["alice"]["margin_ratio"] == pytest.approx(-0.287037037037037037, abs=2e-18)


LIQUIDATIONS = [
    (  # a quarter of a long, and of a short
        [ALICE, bob("short", "45.18072289")],
        dict(
            close_notional="68.455640744970299586",
            liquidator_fee="0.855695509312128744",
            realized_pnl="-4.013627324696012820",
            margin="19.274981656679729691",
            size=15,
            bad_debt=0,
        ),
    ),
    (
        [ALICE | {"side": "short", "margin": 20}, bob("long", "19.67213115")],
        dict(
            close_notional="44.258754381889405651",
            liquidator_fee="0.553234429773617570",
            realized_pnl="-2.813925976359071101",
            margin="16.079605164093693758",
            size="-18.75",
            bad_debt=0,
        ),
    ),
    (  # all of one under water
        [ALICE, bob("short", "73.52941176")],
        dict(
            close_notional="224.089635855963718818",
            liquidator_fee="2.801120448199546485",
            realized_pnl="-25.910364144036281182",
            bad_debt="0.910364144036281182",
            total_bad_debt="3.711484592235827667",
            size=0,
            fund_fee=0,
        ),
    ),
    (
        [ALICE | {"side": "short", "margin": 20}, bob("long", "40.33613445")],
        dict(
            close_notional="223.493652777982118604",
            liquidator_fee="2.793670659724776482",
            realized_pnl="-23.493652777982118604",
            bad_debt="3.493652777982118604",
        ),
    ),
]


@pytest.mark.parametrize("trades, expected", LIQUIDATIONS)
def test_liquidations_are_those_of_the_clearing_house(trades, expected):
    """ClearingHouseTest.ts, the fee 2.5 % and a quarter at a time."""
    found = liquidation(1_000, 100, trades, "alice")
    assert {name: found[name] for name in expected} == {name: wei(amount) / WEI for name, amount in expected.items()}


def test_what_is_left_of_the_margin_goes_to_the_fund():
    whole = liquidation(1_000, 100, [ALICE, bob("short", "45.18072289")], "alice", partial_ratio=1)
    left = 25 + whole["realized_pnl"]
    assert left > 0 == whole["bad_debt"] == whole["total_bad_debt"]
    assert whole["fund_fee"] == pytest.approx(left - whole["liquidator_fee"], abs=1e-12)


def test_funding_that_does_not_balance_is_the_funds():
    """payFunding in ClearingHouseTest.ts: more is short than long, so the fund pays."""
    found = premium_payments([37.5, -187.5], [300, 1200], mark_twap=1.6, index_twap=1.59)
    assert found == {"premium_fraction": 0.01, "margins": [299.625, 1201.875], "insurance_fund_loss": 1.5}
    assert premium_payments([1, -1], [5, 5], 2, 1, period_fraction=1 / 24)["insurance_fund_loss"] == 0


trade = st.fixed_dictionaries(
    {
        "trader": st.sampled_from(["a", "b", "c"]),
        "side": st.sampled_from(["long", "short"]),
        "margin": st.floats(1, 50),
        "leverage": st.sampled_from([1, 2, 3]),
    }
)


@given(st.lists(trade, min_size=1, max_size=8))
def test_positions_are_what_left_the_pool_and_closing_all_never_pays_more_than_was_lost(trades):
    house = played(1_000, 100, trades)
    assert sum(held.size for held in house.positions.values()) == wei(100) - house.pool.base
    for name in list(house.positions):
        house.close(name, 0)
    assert house.pool.base == wei(100)
    assert 0 <= house.pool.quote - wei(1_000) <= 100
    assert abs(sum(house.realized.values()) + house.pool.quote - wei(1_000)) <= 2 * len(trades)


def test_a_larger_order_against_a_position_turns_it():
    found = accounts(1_000, 100, [ALICE, ALICE | {"side": "short", "margin": 45}])
    assert found["alice"]["size"] == pytest.approx(-25) and found["alice"]["open_notional"] == pytest.approx(200)
    assert found["alice"]["margin"] == pytest.approx(20) and found["alice"]["realized_pnl"] == pytest.approx(
        0, abs=1e-15
    )
    reduced = accounts(1_000, 100, [ALICE, ALICE | {"side": "short", "margin": 5}])["alice"]
    assert reduced["open_notional"] == pytest.approx(200) and reduced["notional"] == pytest.approx(200)


@pytest.mark.parametrize(
    "build, sentence",
    [
        (lambda: swap(1_000, 100), "a swap must be given one of quote_in, quote_out, base_in, base_out"),
        (lambda: swap(1_000, 100, quote_in=1, base_in=1), "a swap must be given one of"),
        (lambda: swaps(1_000, 100, [{"coin_in": 1}]), "a swap must be given one of .*coin_in"),
        (lambda: swap(1_000, 100, base_out=100), "a swap must leave something of either reserve"),
        (lambda: swap(0, 100, quote_in=1), "quote must be positive"),
        (lambda: accounts(1_000, 100, [ALICE | {"side": "up"}]), "side must be 'long' or 'short' .got 'up'"),
    ],
)
def test_what_cannot_be_is_refused(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()
