"""What if: one question, one function."""

from scenarios.scenario import scenario  # isort: skip  (first: the scenarios below are made with it)
from scenarios.basis_traders import basis_traders
from scenarios.calm import calm
from scenarios.crowded_longs import crowded_longs
from scenarios.flash_crash import flash_crash
from scenarios.march_2020 import march_2020
from scenarios.replay import replay
from scenarios.synthetic_dollar import synthetic_dollar
from scenarios.venue_comparison import venue_comparison

__all__ = [
    "basis_traders",
    "calm",
    "crowded_longs",
    "flash_crash",
    "march_2020",
    "replay",
    "scenario",
    "synthetic_dollar",
    "venue_comparison",
]
