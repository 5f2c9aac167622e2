"""Venues: each a frozen bundle of rules. Change one for an experiment: `replace(BITMEX, mark=LastPrice())`."""

from dataclasses import dataclass, field, replace
from math import inf

from sim.book import CANCEL_RESTING
from sim.contract import Contract, Inverse, Linear, Power
from sim.deleverage import AutoDeleverage, SocialisedLoss
from sim.engine import Unwind
from sim.funding import ClampedPremium
from sim.margin import Tiers
from sim.mark import FundingBasis, ImpactEma, LastPrice, MedianOfThree


@dataclass(frozen=True, kw_only=True)
class Venue:
    """The rules of one exchange.

    maintenance_on:  "entry" or "mark", the value on which maintenance margin is charged
    closing_fee:     rate added to maintenance for the cost of closing
    max_leverage:    the most an account may choose
    net_orders:      buys and sells that rest reserve margin for the larger side only (else for both)
    self_trade:      what an order does that meets another of its owner's (`sim.book`)
    laddered:        a large position is first reduced to the next lower margin tier
    unwind:          how the liquidation engine gets rid of what it takes over
    loss:            who pays when the insurance fund cannot
    impact_coin:     notional of the impact prices, settlement coin
    capacity:        orders a second above which orders are refused at random
    most_contracts:  the largest position with its orders
    """

    name: str
    contract: Contract
    tiers: Tiers
    maintenance_on: str = "mark"
    closing_fee: float = 0.0
    maker_fee: float = 0.0
    taker_fee: float = 0.0005
    max_leverage: float = 100.0
    net_orders: bool = True
    self_trade: int = CANCEL_RESTING
    laddered: bool = False
    unwind: Unwind = field(default_factory=Unwind)
    loss: AutoDeleverage | SocialisedLoss = field(default_factory=AutoDeleverage)
    mark: LastPrice | FundingBasis | MedianOfThree | ImpactEma = field(default_factory=FundingBasis)
    funding: ClampedPremium = field(default_factory=ClampedPremium)
    impact_coin: float = 10.0
    capacity: float = inf
    most_contracts: int = 500_000_000

    def __post_init__(self):
        if self.maintenance_on not in ("entry", "mark"):
            raise ValueError(f"maintenance_on must be 'entry' or 'mark' (got {self.maintenance_on!r})")
        if not 1 <= self.max_leverage:
            raise ValueError(f"max_leverage must be at least 1 (got {self.max_leverage})")

    def write(self, terms, step_s):
        """Fill the kernels' record of terms with this venue's constants for steps of `step_s` seconds."""
        contract = self.contract
        terms.tick, terms.unit, terms.scale = contract.tick, contract.unit, contract.face / contract.unit
        terms.power, terms.index_scale = getattr(contract, "p", 1.0), getattr(contract, "scale", 1.0)
        terms.inverse, terms.entry_basis = contract.sign < 0, self.maintenance_on == "entry"
        terms.maker_fee, terms.taker_fee, terms.closing_fee = self.maker_fee, self.taker_fee, self.closing_fee
        terms.net_orders, terms.prevention, terms.laddered = self.net_orders, self.self_trade, self.laddered
        terms.impact_units = self.impact_coin / contract.unit
        terms.capacity, terms.step_s = self.capacity * step_s, step_s
        terms.most_contracts = self.most_contracts
        terms.socialises = self.loss.socialises
        self.unwind.write(terms, step_s)


BITMEX = Venue(
    name="BitMEX XBTUSD, March 2020",
    contract=Inverse(name="XBTUSD"),
    tiers=Tiers.steps(200.0, 100.0, 9, 0.005, 0.01, 0.005),
    maintenance_on="entry",
    closing_fee=0.00075,
    maker_fee=-0.00025,
    taker_fee=0.00075,
    laddered=True,
)
"""BitMEX's XBTUSD as of 12 March 2020: 1 USD a contract, tick 0.5, fees -0.025 % and 0.075 %, 100x, maintenance
0.5 % of entry value plus the taker fee, base risk limit 200 XBT and steps of 100 XBT that each add 0.5 %.
Sources: BitMEX's perpetual guide, risk-limit and fair-price pages. How fast its engine sold is not published: see
`Unwind`. The tiers end at nine steps, where the last rate holds on."""

LINEAR = replace(
    BITMEX,
    name="BitMEX's rules on a linear contract",
    contract=Linear(name="BTCUSD linear", face=0.0001, unit=1e-9, coin="USD"),
    tiers=Tiers.flat(0.005, 0.01),
    impact_coin=80_000.0,
)
"""The same rules on a contract of 0.0001 BTC margined in USD: what is left of a result that the inverse payoff made."""

POWER = replace(
    BITMEX,
    name="BitMEX's rules on spot to the power -1",
    contract=Power(name="BTC^-1", p=-1.0, scale=1e8, face=0.0001, unit=1e-9, coin="USD"),
    tiers=Tiers.flat(0.005, 0.01),
    impact_coin=80_000.0,
)
"""The same rules on an instrument of negative exposure: quotes 1e8 / spot, so its longs gain as spot falls."""
