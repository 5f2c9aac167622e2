"""A venue: the rules of one exchange in one frozen bundle. Those of real ones are in `sim.venues`."""

from dataclasses import dataclass, field, fields
from math import inf
from typing import get_args

from sim.book import CANCEL_RESTING
from sim.contract import Contract
from sim.deleverage import AutoDeleverage, LossRule
from sim.engine import Unwind
from sim.funding import ClampedPremium, FundingRule
from sim.index_rules import IndexRule
from sim.insurance import DrawLimit
from sim.liquidation import Liquidation
from sim.margin import NETTINGS, Tiers
from sim.margin_scale import VolatilityMargin
from sim.mark import FundingBasis, MarkRule
from sim.pool_rules import ImpactPool, SkewPool, VirtualAmm
from sim.terms import cadence


@dataclass(frozen=True, kw_only=True)
class Venue:
    """The rules of one exchange.

    maintenance_on:  "entry" or "mark", the value on which maintenance margin is charged
    closing_fee:     rate added to maintenance for the cost of closing
    max_leverage:    the most an account may choose
    netting:         what resting buys and sells reserve margin for: "sum", "larger", "net" or "worst", as in
                     `sim.margin.order_value`
    self_trade:      what an order does that meets another of its owner's (`sim.book`)
    liquidation:     how a position that fails is closed
    unwind:          how the liquidation engine gets rid of what it takes over
    loss:            who pays when the insurance fund cannot
    draw_limit:      how far the fund may fall before winners are deleveraged although it is not empty
    mark, index, funding: how the venue finds its mark price, its index (where spot does not say), and the rate
    pool:            what everybody trades with instead of a book, if anything
    impact_coin:     notional of the impact prices, settlement coin
    capacity:        orders a second above which orders are refused at random
    most_contracts:  the largest position with its orders
    most_open_interest: contracts above which orders that open are refused
    price_band:      how far beyond the mark, a fraction, an order may trade; liquidations keep to it too
    margin_scale:    how margin rates rise with volatility, if they do
    auction_s:       time between two batch auctions (`sim.auction`); 0 for trading at any time
    """

    name: str
    contract: Contract
    tiers: Tiers
    maintenance_on: str = "mark"
    closing_fee: float = 0.0
    maker_fee: float = 0.0
    taker_fee: float = 0.0005
    max_leverage: float = 100.0
    netting: str = "larger"
    self_trade: int = CANCEL_RESTING
    liquidation: Liquidation = field(default_factory=Liquidation)
    unwind: Unwind = field(default_factory=Unwind)
    loss: LossRule = field(default_factory=AutoDeleverage)
    draw_limit: DrawLimit | None = None
    mark: MarkRule = field(default_factory=FundingBasis)
    index: IndexRule = field(default_factory=IndexRule)
    funding: FundingRule = field(default_factory=ClampedPremium)
    pool: VirtualAmm | SkewPool | ImpactPool | None = None
    impact_coin: float = 10.0
    capacity: float = inf
    most_contracts: int = 500_000_000
    most_open_interest: float = inf
    price_band: float = inf
    margin_scale: VolatilityMargin | None = None
    auction_s: float = 0.0

    def __post_init__(self):
        for part in fields(self):
            got, kind = getattr(self, part.name), part.type
            if kind not in (str, float, int) and not isinstance(got, kind):
                names = " or ".join(each.__name__.replace("NoneType", "None") for each in get_args(kind) or (kind,))
                raise ValueError(f"{part.name} must be a {names} (got {got!r}); see sim.venues for examples")
        if self.maintenance_on not in ("entry", "mark"):
            raise ValueError(f"maintenance_on must be 'entry' or 'mark' (got {self.maintenance_on!r})")
        if self.netting not in NETTINGS:
            raise ValueError(f"netting must be one of {NETTINGS} (got {self.netting!r})")
        if not 1 <= self.max_leverage:
            raise ValueError(f"max_leverage must be at least 1 (got {self.max_leverage})")
        for name in ("most_open_interest", "price_band"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above zero (got {getattr(self, name)}); inf is none")
        if self.margin_scale:
            self.margin_scale.require_payable(self.tiers, self.closing_fee)
        if not 0 <= self.auction_s < inf:
            raise ValueError(f"auction_s must be 0 or more seconds (got {self.auction_s}); 0 is none")
        if self.auction_s and self.pool:
            raise ValueError(
                f"auction_s must be 0 where everybody trades with a pool (got {self.auction_s}); leave it out"
            )
        if self.auction_s and not self.liquidation.whole:
            raise ValueError(
                "liquidation must hand the whole position to the engine where there are auctions, for none answers "
                f"an order at once (got {self.liquidation}); use Liquidation()"
            )

    def write(self, terms, step_s):
        """Fill the kernels' record of terms with this venue's constants for steps of `step_s` seconds."""
        contract = self.contract
        terms.tick, terms.unit, terms.scale = contract.tick, contract.unit, contract.face / contract.unit
        terms.power, terms.index_scale = getattr(contract, "p", 1.0), getattr(contract, "scale", 1.0)
        terms.tiers_in_contracts = self.tiers.counted == "contracts"
        terms.inverse, terms.entry_basis = contract.sign < 0, self.maintenance_on == "entry"
        terms.maker_fee, terms.taker_fee, terms.closing_fee = self.maker_fee, self.taker_fee, self.closing_fee
        terms.netting, terms.prevention = NETTINGS.index(self.netting), self.self_trade
        terms.impact_units = self.impact_coin / contract.unit
        terms.auction_steps = cadence(self.auction_s, step_s) if self.auction_s else 0
        terms.capacity, terms.step_s = self.capacity * step_s * max(terms.auction_steps, 1), step_s
        terms.most_contracts = self.most_contracts
        terms.most_open_interest = self.most_open_interest if self.most_open_interest < inf else 0.0
        terms.price_band = self.price_band if self.price_band < inf else 0.0
        terms.socialises, terms.pooled = self.loss.socialises, self.pool is not None
        self.unwind.write(terms, step_s)
        self.liquidation.write(terms, max(1, round(self.mark.every_s / step_s)) * step_s)  # a round for each mark
