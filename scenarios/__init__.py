"""What if: one question, one function."""

from scenarios.scenario import scenario  # isort: skip  (first: the scenarios below are made with it)
from scenarios.basis_traders import basis_traders
from scenarios.calm import calm
from scenarios.crowded_longs import crowded_longs
from scenarios.flash_crash import flash_crash
from scenarios.march_2020 import march_2020
from scenarios.mark_manipulation import mark_manipulation
from scenarios.oracle_attack import oracle_attack
from scenarios.replay import replay
from scenarios.stale_index import stale_index
from scenarios.stops_and_sizing import stops_and_sizing
from scenarios.synthetic_dollar import synthetic_dollar
from scenarios.venue_comparison import venue_comparison
from scenarios.whale_exit import whale_exit

__all__ = [
    "basis_traders",
    "calm",
    "crowded_longs",
    "flash_crash",
    "march_2020",
    "mark_manipulation",
    "oracle_attack",
    "replay",
    "scenario",
    "stale_index",
    "stops_and_sizing",
    "synthetic_dollar",
    "venue_comparison",
    "whale_exit",
]
