"""Our own order book under the same flow: accounts, margin, fees, and every fill settled."""

import time

import numpy as np

from benchmarks import timing
from benchmarks.flow import rounds
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


def new_floor(accounts, coin=COIN, cross=False):
    """An exchange on BitMEX's terms where one crowd of `accounts` has `coin` each; the mark stands at 8000."""
    contract = Inverse()
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


def measure(bare_ns, accounts=10_000, count=20):
    """Lines of the table."""
    x = new_floor(accounts)
    batches, now = [messages(each) for each in rounds(accounts, count)], x.now[0]

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
    before, fills, sent = acted_on(now), int(now.fills), int(now.messages)
    seconds, spread = timing.best(work)
    done = (acted_on(now) - before) / timing.REPEATS
    ns = 1e9 * seconds / done
    found = (now.fills - fills) / timing.REPEATS / done
    assert now.rejected == 0 and now.overloaded == 0
    sent_ns = 1e9 * seconds * timing.REPEATS / (now.messages - sent)
    return [
        Line("book", "messages a second, in millions, settled", 1e3 / ns, "M/s", spread, 8.0, True, ns / bare_ns),
        Line("book", "the same, cancels that find nothing counted too", 1e3 / sent_ns, "M/s", spread),
        Line("book", "fills a message", found, ""),
    ]
