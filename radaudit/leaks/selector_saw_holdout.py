"""Did the selection of features see holdout rows?"""

from __future__ import annotations

from radaudit.findings import Finding
from radaudit.leaks.case import Case
from radaudit.leaks.exposure import saw_holdout

CODE = "LEAK-004"
QUESTION = "Did the selection of features see holdout rows?"


def check(case: Case) -> Finding:
    """Answer from the exposure of ``select.fit``."""
    return saw_holdout(case, CODE, ("select.fit",), "selection")
