"""The set algebra behind most checks: what a step has seen, and the holdout."""

from __future__ import annotations

from radaudit.codes import answer
from radaudit.findings import Finding, Verdict
from radaudit.leaks.case import Case, not_run


def saw_holdout(case: Case, code: str, steps: tuple[str, ...], what: str) -> Finding:
    """Answer whether a step named in ``steps`` saw rows of the holdout.

    A step that recorded no exposure, or rows of another table, is a gap (NOT_RUN) unless another one is proved to leak; no such step at all
    is a gap too, or NOT_APPLICABLE if the plan does not have it.
    """
    noted = [step for step in case.ledger if step.name in steps]
    if not noted:
        if steps[0] in case.without:
            return answer(code, Verdict.NOT_APPLICABLE, f"The plan has no {what}.")
        return not_run(code, f"The record holds no step {steps[0]}: what the {what} saw is unknown.", f"record of {steps[0]}")
    seen: set[int] = set()
    silent = 0
    for step in noted:
        if step.saw is None or step.saw.rows.table != case.table.digest:
            silent += 1
        else:
            seen |= set(step.saw.rows & case.split.holdout)
    if not seen and silent:
        return not_run(code, f"{silent} of {len(noted)} steps of the {what} did not record what they saw.", f"exposure of {steps[0]}")
    patients = sorted({case.table.patients[i] for i in seen})
    holdout = len({case.table.patients[i] for i in case.split.holdout})
    return answer(
        code,
        Verdict.FAILED if seen else Verdict.PASSED,
        f"The {what} saw {len(patients)} of {holdout} test patients ({len(seen)} of {len(case.split.holdout)} rows).",
        facts={"number": len(patients), "rows": len(seen), "patients": len(patients), "holdout_patients": holdout, "steps": len(noted)},
        local=[{"patient": patient} for patient in patients],
    )
