"""Did the scaling see holdout rows?"""

from __future__ import annotations

from radaudit.findings import Finding
from radaudit.leaks.case import Case
from radaudit.leaks.exposure import saw_holdout

CODE = "LEAK-003"
QUESTION = "Did the scaling see holdout rows?"


def check(case: Case) -> Finding:
    """Answer from the exposure of ``scale.fit``."""
    return saw_holdout(case, CODE, ("scale.fit",), "scaling")
