"""Studies: a question each, the sweep that answers it, and the figure that shows the answer."""

from analysis.studies.adl_fairness import adl_fairness
from analysis.studies.funding_rules import funding_rules
from analysis.studies.insurance_sizing import insurance_sizing
from analysis.studies.leverage_by_depth import leverage_by_depth
from analysis.studies.manipulation_frontier import manipulation_frontier
from analysis.studies.mark_rules import mark_rules

__all__ = [
    "adl_fairness",
    "funding_rules",
    "insurance_sizing",
    "leverage_by_depth",
    "manipulation_frontier",
    "mark_rules",
]
