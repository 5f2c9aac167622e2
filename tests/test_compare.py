"""The same crowds on several venues: what `perpsim compare` prints, draws and saves."""

import csv
import json

import numpy as np
import pytest

from analysis import compare
from analysis.cli import main
from scenarios.venue_comparison import venue_comparison
from sim import venues
from sim.ledger import RESERVED_ROWS

SHORT = dict(
    seed=3, hours=0.6, at_hours=0.1, over_s=300.0, back_hours=0.5, fund_coin=5.0, longs=400, shorts=300, noise=150
)


@pytest.fixture(scope="module")
def rows():
    return compare.compare("venue_comparison", ("BITMEX", "DYDX", "GMX"), **SHORT)


def test_every_venue_has_every_number_and_the_discount_of_every_minute(rows):
    assert [name for name, _, _ in rows] == ["BITMEX", "DYDX", "GMX"]
    for _, numbers, basis in rows:
        assert set(numbers) == {each.__name__ for each in compare.METRICS} and len(basis) == 36
        assert all(np.isfinite(number) for number in numbers.values())
        assert numbers["deepest_discount_percent"] == pytest.approx(100.0 * basis.min())
        assert numbers["liquidated_usd"] > 1e6 and 0.0 <= numbers["outside_10bp_percent"] <= 100.0


def test_a_venue_alone_is_what_it_is_among_others(rows):
    alone = compare.compare("venue_comparison", ("DYDX",), **SHORT)
    assert alone[0][1] == rows[1][1] and np.array_equal(alone[0][2], rows[1][2])


def test_amounts_in_usd_are_counted_from_the_tables_of_the_run():
    for venue in (venues.BITMEX, venues.DERIBIT, venues.DYDX):
        market = venue_comparison(venue=venue, **SHORT)
        run, unit = market.run(), venue.contract.unit
        closed, inverse = run.liquidations, venue.contract.coin_margined
        worth = np.abs(closed.contracts) * venue.contract.value(closed.mark) * unit * (closed.mark if inverse else 1.0)
        assert compare.liquidated_usd(run) == pytest.approx(worth.sum())
        drawn = float(market.exchange.now[0].fund_draw) * unit * (run["index"][-1] if inverse else 1.0)
        assert compare.insurance_draw_usd(run) == pytest.approx(drawn)


def test_what_a_deleveraged_winner_lost_is_the_distance_of_its_price_from_the_mark():
    market = venue_comparison(venue=venues.BITMEX, **SHORT | dict(fund_coin=0.0, drop=0.5))
    run = market.run()
    rows = run.adl
    assert len(rows) and (rows.account >= RESERVED_ROWS).all()
    steps = np.rint(rows.time_s / market.step_s).astype(int) - 1
    marks = run.series.mark[steps]
    lost = rows.contracts * (1.0 / marks - 1.0 / rows.price)  # bought contracts of 1 USD at `price`, in coin
    assert rows.lost_coin == pytest.approx(lost, abs=1e-6)
    assert compare.winners_lost_usd(run) == pytest.approx((rows.lost_coin * run.series["index"][steps]).sum())


def test_the_command_writes_table_picture_and_origin(tmp_path, capsys):
    out = tmp_path / "compared"
    with pytest.raises(SystemExit) as left:
        main(["compare", "BITMEX", "GMX", "--hours", "0.2", "--out", str(out)])
    assert left.value.code == 0 and "GMX" in capsys.readouterr().out
    with open(out / "comparison.csv", newline="") as file:
        assert [row["venue"] for row in csv.DictReader(file)] == ["BITMEX", "GMX"]
    about = json.loads((out / "about.json").read_text())
    assert about["compared"] == ["BITMEX", "GMX"] and about["seed"] == 1 and about["hours"] == 0.2
    assert (out / "comparison.png").stat().st_size > 20_000


def test_ctrl_c_saves_the_venues_that_were_done(tmp_path, capsys, monkeypatch):
    whole, done = compare.measured, []

    def pressed(task):
        if done:
            raise KeyboardInterrupt
        done.append(task)
        return whole(task)

    monkeypatch.setattr(compare, "measured", pressed)
    with pytest.raises(SystemExit) as left:
        main(["compare", "BITMEX", "GMX", "--hours", "0.2", "--out", str(tmp_path / "x")])
    assert left.value.code == 130 and "the venues that were done are saved in" in capsys.readouterr().err
    assert json.loads((tmp_path / "x" / "about.json").read_text())["compared"] == ["BITMEX"]


def test_a_venue_that_the_scenario_does_not_fit_is_named_before_anything_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(compare, "measured", lambda task: pytest.fail("it ran"))
    with pytest.raises(SystemExit) as left:
        main(["compare", "BITMEX", "DERIBIT", "--scenario", "flash_crash", "--out", str(tmp_path / "x")])
    assert left.value.code == 1 and "on DERIBIT: " in capsys.readouterr().err


def test_a_mistyped_venue_is_answered_with_the_nearest_one(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        main(["compare", "DERIBT", "--out", str(tmp_path / "x")])
    assert left.value.code == 1 and "did you mean 'DERIBIT'?" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_makers_quote_books_and_pools_take_their_place():
    crowds = {name: {each.name for each in venue_comparison(venue=getattr(venues, name), **SHORT).crowds}
              for name in ("BITMEX", "SYNTHETIX")}  # fmt: skip
    assert "MarketMakers" in crowds["BITMEX"] and crowds["SYNTHETIX"] == crowds["BITMEX"] - {"MarketMakers"}
