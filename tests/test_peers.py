"""Peers are measured on the same work: the same messages and volume, or they are left out and that is said."""

import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import alone, bare, figure, model, peers, plain
from benchmarks.flow import rounds
from benchmarks.markets import busy_noise, every_crowd
from benchmarks.timing import Line
from sim.compiled import HOME


@pytest.mark.parametrize(("accounts", "around"), [(50, 12.0), (300, 3.0), (300, 80.0)])
def test_the_plain_book_trades_what_the_bare_one_does(accounts, around):
    flow, compiled = rounds(accounts, 6, around=around), bare.new_book(accounts)
    for each in flow:
        bare.cancel_and_replace(compiled, each.owner, each.tick, each.contracts)
    book, counts = plain.replay(flow), compiled[-1]
    assert (book.submits, book.cancels) == (counts[bare.SUBMITS], counts[bare.CANCELS])
    assert (book.fills, book.volume) == (counts[bare.FILLS], counts[bare.VOLUME]) and book.fills > 20


def test_a_peer_is_run_and_its_volume_checked(monkeypatch):
    monkeypatch.setattr(peers.timing, "REPEATS", 2)
    peer = peers.Peer("plain_python", "a plain book", "plain", 100, 3, matches=True, foreign=False)
    rate, spread = peers.run(peer)
    assert rate > 1_000 and spread >= 0.0
    monkeypatch.setattr(peers, "replay", lambda flow: plain.Book())
    with pytest.raises(AssertionError, match="a plain book must trade 0 contracts"):
        peers.run(peer)


def test_a_peer_that_is_not_installed_is_left_out_and_the_table_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(peers, "THEIRS", tmp_path)
    peer = peers.Peer("pams", "PAMS", "on_pams", 10, 1, "book", matches=True)
    ours, theirs = peers.compared([peer], lambda size: 1e6, "messages")
    assert ours.value == 1.0 and theirs.value != theirs.value and "PAMS: left out, not installed" in str(theirs)
    assert not theirs.key


def test_a_ratio_is_ours_over_theirs(monkeypatch):
    monkeypatch.setattr(peers, "run", lambda peer: (2e5, 0.1))
    peer = peers.Peer("pams", "PAMS", "on_pams", 10, 1)
    *_, ratio = peers.compared([peer], lambda size: 1e6, "messages")
    assert (ratio.value, ratio.key, ratio.verdict) == (5.0, "to_pams", "met")


def test_mesa_counts_its_traders_decisions():
    command = [sys.executable, "-m", "benchmarks.on_mesa", "40", "5", "1"]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert said["count"] == 200 and 200 < said["messages"] < 400 and len(said["seconds"]) == 1


def test_what_is_timed_alone_is_said_as_json(capsys):
    seconds, last = alone.timed(lambda: 7, 3)
    alone.say(last, seconds, volume=1)
    assert json.loads(capsys.readouterr().out) == {"count": 7, "seconds": seconds, "volume": 1} and len(seconds) == 3


def test_busy_noise_wakes_in_every_step_and_every_crowd_is_there():
    market = model.watched(busy_noise(accounts=50))
    for _ in range(5):
        market.step()
    assert market.woken == 250 and market.exchange.now[0].fills > 0
    kinds = [type(crowd).__name__ for crowd in every_crowd(accounts=500, others=3, hours=0.1).crowds]
    assert len(kinds) == len(set(kinds)) > 15 and {"Whales", "MarketMakers", "Chartists"} <= set(kinds)


def test_the_model_finds_costs_that_it_was_given():
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 1_000, (40, 5)).astype(float)
    cost = np.array([5e-8, 1e-7, 0.0, 2e-7, 3e-5])
    found, error = model.fitted(rows, rows @ cost)
    assert found == pytest.approx(cost, abs=1e-12) and error < 1e-9


def test_a_bound_is_made_of_measured_units():
    known = {"rows": 3.0, "draws": 10.0, "entries": 500.0, "orders": 20.0}
    assert model.Bound(rows=2.0, draws=1.0, orders=0.5).ns(known) == 26.0
    assert set(model.BOUNDS) == set(model.COUNTED) and all(bound.above for bound in model.BOUNDS.values())


def test_the_figure_shows_what_was_measured(tmp_path):
    lines = [
        Line("peers", "ours, messages a second, 10,000", 10.0, "M/s"),
        Line("peers", "PAMS, 1,000", 0.006, "M/s"),
        Line("scaling", "accounts: 1,000", 90.0, "us/step"),
        Line("scaling", "accounts: 10,000", 100.0, "us/step"),
    ]
    figure.draw(tmp_path / "some.png", lines)
    figure.draw(tmp_path / "none.png", [])
    assert (tmp_path / "some.png").stat().st_size > (tmp_path / "none.png").stat().st_size > 1_000
    assert (figure.said(2_530_000.0), figure.said(6_000.0)) == ("2.53 M", "6 k")
