"""Many runs: a plan, workers that may die, and a dataset that loses nothing."""

from analysis.sweep.design import Between
from analysis.sweep.front import sweep
from analysis.sweep.results import Sweep

__all__ = ["Between", "Sweep", "sweep"]
