"""The same flow through the order book of bourse, and its own random traders.

    python -m benchmarks.on_bourse KIND SIZE ROUNDS REPEATS

KIND: book (a call a message), step (whole arrays a step), objects (one Python object a trader) or arrays (one
population as arrays). Needs bourse and numpy only.
"""

import sys

import bourse
import numpy as np
from bourse.step_sim.agents import NumpyRandomAgents, RandomAgent

from benchmarks.alone import say, timed
from benchmarks.flow import rounds

TRADING, CANCELLED = 1, 3  # as `Status` counts in bourse: New, Active, Filled, Cancelled, Rejected


def a_call_each(flow):
    """(cancels, volume) of the flow, message after message."""
    book, live, cancels, time = bourse.core.OrderBook(0, 1, True), {}, 0, 0
    for each in flow:
        for owner, tick, contracts in zip(
            each.owner.tolist(), each.tick.tolist(), each.contracts.tolist(), strict=True
        ):
            order = live.get(owner)
            if order is not None and book.order_status(order) == TRADING:
                book.cancel_order(order)
                cancels += 1
            time += 1
            book.set_time(time)  # orders of one time would not queue in the order they came
            live[owner] = book.place_order(contracts > 0, abs(contracts), owner, price=tick)
    return cancels, sum(trade[3] for trade in book.get_trades())


def arrays_a_step(flow):
    """Orders submitted by the flow as arrays, shuffled and matched by bourse at each step; nobody cancels."""
    env = bourse.core.StepEnvNumpy(1, 0, 1, 1_000_000)
    for each in flow:
        sizes = np.abs(each.contracts).astype(np.uint32)
        env.submit_limit_orders((each.contracts > 0, sizes, each.owner.astype(np.uint32), each.tick.astype(np.uint32)))
        env.step()
    return sum(len(each.owner) for each in flow)


def objects(size, count):
    """Orders of traders that are objects."""
    env = bourse.core.StepEnv(1, 0, 1, 1_000_000)
    traders = [RandomAgent(i, 0.5, (950, 1050), (1, 20), 1) for i in range(size)]
    bourse.step_sim.run(env, traders, count, 1, show_progress=False)
    return size * count


def arrays(size, count):
    """Orders of one population of traders as arrays."""
    env = bourse.core.StepEnvNumpy(1, 0, 1, 1_000_000)
    traders = [NumpyRandomAgents(size, (950, 1050), (1, 20), 1)]
    bourse.step_sim.run(env, traders, count, 1, show_progress=False, use_numpy=True)
    return size * count


def main():
    """Time one kind."""
    kind, (size, count, repeats) = sys.argv[1], map(int, sys.argv[2:])
    if kind in ("objects", "arrays"):
        seconds, decided = timed(lambda: {"objects": objects, "arrays": arrays}[kind](size, count), repeats)
        say(decided, seconds)
        return
    flow = rounds(size, count)
    if kind == "step":
        seconds, sent = timed(lambda: arrays_a_step(flow), repeats)
        say(sent, seconds)
        return
    seconds, (cancels, volume) = timed(lambda: a_call_each(flow), repeats)
    say(size * count + cancels, seconds, volume=volume)


if __name__ == "__main__":
    main()
