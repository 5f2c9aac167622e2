"""12-13 March 2020 on BitMEX: facts that were published, rounded, each with its source. Facts only, no logic.

Times are UTC. Prices are USD, rounded to 10. A basis is the price of XBTUSD over spot, less 1, in percent,
rounded to 0.1: negative is a discount. A number that nobody printed as such says how it was worked out and
between which bounds it lies. Where two sources disagree the bounds hold both.
"""

from math import nan
from typing import NamedTuple


class Fact(NamedTuple):
    """One published number, who said it, and the bounds of the truth where it is known to be uncertain."""

    value: float
    source: str
    low: float = nan
    high: float = nan


class Series(NamedTuple):
    """Published numbers at a first time and then every so many hours."""

    first: str
    every_hours: float
    values: tuple


START = "2020-03-12T00:00"
END = "2020-03-13T12:00"
SPOT_END = "2020-03-14T22:00"
OUTAGE = ("2020-03-13T02:16", "2020-03-13T02:40")
"""Requests were delayed, service was normal at 03:00. BitMEX on Twitter, 13 March 2020."""

BARS = "bars of BitMEX (XBTUSD) and Binance (BTC/USDT)"
BITMEX_BARS = "one-minute bars of BitMEX (XBTUSD)"
DERIBIT = "one-minute bars of BitMEX (XBTUSD), hourly index of Deribit"
BITMEX_FUNDING = "BitMEX, history of funding"
BITMEX_BLOG = "BitMEX blog, 23 March 2020"
CRYPTOSLATE = "CryptoSlate, 13 March 2020, counted by Datamish"
COINDESK = "CoinDesk, 12 March 2020, counted by Skew"
DELTA = "Delta Exchange, newsletter of 13 March 2020"
COINTELEGRAPH = "Cointelegraph, March 2020"
MULTICOIN = "Multicoin Capital, March 2020"

SPOT = (
    ("2020-03-12T00:00", 7930), ("2020-03-12T01:00", 7910), ("2020-03-12T02:00", 7710),
    ("2020-03-12T03:00", 7640), ("2020-03-12T04:00", 7660), ("2020-03-12T05:00", 7620),
    ("2020-03-12T06:00", 7650), ("2020-03-12T07:00", 7490), ("2020-03-12T08:00", 7390),
    ("2020-03-12T09:00", 7380), ("2020-03-12T10:00", 7350), ("2020-03-12T10:30", 7210),
    ("2020-03-12T10:35", 7080), ("2020-03-12T10:40", 6780), ("2020-03-12T10:45", 6350),
    ("2020-03-12T10:48", 5680), ("2020-03-12T10:50", 6300), ("2020-03-12T10:55", 6700),
    ("2020-03-12T11:00", 6010), ("2020-03-12T11:20", 6380), ("2020-03-12T11:45", 5750),
    ("2020-03-12T12:00", 6070), ("2020-03-12T12:20", 6300), ("2020-03-12T12:50", 5940),
    ("2020-03-12T13:00", 6030), ("2020-03-12T14:00", 5990), ("2020-03-12T15:00", 6090),
    ("2020-03-12T16:00", 6130), ("2020-03-12T17:00", 6090), ("2020-03-12T18:00", 6110),
    ("2020-03-12T19:00", 5990), ("2020-03-12T20:00", 6040), ("2020-03-12T20:30", 5840),
    ("2020-03-12T21:00", 5740), ("2020-03-12T21:30", 5600), ("2020-03-12T22:00", 5820),
    ("2020-03-12T23:00", 5800), ("2020-03-12T23:30", 5100), ("2020-03-12T23:50", 4410),
    ("2020-03-13T00:00", 4800), ("2020-03-13T00:30", 4790), ("2020-03-13T01:00", 4650),
    ("2020-03-13T01:30", 4630), ("2020-03-13T02:00", 4130), ("2020-03-13T02:16", 3780),
    ("2020-03-13T02:30", 4230), ("2020-03-13T03:00", 4850), ("2020-03-13T03:30", 5370),
    ("2020-03-13T04:00", 5170), ("2020-03-13T04:30", 4980), ("2020-03-13T05:00", 4770),
    ("2020-03-13T05:30", 5110), ("2020-03-13T06:00", 4960), ("2020-03-13T07:00", 5200),
    ("2020-03-13T08:00", 5390), ("2020-03-13T09:00", 5280), ("2020-03-13T10:00", 5580),
    ("2020-03-13T11:00", 5600), ("2020-03-13T12:00", 5400), ("2020-03-13T13:00", 5530),
    ("2020-03-13T14:00", 5610), ("2020-03-13T15:00", 5390), ("2020-03-13T16:00", 5210),
    ("2020-03-13T17:00", 5200), ("2020-03-13T18:00", 5180), ("2020-03-13T19:00", 4990),
    ("2020-03-13T20:00", 5390), ("2020-03-13T21:00", 5360), ("2020-03-13T22:00", 5500),
    ("2020-03-13T23:00", 5600), ("2020-03-14T00:00", 5580), ("2020-03-14T02:00", 5480),
    ("2020-03-14T04:00", 5570), ("2020-03-14T06:00", 5430), ("2020-03-14T08:00", 5500),
    ("2020-03-14T10:00", 5230), ("2020-03-14T12:00", 5450), ("2020-03-14T14:00", 5300),
    ("2020-03-14T16:00", 5310), ("2020-03-14T18:00", 5400), ("2020-03-14T20:00", 5390),
    ("2020-03-14T22:00", 5300),
)  # fmt: skip
"""Spot, for a replay: closes of Binance's BTC/USDT bars, and three lows inside bars (`LOWS`); that of the 14th every
other hour, for its three stamps of funding.

The low of 10:48 is CoinDesk's: Binance alone printed 5,550. Those of 23:50 and 02:16 are lows of half-hour
bars; the bars do not say when, so they stand where XBTUSD had its lowest minute. USDT was worth more than a USD
that night: Deribit's index, of prices in USD as BitMEX's is, stood 0.3 to 4.6 % above BTC/USDT at the full hours
of the 13th, median 1 %."""

LOWS = ("2020-03-12T10:48", "2020-03-12T23:50", "2020-03-13T02:16")

BASIS = Series(
    "2020-03-12T10:30",
    0.5,
    (
        -0.2, 1.6, -1.5, -1.3, -1.6, -2.8, -1.4, -0.8, -0.5, -0.3, -0.2, -0.2, 0.0,
        0.0, 0.1, 0.0, 0.0, 0.2, 0.0, 0.1, 0.0, -0.5, -0.2, -0.3, -0.2, 0.0,
        -2.6, -9.5, -4.4, -3.3, -2.9, -3.7, -14.6, -7.6, -5.6, -7.3, -7.2, -9.7, -4.5,
        -4.4, -3.5, -1.6, -2.0, -2.5, -1.4, -2.5, -1.8, -0.4, -0.7, -1.2, -0.9, -4.4,
    ),
)  # fmt: skip
"""Basis to Binance's BTC/USDT at half-hourly closes. Before 10:30 within 0.2; at 11:00 Binance stood 2 % below
other markets; at 02:30 XBTUSD had hardly traded for a quarter of an hour. Source: `BARS`."""

BASIS_TO_DERIBIT = Series(
    "2020-03-12T11:00",
    1.0,
    (
        -0.4, -0.8, -2.8, -0.3, -0.4, -0.1, 0.0, 0.0, 0.2, 0.3, -0.2, 0.1, 0.1,
        -10.4, -3.5, -5.3, -11.3, -11.4, -11.0, -4.8, -2.4, -3.4, -3.9, -3.6, -2.0, -5.3,
    ),
)  # fmt: skip
"""Basis to Deribit's index at full hours: made of prices in USD, as BitMEX's is. Source: `DERIBIT`."""

LOWEST_BASIS_FIRST_LEG = Fact(-3.8, BARS)
"""At five-minute closes up to 21:10 on the 12th, where the bars end: at 10:50, and again at 12:55."""

HOURS_BELOW = ((1, 14.0), (3, 7.0), (5, 3.5))
"""Hours from START to END at whose half-hourly closes the basis was below -1, -3 and -5 %. Source: `BARS`."""

FUNDING = (
    ("2020-03-12T04:00", 0.0001), ("2020-03-12T12:00", 0.0001), ("2020-03-12T20:00", -0.00169),
    ("2020-03-13T04:00", -0.00375), ("2020-03-13T12:00", -0.00375), ("2020-03-13T20:00", -0.00375),
    ("2020-03-14T04:00", -0.00375), ("2020-03-14T12:00", -0.00375), ("2020-03-14T20:00", -0.00375),
)  # fmt: skip
"""Funding paid at those stamps, a fraction of value; negative: shorts pay longs. Source: `BITMEX_FUNDING`."""

OPEN_INTEREST_CONTRACTS = Fact(840e6, DELTA, low=800e6, high=915e6)
"""Open interest before the fall: "from 840 to 433 million in 24 hours", in a letter that quotes bitcoin at 5,661
USD and 18 % down, so written near 10:40 on the 13th. Skew's 115,000 BTC on the 12th (CoinDesk, 24 March 2020) are
845 million at the price of 10:00 and 913 at that of 00:00. All exchanges together had 3.28 billion USD at the open
of the 12th."""

OPEN_INTEREST_AFTER_CONTRACTS = Fact(433e6, DELTA)
OPEN_INTEREST_AFTER_AT = "2020-03-13T10:40"

LIQUIDATED_FIRST_LEG_USD = Fact(700e6, COINDESK, low=500e6, high=900e6)
"""Longs, in the first reports after 10:45: 698 million of longs, 4 of shorts. Delta has 500, ForkLog 900."""

LIQUIDATED_USD = Fact(1.4e9, CRYPTOSLATE, low=1.1e9, high=1.4e9)
"""Longs, on the 12th: "nearly 1.4 billion". Crypto IQ has 1.1 in 24 hours."""

BIDS_USD = Fact(20e6, MULTICOIN)
PENDING_USD = Fact(200e6, MULTICOIN, low=100e6, high=200e6)
"""Bids in the book at the worst moment, and liquidations that waited for them."""

FUND_COIN = Fact(35_500.0, COINTELEGRAPH, low=35_450.0, high=35_550.0)
"""BitMEX's insurance fund on 11 March."""

FUND_CHANGE_COIN = Fact(-1_627.0, CRYPTOSLATE)
"""Over the 12th."""

FUND_CHANGE_13TH_COIN = Fact(2_613.0, COINTELEGRAPH)
"""Over the 13th: from 33,880 BTC to 36,493. When in the day the balance is taken is not said."""

FUND_LARGEST_FALL_COIN = Fact(2_606.0, BITMEX_BLOG)
"""Within the 13th."""

ENGINE_LARGEST_LOSS_COIN = Fact(5_652.0, BITMEX_BLOG)
"""Unrealised, on positions that were taken over and not yet closed."""

ADL_CONTRACTS = Fact(0.0, BITMEX_BLOG)

LOWEST_USD = Fact(3_600.0, BITMEX_BARS)
"""Of XBTUSD, at 02:15 on the 13th."""

VOLUME_USD = Fact(9.88e9, BITMEX_BARS)
"""Of XBTUSD on the 12th."""
