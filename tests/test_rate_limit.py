"""Messages an account may send: by hand, against a slow count, and in a market."""

import numpy as np
import pytest

from agents import MarketMakers, NoiseTraders, Uniform
from agents.rate_limit import RateLimit
from sim.market import Market


def test_a_second_is_saved_up_and_no_more():
    limit = RateLimit(2.0, 3)
    assert limit.admitted(np.array([1, 1, 1, 2]), 10.0).tolist() == [True, True, False, True]
    assert limit.admitted(np.array([1, 1]), 10.5).tolist() == [True, False]  # half a second brings one
    assert limit.admitted(np.array([0, 2, 1, 1, 1]), 60.0).tolist() == [True, True, True, True, False]
    assert limit.refused == 3


def test_a_slow_line_still_sends_one_now_and_then():
    limit = RateLimit(0.125, 1)
    assert [limit.admitted(np.array([0]), float(now))[0] for now in range(25)] == [now % 8 == 0 for now in range(25)]


def test_it_counts_as_a_bucket_for_each_account_does():
    rng = np.random.default_rng(4)
    per_s = rng.uniform(0.3, 5.0, 6)
    limit, left, seen, now = RateLimit(per_s, 6), np.maximum(per_s, 1.0), np.zeros(6), 0.0
    for _ in range(200):
        now += float(rng.integers(1, 8)) / 4.0
        sent = rng.integers(0, 6, rng.integers(0, 12))
        expected = []
        for account in sent:
            left[account] = min(left[account] + per_s[account] * (now - seen[account]), max(per_s[account], 1.0))
            seen[account] = now
            expected.append(left[account] >= 1.0)
            left[account] -= expected[-1]
        assert limit.admitted(sent, now).tolist() == expected
    assert limit.refused > 50


def makers(per_s):
    """A market of makers who may send so much."""
    market = Market(seed=3, hours=0.05, check=True)
    quoting = MarketMakers(market, count=3, coin=50.0, messages_per_s=per_s)
    NoiseTraders(market, count=40, coin=1.0)
    return market.run(), quoting


def test_makers_who_may_send_less_quote_less_and_what_is_refused_is_counted():
    free, unlimited = makers(np.inf)
    wide, _ = makers(1e6)
    assert unlimited.limit is None and free.series.tobytes() == wide.series.tobytes()
    few, limited = makers(2.0)
    assert few["rejected"][-1] - free["rejected"][-1] > 0.5 * limited.limit.refused > 100
    assert few["depth_bid_contracts"].mean() < 0.8 * free["depth_bid_contracts"].mean()


def test_a_limit_may_differ_between_accounts_and_must_be_above_zero():
    market = Market(seed=3, hours=0.05)
    crowd = NoiseTraders(market, count=5, messages_per_s=Uniform(1.0, 3.0))
    assert len(set(crowd.limit.per_s)) == 5 and "messages_per_s" not in crowd.traits.names
    for bad in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="messages_per_s of Slow must be above 0"):
            NoiseTraders(market, count=5, messages_per_s=bad, name="Slow")
