"""The facts of 12-13 March 2020: consistent among themselves, equal to the bars, and set beside a run."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import march
from scenarios import march_2020_facts as facts
from scenarios.march_2020 import march_2020
from sim.paths import GeometricBrownian
from tests.made_up import VENUE, a_run, calm_run, empty_run, fall_run

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
bars = pytest.mark.skipif(not DATA.is_dir(), reason="no exchange's bars in ../shared/data")
PUBLISHED = [fact for fact in vars(facts).values() if isinstance(fact, facts.Fact)]


def closes(file, scale=1.0, minutes=1):
    """Closes of bars at the times at which they close."""
    frame = pd.read_parquet(DATA / file).loc["2020-03-11 23:00":"2020-03-14"]
    column = next(name for name in frame if name.startswith("close"))
    return (frame[column] / scale).set_axis(frame.index + pd.Timedelta(minutes=minutes))


def perpetual():
    """XBTUSD at the closes of minutes."""
    return closes("xbtusd_bitmex_1m_2020-03.parquet")


def spot(minutes):
    """Binance's BTC/USDT at closes of 5 minutes, to 21:15 on the 12th, or of half hours."""
    files = {5: ("btc_binance_spot_5m_2019_2025.parquet", 100.0), 30: ("btc_binance_spot_30m_2020.parquet", 1.0)}
    return closes(*files[minutes], minutes)


def basis_percent(price):
    """Basis of XBTUSD to a price wherever both are there."""
    return (100 * (perpetual().reindex(price.index) / price - 1)).dropna()


def published(series):
    """A published series with its stamps."""
    return pd.Series(series.values, pd.to_datetime(march.stamps(series)))


def test_stamps_rise_within_the_window():
    stamps = [stamp for stamp, _ in facts.SPOT]
    assert stamps == sorted(set(stamps)) and (stamps[0], stamps[-1]) == (facts.START, facts.SPOT_END)
    assert set(facts.LOWS) <= set(stamps) and march.stamps(facts.BASIS)[-1][:16] == facts.END
    assert march.stamps(facts.BASIS_TO_DERIBIT)[-1][:16] == facts.END
    assert all(datetime.fromisoformat(stamp).hour % 8 == 4 for stamp, _ in facts.FUNDING)


def test_the_facts_are_few_and_rounded():
    assert len(facts.SPOT) < 84 and all(price % 10 == 0 for _, price in facts.SPOT)
    for series in (facts.BASIS, facts.BASIS_TO_DERIBIT):
        assert len(series.values) < 60 and all(round(value, 1) == value for value in series.values)


def test_every_fact_lies_between_its_bounds_and_has_a_source():
    assert len(PUBLISHED) > 10
    for fact in PUBLISHED:
        assert fact.source and not fact.low > fact.value and not fact.high < fact.value


def test_hours_below_are_those_of_the_half_hourly_bases():
    for percent, hours in facts.HOURS_BELOW:
        assert 0.5 * sum(value < -percent for value in facts.BASIS.values) == hours


def test_open_interest_in_coin_and_in_contracts_tell_the_same():
    price = dict(facts.SPOT)
    known = facts.OPEN_INTEREST_CONTRACTS
    assert known.value == pytest.approx(115_000 * price["2020-03-12T10:00"], rel=0.01)
    assert known.high == pytest.approx(115_000 * price["2020-03-12T00:00"], rel=0.01)


def test_the_fund_of_the_press_adds_up():
    assert facts.FUND_COIN.value + facts.FUND_CHANGE_COIN.value == pytest.approx(33_880, abs=10)


@bars
def test_spot_is_what_binance_printed():
    five, half = spot(5), spot(30)
    for stamp, price in facts.SPOT:
        if stamp not in facts.LOWS:
            at = pd.Timestamp(stamp)
            assert price == pytest.approx(five[at] if at in five.index else half[at], abs=5.01), stamp


@bars
def test_lows_are_lows_of_their_bars_and_stand_at_the_lowest_minute_of_the_perpetual():
    files = "btc_binance_spot_5m_2019_2025.parquet", *2 * ("btc_binance_spot_30m_2020.parquet",)
    minutes = pd.read_parquet(DATA / "xbtusd_bitmex_1m_2020-03.parquet").low
    for stamp, file, bar in zip(facts.LOWS, files, ("10:45", "23:30", "02:00"), strict=True):
        at, price = pd.Timestamp(stamp), dict(facts.SPOT)[stamp]
        frame = pd.read_parquet(DATA / file)
        begin = at.normalize() + pd.Timedelta(f"{bar}:00")
        low, scale = next((frame[name][begin], s) for name, s in (("low", 1), ("low_x100", 100)) if name in frame)
        assert price == pytest.approx(low / scale, abs=5) or price > low / scale and stamp == facts.LOWS[0]
        half_hour = minutes[begin : begin + pd.Timedelta(minutes=29)]
        assert abs(half_hour.idxmin() - at) <= pd.Timedelta(minutes=1)


@bars
def test_the_basis_is_that_of_the_bars():
    real = basis_percent(spot(30))
    assert published(facts.BASIS).sub(real).dropna().abs().max() < 0.051
    assert real["2020-03-12 00:30":"2020-03-12 10:29"].abs().max() < 0.2
    assert real["2020-03-12 00:30" : facts.END].idxmin() == pd.Timestamp("2020-03-13 02:30")
    for percent, hours in facts.HOURS_BELOW:
        assert 0.5 * (real[pd.Timestamp(facts.START) :][: facts.END] < -percent).sum() == hours


@bars
def test_the_lowest_basis_of_the_first_leg_is_that_of_the_bars():
    real = basis_percent(spot(5))["2020-03-12 10:00":"2020-03-12 21:10"]
    assert real.min() == pytest.approx(facts.LOWEST_BASIS_FIRST_LEG.value, abs=0.05)
    assert set(real.nsmallest(2).index.strftime("%H:%M")) == {"10:50", "12:55"}


@bars
def test_the_basis_to_the_index_is_that_of_deribit():
    frame = pd.read_csv(DATA / "deribit_btc_perpetual_1h_index_funding_2019_2021.csv", index_col=0)
    index = frame.index_price.set_axis(pd.to_datetime(frame.index).tz_localize(None))["2020-03-12":"2020-03-14"]
    real = basis_percent(index)
    assert published(facts.BASIS_TO_DERIBIT).sub(real).dropna().abs().max() < 0.051
    premium = 100 * (index / spot(30).reindex(index.index) - 1)["2020-03-13 01:00":"2020-03-13 23:00"]
    assert (round(premium.min(), 1), round(premium.max(), 1)) == (0.3, 4.6) and 0.8 < premium.median() < 1.1


@bars
def test_the_perpetuals_own_numbers_are_those_of_its_bars():
    frame = pd.read_parquet(DATA / "xbtusd_bitmex_1m_2020-03.parquet")
    fall = frame["2020-03-12" : facts.END]
    assert fall.low.min() == pytest.approx(facts.LOWEST_USD.value, abs=5)
    assert fall.low.idxmin() == pd.Timestamp("2020-03-13 02:15")
    assert frame.volume_usd["2020-03-12"].sum() == pytest.approx(facts.VOLUME_USD.value, rel=1e-3)
    outage = frame.trades[pd.Timestamp(facts.OUTAGE[0]) :][:14]
    assert outage.max() < 20 < frame.trades["2020-03-13 02:15"].min()


@bars
def test_funding_is_what_was_paid():
    frame = pd.read_csv(DATA / "funding_bitmex_xbtusd_8h_2016_2024.csv", index_col=0)
    paid = frame.funding_rate.set_axis(pd.to_datetime(frame.index).tz_localize(None))
    for stamp, rate in facts.FUNDING:
        assert rate == pytest.approx(paid[pd.Timestamp(stamp)], abs=5.1e-6), stamp


@bars
def test_the_fund_is_that_of_the_press():
    rows = pd.read_csv(DATA / "insurance_fund_anchors_2020.csv").query("exchange == 'BitMEX'")
    value = {(row.date_utc, row.quantity): row.value for row in rows.itertuples()}
    assert value["2020-03-11", "balance_btc"] == facts.FUND_COIN.value
    assert value["2020-03-12", "fund_used_btc"] == -facts.FUND_CHANGE_COIN.value
    assert value["2020-03-13", "largest_intraday_decline_btc"] == facts.FUND_LARGEST_FALL_COIN.value
    loss = "largest_unrealised_loss_on_liquidated_positions_btc"
    assert value["2020-03-13", loss] == facts.ENGINE_LARGEST_LOSS_COIN.value
    assert value["2020-03-13", "adl_events"] == facts.ADL_CONTRACTS.value


def simulated(run):
    """What `beside` has of a run, by quantity."""
    return {row.quantity: row.simulated for row in march.beside(run)}


def test_a_run_that_is_the_day_itself_is_found_equal_to_it():
    run = fall_run()
    stamps = [march.seconds(run, stamp) for stamp in march.stamps(facts.BASIS)]
    real = np.interp(run["time_s"], stamps, facts.BASIS.values, left=0.0)
    run.series.last = run["index"] * (1 + real / 100)
    for row in march.beside(run):
        if "below spot" in row.quantity or "to Binance" in row.quantity:
            assert row.simulated == pytest.approx(row.real), row


def test_amounts_are_taken_from_the_stretch_that_the_fact_is_about():
    run = fall_run()
    rows, took = simulated(run), run.liquidations
    of_the_12th = took.contracts[(took.time_s >= 36_000) & (took.time_s <= 86_400)]
    assert rows["longs taken over from 10:00 to the end of the 12th, USD"] == of_the_12th[of_the_12th > 0].sum()
    night = run["fund_coin"][run["time_s"] >= 86_400]
    fall = (np.maximum.accumulate(night) - night).max()
    assert rows["largest fall of the fund on the 13th, BTC"] == pytest.approx(fall)
    assert rows["open interest before the fall, USD"] == run["open_interest_contracts"][int(10.5 * 360) - 1]
    assert rows["auto-deleveraged, USD"] == 3_500_000
    assert rows["funding 13 Mar 04:00, %"] == pytest.approx(100 * run.funding.rate[3])


def test_a_contract_of_another_face_is_compared_in_usd():
    run = fall_run()
    one = simulated(run)["open interest before the fall, USD"]
    run.about["venue"] = VENUE.replace("face=1.0", "face=10.0")
    assert simulated(run)["open interest before the fall, USD"] == 10 * one


def test_amounts_are_not_compared_with_those_of_another_payoff():
    run = fall_run()
    run.about["venue"] = VENUE.replace("Inverse", "Linear")
    assert not any("USD" in name and "trade" not in name or "BTC" in name for name in simulated(run))
    assert "lowest trade, USD" in simulated(run)


def test_what_a_run_does_not_reach_is_nan_or_left_out():
    run = fall_run()
    short = a_run(run.series[run["time_s"] < 13 * 3600], run.liquidations, run.funding)
    rows = simulated(short)
    assert march.covers(short) and not march.covers(short, until=facts.END)
    assert np.isnan(rows["largest fall of the fund on the 13th, BTC"]) and np.isnan(rows["auto-deleveraged, USD"])
    assert rows["longs taken over from 10:00 to 12:00 on the 12th, USD"] > 0
    assert "basis 12 Mar 12:30 to Binance, %" in rows and "basis 12 Mar 13:30 to Binance, %" not in rows
    assert "funding 12 Mar 12:00, %" in rows and "funding 12 Mar 20:00, %" not in rows


def test_a_run_of_another_day_is_not_covered_and_harms_nothing():
    elsewhere = fall_run()
    elsewhere.about["start"] = "2021-05-19T00:00+00:00"
    for run in (elsewhere, empty_run(), calm_run()):
        assert not march.covers(run) and np.isnan(list(simulated(run).values())).all()
        assert "lowest trade, USD" in march.lines(run) and march.figure(run)


def test_rows_at_a_coarse_pace_still_reach_the_end():
    run = fall_run()
    run.series = run.series[6::7].copy()
    assert march.covers(run, until=facts.END) and "basis 13 Mar 12:00 to Binance, %" in simulated(run)


def test_the_table_numbers_its_sources_and_keeps_to_plain_characters():
    text = march.lines(fall_run())
    sources = {row.source for row in march.headlines(fall_run())}
    assert all(f"] {source}" in text for source in sources) and text.isascii()
    assert max(map(len, text.splitlines())) <= 110
    assert "13 Mar 02:30" in text and "-14.6" in text and "800 M and 915 M" in text


def test_the_picture_is_the_same_byte_for_byte(tmp_path):
    for name in ("one.png", "two.png"):
        march.figure(fall_run()).savefig(tmp_path / name, dpi=50)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_markers_of_the_picture_are_the_facts_in_the_run():
    ax = march.figure(fall_run()).axes[0]
    drawn = {line.get_label(): line.get_ydata() for line in ax.get_lines()}
    assert tuple(drawn["real, to Binance"]) == facts.BASIS.values
    assert tuple(drawn["to Deribit's index"]) == facts.BASIS_TO_DERIBIT.values
    run = fall_run()
    run.series = run.series[run["time_s"] <= 12 * 3600].copy()
    drawn = {line.get_label(): line.get_ydata() for line in march.figure(run).axes[0].get_lines()}
    assert len(drawn["real, to Binance"]) == 4 == len(drawn["simulated (half hours)"])


def test_a_run_ends_where_the_published_prices_do_or_names_a_file():
    with pytest.raises(ValueError, match=r"hours must end by 2020-03-14T22:00.*got 71 from"):
        march_2020(seed=1, hours=71.0)
    assert march_2020(seed=1, hours=71.0, path=facts_path()).length == 71 * 720


def facts_path():
    """A flat path, which needs no facts."""
    return GeometricBrownian(price=8_000.0, volatility=0.0)
