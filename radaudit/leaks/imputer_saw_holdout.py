"""Did the imputation see holdout rows?"""

from __future__ import annotations

from radaudit.findings import Finding
from radaudit.leaks.case import Case
from radaudit.leaks.exposure import saw_holdout

CODE = "LEAK-006"
QUESTION = "Did the imputation see holdout rows?"


def check(case: Case) -> Finding:
    """Answer from the exposure of ``impute.fit``."""
    return saw_holdout(case, CODE, ("impute.fit",), "imputation")
