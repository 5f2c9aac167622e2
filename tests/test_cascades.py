"""Cascades: episodes of made-up liquidations, and a crash beside its twin without feedback."""

from types import SimpleNamespace

import numpy as np
import pytest

from analysis import cascades
from scenarios import thin_book


class Made(SimpleNamespace):
    """A run of given liquidations and series."""

    def __getitem__(self, name):
        return self.series[name]


def made(times, contracts=None, again=None, mid=None, index=None):
    rows = np.zeros(len(times), [("time_s", float), ("contracts", int), ("again", bool), ("parent", int)])
    rows["time_s"], rows["parent"] = times, -1
    rows["contracts"] = 100 if contracts is None else contracts
    rows["again"] = False if again is None else again
    index = np.full(100, 1_000.0) if index is None else np.asarray(index, float)
    mid = index if mid is None else np.asarray(mid, float)
    time_s = 60.0 * np.arange(1, len(index) + 1)
    series = {"time_s": time_s, "mid": mid, "index": index, "open_interest_contracts": np.full(len(index), 10_000)}
    return Made(liquidations=rows, series=series, about={"step_s": 2.0})


def test_an_episode_ends_with_a_pause_and_needs_a_few():
    run = made([10, 20, 30, 40, 50, 300, 310, 1_000, 1_010, 1_020, 1_030, 1_040, 1_050], again=[False] * 12 + [True])
    first, second = cascades.episodes(run)
    assert first == (10.0, 40.0, 5, 500) and second == (1_000.0, 40.0, 5, 500)
    assert len(cascades.episodes(run, fewest=2)) == 3 and len(cascades.episodes(run, gap_s=1_000.0)) == 1
    assert cascades.largest_turns(run) == pytest.approx(0.05)
    assert cascades.episodes(made([])) == [] and np.isnan(cascades.within_percent(made([])))


def test_order_of_the_table_does_not_matter():
    times = [50, 10, 40, 20, 30]
    assert cascades.episodes(made(times)) == cascades.episodes(made(sorted(times)))


def test_what_came_within_minutes_is_counted_from_the_largest_episode():
    run = made([10, 11, 12, 13, 14, 2_000, 2_001], contracts=[100] * 5 + [250] * 2)
    assert cascades.within_percent(run, 30.0) == pytest.approx(50.0)
    assert cascades.within_percent(run, 60.0) == pytest.approx(100.0)


def test_overshoot_and_recovery_of_a_price_drawn_by_hand():
    index = [1_000, 900, 900, 900, 900, 900]
    mid = [1_000, 880, 810, 850, 897, 900]
    run = made([], mid=mid, index=index)
    assert cascades.overshoot_percent(run) == pytest.approx(9.0)
    assert cascades.recovery_hours(run) == pytest.approx(2 / 60)
    assert cascades.recovery_hours(made([], mid=[1_000, 880], index=[1_000, 900])) == float("inf")


@pytest.fixture(scope="module")
def pairs():
    """Crashes in a thin book, each with its twin in which forced closes move nothing."""
    options = {"hours": 0.7, "step_s": 2.0}
    return [(thin_book(seed=s, **options).run(), thin_book(seed=s, forced="absorbed", **options).run()) for s in (5, 6)]


def test_without_feedback_there_are_episodes_but_no_overshoot(pairs):
    for run, twin in pairs:
        assert cascades.largest_turns(twin) > 0.5 and cascades.added(run, twin, cascades.largest_turns) > 0.0
        assert cascades.added(run, twin, cascades.overshoot_percent) > 0.5 > abs(cascades.overshoot_percent(twin))


def test_counts_take_the_fall_itself_for_contagion_and_the_twin_does_not(pairs):
    for run, twin in pairs:
        found = cascades.branching(run, twin)
        assert 0.0 < found.twin < 0.3 < found.counts < 1.0
        assert cascades.branching(twin).genealogy == 0.0 and np.isnan(cascades.branching(run).twin)


def test_a_self_exciting_process_is_fitted_to_liquidations_spread_over_their_step(pairs):
    run, _ = pairs[0]
    found = cascades.branching(run)
    assert 0.3 < found.hawkes < 1.0  # the fall itself brings them together, so this is no contagion
    assert np.isnan(cascades.self_exciting(made([10.0] * 49)))
    rng = np.random.default_rng(1)
    alone = made(2.0 * np.ceil(np.sort(rng.uniform(0.0, 6_000.0, 600)) / 2.0))
    assert cascades.self_exciting(alone) < 0.15


def test_every_metric_stands_beside_the_null(pairs):
    found = cascades.beside_null(pairs).set_index("metric")
    assert list(found.index) == [each.__name__ for each in cascades.METRICS]
    for name in ("liquidated_turns", "overshoot_percent"):
        row = found.loc[name]
        assert row.added == pytest.approx(row.run - row.null) and row.added > 0.0 and row.pairs == 2
        assert row.amplification == pytest.approx(row.run / row.null) and row.error > 0.0
    alone = cascades.beside_null(pairs[:1]).set_index("metric")
    assert np.isnan(alone.error).all()
    assert alone.loc["largest_turns"].added == cascades.added(*pairs[0], cascades.largest_turns)
    chosen = (cascades.episodes_count, cascades.within_percent)
    quiet = cascades.beside_null([(made([]), made([]))], chosen).set_index("metric")
    assert quiet.loc["episodes_count"].run == 0 and np.isnan(quiet.loc["within_percent"].run)
    assert quiet.pairs.tolist() == [1, 0]
