"""The replay of any series on any venue: what it refuses, what it scales, and that nothing absurd comes out."""

from pathlib import Path

import numpy as np
import pytest

from agents import HedgedMakers, NoiseTraders
from analysis.summary import basis
from scenarios.price_level import at_prices
from scenarios.replay import replay, worth_usd
from sim.market import Market
from sim.paths import Points
from sim.venues import BINANCE, BITMEX, DERIBIT, HYPERLIQUID, LINEAR, OKX, PERPETUAL, REAL, SYNTHETIX
from tests.made_up_bars import START, a_fall

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
CROWDED = dict(accounts=1_000, step_s=30.0)


@pytest.fixture(scope="module")
def fall(tmp_path_factory):
    """Eight hours of made-up bars with a fall of 30 %."""
    return a_fall(tmp_path_factory.mktemp("bars") / "fall.csv")


def liquidated(run):
    """Liquidated contracts over the open interest at the start."""
    return run["liquidated_contracts"][-1] / run["open_interest_contracts"][0]


def test_without_a_file_one_sentence_says_what_is_missing():
    with pytest.raises(ValueError, match="data must name a file of spot .got ''.; add data=FILE, or a path"):
        replay(seed=1)
    with pytest.raises(ValueError, match="data must name a file of spot"):
        replay(seed=1, path=Points((0.0,), (8_000.0,)))
    assert replay(seed=1, path=Points((0.0,), (8_000.0,)), hours=0.1, accounts=500).length == 72


def test_a_replay_runs_over_the_whole_file_or_the_window_asked_for(fall):
    whole, part = replay(seed=1, data=fall, **CROWDED), replay(seed=1, data=fall, hours=1.0, start="2021-05-01T02:00")
    assert whole.length == 8 * 120 and f"{whole.start:%Y-%m-%dT%H:%M}" == START
    assert part.length == 720 and part.start.hour == 2 and part.step_s == 5.0
    assert part.spot.first_price == pytest.approx(float(Path(fall).read_text().splitlines()[121].split(",")[1]))


def test_the_index_is_the_file_and_the_open_interest_what_was_asked(fall):
    market = replay(seed=1, data=fall, hours=1.0, open_interest_usd=2e8, **CROWDED)
    run = market.run()
    opens = [float(line.split(",")[1]) for line in Path(fall).read_text().splitlines()[1:61]]
    assert np.allclose(run["index"][1::2][:59], opens[1:])
    assert run["open_interest_contracts"][0] == pytest.approx(2e8, rel=1e-2)
    market = replay(seed=1, data=fall, hours=0.1, open_interest_contracts=123_456, venue=LINEAR, **CROWDED)
    assert market.exchange.now[0].open_interest == 123_456


@pytest.mark.parametrize("price", [80.0, 450.0, 5_000.0, 3_000.0, 120_000.0])
@pytest.mark.parametrize("venue", [*REAL, LINEAR], ids=lambda venue: venue.name.split(",")[0])
def test_a_venue_fits_any_price_of_bitcoin_and_ether(price, venue):
    fitted = at_prices(venue, price, 1.5 * price, 1e10)
    contract = fitted.contract
    assert contract.highest > 3 * price and contract.highest / contract.tick < 2.1e6
    assert contract.tick / price < 4e-4
    contracts = 1e10 / worth_usd(contract, price)
    assert np.all(np.diff(contract.ladder()) >= 0) and 4 * contracts < contract.most_contracts(0.3 * price)


def test_for_bitcoin_at_usual_prices_a_venue_is_as_published():
    for venue in (BITMEX, DERIBIT, BINANCE, OKX, HYPERLIQUID, SYNTHETIX):
        assert at_prices(venue, 8_000.0, 12_000.0, 1e8) == venue


def test_what_a_venue_counts_in_coin_is_worth_the_same_for_a_coin_a_hundred_times_cheaper():
    small, large = at_prices(BITMEX, 80.0, 100.0, 5e8), at_prices(BITMEX, 8_000.0, 10_000.0, 5e8)
    for usd in (1e5, 2e6, 4e6, 9e6):
        assert small.tiers.at(usd / 80.0) == pytest.approx(large.tiers.at(usd / 8_000.0))
    assert small.impact_coin * 80.0 == pytest.approx(large.impact_coin * 8_000.0)
    assert at_prices(OKX, 80.0, 100.0, 5e8).tiers == OKX.tiers, "its tiers are of contracts of 100 USD"


BOUND = [venue for venue in REAL if venue is not PERPETUAL]
"""Those whose price follows spot; that of a virtual pool waits until somebody trades."""
LEVELS = [(80.0, BITMEX), (120_000.0, BITMEX), (80.0, HYPERLIQUID), (120_000.0, HYPERLIQUID), (80.0, BINANCE)]


@pytest.mark.parametrize(
    ("price", "venue"),
    [*LEVELS, *((4_000.0, venue) for venue in BOUND)],
    ids=lambda each: f"{each:g}" if isinstance(each, float) else each.name.split(",")[0],
)
def test_a_fall_liquidates_part_of_the_open_interest_at_every_level_of_prices(price, venue, tmp_path):
    file = a_fall(tmp_path / "fall.csv", price=price, hours=4.0, at_hours=0.5, over_hours=2.0, drop=0.25)
    run = replay(seed=1, data=file, venue=venue, step_s=60.0, accounts=1_000, check=True).run()
    early = run["liquidated_contracts"][29] / run["open_interest_contracts"][0]
    assert early < 0.03 < liquidated(run) < 2.0
    assert -0.3 < np.nanmin(basis(run)) < 0.0 and np.nanmax(basis(run)[:29]) < 0.01


def test_the_same_seed_is_the_same_replay(fall):
    one, other = (replay(seed=5, data=fall, hours=3.0, **CROWDED).run() for _ in range(2))
    assert one.series.tobytes() == other.series.tobytes()


def test_absorbed_forced_closes_leave_the_contract_closer_to_spot(fall):
    worst = []
    for seed in (1, 2, 3):
        options = dict(seed=seed, data=fall, hours=7.0, **CROWDED)
        worst.append([np.nanmin(basis(replay(forced=forced, **options).run())) for forced in ("absorbed", "book")])
    differences = -np.diff(worst).ravel()
    assert differences.mean() > 2 * differences.std(ddof=1) / np.sqrt(3) and differences.mean() > 0.005


@pytest.mark.skipif(not DATA.is_dir(), reason="no exchange's bars in ../shared/data")
@pytest.mark.parametrize(
    ("file", "column", "start", "usd"),
    [
        ("xbtusd_bitmex_1m_2020-05.parquet", "", "2020-05-09T22:00", 500e6),
        ("xbtusd_bitmex_1m_2021-02.parquet", "", "2021-02-22T10:00", 1e9),
        ("xbtusd_bitmex_1m_2022-06.parquet", "", "2022-06-13T00:00", 500e6),
        ("eth_binance_1h_spot_perp_mark_2017_2026.parquet", "spot", "2022-06-13T00:00", 1e9),
    ],
)
def test_a_real_fall_that_nobody_tuned_to_leaves_nothing_absurd(file, column, start, usd):
    run = replay(
        seed=1, data=str(DATA / file), column=column, start=start, hours=6.0, open_interest_usd=usd, **CROWDED
    ).run()
    assert -0.1 < np.nanmin(basis(run)) and np.nanmax(basis(run)) < 0.05
    assert liquidated(run) < 1.0 and run["fund_coin"].min() > 0 and run["adl_contracts"][-1] == 0


@pytest.mark.parametrize("venue", [BINANCE, DERIBIT, OKX, BITMEX], ids=lambda venue: venue.name.split(",")[0])
def test_nobody_holds_more_than_the_venue_grants_to_that_size(venue):
    """Whatever the accounts bring, they hold the open interest, and nobody fails before the price has moved."""
    market = replay(seed=2, path=Points((0.0,), (4_000.0,)), hours=0.1, venue=venue, accounts=1_000)
    assert market.exchange.now[0].open_interest == pytest.approx(500e6 / market.contract_usd, rel=1e-3)
    run = market.run()
    assert run["liquidated_contracts"][-1] < 0.02 * run["open_interest_contracts"][0]


@pytest.mark.parametrize("venue", [BITMEX, LINEAR], ids=["coin", "USD"])
def test_hedged_makers_keep_what_they_brought_as_margin_in_coin_or_in_usd(venue):
    market = Market(seed=1, hours=0.3, step_s=5.0, path=Points((0.0,), (8_000.0,)), venue=venue, check=True)
    makers = HedgedMakers(market, count=4, coin=100.0, wake_s=5.0, transfer_s=60.0)
    NoiseTraders(market, count=50, coin=2.0, wake_s=30.0)
    market.run()
    held = market.exchange.accounts[makers.first : makers.first + 4]
    assert held.deposits == pytest.approx(100.0 * market.units_per_coin, rel=0.1)
