"""Does the site alone predict the outcome?"""

from __future__ import annotations

from radaudit.codes import answer
from radaudit.findings import Finding, Verdict
from radaudit.leaks.case import Case, not_run

CODE = "LEAK-013"
QUESTION = "Does the site alone predict the outcome?"


def check(case: Case) -> Finding:
    """Answer from the discrimination of the site label alone, by the study's own resampling: fails if its interval lies above chance."""
    if len(set(case.table.sites)) < 2:
        return answer(CODE, Verdict.NOT_APPLICABLE, "All patients come from one site.")
    found = case.site_auc
    if found is None or found.value is None or found.low is None:
        return not_run(CODE, "What the site alone predicts was not estimated.", "site baseline")
    name, chance = case.words
    beside = "" if case.auc is None or case.auc.value is None else f"; the signature has {case.auc.value:.2f}"
    stands_in = found.low > chance
    return answer(
        CODE,
        Verdict.FAILED if stands_in else Verdict.PASSED,
        f"Knowing only the site gives {name} of {found.value:.2f} ({found.low:.2f} to {found.high:.2f}){beside}.",
        facts={
            "number": found.value,
            f"site_{case.measure}": found.value,
            "low": found.low,
            "high": found.high,
            case.measure: case.auc.value if case.auc else None,
        },
    )
