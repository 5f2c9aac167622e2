"""Maps show what rests and what would be liquidated; a run does not notice that they are made."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from scenarios import calm, venue_comparison
from sim.backing import doomed
from sim.ledger import RESERVED_ROWS
from sim.maps import Maps, book_map, liquidation_map, liquidation_prices
from sim.record import TABLES, Run
from sim.venues import BINANCE, BITMEX, DERIBIT, KRAKEN, LINEAR, SYNTHETIX

SMALL = {"seed": 1, "hours": 0.1, "noise": 50, "longs": 40, "shorts": 40, "open_interest": 1_000_000}
MAPPED = Maps(every_s=60.0)


@pytest.fixture(scope="module")
def market():
    market = calm(**SMALL, maps=MAPPED)
    return market, market.run()


def test_a_run_with_maps_is_the_run_without_them(market):
    plain = calm(**SMALL).run()
    for table in TABLES:
        assert getattr(plain, table).tobytes() == getattr(market[1], table).tobytes(), table
    assert len(plain.book_map) == len(plain.liquidation_map) == 0


def test_maps_come_as_often_as_asked(market):
    for table in ("book_map", "liquidation_map"):
        assert_array_equal(np.unique(getattr(market[1], table).time_s), 60.0 * np.arange(1, 7))


def test_the_book_is_mapped_to_the_last_contract(market):
    x = market[0].exchange
    rows, ticks = book_map(x, 7.0, 9_000.0).view(np.recarray), np.arange(len(x.levels))
    bid = ticks <= x.now[0].bid
    assert rows.bids_contracts.sum() == x.levels.contracts[bid].sum() > 0
    assert rows.asks_contracts.sum() == x.levels.contracts[~bid].sum() > 0
    assert (rows.bids_contracts + rows.asks_contracts > 0).all() and (rows.high[:-1] <= rows.low[1:] * 1.000001).all()
    best = rows[rows.bids_contracts > 0][-1]
    assert best.low <= x.now[0].bid * 0.5 < best.high
    assert rows.high / rows.low == pytest.approx(1.0007)
    near = book_map(x, 7.0, 10.0).view(np.recarray)
    assert 0 < near.bids_contracts.sum() < rows.bids_contracts.sum()
    assert near.low.min() > x.now[0].mid * (1 - 17.1e-4) and near.high.max() < x.now[0].mid * (1 + 17.1e-4)


@pytest.mark.parametrize("venue", [BITMEX, DERIBIT, BINANCE, KRAKEN, LINEAR, SYNTHETIX], ids=lambda each: each.name[:9])
def test_a_position_is_liquidated_beyond_the_price_at_which_it_is_mapped_and_not_before(venue):
    market = venue_comparison(seed=2, venue=venue, hours=0.05, step_s=5.0, makers=20, noise=20, longs=40, shorts=40)
    market.run()
    x, contract = market.exchange, venue.contract
    prices, contracts = liquidation_prices(x, venue)
    rows = RESERVED_ROWS + np.flatnonzero(x.accounts.contracts[RESERVED_ROWS:])
    assert_array_equal(contracts, x.accounts.contracts[rows])
    seen = 0
    for row, price, held in zip(rows, prices, contracts, strict=True):
        if 0.2 * x.now[0].mark < price < 5.0 * x.now[0].mark:
            beyond, before = (contract.settlement(price * (1 - np.sign(held) * part)) for part in (1e-4, -1e-4))
            assert doomed(x, row, beyond) and not doomed(x, row, before)
            seen += 1
    assert seen > 30


def test_positions_are_counted_once_on_their_side_of_the_mark(market):
    x, venue = market[0].exchange, market[0].venue
    rows = liquidation_map(x, venue, 25.0, 3_000.0).view(np.recarray)
    prices, contracts = liquidation_prices(x, venue)
    near = np.abs(prices / x.now[0].mark - 1.0) <= 0.3
    assert rows.longs_contracts.sum() == contracts[near & (contracts > 0)].sum() > 0
    assert rows.shorts_contracts.sum() == -contracts[near & (contracts < 0)].sum() > 0
    assert rows.positions.sum() == near.sum()
    assert rows.high[rows.longs_contracts > 0].max() < x.now[0].mark * 1.003
    assert rows.low[rows.shorts_contracts > 0].min() > x.now[0].mark * 0.997


def test_a_pool_has_no_book_to_map():
    run = venue_comparison(
        seed=2, venue=SYNTHETIX, hours=0.05, step_s=5.0, noise=20, longs=40, shorts=40, maps=MAPPED
    ).run()
    assert len(run.book_map) == 0 and len(run.liquidation_map) > 0


def test_maps_are_saved_where_there_are_any(market, tmp_path):
    market[1].save(tmp_path / "mapped")
    loaded = Run.load(tmp_path / "mapped")
    assert loaded.book_map.tobytes() == market[1].book_map.tobytes()
    assert loaded.frame("liquidation_map").positions.sum() == market[1].liquidation_map.positions.sum()
    calm(**SMALL | {"hours": 0.01}).run().save(tmp_path / "plain")
    assert not list((tmp_path / "plain").glob("*map*")) and len(Run.load(tmp_path / "plain").book_map) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"every_s": 0.0}, r"every_s must be above zero \(got 0.0\)"),
        ({"every_s": float("nan")}, "every_s must be above zero"),
        ({"book_bps": 0.0}, r"book_bps must lie between 0 and 10,000 \(got 0.0\)"),
        ({"liquidation_reach_bps": 10_000.0}, "liquidation_reach_bps must lie between"),
    ],
)
def test_maps_that_cannot_be_made_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Maps(**wrong)
