"""The compiled exchange and its slow twin in plain Python agree on random order flow, to the last unit."""

from dataclasses import replace

import numpy as np
import pytest

from sim import laws
from sim.ledger import RESERVED_ROWS
from sim.liquidation import (
    BINANCE_TARGET,
    BITMEX_LADDER,
    DERIBIT_SLICES,
    DRIFT_TARGET,
    DYDX_FILLABLE,
    HYPERLIQUID_BACKSTOP,
    KRAKEN_EPP,
    OKX_2019,
    OKX_LADDER,
    PERPETUAL_PROTOCOL_QUARTER,
)
from sim.margin import Tiers
from tests.floor import INVERSE, LINEAR, Floor, step
from tests.flow import Flow
from tests.reference.closing import Twin

STEPS, MESSAGES, TRADERS = 200, 25, 30
LEVERAGES = [1, 2, 5, 10, 20, 25, 50, 75, 100, 100]

ACCOUNT_FIELDS = "wallet margin contracts cost seen deposits".split()
LOT_FIELDS = "account step contracts cost margin open open_cost open_margin realised deleveraged closed_step".split()
LOT_FIELDS += ["again"]
COUNTS = (
    "messages submits cancels rejected overloaded self_trades stopped fills volume liquidations liquidated fund_draw "
    "fund_gain engine_funding deleveraged"
).split()

STEEP = dict(first=3.0, step=3.0, count=6, maintenance=0.005, initial=0.01, each=0.005)
HIGH = Tiers.flat(0.04, 0.05)
CASES = {
    "isolated, inverse": dict(contract=INVERSE),
    "cross, inverse": dict(contract=INVERSE, contracts=3000, cross=True, maker_fee=-0.00025, taker_fee=0.00075),
    "both margins, linear": dict(contract=LINEAR, cross=[True, False] * (TRADERS // 2), taker_fee=0.0005),
    "entry basis with fees": dict(
        contract=INVERSE, entry_basis=True, closing_fee=0.00075, maker_fee=-0.00025, taker_fee=0.00075
    ),
    "steps of tiers, laddered": dict(
        contract=INVERSE, tiers=Tiers.steps(**STEEP), liquidation=BITMEX_LADDER, taker_fee=0.0005
    ),
    "marginal tiers, cross, laddered": dict(
        contract=INVERSE,
        tiers=Tiers.marginal([1.0, 4.0, 10.0, np.inf], [0.005, 0.01, 0.02, 0.05], [0.01, 0.02, 0.04, 0.1]),
        liquidation=BITMEX_LADDER,
        cross=True,
        contracts=3000,
    ),
    "cancel the taking order": dict(contract=LINEAR, prevention=1, maker_fee=0.0002, taker_fee=0.0005),
    "decrement both orders": dict(contract=INVERSE, contracts=3000, prevention=2, netting=0, cross=True),
    "no resting, paced": dict(contract=INVERSE, rests=False, rest_steps=2, engine_rate=150.0),
    "resting, paced, little to draw": dict(
        contract=LINEAR, rest_steps=3, engine_rate=40.0, draw_rate=2e3, draw_limit=1e5, cross=True, contracts=30
    ),
    "socialised losses": dict(contract=INVERSE, socialises=True, fund=0, taker_fee=0.0005),
    "absorbed closes": dict(contract=INVERSE, absorbs=True),
    "slices, a fee, residual to the trader": dict(
        contract=INVERSE, liquidation=replace(DERIBIT_SLICES, slice_contracts=40), taker_fee=0.0005, rests=False
    ),
    "rare slices, a backstop": dict(contract=LINEAR, liquidation=HYPERLIQUID_BACKSTOP, cross=True, rest_steps=2),
    "slice after slice, a small fee": dict(
        contract=INVERSE, liquidation=replace(DERIBIT_SLICES, slice_contracts=5, fee_rate=0.001), tiers=HIGH
    ),
    "one slice now and then": dict(
        contract=LINEAR,
        liquidation=replace(HYPERLIQUID_BACKSTOP, slices_per_s=0.3, slice_from_coin=1.0),
        tiers=HIGH,
        cross=True,
    ),
    "quarters, half the fee to whoever closes": dict(contract=LINEAR, liquidation=PERPETUAL_PROTOCOL_QUARTER),
    "to a target": dict(contract=INVERSE, tiers=Tiers.steps(**STEEP), liquidation=BINANCE_TARGET, taker_fee=0.0005),
    "to a target, the rest waits": dict(contract=LINEAR, liquidation=DRIFT_TARGET, cross=True, taker_fee=0.0005),
    "to a buffer beyond maintenance": dict(
        contract=LINEAR, liquidation=replace(DRIFT_TARGET, fee_rate=0.002, closer_rate=0.003), tiers=HIGH, contracts=30
    ),
    "fillable price": dict(contract=INVERSE, liquidation=DYDX_FILLABLE, tiers=Tiers.steps(**STEEP), taker_fee=0.0005),
    "down to the lowest tier, at market": dict(contract=INVERSE, tiers=Tiers.steps(**STEEP), liquidation=OKX_2019),
    "tiers of contracts, two down": dict(
        contract=INVERSE,
        tiers=Tiers.whole(
            (100, 250, 500, 800, np.inf), (0.005, 0.01, 0.02, 0.03, 0.05), np.arange(1, 6) / 50, "contracts"
        ),
        liquidation=OKX_LADDER,
    ),
    "residual to the trader, no fund": dict(contract=INVERSE, liquidation=KRAKEN_EPP, pays=False),
    "slices, absorbed": dict(contract=INVERSE, liquidation=DERIBIT_SLICES, absorbs=True),
    "bids net of asks": dict(contract=INVERSE, netting=2),
    "the worst of both sides": dict(contract=LINEAR, netting=3, cross=True),
    "overloaded": dict(contract=LINEAR, capacity=15.0, netting=0),
}


@pytest.mark.parametrize("name", CASES)
def test_the_kernels_and_the_twin_agree_after_every_step(name):
    usual = dict(fund=10**10, contracts=400) if CASES[name]["contract"] is INVERSE else dict(fund=10**5, contracts=10)
    case = usual | CASES[name]
    contracts, unit = case.pop("contracts"), 10**12 if case["contract"] is INVERSE else 10**7
    floor = Floor([unit] * TRADERS, leverage=np.resize(LEVERAGES, TRADERS).astype(float), **case)
    floor.x.accounts.alert[RESERVED_ROWS : RESERVED_ROWS + 4] = True
    rng = np.random.default_rng(sum(map(ord, name)))
    flow = Flow(floor, rng, middle=1000, coin=unit, contracts=contracts)
    twin = Twin.of(floor)
    for _ in range(STEPS):
        events = flow.events(MESSAGES)
        step(floor, **events)
        step(twin, **events)
        compare(floor, twin)
        laws.check(floor.x)
        floor.now.woken = 0
        floor.x.accounts.woken = False
        twin.woken.clear()
    now = floor.now
    assert now.fills > STEPS and now.stopped > 50 and now.liquidations > 5 and now.self_trades > 10


def compare(floor, twin):
    """Assert that both exchanges hold the same, and did the same since the last call."""
    now, count = floor.now, int(floor.now.step)
    assert floor.take_fills() == twin.fills, f"fills of step {count}"
    twin.fills.clear()
    assert {name: int(now[name]) for name in COUNTS} == {name: twin.counts[name] for name in COUNTS}, count
    for row, (account, twins) in enumerate(zip(floor.x.accounts, twin.accounts, strict=True)):
        held = {name: account[name].item() for name in ACCOUNT_FIELDS}
        assert held == {name: getattr(twins, name) for name in ACCOUNT_FIELDS}, f"account {row} in step {count}"
    assert floor.x.risk.liquidations.tolist() == [twins.liquidations for twins in twin.accounts], count
    assert (now.bid, now.ask, now.last) == (twin.bid, twin.ask, twin.last)
    occupied = np.flatnonzero(floor.x.levels.contracts)
    assert set(occupied.tolist()) == set(twin.queues)
    for tick, queue in twin.queues.items():
        assert floor.queue(tick) == [(order.account, order.size) for order in queue]
        assert floor.x.levels[tick].contracts == sum(abs(order.size) for order in queue)
    assert now.resting == len(twin.orders)
    assert set(floor.x.orders.serial[floor.x.orders.serial > 0].tolist()) == set(twin.orders)
    assert floor.x.woken[: now.woken].tolist() == twin.woken
    compare_lots(floor, twin)


def compare_lots(floor, twin):
    """Assert that both engines hold the same lots, and closed the same against winners."""
    assert floor.now.lots == len(twin.lots)
    for k, lot in enumerate(twin.lots):
        held = {name: floor.x.lots[k][name].item() for name in LOT_FIELDS}
        assert held == {name: getattr(lot, name) for name in LOT_FIELDS}, f"lot {k} in step {floor.now.step}"
        assert floor.x.lots[k].impact_usd == pytest.approx(lot.impact_usd, abs=1e-9)
    assert floor.adl == twin.adl
    assert floor.now.draw_left == pytest.approx(twin.draw_left)
