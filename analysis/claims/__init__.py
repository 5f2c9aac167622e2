"""What the scenarios say to expect, tested: each claim over seeds that were not used while it was written."""

from analysis.claims.claim import Claim, Verdict, holm, judge, run
from analysis.claims.shipped import CLAIMS

__all__ = ["CLAIMS", "Claim", "Verdict", "holm", "judge", "run"]
