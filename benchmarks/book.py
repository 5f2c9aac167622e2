"""Our own order book under the same flow: accounts, margin, fees, and every fill settled."""

import time

import numpy as np

from benchmarks import timing
from benchmarks.flow import LOT, MIDDLE, rounds
from benchmarks.timing import Line
from sim import orders
from sim.contract import Inverse
from sim.exchange import new_exchange, records, with_accounts, with_orders
from sim.ledger import RESERVED_ROWS, new_accounts
from sim.margin import Tiers
from sim.streams import crowd_key
from sim.terms import write_terms
from sim.venues import BITMEX

FIRST_ROWS = np.array([RESERVED_ROWS])
COIN = 10.0


def new_floor(accounts, coin=COIN, cross=False, contract=Inverse()):  # noqa: B008
    """An exchange on BitMEX's terms where one crowd of `accounts` has `coin` each; the mark stands at 8000."""
    x = new_exchange(contract.ladder(), Tiers.flat(0.005, 0.01).table(contract.unit))
    write_terms(x.terms[0], BITMEX, 1.0, 600.0, "book", False)
    rows = new_accounts(accounts, crowd=0, leverage=10.0, cross=cross)
    rows.wallet = rows.deposits = round(coin / contract.unit)
    x = with_accounts(x, rows).replace(keys=crowd_key(1, "flow")[np.newaxis, :])
    x = with_orders(x, 1024 + 4 * accounts)
    x.now[0].mark_units, x.now[0].mark = contract.settlement(8000.0), 8000.0
    return x


def messages(each):
    """A round of the flow as messages: a cancel and a limit order of each owner."""
    batch = records(2 * len(each.owner), orders.MESSAGE)
    batch.account, batch.trigger = np.repeat(RESERVED_ROWS + each.owner, 2), -1
    batch.action = np.tile([orders.CANCEL_ALL, orders.SUBMIT], len(each.owner))
    batch.amount[1::2], batch.tick[1::2] = each.contracts, each.tick
    return batch


def acted_on(now):
    """Submits and cancels so far; a cancel that found nothing is none."""
    return int(now.submits + now.cancels)


def resting(accounts, seed=2):
    """A message of each account: an order that rests, a buy far below or a sell far above where the flow trades."""
    rng = np.random.default_rng(seed)
    batch = records(accounts, orders.MESSAGE)
    batch.account, batch.trigger, batch.action = RESERVED_ROWS + np.arange(accounts), -1, orders.SUBMIT
    side = rng.choice([-1, 1], accounts)
    batch.amount, batch.tick = LOT * side, MIDDLE - side * rng.integers(100, 4_000, accounts)
    return batch


def timed(x, batches):
    """(CPU seconds, spread, messages acted on a repetition) of those batches, everything compiled and warm before."""
    now = x.now[0]

    def work():
        taken = 0.0
        for batch in batches:
            x.accounts.touched, now.dirty = False, 0  # as the risk engine leaves them
            now.step += 1
            start = time.process_time()
            orders.act(x, batch, len(batch), FIRST_ROWS)
            taken += time.process_time() - start
        return taken

    work()
    before = acted_on(now)
    seconds, spread = timing.best(work)
    assert now.rejected == 0 and now.overloaded == 0
    return seconds, spread, (acted_on(now) - before) / timing.REPEATS


def rate(accounts, count):
    """Messages a second of the flow of so many owners, in so many rounds."""
    seconds, _, done = timed(new_floor(accounts), [messages(each) for each in rounds(accounts, count)])
    return done / seconds


def measure(bare_ns, accounts=10_000, count=20, many=1_000_000):
    """Lines of the table."""
    x = new_floor(accounts)
    now = x.now[0]
    seconds, spread, done = timed(x, [messages(each) for each in rounds(accounts, count)])
    repeats = timing.REPEATS + 1
    ns, sent_ns = 1e9 * seconds / done, 1e9 * seconds * repeats / now.messages
    deep_ns, deep_spread, rests = deep(many, accounts, count)
    what = f"of {accounts:,} among {many:,} accounts, {rests:,} resting"
    return [
        Line("book", "messages a second, in millions, settled", 1e3 / ns, "M/s", spread, 12.0, True, ns / bare_ns,
             "orders_per_s"),
        Line("book", "the same, cancels that find nothing counted too", 1e3 / sent_ns, "M/s", spread),
        Line("book", "fills a message", now.fills / repeats / done, ""),
        Line("book", what, 1e3 / deep_ns, "M/s", deep_spread, 1e3 / ns / 3.0, True, deep_ns / bare_ns,
             "orders_per_s_million_accounts"),
    ]  # fmt: skip


def deep(accounts, owners, count):
    """(nanoseconds a message, spread, orders resting): in each round others of many accounts, all of which have an
    order in the book, cancel it and submit anew."""
    x = new_floor(accounts)
    filled = resting(accounts)
    orders.act(x, filled, len(filled), FIRST_ROWS)
    chosen, batches = np.random.default_rng(3).permutation(accounts), []
    for n, each in enumerate(rounds(owners, count)):
        each.owner = chosen[(n * owners + np.arange(owners)) % accounts]
        batches.append(messages(each))
    seconds, spread, done = timed(x, batches)
    return 1e9 * seconds / done, spread, int(x.now[0].resting)
