"""The order book and its orders, one example each, and the cases that matching engines are known to get wrong."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import laws, orders
from sim.book import CANCEL_RESTING, CANCEL_TAKING, DECREMENT, depth, impact_price
from sim.exchange import INDEX, LAST, MARK, records
from sim.ledger import equity
from sim.margin import NETTINGS, Tiers, order_value
from sim.orders import (
    ADD_MARGIN,
    CANCEL,
    CANCEL_ALL,
    DEPOSIT,
    FALLING,
    FOK,
    GTC,
    IOC,
    POST,
    REPLACE,
    RISING,
    SLOT_BITS,
    reserved,
)
from sim.streams import PRIORITY, words4
from tests.floor import ANNA, BOB, CAROL, DAVE, ERIN, INVERSE, LINEAR, Floor

RICH = 10**12
TOP = 2000


@pytest.fixture
def floor():
    """Five rich traders, marked at 100."""
    floor = Floor([RICH] * 5)
    floor.set_mark(100)
    yield floor
    laws.check(floor.x)


def stop(source, direction):
    """The trigger of a message."""
    return 2 * source + direction


# ---- price and time


def test_the_better_price_trades_first_and_at_one_price_the_earlier_order(floor):
    floor.send(ANNA, -5, 102)
    floor.send(BOB, -5, 101)
    floor.send(CAROL, -5, 101)
    floor.send(DAVE, 12, 105)
    assert floor.trades() == [(BOB, DAVE, 101, 5), (CAROL, DAVE, 101, 5), (ANNA, DAVE, 102, 2)]
    assert floor.queue(102) == [(ANNA, -3)]


def test_what_a_limit_order_cannot_trade_rests(floor):
    floor.send(ANNA, -5, 100)
    floor.send(BOB, 8, 100)
    assert floor.trades() == [(ANNA, BOB, 100, 5)]
    assert (floor.now.bid, floor.now.ask) == (100, TOP + 1)
    assert floor.queue(100) == [(BOB, 3)]


def test_a_taker_trades_at_the_makers_price(floor):
    floor.send(ANNA, 5, 120)
    floor.send(BOB, -5, 90)
    assert floor.trades() == [(ANNA, BOB, 120, -5)]
    assert floor[BOB].cost == 5 * 120_000


def test_the_best_price_moves_over_empty_ticks_when_its_queue_ends(floor):
    for tick in (90, 40, 7):
        floor.send(ANNA, 1, tick)
    for best, left in ((90, 40), (40, 7), (7, -1)):
        assert floor.now.bid == best
        floor.send(BOB, -1, 1, tif=IOC)
        assert floor.now.bid == left


def test_both_ends_of_the_ladder_can_be_quoted_and_nothing_beyond(floor):
    floor.send(ANNA, 1, 1)
    floor.send(BOB, -1, TOP)
    assert (floor.now.bid, floor.now.ask) == (1, TOP)
    for tick in (0, -3, TOP + 1):
        assert not floor.send(CAROL, 1, tick)
    assert floor.now.rejected == 3 and floor.now.resting == 2


def test_an_order_for_nothing_is_refused(floor):
    floor.send(ANNA, 0, 100)
    assert floor.now.rejected == 1 and floor.now.resting == 0


# ---- how long an order stays


def test_a_market_order_in_an_empty_book_does_nothing(floor):
    floor.send(ANNA, 5, TOP, tif=IOC)
    floor.send(BOB, -5, 1, tif=IOC)
    assert floor.now.resting == 0 and not floor.trades()


def test_a_market_order_sweeps_the_levels_and_leaves_nothing(floor):
    for tick, size in ((101, 2), (105, 3), (109, 1)):
        floor.send(ANNA, -size, tick)
    floor.send(BOB, 10, TOP, tif=IOC)
    assert floor.trades() == [(ANNA, BOB, 101, 2), (ANNA, BOB, 105, 3), (ANNA, BOB, 109, 1)]
    assert (floor.now.bid, floor.now.ask, floor.now.resting) == (-1, TOP + 1, 0)


def test_an_immediate_order_stops_at_its_limit(floor):
    floor.send(ANNA, -2, 101)
    floor.send(ANNA, -2, 103)
    floor.send(BOB, 4, 102, tif=IOC)
    assert floor.trades() == [(ANNA, BOB, 101, 2)] and floor.now.bid == -1


def test_fill_or_kill_trades_all_or_nothing(floor):
    floor.send(ANNA, -3, 101)
    floor.send(BOB, -3, 102)
    floor.send(CAROL, 7, 102, tif=FOK)
    floor.send(CAROL, 4, 101, tif=FOK)
    assert floor.now.rejected == 2 and not floor.trades()
    floor.send(CAROL, 6, 102, tif=FOK)
    assert floor.trades() == [(ANNA, CAROL, 101, 3), (BOB, CAROL, 102, 3)]


@pytest.mark.parametrize("prevention", [CANCEL_RESTING, CANCEL_TAKING, DECREMENT])
def test_fill_or_kill_never_fills_a_part_with_own_orders_in_the_way(prevention):
    floor = Floor([RICH] * 3, prevention=prevention)
    floor.send(ANNA, -2, 100)
    floor.send(BOB, -2, 101)  # the taker's own
    floor.send(CAROL, -2, 102)
    floor.send(BOB, 4, 105, tif=FOK)
    if prevention == CANCEL_RESTING:
        assert floor.trades() == [(ANNA, BOB, 100, 2), (CAROL, BOB, 102, 2)] and floor.now.resting == 0
    else:
        assert floor.trades() == [] and floor.now.resting == 3
    floor.send(CAROL, -2, 100)  # in front of the own order there is enough
    before = floor.now.rejected
    floor.send(BOB, 1, 105, tif=FOK)
    assert floor.now.rejected == before and len(floor.trades()) == 1


def test_fill_or_kill_does_not_count_on_orders_that_may_vanish(floor):
    floor.open(ANNA, BOB, 5, 100)
    floor.take_fills()
    floor.send(ANNA, -5, 101, reduce_only=True)
    floor.send(ANNA, -5, 100)
    floor.send(CAROL, 10, 101, tif=FOK)
    assert floor.trades() == [] and floor.now.rejected == 1
    floor.send(CAROL, 5, 101, tif=FOK)
    assert floor.trades() == [(ANNA, CAROL, 100, 5)]


def test_a_maker_only_order_is_refused_at_the_touch_and_rests_behind_it(floor):
    floor.send(ANNA, -5, 101)
    assert not floor.send(BOB, 5, 101, tif=POST)
    assert floor.now.rejected == 1 and not floor.trades()
    assert floor.send(BOB, 5, 100, tif=POST)
    assert not floor.send(ANNA, -1, 100, tif=POST)
    assert floor.queue(100) == [(BOB, 5)]


def test_an_order_is_cancelled_exactly_in_the_step_its_lifetime_ends(floor):
    floor.send(ANNA, 5, 90, lifetime=2)
    floor.send(ANNA, 5, 91)
    floor.begin()
    assert floor.queue(90) == [(ANNA, 5)]
    floor.begin()
    assert floor.queue(90) == [] and floor.queue(91) == [(ANNA, 5)]
    assert floor.now.cancels == 1


def test_a_lifetime_longer_than_the_expiry_wheel_is_kept(floor):
    floor.send(ANNA, 5, 90, lifetime=4096 + 2)
    floor.send(BOB, 5, 91, lifetime=2)
    floor.begin()
    floor.begin()
    assert floor.queue(90) == [(ANNA, 5)] and floor.queue(91) == []
    for _ in range(4096):
        floor.begin()
    assert floor.queue(90) == []


def test_an_order_that_traded_away_no_longer_expires(floor):
    floor.send(ANNA, 5, 90, lifetime=1)
    floor.send(BOB, -5, 90)
    kept = floor.send(CAROL, 5, 80)  # takes the slot that came free
    floor.begin()
    assert floor.queue(80) == [(CAROL, 5)] and kept


# ---- cancel and replace


def test_only_the_owner_cancels_an_order_and_only_once(floor):
    first = floor.send(ANNA, 5, 90)
    floor.send(BOB, order=first, action=CANCEL)
    assert floor.queue(90) == [(ANNA, 5)]
    floor.send(ANNA, order=first, action=CANCEL)
    floor.send(ANNA, order=first, action=CANCEL)
    assert floor.queue(90) == [] and floor.now.cancels == 1


def test_the_id_of_an_order_that_is_gone_does_not_reach_the_next_in_its_slot(floor):
    gone = floor.send(ANNA, 5, 90)
    floor.send(ANNA, order=gone, action=CANCEL)
    there = floor.send(ANNA, 7, 91)
    assert there != gone and there & ((1 << SLOT_BITS) - 1) == gone & ((1 << SLOT_BITS) - 1)
    floor.send(ANNA, order=gone, action=CANCEL)
    floor.send(ANNA, 3, 91, order=gone, action=REPLACE)
    assert floor.queue(91) == [(ANNA, 7)] and floor.now.rejected == 1


def test_an_id_that_never_was_is_ignored(floor):
    floor.send(ANNA, 5, 90)
    for order in (0, -1, 1 << SLOT_BITS | 99, 77 << SLOT_BITS, 1 << 62):
        floor.send(ANNA, order=order, action=CANCEL)
    assert floor.queue(90) == [(ANNA, 5)]


def test_cancel_all_takes_every_order_of_the_account_and_no_other(floor):
    for tick in (90, 91, 110):
        floor.send(ANNA, 5 if tick < 100 else -5, tick)
    floor.send(ANNA, 0, 50, trigger=stop(MARK, FALLING), limit=1)
    floor.send(BOB, 5, 90)
    floor.send(ANNA, action=CANCEL_ALL)
    assert floor.now.resting == 1 and floor.queue(90) == [(BOB, 5)] and floor.now.cancels == 4
    assert floor[ANNA].orders == -1


def test_a_smaller_size_at_the_same_price_keeps_its_place(floor):
    first = floor.send(ANNA, 5, 90)
    floor.send(BOB, 5, 90)
    floor.send(ANNA, 2, 90, order=first, action=REPLACE)
    assert floor.queue(90) == [(ANNA, 2), (BOB, 5)]
    assert floor.x.levels[90].contracts == 7


@pytest.mark.parametrize(("amount", "tick"), [(6, 90), (5, 89), (-5, 110)])
def test_more_or_another_price_or_side_queues_anew(floor, amount, tick):
    first = floor.send(ANNA, 5, 90)
    for at in (89, 90, 110):
        floor.send(BOB, 5 if at < 100 else -5, at)
    floor.send(ANNA, amount, tick, order=first, action=REPLACE)
    assert floor.queue(tick)[-1] == (ANNA, amount) and len(floor.queue(tick)) == 2
    assert (ANNA, 5) not in floor.queue(90) or (amount, tick) == (5, 90)


def test_a_replacement_that_crosses_trades(floor):
    first = floor.send(ANNA, 5, 90)
    floor.send(BOB, -3, 95)
    floor.send(ANNA, 5, 95, order=first, action=REPLACE)
    assert floor.trades() == [(BOB, ANNA, 95, 3)] and floor.queue(95) == [(ANNA, 2)]


# ---- reduce-only


def test_a_reduce_only_order_is_cut_to_the_position(floor):
    floor.open(ANNA, BOB, 5, 100)
    floor.send(CAROL, 20, 99)
    floor.send(ANNA, -20, 99, reduce_only=True)
    assert floor.trades()[-1] == (CAROL, ANNA, 99, -5) and floor[ANNA].contracts == 0


def test_a_reduce_only_order_that_would_open_is_refused(floor):
    floor.open(ANNA, BOB, 5, 100)
    assert not floor.send(ANNA, 5, 90, reduce_only=True)
    assert not floor.send(CAROL, 5, 90, reduce_only=True)
    assert floor.now.rejected == 2


def test_a_reduce_only_order_fills_no_more_than_is_left_and_goes_when_the_position_has_gone(floor):
    floor.open(ANNA, BOB, 5, 100)
    floor.send(ANNA, -5, 105, reduce_only=True)
    floor.send(CAROL, 3, 99)
    floor.send(ANNA, -3, 99)  # closes a part elsewhere
    floor.take_fills()
    floor.send(DAVE, -4, 106)
    floor.send(ERIN, 6, 110)
    assert floor.trades() == [(ANNA, ERIN, 105, 2), (DAVE, ERIN, 106, 4)]
    assert floor[ANNA].contracts == 0 and floor.queue(105) == []


# ---- self-trade prevention


def crossed(prevention, resting, taking):
    """A floor on which an order of ANNA meets her own, with one of BOB's behind it."""
    floor = Floor([RICH] * 2, prevention=prevention)
    floor.send(ANNA, -resting, 100)
    floor.send(BOB, -10, 100)
    floor.send(ANNA, taking, 100)
    laws.check(floor.x)
    assert floor.now.self_trades == 1
    return floor


def test_prevention_may_cancel_the_resting_order():
    floor = crossed(CANCEL_RESTING, resting=4, taking=6)
    assert floor.trades() == [(BOB, ANNA, 100, 6)] and floor.queue(100) == [(BOB, -4)]


def test_prevention_may_cancel_the_taking_order():
    floor = crossed(CANCEL_TAKING, resting=4, taking=6)
    assert floor.trades() == [] and floor.queue(100) == [(ANNA, -4), (BOB, -10)]


@pytest.mark.parametrize(("resting", "taking", "traded", "left"), [(4, 6, [2], [-8]), (6, 4, [], [-2, -10])])
def test_prevention_may_shrink_both_by_the_smaller(resting, taking, traded, left):
    floor = crossed(DECREMENT, resting, taking)
    assert [fill[3] for fill in floor.trades()] == traded
    assert [contracts for _, contracts in floor.queue(100)] == left


# ---- stops and alarms


@pytest.mark.parametrize("source", [MARK, INDEX, LAST])
@pytest.mark.parametrize(("direction", "before", "at"), [(RISING, 119, 120), (FALLING, 81, 80)])
def test_a_stop_waits_for_its_own_source_and_fires_at_its_tick(floor, source, direction, before, at):
    floor.send(ANNA, 5, at, trigger=stop(source, direction), limit=70)
    move = {MARK: floor.set_mark, INDEX: floor.set_index, LAST: lambda tick: orders.fire(floor.x, LAST, tick)}
    for other in {MARK, INDEX, LAST} - {source}:
        move[other](at)
    move[source](before)
    assert floor.now.stopped == 0 and floor.queue(70) == []
    move[source](at)
    assert floor.now.stopped == 1 and floor.queue(70) == [(ANNA, 5)]


def test_a_stop_whose_limit_is_an_end_of_the_ladder_is_a_market_order(floor):
    floor.open(ANNA, BOB, 5, 100)
    floor.send(ANNA, -5, 90, trigger=stop(MARK, FALLING), limit=1, reduce_only=True)
    floor.send(CAROL, 3, 88)
    floor.take_fills()
    floor.set_mark(90)
    assert floor.trades() == [(CAROL, ANNA, 88, -3)]
    assert floor[ANNA].contracts == 2 and floor.now.resting == 0


def test_a_stop_that_only_closes_does_nothing_once_the_position_has_gone(floor):
    floor.open(ANNA, BOB, 5, 100)
    floor.send(ANNA, -5, 90, trigger=stop(MARK, FALLING), limit=1, reduce_only=True)
    floor.open(BOB, ANNA, 5, 100)
    floor.send(CAROL, 5, 88)
    floor.take_fills()
    floor.set_mark(80)
    assert floor.trades() == [] and floor[ANNA].contracts == 0 and floor.now.rejected == 1


def test_the_trade_of_one_stop_fires_the_next_on_the_last_price(floor):
    for row, size, at in ((CAROL, 1, 95), (DAVE, 1, 90), (ERIN, 1, 85)):
        floor.send(row, size, at)
    floor.open(ANNA, BOB, 2, 100)
    floor.send(ANNA, -1, 96, trigger=stop(LAST, FALLING), limit=1, reduce_only=True)
    floor.send(ANNA, -1, 91, trigger=stop(LAST, FALLING), limit=1, reduce_only=True)
    floor.send(BOB, -1, 95, tif=IOC)
    for expected in (90, 85, 85):
        floor.fire_last()
        assert floor.now.last == expected
    assert floor[ANNA].contracts == 0 and floor.now.stopped == 2


def test_stops_fire_nearest_first_and_of_one_tick_the_last_placed_first(floor):
    for row, at in ((ANNA, 93), (BOB, 95), (CAROL, 95), (DAVE, 97)):
        floor.send(row, -1, at, trigger=stop(MARK, FALLING), limit=50)
    floor.set_mark(94)
    assert floor.queue(50) == [(DAVE, -1), (CAROL, -1), (BOB, -1)]


def test_a_stop_can_expire_and_can_be_cancelled(floor):
    floor.send(ANNA, 5, 120, trigger=stop(MARK, RISING), limit=120, lifetime=1)
    kept = floor.send(BOB, 5, 120, trigger=stop(MARK, RISING), limit=120)
    floor.begin()
    floor.send(BOB, order=kept, action=CANCEL)
    floor.set_mark(130)
    assert floor.now.stopped == 0 and floor.now.resting == 0


def test_an_alarm_wakes_its_owner_and_reserves_nothing(floor):
    floor.send(ANNA, 0, 120, trigger=stop(INDEX, RISING), limit=1)
    floor.send(BOB, 0, 121, trigger=stop(INDEX, RISING), limit=1)
    floor.set_index(120)
    assert floor.x.woken[: floor.now.woken].tolist() == [ANNA]
    assert floor.x.reserved[BOB].buying == 0 and floor.now.resting == 1


def test_who_asked_for_it_is_woken_by_a_fill_once(floor):
    floor.x.accounts.alert[ANNA] = True
    floor.open(ANNA, BOB, 2, 100)
    floor.open(CAROL, ANNA, 2, 100)
    assert floor.x.woken[: floor.now.woken].tolist() == [ANNA]


# ---- margin reserved by orders


@given(
    contract=st.sampled_from([LINEAR, INVERSE]),
    tick=st.integers(800, 1200),
    contracts=st.integers(1, 10_000),
    leverage=st.sampled_from([1.0, 2.0, 8.0, 64.0]),
    fee=st.sampled_from([0.0, 0.0005]),
    buys=st.booleans(),
    cross=st.booleans(),
)
def test_an_order_is_accepted_exactly_when_margin_and_fee_are_there(
    contract, tick, contracts, leverage, fee, buys, cross
):
    value = contracts * abs(contract.settlement(tick * contract.tick))
    needed = value * (max(1 / leverage, 0.01) + fee)
    enough = math.ceil(needed)
    for wallet, good in ((enough, True), (enough - 2, False)):
        floor = Floor([wallet], leverage=leverage, taker_fee=fee, cross=cross, contract=contract)
        floor.set_mark(1000)
        assert bool(floor.send(ANNA, contracts if buys else -contracts, tick)) == good
        laws.check(floor.x)


def test_the_margin_of_one_order_is_not_there_for_the_next():
    floor = Floor([10_000], leverage=10.0)  # enough for one contract at 100
    assert floor.send(ANNA, 1, 100)
    assert not floor.send(ANNA, 1, 100)
    floor.send(ANNA, action=CANCEL_ALL)
    assert floor.send(ANNA, 1, 100)


@pytest.mark.parametrize("nets", [True, False])
def test_buys_and_sells_reserve_for_the_larger_side_where_the_venue_nets(nets):
    floor = Floor([10_500], leverage=10.0, netting=int(nets))
    assert floor.send(ANNA, 1, 100)
    assert bool(floor.send(ANNA, -1, 105)) == nets


@pytest.mark.parametrize("netting", NETTINGS)
@given(held=st.integers(-9, 9), bids=st.integers(0, 9), asks=st.integers(0, 9))
def test_orders_reserve_what_the_published_way_of_netting_says(netting, held, bids, asks):
    floor = Floor([RICH, RICH], leverage=10.0, netting=NETTINGS.index(netting))
    floor.set_mark(100)
    if held:
        floor.open(*((ANNA, BOB) if held > 0 else (BOB, ANNA)), abs(held), 100)
    account = floor[ANNA]
    values = bids * 99_000, asks * 101_000
    kernel = reserved(floor.x, ANNA, bids, float(values[0]), asks, float(values[1]))
    published = order_value(netting, held, abs(held) * 100_000.0, bids, values[0], asks, values[1])
    assert account.contracts == held and kernel == pytest.approx(float(published), abs=1e-6)


def test_an_order_that_closes_reserves_nothing_and_one_that_flips_only_for_the_rest():
    floor = Floor([10_000, RICH], leverage=10.0)
    floor.open(ANNA, BOB, 1, 100)
    assert floor[ANNA].wallet == 0 and floor[ANNA].margin == 10_000
    assert floor.send(ANNA, -1, 110)
    assert not floor.send(ANNA, -1, 110)


@pytest.mark.parametrize(("wallet", "good"), [(51_999, False), (52_000, True)])
def test_an_order_into_a_higher_tier_needs_its_rate_on_the_whole(wallet, good):
    tiers = Tiers.steps(first=100.0, step=100.0, count=3, maintenance=0.005, initial=0.01, each=0.25)
    floor = Floor([wallet], leverage=100.0, tiers=tiers)
    assert floor.send(ANNA, 1, 100)  # 1 % of 100,000
    assert bool(floor.send(ANNA, 1, 100)) == good  # 26 % of 200,000


@pytest.mark.parametrize("tif", [GTC, FOK])
def test_a_limit_far_beyond_the_market_does_not_make_an_inverse_order_cheap(tif):
    one = -INVERSE.settlement(500.0)
    floor = Floor([int(1.1 * one), RICH], leverage=1.0, contract=INVERSE)
    floor.send(BOB, -2, 1000)
    floor.send(ANNA, 2, 2000, tif=tif)  # at 1000 USD two contracts would cost what one does at 500
    assert floor.trades() == [] and floor.now.rejected == 1


def test_a_limit_far_below_the_market_does_not_make_a_linear_sell_cheap():
    floor = Floor([10_000, RICH], leverage=10.0)
    floor.send(BOB, 5, 100)
    floor.send(ANNA, -5, 1)
    assert floor.trades() == []
    floor.send(ANNA, -1, 1)
    assert floor.trades() == [(BOB, ANNA, 100, -1)]


def test_an_order_that_closes_does_not_trade_beyond_its_owners_solvency():
    floor = Floor([10_000, RICH, RICH], leverage=10.0)
    floor.open(ANNA, BOB, 1, 100)
    floor.send(CAROL, 1, 80)
    floor.take_fills()
    assert floor.send(ANNA, -1, 1)  # would leave -10,000; it rests at 90 instead
    assert floor.trades() == [] and floor.queue(90) == [(ANNA, -1)]
    floor.send(ANNA, -1, 1, tif=IOC)
    assert floor[ANNA].contracts == 1


def test_a_position_larger_than_the_venue_allows_is_refused():
    floor = Floor([RICH] * 2, most_contracts=10)
    assert floor.send(ANNA, 6, 100) and not floor.send(ANNA, 5, 100) and floor.send(ANNA, 4, 100)


# ---- transfers


def test_a_withdrawal_leaves_what_orders_reserve():
    floor = Floor([15_000], leverage=10.0)
    floor.send(ANNA, 1, 100)
    floor.send(ANNA, -5_001, action=DEPOSIT)
    assert floor.now.rejected == 1 and floor[ANNA].wallet == 15_000
    floor.send(ANNA, -5_000, action=DEPOSIT)
    assert floor[ANNA].wallet == floor[ANNA].deposits == 10_000


def test_a_cross_account_cannot_withdraw_the_margin_or_the_loss_of_its_position():
    floor = Floor([30_000, RICH], leverage=10.0, cross=True)
    floor.set_mark(100)
    floor.open(ANNA, BOB, 1, 100)
    floor.set_mark(95)  # 10,000 are margin, 5,000 are lost
    floor.send(ANNA, -15_001, action=DEPOSIT)
    assert floor[ANNA].wallet == 30_000
    floor.send(ANNA, -15_000, action=DEPOSIT)
    assert floor[ANNA].wallet == 15_000
    laws.check(floor.x)


def test_margin_moves_only_to_an_isolated_position_and_only_what_is_there(floor):
    floor.send(ANNA, 100, action=ADD_MARGIN)
    assert floor[ANNA].margin == 0
    floor.open(ANNA, BOB, 1, 100)
    before = int(floor[ANNA].margin), int(floor[ANNA].wallet)
    floor.send(ANNA, 300, action=ADD_MARGIN)
    floor.send(ANNA, -200, action=ADD_MARGIN)
    assert floor[ANNA].margin == before[0] + 300
    floor.send(ANNA, 2 * RICH, action=ADD_MARGIN)
    assert (floor[ANNA].margin, floor[ANNA].wallet) == (before[0] + before[1], 0)


# ---- what is seen of the book


def test_the_impact_price_is_the_average_of_a_sweep(floor):
    floor.send(ANNA, -2, 110)
    floor.send(ANNA, -10, 120)
    floor.send(BOB, 4, 90)
    assert impact_price(floor.x, 1, 110_000.0) == 110.0
    assert impact_price(floor.x, 1, 220_000.0 + 120_000.0) == pytest.approx((2 * 110 + 120) / 3)
    assert impact_price(floor.x, -1, 180_000.0) == 90.0


def test_there_is_no_impact_price_in_a_book_too_thin_for_it(floor):
    assert math.isnan(impact_price(floor.x, 1, 1.0))
    floor.send(ANNA, -2, 110)
    assert impact_price(floor.x, 1, 220_000.0) == 110.0
    assert math.isnan(impact_price(floor.x, 1, 220_001.0))
    assert math.isnan(impact_price(floor.x, -1, 1.0))


def test_depth_counts_what_rests_within_reach_of_the_best_price(floor):
    for tick, size in ((100, 1), (98, 2), (90, 4)):
        floor.send(ANNA, size, tick)
        floor.send(BOB, -size, 210 - tick)
    assert [depth(floor.x, -1, reach) for reach in (0, 1, 2, 9, 10, 500)] == [1, 1, 3, 3, 7, 7]
    assert [depth(floor.x, 1, reach) for reach in (0, 2, 10)] == [1, 3, 7]
    assert depth(Floor([1]).x, 1, 10) == 0


# ---- whose turn it is


def batch(*messages):
    """Messages of (account, contracts, tick)."""
    array = records(len(messages), orders.MESSAGE)
    array.trigger = -1
    for message, (account, amount, tick) in zip(array, messages, strict=True):
        message.account, message.amount, message.tick = account, amount, tick
    return array


def turns(floor, rows):
    """The order of these rows' turns in the present step, by their dice."""
    key = floor.x.keys[0]
    return sorted(rows, key=lambda row: words4(key[0], key[1], row - ANNA, floor.now.step, 0, PRIORITY)[0])


def test_owners_come_in_the_order_of_their_dice_each_with_all_its_messages(floor):
    seen = set()
    for _ in range(50):
        floor.begin()
        floor.act(batch(*[(row, 1, 90) for row in (ANNA, ANNA, BOB, CAROL, DAVE, ERIN, ERIN)]))
        drawn = turns(floor, range(ANNA, ERIN + 1))
        queue = [row for row, _ in floor.queue(90)]
        assert queue == [row for row in drawn for _ in range(2 if row in (ANNA, ERIN) else 1)]
        seen.add(queue[0])
        for row in drawn:
            floor.send(row, action=CANCEL_ALL)
    assert seen == set(range(ANNA, ERIN + 1))  # nobody is always first


def test_a_newcomer_moves_nobody_elses_place(floor):
    floor.begin()
    floor.act(batch(*[(row, 1, 90) for row in (ANNA, BOB, CAROL, DAVE)]))
    few = floor.queue(90)
    other = Floor([RICH] * 5)
    other.begin()
    other.act(batch(*[(row, 1, 90) for row in (ANNA, BOB, CAROL, DAVE, ERIN)]))
    assert [entry for entry in other.queue(90) if entry[0] != ERIN] == few


def test_above_capacity_orders_are_refused_with_the_excess_share_and_cancels_never():
    floor = Floor([RICH] * 2000, capacity=500.0)
    messages = batch(*[(row, 1, 90) for row in range(ANNA, ANNA + 2000)])
    floor.begin()
    floor.act(messages)
    assert abs(floor.now.overloaded - 1500) < 4 * math.sqrt(2000 * 0.25 * 0.75)
    messages.action = CANCEL_ALL
    rested, before = int(floor.now.resting), int(floor.now.overloaded)
    floor.act(messages)
    assert rested > 400 and floor.now.resting == 0 and floor.now.overloaded == before


@pytest.mark.parametrize("taker_fee", [0.0, 0.002])
@pytest.mark.parametrize("contract, coin", [(LINEAR, 150_000), (INVERSE, 30_000_000_000)])
def test_a_close_goes_as_far_as_its_owner_can_pay_and_no_tick_further(contract, coin, taker_fee):
    floor = Floor([coin] * 2, contract=contract, taker_fee=taker_fee)
    floor.set_mark(100)
    floor.open(ANNA, BOB, 10, 100)
    for row, size in ((ANNA, -10), (BOB, 10)):
        held, backing = int(floor[row].contracts), int(equity(floor.x, row, 0))
        values = {tick: held * int(floor.x.settlement[tick]) for tick in range(1, floor.terms.ticks)}
        payable = [tick for tick, value in values.items() if backing + value >= taker_fee * abs(value)]
        furthest, nearer = (min(payable), max) if size < 0 else (max(payable), min)
        assert 60 < furthest < 150
        for limit in range(60, 150):
            assert orders.solvent_limit(floor.x, row, size, limit) == nearer(limit, furthest)
