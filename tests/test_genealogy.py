"""Which forced close made which: nobody where there is no impact, and as many as there are where they are known."""

from dataclasses import replace

import numpy as np
import pytest

from sim import genealogy, laws, series
from sim.exchange import records
from sim.ledger import RESERVED_ROWS, deposit, pair_off
from sim.mark import LastPrice
from sim.orders import CANCEL_ALL, MESSAGE, SUBMIT
from sim.venues import BITMEX, DERIBIT, LINEAR
from tests.floor import Floor
from tests.storm import storm

THIN = replace(BITMEX, mark=LastPrice())


@pytest.mark.parametrize("venue", [THIN, replace(LINEAR, mark=LastPrice()), BITMEX])
@pytest.mark.parametrize("seed", [1, 2])
def test_closes_absorbed_off_the_book_have_no_children(venue, seed):
    run = storm(seed=seed, venue=venue, forced="absorbed").run()
    assert len(run.liquidations) > 10 and np.all(run.liquidations.parent == -1) and run.about["branching_ratio"] == 0
    assert np.array_equal(run["mark"], run["mark_without_forced"])


@pytest.mark.parametrize("venue", [BITMEX, LINEAR])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_mark_that_never_looks_at_the_book_has_no_children_without_spot_impact(venue, seed):
    run = storm(seed=seed, venue=venue, spot_impact=0.0).run()
    assert len(run.liquidations) > 10 and np.abs(run.liquidations.impact_usd).sum() > 1.0
    assert run.about["branching_ratio"] == 0.0 and np.array_equal(run["mark"], run["mark_without_forced"])


@pytest.mark.parametrize("venue", [THIN, replace(LINEAR, mark=LastPrice())])
def test_a_thin_book_that_sets_the_mark_has_children(venue):
    run = storm(venue=venue).run()
    took = run.liquidations
    assert 0.05 < run.about["branching_ratio"] < 1.0
    children = np.flatnonzero(took.parent >= 0)
    assert np.all(took.step[took.parent[children]] < took.step[children]), "a parent traded before its child"
    pushed = took.impact_usd[took.parent[children]] * np.sign(took.contracts[children])
    assert np.mean(pushed < 0) > 0.9, "it pushed against its child"


def test_spot_that_answers_the_basis_carries_impact_into_an_index_mark():
    ratios = []
    for impact in (0.0, 20.0):
        options = dict(arbitrageurs=40, spot_impact=impact, half_life_s=7_200.0, drop=0.12)
        ratios.append([storm(seed=seed, **options).run().about["branching_ratio"] for seed in range(4)])
    assert max(ratios[0]) == 0.0 < max(ratios[1])


def test_a_liquidation_in_parts_is_counted_by_the_part_that_began_it():
    run = storm(venue=replace(THIN, liquidation=DERIBIT.liquidation)).run()
    rows, begun = run.liquidations, run.liquidations[~run.liquidations.again]
    assert rows.again.any() and len(begun) == run["liquidations"][-1] == run.accounts.liquidations.sum()
    assert np.all(rows.parent[rows.again] == -1) and run.about["branching_ratio"] == (begun.parent >= 0).mean() > 0.0
    _, first = np.unique(rows.account, return_index=True)
    assert not rows.again[first].any()


# A known kernel: the mark is 1000 plus the live impact, and each close moves the mid by -10.

BASE, GAP, ROWS = 1_000, 20, 600
MAKER, WHALE, FIRST = RESERVED_ROWS, RESERVED_ROWS + 1, RESERVED_ROWS + 2


def cascade(children, *, seed, lots, immigrants=2.0):
    """A floor after `lots` closes, each of which made `children` on average."""
    floor = Floor([10**12] * 2 + [0] * ROWS, cross=True, fund=10**13, rests=False, record_fills=False)
    rng, vacant, fresh = np.random.default_rng(seed), FIRST, 0
    while floor.now.lots < lots:
        x = floor.x
        floor.begin()
        genealogy.decay(x)
        floor.now.open_interest += 0
        live = float(floor.now.live_usd)
        below = rng.uniform(BASE + live, BASE, rng.poisson(children * fresh)) if fresh else np.empty(0)
        for trigger in (*below, *np.full(rng.poisson(immigrants), BASE + 1.0)):
            assert x.accounts.contracts[vacant] == 0
            put(x, vacant, trigger)
            vacant = FIRST + (vacant + 1 - FIRST) % ROWS
        series.mark_to(x, BASE + live, float(BASE))
        before = int(floor.now.lots)
        quote(floor)
        floor.liquidate()
        floor.unwind()
        fresh = int(floor.now.lots) - before
        laws.check(floor.x)
    return floor


def put(x, row, trigger):
    """Let a row be long one contract from 1000 on, to be liquidated below `trigger`."""
    deposit(x, row, -int(x.accounts.wallet[row]))
    deposit(x, row, round(1_000 * (BASE - trigger + 0.005 * trigger)))
    one = np.ones(1, np.int64)
    units = x.settlement[BASE : BASE + 1].copy()
    pair_off(x, np.array([row]), one, np.array([WHALE]), one.copy(), units)


def quote(floor):
    """Let the maker bid for one contract every `GAP` ticks from 999 on, and offer at 1001."""
    messages = records(30, MESSAGE)
    messages.account, messages.action, messages.trigger = MAKER, SUBMIT, -1
    messages.action[0] = CANCEL_ALL
    messages.amount, messages.tick = 1, BASE - 1 - GAP * (np.arange(30) - 1)
    messages.amount[1], messages.tick[1] = -1, BASE + 1
    messages.tick[2:] = BASE - 1 - GAP * np.arange(28)
    floor.act(messages)


@pytest.mark.parametrize("children", [0.0, 0.2, 0.5, 0.8])
def test_a_known_branching_ratio_is_recovered(children):
    floor = cascade(children, seed=7, lots=1_500)
    count = int(floor.now.lots)
    lots = floor.x.lots[:count]
    whole = np.abs(lots.impact_usd + 10.0) < 1e-9
    assert whole.mean() > 0.95, "each close moves the mid by what is known"
    found = genealogy.branching_ratio(floor.x)
    assert abs(found - children) <= 3 * np.sqrt(children / count)
    born = lots.parent >= 0
    assert np.all(lots.step[lots.parent[born]] < lots.step[born])


def test_a_parent_is_drawn_in_proportion_to_the_live_shares():
    floor = Floor([10**6] * 20_000, cross=True)
    shares = np.array([1.0, 2.0, 0.0, 3.0, 4.0])
    lots = records(6, floor.x.lots.dtype)
    lots.live_usd[:5], lots.live_spot_usd[:5] = -0.25 * shares, -0.75 * shares
    lots.live_usd[2] = 50.0  # a push the other way
    floor.x = floor.x.replace(lots=lots)
    floor.now.lots, floor.now.step = 5, 12
    floor.x.accounts.contracts[RESERVED_ROWS:] = 1
    rows = range(RESERVED_ROWS, RESERVED_ROWS + 20_000)
    drawn = np.array([genealogy.parent(floor.x, row, floor.first_rows) for row in rows])
    counts, expected = np.bincount(drawn, minlength=5), 20_000 * shares / shares.sum()
    there = shares > 0
    assert counts[2] == 0 and ((counts - expected)[there] ** 2 / expected[there]).sum() < 16.3, "chi-square, p = 0.001"
    floor.x.accounts.contracts[RESERVED_ROWS] = -1
    assert genealogy.parent(floor.x, RESERVED_ROWS, floor.first_rows) == 2
    lots.live_usd[2] = 0.0
    assert genealogy.parent(floor.x, RESERVED_ROWS, floor.first_rows) == -1


@pytest.mark.parametrize("step_s, half_life_s", [(1.0, 600.0), (5.0, 600.0), (60.0, 300.0)])
def test_impact_fades_by_half_in_its_half_life(step_s, half_life_s):
    market = storm(step_s=step_s, half_life_s=half_life_s, steps=2)
    x = market.exchange
    lots = records(3, x.lots.dtype)
    lots.live_usd, lots.live_spot_usd, lots.open = [-8.0, 4.0, 1.0], [-1.0, 2.0, 0.0], [5, 0, 0]
    x = x.replace(lots=lots)
    x.now.lots = 3
    for _ in range(round(half_life_s / step_s)):
        genealogy.decay(x)
    assert lots.live_usd == pytest.approx([-4.0, 2.0, 0.5], rel=1e-12)
    assert lots.live_spot_usd == pytest.approx([-0.5, 1.0, 0.0], rel=1e-12)
    assert x.now.live_usd[0] == pytest.approx(-1.5) and x.now.live_spot_usd[0] == pytest.approx(0.5)


def test_a_faded_and_closed_lot_is_looked_at_no_more():
    market = storm(steps=2, half_life_s=10.0)
    lots = records(3, market.exchange.lots.dtype)
    lots.live_usd, lots.open = [-1.0, -2.0, -3.0], [0, 0, 9]
    x = market.exchange.replace(lots=lots)
    x.now.lots = 3
    for _ in range(60):
        genealogy.decay(x)
    assert x.now.first_live[0] == 2
    lots.open[2] = 0
    genealogy.decay(x)
    assert x.now.first_live[0] == 3 and x.now.live_usd[0] == pytest.approx(0.0, abs=1e-2)


def test_a_move_of_spot_is_shared_among_the_closes_whose_basis_it_answered():
    market = storm(steps=2)
    lots = records(2, market.exchange.lots.dtype)
    x = market.exchange.replace(lots=lots)
    now = x.now[0]
    now.lots, now.mid, now.index = 2, 7_900.0, 8_000.0
    lots.live_usd = [-30.0, -20.0]
    now.live_usd = -50.0
    genealogy.attribute_spot(x, -4.0)
    assert lots.live_spot_usd == pytest.approx([-1.2, -0.8]), "half of the basis is theirs, so half of the move"
    genealogy.attribute_spot(x, 4.0)
    assert lots.live_spot_usd == pytest.approx([-1.2, -0.8]), "a move away from the basis answers nothing"
    now.live_usd, lots.live_usd = -200.0, [-120.0, -80.0]
    genealogy.attribute_spot(x, -5.0)
    assert lots.live_spot_usd == pytest.approx([-1.2 - 3.0, -0.8 - 2.0]), "never more than the move"
