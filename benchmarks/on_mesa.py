"""One Mesa agent a trader, and a plain order book in Python: what a model looks like that is written as tutorials do.

python -m benchmarks.on_mesa TRADERS STEPS REPEATS
"""

import sys

import mesa

from benchmarks.alone import say, timed
from benchmarks.flow import AROUND, LOT, MIDDLE
from benchmarks.plain import Book


class Trader(mesa.Agent):
    """In every step cancels what it has in the book and submits a limit order about the middle."""

    live = None

    def step(self):
        """A cancel, if anything rests, and an order."""
        dice, book = self.model.random, self.model.book
        book.cancel(self.live)
        contracts = LOT * (1 + dice.randrange(10)) * (1 if dice.random() < 0.5 else -1)
        self.live = book.submit(self.unique_id, round(MIDDLE + dice.gauss(0.0, AROUND)), contracts)


class Floor(mesa.Model):
    """Traders and a book."""

    def __init__(self, traders):
        super().__init__(rng=1)
        self.book = Book()
        Trader.create_agents(self, traders)

    def step(self):
        """Every trader, in random order."""
        self.agents.shuffle_do("step")


def run(traders, steps):
    """Messages of a run."""
    floor = Floor(traders)
    for _ in range(steps):
        floor.step()
    return floor.book.submits + floor.book.cancels


def main():
    """Time it."""
    traders, steps, repeats = map(int, sys.argv[1:])
    seconds, messages = timed(lambda: run(traders, steps), repeats)
    say(traders * steps, seconds, messages=messages)


if __name__ == "__main__":
    main()
