"""Losses beyond the fund on a running exchange: every rule in whole units and contracts, and no coin is made."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import deleverage, laws
from sim.contract import Linear
from sim.deleverage import RANKS, AutoDeleverage, SocialisedLoss, bankruptcy_units, closing_price
from sim.haircuts import pro_rata, risk_aware, waterfall
from sim.insurance import DrawLimit
from sim.ledger import ENGINE, EXCHANGE, FUND, OUTSIDE, POOL, RESERVED_ROWS, deposit, equity, fill
from sim.margin import Tiers, bankruptcy_price, liquidation_price
from sim.sessions import Sessions
from sim.socialise import DailyLoss, PoolPays, SpreadLoss, earned
from sim.standing import DELEVERAGE, draws, positions, price_of, standing, units_of
from sim.streams import Dice
from sim.venues import BITMEX
from tests.floor import ANNA, BOB, CAROL, DAVE, ERIN, INVERSE, LINEAR, Floor
from tests.storm import storm

RICH = 10**13
RULES = {
    "BitMEX": AutoDeleverage(),
    **{rank: AutoDeleverage(rank=rank) for rank in RANKS if rank != "bitmex"},
    "dYdX": AutoDeleverage(rank="random start"),
    "OKX": AutoDeleverage(rank="okx", price="mark"),
    "Hyperliquid once": AutoDeleverage(rank="hyperliquid", price="index"),
    "Bybit's copy": AutoDeleverage(rank="bybit", price="bankruptcy near mark"),
    "random": AutoDeleverage(allocation="random"),
    "pro-rata": AutoDeleverage(allocation="pro_rata"),
    "pro-rata at the mark": AutoDeleverage(allocation="pro_rata", price="mark"),
    "capped": AutoDeleverage(allocation="capped", cap=0.3),
    "risk-aware": AutoDeleverage(allocation="risk_aware"),
    "risk-aware, capped": AutoDeleverage(allocation="risk_aware", risk="cvar", threshold=2.0, cap=0.5),
    "whole positions": AutoDeleverage(whole_positions=True),
    "whole positions at the mark": AutoDeleverage(rank="hyperliquid", price="mark", whole_positions=True),
}


def unpaid(winners, lost, *, fund=0, mark=None, index=None, contract=LINEAR, **terms):
    """A floor on which ANNA's lot of `lost` contracts, opened at tick 100 and bankrupt at 90 (short: 110), waits for
    others to pay: traders from BOB on hold the other side, (contracts, entry tick, units behind a contract) each.
    """
    floor = Floor([RICH] * (len(winners) + 1), contract=contract, fund=fund, rests=False, **terms)
    side, worth = (1 if lost > 0 else -1), floor.x.settlement
    held = [(ANNA, lost, 100, abs(int(worth[100] - worth[100 - 10 * side])))]
    held += [(row, -side * size, tick, behind) for row, (size, tick, behind) in enumerate(winners, BOB)]
    for row, size, tick, behind in held:
        fill(floor.x, row, size, int(worth[tick]), 0.0)
        fill(floor.x, OUTSIDE, -size, int(worth[tick]), 0.0)
        account, margin = floor[row], abs(size) * behind
        account.margin, account.wallet = margin, account.margin + account.wallet - margin
    floor.set_mark(mark or 100 - 15 * side)
    floor.now.index = float((index or mark or 100 - 15 * side) * floor.terms.tick)
    floor.liquidate()
    assert floor.now.lots == 1 and floor.x.lots[0].account == ANNA
    floor.x.lots[0].unpaid = True
    return floor


def settle(floor, rule):
    """Let a rule act; returns (row, contracts, units) of each close, and checks the laws."""
    told = []
    rule.allocate(floor.x, lambda lot, *close: told.append(tuple(map(int, close))))
    laws.check(floor.x)
    return told


def standing_of(floor):
    """{row: (profit, equity)} of every trader with a position, units at the mark."""
    return {
        int(row): (int(profit), int(backing))
        for sign in (1, -1)
        for row, profit, _, backing in zip(*positions(floor.x, sign), strict=True)
    }


# ---- queues


WINNERS = [(40, 100, 10_000), (40, 120, 10_000), (40, 95, 50_000)]


def test_the_defaults_are_bitmexs_and_close_at_the_bankruptcy_price():
    floor = unpaid(WINNERS, 60)
    assert settle(floor, AutoDeleverage()) == [(CAROL, 40, 90_000), (BOB, 20, 90_000)]
    assert floor[FUND].wallet == 0 == floor[EXCHANGE].wallet and floor.x.lots[0].open == 0


FOUR = [(20, 100, 6_000), (20, 120, 10_000), (60, 110, 90_000), (20, 130, 40_000)]


@pytest.mark.parametrize(
    ("rank", "score", "order"),
    [
        ("bitmex", 0.15 * 85 / 21, [BOB, CAROL, ERIN, DAVE]),
        ("binance", 15 / 6 * 0.005 * 85 / 21, [BOB, CAROL, ERIN, DAVE]),
        ("bybit", 15 / 6, [CAROL, BOB, ERIN, DAVE]),
        ("okx", 0.15 / (21 / (0.005 * 85)), [BOB, CAROL, ERIN, DAVE]),
        ("hyperliquid", 100 / 85 * 85 / 21, [BOB, CAROL, ERIN, DAVE]),
        ("profit", 20 * 15_000, [DAVE, ERIN, CAROL, BOB]),
    ],
)
def test_each_venue_ranks_by_its_own_formula(rank, score, order):
    """BOB sold at 100 with 6 a contract behind it: at 85 it has won 15 and has 21."""
    floor = unpaid(FOUR, 120)
    assert RANKS[rank](floor.x, standing(floor.x, -1))[0] == pytest.approx(score, rel=1e-9)
    assert [row for row, *_ in settle(floor, AutoDeleverage(rank=rank))] == order


@pytest.mark.parametrize("rank", ["hyperliquid", "profit"])
def test_losers_are_not_closed_where_only_profits_are_picked(rank):
    winners = [(20, 80, 50_000), (20, 120, 50_000)]
    told = settle(floor := unpaid(winners, 60), AutoDeleverage(rank=rank))
    assert [row for row, *_ in told] == [CAROL] and floor.x.lots[0].open == 40
    assert [row for row, *_ in settle(unpaid(winners, 60), AutoDeleverage())] == [CAROL, BOB]


def test_a_lot_of_a_short_meets_longs_by_the_same_rules():
    for rank in RANKS:
        floor = unpaid([(40, 100, 20_000), (40, 80, 20_000), (40, 105, 50_000)], -60)
        told = settle(floor, AutoDeleverage(rank=rank))
        first, second = (BOB, CAROL) if rank == "hyperliquid" else (CAROL, BOB)  # it weighs the leverage most
        assert [(row, size) for row, size, _ in told] == [(first, -40), (second, -20)], rank
        assert floor.x.lots[0].open == 0 and floor[FUND].wallet == 0


def test_a_random_order_is_the_accounts_own_and_comes_again():
    winners = [(5, 100 + n % 7, 20_000) for n in range(30)]
    first = settle(unpaid(winners, 60), AutoDeleverage(allocation="random"))
    assert first == settle(unpaid(winners, 60), AutoDeleverage(allocation="random"))
    rows = np.array([row for row, *_ in first])
    assert sorted(rows) != rows.tolist() and len(set(rows)) == 12
    floor = unpaid(winners, 60)
    everyone = BOB + np.arange(30)
    drawn = draws(floor.x, everyone, 0)
    assert rows.tolist() == everyone[np.argsort(-drawn)][:12].tolist()
    assert draws(floor.x, everyone[3:9], 0).tolist() == drawn[3:9].tolist(), "nobody moves another's dice"
    assert not np.array_equal(draws(floor.x, everyone, 1), drawn), "another lot, another order"
    own = Dice(floor.x.keys[0], everyone - floor.first_rows[0], floor.now.step, DELEVERAGE).uniform(0)
    assert drawn.tolist() == own.tolist(), "by its number in its crowd"


def test_dydx_starts_at_a_random_account_and_goes_round():
    starts = set()
    for step in range(40):
        floor = unpaid([(5, 110, 20_000)] * 10, 50)
        floor.now.step = step
        rows = [row - BOB for row, *_ in settle(floor, AutoDeleverage(rank="random start"))]
        assert rows == [(rows[0] + n) % 10 for n in range(10)]
        starts.add(rows[0])
    assert len(starts) > 5


# ---- the price of closing


def test_at_the_mark_the_winner_keeps_its_profit_and_the_fund_pays():
    floor = unpaid(WINNERS, 60, fund=10**6)
    before = standing_of(floor)
    told = settle(floor, AutoDeleverage(price="mark"))
    assert {units for *_, units in told} == {85_000}
    assert floor[FUND].wallet == 10**6 - 60 * 5_000 and floor.now.fund_draw == 60 * 5_000
    assert equity(floor.x, CAROL, 85_000) - RICH == before[CAROL][0]


def test_at_the_index_both_sides_are_closed_there():
    floor = unpaid(WINNERS, 60, fund=10**6, index=88)
    assert {units for *_, units in settle(floor, AutoDeleverage(price="index"))} == {88_000}
    assert floor[FUND].wallet == 10**6 - 60 * 2_000


def test_a_fund_that_cannot_pay_for_the_mark_pays_what_it_has_and_winners_the_rest():
    floor = unpaid(WINNERS, 60, fund=100_000)
    told = settle(floor, AutoDeleverage(price="mark"))
    assert {units for *_, units in told} == {90_000 - 100_000 // 60}, "the same price for all"
    assert floor[FUND].wallet == 100_000 % 60
    broke = unpaid(WINNERS, 60)
    assert {units for *_, units in settle(broke, AutoDeleverage(price="mark"))} == {90_000}


def test_a_mark_better_than_bankruptcy_is_the_funds_gain():
    floor = unpaid([(60, 120, 50_000)], 60, mark=90)
    floor.set_mark(93)
    assert settle(floor, AutoDeleverage(price="mark")) == [(BOB, 60, 93_000)]
    assert floor[FUND].wallet == floor.now.fund_gain == 60 * 3_000


@pytest.mark.parametrize(("mark", "units"), [(85, 85_000), (86, 90_000)])
def test_bybits_copy_closes_at_the_mark_only_where_bankruptcy_is_far_from_it(mark, units):
    rule = AutoDeleverage(price="bankruptcy near mark")
    assert {each for *_, each in settle(unpaid(WINNERS, 60, fund=10**9, mark=mark), rule)} == {units}
    assert closing_price("bankruptcy near mark", 90.0, float(mark)) == units / 1000


def test_the_price_of_closing_by_name():
    assert [closing_price(price, 90.0, 85.0, 88.0) for price in deleverage.PRICES] == [90.0, 85.0, 88.0, 85.0]
    with pytest.raises(ValueError, match="did you mean 'mark'"):
        closing_price("marks", 90.0, 85.0)


@pytest.mark.parametrize("contract", [LINEAR, INVERSE])
def test_prices_and_units_are_each_others_inverse(contract):
    floor = Floor([RICH], contract=contract)
    for tick in (1, 77, 1000):
        assert units_of(floor.x, tick * contract.tick) == contract.settlement(tick * contract.tick)
        assert price_of(floor.x, int(floor.x.settlement[tick])) == pytest.approx(tick * contract.tick)
    assert price_of(Floor([RICH], contract=INVERSE).x, 0) == np.inf


# ---- shares


def test_pro_rata_takes_the_same_part_of_every_profit_as_the_pure_rule_does():
    winners = [(1000, 120, 50_000), (500, 140, 50_000), (200, 86, 50_000), (300, 70, 50_000)]
    floor = unpaid(winners, 400)
    before = standing_of(floor)
    profits = [max(before[row][0], 0) for row in range(BOB, BOB + 4)]
    told = settle(floor, AutoDeleverage(allocation="pro_rata"))
    seized = {row: 5_000 * size for row, size, _ in told}
    expected = pro_rata(profits, 400 * 5_000) * profits
    assert [seized.get(row, 0) for row in range(BOB, BOB + 4)] == pytest.approx(expected, abs=5_000)
    assert sum(seized.values()) == 400 * 5_000 and floor.x.lots[0].open == 0
    assert before[DAVE][0] > 0 and seized.get(ERIN + 1) is None, "who lost is left alone"


def test_what_caps_leave_stays_with_the_engine():
    winners = [(100, 86, 50_000), (100, 90, 50_000)]
    floor = unpaid(winners, 150)
    told = settle(floor, AutoDeleverage(allocation="capped", cap=0.5))
    assert told == [(BOB, 10, 90_000), (CAROL, 50, 90_000)], "half of 100,000 and of 500,000, at 5,000 a contract"
    assert floor.x.lots[0].open == 90 and floor[FUND].wallet == 0


def test_risk_aware_shares_lean_to_the_leveraged():
    floor = unpaid([(400, 100, 50_000), (400, 100, 10_000)], 200)
    at = standing(floor.x, -1)
    shares = {row: size for row, size, _ in settle(floor, AutoDeleverage(allocation="risk_aware"))}
    expected = risk_aware(at.profit, 200 * 5_000, at.value / at.equity) * at.profit / 5_000
    assert [shares[BOB], shares[CAROL]] == pytest.approx(expected, abs=1) and shares[CAROL] > 2 * shares[BOB]


# ---- whole positions


@pytest.mark.parametrize("lost", [60, -60])
def test_closing_whole_positions_leaves_the_engine_with_what_was_too_much(lost):
    side = 1 if lost > 0 else -1
    floor = unpaid([(40, 100 + 10 * side, 30_000), (50, 100, 30_000)], lost)
    told = settle(floor, AutoDeleverage(whole_positions=True))
    units = 100_000 - 10_000 * side
    assert told == [(BOB, 40 * side, units), (CAROL, 50 * side, units), (ENGINE, -30 * side, units)]
    lot = floor.x.lots[0]
    assert (lot.open, lot.deleveraged, lot.closed_step) == (-30 * side, 90, -1)
    assert floor[ENGINE].contracts == -30 * side and floor[CAROL].contracts == 0
    assert bankruptcy_units(lot) == units == lot.bankruptcy_units and floor[FUND].wallet == 0
    floor.send(BOB, -30 * side, 100 - 12 * side)  # a better price than that at which the engine took them on
    floor.unwind()
    laws.check(floor.x)
    assert lot.open == 0 and floor[FUND].wallet == 30 * 2_000


def test_what_the_engine_is_left_with_is_bankrupt_at_the_price_it_was_taken_at():
    floor = unpaid([(100, 120, 30_000)], 60, fund=10**6)
    settle(floor, AutoDeleverage(whole_positions=True, price="mark"))
    lot = floor.x.lots[0]
    assert lot.open == -40 and bankruptcy_units(lot) == lot.bankruptcy_units == 85_000
    assert floor[FUND].wallet == 10**6 - 60 * 5_000, "of what it was left with it has lost nothing yet"


@pytest.mark.parametrize("seed", range(3))
def test_sixteen_rounds_of_whole_positions_close_twice_what_is_needed_and_pro_rata_not_one_more(seed):
    chance = np.random.default_rng(seed)
    needed, closed = 0, {"whole": 0, "pro_rata": 0}
    for _ in range(16):
        winners = [(int(size), int(tick), 40_000) for size, tick in zip(
            np.ceil(20 * (1 + chance.pareto(1.1, 40))), chance.integers(86, 140, 40), strict=True)]  # fmt: skip
        lost = int(chance.integers(5, 30))
        needed += lost
        for name, rule in (("whole", AutoDeleverage(whole_positions=True)), ("pro_rata", RULES["pro-rata"])):
            floor = unpaid(winners, lost)
            settle(floor, rule)
            closed[name] += int(floor.now.deleveraged)
    assert closed["whole"] > 2 * needed and closed["pro_rata"] == needed


# ---- laws of every rule


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(-20, 30), st.integers(0, 3)), min_size=1, max_size=6),
    st.integers(1, 200),
    st.sampled_from([0, 1, 10**4, 10**9]),
    st.booleans(),
    st.sampled_from([LINEAR, INVERSE]),
    st.booleans(),
)
def test_no_more_is_closed_than_needed_and_nobody_pays_what_it_has_not(
    name, winners, lost, fund, long, contract, cross
):
    side, rule = (1 if long else -1), RULES[name]
    middle = Floor([1], contract=contract).x.settlement[100]
    winners = [(size, 100 + side * gain, abs(int(middle)) * (5 + more) // 10) for size, gain, more in winners]
    floor = unpaid(winners, side * lost, fund=fund, contract=contract)
    floor.x.accounts.cross[BOB:] = cross
    before, lot = standing_of(floor), floor.x.lots[0]
    told = settle(floor, rule)
    closed = sum(abs(size) for row, size, _ in told if row != ENGINE)
    assert closed == lot.deleveraged == floor.now.deleveraged
    assert lot.realised == floor[FUND].wallet - fund and floor[FUND].wallet >= 0
    over = sum(abs(size) for row, size, _ in told if row == ENGINE)
    assert side * lot.open == lost - closed and over == max(closed - lost, 0) and (not over or rule.whole_positions)
    assert len({units for *_, units in told}) <= 1
    after = standing_of(floor)
    for row, size, units in told:
        if row == ENGINE:
            continue
        paid = size * (units - int(floor.now.mark_units))
        assert paid <= max(before[row][1], 0), "no more than its equity"
        if rule.allocation in ("pro_rata", "capped", "risk_aware"):
            assert before[row][0] > 0 and paid <= rule.cap * before[row][0]
        assert row not in after or np.sign(floor[row].contracts) == -side
    if lot.open * side > 0 and rule in (RULES["BitMEX"], RULES["dYdX"], RULES["random"]):
        cost = side * (bankruptcy_units(lot) - int(floor.now.mark_units))
        for row, (_, backing) in after.items():
            assert backing < cost or np.sign(floor[row].contracts) != -side, "whoever could have taken more did"


def test_what_is_no_rule_is_refused():
    with pytest.raises(ValueError, match="did you mean 'bitmex'"):
        AutoDeleverage(rank="bitmax")
    with pytest.raises(ValueError, match="unknown price"):
        AutoDeleverage(price="last")
    with pytest.raises(ValueError, match="did you mean 'pro_rata'"):
        AutoDeleverage(allocation="pro-rata")
    with pytest.raises(ValueError, match="cap must lie above 0 and up to 1"):
        AutoDeleverage(allocation="capped", cap=0.0)
    with pytest.raises(ValueError, match="cap must be 1 where allocation is 'queue'"):
        AutoDeleverage(cap=0.5)
    with pytest.raises(ValueError, match="whole_positions must be False"):
        AutoDeleverage(allocation="pro_rata", whole_positions=True)


# ---- losses that all share


def short_of(held, short, *, contract=LINEAR, mark=100, **terms):
    """A floor whose fund lacks `short` units; traders from ANNA on hold (contracts, entry tick) each."""
    floor = Floor([RICH] * len(held), contract=contract, socialises=True, **terms)
    for row, (size, tick) in enumerate(held, ANNA):
        fill(floor.x, row, size, int(floor.x.settlement[tick]), 0.0)
        fill(floor.x, OUTSIDE, -size, int(floor.x.settlement[tick]), 0.0)
    floor.set_mark(mark)
    deposit(floor.x, FUND, -short)
    return floor


HELD = st.lists(st.tuples(st.integers(-500, 500).filter(bool), st.integers(80, 120)), min_size=1, max_size=12)


@settings(max_examples=40)
@given(HELD, st.integers(1, 10**8), st.booleans(), st.integers(-500, 500))
def test_a_loss_spread_over_contracts_costs_each_of_them_the_same(held, short, cross, funding):
    floor = short_of(held, short, cross=cross)
    floor.pay_funding(funding)
    before = {row: equity(floor.x, row, 100_000) for row in range(ANNA, ANNA + len(held))}
    told = settle(floor, SpreadLoss())
    contracts = sum(abs(size) for size, _ in held)
    each = -(-short // contracts)
    assert floor[FUND].wallet == each * contracts - short < contracts
    for row, (size, _) in enumerate(held, ANNA):
        assert before[row] - equity(floor.x, row, 100_000) == abs(size) * each
    assert told == [(ANNA + n, 0, abs(size) * each) for n, (size, _) in enumerate(held)]


def test_a_loss_without_contracts_or_a_fund_without_loss_charges_nobody():
    assert settle(short_of([], 100), SpreadLoss()) == [] == settle(short_of([(5, 100)], 0), SpreadLoss())
    assert settle(short_of([(5, 90)], 100), DailyLoss()) == []


def end_day(floor, memory):
    """End the day; returns {row: units paid} and checks the laws."""
    told = {}
    DailyLoss().settle(floor.x, memory, lambda lot, row, contracts, units: told.update({row: units}))
    laws.check(floor.x)
    return told


def test_the_days_winners_pay_by_what_they_won_that_day():
    """ANNA won before the day began, BOB in it and is still open, CAROL in it and has closed, DAVE lost."""
    floor = short_of([(10, 80), (20, 100), (30, 100), (40, 100)], 0)
    memory = DailyLoss().start(floor.x)
    for row, size, units in ((CAROL, -30, 104_000), (ANNA, -10, 100_000), (DAVE, -80, 101_000)):
        fill(floor.x, row, size, units, 0.0)
        fill(floor.x, OUTSIDE, -size, units, 0.0)
    floor.set_mark(103)
    deposit(floor.x, FUND, -90_000)
    deposit(floor.x, BOB, 10**9)  # coin brought in is no profit
    paid = end_day(floor, memory)
    assert paid == {BOB: 30_000, CAROL: 60_000} and floor[FUND].wallet == 0
    assert floor[BOB].cost == -20 * 100_000, "the free balance pays first"
    assert np.array_equal(memory, earned(floor.x)) and end_day(floor, memory) == {}


def test_who_took_its_profit_out_pays_what_it_has_left_and_the_rest_stands_over():
    floor = short_of([(10, 100), (20, 100), (-30, 100)], 0)
    memory = DailyLoss().start(floor.x)
    floor.set_mark(103)
    deposit(floor.x, ANNA, 12_000 - equity(floor.x, ANNA, 103_000))
    deposit(floor.x, FUND, -100_000)
    assert end_day(floor, memory) == {ANNA: 12_000, BOB: 60_000}
    assert floor[FUND].wallet == -28_000 and equity(floor.x, ANNA, 103_000) == 0
    floor.set_mark(102)
    assert end_day(floor, memory) == {CAROL: 28_000}


@settings(max_examples=40)
@given(HELD, st.integers(0, 10**8), st.booleans(), st.integers(60, 140), st.integers(-(10**13), 10**9))
def test_a_days_winners_pay_no_more_than_they_won_and_have(held, short, cross, mark, brought):
    floor = short_of(held, 0, cross=cross)
    memory = DailyLoss().start(floor.x)
    deposit(floor.x, ANNA, brought)
    deposit(floor.x, FUND, -short)
    floor.set_mark(mark)
    rows = range(ANNA, ANNA + len(held))
    before = {row: equity(floor.x, row, 1000 * mark) for row in rows}
    won = {row: size * 1000 * (mark - 100) for row, (size, _) in enumerate(held, ANNA)}
    paid = end_day(floor, memory)
    could = {row: max(min(won[row], before[row]), 0) for row in rows}
    assert sum(paid.values()) == min(short, sum(could.values())) == floor[FUND].wallet + short
    for row in rows:
        assert paid.get(row, 0) <= could[row]
        assert before[row] - equity(floor.x, row, 1000 * mark) == paid.get(row, 0)


def test_a_pool_pays_what_the_fund_lacks_whatever_it_has():
    floor = short_of([(10, 90), (-20, 100)], 1_000)
    assert settle(floor, PoolPays()) == [] and (floor[FUND].wallet, floor[POOL].wallet) == (0, -1_000)
    assert settle(floor, PoolPays()) == [] and (floor[FUND].wallet, floor[POOL].wallet) == (0, -1_000)
    deposit(floor.x, FUND, 300)
    assert settle(floor, PoolPays()) == [] and (floor[FUND].wallet, floor[POOL].wallet) == (300, -1_000)


# ---- by the clock


def sessions(start, step_s, *, loss=None, limit=None):
    """The Sessions of a venue with that rule and that limit."""
    venue = replace(BITMEX, contract=LINEAR, loss=loss or AutoDeleverage(), draw_limit=limit)
    return Sessions(venue, datetime.fromisoformat(start), step_s)


@pytest.mark.parametrize(
    ("start", "step_s", "ends"),
    [
        ("2020-01-01T07:00", 600.0, [6, 150]),
        ("2020-01-01T08:00", 3600.0, [24, 48, 72, 96, 120, 144]),
        ("2020-01-01T09:30", 1800.0, [45, 93, 141]),
        ("2020-01-01T07:59:50", 7.0, [2]),
    ],
)
def test_a_day_ends_at_8_utc_and_at_no_other_time(start, step_s, ends):
    floor, told, ended = short_of([(10, 100), (-10, 100)], 0), [], []
    here = sessions(start, step_s, loss=DailyLoss())
    here.open(floor.x)
    floor.set_mark(103)
    deposit(floor.x, FUND, -1_000_000)
    for clock in range(1, 161):
        deposit(floor.x, FUND, -int(floor[FUND].wallet) - 300)
        here.pass_by(floor.x, clock, lambda *paid: told.append(paid))
        if floor[FUND].wallet == 0:
            ended.append(clock)
            floor.set_mark(103 + len(ended))
    assert ended == ends and told == [(-1, ANNA, 0, 300)] * len(ends)


def test_the_fund_must_keep_seven_tenths_of_its_peak_within_the_window():
    floor, here = Floor([], fund=1_000_000), sessions("2020-01-01T00:00", 30.0, limit=DrawLimit(window_hours=1.0))
    here.open(floor.x)
    kept = {}
    for clock in range(1, 361):
        if clock in (60, 120):
            deposit(floor.x, FUND, -200_000)
        here.pass_by(floor.x, clock, None)
        kept[clock] = int(floor.now.fund_kept)
    assert kept[1] == 0 and kept[2] == 700_000, "it looks once a minute"
    assert {kept[clock] for clock in range(2, 178)} == {700_000}
    assert {kept[clock] for clock in range(178, 238)} == {560_000} and kept[238] == 420_000


def test_a_limit_that_was_triggered_holds_until_the_fund_has_recovered_to_where_it_stops():
    """It begins 30 % below the peak and stops 25 % below it."""
    floor, limit = Floor([], fund=1_000_000), DrawLimit(window_hours=1.0, stop=0.25)
    here, kept = sessions("2020-01-01T00:00", 60.0, limit=limit), []
    here.open(floor.x)
    for clock, change in enumerate((0, -290_000, -20_000, 50_000, 20_000, -40_000), 1):
        deposit(floor.x, FUND, change)
        here.pass_by(floor.x, clock, None)
        kept.append(int(floor.now.fund_kept))
    assert kept == [700_000, 700_000, 750_000, 750_000, 700_000, 700_000]


# ---- the five accounts of Chitra (2025): a ledger, its bankruptcies, and who pays


A, B, C, D, E = range(RESERVED_ROWS, RESERVED_ROWS + 5)
FIVE = Linear(face=1.0, unit=1e-9, tick=0.1, highest=10.0, coin="USD")
CONTRACTS, DEPOSITS = [1, 1, -4, 1, -1], [2, 2 / 3, 8 / 3, 2 / 19, 10 / 99]


def five():
    """The floor at p = 1; his longs and shorts are 3 and 5, so the world outside is long 2."""
    floor = Floor([round(each * 1e9) for each in DEPOSITS], cross=True, contract=FIVE)
    for row, size in zip((*range(A, E + 1), OUTSIDE), (*CONTRACTS, 2), strict=True):
        fill(floor.x, row, size, 10**9, 0.0)
    laws.check(floor.x)
    return floor


def at(floor, price, expected):
    """Mark to a price and pay his funding, p * (p / expected - longs / shorts), longs to shorts; returns equities."""
    floor.set_mark(round(10 * price))
    floor.pay_funding(round(1e9 * price * (price / expected - 3 / 5)))
    laws.check(floor.x)
    return np.array([equity(floor.x, row, round(1e9 * price)) for row in range(A, E + 1)]) / 1e9


def test_the_five_account_ledger():
    floor = five()
    first = at(floor, 1.4, 1.5)
    assert first == pytest.approx([1.9333, 0.6, 2.9333, 0.0386, 0.1677], abs=1e-4)
    assert first - DEPOSITS == pytest.approx([-0.0667, -0.0667, 0.2667, -0.0667, 0.0667], abs=1e-4)
    assert first[3] < 0.1 * 1.4, "D no longer covers 10 %"
    leverage = np.abs(CONTRACTS) * 1.4 / first
    assert leverage == pytest.approx([0.7241, 2.3333, 1.9091, 36.27, 8.349], rel=1e-3) and sum(leverage) > 49.58
    second = at(floor, 1.3, 1.25)
    assert second == pytest.approx([1.2613, -0.0720, 5.6214, -0.6334, 0.8397], abs=1e-4)
    assert second - DEPOSITS == pytest.approx([-0.7387, -0.7387, 2.9547, -0.7387, 0.7387], abs=1e-4)
    leverage = np.abs(CONTRACTS) * 1.3 / np.abs(second)
    assert leverage == pytest.approx([1.031, 18.05, 0.925, 2.052, 1.548], rel=1e-3)
    fell = waterfall(second, np.zeros(5))
    assert fell.deficit == pytest.approx(0.7054, abs=1e-4)
    assert pro_rata(np.maximum(second, 0), fell.deficit)[[0, 2, 4]] == pytest.approx(0.0913, abs=1e-4)
    assert np.maximum(second, 0).sum() == pytest.approx(7.7224, abs=1e-4)


def test_the_five_bankruptcy_and_liquidation_prices():
    held = CONTRACTS, [-size * 10**9 for size in CONTRACTS], [round(each * 1e9) for each in DEPOSITS]
    broke = [bankruptcy_price(FIVE, *each) for each in zip(*held, strict=True)]
    assert broke == pytest.approx([0, 1 / 3, 5 / 3, 0.8947, 1.1010], abs=1e-4)
    tiers = Tiers.flat(0.1, 0.1)
    closed = [liquidation_price(FIVE, *each, tiers) for each in zip(*held, strict=True)]
    assert closed == pytest.approx([0, 0.3704, 1.5152, 0.9942, 1.0010], abs=1e-4)


def test_the_bad_debt_of_selling_into_a_linear_impact():
    """0.4 sold at 0.78 where 0.8747 was needed, and 1 bought at 1.55 where 1.151 was: tenths of a contract."""
    tenth = Linear(face=0.1, unit=1e-9, tick=0.01, highest=10.0, coin="USD")
    for size, broke, paid, price in ((4, 0.8747, 0.0379, 0.78), (-10, 1.151, 0.399, 1.55)):
        floor = Floor([10**12] * 3, contract=tenth, fund=10**12, rests=False)
        side = np.sign(size)
        fill(floor.x, ANNA, size, 10**8, 0.0)
        fill(floor.x, BOB, -size, 10**8, 0.0)
        account = floor[ANNA]
        margin = round(abs(size) * 1e8 * abs(1 - broke))
        account.margin, account.wallet = margin, account.margin + account.wallet - margin
        floor.send(CAROL, size, round(100 * price))
        floor.set_mark(round(100 * (broke - 0.01 * side)))
        floor.liquidate()
        floor.unwind()
        assert floor.now.fund_draw * 1e-9 == pytest.approx(paid, abs=1e-4)


def test_the_fees_of_a_close_and_the_cost_of_a_walk_through_the_book():
    tenth = Linear(face=0.1, unit=1e-9, tick=0.01, highest=10.0, coin="USD")
    fees = []
    for rates in ({1.3: 0.004}, {1.3: 0.002, 1.32: 0.001}):
        floor = Floor([10**12], contract=tenth)
        for price, rate in rates.items():
            fill(floor.x, ANNA, 5, tenth.settlement(price), rate)
        fees.append(floor[EXCHANGE].wallet * 1e-9)
    assert fees == pytest.approx([0.0026, 0.00196], abs=1e-9)
    floor = Floor([10**12] * 2, contract=FIVE)
    for size, tick in ((1, 10), (3, 11), (10, 12)):
        floor.send(BOB, -size, tick)
    floor.send(ANNA, 5, 12)
    assert -floor[ANNA].cost * 1e-9 == pytest.approx(5.5) and -floor[ANNA].cost * 1e-9 / 5 == pytest.approx(1.1)


# ---- whole markets


@pytest.mark.parametrize("name", RULES)
def test_every_rule_keeps_the_laws_of_a_whole_market(name):
    market = storm(fund_coin=0.0, venue=replace(BITMEX, loss=RULES[name]))
    run = market.run()
    now, lots = market.exchange.now[0], market.exchange.lots
    traders = run.adl[run.adl.account >= RESERVED_ROWS]
    assert now.deleveraged == np.abs(traders.contracts).sum() == lots.deleveraged.sum() > 0
    over = run.adl[run.adl.account == ENGINE]
    assert (len(over) > 0) == RULES[name].whole_positions
    assert run["fund_coin"].min() >= -abs(now.engine_funding) * 1e-12 - 1e-9


def test_a_run_with_random_order_is_the_same_again():
    runs = [storm(fund_coin=0.0, venue=replace(BITMEX, loss=RULES["random"])).run() for _ in range(2)]
    assert len(runs[0].adl) > 1 and np.array_equal(runs[0].adl, runs[1].adl)


@pytest.mark.parametrize("rule", [SocialisedLoss(), SpreadLoss(), DailyLoss()])
def test_every_way_to_share_a_loss_keeps_the_laws_of_a_whole_market(rule):
    market = storm(fund_coin=0.0, venue=replace(BITMEX, loss=rule))
    x = market.exchange
    memory = rule.start(x)
    run = market.run()
    x, told = market.exchange, []
    rule.settle(x, memory, lambda *paid: told.append(paid))
    laws.check(x)
    assert len(run.adl) + len(told) > 10 and run["fund_draw_coin"][-1] > 1.0
    assert x.accounts[FUND].wallet > -len(x.accounts)
