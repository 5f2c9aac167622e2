"""Arbitrageurs whose orders rest: they are makers of all that they trade, and the basis still closes."""

import numpy as np
import pytest

from analysis.summary import basis
from scenarios import calm
from sim.orders import POST, SUBMIT

SMALL = {
    "hours": 2.0, "step_s": 5.0, "longs": 60, "shorts": 60, "noise": 100, "makers": 4, "maker_coin": 20.0,
    "maker_skew_bps": 200.0, "maker_lean_seen": 0.0, "arbitrage_hurdle_bps": 4.0, "arbitrage_order_share": 0.02,
    "careful": 1.0, "open_interest": 5_000_000, "fills": True,
}  # fmt: skip


def traded(patient, seed=1, **options):
    """A run, and the fills in which an arbitrageur was maker and in which one was taker."""
    market = calm(seed=seed, patient=patient, **SMALL | options)
    crowd = next(each for each in market.crowds if each.name == "Arbitrageurs")
    run = market.run()
    rows = crowd.first + np.arange(crowd.count)
    return run, np.isin(run.fills.maker, rows).sum(), np.isin(run.fills.taker, rows).sum()


def test_who_is_patient_makes_and_who_is_not_takes():
    _, made, taken = traded(patient=1.0)
    assert made > 50 and taken == 0
    _, made, taken = traded(patient=0.0)
    assert made == 0 and taken > 50


def test_who_is_patient_takes_only_beyond_what_taking_costs():
    """A premium that pays the hurdle to a taker is taken; with a hurdle of the same size on top it is waited for."""
    far = {"maker_skew_bps": 600.0, "hours": 1.0}
    _, made, taken = traded(1.0, arbitrage_takes_bps=0.0, **far)
    assert made > 0 and taken > 0
    _, made, taken = traded(1.0, arbitrage_takes_bps=1_000.0, **far)
    assert made > 0 and taken == 0


@pytest.mark.parametrize("seed", range(3))
def test_patient_arbitrageurs_narrow_the_basis(seed):
    with_them, without = traded(1.0, seed)[0], traded(1.0, seed, arbitrageurs=0)[0]
    assert np.nanstd(basis(with_them)) < 0.9 * np.nanstd(basis(without))


def test_an_order_that_opens_rests_no_nearer_than_its_profit_over_a_makers_fee_for_as_long_as_is_said():
    """The price of a sale that opens: spot * (1 + fee + hurdle - half the announced rate), or the best ask above that;
    of a purchase the mirror image. With `careful` at 0 costs are those of one trade."""
    market = calm(seed=1, patient=1.0, **SMALL | {"careful": 0.0, "hours": 1.0})
    crowd = next(each for each in market.crowds if each.name == "Arbitrageurs")
    x, write, seen = market.exchange, crowd.write, []

    def watched(rows, count):
        prices = market.spot.state.venues.price.copy()
        end, now, tick = write(rows, count), market.exchange.now[0], market.exchange.terms[0].tick
        if not np.array_equal(prices, market.spot.state.venues.price):  # somebody hedged meanwhile
            return end
        for message in market.messages[count:end]:
            held = market.exchange.accounts[message.account].contracts
            if message.action != SUBMIT or held * message.amount < 0:
                continue
            holding = market.spot.state.holdings[crowd.first_holding + message.account - crowd.first]
            spot = market.spot.state.venues[holding.venue]
            off = x.terms[0].maker_fee + spot.cost + 4e-4
            sells, carried = message.amount < 0, 0.5 * now.funding_rate
            limit = spot.price * (1.0 + off - carried if sells else 1.0 - off - carried) / tick
            best = max(np.ceil(limit), now.ask) if sells else min(np.floor(limit), now.bid)
            profit = now.ask - limit if sells else limit - now.bid
            seen.append((message.tick, best, message.tif, message.lifetime, sells, profit * tick / spot.price))
        return end

    crowd.write = watched
    while market.clock < market.length:
        market.step()
    ticks, best, tif, lifetime, sells, profit = np.array(seen, float).T
    assert len(seen) > 20 and 0 < sells.sum() < len(seen)
    assert -1e-9 < profit.min() < 0.5 * (x.terms[0].taker_fee - x.terms[0].maker_fee), "a taker would not have"
    assert np.array_equal(ticks, best) and (tif == POST).all() and (lifetime == 3).all()


@pytest.mark.parametrize(("option", "said"), [("patient", "0 or 1"), ("careful", "from 0 to 1")])
@pytest.mark.parametrize("value", [-0.5, 1.5])
def test_what_is_neither_patient_nor_not_is_refused(option, value, said):
    with pytest.raises(ValueError, match=f"{option} of Arbitrageurs must be {said}"):
        calm(seed=1, hours=0.01, **{option: value})


OPTIONS = {
    "noise_coin": (3.0, [("NoiseTraders", "coin")]),
    "noise_order_share": (0.7, [("NoiseTraders", "order_share")]),
    "noise_wake_s": (77.0, [("NoiseTraders", "wake_s")]),
    "noise_lifetime_s": (33.0, [("NoiseTraders", "lifetime_s")]),
    "arbitrage_coin": (7.0, [("Arbitrageurs", each) for each in ("coin", "spot_coin", "spot_usd_coin")]),
    "arbitrage_order_share": (0.03, [("Arbitrageurs", "order_share")]),
    "arbitrage_pause_s": (44.0, [("Arbitrageurs", "pause_s")]),
    "arbitrage_hurdle_bps": (6.0, [("Arbitrageurs", "hurdle_bps")]),
    "patient": (1.0, [("Arbitrageurs", "patient")]),
    "arbitrage_takes_bps": (3.0, [("Arbitrageurs", "takes_bps")]),
    "replaced_s": (99.0, [("LeveragedLongs", "replaced_s"), ("LeveragedShorts", "replaced_s")]),
    "long_entry": (0.3, [("LeveragedLongs", "entry")]),
    "short_entry": (0.01, [("LeveragedShorts", "entry")]),
    "horizon_s": (5_000.0, [("LeveragedLongs", "horizon_s"), ("LeveragedShorts", "horizon_s")]),
    "bargain": (0.01, [("LeveragedLongs", "bargain"), ("LeveragedShorts", "bargain")]),
    "maker_memory_s": (900.0, [("MarketMakers", "basis_half_life_s")]),
    "maker_wake_s": (2.0, [("MarketMakers", "wake_s")]),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_of_calm_is_a_trait_of_its_crowd(option):
    value, traits = OPTIONS[option]
    crowds = {each.name: each for each in calm(seed=1, hours=0.01, **{option: value}).crowds}
    for name, trait in traits:
        assert (crowds[name].traits[trait] == value).all()


def test_a_resting_order_asks_for_its_hurdle():
    _, made, taken = traded(1.0, arbitrage_hurdle_bps=500.0)
    assert made == taken == 0
