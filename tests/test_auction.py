"""Batch auctions: one price, who trades at it, and a slow twin that agrees fill for fill."""

from dataclasses import replace

import numpy as np
import pytest

from scenarios import brakes
from sim import laws
from sim.exchange import records
from sim.liquidation import BITMEX_LADDER
from sim.margin import Tiers
from sim.orders import CANCEL_ALL, DEPOSIT, FOK, IOC, MESSAGE, SUBMIT
from sim.sealed import Sealed
from sim.venues import BITMEX, DERIBIT, PERPETUAL
from tests.floor import ANNA, BOB, CAROL, DAVE, ERIN, INVERSE, LINEAR, Floor, step
from tests.flow import Flow
from tests.reference.auction import AuctionTwin
from tests.test_twin import LEVERAGES, STEEP, TRADERS, compare

TOP = 2000


@pytest.fixture
def floor():
    """Five rich traders, marked at 100, an auction in every step."""
    floor = Floor([10**12] * 5, auction_steps=1, maker_fee=0.001, taker_fee=0.002)
    floor.set_mark(100)
    yield floor
    laws.check(floor.x)


def test_all_trade_at_one_price_the_one_at_which_most_do(floor):
    for trader, size, tick in ((ANNA, 5, 105), (BOB, 5, 102), (CAROL, -4, 99), (DAVE, -4, 101), (ERIN, -4, 104)):
        floor.send(trader, size, tick)
    assert not floor.trades() and floor.now.bid == -1  # nobody sees them
    floor.auction()
    assert floor.trades() == [(CAROL, ANNA, 101, 4), (DAVE, ANNA, 101, 1), (DAVE, BOB, 101, 3)]
    assert floor.queue(102) == [(BOB, 2)] and floor.queue(104) == [(ERIN, -4)]
    assert (floor.now.bid, floor.now.ask, floor.now.last) == (102, 104, 101)


@pytest.mark.parametrize(("mark", "price"), [(90, 96), (100, 100), (115, 110)])
def test_of_prices_that_tie_it_is_the_nearest_to_the_mark(floor, mark, price):
    floor.set_mark(mark)
    floor.send(ANNA, 5, 110)
    floor.send(BOB, -5, 96)
    floor.auction()
    assert floor.trades() == [(BOB, ANNA, price, 5)]


def test_of_prices_at_which_as_much_trades_it_is_one_that_leaves_the_fewest_over(floor):
    floor.set_mark(104)
    floor.send(ANNA, 5, 103)
    floor.send(BOB, -5, 99)
    floor.send(CAROL, -3, 101)  # from there on 5 trade as well, and 3 are left
    floor.auction()
    assert floor.trades() == [(BOB, ANNA, 100, 5)]


def test_market_orders_alone_trade_at_the_mark(floor):
    floor.send(ANNA, 5, TOP, tif=IOC)
    floor.send(BOB, -3, 1, tif=IOC)
    floor.auction()
    assert floor.trades() == [(BOB, ANNA, 100, 3)]
    assert floor.now.resting == 0 and floor.x.reserved[ANNA].buying == 0


def test_at_one_price_the_rested_come_first_and_the_gathered_share(floor):
    floor.send(ANNA, -10, 100)
    floor.auction()
    floor.send(BOB, -30, 100)
    floor.send(CAROL, -60, 100)
    floor.send(DAVE, 40, 100)
    floor.auction()
    assert floor.trades() == [(ANNA, DAVE, 100, 10), (CAROL, DAVE, 100, 20), (BOB, DAVE, 100, 10)]
    assert floor.queue(100) == [(BOB, -20), (CAROL, -40)]


@pytest.mark.parametrize("rests", [-10, 10])
def test_who_rested_pays_as_a_maker_and_who_gathered_as_a_taker(floor, rests):
    floor.send(ANNA, rests, 100)
    floor.auction()
    floor.send(BOB, -rests, 100)
    floor.auction()
    worth = 10 * 100_000
    assert [10**12 - floor[row].wallet - floor[row].margin for row in (ANNA, BOB)] == [0.001 * worth, 0.002 * worth]


def test_two_orders_of_one_owner_are_checked_together():
    floor = Floor([10_500], auction_steps=1)
    floor.set_mark(100)
    assert floor.send(ANNA, 1, 100, tif=IOC) and not floor.send(ANNA, 1, 100)  # 10,000 are asked for each
    floor.auction()
    assert floor.send(ANNA, 1, 100)


def test_ones_own_orders_do_not_trade_with_each_other(floor):
    floor.send(ANNA, 5, 101)
    floor.send(ANNA, -3, 99)
    floor.send(BOB, -4, 100)
    floor.auction()
    assert floor.trades() == [(BOB, ANNA, 100, 2)] and floor.now.self_trades == 1
    assert floor.queue(100) == [(BOB, -2)]


def test_fill_or_kill_is_refused_and_a_cancelled_order_is_not_auctioned(floor):
    assert not floor.send(ANNA, 5, 101, tif=FOK)
    floor.send(BOB, 5, 101)
    floor.send(BOB, action=CANCEL_ALL)
    floor.send(CAROL, -5, 100)
    floor.auction()
    assert not floor.trades() and floor.now.rejected == 1 and floor.x.reserved[BOB].buying == 0


CASES = {
    "inverse": dict(contract=INVERSE, maker_fee=-0.00025, taker_fee=0.00075),
    "linear, cross, every third step": dict(contract=LINEAR, cross=True, auction_steps=3, taker_fee=0.0005),
    "laddered, paced, little to draw": dict(
        contract=INVERSE, tiers=Tiers.steps(**STEEP), liquidation=BITMEX_LADDER, rest_steps=2, engine_rate=150.0,
        draw_rate=2e8, draw_limit=1e10,
    ),
    "no fund": dict(contract=LINEAR, fund=0, auction_steps=2, rests=False),
    "socialised": dict(contract=INVERSE, fund=0, socialises=True),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_kernels_and_the_twin_agree_after_every_step(name):
    usual = dict(fund=10**10, contracts=400) if CASES[name]["contract"] is INVERSE else dict(fund=10**5, contracts=10)
    case = usual | dict(auction_steps=1) | CASES[name]
    contracts, unit = case.pop("contracts"), 10**12 if case["contract"] is INVERSE else 10**7
    floor = Floor([unit] * TRADERS, leverage=np.resize(LEVERAGES, TRADERS).astype(float), **case)
    flow = Flow(floor, np.random.default_rng(sum(map(ord, name))), middle=1000, coin=unit, contracts=contracts)
    twin = AuctionTwin.of(floor)
    prices = []
    for _ in range(150):
        events = flow.events(25)
        step(floor, **events)
        step(twin, **events)
        prices.append(len({tick for _, _, tick, *_ in twin.fills}))
        compare(floor, twin)
        laws.check(floor.x)
        floor.now.woken = 0
        floor.x.accounts.woken = False
        twin.woken.clear()
    now = floor.now
    assert now.fills > 150 and now.stopped > 50 and now.liquidations > 5 and now.self_trades > 3
    assert prices.count(1) > 40 and sum(count > 1 for count in prices) < 0.2 * prices.count(1)


def messages(*sent):
    """(count,) MESSAGE from (account, action, amount)."""
    batch = records(len(sent), MESSAGE)
    for message, (account, action, amount) in zip(batch, sent, strict=True):
        message.account, message.action, message.amount, message.trigger = account, action, amount, -1
    return batch


def test_what_is_sent_waits_for_the_auction_and_coin_does_not():
    sealed = Sealed(3)
    now, count = sealed.pass_by(messages((5, SUBMIT, 1), (5, DEPOSIT, 2), (6, SUBMIT, 3)), 3, 1, 9)
    assert count == 1 and now.action.tolist() == [DEPOSIT]
    assert sealed.pass_by(messages((6, CANCEL_ALL, 0), (6, SUBMIT, 4), (6, SUBMIT, 5)), 3, 2, 9)[1] == 0
    now, count = sealed.pass_by(messages((7, SUBMIT, 6)), 1, 3, 9)
    assert now.amount.tolist() == [1, 0, 4, 5, 6]  # the 3 was followed by other orders
    assert count == 5 and sealed.pass_by(messages(), 0, 6, 9)[1] == 0


def test_the_engine_pays_no_more_than_the_fund_has():
    """In a fall of 20 % a fund of 3 coin is emptied, winners pay the rest, and it is never overdrawn."""
    run = brakes(seed=5, auction_s=10.0, fall=0.2, fund_coin=3.0, hours=0.8, check=True).run()
    assert run["fund_coin"].min() >= 0.0 and run["fund_draw_coin"][-1] > 3.0 and len(run.adl)


def test_trades_happen_at_auctions_only_each_at_one_price():
    run = brakes(seed=6, auction_s=5.0, hours=0.5, fills=True, check=True).run()
    fills = run.fills
    assert len(fills) > 1_000 and (fills.step % 5 == 0).all()
    once = len(np.unique(fills.step))
    assert len({(fill.step, fill.tick) for fill in fills}) < 1.01 * once  # seldom a second, where orders vanished


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"auction_s": -1.0}, "auction_s must be 0 or more"),
        ({"auction_s": float("nan")}, "auction_s must be 0 or more"),
        ({"auction_s": 1.0, "pool": PERPETUAL.pool}, "auction_s must be 0 where everybody trades with a pool"),
        ({"auction_s": 1.0, "liquidation": DERIBIT.liquidation}, "liquidation must hand the whole position"),
    ],
)
def test_an_auction_that_cannot_be_is_refused(change, said):
    with pytest.raises(ValueError, match=said):
        replace(BITMEX, **change)


def test_an_order_that_opens_goes_no_further_from_the_mark_than_its_margin(floor):
    floor.send(ANNA, 5, 50)
    floor.auction()
    floor.send(BOB, -5, 1, tif=IOC)  # at 10x a tenth of the bid that it was checked at: no lower than 95
    floor.send(CAROL, 3, 94)
    floor.send(DAVE, 5, 96)
    floor.auction()
    assert floor.trades() == [(BOB, DAVE, 96, 5)] and floor.queue(94) == [(CAROL, 3)]
