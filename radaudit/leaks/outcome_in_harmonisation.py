"""Did the harmonisation see the outcome?"""

from __future__ import annotations

from radaudit.codes import answer
from radaudit.findings import Finding, Verdict
from radaudit.leaks.case import Case, not_run

CODE = "LEAK-005"
QUESTION = "Did the harmonisation see the outcome?"
STEP = "harmonise.fit"


def check(case: Case) -> Finding:
    """Answer from the roles the harmonisation saw; on which rows does not matter, a new patient has no outcome."""
    noted = case.ledger.named(STEP)
    if not noted:
        if STEP in case.without:
            return answer(CODE, Verdict.NOT_APPLICABLE, "The plan has no harmonisation.")
        return not_run(CODE, f"The record holds no step {STEP}.", f"record of {STEP}")
    with_outcome = [step for step in noted if step.saw is not None and {"outcome", "time"} & set(step.saw.roles)]
    silent = sum(step.saw is None for step in noted)
    if silent and not with_outcome:
        return not_run(CODE, f"{silent} of {len(noted)} harmonisations did not record what they saw.", f"exposure of {STEP}")
    roles = sorted({role for step in noted if step.saw is not None for role in step.saw.roles})
    return answer(
        CODE,
        Verdict.FAILED if with_outcome else Verdict.PASSED,
        f"The harmonisation saw {', '.join(roles) or 'nothing'}: {'the outcome is' if with_outcome else 'the outcome is not'} among it.",
        facts={"number": len(with_outcome), "roles": [*roles]},
    )
