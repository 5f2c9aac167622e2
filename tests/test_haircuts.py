"""Who gives up how much of a loss, by what rank, and what the fund pays first: pure rules against published numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import haircuts, insurance, ranks
from sim.haircuts import (
    capacity,
    capped,
    deleveraged,
    in_order,
    pro_rata,
    queue,
    ranked,
    risk_aware,
    spared_at_the_top,
    waterfall,
    whole_shares,
)
from sim.insurance import DrawLimit, fund_after, insurance_delta, loss_per_contract, static_fund

CASH, PNL = [2, 1, 0.5, 0, 0], [8, 4, 0.5, -3, -12]
"""Five accounts of equities 10, 5, 1, -3 and -12 (Chitra 2025)."""

WEALTH = st.lists(st.one_of(st.just(0.0), st.floats(1e-3, 1e9)), min_size=1, max_size=12).filter(any)
PART = st.floats(0.0, 1.5)


def taken(wealth, cut):
    """What haircuts bring."""
    return float(np.sum(np.multiply(wealth, cut)))


# ---- the published waterfall


def test_a_queue_takes_all_from_the_first_before_it_looks_at_the_next():
    fell = waterfall(CASH, PNL, 0.5, allocation="queue", order=[1, 0, 2])
    assert (fell.deficit, fell.budget, fell.capacity) == (15.0, 7.5, 12.5)
    assert fell.haircuts == pytest.approx([0.4375, 1, 0, 0, 0], abs=1e-12)
    assert fell.seized == pytest.approx([3.5, 4, 0, 0, 0]) and fell.equities == pytest.approx([6.5, 1, 1, -3, -12])


def test_pro_rata_takes_the_same_part_of_every_profit():
    fell = waterfall(CASH, PNL, 0.5)
    assert fell.haircuts == pytest.approx([0.6, 0.6, 0.6, 0, 0], abs=1e-12)
    assert fell.seized == pytest.approx([4.8, 2.4, 0.3, 0, 0])
    assert fell.equities == pytest.approx([5.2, 2.6, 0.7, -3, -12])


def test_half_of_the_first_profit_and_all_of_the_second_leave_what_is_printed():
    wealth = haircuts.endowments(CASH, PNL)
    assert np.add(CASH, PNL) - wealth * [0.5, 1, 0, 0, 0] == pytest.approx([6, 1, 1, -3, -12])


def test_caps_leave_the_level_to_those_who_are_not_at_theirs():
    fell = waterfall(CASH, PNL, 0.5, allocation="capped", caps=[0.5, 1.0, 1.0, 1.0, 1.0])
    level = 3.5 / 4.5
    assert fell.haircuts == pytest.approx([0.5, level, level, 0, 0]) and fell.seized.sum() == pytest.approx(7.5)
    assert haircuts.water_level([8, 4, 0.5], 7.5, caps=[0.5, 1, 1]) == pytest.approx(level)
    poor = waterfall(CASH, PNL, 1.0, allocation="capped", caps=0.2)
    assert poor.budget == 15.0 and poor.capacity == poor.seized.sum() == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("risk", "shares"),
    [
        ("linear", [0.164, 0.589, 0.246]),
        ("square", [0.155, 0.498, 0.348]),
        ("cvar", [0.149, 0.114, 0.737]),
        (None, [0.163, 0.728, 0.109]),
    ],
)
def test_risk_aware_shares_are_those_of_the_paper(risk, shares):
    equities, leverages = [1.2613, 5.6214, 0.8397], [1.031, 0.925, 1.548]
    cut = risk_aware(equities, 0.1, leverages, risk) if risk else pro_rata(equities, 0.1)
    assert np.multiply(equities, cut) / 0.1 == pytest.approx(shares, abs=1e-3)


def test_the_largest_winner_keeps_more_under_pro_rata_than_at_the_head_of_a_queue():
    """Proposition 5.3: by budget * (1 - its share of all profits)."""
    assert spared_at_the_top([2000, 530], 125) == pytest.approx(125 * (1 - 2000 / 2530))
    assert round(spared_at_the_top([2000, 530], 125), 2) == 26.19


@given(WEALTH, st.floats(0.0, 1.0))
def test_what_the_largest_winner_is_spared_has_a_closed_form(wealth, part):
    budget = part * max(wealth)
    expected = budget * (1 - max(wealth) / sum(wealth))
    assert spared_at_the_top(wealth, budget) == pytest.approx(expected, rel=1e-9, abs=1e-9 * sum(wealth))


# ---- laws of every rule


def rules(count, chance):
    """Every rule, with caps, leverages and an order drawn for `count` accounts."""
    caps, leverages = chance.uniform(0, 1, count), chance.lognormal(0, 1, count)
    order = chance.permutation(count)
    yield "queue", 1.0, lambda w, b: queue(w, b, order)
    yield "capped queue", caps, lambda w, b: queue(w, b, order, caps)
    yield "pro-rata", 1.0, pro_rata
    yield "capped", caps, lambda w, b: capped(w, b, caps)
    for risk in haircuts.RISKS:
        yield risk, 1.0, lambda w, b, risk=risk: risk_aware(w, b, leverages, risk, threshold=0.0)
        yield f"capped {risk}", caps, lambda w, b, risk=risk: risk_aware(w, b, leverages, risk, 0.0, caps)


@given(WEALTH, PART, st.integers(0, 99))
def test_seizures_add_up_to_the_budget_or_to_all_there_is(wealth, part, seed):
    budget = part * sum(wealth)
    for name, caps, rule in rules(len(wealth), np.random.default_rng(seed)):
        cut = rule(wealth, budget)
        assert np.all((cut >= 0) & (cut <= 1)) and np.all(cut <= np.add(caps, 1e-15)), name
        assert np.all(cut[np.equal(wealth, 0)] == 0), name
        expected = min(budget, capacity(wealth, caps))
        assert taken(wealth, cut) == pytest.approx(expected, rel=1e-9, abs=1e-9 * sum(wealth)), name


@given(WEALTH, PART)
def test_pro_rata_keeps_the_rank_of_what_survives(wealth, part):
    survives = np.multiply(wealth, 1 - pro_rata(wealth, part * sum(wealth)))
    order = np.argsort(wealth, kind="stable")
    assert np.all(np.diff(survives[order]) >= -1e-9 * max(wealth))


@given(WEALTH, PART, st.integers(2, 5), st.data())
def test_splitting_an_account_saves_nothing_under_pro_rata(wealth, part, pieces, data):
    at = data.draw(st.integers(0, len(wealth) - 1))
    budget = part * sum(wealth)
    split = [*wealth[:at], *[wealth[at] / pieces] * pieces, *wealth[at + 1 :]]
    whole, parts = pro_rata(wealth, budget)[at], pro_rata(split, budget)[at : at + pieces]
    assert parts == pytest.approx([whole] * pieces, rel=1e-9, abs=1e-12)


def test_splitting_an_account_does_save_something_in_a_queue():
    alone, split = queue([6, 4], 5, order=[0, 1]), queue([3, 4, 3], 5, order=[0, 1, 2])
    assert 6 * alone[0] == 5 and 3 * split[0] + 3 * split[2] == 3


@given(WEALTH, PART, st.floats(1e-3, 1e3), st.integers(0, 99))
def test_no_rule_depends_on_the_size_of_money(wealth, part, scale, seed):
    for name, _, rule in rules(len(wealth), np.random.default_rng(seed)):
        one, other = rule(wealth, part * sum(wealth)), rule(np.multiply(scale, wealth), scale * part * sum(wealth))
        assert other == pytest.approx(one, rel=1e-6, abs=1e-6), name


@given(WEALTH, PART, PART, st.integers(0, 99))
def test_a_larger_budget_never_takes_less_from_anybody(wealth, part, more, seed):
    for name, _, rule in rules(len(wealth), np.random.default_rng(seed)):
        less, greater = rule(wealth, part * sum(wealth)), rule(wealth, (part + more) * sum(wealth))
        assert np.all(greater >= less - 1e-9), name


@given(WEALTH, PART, st.integers(0, 99))
def test_water_filling_is_one_level_for_all_who_are_not_at_their_cap(wealth, part, seed):
    caps = np.random.default_rng(seed).uniform(0, 1, len(wealth))
    budget = part * sum(wealth)
    cut, level = capped(wealth, budget, caps), haircuts.water_level(wealth, budget, caps=caps)
    rich = np.greater(wealth, 0)
    assert cut[rich] == pytest.approx(np.minimum(level, caps)[rich])


def test_what_is_no_haircut_is_refused():
    with pytest.raises(ValueError, match=r"caps must lie between 0 and 1 \(got 1.5\)"):
        capped([1, 2], 1, [0.5, 1.5])
    with pytest.raises(ValueError, match=r"must be 0 or more and finite \(got -1.0\)"):
        pro_rata([1, -1], 1)
    with pytest.raises(ValueError, match="order must name accounts 0 to 1, each at most once"):
        queue([1, 2], 1, order=[0, 0])
    with pytest.raises(ValueError, match="order must name accounts 0 to 1"):
        queue([1, 2], 1, order=[2])
    with pytest.raises(ValueError, match="did you mean 'pro_rata'"):
        waterfall(CASH, PNL, allocation="prorata")
    with pytest.raises(ValueError, match="severity must lie between 0 and 1"):
        waterfall(CASH, PNL, 1.5)
    with pytest.raises(ValueError, match="did you mean 'linear'"):
        risk_aware([1.0], 1, [2.0], "liner")


# ---- whole contracts


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=20),
    st.integers(0, 2 * 10**10),
)
def test_whole_shares_add_up_and_none_is_above_its_most(rows, amount):
    weights, most = np.array(rows).T
    shares = whole_shares(amount, weights, most)
    can = int(most[weights > 0].sum())
    assert shares.sum() == min(amount, can) and np.all((shares >= 0) & (shares <= most))
    assert not shares[weights == 0].any()


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), min_size=1, max_size=20), PART)
def test_whole_shares_are_within_one_of_water_filling(rows, part):
    weights, most = np.array(rows).T
    amount = int(part * most.sum())
    exact = most * haircuts.haircuts(most, amount, weights / most)
    assert np.all(np.abs(whole_shares(amount, weights, most) - exact) <= 1 + 1e-6)


def test_whole_shares_reach_the_largest_amounts_exactly():
    weights = np.array([2**61, 2**61 - 1, 7])
    assert whole_shares(2**61, weights, weights).sum() == 2**61
    assert whole_shares(2**62, weights, weights).sum() == 2**62
    assert whole_shares(2**62 + 9, weights, weights).tolist() == weights.tolist()


@given(st.lists(st.integers(0, 100), min_size=1, max_size=15), st.integers(0, 2000), st.integers(0, 99))
def test_a_queue_of_positions_overshoots_only_where_positions_are_closed_whole(most, amount, seed):
    order = np.random.default_rng(seed).permutation(len(most))
    parts, whole = in_order(amount, most, order), in_order(amount, most, order, whole=True)
    assert parts.sum() == min(amount, sum(most))
    assert parts.sum() <= whole.sum() <= parts.sum() + max(most)
    assert np.all((whole == most) | (whole == 0)) and np.all(parts <= whole)


@pytest.mark.parametrize("seed", range(5))
def test_closing_whole_positions_takes_more_than_twice_what_is_needed_and_pro_rata_none(seed):
    """Sixteen rounds, as on 10 October 2025: winners with heavy tails, ranked by profit and leverage."""
    chance = np.random.default_rng(seed)
    needed = took = shared = 0.0
    for _ in range(16):
        profits = chance.pareto(1.1, 500) + 0.01
        order = ranked(profits * chance.lognormal(0, 1, 500))
        budget = 0.002 * profits.sum() * chance.uniform(0.5, 1.5)
        needed += budget
        took += taken(profits, queue(profits, budget, order, whole=True))
        shared += taken(profits, pro_rata(profits, budget))
        contracts = np.ceil(100 * profits).astype(int)
        assert whole_shares(round(100 * budget), profits, contracts).sum() == round(100 * budget)
    assert took > 2 * needed and shared == pytest.approx(needed, rel=1e-12)


# ---- ranks


def test_the_published_queue_of_bitmex():
    """A short of 20 meets six longs: the one with score 6 is closed, then half of the one with score 5."""
    closed = deleveraged([10, 10, 20, 30, 20, 10], [3, 6, 1, 4, 5, 2], 20)
    assert (closed.order + 1).tolist() == [2, 5, 4, 1, 6, 3]
    assert closed.closed.tolist() == [0, 10, 0, 0, 10, 0] and closed.remaining.tolist() == [10, 0, 20, 30, 10, 10]
    assert deleveraged([10, 10, 20], [3, 6, 1], 12, whole_positions=True).closed.tolist() == [10, 10, 0]


def test_the_published_lights_of_that_queue():
    lights = ranks.lights([10, 10, 20, 30, 20, 10], [3, 6, 1, 4, 5, 2])
    assert lights.tolist() == [0.8, 0.2, 1.0, 0.6, 0.4, 0.8]


def test_the_published_rank_of_an_inverse_long():
    rank = ranks.bitmex_rank(1, 9000, 10_000, 8000)
    assert tuple(rank) == pytest.approx((0.1, 4.0, 0.4), abs=1e-12)
    short = ranks.bitmex_rank(-1, 10_000, 8000, 12_000)
    assert tuple(short) == pytest.approx((0.25, 3.0, 0.75)), "entry / mark - 1, bankruptcy / (bankruptcy - mark)"
    loser = ranks.bitmex_rank(1, 10_000, 9000, 8000)
    assert loser.score == pytest.approx((1 - 10 / 9) / 8)
    assert tuple(ranks.bitmex_rank(1, 9000, 10_000, 8000, inverse=False)) == pytest.approx((1 / 9, 5.0, 5 / 9))


@given(st.floats(0.5, 0.98), st.floats(0.5, 2.0), st.floats(0.01, 1.0))
def test_ranks_rise_with_profit_and_with_leverage(bankruptcy, entry, better):
    rank = ranks.bitmex_rank(1, entry, 1.0, bankruptcy)
    assert ranks.bitmex_rank(1, entry * (1 - 0.5 * better), 1.0, bankruptcy).score > rank.score
    if entry < 1:
        closer = bankruptcy + (1 - bankruptcy) * 0.5 * better
        assert ranks.bitmex_rank(1, entry, 1.0, closer).score > rank.score


def test_binances_rank_is_profit_on_the_balance_times_the_margin_ratio():
    """As a trader works it out in Binance's developers' forum."""
    assert round(ranks.leverage_pnl(40.2, 4.27, 0.1342), 2) == 1.26
    assert ranks.leverage_pnl(40.2, 0.5, 0.1) == pytest.approx(4.02), "a balance counts one at least"
    assert ranks.binance_margin_ratio(10.0, -10.0, 3.0) == 0.0 == ranks.binance_score(-5.0, 10.0, 1.0)
    scores = ranks.binance_score(np.array([10.0, 10.0, -5.0]), np.array([10.0, 20.0, 20.0]), np.array([1.0, 1.0, 1.0]))
    assert scores.tolist() == pytest.approx([1 / 20, 0.5 / 30, 0.0])
    assert ranks.quantile([0.3, 0.1, 0.3, 0.2]).tolist() == [1.0, 0.25, 1.0, 0.5]


def test_bybits_rank_is_the_return_on_the_margin():
    assert ranks.bybit_score(0.5, 2.0) == 0.25 and ranks.bybit_score(np.array([5.0]), np.array([0])).tolist() == [5.0]


def test_okx_divides_a_profit_by_the_margin_ratio_and_multiplies_a_loss_by_it():
    assert ranks.okx_score(0.5, 4.0) == 0.125 and ranks.okx_score(-0.5, 4.0) == -2.0
    assert ranks.okx_score([0.5, -0.5], [0.5, 0.5]).tolist() == [1.0, -0.25]


def test_hyperliquids_rank_is_the_gain_times_the_leverage():
    assert ranks.hyperliquid_score(mark=120.0, entry=100.0, notional=240.0, account_value=80.0) == pytest.approx(3.6)
    assert ranks.hyperliquid_score(80.0, 100.0, 160.0, 80.0, side=-1) == pytest.approx(2.5)
    assert ranks.leveraged_gain(5.0, 100.0, 90.0) == pytest.approx(500 / 90)


def test_only_profits_are_ranked_where_only_profits_are_picked():
    assert ranked(ranks.profit_score([5.0, -1.0, 7.0, 0.0])).tolist() == [2, 0]


@given(st.integers(1, 50), st.floats(0.0, 1.0, exclude_min=True, exclude_max=True))
def test_dydx_goes_round_from_a_random_account(count, uniform):
    order = ranked(ranks.random_start_score(count, uniform))
    start = order[0]
    assert order.tolist() == [(start + n) % count for n in range(count)] and start == int(uniform * count)


# ---- the fund


def test_the_published_draw_limit_of_okx():
    rule = DrawLimit(against="mean", least=50_000)
    assert tuple(rule.verdict(200_000, 400_000)) == (280_000.0, True)
    assert not rule.verdict(280_000, 400_000).triggered
    assert rule.threshold(100_000) == 50_000.0, "50,000 of a small one, which is more than 30 %"


def hours(*balances):
    """A history with one sample an hour."""
    return [(3600.0 * hour, balance) for hour, balance in enumerate(balances)]


def test_a_fall_from_the_peak_counts_only_within_the_window():
    rule = DrawLimit()
    assert rule.triggered(hours(100, 90, 69)) and not rule.triggered(hours(100, 90, 71))
    assert not rule.triggered(hours(100, *[80] * 8, 69)), "the peak is nine hours old"
    assert rule.kept(hours(100, 90)) == pytest.approx(70.0)
    assert rule.triggered(hours(0.0)) and not rule.triggered(hours(5.0))


def test_the_published_examples_of_bybits_draw_limit():
    """A symbol that lost 350,000 of a pool of a million: the fund pays 300,000, and winners the other 50,000."""
    rule = DrawLimit(stop=0.25, above=1)
    history = hours(1_000_000, 650_000)
    assert rule.triggered(history) and not rule.triggered(hours(1_000_000, 710_000))
    assert 1_000_000 - rule.kept(hours(1_000_000, 1_000_000)) == pytest.approx(300_000)
    assert rule.triggered(hours(1_000_000, 740_000), already=True)
    assert not rule.triggered(hours(1_000_000, 760_000), already=True)
    small = DrawLimit(above=10_000)
    assert not small.triggered(hours(12_000, 5_000)) and small.kept(hours(12_000, 5_000)) == 0.0


@given(st.lists(st.floats(-10, 1e6), min_size=1, max_size=40), st.floats(0.05, 1.0), st.sampled_from(["peak", "mean"]))
def test_a_fund_at_what_it_must_keep_is_not_yet_limited(balances, fall, against):
    rule = DrawLimit(fall=fall, against=against, window_hours=1000.0)
    kept = rule.kept(hours(*balances))
    reference = rule.reference(hours(*balances))
    assert kept >= 0 and (reference <= 0 or kept <= reference)
    if kept > 0:
        assert not rule.verdict(kept, reference).triggered
        assert rule.verdict(kept * 0.999, reference).triggered
    assert rule.verdict(0.0, reference).triggered


def test_a_draw_limit_that_is_none_is_refused():
    with pytest.raises(ValueError, match="fall must lie above 0 and up to 1"):
        DrawLimit(fall=1.5)
    with pytest.raises(ValueError, match="stop must lie between 0 and fall"):
        DrawLimit(stop=0.5)
    with pytest.raises(ValueError, match="against must be 'peak' or 'mean'"):
        DrawLimit(against="median")
    with pytest.raises(ValueError, match="least must be 0 or more"):
        DrawLimit(least=-1.0)


def test_the_published_insurance_deltas_of_dydx():
    assert insurance_delta(0.1, 51_051, 5100, 0.005) == pytest.approx(5.1, abs=1e-6)
    assert insurance_delta(-0.1, 44_100, 4900, 0.005) == pytest.approx(22.05, abs=1e-6)
    assert insurance_delta(0.1, 50_000, 5100, 0.005) == pytest.approx(-100), "the fund pays what is missing"
    assert insurance_delta(-0.1, 50_000, 4900, 0.005) == pytest.approx(-100)


@given(st.floats(0.01, 10), st.floats(1, 1e5), st.floats(1, 1e5), st.floats(0, 0.1), st.booleans())
def test_a_liquidated_trader_never_pays_more_than_the_fee_nor_than_it_has(size, price, bankruptcy, fee, long):
    position = size if long else -size
    delta = insurance_delta(position, price, size * bankruptcy, fee)
    over = position * price - position * bankruptcy
    assert delta <= over + 1e-9 * size * price and delta <= fee * size * price + 1e-9
    assert delta >= 0 if over >= 0 else delta == pytest.approx(over)


def test_the_published_socialised_loss_of_drift():
    assert loss_per_contract(100, 7, -4) == 10
    assert loss_per_contract(100, 7, -4, unit=1e-6) == pytest.approx(9.09091, abs=1e-9)
    with pytest.raises(ValueError, match="nobody is left to pay"):
        loss_per_contract(1, 0, 0)


@given(st.integers(1, 10**15), st.integers(0, 10**6), st.integers(0, 10**6))
def test_rounding_up_covers_the_loss_and_less_than_a_unit_a_contract_more(loss, longs, shorts):
    if longs + shorts:
        each = loss_per_contract(loss, longs, -shorts)
        assert 0 <= each * (longs + shorts) - loss < longs + shorts


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_fund_pays_what_it_has_and_the_rest_is_left(fund, income, lost):
    after, residual = fund_after(fund, income, lost)
    assert after - residual == pytest.approx(fund + income - lost, abs=1e-6) and after >= 0 and residual >= 0
    assert residual == 0 or after == pytest.approx(income, abs=1e-6)


def test_the_best_fund_is_the_loss_exceeded_as_often_as_holding_costs_of_the_harm():
    losses = np.arange(1001.0)
    assert static_fund(losses, cost=0.05, harm=1.0) == pytest.approx(950.0)
    fund = static_fund(losses, cost=0.1, harm=1.0)
    costs = [0.1 * size + np.maximum(losses - size, 0).mean() for size in (fund - 20, fund, fund + 20)]
    assert costs[1] == min(costs)
    with pytest.raises(ValueError, match="cost must be positive and no more than harm"):
        static_fund(losses, cost=2.0, harm=1.0)
    assert math.isfinite(insurance.static_fund([3.0], 0.5, 1.0))
