"""Millions of random orders with everything else mixed in, the laws checked after every step.

    python -m tests.soak --messages 10_000_000 --seed 1

It prints what happened and ends with 1 if a law was broken, with 2 if something that it is about never happened.
"""

import argparse
import sys
import time
from collections import Counter

import numpy as np

from sim import laws
from sim.ledger import FUND, RESERVED_ROWS
from sim.liquidation import BITMEX_LADDER
from sim.margin import Tiers
from tests.floor import INVERSE, LINEAR, Floor, step
from tests.flow import Flow

TRADERS, BATCH = 200, 500
STEPS_OF_TIERS = Tiers.steps(first=3.0, step=3.0, count=6, maintenance=0.005, initial=0.01, each=0.005)
FEES = dict(maker_fee=-0.00025, taker_fee=0.00075, closing_fee=0.00075)
VENUES = {
    "isolated, laddered, deleveraging": (
        dict(
            contract=INVERSE, tiers=STEPS_OF_TIERS, liquidation=BITMEX_LADDER, entry_basis=True, rest_steps=2,
            fund=10**9, **FEES,
        ),
        dict(coin=10**12, contracts=400),
    ),
    "cross, decrement, deleveraging": (
        dict(contract=LINEAR, cross=True, prevention=2, net_orders=False, fund=10**6, engine_rate=500.0, **FEES),
        dict(coin=10**7, contracts=60),
    ),
    "mixed margin, socialised, overloaded": (
        dict(
            contract=INVERSE, cross=[True, False] * (TRADERS // 2), prevention=1, socialises=True, capacity=400.0,
            rests=False, draw_rate=1e11, draw_limit=1e12,
        ),
        dict(coin=10**12, contracts=1000),
    ),
}  # fmt: skip
COUNTED = (
    "messages fills volume rejected overloaded cancels stopped self_trades liquidations liquidated lots deleveraged"
).split()
MUST_HAPPEN = (
    "fills flips partial_closes liquidations reduced lots lots_deleveraged socialised stopped self_trades overloaded "
    "funding_stamps"
).split()


def soak(name, messages, seed, happened):
    """Send `messages` to one venue; adds to the Counter what happened."""
    terms, orders = VENUES[name]
    leverage = np.resize([1.0, 3.0, 10.0, 20.0, 50.0, 75.0, 100.0], TRADERS)
    floor = Floor([orders["coin"]] * TRADERS, leverage=leverage, **terms)
    flow = Flow(floor, np.random.default_rng(seed), middle=1000, **orders)
    started, steps = time.monotonic(), -(-messages // BATCH)
    for done in range(1, steps + 1):
        before, events = floor.x.accounts.contracts.copy(), flow.events(BATCH)
        step(floor, **events)
        laws.check(floor.x)
        floor.now.fills_kept = floor.now.woken = 0
        floor.x.accounts.woken = False
        note(happened, floor, before, events)
        if done % max(1, steps // 5) == 0:
            print(f"  {name}: {done * BATCH:>12,} messages, {time.monotonic() - started:6.1f} s", flush=True)
    happened.update({field: int(floor.now[field]) for field in COUNTED})
    happened["reduced"] += int(floor.now.liquidations - floor.now.lots)
    happened["lots_deleveraged"] += int((floor.x.lots.deleveraged[: floor.now.lots] > 0).sum())
    happened["socialised"] += sum(lot < 0 for lot, *_ in floor.adl)


def note(happened, floor, before, events):
    """Count what only shows from one step to the next."""
    held, then = floor.x.accounts.contracts[RESERVED_ROWS:], before[RESERVED_ROWS:]
    happened["steps"] += 1
    happened["flips"] += int((held * then < 0).sum())
    happened["partial_closes"] += int(((held * then > 0) & (np.abs(held) < np.abs(then))).sum())
    happened["funding_stamps"] += events["funding"] != 0
    happened["steps_fund_below_zero"] += bool(floor[FUND].wallet < 0)


def main():
    """Run all venues and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=10_000_000, help="in all, over the venues")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    happened = Counter()
    for name in VENUES:
        try:
            soak(name, -(-options.messages // len(VENUES)), options.seed, happened)
        except AssertionError as broken:
            print(f"{name}, seed {options.seed}: {broken}", file=sys.stderr)
            return 1
    for what, count in sorted(happened.items()):
        print(f"{what:>24} {count:>16,}")
    missing = [what for what in MUST_HAPPEN if not happened[what]]
    if missing:
        print(f"these must happen, and did not: {', '.join(missing)}; send more messages", file=sys.stderr)
    return 2 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
