"""The benchmarks measure what they say: the same flow through both books, and a frozen market that trades."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import bare, book, markets, scaling, takeover, timing
from benchmarks.flow import rounds
from sim import orders, risk
from sim.compiled import HOME
from sim.contract import Inverse
from sim.ledger import RESERVED_ROWS


def test_the_bare_book_and_our_own_trade_the_same_when_orders_come_in_the_same_order():
    flow, plain, x = rounds(200, 5), bare.new_book(200), book.new_floor(200)
    for each in flow:
        bare.cancel_and_replace(plain, each.owner, each.tick, each.contracts)
        for pair in book.messages(each).reshape(-1, 2):
            x.now[0].step += 1
            orders.act(x, pair, 2, book.FIRST_ROWS)
    now, counts = x.now[0], plain[-1]
    assert counts[bare.FILLS] == now.fills > 100
    assert counts[bare.VOLUME] == now.volume
    assert counts[bare.SUBMITS] + counts[bare.CANCELS] == book.acted_on(now)
    assert (counts[bare.BID], counts[bare.ASK]) == (now.bid, now.ask)
    assert np.array_equal(plain[2][:, bare.DEPTH], x.levels.contracts[: len(plain[2])])


def test_among_many_accounts_each_has_an_order_and_the_flow_trades(monkeypatch):
    monkeypatch.setattr(timing, "REPEATS", 2)
    ns, _, rests = book.deep(2_000, 100, 4)
    assert ns > 0.0 and 1_600 < rests < 2_000
    x, first = book.new_floor(500), book.resting(500)
    orders.act(x, first, len(first), book.FIRST_ROWS)
    assert x.now[0].resting == 500 and x.now[0].fills == x.now[0].rejected == 0


def test_the_frozen_market_trades_among_all_five_crowds():
    market = markets.five_crowds(accounts=500, sleepers=100, hours=0.1)
    for _ in range(60):
        market.step()
    x = market.exchange
    assert x.now[0].messages > 60 and x.now[0].fills > 0
    assert len(market.crowds) == 7 and len(x.accounts) == RESERVED_ROWS + 500 + 20 - 1 + 100
    asleep = slice(market.crowds[-2].first, None)
    assert (x.accounts.contracts[asleep] != 0).all() and (x.clocks.wakes[asleep] == 0).all()


def test_a_crowd_of_longs_is_taken_over_at_one_mark():
    x = takeover.crowded(1_000)
    takeover.fall(x)
    risk.liquidate(x, book.FIRST_ROWS)
    assert x.now[0].lots == 500 and x.now[0].resting == 1_000


def test_the_best_is_the_least_and_spread_is_relative_to_it():
    taken = iter([2.0, 1.0, 1.5])
    assert timing.best(lambda: next(taken), repeats=3) == (1.0, 1.0)


@pytest.mark.parametrize(("value", "at_least", "verdict"), [(1.0, False, "met"), (1.0, True, "MISSED")])
def test_a_target_is_met_from_its_own_side(value, at_least, verdict):
    line = timing.Line("part", "what", value, "s", target=2.0, at_least=at_least)
    assert line.verdict == verdict and verdict in str(line)


def test_the_table_is_written_with_where_it_was_made(tmp_path):
    lines = [timing.Line("bare", "messages", 40.0, "M/s", key="bare_per_s"), timing.Line("memory", "bytes", 7.0, "B")]
    timing.write(tmp_path / "table.json", lines, {"profile_us_a_step": {}}, timing.about())
    told = json.loads((tmp_path / "table.json").read_text())
    assert told["table"][0]["value"] == 40.0 and told["table"][0]["spread"] is None
    assert told["results"] == {"bare_per_s": 40e6}
    assert {"date", "machine", "command", "versions", "source"} <= set(told)


def test_an_unknown_part_is_refused_in_one_sentence():
    command = [sys.executable, "-m", "benchmarks", "boook"]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True)
    assert done.returncode == 2 and "a part must be one of bare, book" in done.stderr


@pytest.mark.parametrize("highest", scaling.HIGHEST)
def test_the_contracts_whose_cost_is_compared_can_be(highest):
    assert len(replace(Inverse(), highest=highest).ladder()) == 2 * highest + 1
