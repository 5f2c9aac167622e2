"""The same flow through a market of PAMS, and its own way of letting agents decide.

    python -m benchmarks.on_pams KIND SIZE ROUNDS REPEATS

KIND: book (the flow, one market, matched after each order) or agents (as many agents that each cancel and submit in
every step of a run). Needs PAMS and numpy only.
"""

import random
import sys

from pams.agents import Agent
from pams.logs import Logger
from pams.market import Market
from pams.order import LIMIT_ORDER, Cancel, Order
from pams.runners import SequentialRunner
from pams.simulator import Simulator

from benchmarks.alone import say, timed
from benchmarks.flow import AROUND, LOT, MIDDLE, rounds


def opened():
    """A market at the middle of the flow, running."""
    market = Market(market_id=0, prng=random.Random(1), simulator=Simulator(prng=random.Random(2)), name="market")
    market.setup({"tickSize": 1, "marketPrice": float(MIDDLE)})
    market._update_time(next_fundamental_price=float(MIDDLE))
    market._is_running = True
    return market


def flow_through(flow):
    """(cancels, volume) of the flow, message after message."""
    market, live, cancels, volume = opened(), {}, 0, 0
    for each in flow:
        for owner, tick, contracts in zip(
            each.owner.tolist(), each.tick.tolist(), each.contracts.tolist(), strict=True
        ):
            rests = live.get(owner)
            if rests is not None and rests.volume > 0:
                market._cancel_order(Cancel(order=rests))
                cancels += 1
            order = Order(owner, 0, contracts > 0, LIMIT_ORDER, abs(contracts) // LOT, price=float(tick))
            market._add_order(order)
            volume += LOT * sum(log.volume for log in market._execution())
            live[owner] = order
    return cancels, volume


class Replacing(Agent):
    """In every step cancels what it has in the book and submits a limit order about the market price."""

    live = None

    def submit_orders(self, markets):
        """A cancel, if anything rests, and an order."""
        market, dice, before = markets[0], self.prng, self.live
        price = round(market.get_market_price() + dice.gauss(0.0, AROUND))
        side, volume = dice.random() < 0.5, 1 + dice.randrange(10)
        self.live = Order(self.agent_id, market.market_id, side, LIMIT_ORDER, volume, price=float(price))
        rests = before is not None and before.placed_at is not None and before.volume > 0 and not before.is_canceled
        return [Cancel(order=before), self.live] if rests else [self.live]


def run_of_agents(size, count):
    """Decisions of a run."""
    session = {
        "sessionName": 0, "iterationSteps": count, "withOrderPlacement": True, "withOrderExecution": True,
        "withPrint": False, "maxNormalOrders": size,
    }  # fmt: skip
    settings = {
        "simulation": {"markets": ["Market"], "agents": ["Agents"], "sessions": [session]},
        "Market": {"class": "Market", "tickSize": 1, "marketPrice": float(MIDDLE), "fundamentalVolatility": 0.0},
        "Agents": {
            "class": "Replacing", "numAgents": size, "markets": ["Market"], "assetVolume": 50, "cashAmount": 10_000,
        },
    }  # fmt: skip
    runner = SequentialRunner(settings=settings, prng=random.Random(1), logger=Logger())
    runner.class_register(Replacing)
    runner.main()
    return size * count


def main():
    """Time one kind."""
    kind, (size, count, repeats) = sys.argv[1], map(int, sys.argv[2:])
    if kind == "agents":
        seconds, decided = timed(lambda: run_of_agents(size, count), repeats)
        say(decided, seconds)
        return
    flow = rounds(size, count)
    seconds, (cancels, volume) = timed(lambda: flow_through(flow), repeats)
    say(size * count + cancels, seconds, volume=volume)


if __name__ == "__main__":
    main()
