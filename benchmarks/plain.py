"""A plain order book in Python: what one writes first. A queue for each price, and a heap of prices for each side."""

import heapq
import sys
from collections import deque


class Book:
    """Price-time priority. An order is [owner, tick, contracts left], contracts of buys positive."""

    def __init__(self):
        self.queues, self.prices = {}, ([], [])
        self.submits = self.cancels = self.fills = self.volume = 0

    def cancel(self, order):
        """Take an order out; its place is swept away when it comes to the front."""
        if order is not None and order[2]:
            order[2] = 0
            self.cancels += 1

    def best(self, sells):
        """(tick, queue) of the best price of a side; None where it is empty."""
        heap = self.prices[sells]
        while heap:
            tick = heap[0] if sells else -heap[0]
            queue = self.queues[sells, tick]
            while queue and not queue[0][2]:
                queue.popleft()
            if queue:
                return tick, queue
            heapq.heappop(heap)
            del self.queues[sells, tick]
        return None

    def submit(self, owner, tick, left):
        """Trade what crosses and rest what is left; returns the order that rests, else None."""
        self.submits += 1
        buys = left > 0
        while left:
            found = self.best(buys)
            if found is None or (found[0] > tick if buys else found[0] < tick):
                break
            maker = found[1][0]
            size = min(abs(left), abs(maker[2]))
            self.fills, self.volume = self.fills + 1, self.volume + size
            left -= size if buys else -size
            maker[2] += size if buys else -size
        if not left:
            return None
        order = [owner, tick, left]
        if (not buys, tick) not in self.queues:
            self.queues[not buys, tick] = deque()
            heapq.heappush(self.prices[not buys], -tick if buys else tick)
        self.queues[not buys, tick].append(order)
        return order


def replay(flow):
    """The book after `flow`: each owner in turn cancels what it has in the book and submits anew."""
    book, live = Book(), {}
    for each in flow:
        for owner, tick, contracts in zip(
            each.owner.tolist(), each.tick.tolist(), each.contracts.tolist(), strict=True
        ):
            book.cancel(live.get(owner))
            live[owner] = book.submit(owner, tick, contracts)
    return book


def main():
    """`python -m benchmarks.plain OWNERS ROUNDS REPEATS`."""
    from benchmarks.alone import say, timed
    from benchmarks.flow import rounds

    owners, count, repeats = map(int, sys.argv[1:])
    flow = rounds(owners, count)
    seconds, book = timed(lambda: replay(flow), repeats)
    say(book.submits + book.cancels, seconds, volume=book.volume)


if __name__ == "__main__":
    main()
