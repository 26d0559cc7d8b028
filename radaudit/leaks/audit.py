"""Ask every leak check about one case."""

from __future__ import annotations

from dataclasses import replace

from radaudit.findings import Finding, Severity, Verdict, ranked
from radaudit.leaks import (
    harmoniser_saw_holdout,
    identical_rows,
    imputer_saw_holdout,
    model_saw_holdout,
    openings,
    outcome_in_harmonisation,
    patient_overlap,
    plan_changed,
    scaler_saw_holdout,
    selector_saw_holdout,
    site_alone,
    threshold_saw_holdout,
    tuning_saw_holdout,
    volume_alone,
)
from radaudit.leaks.case import Case, Check

CHECKS: tuple[Check, ...] = (
    patient_overlap,
    harmoniser_saw_holdout,
    scaler_saw_holdout,
    selector_saw_holdout,
    outcome_in_harmonisation,
    imputer_saw_holdout,
    tuning_saw_holdout,
    threshold_saw_holdout,
    model_saw_holdout,
    openings,
    plan_changed,
    identical_rows,
    site_alone,
    volume_alone,
)


def audit(case: Case) -> tuple[Finding, ...]:
    """Return one Finding per check, in order of the codes, with its ``question`` and, if answered, a ``number`` in its facts."""
    return tuple(_asked(check, case) for check in CHECKS)


def _asked(check: Check, case: Case) -> Finding:
    finding = check.check(case)
    return replace(finding, facts={"question": check.QUESTION, **finding.facts})


def proved(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the blocking leaks among the findings, worst first."""
    return tuple(finding for finding in ranked(findings) if finding.verdict is Verdict.FAILED and finding.severity is Severity.BLOCKING)
