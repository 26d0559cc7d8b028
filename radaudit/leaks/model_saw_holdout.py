"""Was the model fitted on holdout rows?"""

from __future__ import annotations

from radaudit.findings import Finding
from radaudit.leaks.case import Case
from radaudit.leaks.exposure import saw_holdout

CODE = "LEAK-009"
QUESTION = "Was the model fitted on holdout rows?"


def check(case: Case) -> Finding:
    """Answer from the exposure of ``model.fit``."""
    return saw_holdout(case, CODE, ("model.fit",), "fit of the model")
