"""Funding: published numbers, the clamp and the caps, weights, lags and stamps."""

import csv
import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import laws
from sim.continuous_funding import DeadBand, Last
from sim.funding import ClampedPremium, absolute_rate, funding_payment, interest, seconds_left, stamps
from sim.ledger import FUND, POOL, deposit, equity, fill
from sim.mark import FundingBasis, Quotes
from sim.premium import average_premium, carried_mean, impact_price
from sim.research_funding import LiquidityScaled, PidOnBasis
from sim.skew_funding import AdaptiveImbalance, Imbalance, VelocityOfSkew
from sim.stamps import Stamps
from sim.twap_funding import CappedGap, PoolPremium
from sim.voted_funding import VotedPremium
from tests.floor import ANNA, BOB, LINEAR, Floor

FILE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "worked_examples.csv"
NAN = math.nan
BITMEX = ClampedPremium()
FREE = replace(BITMEX, cap=math.inf, change_cap=math.inf)
BYBIT = replace(FREE, against="index", weights="linear", lag=0)
HOURLY = {"interval_hours": 1.0, "stamps_utc_hours": tuple(range(24))}
KRAKEN = replace(FREE, **HOURLY, interest=0.0, damper=0.0, divisor=24.0, cap=0.0025, against="index")
HYPERLIQUID = replace(FREE, **HOURLY, divisor=8.0, cap=0.04, against="index", lag=0)
DERIBIT = replace(FREE, interest=0.0, damper=0.00025, against="index", lag=0)
RULES = [BITMEX, FREE, BYBIT, KRAKEN, HYPERLIQUID, DERIBIT]
each_rule = pytest.mark.parametrize("rule", RULES, ids=["BitMEX", "free", "Bybit", "Kraken", "Hyperliquid", "Deribit"])
premiums = st.floats(-0.05, 0.05)


def quotes(premium=0.0, index=10_000.0, rate=0.0, to_funding=0.0):
    """Quotes whose two impact prices lie together, at a premium over the index."""
    at = index * (1 + premium)
    return Quotes(0.0, index, at, at, at, at, at, rate, to_funding)


def sampled(rule, series):
    """A memory that has seen these premiums."""
    memory = rule.start()
    for premium in series:
        rule.sample(quotes(premium), memory)
    return memory


def ppm(impact_bid, impact_ask, index):
    got = BYBIT.premium(Quotes(0.0, index, NAN, NAN, NAN, impact_bid, impact_ask, 0.0, 1.0))
    return math.trunc(got * 1e6)


def best(levels, notional):
    """Mean price of trading `notional` USD through [[price, size], ...], rounded as dYdX's test prints it."""
    left, coin = notional, 0.0
    for price, size in levels:
        part = min(left, price * size)
        left, coin = left - part, coin + part / price
    return notional / coin


def test_bitmex_pays_interest_while_the_premium_is_near():
    """Rates at premiums 0.02 %, 0.1 %, -0.06 % with interest 0.01 %, damper 0.05 %: 0.01 %, 0.05 %, -0.01 %."""
    got = [FREE.found(premium, 0.0) for premium in (0.0002, 0.001, -0.0006)]
    assert np.allclose(got, [0.0001, 0.0005, -0.0001])
    assert [FREE.found(p, 0.0) for p in (-0.0004, 0.0006)] == pytest.approx([0.0001, 0.0001])


def test_bitmex_caps_at_three_quarters_of_the_margin_between():
    assert BITMEX.cap == pytest.approx(0.75 * (0.01 - 0.005)) and BITMEX.change_cap == pytest.approx(0.75 * 0.005)
    assert BITMEX.found(0.02, 0.003) == 0.00375 and BITMEX.found(-0.02, -0.003) == -0.00375
    assert BITMEX.found(0.02, -0.003) == pytest.approx(0.00075)


def test_krakens_rate_is_a_24th_of_the_premium_up_to_its_cap():
    """Article 360022835911: index 7,000, perpetual 7,500: 0.2975 % uncapped, 0.25 % charged."""
    assert KRAKEN.found(500 / 7_000, 0.0) == 0.0025
    assert replace(KRAKEN, cap=1.0).found(500 / 7_000, 0.0) == pytest.approx(0.002975, abs=2e-6)


def test_deribits_dead_band_is_a_damper_around_no_interest():
    """F = max(d, p) + min(-d, p), support article 31424939178397."""
    for premium in np.linspace(-0.002, 0.002, 41):
        assert DERIBIT.found(premium, 0.0) == pytest.approx(max(0.00025, premium) + min(-0.00025, premium))


def test_bybit_weighs_later_minutes_more():
    memory = sampled(BYBIT, [0.0] * 240 + [0.001] * 240)
    assert memory.total / memory.weight == pytest.approx(0.000749480249, abs=1e-9)


def test_okx_has_no_damper():
    assert replace(FREE, interest=0.0, damper=0.0, cap=0.00375).found(0.005, 0.0) == 0.00375


def test_dydx_ignores_a_spread_that_holds_the_index():
    assert ppm(9_999, 10_001, 10_000) == 0
    assert ppm(9_999, 10_001, 10_001.9) == -89
    assert ppm(9_999.9, 10_001, 9_997.5) == 240


def dydx(i):
    asks, bids = i["asks"], i["bids"]
    ask = best(asks, i["impact_notional"])
    got = {"premium_ppm": ppm(best(bids, i["impact_notional"]), ask, i["index"])}
    return got | ({"impact_ask": ask} if len(asks) > 1 else {})


REPRODUCED = {
    "bmx-fr-01": lambda i: {
        "funding_rate": replace(
            FREE,
            interest=(i["quote_rate_per_day"] - i["base_rate_per_day"]) / i["intervals_per_day"],
            damper=math.inf,
        ).found(0.01, 0.0)
    },
    "bmx-fr-03": lambda i: {"cap": BITMEX.found(1.0, 0.75 * (i["im"] - i["mm"]))},
    "bmx-fr-04": lambda i: {
        "funding_rate": [
            replace(FREE, interest=i["interest"], damper=i["clamp"]).found(premium, 0.0) for premium in i["premium"]
        ]
    },
    "by-fr-02": lambda i: {"avg_premium": weighted([0.0] * 240 + [0.001] * 240)},
    "de-fr-01": lambda i: {
        "rates": [replace(DERIBIT, damper=i["damper"]).found(premium, 0.0) for premium in i["premiums"]]
    },
    "hl-fr-02": lambda i: {
        "rate_8h": [
            8 * replace(HYPERLIQUID, interest=i["interest_8h"], damper=i["clamp"]).found(premium, 0.0)
            for premium in i["avg_premium"]
        ]
    },
    "kr-fr-02": lambda i: {
        "premium": KRAKEN.premium(quotes(i["perp"] / i["index"] - 1, i["index"])),
        "uncapped": replace(KRAKEN, cap=math.inf, divisor=i["divisor"]).found(i["perp"] / i["index"] - 1, 0.0),
        "rate": replace(KRAKEN, cap=i["cap_per_hour"]).found(i["perp"] / i["index"] - 1, 0.0),
    },
    "ok-fr-02": lambda i: {
        "funding_rate": replace(FREE, interest=i["interest"], damper=0.0, cap=i["cap"]).found(
            i["avg_premium_index"], 0.0
        )
    },
    "dy-fr-01": dydx,
    "dy-fr-03": dydx,
    "dy-fr-04": dydx,
    "dy-fr-05": dydx,
}
REPRODUCED["de-fr-02"] = REPRODUCED["de-fr-01"]


def weighted(series):
    memory = sampled(BYBIT, series)
    return memory.total / memory.weight


@pytest.mark.parametrize("row_id", REPRODUCED)
def test_a_published_example_is_reproduced_within_its_tolerance(row_id):
    if not FILE.exists():
        pytest.skip(f"the published examples are not there: no {FILE.name} in ../shared/reference")
    with FILE.open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["id"] == row_id)
    got, expected = REPRODUCED[row_id](json.loads(row["inputs"])), json.loads(row["expected"])
    assert got.keys() == expected.keys()
    for name in expected:
        assert np.allclose(got[name], expected[name], rtol=0, atol=max(float(row["tolerance"]), 1e-15)), name


@each_rule
@given(premiums, st.floats(-0.003, 0.003))
def test_a_rate_keeps_its_caps_and_never_falls_as_the_premium_rises(rule, premium, previous):
    got = rule.found(premium, previous)
    assert abs(got) <= rule.cap and abs(got - previous) <= rule.change_cap + 1e-15
    assert rule.found(premium + 0.001, previous) >= got


@given(premiums)
def test_without_interest_and_caps_longs_and_shorts_are_alike(premium):
    assert DERIBIT.found(-premium, 0.0) == -DERIBIT.found(premium, 0.0)


@given(st.lists(premiums, min_size=1, max_size=20))
def test_the_rate_sees_the_mean_premium_alone(series):
    assert replace(FREE, lag=0).predicted(sampled(FREE, series)) == pytest.approx(FREE.found(np.mean(series), 0.0))
    counts = np.arange(1, len(series) + 1)
    expected = BYBIT.found(np.average(series, weights=counts), 0.0)
    assert BYBIT.predicted(sampled(BYBIT, series)) == pytest.approx(expected)


@given(premiums, st.floats(-0.00375, 0.00375), st.floats(0, 1))
def test_over_the_fair_price_or_the_index_a_premium_outside_both_is_the_same(premium, rate, to_funding):
    """BitMEX measures from its mark and adds what basis the mark holds; only inside the spread does it differ."""
    seen = quotes(premium, rate=rate, to_funding=to_funding)
    assert BITMEX.premium(seen) == pytest.approx(BYBIT.premium(seen), abs=1e-12)
    wide = seen._replace(impact_bid=9_000.0, impact_ask=11_000.0)
    fair = FundingBasis().mark(wide, None)
    assert BYBIT.premium(wide) == 0 and BITMEX.premium(wide) == pytest.approx(fair / 10_000 - 1, abs=1e-12)


def test_a_side_that_is_empty_adds_nothing():
    far = quotes(0.01)
    assert BYBIT.premium(far._replace(impact_bid=NAN)) == 0.0
    assert BYBIT.premium(far._replace(impact_ask=NAN)) == pytest.approx(0.01)
    assert BYBIT.premium(far._replace(impact_bid=NAN, impact_ask=NAN)) == 0.0


@pytest.mark.parametrize("lag", [0, 1, 2, 3])
def test_a_rate_is_charged_so_many_intervals_after_it_was_found(lag):
    rule = replace(FREE, interest=0.0, damper=0.0, lag=lag, rate_at_start=0.009)
    memory, charged = rule.start(), []
    for premium in (0.001, 0.002, 0.003, 0.004, 0.005):
        rule.sample(quotes(premium), memory)
        charged.append(rule.payable(memory))
        assert rule.rate(memory) == rule.payable(memory)
    assert charged == pytest.approx(([0.009] * lag + [0.001, 0.002, 0.003, 0.004, 0.005])[:5])


def test_what_the_last_interval_saw_is_forgotten():
    rule = replace(FREE, lag=0)
    memory = sampled(rule, [0.05] * 10)
    rule.rate(memory)
    rule.sample(quotes(-0.01), memory)
    assert rule.predicted(memory) == pytest.approx(-0.01 + 0.0005)


def test_without_a_sample_the_last_rate_stands():
    rule = replace(BITMEX, rate_at_start=0.0007)
    memory = rule.start()
    assert [rule.predicted(memory), rule.payable(memory), rule.rate(memory), rule.rate(memory)] == [0.0007] * 4


def test_the_change_is_capped_from_the_rate_found_before_not_from_the_one_charged():
    rule = replace(BITMEX, change_cap=0.001, interest=0.0, damper=0.0, lag=2, rate_at_start=0.0)
    memory, charged = rule.start(), []
    for _ in range(6):
        rule.sample(quotes(0.01), memory)
        charged.append(rule.payable(memory))
        rule.rate(memory)
    assert charged == pytest.approx([0, 0, 0.001, 0.002, 0.003, 0.00375])


def test_bitmex_stamps_at_4_12_and_20_utc():
    hour = 3_600
    assert stamps(BITMEX, "2020-01-01T00:00", 24 * hour, 1.0) == [4 * hour, 12 * hour, 20 * hour]
    assert stamps(BITMEX, datetime(2020, 1, 1, 21), 24 * 60, 60.0) == [7 * 60, 15 * 60, 23 * 60]
    assert stamps(BITMEX, datetime(2020, 1, 1, 4, tzinfo=UTC), 8 * 60, 60.0) == [480]
    assert stamps(BITMEX, datetime(2020, 1, 1, 5, tzinfo=timezone(timedelta(hours=2))), 60, 60.0) == [60]
    assert stamps(BITMEX, "2020-01-01T00:00", 100, 1.0) == []
    assert stamps(KRAKEN, "2020-01-01T00:30", 180, 60.0) == [30, 90, 150]


@given(
    st.integers(0, 86_399), st.sampled_from([0.5, 1.0, 5.0, 60.0, 900.0, 3_600.0]), st.sampled_from([BITMEX, KRAKEN])
)
def test_stamps_are_an_interval_apart_and_on_the_clock(second, step_s, rule):
    start = datetime(2020, 3, 12) + timedelta(seconds=second - second % step_s)
    steps = stamps(rule, start, int(86_400 / step_s), step_s)
    assert len(steps) == 24 / rule.interval_hours
    times = [start + timedelta(seconds=step * step_s) for step in steps]
    assert all(time.hour in rule.stamps_utc_hours and time.minute == time.second == 0 for time in times)
    assert seconds_left(rule, start, 0.0) == steps[0] * step_s
    assert seconds_left(rule, start, steps[0] * step_s) == rule.interval_hours * 3_600


@pytest.mark.parametrize("step_s", [0.0, 7.0, 0.0007, 86_400.0])
def test_a_step_that_does_not_divide_the_interval_is_refused(step_s):
    with pytest.raises(ValueError, match="step_s must divide the funding interval .got .* s into 8 hours.; choose"):
        stamps(BITMEX, "2020-01-01T00:00", 100, step_s)


def test_a_start_between_two_steps_of_the_stamps_is_refused():
    with pytest.raises(
        ValueError, match="start must lie a whole number of steps before a funding stamp .*14370 s before"
    ):
        stamps(BITMEX, "2020-01-01T00:00:30", 100, 60.0)


@pytest.mark.parametrize(
    "changed, sentence",
    [
        ({"interval_hours": 0.0}, "interval_hours must be positive"),
        ({"interval_hours": 4.0}, "stamps_utc_hours must be interval_hours apart around the clock"),
        ({"stamps_utc_hours": (4, 12)}, "stamps_utc_hours must be interval_hours apart"),
        ({"stamps_utc_hours": ()}, "stamps_utc_hours must be interval_hours apart"),
        ({"damper": -0.1}, "damper must be 0 or more"),
        ({"lag": -1}, "lag must be 0 or more"),
        ({"weights": "square"}, "weights must be 'flat' or 'linear' .got 'square'"),
        ({"against": "spot"}, "against must be 'mark' or 'index' .got 'spot'"),
        ({"divisor": 0.0}, "divisor must be positive"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        replace(BITMEX, **changed)


SYNTHETIX = VelocityOfSkew(skew_scale=1_000.0)
EVERY_RULE = {
    "BitMEX": BITMEX,
    "Bybit": BYBIT,
    "OKX": replace(FREE, interest=0.0, damper=0.0, cap=0.00375, against="index", price="mid", lag=0),
    "Kraken": replace(KRAKEN, price="impact mid", accrual_s=60.0, valued_at="index"),
    "Hyperliquid": HYPERLIQUID,
    "Deribit": DeadBand(),
    "dYdX": VotedPremium(),
    "Synthetix": SYNTHETIX,
    "Synthetix at stamps": replace(SYNTHETIX, accrual_s=math.inf),
    "GMX": Imbalance(),
    "GMX, adaptive": AdaptiveImbalance(),
    "Drift": CappedGap(),
    "Perpetual Protocol": PoolPremium(),
    "PID": PidOnBasis(derivative_hours=0.1),
    "liquidity": LiquidityScaled(),
}
every_rule = pytest.mark.parametrize("rule", EVERY_RULE.values(), ids=EVERY_RULE)
sizes = st.one_of(st.just(0.0), st.floats(1e-3, 1e9))
seen = st.builds(
    lambda premium, spread, longs, shorts, gaps, depth: quotes(premium)._replace(
        bid=NAN if "bid" in gaps else 10_000 * (1 + premium - spread),
        ask=NAN if "ask" in gaps else 10_000 * (1 + premium + spread),
        impact_bid=NAN if "bid" in gaps else 10_000 * (1 + premium - 2 * spread),
        impact_ask=NAN if "ask" in gaps else 10_000 * (1 + premium + 2 * spread),
        mark=NAN if "mark" in gaps else 10_000 * (1 + premium / 2),
        longs=longs,
        shorts=shorts,
        depth_bid=depth,
        depth_ask=depth,
    ),
    premiums,
    st.floats(0, 0.01),
    sizes,
    sizes,
    st.sets(st.sampled_from(["bid", "ask", "mark"])),
    st.one_of(st.just(NAN), sizes),
)


@every_rule
@settings(max_examples=25)
@given(st.lists(seen, min_size=1, max_size=12), st.integers(1, 12))
def test_every_rule_works_on_every_venue_from_quotes_alone(rule, series, stamp_after):
    memory = rule.start()
    assert math.isfinite(rule.payable(memory))
    for n, each in enumerate(series, 1):
        rule.sample(each._replace(time_s=n * rule.sample_s), memory)
        rate = rule.payable(memory)
        assert math.isfinite(rate) and rule.payable(memory) == rate
        if n == stamp_after:
            assert math.isfinite(rule.rate(memory))


@every_rule
@settings(max_examples=25)
@given(st.lists(st.one_of(st.integers(-(10**9), -1), st.integers(1, 10**9)), max_size=8), st.floats(-0.05, 0.05), sizes)
def test_what_payers_pay_receivers_receive_or_the_counterparty_takes_the_difference(rule, held, rate, pool):
    paid, rest = rule.charge(rate, held, pool=pool)
    assert rule.counterparty in ("fund", "pool") and rest == pytest.approx(sum(paid), abs=1e-3)
    longs, shorts = sum(max(q, 0) for q in held), sum(max(-q, 0) for q in held)
    long_rate, short_rate = rule.sides(rate, longs, shorts, pool)
    assert longs * long_rate - shorts * short_rate == pytest.approx(rest, abs=1e-3)
    assert all(p * q * rate >= 0 for p, q in zip(paid, held, strict=True))
    if longs == shorts:
        assert rest == pytest.approx(0.0, abs=1e-3)


@every_rule
def test_among_as_many_longs_as_shorts_funding_is_zero_sum(rule):
    paid, rest = rule.charge(0.0005, [7, -4, -3], value=0.01)
    assert paid == pytest.approx([0.000035, -0.00002, -0.000015]) and rest == pytest.approx(0.0, abs=1e-18)


@given(st.floats(-0.0004, 0.0006))
def test_the_rate_is_the_interest_all_over_the_clamp(premium):
    assert FREE.found(premium) == pytest.approx(0.0001, abs=1e-18)


@pytest.mark.parametrize("band", [0.00025, 0.0005])
@given(premiums)
def test_deribit_charges_what_lies_beyond_its_dead_band(band, premium):
    rule = DeadBand(dead_band=band)
    got = rule.found(premium)
    assert got == -rule.found(-premium) and abs(got) <= rule.cap
    if abs(premium) <= band:
        assert got == 0.0
    elif abs(premium) < rule.cap:
        assert got == pytest.approx(premium - math.copysign(band, premium), abs=1e-18)


def test_deribit_charges_a_minute_of_eight_hours():
    """A long of 10,000 USD at mark 10,010 and index 10,000, with the old band: 0.05 % / 480 of one coin."""
    assert DeadBand(dead_band=0.0005).paid(10_010, 10_000, 1_000, 60) == pytest.approx(0.0005 / 480, rel=1e-3)
    assert DeadBand().paid(10_001, 10_000, 1_000, 60) == 0.0


def test_the_dead_band_sees_the_mark_else_the_mid():
    rule, memory = DeadBand(), Last()
    rule.sample(quotes(0.002)._replace(mark=10_010.0), memory)
    assert rule.payable(memory) == pytest.approx(0.00075)
    rule.sample(quotes(0.002), memory)
    assert rule.payable(memory) == pytest.approx(0.00175)
    rule.sample(quotes(0.002)._replace(bid=NAN), memory)
    assert rule.payable(memory) == 0.0


def test_a_rule_finds_the_rates_of_a_list():
    assert FREE.found([0.0002, 0.001, -0.0006]) == pytest.approx([0.0001, 0.0005, -0.0001])
    assert DeadBand().found([0.001, 0.0002, -0.0006]) == pytest.approx([0.00075, 0, -0.00035])


@pytest.mark.parametrize("price, premium", [("mid", 0.001), ("impact mid", 0.002), ("mark", 0.003)])
def test_a_premium_is_of_the_price_that_the_venue_takes(price, premium):
    seen = Quotes(0, 10_000, 10_000, 10_020, NAN, 10_000, 10_040, 0.0, 1.0, mark=10_030)
    rule = replace(FREE, against="index", price=price)
    assert rule.premium(seen) == pytest.approx(premium)
    assert rule.premium(seen._replace(bid=NAN, impact_ask=NAN)) == pytest.approx(0.003)
    empty = seen._replace(bid=NAN, impact_ask=NAN, mark=NAN)
    memory = rule.start()
    rule.sample(empty, memory)
    assert math.isnan(rule.premium(empty)) and memory.count == 0


def test_an_average_may_weigh_the_last_most():
    half = [0.0] * 240 + [0.001] * 240
    assert average_premium(half) == pytest.approx(0.0005)
    assert average_premium(half, "linear") == pytest.approx(0.000749480249, abs=1e-9)
    with pytest.raises(ValueError, match="premiums must hold at least one"):
        average_premium([])
    with pytest.raises(ValueError, match="weights must be 'flat' or 'linear' .got 'square'"):
        average_premium(half, "square")


def test_bitmex_pays_a_quarter_percent_of_twenty_coins():
    """Its guide: 15,000 contracts at 750 are 20 XBT; at 0.25 % the long pays 0.05."""
    assert funding_payment(0.0025, 15_000, 750.0) == pytest.approx(0.05)
    assert interest(0.01, 0.0025) == pytest.approx(0.0025)


def test_contracts_of_a_hundred_dollars_pay_a_hundredfold():
    assert funding_payment(0.0001, [100, -50], 10_000.0, face=100.0) == pytest.approx([0.0001, -0.00005])


def test_a_linear_position_pays_in_proportion_to_the_price():
    got = funding_payment([0.0001, 0.0002], -10, [2.0, 2.5], inverse=False)
    assert got == pytest.approx([-0.002, -0.005])
    assert funding_payment(0.00033, 500_000, 1.0, inverse=False) == pytest.approx(165)


def test_krakens_rate_of_a_contract_is_over_the_index():
    assert absolute_rate(0.0005, 7_000) == pytest.approx(7.142e-8, abs=1e-11)
    assert 125_000 * absolute_rate(0.0005, 7_000) == pytest.approx(funding_payment(0.0005, 125_000, 7_000))


@given(st.floats(-0.01, 0.01), st.integers(-(10**9), 10**9), st.floats(1, 1e6), st.booleans())
def test_what_the_long_pays_the_short_receives(rate, contracts, price, inverse):
    paid = funding_payment(rate, contracts, price, inverse=inverse)
    assert paid == -funding_payment(rate, -contracts, price, inverse=inverse)
    halves = [funding_payment(rate, contracts, price, inverse=inverse, part=part) for part in (0.25, 0.75)]
    assert sum(halves) == pytest.approx(paid)


def test_impact_prices_are_means_of_what_is_traded():
    asks = [[10_001, 0.1], [10_001.5, 0.1], [10_002, 1]]
    assert impact_price(asks, 5_000) == pytest.approx(10_001.7, abs=0.05)
    assert impact_price(asks, 0) == 10_001 and impact_price(asks, 1_000.1) == pytest.approx(10_001)
    assert math.isnan(impact_price(asks, 20_000)) and math.isnan(impact_price([], 1))
    with pytest.raises(ValueError, match="notional must be 0 or more"):
        impact_price(asks, -1)


@given(st.lists(st.floats(100, 200), min_size=1, max_size=20), st.floats(1, 100))
def test_a_carried_mean_stays_between_what_it_saw(prices, seconds):
    mean = NAN
    for price in prices:
        mean = carried_mean(mean, price, seconds, 60.0)
    assert min(prices) - 1e-9 <= mean <= max(prices) + 1e-9


@pytest.mark.parametrize(
    "rule, changed, sentence",
    [
        (BITMEX, {"accrual_s": 0.0}, "accrual_s must be positive"),
        (BITMEX, {"counterparty": "bank"}, "counterparty must be 'fund' or 'pool' .got 'bank'"),
        (BITMEX, {"valued_at": "last"}, "valued_at must be 'mark' or 'index' .got 'last'"),
        (BITMEX, {"price": "last"}, "price must be 'impact' or 'impact mid' or 'mid' or 'mark' .got 'last'"),
        (DeadBand(), {"dead_band": -0.1}, "dead_band must be 0 or more"),
        (DeadBand(), {"cap": NAN}, "cap must be 0 or more"),
        (SYNTHETIX, {"skew_scale": 0.0}, "skew_scale must be positive"),
        (SYNTHETIX, {"max_velocity": -1.0}, "max_velocity must be 0 or more"),
        (Imbalance(), {"exponent": 0.0}, "exponent must be positive"),
        (AdaptiveImbalance(), {"decrease": -1.0}, "decrease must be 0 or more"),
        (CappedGap(), {"pool_share": -1.0}, "pool_share must be 0 or more"),
        (PidOnBasis(), {"price": "impact"}, "price must be 'impact mid' or 'mid' or 'mark' .got 'impact'"),
        (LiquidityScaled(), {"largest": 0.5}, "largest must be 1 or more"),
        (VotedPremium(), {"maintenance_fraction": 1.5}, "maintenance_fraction must be 1 or less"),
    ],
)
def test_no_rule_can_be_what_cannot_be(rule, changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        replace(rule, **changed)


# ---- what a run charges


def opened_between(anna, bob, pool, *, index=100):
    """A floor on which ANNA, BOB and the pool hold so many contracts, worth 100,000 units each at the mark."""
    floor = Floor([10**10] * 2, cross=True)
    for row, size in ((ANNA, anna), (BOB, bob), (POOL, pool)):
        fill(floor.x, row, size, 100_000, 0.0)
    floor.set_mark(100)
    floor.now.index = float(index)
    return floor


def clocked(rule, steps=10, step_s=60.0):
    """The Stamps of a run from midnight on under that rule."""
    return Stamps(SimpleNamespace(funding=rule, contract=LINEAR), "2020-01-01T00:00", steps, step_s)


@pytest.mark.parametrize(
    ("rule", "held", "index", "expected"),
    [
        (BITMEX, (30, -30, 0), 110, {ANNA: -3000, BOB: 3000}),
        (HYPERLIQUID, (30, -30, 0), 110, {ANNA: -3000, BOB: 3000}),
        (replace(HYPERLIQUID, valued_at="index"), (30, -30, 0), 110, {ANNA: -3300, BOB: 3300}),
        (Imbalance(), (30, -10, -20), 100, {ANNA: -3000, BOB: 3000}),
        (Imbalance(), (10, -40, 30), 100, {ANNA: -4000, BOB: 4000}),
        (SYNTHETIX, (30, -10, -20), 100, {ANNA: -3000, BOB: 1000, POOL: 2000}),
        (SYNTHETIX, (10, -40, 30), 100, {ANNA: -1000, BOB: 4000, POOL: -3000}),
        (PoolPremium(), (30, -10, -20), 100, {ANNA: -3000, BOB: 1000, FUND: 2000}),
        (CappedGap(), (30, -10, -20), 100, {ANNA: -3000, BOB: 1000, POOL: 2000}),
        (CappedGap(), (10, -40, 30), 100, {ANNA: -1000, BOB: 1000}),
    ],
)
def test_the_counterparty_of_a_rule_has_what_payers_pay_and_receivers_do_not_get(rule, held, index, expected):
    """A rate of 0.1 %. A pool that trades takes part as the counterparty alone, whatever it holds itself."""
    floor, stamps_ = opened_between(*held, index=index), clocked(rule)
    before = {row: int(equity(floor.x, row, 100_000)) for row in (FUND, POOL, ANNA, BOB)}
    stamps_.rate = 0.001
    stamps_.pay(floor.x, 1.0)
    laws.coin_is_conserved(floor.x)
    moved = {row: int(equity(floor.x, row, 100_000)) - units for row, units in before.items()}
    assert moved == dict.fromkeys((FUND, POOL, ANNA, BOB), 0) | expected
    assert stamps_.since_stamp == -min(moved[ANNA], moved[BOB])


def test_a_pool_hands_receivers_its_share_of_what_it_has():
    """10 longs pay 40 shorts what they pay and a third of the 840 units in the pool: 32 units a contract."""
    floor, stamps_ = opened_between(10, -40, 30), clocked(CappedGap())
    deposit(floor.x, POOL, 840)
    before = {row: int(equity(floor.x, row, 100_000)) for row in (POOL, ANNA, BOB)}
    stamps_.rate = 0.001
    stamps_.pay(floor.x, 1.0)
    moved = {row: int(equity(floor.x, row, 100_000)) - units for row, units in before.items()}
    assert moved == {POOL: -280, ANNA: -1000, BOB: 1280}
    laws.coin_is_conserved(floor.x)


@pytest.mark.parametrize(("accrual_s", "paid_at"), [(math.inf, 60), (60.0, 1), (240.0, 4)])
def test_what_accrues_in_an_interval_is_its_rate_however_often_it_is_charged(accrual_s, paid_at):
    """2 % an hour of 30 contracts worth 100,000 units: 60,000 units at each stamp."""
    rule = replace(KRAKEN, rate_at_start=0.02, cap=0.02, change_cap=0.0, accrual_s=accrual_s, lag=1)
    floor, stamps_ = opened_between(30, -30, 0), clocked(rule, 120)
    for clock in range(1, 121):
        if stamps_.due(clock):
            stamps_.pass_by(floor.x, clock, lambda: quotes(0.0))
        charged = clock // paid_at * paid_at / 60 * 0.02 * 100_000
        assert 10**10 - int(equity(floor.x, ANNA, 100_000)) == 30 * math.floor(charged + 0.5)
    assert stamps_.paid == [(3600.0, 0.02, 100.0, 60.0), (7200.0, 0.02, 100.0, 60.0)]
    laws.coin_is_conserved(floor.x)


def test_a_stamp_between_two_accruals_charges_nothing_twice():
    rule = replace(KRAKEN, rate_at_start=0.02, cap=0.02, change_cap=0.0, accrual_s=120.0, lag=1)
    floor = opened_between(30, -30, 0)
    stamps_ = Stamps(SimpleNamespace(funding=rule, contract=LINEAR), "2020-01-01T00:01", 120, 60.0)
    for clock in range(1, 121):
        if stamps_.due(clock):
            stamps_.pass_by(floor.x, clock, lambda: quotes(0.0))
    assert [row[0] for row in stamps_.paid] == [59 * 60.0, 119 * 60.0]
    assert [row[3] for row in stamps_.paid] == pytest.approx([59.0, 60.0], abs=0.02)  # whole units a contract
