"""Contradictions between split, harmonisation, threshold and claims."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from radaudit.errors import listed, nearest
from radaudit.study.problem import DERIVED_SITE, Path, Problem, dotted

if TYPE_CHECKING:
    from radaudit.study.plan import Plan


def analysis_contradictions(plan: Plan) -> Iterator[Problem]:
    """Yield the contradictions of ``split``, ``harmonise``, ``threshold``, ``claims`` and ``tracking``."""
    for question in (_split, _batches, _unseen, _threshold, _claims, _claim_limits, _tracking):
        yield from question(plan)


NEEDS = {"random": ("fraction",), "column": ("column",), "site": ("sites",), "date": ("fraction",)}
BELONGS = {"random": ("fraction",), "column": ("column", "test", "training"), "site": ("sites",), "date": ("fraction",)}
EXAMPLES = {
    "random": "{by: random, fraction: 0.3}",
    "column": "{by: column, column: part, test: [test]}",
    "site": "{by: site, sites: [OSLO]}",
    "date": "{by: date, fraction: 0.3} and roles.date: <column>",
}


def _split(plan: Plan) -> Iterator[Problem]:
    test = plan.split.test
    path: Path = ("split", "test")
    missing = [key for key in NEEDS[test.by] if not getattr(test, key)]
    if missing:
        yield Problem(code="STUDY-017", path=path, what=f"a test set by {test.by} needs {missing[0]}", fix=f"test: {EXAMPLES[test.by]}")
    for key in ("fraction", "column", "test", "training", "sites"):
        if getattr(test, key) and key not in BELONGS[test.by]:
            yield Problem(
                code="STUDY-017",
                path=(*path, key),
                what=f'"{key}" does not belong to a test set by {test.by}',
                fix=f"test: {EXAMPLES[test.by]}",
            )
    if test.by == "date" and plan.columns.date is None:
        yield Problem(
            code="STUDY-017", path=path, what="a test set by date needs roles.date", fix="roles.date: <column with the date of accrual>"
        )
    sites_needed = [("split", "test", "by")] if test.by == "site" else []
    sites_needed += [("split", "development", "outer")] if plan.split.development.outer == "leave-one-site-out" else []
    sites_needed += [("claims", i, "on") for i, claim in enumerate(plan.claims) if claim.on == "new_site"]  # type: ignore[misc]
    for where in sites_needed if plan.site_column is None else ():
        yield Problem(code="STUDY-028", path=where, what=f"{dotted(where)} needs to know the site of a row", fix="roles.site: <column>")


def _batches(plan: Plan) -> Iterator[Problem]:
    asked = plan.harmonise
    owner: dict[str, Path] = {}
    for new, old in asked.merge.items():
        for i, name in enumerate(old):
            path: Path = ("harmonise", "merge", new, i)
            if name in owner:
                yield _twice(name, owner[name], path)
            owner.setdefault(name, path)
    for new in asked.merge:
        if new in owner and owner[new][2] != new:
            yield _twice(new, owner[new], ("harmonise", "merge", new))
    for key in ("drop", "keep"):
        for i, name in enumerate(getattr(asked, key)):
            if name in owner:
                yield _twice(name, owner[name], ("harmonise", key, i))
            owner.setdefault(name, ("harmonise", key, i))
    if asked.reference is not None and asked.reference in owner and owner[asked.reference][:3] != ("harmonise", "merge", asked.reference):
        yield _twice(asked.reference, owner[asked.reference], ("harmonise", "reference"))
    if asked.reference is None and "reference" in (asked.unseen.evaluation, asked.unseen.scoring):
        yield Problem(
            code="STUDY-023",
            path=("harmonise", "unseen"),
            what="unseen: reference needs harmonise.reference, the batch that unseen rows are taken for",
            fix="harmonise.reference: <batch>",
        )


def _twice(name: str, first: Path, second: Path) -> Problem:
    return Problem(
        code="STUDY-023",
        path=second,
        what=f'batch "{name}" is decided twice: {dotted(first)} and {dotted(second)}',
        fix=f'let "{name}" stand in one of merge, drop, keep, reference',
    )


def _unseen(plan: Plan) -> Iterator[Problem]:
    test, asked = plan.split.test, plan.harmonise
    by_site = not plan.columns.batch or plan.site_column in plan.columns.batch or DERIVED_SITE in plan.columns.batch
    if not by_site or asked.method == "none" or asked.unseen.evaluation != "refuse":
        return
    fix = "harmonise: {unseen: {evaluation: adapt}}  # from their features only; the dossier says transductive; or reference, or pass"
    if test.by == "site" and test.sites:
        yield Problem(
            code="STUDY-007",
            path=("split", "test", "sites"),
            what=f"the test part contains {listed(test.sites)}, which has no training patients, and harmonise.unseen is refuse: "
            "those patients can never be scored",
            fix=fix,
        )
    if plan.split.development.outer == "leave-one-site-out":
        yield Problem(
            code="STUDY-007",
            path=("split", "development", "outer"),
            what="each site is left out in turn, and harmonise.unseen is refuse: no left-out patient could be scored",
            fix=fix,
        )
    for i, claim in enumerate(plan.claims):
        if claim.on == "new_site":
            yield Problem(
                code="STUDY-007",
                path=("claims", i, "on"),
                what=f"claim {claim.id} is decided by leaving each site out in turn, and harmonise.unseen is refuse: "
                "no left-out patient could be scored",
                fix=fix,
            )


def _threshold(plan: Plan) -> Iterator[Problem]:
    rule, value = plan.threshold.rule, plan.threshold.value
    if rule == "youden" and value is not None:
        yield Problem(
            code="STUDY-025", path=("threshold", "value"), what="the rule youden finds the value itself", fix="threshold: {rule: youden}"
        )
    if rule == "sensitivity" and plan.columns.outcome.kind == "continuous":
        yield Problem(
            code="STUDY-025",
            path=("threshold", "rule"),
            what="a continuous outcome has no events to be sensitive to",
            fix="threshold: {rule: fixed, value: ...}, or remove threshold",
        )
    if rule != "youden" and value is None:
        yield Problem(
            code="STUDY-025", path=("threshold",), what=f"the rule {rule} needs a value", fix=f"threshold: {{rule: {rule}, value: 0.5}}"
        )


def _claims(plan: Plan) -> Iterator[Problem]:
    counts = Counter(claim.id for claim in plan.claims)
    first: dict[str, int] = {}
    for i, claim in enumerate(plan.claims):
        if counts[claim.id] > 1 and claim.id in first:
            yield Problem(
                code="STUDY-020",
                path=("claims", i, "id"),
                what=f'claim id "{claim.id}" occurs {counts[claim.id]} times',
                fix=f"id: C{len(plan.claims) + 1}",
            )
        first.setdefault(claim.id, i)
        yield from _measured(plan, i)
        yield from _comparison(plan, i)
    if plan.claims and not any(claim.primary for claim in plan.claims):
        yield Problem(
            code="STUDY-021",
            path=("claims",),
            what="no claim is primary: the verdict on the study is the worst verdict of its primary claims",
            fix=f"{{id: {plan.claims[0].id}, primary: true, ...}}",
        )
    if plan.rules.test_openings == 0 and any(claim.on == "test" for claim in plan.claims):
        yield Problem(
            code="STUDY-024",
            path=("rules", "test_openings"),
            what="claims on the test set can never be decided if it may be opened 0 times",
            fix="test_openings: 1",
        )


def _measured(plan: Plan, i: int) -> Iterator[Problem]:
    claim, kind = plan.claims[i], plan.columns.outcome.kind
    if claim.measure not in MEASURES[kind]:
        near = NEAREST.get(kind, {}).get(claim.measure) or nearest(claim.measure, MEASURES[kind])
        yield Problem(
            code="STUDY-131",
            path=("claims", i, "measure"),
            what=f"claim {claim.id} is about the {claim.measure}, which a {kind} outcome does not have",
            found=listed(MEASURES[kind], most=20),
            near=near,
            fix=f"measure: {near or MEASURES[kind][0]}",
        )
    elif claim.on == "new_site" and claim.measure not in ELSEWHERE:
        own = next((name for name in MEASURES[kind] if name in ELSEWHERE), None)
        yield Problem(
            code="STUDY-084",
            path=("claims", i, "measure"),
            what=f"claim {claim.id} is about the {claim.measure} at a new site, which is not computed: it could never be decided",
            fix=f"{{id: {claim.id}, measure: {own}, on: new_site, ...}} or on: test" if own else "on: test",
        )


MEASURES = {
    "binary": ("auc", "calibration_slope", "calibration_intercept", "brier", "sensitivity", "specificity", "delta_auc"),
    "survival": (
        *("c_index", "c_index_uno", "auc_at", "brier_at", "ipa", "calibration_slope", "observed_expected"),
        *("sensitivity", "specificity", "delta_c_index"),
    ),
    "continuous": ("r2", "rmse", "mae", "calibration_slope", "calibration_intercept", "delta_r2"),
}
ELSEWHERE = ("auc", "c_index")
NEAREST = {
    "binary": {"c_index": "auc", "c_index_uno": "auc", "auc_at": "auc", "brier_at": "brier", "delta_c_index": "delta_auc"},
    "survival": {"auc": "auc_at", "brier": "brier_at", "delta_auc": "delta_c_index", "calibration_intercept": "observed_expected"},
    "continuous": {"auc": "r2", "c_index": "r2", "brier": "rmse", "delta_auc": "delta_r2"},
}
GAINS = ("delta_auc", "delta_c_index", "delta_r2")


def _comparison(plan: Plan, i: int) -> Iterator[Problem]:
    claim = plan.claims[i]
    if claim.measure in GAINS and claim.against is None:
        yield Problem(
            code="STUDY-022",
            path=("claims", i),
            what=f"claim {claim.id} is a gain and does not say against which model",
            found="models: clinical, volume, site, prevalence",
            fix="against: clinical",
        )
    if claim.measure not in GAINS and claim.against is not None:
        yield Problem(
            code="STUDY-022",
            path=("claims", i, "against"),
            what=f"claim {claim.id} compares with the {claim.against} model, which only {listed(GAINS)} do",
            fix=f"measure: {next(name for name in MEASURES[plan.columns.outcome.kind] if name in GAINS)}, or remove against",
        )
    needed = {"clinical": plan.columns.clinical, "volume": plan.columns.volume, "site": plan.site_column}
    if claim.against in needed and not needed[claim.against]:
        yield Problem(
            code="STUDY-022",
            path=("claims", i, "against"),
            what=f"claim {claim.id} compares with the {claim.against} model, but roles.{claim.against} is not stated",
            fix=f"roles.{claim.against}: <column>",
        )


RANGES = {
    "auc": (0.0, 1.0),
    "brier": (0.0, 1.0),
    "sensitivity": (0.0, 1.0),
    "specificity": (0.0, 1.0),
    "delta_auc": (-1.0, 1.0),
    "c_index": (0.0, 1.0),
    "c_index_uno": (0.0, 1.0),
    "auc_at": (0.0, 1.0),
    "brier_at": (0.0, float("inf")),
    "ipa": (float("-inf"), 1.0),
    "observed_expected": (0.0, float("inf")),
    "delta_c_index": (-1.0, 1.0),
    "r2": (float("-inf"), 1.0),
    "rmse": (0.0, float("inf")),
    "mae": (0.0, float("inf")),
}


def _claim_limits(plan: Plan) -> Iterator[Problem]:
    for i, claim in enumerate(plan.claims):
        limits = claim.limits
        if len(limits) != 1:
            yield Problem(
                code="STUDY-018",
                path=("claims", i),
                what=f"claim {claim.id} states {'no limit' if not limits else 'several limits: ' + ', '.join(limits)}",
                found="one of at_least, at_most, above, below, between",
                fix="at_least: 0.75" if not limits else "between: [0.8, 1.2]",
            )
        low, high = RANGES.get(claim.measure, (float("-inf"), float("inf")))
        for key, value in limits.items():
            numbers = value if isinstance(value, tuple) else (value,)
            outside = [number for number in numbers if not low <= number <= high]
            if outside:
                near = f"{outside[0] / 100:g}" if 1 < outside[0] <= 100 else None
                yield Problem(
                    code="STUDY-019",
                    path=("claims", i, key),
                    what=f"claim {claim.id}: {claim.measure} lies between {low:g} and {high:g}, not at {outside[0]:g}",
                    near=near,
                    fix=f"{key}: {near}" if near else None,
                )
            if len(numbers) == 2 and numbers[0] >= numbers[1]:
                yield Problem(
                    code="STUDY-019",
                    path=("claims", i, key),
                    what=f"claim {claim.id}: nothing lies between {numbers[0]:g} and {numbers[1]:g}",
                    fix=f"between: [{numbers[1]:g}, {numbers[0]:g}]",
                )


def _tracking(plan: Plan) -> Iterator[Problem]:
    store = plan.tracking.mlflow or ""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:////|file:|[A-Za-z]:[/\\]|[/\\~]", store):
        yield Problem(
            code="STUDY-029",
            path=("tracking", "mlflow"),
            what="the tracking store is an absolute path, and the study file goes into the dossier",
            fix="mlflow: sqlite:///mlruns/mlflow.db, or set MLFLOW_TRACKING_URI in the environment",
        )
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*@", store):
        yield Problem(
            code="STUDY-029",
            path=("tracking", "mlflow"),
            what="the tracking store is written with a user or password, and the study file goes into the dossier",
            fix="set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD in the environment instead",
        )
