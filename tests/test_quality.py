"""Market quality: made-up books and flows whose answers are known, and those of a run."""

import numpy as np
import pytest

from analysis import quality
from scenarios import calm
from sim.exchange import FILL
from sim.series import SERIES
from tests.made_up import a_run, table


def made(rows=3_000, exponent=0.5, noise=0.0, seed=1):
    """A run whose mid moves with the net flow of each minute to a power: ten basis points for 10,000 contracts."""
    rng = np.random.default_rng(seed)
    flow = np.round(rng.choice([-1, 1], rows) * np.exp(rng.normal(8.0, 1.0, rows))).astype(int)
    moves = 1e-3 * np.sign(flow) * (np.abs(flow) / 10_000.0) ** exponent + noise * rng.standard_normal(rows)
    moves[0] = 0.0
    time_s = 60.0 * np.arange(1, rows + 1)
    mid = 8_000.0 * np.exp(np.cumsum(moves))
    run = a_run(table(rows, SERIES, time_s=time_s, mid=mid), step_s=2.0)
    run.fills = table(2 * rows, FILL, step=np.repeat(30 * np.arange(1, rows + 1), 2),
                      contracts=np.stack([flow - 7, np.full(rows, 7)], axis=1).ravel())  # fmt: skip
    return run


@pytest.mark.parametrize("exponent", [0.5, 0.8])
def test_the_exponent_of_a_known_impact_comes_back(exponent):
    curve = quality.impact_curve(made(exponent=exponent, noise=2e-4))
    assert len(curve) == quality.BINS and curve.windows.sum() == 3_000 and curve.contracts.is_monotonic_increasing
    found = quality.impact_exponent(curve)
    assert found.value == pytest.approx(exponent, abs=0.03) and 0.0 < found.standard_error < 0.03


def test_its_error_is_honest():
    told = [quality.impact_exponent(quality.impact_curve(made(noise=1e-3, seed=seed))) for seed in range(60)]
    held = [each.interval[0] <= 0.5 <= each.interval[1] for each in told]
    assert np.mean(held) > 0.85
    assert np.std([each.value for each in told]) == pytest.approx(told[0].standard_error, rel=0.4)


def test_flow_falls_into_the_window_in_which_it_was_traded():
    run = made(rows=4)
    flow, moved = quality.net_flow(run, 60.0)
    assert flow.tolist() == [run.fills["contracts"][2 * k : 2 * k + 2].sum() for k in range(4)]
    assert moved == pytest.approx(np.diff(np.log(run["mid"]), prepend=np.log(run["mid"][0])))
    assert quality.net_flow(run, 120.0)[0].tolist() == [flow[0] + flow[1], flow[2] + flow[3]]


def test_what_cannot_be_told_is_refused():
    run = made(rows=50)
    with pytest.raises(ValueError, match="must have 80 windows with trades"):
        quality.impact_curve(run)
    with pytest.raises(ValueError, match="window_s must be a multiple"):
        quality.net_flow(run, 90.0)
    with pytest.raises(ValueError, match="run it with fills=True"):
        quality.net_flow(a_run(table(2, SERIES, time_s=[1.0, 2.0])), 1.0)
    curve = quality.impact_curve(made(noise=2e-4))
    with pytest.raises(ValueError, match="three bins must move with the flow"):
        quality.impact_exponent(curve.assign(move_bps=-curve.move_bps))


def test_spread_depth_and_turnover_of_a_book_drawn_by_hand():
    book = dict(mid=1_000.0, spread_usd=[1.0, 2.0, np.nan, 3.0], impact_bid=999.0, impact_ask=1_003.0)
    book |= dict(depth_bid_contracts=[10, 10, 0, 10], depth_ask_contracts=[30, 30, 30, 30])
    run = a_run(table(4, SERIES, time_s=[21_600.0, 43_200.0, 64_800.0, 86_400.0], volume_contracts=[0, 50, 90, 300],
                      open_interest_contracts=100, **book))  # fmt: skip
    assert quality.spread_bps(run) == pytest.approx(20.0) and quality.immediate_cost_bps(run) == pytest.approx(20.0)
    assert quality.depth_percent(run) == pytest.approx(20.0) and quality.depth_lowest_percent(run) == 0.0
    assert quality.turnover_a_day(run) == pytest.approx(3.0)


def test_buying_moves_the_price_of_a_market_up():
    run = calm(seed=3, hours=8.0, step_s=10.0, fills=True).run()
    curve = quality.impact_curve(run)
    assert curve.move_bps.iloc[-1] > 3.0 * curve.error.iloc[-1] > 0.0
    assert quality.turnover_a_day(run) > 0.1 and 0.0 < quality.spread_bps(run) < 50.0
    assert 0.0 <= quality.depth_lowest_percent(run) < 100.0 and quality.immediate_cost_bps(run) > 0.0
