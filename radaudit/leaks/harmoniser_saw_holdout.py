"""Did the harmonisation see holdout rows?"""

from __future__ import annotations

from radaudit.findings import Finding
from radaudit.leaks.case import Case
from radaudit.leaks.exposure import saw_holdout

CODE = "LEAK-002"
QUESTION = "Did the harmonisation see holdout rows?"


def check(case: Case) -> Finding:
    """Answer from the exposure of ``harmonise.fit``."""
    return saw_holdout(case, CODE, ("harmonise.fit",), "harmonisation")
