"""A plain order book and nothing else: no accounts, no margin, no settlement. What all others are compared to.

A ladder of integer ticks with first-in-first-out queues as linked lists, best prices found by walking, one order an
owner, everything in flat arrays and one compiled function.
"""

import numpy as np

from benchmarks import timing
from benchmarks.flow import LOT, TICKS, rounds
from benchmarks.timing import Line
from sim.compiled import kernel

NEXT, PREVIOUS, TICK, OWNER = range(4)
HEAD, TAIL, DEPTH = range(3)
BID, ASK, FREE, SUBMITS, CANCELS, FILLS, VOLUME = range(7)


def new_book(owners, ticks=TICKS):
    """(links, size, levels, live, now) of an empty book in which each owner may have one order."""
    links = np.full((owners + 1, 4), -1, np.int32)
    links[:, NEXT] = np.arange(1, owners + 2)
    levels = np.full((ticks, 3), -1, np.int64)
    levels[:, DEPTH] = 0
    now = np.zeros(7, np.int64)
    now[ASK], now[BID] = ticks - 1, 0
    return links, np.zeros(owners + 1, np.int64), levels, np.full(owners, -1, np.int32), now


@kernel
def cancel_and_replace(book, owners, ticks, sizes):
    """Let each owner cancel what it has in the book and send a limit order."""
    links, size, levels, live, now = book
    bid, ask, free = now[BID], now[ASK], now[FREE]
    for k in range(len(owners)):
        owner, tick, left = owners[k], ticks[k], sizes[k]
        o = live[owner]
        if o >= 0:
            at, before, after = links[o, TICK], links[o, PREVIOUS], links[o, NEXT]
            if before >= 0:
                links[before, NEXT] = after
            else:
                levels[at, HEAD] = after
            if after >= 0:
                links[after, PREVIOUS] = before
            else:
                levels[at, TAIL] = before
            levels[at, DEPTH] -= abs(size[o])
            links[o, NEXT], free, live[owner] = free, o, -1
            now[CANCELS] += 1
            while bid > 0 and levels[bid, HEAD] < 0:
                bid -= 1
            while ask < len(levels) - 1 and levels[ask, HEAD] < 0:
                ask += 1
        now[SUBMITS] += 1
        while left != 0 and (ask <= tick if left > 0 else bid >= tick):
            at = ask if left > 0 else bid
            o = levels[at, HEAD]
            if o < 0:
                break
            part = min(abs(left), abs(size[o]))
            now[FILLS] += 1
            now[VOLUME] += part
            levels[at, DEPTH] -= part
            if left > 0:
                left -= part
                size[o] += part
            else:
                left += part
                size[o] -= part
            if size[o] == 0:
                after = links[o, NEXT]
                levels[at, HEAD] = after
                if after >= 0:
                    links[after, PREVIOUS] = -1
                else:
                    levels[at, TAIL] = -1
                live[links[o, OWNER]] = -1
                links[o, NEXT], free = free, o
                while bid > 0 and levels[bid, HEAD] < 0:
                    bid -= 1
                while ask < len(levels) - 1 and levels[ask, HEAD] < 0:
                    ask += 1
        if left != 0:
            o, free = free, links[free, NEXT]
            last = levels[tick, TAIL]
            links[o, OWNER], links[o, TICK], links[o, NEXT], links[o, PREVIOUS] = owner, tick, -1, last
            size[o], live[owner] = left, o
            if last >= 0:
                links[last, NEXT] = o
            else:
                levels[tick, HEAD] = o
            levels[tick, TAIL] = o
            levels[tick, DEPTH] += abs(left)
            if left > 0:
                bid = max(bid, tick)
            else:
                ask = min(ask, tick)
    now[BID], now[ASK], now[FREE] = bid, ask, free


def measure(accounts=10_000, count=20):
    """Nanoseconds a message of the bare book, and its lines of the table."""
    flow, book = rounds(accounts, count), new_book(accounts)
    now = book[-1]

    def work():
        for each in flow:
            cancel_and_replace(book, each.owner, each.tick, each.contracts)

    work()
    before = now.copy()
    seconds, spread = timing.best(work)
    done = (now - before) / timing.REPEATS
    messages = done[SUBMITS] + done[CANCELS]
    ns = 1e9 * seconds / messages
    fills = done[FILLS] / messages
    assert done[VOLUME] % LOT == 0 or fills > 0
    return ns, [
        Line("bare", "messages a second, in millions", 1e3 / ns, "M/s", spread, to_bare=1.0),
        Line("bare", "fills a message", fills, ""),
    ]
