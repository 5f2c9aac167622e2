"""Arbitrage between spot venues: buy coin where it is cheap and sell as much where it is dear."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from agents.crowd import Crowd
from sim import spot
from sim.compiled import kernel

HALVINGS = 10
"""Of an order, among which they look for the size that earns most."""


@kernel
def cross(x, rows, first, traits, out, n, s, first_holding):
    """Each account awake: trades the two venues furthest apart of those where it can, if that pays."""
    for i in rows:
        me, mine = traits[i - first], first_holding + (i - first) * len(s.venues)
        cheap, dear = furthest(s, mine)
        if cheap >= 0 and dear >= 0 and s.venues[cheap].price < s.venues[dear].price:
            coin = best_size(s, mine, cheap, dear, me)
            if coin > 0:
                sold = -spot.trade(s, mine + dear, -coin)
                spot.trade(s, mine + cheap, sold)
    return n


@kernel
def furthest(s, mine):
    """(cheapest venue at which USD is held, dearest at which coin is), of those that are up; -1 where there is none."""
    cheap, dear = -1, -1
    for v in range(len(s.venues)):
        venue, holding = s.venues[v], s.holdings[mine + v]
        if venue.age > 0:
            continue
        if holding.usd > 0 and (cheap < 0 or venue.price < s.venues[cheap].price):
            cheap = v
        if holding.coin > 0 and (dear < 0 or venue.price > s.venues[dear].price):
            dear = v
    return cheap, dear


@kernel
def best_size(s, mine, cheap, dear, me):
    """Coin units that earn most after costs and own impact on both venues, of an order and its halves, quarters and so
    on, as far as coin and USD are there; 0 if none earns the hurdle."""
    terms, usd = s.terms[0], s.holdings[mine + cheap].usd
    coin = min(me.order_coin / terms.coin_unit, float(s.holdings[mine + dear].coin))
    best, most = 0, 0.0
    for _ in range(HALVINGS):
        size = math.floor(coin)
        coin *= 0.5
        paid = spot.cost(s, cheap, size)
        earned = -spot.cost(s, dear, -size) - paid
        pays = earned > 1e-4 * me.hurdle_bps * paid and paid <= usd
        whole = spot.taken(s, cheap, size) == size and spot.taken(s, dear, -size) == -size
        if size > 0 and pays and whole and earned > most:
            best, most = size, float(earned)
    return best


@dataclass(kw_only=True, eq=False)
class SpotArbitrageurs(Crowd):
    """Hold coin and USD at every spot venue, and trade the cheap one against the dear one while it pays.

    They know what every venue that is up quotes, what their order would do to it, and their own balances; they trade
    both legs at once, and nothing at the exchange. Coin and USD are not moved between venues: who has run out of them
    where they are needed waits until the gap turns. Beside them the venues' own tie (`SpotMarket.tie_half_life_s`)
    stands for arbitrage that nobody here trades; make it long to leave that to them.

    spot_coin, spot_usd_coin: of each at the start, coin, and USD in coin's worth, spread evenly over the venues
    order_coin:  largest order
    hurdle_bps:  of what an order pays, earned beyond the venues' costs and its own impact
    """

    coin: Any = 0.0
    spot_coin: Any = 30.0
    spot_usd_coin: Any = 30.0
    order_coin: Any = 1.0
    hurdle_bps: Any = 1.0
    wake_s: Any = 5.0

    provides = True
    kernel = staticmethod(cross)
    messages_per_wake = 0

    def __post_init__(self):
        super().__post_init__()
        spot_market, venues = self.market.spot, len(self.market.spot.state.venues)
        usd, coin = self.traits.spot_usd_coin * spot_market.first_price / venues, self.traits.spot_coin / venues
        accounts = self.first + np.repeat(np.arange(self.count), venues)
        where = np.tile(np.arange(venues), self.count)
        self.first_holding = len(spot_market.state.holdings)
        spot_market.admit(where, accounts, usd=np.repeat(usd, venues), coin=np.repeat(coin, venues))

    def context(self):
        """The spot market, and where the crowd's holdings begin, one for each venue and account."""
        return self.market.spot.state, self.first_holding
