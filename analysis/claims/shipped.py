"""The claims of the scenarios, one each: what is changed, what is measured, and between which bounds it is to lie.

The bounds are about the size that the docstring names, half of it to twice as a rule; both were written looking at
seeds below 100.
"""

import math
from math import inf

import numpy as np

from analysis.claims.claim import Claim
from analysis.compare import deepest_discount_percent
from analysis.papers.order_lifetime import premium_mean_bps
from analysis.peg import peg_rms_bps
from analysis.ruin import ruined_percent
from analysis.studies.attack import attacker_profit_coin, makers_lost_coin
from analysis.studies.measures import fund_needed_coin, haircut_gini, highest_premium_percent
from analysis.summary import adl_contracts, basis_highest_bps, basis_mean_bps, liquidated_turns
from scenarios import (
    adl_waterfall,
    arbitrage_capital,
    backstop,
    basis_traders,
    brakes,
    calm,
    contagion,
    crowded_longs,
    flash_crash,
    funding_squeeze,
    insurance_fund,
    largest_default,
    leverage_cap,
    limited_liability,
    long_squeeze,
    maker_withdrawal,
    march_2020,
    margin_tiers,
    mark_manipulation,
    oracle_attack,
    ordinary_day,
    payoffs,
    pool_depth,
    replay,
    reverse_stress,
    short_squeeze,
    stale_index,
    stops_and_sizing,
    synthetic_dollar,
    thin_book,
    vault_dump,
    venue_comparison,
    whale_exit,
)
from sim.deleverage import SocialisedLoss
from sim.mark import FundingBasis
from sim.paths import Points
from sim.venues import LINEAR

ABSORBED = {"forced": "absorbed"}
HOUR = 3_600.0
FALL = Points(times_s=(0.0, 3 * HOUR, 6 * HOUR), values=(10_000.0, 10_000.0, 7_000.0), volatility=0.6)
"""A fall of 30 % within three hours, as a replay may have it."""


def discount_log(run):
    """Natural logarithm of the deepest discount of a minute, percent."""
    return math.log(max(-deepest_discount_percent(run), 1e-3))


def other_discount_percent(run):
    """Deepest discount of a minute at the one further exchange, percent."""
    (other,) = run.others.values()
    return deepest_discount_percent(other)


def late(run):
    """The series of the second half of a run."""
    return run.series[run["time_s"] > 0.5 * run["time_s"][-1]]


def late_mid_usd(run):
    """Mean of the mid in the second half of the run."""
    return float(np.nanmean(late(run)["mid"]))


CLAIMS = (
    Claim(
        scenario=adl_waterfall, change={"loss": SocialisedLoss()}, metric=haircut_gini, low=-0.6, high=-0.3,
    ),
    Claim(
        scenario=arbitrage_capital, change={"arbitrageurs": 400}, metric=peg_rms_bps, low=-9.0, high=-3.0,
        short={"hours": 6.0, "step_s": 10.0},
    ),
    Claim(
        scenario=backstop, change={"budget_coin": 0.0}, metric=deepest_discount_percent, low=-16.0, high=-5.0
    ),
    Claim(
        scenario=basis_traders, change={"bias": 0.5}, metric=premium_mean_bps, low=-3.0, high=-0.75,
    ),
    Claim(
        scenario=brakes, change={"halt_hours": 0.25}, metric=deepest_discount_percent, low=3.0, high=14.0,
    ),
    Claim(
        scenario=brakes, change={"most_margin": 3.0}, metric=liquidated_turns, low=0.03, high=0.12,
        arguments={"fall": 0.05}, part="margin",
    ),
    Claim(
        scenario=brakes, change={"auction_s": 10.0}, metric=deepest_discount_percent, low=4.0, high=16.0,
        part="auction",
    ),
    Claim(
        scenario=calm, change={"arbitrageurs": 0}, metric=peg_rms_bps, low=2.5, high=10.0, arguments={"hours": 6.0},
        short={"hours": 1.5},
    ),
    Claim(
        scenario=contagion, change={"arbitrageurs": 0}, metric=other_discount_percent, low=4.0, high=15.0,
    ),
    Claim(
        scenario=crowded_longs, change={"buyers": 0}, metric=basis_mean_bps, low=-18.0, high=-8.0,
        arguments={"hours": 12.0, "step_s": 5.0}, short={"hours": 6.0, "step_s": 10.0},
    ),
    Claim(
        scenario=flash_crash, change=ABSORBED, metric=discount_log, low=-3.5, high=-1.0,
        short={"hours": 0.6, "step_s": 1.0, "at_hours": 0.25},
    ),
    Claim(
        scenario=funding_squeeze, change={"most_funding": inf}, metric=basis_mean_bps, low=4.0, high=16.0,
        short={"hours": 12.0, "step_s": 10.0},
    ),
    Claim(
        scenario=insurance_fund, change={"fund_coin": 1_000.0}, metric=adl_contracts, low=-18e6, high=-12e6
    ),
    Claim(
        scenario=largest_default, change={"whales": 0}, metric=fund_needed_coin, low=-50.0, high=-14.0
    ),
    Claim(
        scenario=leverage_cap, change={"cap": 80.0}, metric=deepest_discount_percent, low=-12.0, high=-4.0
    ),
    Claim(
        scenario=limited_liability, change={"over_s": 1_800.0}, metric=fund_needed_coin, low=-400.0, high=-125.0,
    ),
    Claim(
        scenario=long_squeeze, change={"leverage": 5.0}, metric=liquidated_turns, low=-1.0, high=-0.5
    ),
    Claim(
        scenario=maker_withdrawal, change={"loss_limit": 1.0}, metric=deepest_discount_percent, low=-6.0, high=-1.5,
    ),
    Claim(
        scenario=march_2020, change=ABSORBED, metric=deepest_discount_percent, low=4.0, high=12.0,
        arguments={"hours": 14.0}, short={"hours": 12.0, "step_s": 10.0},
    ),
    Claim(
        scenario=margin_tiers, change={"maintenance": 0.005}, metric=fund_needed_coin, low=12.0, high=46.0
    ),
    Claim(
        scenario=mark_manipulation, change={"venue.mark": FundingBasis()}, metric=attacker_profit_coin,
        low=-70.0, high=-25.0,
    ),
    Claim(
        scenario=oracle_attack, change={"spot_venues": 5}, metric=attacker_profit_coin, low=-90.0, high=-40.0,
    ),
    Claim(
        scenario=ordinary_day, change={"arbitrageurs": 0}, metric=peg_rms_bps, low=2.5, high=10.0,
        short={"hours": 12.0, "step_s": 20.0, "volatility": 1.2},
    ),
    Claim(scenario=payoffs, change={"venue": LINEAR}, metric=liquidated_turns, low=-1.0, high=-0.5),
    Claim(
        scenario=pool_depth, change={"depth_usd": 80e6}, metric=basis_highest_bps, low=-8_000.0, high=-2_000.0,
    ),
    Claim(
        scenario=replay, change=ABSORBED, metric=deepest_discount_percent, low=2.0, high=7.0,
        arguments={"path": FALL, "hours": 7.0}, short={"accounts": 2_000},
    ),
    Claim(scenario=reverse_stress, change={"depth": 1.0}, metric=fund_needed_coin, low=-140.0, high=-35.0),
    Claim(
        scenario=short_squeeze, change=ABSORBED, metric=highest_premium_percent, low=-30.0, high=-8.0
    ),
    Claim(scenario=stale_index, change={"stale_s": 0.0}, metric=makers_lost_coin, low=-45.0, high=-15.0),
    Claim(
        scenario=stops_and_sizing, change={"stop_loss": 1.0}, metric=ruined_percent, low=25.0, high=75.0,
        short={"hours": 48.0, "traders": 60},
    ),
    Claim(
        scenario=synthetic_dollar, change={"depeg": 0.0}, metric=basis_mean_bps, low=-22.0, high=-5.0,
        short={"step_s": 10.0},
    ),
    Claim(
        scenario=thin_book, change={"depth": 1.0}, metric=deepest_discount_percent, low=6.0, high=20.0
    ),
    Claim(
        scenario=vault_dump, change={"withdraws": False}, metric=fund_needed_coin, low=-1.7e6, high=-0.4e6
    ),
    Claim(
        scenario=venue_comparison, change=ABSORBED, metric=deepest_discount_percent, low=1.2, high=4.8,
        short={"hours": 3.0, "step_s": 4.0},
    ),
    Claim(
        scenario=whale_exit, change={"contracts": 1}, metric=late_mid_usd, low=25.0, high=75.0,
        short={"hours": 4.0, "step_s": 10.0},
    ),
)  # fmt: skip
