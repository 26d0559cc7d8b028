"""Was the threshold chosen with holdout rows?"""

from __future__ import annotations

from radaudit.findings import Finding
from radaudit.leaks.case import Case
from radaudit.leaks.exposure import saw_holdout

CODE = "LEAK-008"
QUESTION = "Was the threshold chosen with holdout rows?"


def check(case: Case) -> Finding:
    """Answer from the exposure of ``threshold.fit``."""
    return saw_holdout(case, CODE, ("threshold.fit",), "choice of the threshold")
