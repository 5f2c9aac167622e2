"""The liquidation engine closes what it took over, lot by lot; who pays when it cannot without a loss."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import deleverage, genealogy, laws, risk
from sim.contract import Inverse
from sim.deleverage import bankruptcy_units, bitmex_score, largest_remainder, positions
from sim.engine import unrealised
from sim.ledger import ENGINE, EXCHANGE, FUND, OUTSIDE, RESERVED_ROWS, deposit, fill
from sim.liquidation import BITMEX_LADDER
from tests.floor import ANNA, BOB, CAROL, DAVE, ERIN, INVERSE, LINEAR, Floor, step
from tests.flow import Flow, digest

RICH = 10**10
HOME = Path(__file__).resolve().parent.parent


def bankrupt(contracts=100, *, traders=5, bids=(), asks=(), fund=RICH, mark=None, **terms):
    """A floor on which ANNA's position, opened at 100 with a margin of 10 a contract, is about to be taken over.

    Its bankruptcy price is 90 if it is long, 110 if it is short. BOB holds the other side; CAROL bids and asks
    (tick, contracts) with plenty of coin.
    """
    floor = Floor([RICH] * traders, fund=fund, **terms)
    floor.set_mark(100)
    fill(floor.x, ANNA, contracts, 100_000, 0.0)
    fill(floor.x, BOB, -contracts, 100_000, 0.0)
    for side, quotes in ((1, bids), (-1, asks)):
        for tick, size in quotes:
            floor.send(CAROL, side * size, tick)
    floor.set_mark(mark or (90 if contracts > 0 else 110))
    floor.liquidate()
    assert floor.now.lots == 1
    return floor


def run(floor, steps=1):
    """Let the engine work for some steps; the law holds after each."""
    for _ in range(steps):
        floor.unwind()
        laws.check(floor.x)
        floor.begin()
    return floor


# ---- resting


@pytest.mark.parametrize(("contracts", "tick"), [(100, 90), (-100, 110)])
def test_a_lot_rests_at_its_bankruptcy_price_where_closing_it_costs_the_fund_nothing(contracts, tick):
    floor = run(bankrupt(contracts))
    assert floor.queue(tick) == [(ENGINE, -contracts)]
    floor.send(DAVE, contracts, tick)
    lot = floor.x.lots[0]
    assert (lot.open, lot.realised, lot.closed_step) == (0, 0, floor.now.step)
    assert floor[FUND].wallet == RICH and floor[ENGINE].contracts == 0
    laws.check(floor.x)


def test_what_the_book_offers_at_better_prices_is_the_funds_gain():
    floor = run(bankrupt(bids=[(95, 30)]))
    assert floor.trades() == [(CAROL, ENGINE, 95, -30)]
    assert floor[FUND].wallet - RICH == floor.x.lots[0].realised == floor.now.fund_gain == 30 * 5_000
    assert floor.queue(90) == [(ENGINE, -70)]


@settings(max_examples=60)
@given(
    st.integers(1, 500),
    st.integers(1, 10**9),
    st.booleans(),
    st.lists(st.integers(1, 60), min_size=1, max_size=12),
)
def test_no_part_of_a_resting_lot_ever_costs_the_fund_a_unit(contracts, backing, long, parts):
    floor = Floor([10**13] * 3, contract=INVERSE, rests=True, fund=0)
    size = contracts if long else -contracts
    fill(floor.x, ANNA, size, int(floor.x.settlement[1000]), 0.0)
    fill(floor.x, BOB, -size, int(floor.x.settlement[1000]), 0.0)
    account = floor[ANNA]
    deposit(floor.x, ANNA, backing - int(account.margin) - int(account.wallet))
    account.margin, account.wallet = backing, 0
    floor.set_mark(999 if long else 1001)
    floor.liquidate()
    if floor.now.lots == 0:
        return
    floor.unwind()
    lot, fund = floor.x.lots[0], 0
    for part in parts:
        floor.send(CAROL, part if long else -part, 2000 if long else 1, tif=1)
        assert floor[FUND].wallet >= fund
        fund = floor[FUND].wallet
        laws.check(floor.x)
    assert lot.realised == fund and floor.now.fund_draw == 0


def test_a_venue_may_not_rest_its_lots():
    floor = run(bankrupt(rests=False, rest_steps=5), 3)
    assert floor.now.resting == 0 and floor.x.lots[0].open == 100


# ---- aggressing


def test_once_it_has_rested_a_lot_is_sold_at_what_the_book_offers_and_the_fund_pays():
    floor = bankrupt(bids=[(85, 60)], rest_steps=2)
    run(floor, 2)
    assert floor.trades() == []
    run(floor)
    assert floor.trades() == [(CAROL, ENGINE, 85, -60)]
    assert RICH - floor[FUND].wallet == floor.now.fund_draw == -floor.x.lots[0].realised == 60 * 5_000
    assert floor.queue(90) == [(ENGINE, -40)]  # what is left rests again


def test_the_engine_sells_no_more_in_a_step_than_its_pace_allows():
    floor = bankrupt(bids=[(85, 60), (80, 60)], engine_rate=7.0, step_s=2.0)
    for _ in range(4):
        run(floor)
        assert sum(-contracts for *_, contracts in floor.trades()) == 14


def test_lots_are_closed_first_come_first_served():
    floor = bankrupt(bids=[(80, 60)], engine_rate=50.0, rests=False)
    fill(floor.x, DAVE, 30, 100_000, 0.0)
    fill(floor.x, ERIN, -30, 100_000, 0.0)
    floor.liquidate()
    assert floor.x.lots.account[:2].tolist() == [ANNA, DAVE]
    run(floor)
    assert floor.x.lots.open[:2].tolist() == [50, 30]
    floor.send(CAROL, 60, 80)
    run(floor)
    assert floor.x.lots.open[:2].tolist() == [0, 30]
    run(floor)
    assert floor.x.lots.open[:2].tolist() == [0, 10] and floor.now.first_lot == 1  # CAROL's bids are used up


def test_one_lots_leftover_pace_goes_to_the_next():
    floor = bankrupt(20, bids=[(80, 60)], engine_rate=50.0, rests=False)
    fill(floor.x, DAVE, 60, 100_000, 0.0)
    fill(floor.x, ERIN, -60, 100_000, 0.0)
    floor.liquidate()
    run(floor)
    assert floor.x.lots.open[:2].tolist() == [0, 30]


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(50, 95), st.integers(1, 40)), min_size=1, max_size=8),
    st.integers(0, 10**6),
    st.integers(0, 10**5),
    st.integers(0, 10**6),
)
def test_the_fund_pays_no_more_than_it_has_and_than_its_limit_allows(bids, limit, rate, fund):
    floor = bankrupt(bids=bids, draw_limit=limit, draw_rate=rate, fund=fund)
    floor.now.draw_left = 0.0
    for steps in range(1, 6):
        floor.now.unpaid = 0
        floor.x.lots.unpaid = False
        run(floor)
        assert floor.now.fund_draw <= min(limit, rate) + rate * (steps - 1)
        assert floor[FUND].wallet >= 0
    assert floor.x.lots[0].realised == floor[FUND].wallet - fund


@pytest.mark.parametrize(("kept", "sold"), [(0, 100), (600_001, 79), (995_001, 0), (2_000_000, 0)])
def test_the_fund_does_not_pay_with_what_it_must_keep(kept, sold):
    """A loss of 5,000 a contract and a fund of a million: where it may not pay for one contract, others must."""
    floor = bankrupt(bids=[(85, 100)], rests=False, fund=1_000_000)
    floor.now.fund_kept = kept
    floor.unwind()
    assert floor.trades() == ([(CAROL, ENGINE, 85, -sold)] if sold else [])
    assert floor[FUND].wallet == 1_000_000 - 5_000 * sold
    assert floor.now.deleveraged == (0 if sold else 100), kept


def test_a_limit_of_the_draw_adds_up_while_it_is_not_used_up_to_its_cap():
    floor = bankrupt(rests=False, draw_limit=100_000.0, draw_rate=30_000.0)
    floor.now.draw_left = 0.0
    run(floor, 10)
    floor.send(CAROL, 100, 80)  # a loss of 10,000 a contract
    run(floor)
    assert floor.trades() == [(CAROL, ENGINE, 80, -10)]
    run(floor)
    assert floor.trades() == [(CAROL, ENGINE, 80, -3)]


def test_orders_that_may_vanish_are_not_counted_on():
    """A reduce-only bid that is gone when it is met must not make the engine sell at prices it cannot pay for."""
    floor = bankrupt(rests=False, rest_steps=1, draw_limit=50_000.0)
    fill(floor.x, DAVE, -10, 90_000, 0.0)
    fill(floor.x, ERIN, 10, 90_000, 0.0)
    floor.send(DAVE, 10, 89, reduce_only=True)
    fill(floor.x, DAVE, 10, 90_000, 0.0)  # the position is gone, the order not yet
    fill(floor.x, ERIN, -10, 90_000, 0.0)
    floor.send(CAROL, 100, 50)  # a loss of 40,000 a contract
    run(floor, 2)
    assert floor.now.fund_draw <= 50_000
    assert floor.trades() == [(CAROL, ENGINE, 50, -1)]


def test_two_lots_of_the_engine_may_close_each_other():
    floor = bankrupt(100, traders=6, mark=89)
    fill(floor.x, DAVE, -80, 79_000, 0.0)  # a short that is bankrupt at 86.9
    fill(floor.x, ERIN, 80, 79_000, 0.0)
    floor.set_mark(88)
    floor.liquidate()
    deals = len(floor.take_fills())
    run(floor)
    assert deals == 0 and floor.now.lots == 2
    assert floor[ENGINE].contracts == floor.x.lots.open[:2].sum()
    assert floor.x.lots.realised[:2].sum() == floor[FUND].wallet - RICH


def test_lots_pay_no_fee():
    floor = run(bankrupt(bids=[(95, 30), (85, 30)], maker_fee=0.001, taker_fee=0.002))
    assert floor[FUND].wallet - RICH == 30 * 5_000 - 30 * 5_000
    assert floor[EXCHANGE].wallet == 30 * 95 + 30 * 85  # CAROL's alone


def test_the_engine_pays_and_receives_funding_from_the_fund():
    floor = bankrupt(rests=False, rest_steps=9)
    floor.pay_funding(50)
    run(floor)
    floor.send(CAROL, 100, 90)
    floor.x.lots[0].step -= 9
    run(floor)
    assert floor.now.engine_funding == -5_000 and floor.x.lots[0].realised == 0
    assert floor[FUND].wallet == RICH - 5_000


def test_unrealised_loss_is_what_closing_at_the_mark_would_bring():
    floor = bankrupt(rests=False, rest_steps=9, mark=88)
    assert unrealised(floor.x, int(floor.now.mark_units)) == -100 * 2_000


# ---- absorbed


@pytest.mark.parametrize(("contracts", "mark"), [(100, 88), (-100, 113)])
def test_absorbed_closes_leave_the_book_alone(contracts, mark):
    floor = bankrupt(contracts, bids=[(85, 500)], asks=[(115, 500)], mark=mark, absorbs=True)
    run(floor)
    assert floor.trades() == [] and floor.queue(85) == [(CAROL, 500)] and floor.queue(115) == [(CAROL, -500)]
    lost = 100 * (2_000 if contracts > 0 else 3_000)
    assert RICH - floor[FUND].wallet == lost == -floor.x.lots[0].realised
    assert floor[OUTSIDE].contracts == contracts and floor[ENGINE].contracts == 0
    assert floor.now.last == -1 and floor.x.lots[0].impact_usd == 0


# ---- impact and genealogy


def test_the_impact_of_a_lot_is_how_its_own_orders_moved_the_mid():
    floor = bankrupt(bids=[(85, 60), (75, 100)], asks=[(95, 10)], rest_steps=1)
    run(floor)  # rests at 90: the mid goes from 90 to 87.5, but nothing is traded
    assert floor.x.lots[0].impact_usd == 0
    floor.send(BOB, -1, 200)
    before = 0.5 * (85 + 95)  # once its own order at 90 is withdrawn
    run(floor)
    assert floor.trades() == [(CAROL, ENGINE, 85, -60), (CAROL, ENGINE, 75, -40)]
    assert floor.x.lots[0].impact_usd == floor.now.live_usd == 0.5 * (75 + 95) - before
    genealogy.decay(floor.x)
    assert floor.now.live_usd == floor.x.lots[0].live_usd == 0.5 * floor.x.lots[0].impact_usd


def test_a_takeover_that_needs_no_impact_has_no_parent_and_one_that_does_has():
    for shadow, expected in ((90.0, -1), (99.0, 0)):
        floor = bankrupt(rests=False, rest_steps=99)
        floor.x.lots[0].live_usd = -9.0
        fill(floor.x, DAVE, 30, 100_000, 0.0)
        fill(floor.x, ERIN, -30, 100_000, 0.0)
        floor.now.shadow_mark = shadow
        floor.liquidate()
        assert floor.x.lots[1].parent == expected
        assert genealogy.branching_ratio(floor.x) == (0.5 if expected == 0 else 0.0)


def test_parents_are_drawn_in_proportion_to_live_impact_and_never_from_the_other_side():
    floor = Floor([RICH] * 2000)
    fill(floor.x, ANNA, 1, 100_000, 0.0)
    floor.x.accounts.contracts = 1
    floor.x = floor.x.replace(lots=np.zeros(4, floor.x.lots.dtype).view(np.recarray))
    floor.now.lots = 4
    floor.x.lots.live_usd = -3.0, 5.0, -1.0, 0.0  # the second pushed prices up: no parent of a long
    drawn = [genealogy.parent(floor.x, row, floor.first_rows) for row in range(ANNA, ANNA + 2000)]
    counts = np.bincount(drawn, minlength=4)
    assert counts[1] == counts[3] == 0
    assert abs(counts[0] - 1500) < 4 * np.sqrt(2000 * 0.75 * 0.25)


# ---- the sum over lots


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "terms", [dict(liquidation=BITMEX_LADDER), dict(cross=True), dict(rest_steps=3, engine_rate=200.0)]
)
def test_the_results_of_all_lots_are_the_change_of_the_fund(seed, terms):
    floor = Floor([10**12] * 30, contract=INVERSE, leverage=50.0, fund=10**10, **terms)
    flow = Flow(floor, np.random.default_rng(seed), middle=1000, coin=10**12, contracts=2000)
    for _ in range(150):
        step(floor, **flow.events(25))
        laws.check(floor.x)
        floor.take_fills()
    lots = floor.x.lots[: floor.now.lots]
    assert len(lots) > 5
    assert lots.realised.sum() == floor[FUND].wallet - 10**10 - floor.now.engine_funding
    assert lots.realised.sum() == floor.now.fund_gain - floor.now.fund_draw
    closed = lots[lots.closed_step >= 0]
    assert (closed.open == 0).all() and (closed.open_cost == 0).all() and (closed.open_margin == 0).all()
    assert floor.now.liquidated >= np.abs(lots.contracts).sum()


# ---- deleveraging


def winners(entries, liquidated, *, fund=0, mark=None, **terms):
    """A floor without a fund: ANNA's lot of `liquidated` contracts, bankrupt at 90 (short: 110), and behind her
    (contracts, entry tick, margin) of the other side; the book holds nothing that the engine could trade with."""
    floor = Floor([RICH] * (len(entries) + 2), leverage=10.0, fund=fund, **terms)
    side = -1 if liquidated > 0 else 1
    total = 0
    for row, (contracts, tick, margin) in enumerate(entries, BOB):
        fill(floor.x, row, side * contracts, 1000 * tick, 0.0)
        account = floor[row]
        account.margin, account.wallet = margin, account.margin + account.wallet - margin
        fill(floor.x, OUTSIDE, -side * contracts, 1000 * tick, 0.0)
        total += contracts
    fill(floor.x, ANNA, liquidated, 100_000, 0.0)
    fill(floor.x, OUTSIDE, -liquidated, 100_000, 0.0)
    floor.set_mark(mark or (85 if liquidated > 0 else 115))
    for row in range(BOB, BOB + len(entries)):
        assert not risk.doomed(floor.x, row, int(floor.now.mark_units))
    floor.liquidate()
    last = RESERVED_ROWS + len(entries) + 1
    floor.send(last, 1 if liquidated > 0 else -1, 80 if liquidated > 0 else 120)  # what the fund cannot pay for
    return floor, total


def test_the_published_example_of_auto_deleveraging(monkeypatch):
    """worked_examples.csv, bmx-adl-01: a short of 20 bankrupt at 650 meets longs in the order of their scores."""
    longs = {1: (10, 3), 2: (10, 6), 3: (20, 1), 4: (30, 4), 5: (20, 5), 6: (10, 2)}
    floor = Floor([RICH] * 8, leverage=10.0, rests=False)
    for number, (contracts, _) in longs.items():
        fill(floor.x, ANNA + number, contracts, 500_000, 0.0)
        fill(floor.x, OUTSIDE, -contracts, 500_000, 0.0)
    fill(floor.x, ANNA, -20, 600_000, 0.0)
    fill(floor.x, OUTSIDE, 20, 600_000, 0.0)
    floor[ANNA].margin, floor[ANNA].wallet = 20 * 50_000, RICH - 20 * 50_000
    floor.set_mark(660)
    floor.liquidate()
    floor.send(ANNA + 7, -1, 700)
    scores = {ANNA + number: score for number, (_, score) in longs.items()}
    monkeypatch.setattr(deleverage, "bitmex_score", lambda *_: np.array(sorted_by_row(floor, scores)))
    floor.unwind()
    laws.check(floor.x)
    assert floor.adl == [(0, ANNA + 2, -10, 650_000), (0, ANNA + 5, -10, 650_000)]
    remaining = {number: int(floor[ANNA + number].contracts) for number in longs}
    assert remaining == {1: 10, 2: 0, 3: 20, 4: 30, 5: 10, 6: 10}
    assert floor.x.lots[0].open == 0 and floor[FUND].wallet == 0


def sorted_by_row(floor, scores):
    """The scores of the rows that hold a long."""
    return [score for row, score in scores.items() if floor[row].contracts > 0]


def test_the_published_score_of_auto_deleveraging():
    """worked_examples.csv, bmx-adl-03: an inverse long from 9,000, at 10,000, bankrupt at 8,000."""
    contract = Inverse(highest=20_000.0)
    floor = Floor([10**15, 10**15], contract=contract)
    for row, size in ((ANNA, 720_000), (BOB, -720_000)):
        fill(floor.x, row, size, contract.settlement(9000.0), 0.0)
    account = floor[ANNA]
    account.margin = 720_000 * (contract.settlement(9000.0) - contract.settlement(8000.0))
    floor.set_mark(20_000)
    rows, profit, entry, equity = positions(floor.x, 1)
    value = np.abs(floor.x.accounts.contracts[rows] * floor.now.mark_units)
    assert rows.tolist() == [ANNA]
    assert profit[0] / entry[0] == pytest.approx(0.1, rel=1e-6)
    assert value[0] / equity[0] == pytest.approx(4.0, rel=1e-6)
    assert bitmex_score(profit, entry, equity, value)[0] == pytest.approx(0.4, rel=1e-6)


def test_losers_rank_behind_winners_and_the_more_leveraged_loser_before_the_less():
    profit, entry = np.array([10, -10, -10, 10]), np.full(4, 100)
    equity, value = np.array([50, 50, 5, 5]), np.full(4, 100)
    order = np.argsort(-bitmex_score(profit, entry, equity, value))
    assert order.tolist() == [3, 0, 2, 1]


def test_deleveraging_closes_a_lot_at_its_bankruptcy_price_against_the_most_profitable_and_leveraged():
    floor, total = winners([(40, 100, 400_000), (40, 120, 400_000), (40, 95, 2_000_000)], liquidated=60)
    floor.unwind()
    laws.check(floor.x)
    assert floor.adl == [(0, CAROL, 40, 90_000), (0, BOB, 20, 90_000)]
    assert floor.x.lots[0].deleveraged == floor.now.deleveraged == 60
    assert floor.x.lots[0].open == 0 and floor[FUND].wallet == 0 == floor[EXCHANGE].wallet
    assert floor[CAROL].wallet == RICH + 40 * 30_000  # sold at 120, bought back at 90: no fee


@pytest.mark.parametrize("liquidated", [60, -60])
def test_deleveraging_cancels_the_orders_of_those_it_closes_and_of_nobody_else(liquidated):
    side = 1 if liquidated > 0 else -1
    floor, _ = winners([(60, 100, 600_000), (60, 100 - side, 600_000)], liquidated)
    for row in (BOB, CAROL):
        floor.send(row, side * 5, 40 if side > 0 else 190)
    floor.unwind()
    laws.check(floor.x)
    assert [row for _, row, *_ in floor.adl] == [BOB]
    assert floor[BOB].orders == -1 and floor[CAROL].orders >= 0


def test_deleveraging_stops_where_a_counterparty_has_nothing_left_and_passes_on():
    """Closing at 90 with the mark at 85 costs a short 5 a contract of what it has."""
    floor, _ = winners([(60, 85, 100_000), (60, 84, 10**7)], liquidated=60)
    floor.unwind()
    laws.check(floor.x)
    assert floor.adl == [(0, CAROL, 40, 90_000), (0, BOB, 20, 90_000)] or floor.adl[0][1] == BOB
    lost = {row: contracts for _, row, contracts, _ in floor.adl}
    assert lost[BOB] == 20 and lost[CAROL] == 40  # 20 * 5,000 is all that BOB had
    assert floor[BOB].margin + floor[BOB].cost + floor[BOB].contracts * floor.now.mark_units >= 0


def test_what_deleveraging_cannot_close_stays_with_the_engine_and_rests_again():
    floor, _ = winners([(10, 100, 400_000)], liquidated=60)
    floor.unwind()
    laws.check(floor.x)
    assert floor.x.lots[0].open == 50 and floor.queue(90) == [(ENGINE, -50)]
    floor.send(BOB, 80, 90)  # nobody buys more from the engine than it has
    assert floor.x.lots[0].open == 0 and floor.queue(90) == [(BOB, 30)]
    laws.check(floor.x)


def test_a_lot_that_is_deleveraged_leaves_no_order_behind():
    floor, _ = winners([(60, 100, 600_000)], liquidated=60)
    assert floor.queue(90) == []
    floor.unwind()
    assert floor.x.lots[0].open == 0 and floor.queue(90) == []
    assert floor[ENGINE].contracts == 0


@settings(max_examples=60)
@given(st.integers(1, 300), st.integers(1, 10**8), st.lists(st.integers(1, 50), min_size=1, max_size=6), st.booleans())
def test_deleveraging_never_leaves_the_fund_below_zero_and_gives_it_the_remainder(contracts, backing, parts, long):
    floor = Floor([10**13] * (len(parts) + 1), contract=INVERSE, rests=False, fund=0)
    sign = 1 if long else -1
    for row, part in enumerate(parts, BOB):
        fill(floor.x, row, -sign * part, int(floor.x.settlement[1000 + 100 * sign]), 0.0)
        fill(floor.x, OUTSIDE, sign * part, int(floor.x.settlement[1000 + 100 * sign]), 0.0)
    fill(floor.x, ANNA, sign * contracts, int(floor.x.settlement[1000]), 0.0)
    fill(floor.x, OUTSIDE, -sign * contracts, int(floor.x.settlement[1000]), 0.0)
    account = floor[ANNA]
    deposit(floor.x, ANNA, backing - int(account.margin) - int(account.wallet))
    account.margin, account.wallet = backing, 0
    floor.set_mark(980 if long else 1020)
    floor.liquidate()
    lots = [k for k in range(floor.now.lots) if floor.x.lots[k].account == ANNA]
    if not lots:
        return
    lot = floor.x.lots[lots[0]]
    left, units = int(lot.open_cost + lot.open_margin), bankruptcy_units(lot)
    assert 0 <= left + int(lot.open) * units < abs(int(lot.open))
    lot.unpaid = True
    floor.loss.allocate(floor.x, lambda *_: None)
    laws.check(floor.x)
    assert lot.deleveraged == min(contracts, sum(parts))
    assert 0 <= floor[FUND].wallet == lot.realised < contracts


# ---- socialised losses


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**14), min_size=1, max_size=30).filter(any))
def test_whole_shares_add_up_and_none_is_off_by_more_than_rounding(amount, weights):
    shares = largest_remainder(amount, weights)
    assert sum(shares.tolist()) == amount
    for share, weight in zip(shares.tolist(), weights, strict=True):
        assert abs(share - amount * weight / sum(weights)) <= 1 + 1e-12 * amount


def test_ties_of_a_remainder_go_to_the_lower_row():
    assert largest_remainder(5, [1, 1, 1]).tolist() == [2, 2, 1]
    assert largest_remainder(7, [1, 1, 5]).tolist() == [1, 1, 5]
    assert largest_remainder(2, [1, 1, 2]).tolist() == [1, 0, 1]


def noting(allocate, costs):
    """A method that notes what every position has cost and then allocates."""

    def method(_, x, done):
        costs.append(x.accounts.cost.copy())
        allocate(x, done)

    return method


def test_winners_pay_for_a_loss_in_proportion_to_their_profits(monkeypatch):
    floor = bankrupt(bids=[(50, 100)], fund=1_000, socialises=True, rests=False)
    fill(floor.x, DAVE, -50, 100_000, 0.0)
    fill(floor.x, ERIN, 50, 80_000, 0.0)  # both win 10 a contract at 90, ERIN on the side of who lost
    costs = []
    monkeypatch.setattr(floor.loss.__class__, "allocate", noting(floor.loss.allocate, costs))
    floor.unwind()
    winners, short = [BOB, CAROL, DAVE, ERIN], 100 * 40_000 - 1_000  # CAROL bought at 50
    paid = (costs[0] - floor.x.accounts.cost)[winners]
    assert floor[FUND].wallet == 0 and paid.sum() == short
    assert paid.tolist() == largest_remainder(short, [2, 8, 1, 1]).tolist()


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(-500, 500).filter(bool), st.integers(800, 1200)), min_size=1, max_size=20),
    st.integers(1, 10**13),
    st.booleans(),
)
def test_socialised_losses_add_up_exactly_and_take_from_nobody_more_than_it_won(held, short, cross):
    floor = Floor([10**12] * len(held), contract=INVERSE, socialises=True, cross=cross)
    for row, (contracts, tick) in enumerate(held, ANNA):
        fill(floor.x, row, contracts, int(floor.x.settlement[tick]), 0.0)
        fill(floor.x, OUTSIDE, -contracts, int(floor.x.settlement[tick]), 0.0)
    floor.pay_funding(1000)
    deposit(floor.x, FUND, -short)
    floor.set_mark(1000)
    won = {int(row): int(profit) for sign in (1, -1) for row, profit in zip(*positions(floor.x, sign)[:2], strict=True)}
    before, paid = {row: profit for row, profit in won.items() if profit > 0}, {}
    floor.loss.allocate(floor.x, lambda lot, row, contracts, units: paid.update({row: units}))
    laws.check(floor.x)
    assert floor[FUND].wallet + short == sum(paid.values())
    assert set(paid) <= set(before) and all(0 < paid[row] <= before[row] for row in paid)
    if sum(before.values()) >= short:
        assert -len(before) <= floor[FUND].wallet <= 0
    for row, profit in won.items():
        after = [p for sign in (1, -1) for r, p in zip(*positions(floor.x, sign)[:2], strict=True) if r == row]
        assert after == [profit - paid.get(row, 0)]


# ---- uncompiled


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
def test_uncompiled_the_exchange_does_the_same_to_the_last_bit():
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-m", "tests.flow"],
        cwd=HOME, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(part) for part in digest()]


def test_the_random_run_of_that_test_does_everything():
    floor = Floor([10**12] * 8, contract=LINEAR)
    assert floor.now.fills == 0 and int(digest()[1]) > 50
