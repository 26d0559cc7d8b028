"""What is asserted about a signature, and the verdict on it."""

from radaudit.claims.claim import Claim, Decision
from radaudit.claims.coverage import Coverage, coverage
from radaudit.claims.decide import DECISION_RULE, decide, overall

__all__ = ["DECISION_RULE", "Claim", "Coverage", "Decision", "coverage", "decide", "overall"]
