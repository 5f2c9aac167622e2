"""What a run costs: seconds = a + b orders + c fills + d wakes + e liquidations + f steps, beside what each must cost.

Fitted by least squares of relative errors, no coefficient below zero, over windows of markets that differ in pace and
in kind, rounds through the book alone, and a mark that takes over many; an order is submitted, cancelled or expired.
`a` is measured alone, since it is paid once. Each bound is measured in the same run: a random row that is
written, a draw of the dice, an entry into compiled code, an order in a book without accounts.
"""

import time
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks import book, takeover, timing
from benchmarks.flow import rounds
from benchmarks.markets import busy_noise, five_crowds
from benchmarks.timing import Line
from sim.compiled import kernel
from sim.ledger import ACCOUNT
from sim.outcome import outcome
from sim.room import zeros
from sim.streams import crowd_key, uniforms

COUNTED = ("order", "fill", "wake", "liquidation", "step")
WINDOW, WINDOWS, TIMES = 20, 6, 3
ENTRIES = (
    12  # compiled functions that a step enters: spot, mark, wheel, five crowds, liquidations, engine, match, record
)
NOISE = (
    dict(accounts=2_000),
    dict(accounts=2_000, order_share=1e-9),  # wakes without orders
    dict(accounts=2_000, market_share=0.0, distance_bps=200.0),  # orders without fills
    dict(accounts=2_000, market_share=0.9),
    dict(accounts=200),
)
PACES = (1.0, 4.0, 16.0, 64.0)


@dataclass(frozen=True)
class Bound:
    """What one of a kind cannot cost less than, in measured units.

    rows: random rows written; draws: of the dice; entries: into compiled code; orders: of the bare book
    above: what the rest is spent on
    """

    rows: float = 0.0
    draws: float = 0.0
    entries: float = 0.0
    orders: float = 0.0
    above: str = ""

    def ns(self, units):
        """Nanoseconds."""
        return sum(getattr(self, name) * units[name] for name in ("rows", "draws", "entries", "orders"))


BOUNDS = {
    "order": Bound(orders=1.0, draws=1.0, above="its place among the orders of the step, margin, reserves, expiry"),
    "fill": Bound(rows=2.0, above="two divisions a side that lose no unit, fees, funding, filing both triggers anew"),
    "wake": Bound(rows=2.0, draws=2.0, above="the rule of the crowd: logarithms, equity, the message"),
    "liquidation": Bound(rows=8.0, above="orders cancelled, the lot, its parent, the engine's trades afterwards"),
    "step": Bound(
        entries=float(ENTRIES), above="interpreted lines between the kernels: rules, quotes, spot, Mesa's own"
    ),
}


def counts(x, woken=0):
    """(orders and cancels, fills, wakes, liquidations, steps) so far."""
    now = x.now[0]
    return np.array([now.submits + now.cancels, now.fills, woken, now.liquidations, 0], float)


def watched(market):
    """The same market, counting who wakes."""
    decide, market.woken = market.decide, 0

    def counting():
        messages = decide()
        market.woken += int(market.bounds[-1])
        return messages

    market.decide = counting
    return market


def of_market(make):
    """[(counts, CPU seconds)] of windows of a market; each the best of several runs, which are alike."""
    taken = []
    for _ in range(TIMES):
        market, rows, seconds = watched(make()), [], []
        for _ in range(60):
            market.step()
        for _ in range(WINDOWS):
            before, start = counts(market.exchange, market.woken), time.process_time()
            for _ in range(WINDOW):
                market.step()
            seconds.append(time.process_time() - start)
            rows.append(counts(market.exchange, market.woken) - before + [0, 0, 0, 0, WINDOW])
        taken.append(seconds)
    return list(zip(rows, np.min(taken, axis=0), strict=True))


def of_book(around, accounts=10_000):
    """[(counts, CPU seconds)] of a round through the book; the further from the middle, the fewer fills."""
    x, batches = book.new_floor(accounts), [book.messages(each) for each in rounds(accounts, 5, around=around)]
    book.timed(x, batches)
    before = counts(x)
    seconds, _, _ = book.timed(x, batches)
    return [((counts(x) - before) / (timing.REPEATS + 1), seconds)]


def of_takeover(count=50_000):
    """[(counts, CPU seconds)] of one mark that takes over so many, who have two orders each."""
    seconds, _ = takeover.timed(2 * count)
    return [(np.array([0.0, 0.0, 0.0, count, 0.0]), seconds)]


def observed():
    """(windows, 5) counts and (windows,) CPU seconds of each."""
    found = [each for pace in PACES for each in of_market(partial(five_crowds, pace=pace))]
    found += [each for options in NOISE for each in of_market(partial(busy_noise, **options))]
    found += [*of_book(12.0), *of_book(100.0), *of_takeover()]
    rows, seconds = zip(*found, strict=True)
    return np.array(rows), np.array(seconds)


def fitted(rows, seconds):
    """(5,) seconds of one order, fill, wake, liquidation and step, and the median relative error of a window."""
    from scipy.optimize import nnls

    weights = 1.0 / seconds
    cost, _ = nnls(rows * weights[:, np.newaxis], np.ones(len(seconds)))
    error = (rows @ cost) * weights - 1.0
    return cost, float(np.median(np.abs(error)))


@kernel
def write_rows(accounts, rows):
    """Write to rows in the order given."""
    for i in rows:
        accounts[i].wallet += 1


@kernel
def enter(x):
    """Do nothing."""
    return x.now[0].step


def units(bare_ns, accounts=10_000):
    """Nanoseconds of a random row written, a draw, an entry, an order of the bare book."""
    table, count = zeros(accounts, ACCOUNT), 100_000
    rows = np.random.default_rng(1).integers(0, accounts, count)
    key, numbers, x = crowd_key(1, "dice"), np.arange(count), five_crowds(accounts=1_000).exchange

    def drawing():
        uniforms(key, numbers, 1, 0, 0)

    def entering():
        for _ in range(10_000):
            enter(x)

    works = {
        "rows": (lambda: write_rows(table, rows), count),
        "draws": (drawing, count),
        "entries": (entering, 10_000),
    }
    found = {"orders": bare_ns}
    for name, (work, times) in works.items():
        work()
        found[name] = 1e9 * timing.best(work)[0] / times
    return found


def once():
    """CPU seconds that a run costs before its first step and after its last."""

    def work():
        outcome(five_crowds(), finished=False)

    work()
    return timing.best(work)[0]


def measure(bare_ns):
    """Lines of the table, and the model for the JSON."""
    known, (cost, error) = units(bare_ns), fitted(*observed())
    lines = [Line("model", "a: a run of 10,000 accounts, before and after its steps", 1e3 * once(), "ms")]
    model = {"a_run_s": lines[0].value * 1e-3, "median_error": error, "units_ns": known}
    for letter, name, seconds in zip("bcdef", COUNTED, cost, strict=True):
        bound, ns = BOUNDS[name].ns(known), 1e9 * seconds
        lines.append(Line("model", f"{letter}: a{'n' * (name == 'order')} {name}; must cost {bound:,.0f}", ns, "ns"))
        model[f"{letter}_{name}"] = {"ns": ns, "bound_ns": bound, "above": BOUNDS[name].above}
    lines.append(Line("model", "median error of a window", 100.0 * error, "%"))
    return lines, model
