"""The smallest shock: found where it is known, with an interval that holds it as often as it says."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.reverse import inside, smallest
from analysis.studies.measures import fund_needed_coin
from scenarios.reverse_stress import reverse_stress
from sim.mark import LastPrice
from sim.venues import BITMEX


def world(limits, calls=None):
    """A scenario whose metric is what `size` exceeds the limit of its seed by."""

    def made(*, seed, size):
        if calls is not None:
            calls.append((seed, size))
        return SimpleNamespace(run=lambda: size - limits[seed])

    return made


def short_of(run):
    """The metric of such a run."""
    return run


def test_each_seed_has_its_own_smallest_value_within_the_tolerance():
    limits = {1: 0.31, 2: 0.5, 3: 0.123}
    found = smallest(world(limits), "size", 0.0, 1.0, short_of, 0.0, (1, 2, 3), tolerance=1e-3)
    for (below, reached), limit in zip(found.brackets, limits.values(), strict=True):
        assert below < limit <= reached and reached - below <= 1e-3
    assert found.value == pytest.approx(0.31, abs=1e-3) and "size 0.31" in str(found)


def test_a_threshold_moves_what_is_found():
    one, other = (smallest(world({1: 0.2, 2: 0.2}), "size", 0.0, 1.0, short_of, at, (1, 2)).value for at in (0.0, 0.3))
    assert other - one == pytest.approx(0.3, abs=2 / 64)


def test_a_seed_takes_two_runs_and_one_for_each_halving():
    calls = []
    smallest(world({1: 0.3, 2: 0.7}, calls), "size", 0.0, 1.0, short_of, 0.0, (1, 2), tolerance=1 / 16)
    assert len(calls) == 2 * (2 + 4) and len(set(calls)) == len(calls)


def test_what_is_reached_at_once_or_never_is_said_so():
    limits = {1: -1.0, 2: 0.4, 3: 9.0, 4: 9.0}
    found = smallest(world(limits), "size", 0.0, 1.0, short_of, 0.0, (1, 2, 3, 4))
    assert found.brackets[0] == (-np.inf, 0.0) and found.brackets[3] == (1.0, np.inf)
    assert found.value == np.inf and found.interval == (-np.inf, np.inf)


def test_an_interval_holds_the_median_as_often_as_it_says():
    chance, held, coverage = np.random.default_rng(1), [], 0.0
    for _ in range(400):
        limits = dict(enumerate(chance.exponential(1.0, 12)))
        found = smallest(world(limits), "size", 0.0, 20.0, short_of, 0.0, range(12), tolerance=1e-3)
        low, high = found.interval
        coverage = found.coverage
        held.append(low <= np.log(2.0) <= high)
    assert 0.95 <= coverage < 0.99
    assert abs(np.mean(held) - coverage) < 3.5 * np.sqrt(coverage * (1.0 - coverage) / 400)


def test_few_seeds_cover_what_their_range_covers():
    found = smallest(world({1: 0.2, 2: 0.3, 3: 0.6}), "size", 0.0, 1.0, short_of, 0.0, (1, 2, 3))
    assert found.coverage == inside(3, 0) == 0.75
    assert found.interval[0] <= 0.2 and found.interval[1] >= 0.6


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (dict(low=1.0, high=0.0), "low must be below high"),
        (dict(seeds=(1,)), "seeds must be two or more that differ"),
        (dict(seeds=(1, 1)), "seeds must be two or more that differ"),
        (dict(tolerance=0.0), "tolerance must be above 0"),
        (dict(keyword="seed"), "must be neither seed nor given"),
    ],
)
def test_a_search_that_tells_nothing_is_refused(options, said):
    usual = dict(keyword="size", low=0.0, high=1.0, metric=short_of, threshold=0.0, seeds=(1, 2))
    with pytest.raises(ValueError, match=said):
        smallest(world({1: 0.2, 2: 0.3}), **usual | options)


def test_with_deeper_books_it_takes_a_larger_fall_to_empty_the_fund():
    small = dict(tolerance=0.04, hours=0.6, fund_coin=1_000.0)  # a fund that pays all, so that nobody is deleveraged
    thin, deep = (
        smallest(reverse_stress, "fall", 0.04, 0.2, fund_needed_coin, 25.0, (1, 2), depth=depth, **small)
        for depth in (0.3, 1.0)
    )
    for (_, little), (much, reached) in zip(thin.brackets, deep.brackets, strict=True):
        assert 0.04 < little <= much < reached <= 0.2


def test_a_sale_empties_the_fund_where_the_last_trade_is_the_mark_and_not_where_the_index_is():
    sale = dict(seed=1, fall=0.0, sold_usd=10e6, hours=0.4)
    fair = reverse_stress(**sale).run()
    run = reverse_stress(venue=replace(BITMEX, mark=LastPrice()), **sale).run()
    assert fund_needed_coin(fair) < 1.0 and fund_needed_coin(run) > 25.0
