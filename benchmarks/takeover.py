"""One mark that takes over half of 200,000 accounts, each with two orders in the book."""

import time

import numpy as np

from benchmarks import timing
from benchmarks.book import FIRST_ROWS, new_floor
from benchmarks.timing import Line
from sim import orders, risk
from sim.exchange import LOT, records
from sim.ledger import RESERVED_ROWS, pair_off

ACCOUNTS = 200_000
CONTRACTS = 4_000
FALL = 0.8


def crowded(accounts):
    """An exchange where every second account is long at ten times leverage, the others short as much at 8000, and
    all have a buy far below the market and a sell far above it in the book."""
    x = new_floor(accounts, coin=1.0)
    longs = np.arange(RESERVED_ROWS, RESERVED_ROWS + accounts, 2)
    contracts = np.full(len(longs), CONTRACTS)
    units = np.full(len(longs), x.now[0].mark_units)
    pair_off(x, longs, contracts, longs + 1, contracts.copy(), units)
    rng = np.random.default_rng(1)
    batch = records(2 * accounts, orders.MESSAGE)
    batch.account, batch.trigger = np.repeat(np.arange(RESERVED_ROWS, RESERVED_ROWS + accounts), 2), -1
    batch.action, batch.amount = orders.SUBMIT, np.tile([100, -100], accounts)
    batch.tick[0::2], batch.tick[1::2] = rng.integers(6_000, 7_000, accounts), rng.integers(25_000, 26_000, accounts)
    orders.act(x, batch, len(batch), FIRST_ROWS)
    assert x.now[0].resting == 2 * accounts and x.now[0].rejected == 0
    risk.liquidate(x, FIRST_ROWS)
    return x.replace(lots=records(accounts, LOT))


def fall(x):
    """Let the mark fall by a fifth, beyond the bankruptcy of every long."""
    now = x.now[0]
    now.mark = now.shadow_mark = FALL * 8000.0
    now.mark_units = -round(x.terms[0].scale / now.mark)


def timed(accounts):
    """(CPU seconds, spread) of the mark that takes over half of them."""

    def work():
        x = crowded(accounts)
        fall(x)
        start = time.process_time()
        risk.liquidate(x, FIRST_ROWS)
        taken = time.process_time() - start
        assert x.now[0].lots == accounts // 2, f"half the accounts must be taken over (got {x.now[0].lots})"
        return taken

    return timing.best(work)


def measure(accounts=ACCOUNTS):
    """Lines of the table."""
    seconds, spread = timed(accounts)
    ns = 1e9 * seconds / (accounts // 2)
    what = f"ns an account, {accounts // 2:,} of {accounts:,} taken over"
    return [Line("takeover", what, ns, "ns", spread, 200.0, key="takeover_ns_per_account")]
