"""Was the holdout opened more often than allowed, or before the lock?"""

from __future__ import annotations

from radaudit.codes import answer
from radaudit.findings import Finding, Severity, Verdict
from radaudit.leaks.case import Case, not_run

CODE = "LEAK-010"
QUESTION = "Was the holdout opened more often than allowed, or before the lock?"


def check(case: Case) -> Finding:
    """Answer from the order of ``lock`` and ``open`` and from evaluations without an opening.

    Opened before the lock, or looked at without an opening, is blocking; more often than allowed makes later verdicts post hoc.
    """
    if not len(case.ledger):
        return not_run(CODE, "Nothing was recorded: how often the holdout was looked at is unknown.", "record of openings")
    if not len(case.split.holdout):
        return answer(CODE, Verdict.NOT_APPLICABLE, "There is no holdout.")
    locked = opened = early = unannounced = 0
    for step in case.ledger:
        locked += step.name == "lock"
        if step.name == "open":
            opened += 1
            early += not locked
        elif step.name == "evaluate" and not opened:
            unannounced += 1
    wrong = early or unannounced
    told = f"; {early} before the lock" if early else ""
    told += f"; {unannounced} evaluations without an opening" if unannounced else ""
    return answer(
        CODE,
        Verdict.FAILED if wrong or opened > case.allowed else Verdict.PASSED,
        f"The test set was opened {opened} of {case.allowed} allowed times{told}.",
        facts={"number": opened, "openings": opened, "allowed": case.allowed, "before_lock": early, "unannounced": unannounced},
        severity=Severity.BLOCKING if wrong else None,
    )
