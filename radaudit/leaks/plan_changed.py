"""Did the plan change after the holdout was opened?"""

from __future__ import annotations

from radaudit.codes import answer
from radaudit.findings import Finding, Verdict
from radaudit.leaks.case import Case, not_run

CODE = "LEAK-011"
QUESTION = "Did the plan change after the holdout was opened?"


def check(case: Case) -> Finding:
    """Answer from the digest of the plan that each step used (``used["plan"]``), from the first opening on, and from the plan of today."""
    steps = list(case.ledger)
    first = next((i for i, step in enumerate(steps) if step.name == "open"), None)
    if first is None:
        if not steps:
            return not_run(CODE, "Nothing was recorded: under which plan the holdout was opened is unknown.", "record of openings")
        return answer(CODE, Verdict.NOT_APPLICABLE, "The holdout was not opened.")
    opened_under = steps[first].used.get("plan", "")
    if not opened_under:
        return not_run(CODE, "The opening does not record the plan.", "plan digest of the opening")
    later = [step.used["plan"] for step in steps[first + 1 :] if step.used.get("plan")] + ([case.plan] if case.plan else [])
    others = sorted(set(later) - {opened_under})
    shown = ", ".join(digest[:12] for digest in others)
    since = f"later steps used {shown}" if others else "no other plan was used since"
    return answer(
        CODE,
        Verdict.FAILED if others else Verdict.PASSED,
        f"The test set was opened under plan {opened_under[:12]}; {since}.",
        facts={"number": len(others), "opened_under": opened_under, "later": [*others]},
    )
