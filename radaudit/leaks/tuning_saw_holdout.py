"""Did the tuning see holdout rows?"""

from __future__ import annotations

from radaudit.findings import Finding
from radaudit.leaks.case import Case
from radaudit.leaks.exposure import saw_holdout

CODE = "LEAK-007"
QUESTION = "Did the tuning see holdout rows?"


def check(case: Case) -> Finding:
    """Answer from the exposure of ``tune`` and ``resample``."""
    return saw_holdout(case, CODE, ("tune", "resample"), "tuning")
