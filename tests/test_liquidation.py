"""Liquidation: how much is closed, at which limit, who gets what; and what venues publish of it."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sim import laws
from sim import liquidation as rules
from sim.contract import Inverse, Linear
from sim.insurance import insurance_delta
from sim.ledger import OUTSIDE, fill
from sim.liquidation import (
    BINANCE_TARGET,
    BITMEX_LADDER,
    BYBIT_LADDER,
    DERIBIT_2016,
    DERIBIT_SLICES,
    DYDX_FILLABLE,
    HYPERLIQUID_BACKSTOP,
    KRAKEN_EPP,
    OKX_2019,
    OKX_LADDER,
    PERPETUAL_PROTOCOL_QUARTER,
    TAKEOVER,
    Liquidation,
    after_closing,
    cut_to_tier,
    fillable_price,
    maintenance_cover,
    settled,
    sliced,
    to_lower_tier,
    to_target,
)
from sim.margin import Tiers, bankruptcy_price, equity, isolated, liquidation_price, maintenance_margin
from sim.pool_solvency import (
    gmx_liquidation_price,
    gmx_remaining,
    perp_liquidation,
    perp_margin_ratio,
    perp_value,
    synthetix_margin,
    synthetix_premium,
)
from sim.solvency import (
    as_printed,
    bitmex_average_entry,
    bitmex_support_price,
    cross_liquidation_price,
    drift_base,
    drift_freed,
    drift_fund_fee,
    dydx_account,
    dydx_bankruptcy_quote,
    dydx_fillable_price,
    htx_margin_ratio,
    hyperliquid_backstop,
    hyperliquid_liquidation_price,
    kept_aside,
    okx_margin_ratio,
    position_risk,
)
from sim.tiers import BITMEX_2020, DERIBIT, HYPERLIQUID, OKX_EARLY_2019, PERPETUAL_PROTOCOL
from tests.floor import ANNA, Floor

INVERSE = Inverse(unit=1e-15)
LINEAR = Linear(unit=1e-9, face=0.01)
CONTRACTS = [INVERSE, LINEAR]
PRESETS = {name: each for name, each in vars(rules).items() if isinstance(each, Liquidation)}
MARKET = {"oracle": {"BTC": 50_000, "ETH": 3_000}, "maintenance_rate": 0.1}

sizes = st.integers(-5_000, 5_000).filter(bool)
prices = st.floats(2_000.0, 12_000.0)


@st.composite
def failing(draw):
    """(position, mark, tiers, rules) of a position that a fall of its equity below maintenance has just caught."""
    contract, size, entry = draw(st.sampled_from(CONTRACTS)), draw(sizes), draw(prices)
    side, value = (1 if size > 0 else -1), abs(size) * contract.value(entry) * contract.unit
    rates = sorted(draw(st.lists(st.floats(0.002, 0.04), min_size=3, max_size=3)))
    shares = st.lists(st.integers(5, 90), min_size=2, max_size=2, unique=True).map(sorted)
    limits = [value * share / 100.1 for share in draw(shares)]
    kind = draw(st.sampled_from(["flat", "whole", "marginal", "contracts", "sloped"]))
    if kind == "flat":
        tiers = Tiers.flat(rates[0], rates[0])
    elif kind == "sloped":
        tiers = Tiers.sloped(rates[0], rates[0], rates[1] / value)
    elif kind == "marginal":
        tiers = Tiers.marginal([*limits, math.inf], rates, rates)
    elif kind == "contracts":
        counts = sorted({max(1, round(limit / value * abs(size))) for limit in limits})
        tiers = Tiers.whole([*counts, math.inf], rates[: len(counts) + 1], rates[: len(counts) + 1], "contracts")
    else:
        tiers = Tiers.whole([*limits, math.inf], rates, rates)
    given_rules = {"basis": "mark" if kind == "sloped" else draw(st.sampled_from(["mark", "entry"]))}
    cost, _ = isolated(contract, size, entry, 10)
    mark = entry * (1 - side * draw(st.floats(0.0, 0.05)))
    asked = maintenance_margin(contract, size, cost, mark, tiers, **given_rules)
    cover = draw(st.floats(-0.5, 0.999))
    collateral = round(cover * asked) - int(cost) - size * contract.settlement(mark)
    return (contract, size, int(cost), collateral), mark, tiers, given_rules


def healthy(position, mark, tiers, target, closed, price, fee, given_rules):
    """Whether what is left after closing is backed by `target` times its maintenance, said plainly."""
    contract = position[0]
    size, cost, collateral = after_closing(*position, closed, price, fee)
    asked = maintenance_margin(contract, size, cost, mark, tiers, **given_rules)
    return collateral + cost + size * contract.settlement(mark) >= target * asked


@given(failing(), st.floats(1.0, 2.0), st.sampled_from([0.0, 0.0005, 0.004]), st.floats(0.0, 0.004))
def test_after_partial_to_target_a_position_is_healthy_or_closed_and_one_contract_less_would_not_do(
    caught, target, fee, slip
):
    position, mark, tiers, given_rules = caught
    size = abs(position[1])
    price = mark * (1 - slip) if position[1] > 0 else mark * (1 + slip)
    terms = {"price": price, "fee_rate": fee, "target": target}
    closed = to_target(*position, mark, tiers, **terms, **given_rules)
    assert 0 < closed <= size
    state = mark, tiers, target
    assert closed == size or healthy(position, *state, closed, price, fee, given_rules)
    assert not healthy(position, *state, closed - 1, price, fee, given_rules)


@given(failing(), st.floats(1.0, 1.5), st.integers(1, 400))
def test_nothing_less_is_enough_where_every_contract_closed_helps(caught, target, step):
    """Without costs a closed contract always frees margin, so what is enough stays enough."""
    position, mark, tiers, given_rules = caught
    closed = to_target(*position, mark, tiers, target=target, **given_rules)
    state = position, mark, tiers, target
    assert not any(healthy(*state, few, mark, 0.0, given_rules) for few in range(0, closed, step))


def test_a_healthy_position_is_left_alone():
    position = INVERSE, 1_000, *isolated(INVERSE, 1_000, 8_000, 10)
    assert to_target(*position, 8_000, Tiers.flat(0.005, 0.01)) == 0
    assert to_target(INVERSE, 0, 0, 5, 8_000, Tiers.flat(0.005, 0.01)) == 0
    for preset in PRESETS.values():
        assert preset.to_close(*position, 8_000, Tiers.flat(0.005, 0.01)) == 0


def test_to_target_closes_what_the_shortage_is_over_what_a_contract_frees():
    """Linear, 100 contracts of 0.01 at 10,000: 1 % of 10,000 is 100, and 60 are there; closing costs 0.2 %.

    Each closed contract of 100 USD frees 1 and costs 0.2, so 40 / 0.8 = 50 are closed.
    """
    collateral = round(60 / LINEAR.unit)
    position = LINEAR, 100, *isolated(LINEAR, 100, 10_000, 10)[:1], collateral
    assert to_target(*position, 10_000, Tiers.flat(0.01, 0.02), fee_rate=0.002) == 50
    assert to_target(*position, 10_000, Tiers.flat(0.01, 0.02), fee_rate=0.002, target=1.04) == 53
    assert to_target(*position, 10_000, Tiers.flat(0.01, 0.02), fee_rate=0.02) == 100  # the fee eats it up
    shortage = drift_base(40, 0.01, 10_000, fund_fee=0.002)
    assert shortage / 0.01 == pytest.approx(50)


def test_reaching_a_lower_tier_may_be_enough():
    """210 coin at 1 % with 1.5 behind them; the rest of 200 ask for 0.5 %, which is 1."""
    cost, _ = isolated(INVERSE, 2_100_000, 10_000, 1)
    position = INVERSE, 2_100_000, int(cost), round(1.5 / INVERSE.unit)
    assert to_target(*position, 10_000, BITMEX_2020) == 100_000
    assert to_lower_tier(INVERSE, 2_100_000, 10_000, BITMEX_2020) == 100_000


@given(st.sampled_from(CONTRACTS), sizes, st.integers(0, 5_000), prices, prices, st.floats(0, 0.01))
def test_closing_moves_the_closed_parts_profit_and_fee_into_the_collateral(contract, size, closed, entry, price, fee):
    closed = min(closed, abs(size))
    cost, collateral = isolated(contract, size, entry, 10)
    left = after_closing(contract, size, cost, collateral, closed, price, fee)
    assert left[0] == size - np.sign(size) * closed
    before = equity(contract, size, cost, collateral, price)
    charged = fee * closed * contract.value(price)
    after = left[2] + left[1] + left[0] * contract.settlement(price)
    assert after == pytest.approx(before - charged, abs=1e-9 * abs(cost))


def test_ladders_descend_to_the_limit_of_a_lower_tier():
    """OKX: 15,000 swaps in tier 3, from 12,001, are cut to the 2,000 of tier 1; tiers 1 and 2 are closed whole."""
    limits = [2_000, 12_000]
    assert cut_to_tier(15_000, limits, down=math.inf, whole_below=3) == 13_000
    assert cut_to_tier(-15_000, limits, down=2, whole_below=3) == 13_000
    assert cut_to_tier(12_000, limits, down=2, whole_below=3) == 12_000
    assert cut_to_tier(15_000, limits) == 3_000 and cut_to_tier(12_000, limits) == 10_000
    assert cut_to_tier(2_000, limits) == 2_000
    with pytest.raises(ValueError, match=r"limits must not fall \(got 2000.0\)"):
        cut_to_tier(15_000, [12_000, 2_000])


@given(st.integers(1, 30_000_000), st.floats(3_000, 20_000), st.integers(1, 3))
def test_a_ladder_leaves_a_position_in_the_tier_it_aims_at(size, mark, down):
    closed = to_lower_tier(INVERSE, -size, mark, BITMEX_2020, down=down)
    tier = BITMEX_2020.margin(BITMEX_2020.size(INVERSE, size, mark))["tier"]
    if tier == 1:
        assert closed == size
        return
    rest = BITMEX_2020.size(INVERSE, size - closed, mark)
    assert BITMEX_2020.margin(rest)["tier"] == max(tier - down, 1)
    assert BITMEX_2020.margin(BITMEX_2020.size(INVERSE, size - closed + 1, mark))["tier"] > max(tier - down, 1)


def test_a_contract_too_large_for_a_lower_tier_is_closed():
    tiers = Tiers.whole([0.4, 0.6, math.inf], [0.01, 0.02, 0.03], [0.01, 0.02, 0.03])
    assert (
        to_lower_tier(Inverse(face=10_000), 2, 10_000, tiers)
        == to_lower_tier(Inverse(face=10_000), 1, 10_000, tiers) + 1
    )
    assert BYBIT_LADDER.to_close(Inverse(face=10_000), 1, 10**12, 0, 10_000, tiers) == 1


def test_a_ladder_counts_contracts_where_tiers_do():
    assert to_lower_tier(INVERSE, 25_000, 1_234.5, OKX_EARLY_2019) == 25_000 - 19_999
    assert to_lower_tier(INVERSE, 40_000, 1_234.5, OKX_EARLY_2019, down=2, whole_below=3) == 40_000 - 19_999
    assert to_lower_tier(INVERSE, 25_000, 1_234.5, OKX_EARLY_2019, down=2, whole_below=3) == 25_000


@given(failing(), st.integers(1, 700), st.integers(1, 30))
def test_slices_stop_as_soon_as_the_position_is_healthy(caught, slice_contracts, most):
    position, mark, tiers, given_rules = caught
    needed, size = to_target(*position, mark, tiers, **given_rules), abs(position[1])
    closed = sliced(*position, mark, tiers, slice_contracts=slice_contracts, most=most, **given_rules)
    assert closed == min(size, slice_contracts * most) or needed <= closed < needed + slice_contracts
    assert closed % slice_contracts == 0 or closed == size


@given(failing(), st.floats(0.1, 2.0), st.floats(0.5, 2.0))
def test_the_fillable_price_lies_beyond_the_mark_and_no_further_than_the_spread(caught, spread, adjustment):
    position, mark, tiers, given_rules = caught
    contract, size = position[:2]
    price = fillable_price(*position, mark, tiers, spread=spread, adjustment=adjustment, **given_rules)
    asked = maintenance_margin(*position[:3], mark, tiers, **given_rules)
    given_up = np.sign(size) * abs(size) * (contract.payoff(mark) - contract.payoff(price))
    assert np.sign(size) * (mark - price) >= -1e-9 * mark
    assert given_up <= spread * asked * (1 + 1e-6)
    if equity(*position, mark) <= 0 and adjustment >= 1:
        assert given_up == pytest.approx(spread * asked, rel=1e-6)


def test_the_fillable_price_is_the_mark_while_margin_is_enough():
    position = LINEAR, 100, *isolated(LINEAR, 100, 10_000, 5)
    assert fillable_price(*position, 10_000, Tiers.flat(0.02, 0.05)) == pytest.approx(10_000)


@given(failing(), st.floats(0, 0.02), st.floats(0, 0.02), st.sampled_from(["fund", "trader"]), st.floats(-0.03, 0.03))
def test_who_gets_what_adds_up_to_the_equity_and_only_the_fund_pays(caught, fee, closer, residual, away):
    position, mark, _, _ = caught
    price = mark * (1 + away)
    got = settled(*position, price, fee_rate=fee, closer_rate=closer, residual=residual)
    left = equity(*position, price) * position[0].unit
    assert sum(got.values()) == pytest.approx(left, abs=1e-9 * abs(position[2]) * position[0].unit)
    assert got["closer_coin"] >= 0 and got["trader_coin"] >= 0
    assert got["fund_coin"] >= min(left, 0) - 1e-12
    if residual == "fund":
        assert got["trader_coin"] == 0
    if left <= 0:
        assert got == {"closer_coin": 0, "fund_coin": left, "trader_coin": 0}


@pytest.mark.parametrize("name", PRESETS)
@given(caught=failing())
def test_a_venue_closes_something_at_a_limit_on_the_right_side(name, caught):
    position, mark, tiers, given_rules = caught
    preset, size, side = PRESETS[name], position[1], np.sign(position[1])
    closed = preset.to_close(*position, mark, tiers, **given_rules)
    assert 0 < closed <= abs(size) and isinstance(closed, int)
    limit = preset.limit_price(*position, mark, tiers, **given_rules)
    if preset.limit == "bankruptcy":
        assert limit == bankruptcy_price(*position)
    else:
        assert side * (mark - limit) >= -1e-9 * mark
    if equity(*position, mark) <= 0:
        assert closed == abs(size)
    assert sum(preset.split(*position, mark).values()) == pytest.approx(
        equity(*position, mark) * position[0].unit, abs=1e-9 * abs(position[2]) * position[0].unit
    )


def caught_at(cover, size=1_000_000, tiers=DERIBIT, mark=10_000):
    """A long of inverse contracts whose equity is `cover` times its maintenance at the mark."""
    cost = -size * INVERSE.settlement(mark)
    return INVERSE, size, cost, round(cover * maintenance_margin(INVERSE, size, cost, mark, tiers))


def test_styles_in_one_second():
    position = caught_at(0.9)
    assert TAKEOVER.to_close(*position, 10_000, DERIBIT) == 1_000_000
    assert KRAKEN_EPP.to_close(*position, 10_000, DERIBIT) == 1_000_000
    assert DYDX_FILLABLE.to_close(*position, 10_000, DERIBIT) == 1_000_000
    assert DERIBIT_SLICES.to_close(*position, 10_000, DERIBIT) == 20 * 200
    assert DERIBIT_SLICES.to_close(*position, 10_000, DERIBIT, elapsed_s=0.1) == 2 * 200
    assert DERIBIT_2016.to_close(*position, 10_000, DERIBIT) == 25
    few = BINANCE_TARGET.to_close(*position, 10_000, DERIBIT)
    assert 0 < few < 200_000
    assert DERIBIT_SLICES.to_close(*position, 10_000, DERIBIT, elapsed_s=1e6) < 400_000


def test_a_backstop_takes_all_below_its_share_of_maintenance():
    tiers = Tiers.flat(0.0125, 0.025)
    contract = Linear(face=0.01, unit=1e-6)
    size, mark = 1_000, 50_000.0  # 500,000 USD
    cost = -size * contract.settlement(mark)

    def closed(preset, cover, size=size):
        asked = maintenance_margin(contract, size, cost * size // 1_000, mark, tiers)
        return preset.to_close(contract, size, cost * size // 1_000, round(cover * asked), mark, tiers)

    assert closed(HYPERLIQUID_BACKSTOP, 0.7) == 200 and closed(HYPERLIQUID_BACKSTOP, 0.66) == 1_000
    assert closed(HYPERLIQUID_BACKSTOP, 0.7, size=150) == 150  # below 100,000 USD
    assert closed(PERPETUAL_PROTOCOL_QUARTER, 0.5) == 250 and closed(PERPETUAL_PROTOCOL_QUARTER, 0.39) == 1_000


@pytest.mark.parametrize("cross", [False, True])
@pytest.mark.parametrize("size", [100, -100])
def test_a_backstop_that_keeps_no_margin_gives_back_what_is_left_at_the_mark(size, cross):
    """ANNA has 10 a contract behind her; at a loss of 5 the vault takes the position, bankrupt at the mark."""
    for keeps in (True, False):
        style = Liquidation(backstop_keeps_margin=keeps)
        floor = Floor([1_000_000], leverage=10.0, cross=cross, tiers=Tiers.flat(0.06, 0.1), liquidation=style)
        fill(floor.x, ANNA, size, 100_000, 0.0)
        fill(floor.x, OUTSIDE, -size, 100_000, 0.0)
        floor.set_mark(95 if size > 0 else 105)
        floor.liquidate()
        lot = floor.x.lots[0]
        assert lot.taken_over and floor[ANNA].contracts == 0
        assert floor[ANNA].wallet == (0 if keeps else 500_000)
        worst = 10_000 if keeps else 5_000
        assert lot.bankruptcy_units == 100_000 - math.copysign(worst, size)
        laws.check(floor.x)


def test_ladder_presets_descend_as_they_say():
    size = 6_500_000  # 650 coin: the sixth tier of BitMEX 2020, whose rate is 3 %
    position = caught_at(0.9, size, BITMEX_2020)
    assert BITMEX_LADDER.to_close(*position, 10_000, BITMEX_2020) == 500_000
    assert OKX_LADDER.to_close(*position, 10_000, BITMEX_2020) == 1_500_000
    assert OKX_2019.to_close(*position, 10_000, BITMEX_2020) == 4_500_000
    assert BYBIT_LADDER.to_close(*position, 10_000, BITMEX_2020) == 4_500_000
    small = caught_at(0.9, 2_900_000, BITMEX_2020)
    assert OKX_LADDER.to_close(*small, 10_000, BITMEX_2020) == 2_900_000
    assert BITMEX_LADDER.to_close(*small, 10_000, BITMEX_2020) == 900_000


def test_every_number_of_a_style_reaches_the_kernels():
    terms = SimpleNamespace(unit=1e-6)
    numbers = dict(
        tiers_down=3.0, whole_below=4.0, slice_contracts=5.0, slice_fraction=0.6, target=1.7, spread=1.8,
        adjustment=0.9, takeover_below=0.1, backstop_keeps_margin=False,
    )  # fmt: skip
    Liquidation(**numbers, fee_rate=0.02, closer_rate=0.03, slices_per_s=0.5, slice_from_coin=2.0).write(terms, 4.0)
    assert numbers.items() <= vars(terms).items()
    assert (terms.liquidation_fee, terms.closer_fee) == (0.02, 0.03)
    assert (terms.slices_a_step, terms.slice_from_units) == (2.0, 2e6)


def test_kernels_get_plain_numbers():
    terms = SimpleNamespace(unit=1e-6)
    HYPERLIQUID_BACKSTOP.write(terms, step_s=60.0)
    assert (terms.liquidation_style, terms.liquidation_limit, terms.residual_to_trader) == (2, 2, 1)
    assert terms.slice_fraction == 0.2 and terms.slices_a_step == 2 and terms.slice_from_units == 1e11
    assert terms.slice_contracts == 2.0**62 and terms.takeover_below == 2 / 3
    assert all(np.isfinite(float(value)) for value in vars(terms).values())


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"style": "auction"}, r"style must be one of .* \(got 'auction'\)"),
        ({"limit": "oracle"}, "limit must be one of"),
        ({"residual": "pool"}, "residual must be one of"),
        ({"target": 0.9}, r"target must lie in \[1, "),
        ({"fee_rate": math.nan}, "fee_rate must lie in"),
        ({"takeover_below": 1.1}, r"takeover_below must lie in \[0, 1\] \(got 1.1\)"),
        ({"tiers_down": 0}, "tiers_down must lie in"),
        ({"slice_contracts": 0}, "slices must be larger and more frequent than 0"),
        ({"slices_per_s": 0.0}, "slices must be larger and more frequent than 0"),
        ({"backstop_keeps_margin": 1}, "backstop_keeps_margin must be True or False"),
    ],
)
def test_rules_that_cannot_be_are_refused(fields, complaint):
    with pytest.raises(ValueError, match=complaint):
        Liquidation(**fields)


# What venues publish


@pytest.mark.parametrize(
    ("quote", "fillable"),
    [(-4_501, 49_999), (-4_500, 50_000), (-4_000, 50_000), (-5_000, 49_500), (-5_500, 49_500), (-4_750, 49_750)],
)
def test_dydx_fillable_price_of_one_position(quote, fillable):
    """0.1 BTC at 50,000 with 10 % and a spread of a tenth of it."""
    price = dydx_fillable_price({"BTC": 0.1}, quote_balance=quote, close="BTC", spread_to_maintenance=0.1, **MARKET)
    assert price == pytest.approx(fillable)


def test_dydx_prices_of_one_of_several_positions():
    longs, shorts = {"BTC": 0.004, "ETH": 0.1}, {"BTC": -0.004, "ETH": -0.1}
    price = dydx_fillable_price(longs, quote_balance=-490, close="ETH", spread_to_maintenance=0.1, **MARKET)
    assert price == pytest.approx(2_976)
    assert dydx_bankruptcy_quote(longs, quote_balance=-490, close="ETH", **MARKET) == pytest.approx(294)
    assert dydx_bankruptcy_quote(shorts, quote_balance=510, close="ETH", **MARKET) == pytest.approx(-306)
    assert dydx_bankruptcy_quote(longs, quote_balance=-490, close="ETH", size=0.05, **MARKET) == pytest.approx(147)


@given(
    st.dictionaries(st.sampled_from("ABCD"), st.floats(-3, 3).filter(lambda q: abs(q) > 0.01), min_size=1),
    st.floats(-500, 500),
)
def test_dydx_bankruptcy_quotes_use_up_the_account_exactly(positions, quote):
    """Closed at their bankruptcy quotes, all positions together leave nothing and owe nothing."""
    market = dict.fromkeys(positions, 100.0), quote, dict(zip(positions, (0.1, 0.03, 0.05, 0.2), strict=False))
    quotes = [dydx_bankruptcy_quote(positions, *market, each) for each in positions]
    assert quote + sum(quotes) == pytest.approx(0, abs=1e-9)


@given(sizes, prices, st.floats(0.005, 0.2), st.floats(-0.5, 1.5), st.floats(0.1, 2.0))
def test_dydx_fillable_price_is_the_general_one(size, oracle, rate, cover, spread):
    cost = -size * LINEAR.settlement(oracle)
    backing = round(cover * rate * abs(size) * LINEAR.value(oracle))
    ours = fillable_price(LINEAR, size, cost, backing, oracle, Tiers.flat(rate, rate), spread=spread)
    coin, quote = size * LINEAR.face, (cost + backing) * LINEAR.unit
    theirs = dydx_fillable_price({"X": coin}, {"X": oracle}, quote, rate, "X", spread_to_maintenance=spread)
    assert ours == pytest.approx(theirs, rel=1e-9)


def test_dydx_fund_gets_a_capped_fee_or_pays():
    assert insurance_delta(0.1, 51_051, 5_100, 0.005) == pytest.approx(5.1)
    assert insurance_delta(-0.1, 44_100, -4_900, 0.005) == pytest.approx(22.05)
    assert insurance_delta(0.1, 50_000, 5_100, 0.015) == pytest.approx(-100)
    assert insurance_delta(-0.1, 50_000, -4_900, 0.015) == pytest.approx(-100)
    with pytest.raises(ValueError, match="size must be a part of the position"):
        dydx_bankruptcy_quote({"BTC": 1.0}, {"BTC": 5.0}, 0.0, 0.1, "BTC", size=-0.5)


@given(sizes, prices, st.floats(0.0, 0.5), st.floats(0.9, 1.1))
def test_dydx_insurance_delta_is_the_general_split(size, entry, margin, away):
    price, value = entry * away, abs(size) * LINEAR.face * entry
    cost = -size * LINEAR.settlement(entry)
    collateral = round(margin * value / LINEAR.unit)
    got = DYDX_FILLABLE.split(LINEAR, size, cost, collateral, price)
    coin, quote = size * LINEAR.face, (cost + collateral) * LINEAR.unit
    bankrupt = dydx_bankruptcy_quote({"X": coin}, {"X": entry}, quote, 0.1, "X")
    assert got["fund_coin"] == pytest.approx(insurance_delta(coin, price, bankrupt, 0.015), abs=1e-5)


def test_a_dydx_account_adds_up():
    collateral, required, values, asked = dydx_account(
        {"A": 2.0, "B": -1.0}, {"A": 10, "B": 30}, 5, {"A": 0.1, "B": 0.2}
    )
    assert (collateral, required) == (-5, 8) and values == {"A": 20, "B": -30} and asked == {"A": 2, "B": 6}


@given(st.sampled_from([1, -1]), prices, st.floats(0.001, 0.3), st.floats(0.01, 30), st.integers(3, 50))
def test_hyperliquids_price_is_the_general_one(side, price, extra, size, leverage):
    """From what is above maintenance at any price, where maintenance is half the initial margin."""
    contract, rate = Linear(face=size, unit=1e-9), 0.5 / leverage
    value = size * price
    margin = value * (rate + extra)
    cost = -side * contract.settlement(price)
    ours = liquidation_price(contract, side, cost, margin / contract.unit, Tiers.flat(rate, 2 * rate))
    theirs = hyperliquid_liquidation_price(price, side, value * extra, size, 2 * leverage)
    assert ours == pytest.approx(max(theirs, 0.0), rel=1e-6, abs=1e-6)


def test_published_hyperliquid_formula_and_its_backstop():
    assert hyperliquid_liquidation_price(100, 1, 5, 1, 40) == pytest.approx(94.8717949)
    assert hyperliquid_backstop([65, 67], 100).tolist() == [True, False]
    assert maintenance_cover(LINEAR, 100, -(10**15), 0, 1e4, HYPERLIQUID) < 2 / 3


def test_published_drift_amounts():
    assert drift_base(10, 0.1, 100) == pytest.approx(1)
    assert drift_base(10, 0.1, 100, quote_oracle=[0.99, 1.01]) == pytest.approx([1.01010101, 0.990099009], abs=2e-9)
    assert drift_base(10, 0.1, 100, liquidator_fee=0.01) == pytest.approx(10 / 9)
    assert drift_base(10, 0.1, 100, liquidator_fee=0.01, fund_fee=0.01) == pytest.approx(1.25)
    assert drift_base(10, 0.01, 100, liquidator_fee=0.01) == math.inf


@given(st.floats(1, 500), st.floats(0.02, 0.3), prices, st.floats(0, 0.019), st.floats(0, 0.05), st.floats(0.1, 5))
def test_drifts_fund_takes_no_more_than_leaves_the_shortage_covered(shortage, ratio, oracle, fee, most, base):
    fund = drift_fund_fee(shortage, base, ratio, oracle, liquidator_fee=fee, most=most)
    assert 0 <= fund <= most
    if 0 < fund < ratio - fee - 1e-9:
        assert drift_base(shortage, ratio, oracle, liquidator_fee=fee, fund_fee=fund) <= base * (1 + 1e-6)


def test_drift_spreads_a_liquidation_over_its_slots():
    assert drift_freed(100, 0, 0) == pytest.approx(0.1) and drift_freed(100, 0, 75) == pytest.approx(0.6)
    assert drift_freed(40, 60, 75) == pytest.approx(0.0) and drift_freed(50, 50, 150) == 1


def test_published_synthetix_premium_and_margin():
    assert synthetix_premium(-100, 1_200, 1e6) == 12 and synthetix_premium(-100, 1_200, 1e6, multiplier=3) == 36
    margin = synthetix_margin(100, 1_200, least_fee=20, most_fee=300, keeper_fee=2)
    assert margin == pytest.approx({"flag_fee": 300, "margin": 900 + 302, "premium": 12, "threshold": 1_214})
    assert synthetix_margin(0.1, 1_200, least_fee=20)["flag_fee"] == 20


def test_published_perpetual_protocol_margin_ratio():
    """Reserves 1000 and 100; a long of 25 at 10x, then a short of 15 at 10x."""
    assert perp_margin_ratio(25, 20, 250, 1_100, 1e5 / 1_100) == pytest.approx(-0.13429752066115702, abs=1e-12)
    assert perp_margin_ratio(25, 20, 250, 1_100, 1e5 / 1_100, twap_value=250) == 0.1
    assert perp_margin_ratio(25, 20, 250, 1_100, 1e5 / 1_100, twap_value=100) < -0.134
    assert perp_value(20, 1_250, 80) == pytest.approx(250) and perp_value(-20, 1_000, 100) == pytest.approx(250)


def test_published_perpetual_protocol_bad_debt():
    quote = 1_250 - 73.52941176
    done = perp_liquidation(25, 20, 250, quote, 1e5 / quote)
    assert done["close_notional"] == pytest.approx(224.0896358559637, abs=1e-6)
    assert done["realized_pnl"] == pytest.approx(-25.910364144036283, abs=1e-6)
    assert done["bad_debt"] == pytest.approx(0.9103641440362812, abs=1e-6)
    assert done["liquidator_fee"] == pytest.approx(2.8011204481995464, abs=1e-6)
    assert done["fund_coin"] == pytest.approx(-done["bad_debt"] - done["liquidator_fee"])


@given(st.floats(1, 60), st.sampled_from([1, -1]), st.floats(0.7, 1.4), st.floats(0.0, 3.0))
def test_a_perpetual_protocol_liquidation_conserves_what_the_pool_pays(margin, side, moved, funding):
    """What the position had at the pool's price is what liquidator, fund and the rest of it have after."""
    size, opened, quote = side * 10.0, 1_000 * 10 / (100 + 10.0), 1_000 * moved
    base = 1e5 / quote
    done = perp_liquidation(margin, size, opened, quote, base, funding=funding)
    before = margin + side * (perp_value(size, quote, base) - opened) - funding
    rest = done["size"]
    if rest:
        assert abs(done["closed_base"]) == pytest.approx(2.5) and rest == side * 7.5
        assert done["liquidator_fee"] == done["fund_coin"] == pytest.approx(0.0125 * done["close_notional"])
        left = perp_value(size, quote, base) - done["close_notional"] - done["open_notional"]
        before += 0.0 if done["bad_debt"] == 0 else done["bad_debt"]
        after = done["margin"] + side * left + done["liquidator_fee"] + done["fund_coin"]
    else:
        after = done["liquidator_fee"] + done["fund_coin"]
        assert done["bad_debt"] == pytest.approx(max(-before, 0))
    assert after == pytest.approx(before, abs=1e-9)
    assert PERPETUAL_PROTOCOL.rows[0][1] * PERPETUAL_PROTOCOL_QUARTER.takeover_below == pytest.approx(0.025)


@given(
    st.floats(100, 1e6),
    prices,
    st.floats(0.015, 0.9),
    st.sampled_from([1, -1]),
    st.floats(0, 0.002),
    st.floats(-50, 50),
)
def test_a_gmx_position_is_liquidated_just_beyond_its_price(size, entry, share, side, fee, impact):
    position = size, size / entry, size * share
    costs = {"fees_usd": fee * size, "impact_usd": impact}
    price = gmx_liquidation_price(*position, side, **costs)
    assume(price > 0)
    assert not gmx_remaining(*position, price * (1 + side * 1e-6), side, **costs)["liquidated"]
    assert gmx_remaining(*position, price * (1 - side * 1e-6), side, **costs)["liquidated"]


def test_gmx_counts_a_bad_price_impact_up_to_a_cap_and_a_good_one_not_at_all():
    position = 10_000, 1.0, 1_000
    plain = gmx_remaining(*position, 9_500, 1)
    assert plain == {"profit": -500, "remaining": 500, "required": 100, "liquidated": False}
    assert gmx_remaining(*position, 9_500, 1, impact_usd=80)["remaining"] == 500
    assert gmx_remaining(*position, 9_500, 1, impact_usd=-30)["remaining"] == 470
    assert gmx_remaining(*position, 9_500, 1, impact_usd=-800)["remaining"] == 450
    assert gmx_liquidation_price(*position, 1) == 9_100 and gmx_liquidation_price(*position, -1, fees_usd=6) == 10_894


def test_published_gate_and_okx_linear_prices():
    """10 USD at 5x and 3x, 1 % and 0.06 % kept aside for closing."""
    contract = Linear(unit=1e-9)
    terms = {"leverage": [5, 3], "maintenance_rate": 0.01, "closing_fee": 0.0006}
    long, short = (position_risk(contract, side, 10, **terms)["liquidation_price"] for side in (1, -1))
    assert short == pytest.approx([11.87413417771621, 13.193482419684678], abs=1e-9)
    assert long == pytest.approx([8.085708510208207, 6.738090425173506], abs=1e-9)


def test_published_binance_prices():
    """109.488 BTC and 3,683.979 ETH with 1,535,443.01 USDT behind one, or both."""
    contract = Linear(face=0.001, unit=1e-9)
    btc = {
        "contracts": 109_488,
        "entry": 32_481.98,
        "mark": 31_967.27,
        "maintenance_rate": 0.025,
        "deduction_coin": 16_300,
    }
    eth = {
        "contracts": 3_683_979,
        "entry": 1_456.84,
        "mark": 1_335.18,
        "maintenance_rate": 0.1,
        "deduction_coin": 135_365,
    }
    wallet = 1_535_443.01

    def price(one, *others):
        own = {key: value for key, value in one.items() if key != "mark"}
        return cross_liquidation_price(contract, wallet_coin=wallet, others=others, **own)

    assert price(btc) == pytest.approx(18_778.73, abs=0.006)
    assert price(eth, btc) == pytest.approx(1_153.26, abs=0.006)
    assert price(btc, eth) == pytest.approx(26_316.89, abs=0.006)
    inverse = {"contracts": 100, "entry": 25_000, "wallet_coin": 0.04, "maintenance_rate": 0.004}
    coin_m = Inverse(face=100, unit=1e-15)
    assert cross_liquidation_price(coin_m, **inverse) == pytest.approx(22_818.1818, abs=1e-3)
    assert cross_liquidation_price(coin_m, **inverse | {"contracts": -100}) == pytest.approx(27_666.6667, abs=1e-3)


@given(st.sampled_from(CONTRACTS), sizes, sizes, prices, st.floats(0.8, 1.2), st.floats(0.002, 0.05))
def test_other_positions_of_a_cross_account_keep_their_maintenance_and_lend_their_profit(
    contract, size, other, entry, moved, rate
):
    """At the liquidation price of one, equity of the account equals the maintenance of all."""
    held = {"contracts": other, "entry": entry, "mark": entry * moved, "maintenance_rate": rate, "deduction_coin": 0.0}
    wallet = 0.5 * contract.unit * (abs(size) + abs(other)) * contract.value(entry)
    terms = {"wallet_coin": wallet, "maintenance_rate": rate, "others": [held]}
    price = cross_liquidation_price(contract, size, entry, **terms)
    assume(0 < price < math.inf)
    profits = [
        size * (contract.payoff(price) - contract.payoff(entry)),
        other * (contract.payoff(entry * moved) - contract.payoff(entry)),
    ]
    values = abs(size) * contract.value(price), abs(other) * contract.value(entry * moved)
    assert wallet + sum(profits) * contract.unit == pytest.approx(rate * sum(values) * contract.unit, rel=1e-6)
    assert kept_aside(contract, [held, held]) == pytest.approx(2 * kept_aside(contract, [held]))


def test_published_bybit_cross_prices():
    """10,000 at 8,000 with 0.5 BTC: the fee of closing is reckoned at the bankruptcy price, then up to the tick."""
    terms = {"margin_coin": 0.5, "maintenance_rate": 0.005, "basis": "entry", "closing_fee": 0.00075}
    risk = position_risk(INVERSE, 10_000, 8_000, fee_at="bankruptcy", **terms)
    assert risk["bankruptcy_price"] == pytest.approx(5_718.57, abs=0.005)
    assert as_printed(risk["liquidation_price"], 0.5) == 5_739.5
    aside = {"margin_coin": 40.096, "maintenance_rate": 0.01}  # Phemex: 500 at 0.4 and 5x, which prints 0.3232
    with_fee = position_risk(Linear(unit=1e-9), 500, 0.4, closing_fee=0.0006, **aside)
    assert with_fee["liquidation_price"] == pytest.approx(0.3232, abs=5e-5)


def test_published_isolated_prices():
    """BitMEX's cross ETHUSDT, Kraken's PI_XBTUSD, Bybit's three forms, KuCoin's bankruptcy."""
    cross = position_risk(Linear(), 20, 1_000, margin_coin=10_000, leverage=50, maintenance_rate=0.01, basis="entry")
    keys = "initial_coin", "maintenance_coin", "bankruptcy_price", "liquidation_price"
    assert [cross[key] for key in keys] == pytest.approx([400, 200, 500, 510])
    kraken = position_risk(INVERSE, 1_000, 8_000, margin_coin=0.01, maintenance_rate=0.01)
    assert [kraken[key] for key in keys[2:]] == pytest.approx([7_407, 7_481], abs=0.6)
    bybit = {"leverage": 10, "maintenance_rate": 0.005}
    old = [position_risk(INVERSE, q, 50_000, basis="entry", **bybit)["liquidation_price"] for q in (60_000, -60_000)]
    new = [position_risk(INVERSE, q, 50_000, **bybit)["liquidation_price"] for q in (60_000, -60_000)]
    assert old == pytest.approx([45_662.1005, 55_248.6188]) and new == pytest.approx([45_681.8182, 55_277.7778])
    terms = {"leverage": 50, "maintenance_rate": 0.005, "basis": "entry", "tick": 0.5}
    assert position_risk(INVERSE, 5_000, 7_890.08, **terms)["liquidation_price"] == 7_773.5
    assert position_risk(INVERSE, 1, 28_000, leverage=50)["bankruptcy_price"] == pytest.approx(27_450.98, abs=0.01)


def test_a_1x_inverse_short_is_never_bankrupt_and_kucoin_prints_a_million():
    terms = {"mark": 7_947.83, "leverage": 1, "maintenance_rate": 0.005, "basis": "entry", "aside_coin": 3.92e-6}
    short = position_risk(INVERSE, -20, 7_508.22, **terms)
    assert short["bankruptcy_price"] == math.inf
    assert short["liquidation_price"] == pytest.approx(
        20 / 1.724e-5, rel=1e-3
    )  # maintenance at entry stays, value goes
    never = position_risk(INVERSE, -20, 7_508.22, leverage=1, maintenance_rate=0.005)
    assert never["liquidation_price"] == never["bankruptcy_price"] == math.inf
    printed = position_risk(INVERSE, -20, 7_508.22, highest=1e6, **terms)
    assert printed["liquidation_price"] == printed["bankruptcy_price"] == 1e6
    keys = "value_coin", "mark_value_coin", "profit_coin", "maintenance_coin"
    published = [0.00266375, 0.0025164, -0.00014735, 1.724e-05]
    assert [printed[key] for key in keys] == pytest.approx(published, abs=2e-8)
    with pytest.raises(ValueError, match=r"fee_at must be 'mark' or 'bankruptcy' \(got 'entry'\)"):
        position_risk(INVERSE, -20, 7_508.22, closing_fee=0.001, fee_at="entry")


@given(st.sampled_from([1, -1]), prices, st.floats(1.1, 90), st.floats(0.002, 0.02))
def test_htx_and_okx_ratios_are_zero_margin_at_the_general_liquidation_price(side, entry, leverage, factor):
    """HTX: maintenance is the adjustment factor over leverage; OKX: the ratio equals the maintenance rate there."""
    contracts, rate = side * 1_000, factor / leverage
    risk = position_risk(INVERSE, contracts, entry, leverage=leverage, maintenance_rate=rate)
    price = risk["liquidation_price"]
    assume(0 < price < math.inf)
    margin, value = risk["initial_coin"], 1_000 / price
    left = margin + contracts * (1 / entry - 1 / price)
    assert htx_margin_ratio(left, value / leverage, factor) == pytest.approx(0, abs=1e-6)
    assert okx_margin_ratio(INVERSE, contracts, entry, price, margin) == pytest.approx(rate, abs=1e-9)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("leverage", [3, 10, 25])
def test_bitmex_supports_two_forms_lie_near_the_rule_and_not_on_each_other(side, leverage):
    ratio = bitmex_support_price(10_000, leverage, side, taker_fee=0.0)
    total = bitmex_support_price(10_000, leverage, side, taker_fee=0.0, form="sum")
    rule = position_risk(INVERSE, side, 10_000, leverage=leverage, maintenance_rate=0.005, basis="entry")
    assert ratio == pytest.approx(rule["liquidation_price"], abs=1e-6)
    assert total == pytest.approx(ratio, rel=1e-2) and total != pytest.approx(ratio, abs=0.1)


def test_bitmex_support_forms_as_they_were_given():
    """Long at 10,000 and 10x, funding 0.0375 %."""
    ratio = bitmex_support_price(10_000, 10, 1, funding_rate=0.000375)
    assert ratio == pytest.approx(10_000 / (1 + 0.1015 - 0.006125))
    total = bitmex_support_price(10_000, 10, -1, funding_rate=0.000375, form="sum")
    assert total == pytest.approx(10_000 / (1 - 0.0985) - 10_000 * (0.00425 - 0.000375))
    with pytest.raises(ValueError, match=r"form must be 'ratio' or 'sum' \(got 'b'\)"):
        bitmex_support_price(10_000, 10, 1, form="b")


def test_published_bitmex_average_entry():
    """100 at 29,800 and 200 at 30,000 in lots of whole satoshis."""
    assert bitmex_average_entry([[100, 29_800], [200, 30_000]]) == pytest.approx(29_933.07, abs=0.005)
    assert bitmex_average_entry([[-100, 29_800], [-200, 30_000]]) == pytest.approx(29_933.07, abs=0.005)
    long, short = bitmex_average_entry([[100, 7_800]]), bitmex_average_entry([[-100, 7_800]])
    assert (long, short) == pytest.approx((100 / 0.01282051, 100 / 0.01282051))
    assert bitmex_average_entry([[100, 6_997]]) > 6_997 > bitmex_average_entry([[-100, 6_997]])
    with pytest.raises(ValueError, match="fills must be of one side"):
        bitmex_average_entry([[100, 7_800], [-50, 7_900]])
