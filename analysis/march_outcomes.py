"""What is asked of a run of 12-13 March 2020, as numbers: each a function of the run, beside the fact it is held to.

What a run does not reach, or nobody published, is nan. Amounts are in USD, that is in contracts of 1 USD. `outcomes`
computes all of them, as a sweep wants them.
"""

from typing import NamedTuple

import numpy as np

from analysis import summary
from analysis.march import (
    BARS_OF_5_MINUTES,
    EVENING,
    FALL,
    FIRST_LEG,
    MIDNIGHT,
    NEXT,
    THIRTEENTH,
    TWELFTH,
    WHOLE,
    at,
    covers,
    every,
    gained,
    hours_below,
    lowest_basis_percent,
    part,
    seconds,
    stamps,
    usd,
)
from analysis.summary import basis, first, number, share
from scenarios import march_2020_facts as facts
from scenarios.march_2020_facts import Fact

DAY_AFTER = (MIDNIGHT, NEXT)
AFTERNOON = ("2020-03-12T14:00", "2020-03-12T21:00")
NIGHT = ("2020-03-12T21:30", "2020-03-13T06:30")
UNKNOWN = Fact(np.nan, "not published")
TURNS = Fact(1.5, "1.1 to 1.4 billion over 0.84", low=1.3, high=1.7)
PENDING_OVER_BIDS = Fact(np.nan, facts.MULTICOIN, low=5.0, high=10.0)
AROUND_S = 1_800.0


class Outcome(NamedTuple):
    """One number of a run: its column, what it is called, the function, the stretch it needs, and the fact."""

    name: str
    words: str
    metric: object
    window: tuple
    fact: Fact

    def of(self, run):
        """Return the number of a run; nan if it does not reach over the stretch."""
        return float(self.metric(part(run, *self.window))) if covers(run, *self.window) else float("nan")


def basis_percent(stamp):
    """Return a metric: the basis of the last trade by that stamp, percent."""
    return lambda run: 100.0 * at(run, basis(run), [seconds(run, stamp)])[0]


def lowest_close_percent(run):
    """Return the lowest basis at half-hourly closes of the night, percent."""
    return 100.0 * number(at(run, basis(run), every(run, 30, *NIGHT)), np.min)


def mean_close_percent(since, until):
    """Return a metric: the mean basis at half-hourly closes after `since`, up to `until`, percent."""
    return lambda run: 100.0 * number(at(run, basis(run), every(run, 30, since, until)), np.mean)


def rate_percent(stamp):
    """Return a metric: the funding paid at a stamp, percent; positive is paid by longs."""
    return lambda run: 100.0 * number(paid_at(run, stamp), first)


def paid_at(run, stamp):
    """Return the rates paid at a stamp, one or none."""
    return run.funding["rate"][np.abs(run.funding["time_s"] - seconds(run, stamp)) < 1.0]


def stamps_at_cap(run):
    """Return the stamps from the 12th 20:00 to the 14th 20:00 at which funding was at its negative cap."""
    cap = dict(facts.FUNDING)[CAPPED[-1]]
    return sum(number(paid_at(run, stamp), first) < cap + 5e-6 for stamp in CAPPED)


def open_interest_change_percent(run):
    """Return the change of open interest in contracts, percent, over the stretch."""
    return summary.move_percent(run["open_interest_contracts"])


def turns(run):
    """Return what was liquidated, both sides, over the open interest of the first row."""
    return share(gained("liquidated_contracts")(run), summary.open_interest_first_contracts(run))


def pending_over_bids(run):
    """Return the engine's largest inventory over the mean bids within 1 % in the hour around that moment."""
    peak = summary.peak(run)
    if not len(peak):
        return 0.0
    near = run.series[np.abs(run["time_s"] - peak.time_s[0]) <= AROUND_S]
    bids = number(near["depth_bid_contracts"], np.mean)
    return abs(float(peak.engine_contracts[0])) / bids if bids else float("inf")


def smallest_fund_coin(run):
    """Return the most that the fund lost since the first row: a smaller one runs out, and winners are deleveraged."""
    return number(run["fund_coin"], first) - number(run["fund_coin"], np.min)


def fund_exhausted(run):
    """Return 1 if the fund ever had nothing left, else 0."""
    return float(summary.fund_lowest_coin(run) <= 0.0)


def hours_to_half(run):
    """Return the hours from the engine's largest inventory until it has sold half of that; nan if it never does."""
    held = np.abs(run["engine_contracts"].astype(float))
    top = int(held.argmax())
    later = np.flatnonzero(held[top:] <= 0.5 * held[top])
    return (run["time_s"][top + later[0]] - run["time_s"][top]) / 3600.0 if len(later) and held[top] else np.nan


def bare(fact):
    """Return a number of a series of facts as a Fact."""
    return Fact(fact, facts.BARS)


CLOSES = dict(zip((stamp[:16] for stamp in stamps(facts.BASIS)), facts.BASIS.values, strict=True))
CAPPED = tuple(stamp for stamp, _ in facts.FUNDING if stamp >= "2020-03-12T20:00")
AT = {"0000": "2020-03-13T00:00", "0230": "2020-03-13T02:30", "0500": "2020-03-13T05:00"}
AFTERNOON_CLOSES = [value for stamp, value in CLOSES.items() if AFTERNOON[0] < stamp <= AFTERNOON[1]]
CHANGE = Fact(100.0 * (facts.OPEN_INTEREST_AFTER_CONTRACTS.value / facts.OPEN_INTEREST_CONTRACTS.value - 1.0),
              facts.DELTA)  # fmt: skip
BEFORE_TO_AFTER = ("2020-03-12T10:30", facts.OPEN_INTEREST_AFTER_AT)
TWO_DAYS = (facts.START, facts.END)

OUTCOMES = (
    Outcome("first_leg_percent", "worst 5-minute basis of the first leg, %", lowest_basis_percent, BARS_OF_5_MINUTES,
            facts.LOWEST_BASIS_FIRST_LEG),
    Outcome("afternoon_percent", "mean half-hourly basis of the afternoon of the 12th, %",
            mean_close_percent(*AFTERNOON), AFTERNOON, bare(round(float(np.mean(AFTERNOON_CLOSES)), 2))),
    Outcome("mean_percent", "mean half-hourly basis from 10:00 on the 12th to 12:00 on the 13th, %",
            mean_close_percent(*WHOLE), WHOLE, bare(round(float(np.mean(facts.BASIS.values)), 2))),
    Outcome("night_percent", "worst half-hourly basis of the night, %", lowest_close_percent, NIGHT, bare(-14.6)),
    *(Outcome(f"basis_{name}_percent", f"basis of the bar that closed at {stamp[11:]} on the 13th, %",
              basis_percent(stamp), (FALL, stamp), bare(CLOSES[stamp])) for name, stamp in AT.items()),
    *(Outcome(f"hours_below_{percent}", f"hours more than {percent} % below spot, half-hourly closes",
              hours_below(percent), WHOLE, bare(hours)) for percent, hours in facts.HOURS_BELOW),
    Outcome("lowest_usd", "lowest trade, USD", summary.last_lowest_usd, (FALL, "2020-03-13T03:00"), facts.LOWEST_USD),
    *(Outcome(f"funding_{stamp[8:10]}_{stamp[11:13]}_percent", f"funding on the {stamp[8:10]}th at {stamp[11:]}, %",
              rate_percent(stamp), (stamp, stamp), Fact(round(100.0 * rate, 4), facts.BITMEX_FUNDING))
      for stamp, rate in facts.FUNDING),
    Outcome("stamps_at_cap", "stamps at the negative cap, of seven from the 12th 20:00 on", stamps_at_cap,
            (FALL, CAPPED[-1]), Fact(6.0, facts.BITMEX_FUNDING)),
    Outcome("open_interest_before", "open interest on the 12th at 10:30", usd(summary.open_interest_final_contracts),
            (FALL, "2020-03-12T10:30"), facts.OPEN_INTEREST_CONTRACTS),
    Outcome("open_interest_after", "open interest on the 13th at 10:40", usd(summary.open_interest_final_contracts),
            (FALL, facts.OPEN_INTEREST_AFTER_AT), facts.OPEN_INTEREST_AFTER_CONTRACTS),
    Outcome("open_interest_change_percent", "change of open interest between the two, %", open_interest_change_percent,
            BEFORE_TO_AFTER, CHANGE),
    Outcome("liquidated_first_leg", "longs taken over on the 12th from 10:00 to 12:00",
            usd(summary.long_forced_contracts), FIRST_LEG, facts.LIQUIDATED_FIRST_LEG_USD),
    Outcome("liquidated_12th", "longs taken over on the 12th from 10:00 on", usd(summary.long_forced_contracts),
            EVENING, facts.LIQUIDATED_USD),
    Outcome("turns", "liquidated over opening open interest", turns, TWO_DAYS, TURNS),
    Outcome("fund_change_12th_coin", "change of the fund over the 12th, BTC", gained("fund_coin"), EVENING,
            facts.FUND_CHANGE_COIN),
    Outcome("fund_change_13th_coin", "change of the fund over the 13th, BTC", gained("fund_coin"), DAY_AFTER,
            facts.FUND_CHANGE_13TH_COIN),
    Outcome("fund_fall_13th_coin", "largest fall of the fund on the 13th, BTC", summary.fund_largest_fall_coin,
            THIRTEENTH, facts.FUND_LARGEST_FALL_COIN),
    Outcome("engine_peak", "largest inventory of the engine", usd(summary.engine_peak_contracts), WHOLE,
            facts.PENDING_USD),
    Outcome("pending_over_bids", "the same over bids within 1 %, mean of the hour around", pending_over_bids, WHOLE,
            PENDING_OVER_BIDS),
    Outcome("engine_hours_to_half", "hours from then until half of it was sold", hours_to_half, WHOLE, UNKNOWN),
    Outcome("engine_loss_coin", "largest unrealised loss in the engine, BTC", summary.engine_largest_loss_coin, WHOLE,
            facts.ENGINE_LARGEST_LOSS_COIN),
    Outcome("smallest_fund_coin", "smallest fund that avoids auto-deleveraging, BTC", smallest_fund_coin, TWO_DAYS,
            UNKNOWN),
    Outcome("fund_exhausted", "fund exhausted (1) or not (0)", fund_exhausted, TWO_DAYS, Fact(0.0, facts.BITMEX_BLOG)),
    Outcome("adl", "auto-deleveraged", usd(summary.adl_contracts), WHOLE, facts.ADL_CONTRACTS),
    Outcome("volume_12th", "volume of the 12th", usd(gained("volume_contracts")), TWELFTH, facts.VOLUME_USD),
)  # fmt: skip


def outcomes(run):
    """Return {name: number} of every outcome of a run."""
    return {each.name: each.of(run) for each in OUTCOMES}


outcomes.names = tuple(each.name for each in OUTCOMES)
