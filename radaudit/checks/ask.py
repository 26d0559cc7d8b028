"""All questions in one call, their answers joined with those of the suites, and the table by site that a check prints first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from radaudit.checks import columns, decimal_marks, features, outcome, patients, sites
from radaudit.checks.profile import Profiles, SiteRow, profile
from radaudit.checks.rules import CheckRules
from radaudit.errors import DesignError
from radaudit.findings import RANK, Finding, Severity, Verdict, ranked

if TYPE_CHECKING:
    from radaudit.checks.columns import Identified
    from radaudit.tables import FeatureTable

QUESTIONS = (
    outcome.few_patients,
    outcome.one_class,
    outcome.few_events,
    outcome.unknown_outcomes,
    outcome.many_candidates,
    patients.duplicated_patients,
    patients.similar_ids,
    patients.copied_images,
    patients.ghost_rows,
    sites.single_site,
    sites.respelt_sites,
    sites.small_sites,
    sites.site_and_outcome,
    sites.one_sided_sites,
    features.empty_features,
    features.infinite_values,
    features.absent_features,
    features.constant_features,
    features.copied_features,
    features.zero_features,
    features.units_by_site,
    features.far_values,
    decimal_marks.lost_decimal_marks,
    features.still_at_site,
    features.absent_at_site,
    features.already_standardised,
    columns.empty_columns,
    columns.constant_columns,
    columns.forbidden_features,
    columns.outcome_copies,
)


def ask(
    table: FeatureTable,
    rules: CheckRules | None = None,
    *,
    profiles: Profiles | None = None,
    dictionary: Sequence[Identified] = (),
    max_features: int | None = None,
) -> tuple[Finding, ...]:
    """Ask every question of a table, one Finding each, worst first; profiles of another table raise DesignError (LEDGER-001)."""
    limits = rules or CheckRules()
    known = profiles or profile(table, limits)
    if known.table != table.digest:
        raise DesignError("LEDGER-001", "the profiles are those of another table", found=f"{known.table[:12]} and {table.digest[:12]}")
    answers = [question(table, known, limits) for question in QUESTIONS]
    more = [columns.mixed_discretisations(dictionary), outcome.many_coefficients(known, max_features)]
    return tuple(ranked([*answers, *more]))


def joined(asked: Iterable[Finding], judged: Iterable[Finding]) -> tuple[Finding, ...]:
    """Join the answers of the questions with the verdicts of the suites: one Finding per question, worst first.

    A verdict of the shipped suites (scope ``expectations/...``) on a code that was asked too is a second opinion on the same profile: it
    is noted in the facts; where the two differ, the worse one stands. Other verdicts, such as those of the study's own suites, stay.
    """
    answers = {finding.code: finding for finding in asked}
    rest = []
    for verdict in judged:
        ours = answers.get(verdict.code)
        if ours is None or not verdict.scope.startswith(SHIPPED):
            rest.append(verdict)
            continue
        agree = verdict.failed == ours.failed
        noted = {**ours.facts, "suite": verdict.scope, "suite_verdict": str(verdict.verdict)}
        worse = ours.verdict if agree or ours.failed else verdict.verdict
        answers[verdict.code] = replace(
            ours, verdict=worse, facts=noted, sentence=ours.sentence if worse is ours.verdict else verdict.sentence
        )
    return tuple(ranked([*answers.values(), *rest]))


SHIPPED = "expectations/"


def site_lines(profiles: Profiles, findings: Iterable[Finding]) -> tuple[SiteRow, ...]:
    """Return the table by site with the verdict of the findings that concern each: FAIL (blocking), warn (major or minor) or ok."""
    findings = list(findings)
    worst: dict[str, int] = {}
    for finding in findings:
        if finding.verdict is Verdict.FAILED:
            for name in finding.concerns:
                worst[name] = min(worst.get(name, len(RANK)), RANK[finding.severity])
    words = {RANK[Severity.BLOCKING]: "FAIL", RANK[Severity.MAJOR]: "warn", RANK[Severity.MINOR]: "warn"}
    lines = (replace(row, verdict=words.get(worst.get(row.site, len(RANK)), "ok")) for row in profiles.sites)
    return tuple(replace(row, settings=_settings(row.site, findings)) for row in lines)


def _settings(site: str, findings: Iterable[Finding]) -> str:
    """Return the extraction settings of a site that differ from most, ``ok`` if none does, nothing if the tables do not state any."""
    asked = [one for one in findings if one.code in ("FEAT-004", "FEAT-033") and one.verdict in (Verdict.PASSED, Verdict.FAILED)]
    return ", ".join(one.scope for one in asked if site in one.concerns) or ("ok" if asked else "")
