"""Funding by vote: every block sees a premium, a minute takes their median, an hour the mean of its minutes.

The rule of dYdX v4, in whole parts per million (ppm) as its validators compute it.
"""

from dataclasses import dataclass
from fractions import Fraction

from sim.contract import positive, require
from sim.funding import HOURLY, FundingRule
from sim.premium import clamp, impact_premium, impact_price

MILLION = 1_000_000
REALISATION_HOURS = 8  # of the rate; what is charged each hour is an eighth


@dataclass(frozen=True, kw_only=True)
class VotedPremium(FundingRule):
    """The mean of 60 minutes' median premiums, an eighth of it paid each hour: dYdX v4.

    initial_margin, maintenance_fraction: of the market's tier; its maintenance margin is the product
    clamp_factor:      the rate of 8 hours is capped at this times initial less maintenance margin
    vote_clamp_factor: so is each vote
    default_ppm:       added to the premium of 8 hours

    Every `sample_s`, a block, the premium of the impact prices over the index is cut to whole ppm towards zero: a
    side without an impact price counts as none. Source: v4-chain, x/perpetuals and x/clob/memclob (commit 84d4664b);
    the tier is Large-Cap of its genesis file. No vote is ever missing here.
    """

    interval_hours: float = 1.0
    stamps_utc_hours: tuple = HOURLY
    sample_s: float = 1.0
    valued_at: str = "index"
    initial_margin: float = 0.02
    maintenance_fraction: float = 0.6
    clamp_factor: float = 6.0
    vote_clamp_factor: float = 60.0
    default_ppm: int = 0

    def __post_init__(self):
        super().__post_init__()
        self.not_negative("initial_margin", "maintenance_fraction", "clamp_factor", "vote_clamp_factor")
        fraction = self.maintenance_fraction
        require(fraction <= 1, fraction, "maintenance_fraction must be 1 or less", "give a part of the initial margin")

    def start(self):
        return Votes()

    def most_ppm(self, factor):
        """The largest rate, or vote, that a clamp factor allows, ppm."""
        im, fraction, factor = (round(MILLION * x) for x in (self.initial_margin, self.maintenance_fraction, factor))
        return cap_ppm(factor, im, fraction)

    def sample(self, quotes, memory):
        """Cast one vote; the last of a minute makes it a sample."""
        premium = MILLION * impact_premium(quotes.impact_bid, quotes.impact_ask, quotes.index)
        most = self.most_ppm(self.vote_clamp_factor)
        memory.votes.append(int(clamp(premium, -most, most)))
        if quotes.time_s >= memory.minute_ends_s - 1e-6:
            memory.close(quotes.time_s)

    def payable(self, memory):
        """The hour's part of the rate that its minutes give so far; that of the last hour before the first vote."""
        if not memory.samples and not memory.votes:
            return memory.rate
        open_minute = [median_ppm(memory.votes, least=0)] if memory.votes else []
        samples = memory.samples + open_minute
        rate = rate_ppm(mean_ppm(samples, least=0), self.most_ppm(self.clamp_factor), self.default_ppm)
        return rate / MILLION * self.interval_hours / REALISATION_HOURS

    def rate(self, memory):
        memory.rate = self.payable(memory)
        memory.samples, memory.votes = [], []
        return memory.rate


class Votes:
    """Votes of the minute under way, samples of the hour's others, and the rate of the hour before."""

    def __init__(self):
        self.votes, self.samples, self.minute_ends_s, self.rate = [], [], 60.0, 0.0

    def close(self, time_s):
        """Make the votes one sample."""
        self.samples.append(median_ppm(self.votes, least=0))
        self.votes, self.minute_ends_s = [], 60.0 * (1 + (time_s + 1e-6) // 60.0)


def book_premium_ppm(bids, asks, index, impact_notional, most_ppm=MILLION):
    """The premium that a book shows over the index, whole ppm cut towards zero, at most `most_ppm` either way.

    bids, asks: [price, coins] each, the best first. It is 0 while the index lies between best bid and ask, or
    between best and impact price, and on a side too thin for the impact notional (USD). Decimals are taken exactly;
    that the chain rounds sizes to 1e-10 coin is left out. Source: dYdX v4, x/clob/memclob.
    """
    bids, asks = ([[exact(price), exact(size)] for price, size in side] for side in (bids, asks))
    index, notional = exact(positive("index", index)), exact(impact_notional)
    if bids and bids[0][0] > index:
        impact = impact_price(bids, notional)
        premium = impact / index - 1 if impact > index else 0
    else:
        impact = impact_price(asks, notional)
        premium = impact / index - 1 if impact < index else 0
    return int(clamp(int(premium * MILLION), -most_ppm, most_ppm))


def median_ppm(votes, least=15):
    """The middle of the votes, of two their mean rounded away from zero; missing ones up to `least` count as 0.

    Source: dYdX v4, x/perpetuals/keeper and lib/math.
    """
    votes = sorted([*votes, *[0] * (least - len(votes))])
    require(len(votes) > 0, 0, "votes must hold at least one", "let `least` fill it up")
    both = votes[(len(votes) - 1) // 2] + votes[len(votes) // 2]
    return quotient(both, 2) + (both % 2 if both > 0 else -(both % 2))


def mean_ppm(samples, least=60):
    """The mean of the samples, cut towards zero; missing ones up to `least` count as 0.

    Source: dYdX v4, x/perpetuals/keeper and lib/math; it removes no tails.
    """
    count = max(len(samples), least)
    require(count > 0, count, "samples must hold at least one", "let `least` fill it up")
    return quotient(sum(samples), count)


def rate_ppm(premium_ppm, most_ppm, default_ppm=0):
    """The funding rate of 8 hours: premium and default, at most `most_ppm` either way."""
    return int(clamp(premium_ppm + default_ppm, -most_ppm, most_ppm))


def maintenance_ppm(im_ppm, maintenance_fraction_ppm):
    """Maintenance margin: a fraction of the initial margin, cut to whole ppm."""
    return im_ppm * maintenance_fraction_ppm // MILLION


def cap_ppm(clamp_factor_ppm, im_ppm, maintenance_fraction_ppm):
    """The largest rate, or vote: a factor times initial less maintenance margin. Source: dYdX v4, liquidity tiers."""
    return clamp_factor_ppm * (im_ppm - maintenance_ppm(im_ppm, maintenance_fraction_ppm)) // MILLION


def funding_index_delta(atomic_resolution, price, exponent, rate_8h_ppm, seconds, quote_resolution=-6):
    """What a base quantum pays in `seconds` at a rate of 8 hours: millionths of a quote quantum, cut towards zero.

    A base quantum is 10 ** atomic_resolution coins, a quote quantum 10 ** quote_resolution USD, the oracle's price
    price * 10 ** exponent; all are whole numbers. Source: dYdX v4, x/perpetuals/funding.
    """
    shift = exponent + atomic_resolution - quote_resolution
    numerator = rate_8h_ppm * seconds * price * 10 ** max(shift, 0)
    return quotient(numerator, REALISATION_HOURS * 3_600 * 10 ** max(-shift, 0))


def quotient(numerator, denominator):
    """A whole number over a positive one, cut towards zero."""
    return numerator // denominator if numerator >= 0 else -(-numerator // denominator)


def exact(number):
    """A decimal as the fraction that its shortest spelling says."""
    return Fraction(str(number))
