"""Does a patient stand on both sides of the split?"""

from __future__ import annotations

from radaudit.codes import answer
from radaudit.findings import Finding, Verdict
from radaudit.leaks.case import Case
from radaudit.tables.rows import Rows

CODE = "LEAK-001"
QUESTION = "Does a patient stand on both sides of the split?"


def check(case: Case) -> Finding:
    """Answer from the patients of the rows on each side; ids are compared without spaces and case, as people write them."""
    if not len(case.split.training) or not len(case.split.holdout):
        return answer(CODE, Verdict.NOT_APPLICABLE, "One side of the split is empty.")
    training = _people(case, case.split.training & case.table.rows)
    holdout = _people(case, case.split.holdout & case.table.rows)
    both = sorted(training.keys() & holdout.keys())
    rows = len(case.split.training & case.split.holdout)
    return answer(
        CODE,
        Verdict.FAILED if both else Verdict.PASSED,
        f"{len(both)} of {len(holdout)} test patients stand among the {len(training)} training patients as well.",
        facts={"number": len(both), "patients": len(both), "rows_on_both_sides": rows, "training": len(training), "holdout": len(holdout)},
        local=[{"patient": holdout[who], "as": training[who]} for who in both],
    )


def _people(case: Case, rows: Rows) -> dict[str, str]:
    return {"".join(case.table.patients[i].split()).casefold(): case.table.patients[i] for i in rows}
