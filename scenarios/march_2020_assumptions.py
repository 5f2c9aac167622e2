"""What is assumed about who traded on 12 and 13 March 2020: each with its range and the reason for it. Data only.

A centre is what `scenarios.march_2020` has by default. A range holds what could be argued for before looking at what
comes out; none was tuned to an outcome of that day, though the engine's pace was read from reports of one. What was
published, the rules and spot among it, is no assumption and stands in `scenarios.march_2020_facts`.
"""

from typing import NamedTuple


class Assumption(NamedTuple):
    """One number nobody published: an argument of the scenario, dotted where it is a field of one.

    log: whether the range is even in logarithms
    """

    name: str
    centre: float
    low: float
    high: float
    log: bool
    unit: str
    reason: str


ASSUMPTIONS = (
    Assumption("long_leverage.median", 3.0, 2.0, 5.0, True, "notional / wallet",
               "far below the 100x on offer; by size of position the centre is some 7x"),
    Assumption("long_leverage.sigma", 0.9, 0.6, 1.2, False, "log",
               "from most within a factor of two to a thick tail at 20x and more"),
    Assumption("short_leverage.median", 2.0, 1.0, 4.0, True, "notional / wallet",
               "shorts hold coin besides: at 1x they are hedged"),
    Assumption("hedgers", 400, 100, 1_200, True, "accounts",
               "holders who made dollars of coin: from a twentieth to half of the open interest"),
    Assumption("reentry", 0.3, 0.0, 0.8, False, "probability",
               "from nobody coming back after a liquidation to most"),
    Assumption("top_up_at.high", 0.2, 0.05, 0.5, False, "equity / value",
               "from who waits for the margin call to who adds coin at a leverage of two"),
    Assumption("top_up.high", 0.2, 0.02, 0.6, True, "probability / look",
               "from a few who send fresh coin to most within the hour"),
    Assumption("deposit_delay_s", 3_600.0, 600.0, 14_400.0, True, "s",
               "one block to a mempool that was full that night"),
    Assumption("dip_buyers", 3_000, 750, 6_000, True, "accounts",
               "as many in cash as long, of the same wealth: a quarter to twice as many"),
    Assumption("dip.low", 0.1, 0.02, 0.2, False, "fraction",
               "fall at which the first of them come: an ordinary day's to a rare one's"),
    Assumption("bargain_hunters", 1_500, 400, 6_000, True, "accounts",
               "who would buy a discount as such: a factor of four either way"),
    Assumption("bargain.high", 0.12, 0.05, 0.3, True, "fraction",
               "discount that the most demanding of them, and of shorts with profits, wait for"),
    Assumption("maker_coin", 1_000.0, 400.0, 2_500.0, True, "BTC",
               "depth within 1 % from 10 to 60 million USD before the fall"),
    Assumption("maker_credit", 1.0, 0.0, 3.0, False, "of capital here",
               "from makers who cannot lay off to those with thrice as much elsewhere"),
    Assumption("lean_seen", 0.0, 0.0, 1.0, False, "share",
               "a careful maker takes out what its own leaning did; a careless one learns from itself"),
    Assumption("volatility_limit.median", 8.0, 4.0, 16.0, True, "/ sqrt(year)",
               "five to twenty times an ordinary day's, at which programs are switched off"),
    Assumption("arbitrage_coin", 250.0, 60.0, 1_000.0, True, "BTC",
               "2 to 40 thousand BTC in all, beside an open interest of 106 thousand"),
    Assumption("arbitrage_credit", 1.0, 0.25, 4.0, True, "of capital here",
               "as much elsewhere as here, or credit to sell short; a factor of four either way"),
    Assumption("transfer_s", 3_600.0, 600.0, 21_600.0, True, "s",
               "a block where confirmations are waived to half a night; longer by itself when it is wild"),
    Assumption("venue.unwind.usd_per_s", 60_000.0, 15_000.0, 240_000.0, True, "USD / s",
               "published nowhere: the 500 to 900 million of the first reports ask for 50 to 200 thousand, unless "
               "much is filled at the bankruptcy price; a factor of four either way"),
    Assumption("venue.unwind.rest_s", 30.0, 5.0, 300.0, True, "s",
               "published nowhere: at once to five minutes of patience"),
    Assumption("venue.capacity", 100.0, 20.0, 100.0, True, "orders / s",
               "these accounts send 35, at most 55: none to half refused; it does not bind at the centre, for "
               "simulated traders send no more when it is wild"),
    Assumption("bridge_volatility", 1.0, 0.5, 2.0, True, "/ sqrt(year)",
               "of spot between published prices; in its five minutes the real one had more"),
)  # fmt: skip
