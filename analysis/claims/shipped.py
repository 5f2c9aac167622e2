"""The claims of the scenarios, one each: what is changed, what is measured, and between which bounds it is to lie.

The bounds are about the size that the docstring names, half of it to twice as a rule; both were written looking at
seeds below 100.
"""

from analysis.claims.claim import Claim
from analysis.compare import deepest_discount_percent
from analysis.studies.measures import fund_needed_coin, haircut_gini, highest_premium_percent, peg_rms_bps
from analysis.summary import adl_contracts, basis_highest_bps, basis_mean_bps, liquidated_turns
from scenarios import (
    adl_waterfall,
    arbitrage_capital,
    brakes,
    calm,
    crowded_longs,
    flash_crash,
    insurance_fund,
    largest_default,
    leverage_cap,
    limited_liability,
    long_squeeze,
    maker_withdrawal,
    march_2020,
    margin_tiers,
    payoffs,
    pool_depth,
    short_squeeze,
    thin_book,
    venue_comparison,
)
from sim.deleverage import AutoDeleverage
from sim.venues import LINEAR

ABSORBED = {"forced": "absorbed"}
CLAIMS = (
    Claim(
        scenario=adl_waterfall, change={"loss": AutoDeleverage(allocation="pro_rata")}, metric=haircut_gini,
        low=-0.6, high=-0.3,
    ),
    Claim(
        scenario=arbitrage_capital, change={"arbitrageurs": 400}, metric=peg_rms_bps, low=-9.0, high=-3.0,
        short={"hours": 6.0, "step_s": 10.0},
    ),
    Claim(
        scenario=brakes, change={"halt_hours": 0.25}, metric=deepest_discount_percent, low=3.0, high=14.0,
    ),
    Claim(
        scenario=calm, change={"arbitrageurs": 0}, metric=peg_rms_bps, low=2.5, high=10.0, arguments={"hours": 6.0},
        short={"hours": 1.5},
    ),
    Claim(
        scenario=crowded_longs, change={"buyers": 0}, metric=basis_mean_bps, low=-18.0, high=-8.0,
        arguments={"hours": 12.0, "step_s": 5.0}, short={"hours": 6.0, "step_s": 10.0},
    ),
    Claim(
        scenario=flash_crash, change=ABSORBED, metric=deepest_discount_percent, low=0.45, high=1.8,
        short={"hours": 0.6, "step_s": 1.0, "at_hours": 0.25},
    ),
    Claim(
        scenario=insurance_fund, change={"fund_coin": 1_000.0}, metric=adl_contracts, low=-18e6, high=-12e6
    ),
    Claim(
        scenario=largest_default, change={"whales": 0}, metric=fund_needed_coin, low=-40.0, high=-10.0
    ),
    Claim(
        scenario=leverage_cap, change={"cap": 80.0}, metric=deepest_discount_percent, low=-12.0, high=-4.0
    ),
    Claim(
        scenario=limited_liability, change={"over_s": 1_800.0}, metric=fund_needed_coin, low=-120.0, high=-50.0,
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
    Claim(scenario=payoffs, change={"venue": LINEAR}, metric=liquidated_turns, low=-1.0, high=-0.5),
    Claim(
        scenario=pool_depth, change={"depth_usd": 80e6}, metric=basis_highest_bps, low=-8_000.0, high=-2_000.0,
    ),
    Claim(
        scenario=short_squeeze, change=ABSORBED, metric=highest_premium_percent, low=-30.0, high=-8.0
    ),
    Claim(
        scenario=thin_book, change={"depth": 1.0}, metric=deepest_discount_percent, low=6.0, high=20.0
    ),
    Claim(
        scenario=venue_comparison, change=ABSORBED, metric=deepest_discount_percent, low=1.2, high=4.8,
        short={"hours": 3.0, "step_s": 4.0},
    ),
)  # fmt: skip
