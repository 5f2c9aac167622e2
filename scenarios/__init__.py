"""What if: one question, one function."""

from scenarios.scenario import scenario  # isort: skip  (first: the scenarios below are made with it)
from scenarios.adl_waterfall import adl_waterfall
from scenarios.arbitrage_capital import arbitrage_capital
from scenarios.backstop import backstop
from scenarios.basis_traders import basis_traders
from scenarios.brakes import brakes
from scenarios.calm import calm
from scenarios.contagion import contagion
from scenarios.crowded_longs import crowded_longs
from scenarios.flash_crash import flash_crash
from scenarios.funding_squeeze import funding_squeeze
from scenarios.insurance_fund import insurance_fund
from scenarios.largest_default import largest_default
from scenarios.leverage_cap import leverage_cap
from scenarios.limited_liability import limited_liability
from scenarios.long_squeeze import long_squeeze
from scenarios.maker_withdrawal import maker_withdrawal
from scenarios.march_2020 import march_2020
from scenarios.margin_tiers import margin_tiers
from scenarios.mark_manipulation import mark_manipulation
from scenarios.oracle_attack import oracle_attack
from scenarios.ordinary_day import ordinary_day
from scenarios.payoffs import payoffs
from scenarios.pool_depth import pool_depth
from scenarios.replay import replay
from scenarios.reverse_stress import reverse_stress
from scenarios.short_squeeze import short_squeeze
from scenarios.stale_index import stale_index
from scenarios.stops_and_sizing import stops_and_sizing
from scenarios.synthetic_dollar import synthetic_dollar
from scenarios.thin_book import thin_book
from scenarios.vault_dump import vault_dump
from scenarios.venue_comparison import venue_comparison
from scenarios.whale_exit import whale_exit

__all__ = [
    "adl_waterfall",
    "arbitrage_capital",
    "backstop",
    "basis_traders",
    "brakes",
    "calm",
    "contagion",
    "crowded_longs",
    "flash_crash",
    "funding_squeeze",
    "insurance_fund",
    "largest_default",
    "leverage_cap",
    "limited_liability",
    "long_squeeze",
    "maker_withdrawal",
    "march_2020",
    "margin_tiers",
    "mark_manipulation",
    "oracle_attack",
    "ordinary_day",
    "payoffs",
    "pool_depth",
    "replay",
    "reverse_stress",
    "scenario",
    "short_squeeze",
    "stale_index",
    "stops_and_sizing",
    "synthetic_dollar",
    "thin_book",
    "vault_dump",
    "venue_comparison",
    "whale_exit",
]
