"""Market makers who quote by theory: as wide, and as far from the index, as their dislike of inventory says.

Avellaneda and Stoikov, "High-frequency trading in a limit order book", Quantitative Finance 8(3), 2008.
"""

import math
from dataclasses import dataclass
from typing import Any

from agents import sending
from agents.crowd import Crowd
from agents.makers import bid, offer
from sim.compiled import kernel
from sim.ledger import equity

YEAR_S = 365 * 86_400.0


@kernel
def quotes_by_theory(x, rows, first, traits, out, n, in_coin, leans):
    """Replace the quotes of each maker awake by one bid and one offer, each for one order."""
    now, terms = x.now[0], x.terms[0]
    value = usd_per_contract(terms, now.index)
    for i in rows:
        me, held = traits[i - first], x.accounts[i].contracts
        order = max(1, math.floor(me.order_usd / value + 0.5))
        largest = math.floor(me.leverage * max(float(equity(x, i, now.mark_units)), 0.0) / abs(float(now.mark_units)))
        aversion = aversion_per_usd(me.risk_aversion, order * value, now.index, in_coin)
        per_order = aversion * variance_left(x, me)
        half = 0.5 * per_order + distance(aversion, 1e-4 * me.reach_bps * now.index)
        centre = now.index - (held / order * per_order if leans else 0.0)
        takes = terms.taker_fee + 1e-4 * me.takes_bps
        n = sending.cancel_all(out, n, i)
        if centre > half:
            n = bid(x, out, n, i, min(order, largest - held), centre, half / centre, takes)
            n = offer(x, out, n, i, min(order, largest + held), centre, half / centre, takes)
    return n


@kernel
def usd_per_contract(terms, price):
    """What one contract is worth at `price`, USD."""
    return terms.scale * terms.unit * (1.0 if terms.inverse else price)


@kernel
def aversion_per_usd(risk_aversion, order_usd, price, in_coin):
    """Risk aversion to what one order gains when the price moves by one USD: per USD of price.

    An order stands for order_usd / price coins, so it gains as many USD; counted in coin, that over the price.
    """
    gain = order_usd / price
    return risk_aversion * (gain / price if in_coin else gain)


@kernel
def variance_left(x, me):
    """Variance of the price from now to the horizon, USD squared."""
    now = x.now[0]
    left_s = max(min(me.horizon_s, me.ends_s - now.time_s), 0.0)
    variance = me.volatility * me.volatility / YEAR_S if me.volatility > 0.0 else now.variance
    return now.index * now.index * variance * left_s


@kernel
def distance(aversion, reach):
    """What a quote keeps of the price at which it is worth trading at all, USD; `reach` itself to who minds no risk."""
    return math.log1p(aversion * reach) / aversion if aversion > 0.0 else reach


@dataclass(kw_only=True, eq=False)
class InventoryMakers(Crowd):
    """Quote one bid and one offer about a price that falls with what they hold, as Avellaneda and Stoikov have it.

    They know the index, realised volatility, the best bid and ask and their own account. The index is the theory's
    mid: a mid that their own quotes make would follow their leaning. With n the position in orders, k = 1 / reach and
    w the risk aversion to what one order gains per USD of price,

        centre = index - n w V        half spread = w V / 2 + ln(1 + w / k) / w

    where V = (index * volatility)^2 * time left is the variance of the price to come. In USD an order of a linear
    contract gains its coins, so w = risk_aversion * coins. The coin value of q inverse contracts is -q face / S; a move
    dS changes it by q face dS / S^2, so for log-volatility sigma its variance in coin is q^2 face^2 sigma^2 / S^2 a
    unit of time, and w = risk_aversion * q face / S^2 for an order of q. Both agree, to first order in the distance
    from the index, where the aversion per coin is the price times that per USD; but per USD of position the coin
    maker leans the more, relative to the price, the lower the price is, the USD maker always alike.

    counts_in:      "usd" or "coin", in which risk is counted, whatever the contract settles in
    risk_aversion:  per USD, or per coin; 0 quotes `reach_bps` on either side
    leans:          whether the centre falls with inventory; else the same spread stands about the index
    order_usd:      size of a quote, rounded to contracts, one at least
    leverage:       largest inventory, notional over equity: what would pass it is not quoted
    reach_bps:      1 / k: mean distance from the index up to which takers trade
    volatility:     of the index, annual; 0 as realised
    horizon_s:      time ahead over which inventory counts
    ends_s:         time of the run at which it ceases to; the time left is the shorter of both
    takes_bps:      how far beyond their quote and the taker fee an order must stand for them to take it
    """

    counts_in: str = "usd"
    risk_aversion: Any = 2e-4
    leans: bool = True
    order_usd: Any = 10_000.0
    leverage: Any = 5.0
    reach_bps: Any = 2.0
    volatility: Any = 0.0
    horizon_s: Any = 600.0
    ends_s: Any = math.inf
    takes_bps: Any = 20.0
    wake_s: Any = 5.0
    alert: bool = True

    provides = True
    kernel = staticmethod(quotes_by_theory)
    messages_per_wake = 3

    def __post_init__(self):
        super().__post_init__()
        if self.counts_in not in ("usd", "coin"):
            raise ValueError(f"counts_in of {self.name} must be 'usd' or 'coin' (got {self.counts_in!r}); choose one")
        if self.counts_in == "coin" and getattr(self.market.venue.contract, "p", 1.0) != 1.0:
            contract = self.market.venue.contract.name
            raise ValueError(f"{self.name} in coin must trade a contract on spot itself (got {contract}); use 'usd'")
        for name in ("risk_aversion", "order_usd", "reach_bps", "volatility", "horizon_s", "ends_s"):
            drawn = self.traits[name]
            if not (drawn >= 0).all():
                raise ValueError(f"{name} of {self.name} must be 0 or more (got {drawn[drawn < 0][0]}); correct it")

    def context(self):
        """In which risk is counted, and whether inventory moves the quotes."""
        return self.counts_in == "coin", self.leans
