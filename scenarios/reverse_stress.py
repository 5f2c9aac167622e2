"""How small a shock empties the insurance fund."""

import math

from agents import Whales
from scenarios.scenario import scenario
from scenarios.shock import PRICE, shocked


@scenario
def reverse_stress(*, seed, fall=0.12, over_s=300.0, sold_usd=0.0, fund_coin=25.0, depth=0.3, at_hours=0.25, **market):
    """How far must spot fall, or how much be sold, before the insurance fund is empty?

    Expect: with makers of the usual capital the fund needs some 70 coin less for the same fall, next to nothing: it is
    the book that fails. A fund of 25 coin is empty after a fall of 7 to 9 % where makers have three tenths of it, and
    of 16 % where they have all. A sale of 8 million USD without any fall does the same where the last trade is the
    mark; where the index is, one of 20 million does not.

    fall: of spot, a fraction; `analysis.reverse.smallest` searches it, or `sold_usd`
    over_s: how long it takes, s
    sold_usd: what one seller sells short at any price when spot begins to fall, USD
    fund_coin: insurance fund at the start
    depth: capital of the market makers, as a multiple of the usual
    at_hours: when it begins
    """

    def sell(market):
        Whales(
            market, name="Seller", count=1, coin=sold_usd / PRICE, contracts=-round(sold_usd / market.contract_usd),
            start_s=3_600.0 * at_hours, participation=0.9, reach_bps=9_000.0, budget=math.inf, wake_s=1.0,
        )  # fmt: skip
        return [], []

    return shocked(
        seed=seed, move=-fall, over_s=over_s, at_hours=at_hours, fund_coin=fund_coin, depth=depth,
        others=(sell,) if sold_usd else (), **market,
    )  # fmt: skip
