"""Market makers who lay off elsewhere what they buy and sell here, and move coin to keep their margin."""

import math
from dataclasses import dataclass
from typing import Any

from agents.arbitrage import coin_per_contract, hedge, transfer_steps
from agents.makers import MarketMakers, quotes
from sim import spot
from sim.compiled import kernel
from sim.ledger import equity
from sim.orders import move_coin


@kernel
def quotes_hedged(x, rows, first, traits, out, n, s, first_holding, per_coin):
    """Lay off and keep the margin of each maker awake, then quote as any maker does."""
    for i in rows:
        me, row = traits[i - first], first_holding + i - first
        price = s.venues[s.holdings[row].venue].price
        worth = float(equity(x, i, x.now[0].mark_units))
        lay_off(x, s, i, row, me, worth, price)
        keep_margin(x, s, i, row, first, me, worth, me.coin / per_coin)
    return quotes(x, rows, first, traits, out, n)


@kernel
def lay_off(x, s, i, row, me, worth, price):
    """Trade the inventory's opposite at spot once what is not hedged passes the band."""
    held, largest = x.accounts[i].contracts, me.leverage * max(worth, 0.0) / abs(float(x.now[0].mark_units))
    if abs(held - me.hedged) > me.hedge_band * largest:
        hedge(s, row, me, held, coin_per_contract(x, price) / s.terms[0].coin_unit, price)


@kernel
def keep_margin(x, s, i, row, first, me, worth, target):
    """Send for what margin has lost since the start, or take off what it has won, once it is past the tolerance."""
    missing = target - worth
    holding = s.holdings[row]
    if abs(missing) < me.margin_tolerance * target or holding.transit != 0:
        return
    arrives = x.now[0].step + transfer_steps(x, i, first, me)
    if missing > 0.0:
        spot.send(s, row, min(holding.usd if s.terms[0].in_usd else holding.coin, math.ceil(missing)), arrives)
        return
    units = math.floor(-missing)
    if move_coin(x, i, -units):
        spot.fetch(s, row, units, arrives)


@dataclass(kw_only=True, eq=False)
class HedgedMakers(MarketMakers):
    """Market makers who are not paid to bear the price: what they hold here they sell, or buy, at spot.

    Spot stands for every market elsewhere; what they hold there is coin or the credit to sell it short. A loss of
    margin here is a gain there, so it is no reason to leave, but coin takes its time to come. Their margin still limits
    what they can hold here: nobody else's book takes a position off this one.

    spot_coin, spot_usd_coin:  held elsewhere at the start, coin (or the credit to sell it), and USD in coin's worth
    hedge_band:                of the largest inventory, not hedged
    margin_tolerance:          of the first deposit, lost or won, at which coin is moved
    transfer_s:                mean time that takes
    stress_power:              with which it grows while volatility is above the usual
    """

    spot_coin: Any = 5.0
    spot_usd_coin: Any = 5.0
    hedge_band: Any = 0.05
    margin_tolerance: Any = 0.1
    transfer_s: Any = 1800.0
    stress_power: Any = 0.5
    loss_limit: Any = 1.0

    kernel = staticmethod(quotes_hedged)
    memory = (*MarketMakers.memory, "hedged")

    def __post_init__(self):
        super().__post_init__()
        if self.count and getattr(self.market.venue.contract, "p", 1.0) != 1.0:
            contract = self.market.venue.contract.name
            raise ValueError(f"{self.name} must trade a contract on spot itself (got {contract}); use MarketMakers")
        self.first_holding = self.market.hold_spot(self, self.traits.spot_coin, self.traits.spot_usd_coin)

    def context(self):
        """The spot market, where the crowd's holdings begin, and the settlement unit in coin's worth at the start."""
        contract, spot = self.market.venue.contract, self.market.spot
        worth = 1.0 if contract.coin_margined else spot.first_price
        return spot.state, self.first_holding, contract.unit / worth
