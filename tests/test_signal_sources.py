"""Signals from runs, views, crowds and real series: what was known then, beside what came after, and nothing later."""

from pathlib import Path

import numpy as np
import pytest

from analysis import watching
from analysis.signals import sources
from analysis.signals.evidence import information_coefficient
from analysis.signals.verdict import REFUSED, tried
from scenarios import calm, crowded_longs, thin_book

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SMALL = {"hours": 2.0, "step_s": 10.0, "noise": 60, "longs": 60, "shorts": 60, "makers": 4, "open_interest": 2_000_000}


def market(seed=1, **options):
    return calm(seed=seed, **(SMALL | options))


@pytest.fixture(scope="module")
def run():
    """A small calm market, as nobody watched it."""
    return market().run()


def test_a_column_is_beside_the_return_that_follows_it(run):
    found = sources.from_run(run, "funding_rate", every_s=60.0)
    rows = slice(5, None, 6)
    assert found.signal == pytest.approx(run["funding_rate"][rows][:-1])
    assert found.returns == pytest.approx(np.diff(np.log(run["mid"][rows])))
    assert found.times[0] == np.datetime64(run.about["start"][:19]) + np.timedelta64(60, "s")
    assert set(np.diff(found.times).astype(int)) == {60}


def test_a_function_of_the_view_sees_what_a_function_of_the_run_sees_and_changes_nothing(run):
    watched = sources.from_view(market(), lambda view: view.mark / view.index - 1.0)
    told = sources.from_run(run, lambda run: run["mark"] / run["index"] - 1.0)
    assert np.array_equal(watched.signal, told.signal) and np.array_equal(watched.returns, told.returns)
    again = watching.watched(market(), lambda market: 0.0, 60.0).run
    assert again.series.tobytes() == run.series.tobytes()


def test_a_signal_that_looks_ahead_is_seen_through(run):
    honest = sources.from_run(run, "mid", every_s=10.0)
    cheats = sources.from_run(run, lambda run: np.roll(np.log(run["mid"]), -1) - np.log(run["mid"]), every_s=10.0)
    assert information_coefficient(cheats.signal, cheats.returns).value > 0.99
    assert any("too good to be true" in each for each in tried(cheats.signal, cheats.returns).reasons)
    assert not any("too good" in each for each in tried(honest.signal, honest.returns).reasons)


def test_what_a_crowd_holds_is_a_signal():
    found = sources.from_crowd(market(), "LeveragedLongs", every_s=600.0)
    assert found.signal[0] > 0 and len(found.signal) == 11
    with pytest.raises(ValueError, match="LeveragedLongs"):
        sources.from_crowd(market(), "LeveragedLong")


def test_funding_falls_into_the_period_in_which_it_was_charged():
    run = market(start="2020-03-01T03:00").run()  # a stamp an hour later
    found = sources.from_run(run, "mid", every_s=600.0)
    paid = np.flatnonzero(found.funding)
    assert run.funding["time_s"][0] == 3_600.0 and paid.tolist() == [4]  # from 3,000 to 3,600 s
    assert found.funding[4] == run.funding["rate"][0]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda run: sources.from_run(run, "mid", every_s=15.0), "every_s must be a multiple of the 10 s"),
        (lambda run: sources.from_run(run, lambda run: [1.0]), "a value for each of"),
        (lambda run: sources.from_prices([0, 1], [1.0, 2.0], [1.0]), "times, prices and signal must be as many"),
        (lambda run: watching.watched(market(), len, 15.0), "every_s must be a multiple of the 10 s"),
    ],
)
def test_what_does_not_fit_is_refused(run, call, said):
    with pytest.raises(ValueError, match=said):
        call(run)


def test_fortunes_of_crowds_are_their_profits_and_a_squeezed_one_falls_deepest():
    made = thin_book(seed=4, hours=0.6, step_s=2.0)
    run, frame = watching.fortunes(made, every_s=60.0)
    found, there = frame.set_index("crowd"), run.accounts
    for crowd in ("LeveragedLongs", "LeveragedShorts", "NoiseTraders"):
        own = there[there["crowd"] == crowd]
        profit = float((own["equity_coin"] - own["deposits_coin"]).sum())
        assert found.profit_coin[crowd] == pytest.approx(profit, abs=0.05 * abs(profit) + 1e-6)
    assert found.drawdown_percent.idxmax() in ("LeveragedLongs", "MarketMakers")
    assert found.sharpe["LeveragedShorts"] > 0.0 > found.sharpe["LeveragedLongs"]
    assert (found.sharpe_error > 0.0).all()
    with pytest.raises(ValueError, match="must be watched from its start"):
        watching.fortunes(made)


def test_spot_is_part_of_what_a_hedged_crowd_is_worth():
    made = crowded_longs(seed=1, hours=0.05)
    names = [crowd.name for crowd in made.crowds]
    start = dict(zip(names, watching.equity_coin(made), strict=True))
    crowd = next(crowd for crowd in made.crowds if crowd.name == "Arbitrageurs")
    in_venue = made.exchange.accounts.wallet[crowd.first : crowd.first + crowd.count].sum() * made.venue.contract.unit
    assert start["Arbitrageurs"] > 1.2 * in_venue


def test_a_drawdown_is_from_the_height_before():
    assert watching.drawdown_percent([1.0, 4.0, 2.0, 3.0, 1.0, 5.0]) == pytest.approx(75.0)
    assert watching.drawdown_percent([1.0, 2.0]) == 0.0 and np.isnan(watching.drawdown_percent([0.0]))


def test_yesterday_s_return_of_xbtusd_does_not_pay_its_fees():
    """Real hours of 2017 to 2022: holding against the last hour's move, at a taker's fee."""
    import pandas

    path = DATA / "xbtusd_bitmex_1h_2017_2023.parquet"
    if not path.exists():
        pytest.skip(f"the record is not there: no {path.name} in ../shared/data")
    bars = pandas.read_parquet(path).loc["2019":]
    close = bars["close"]
    record = sources.from_prices(close.index.to_numpy(), close, -np.log(close).diff())
    found = tried(record.signal, record.returns, fee_bps=7.5, times=record.times)
    assert found.verdict == REFUSED and any("after costs it earns -" in each for each in found.reasons)
    named = found.windows.set_index("window")
    assert {"March 2020", "May 2022", "all of them"} <= {*named.index}
    assert named.periods["March 2020"] == 48 and named.move_percent["March 2020"] < -20.0
    assert named.periods["all of them"] == named.periods.drop("all of them").sum()
