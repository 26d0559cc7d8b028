"""Everything that is fitted, on training rows only: the pipeline, its resampled performance, the judgement on harmonisation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from radaudit.codes import answer
from radaudit.digests import digest
from radaudit.findings import Finding
from radaudit.ledger import Exposure, Step
from radaudit.signature import Columns, Grouping, Purpose, Training, lock
from radaudit.study.development import Development, develop
from radaudit.study.evidence.harmonisation import harmonisation
from radaudit.study.evidence.transport import left_out
from radaudit.study.frame import Frame, training_frame
from radaudit.study.harmonisation_verdict import harm
from radaudit.study.pipeline import FittedPipeline, fit_pipeline
from radaudit.tables import FeatureTable, Rows

if TYPE_CHECKING:
    from radaudit.harmonise.crosscheck import CrossCheck
    from radaudit.study.plan import Plan
    from radaudit.tables.names import FeatureIdentity

CANDIDATE_VERSION = "0.0.0"
CrossChecked = Callable[[Any, Sequence[str], Any, Sequence[str]], "CrossCheck"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """What training made: the candidate signature, the JSON of the stage, the steps with what each saw, and findings."""

    candidate: dict[str, Any]
    document: dict[str, Any]
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    pipeline: FittedPipeline
    development: Development


def train(
    plan: Plan,
    table: FeatureTable,
    rows: Rows,
    dictionary: Sequence[FeatureIdentity],
    *,
    cross: CrossChecked | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Fit and judge on ``table``, which holds the training rows only; ``rows`` are those rows of the whole table, for the record.

    ``cross`` compares our harmoniser with the published package. Raises DesignError for designs and tables that allow no fit.
    """
    pipeline_plan, development_plan = plan.pipeline(), plan.development()
    frame = training_frame(table, pipeline_plan.preserve)
    progress("fitting the signature")
    pipeline = fit_pipeline(table, pipeline_plan, plan.rng("fit"))
    progress("nested resampling")
    development = develop(table, development_plan, pipeline_plan, plan.rng)
    progress("judging harmonisation")
    check = _crosschecked(frame, pipeline, cross)
    merged = {new: list(old) for new, old in plan.harmonise.merge.items()}
    section = harmonisation(frame, pipeline.effects, plan.harmoniser(), merged, check, plan.rng)
    candidate = candidate_signature(plan, table, frame, pipeline, dictionary)
    document = {
        "plan_sha256": plan.digest,
        "training": {"digest": table.digest, "rows": len(table), "patients": len(set(table.patients))},
        "pipeline_sha256": pipeline.digest,
        "signature_body_sha256": digest({k: v for k, v in candidate.items() if k not in ("name", "version", "sha256")}),
        "tuning": dict(pipeline.tuning),
        "development": development.document() | {"text": _text(plan, development)},
        "transport": left_out(development),
        "harmonisation": section,
    }
    return Trained(
        candidate=candidate,
        document=document,
        steps=_steps(plan, rows, pipeline, development, check),
        findings=(*(() if check is None else (_agreement(check),)), *_judged(section)),
        pipeline=pipeline,
        development=development,
    )


def _crosschecked(frame: Frame, pipeline: FittedPipeline, cross: CrossChecked | None) -> CrossCheck | None:
    if pipeline.effects is None or cross is None:
        return None
    names = pipeline.effects.features
    return cross(frame.x[:, frame.columns(names)], frame.batches.astype(str).tolist(), frame.preserved(), names)


def _judged(section: Mapping[str, Any] | None) -> tuple[Finding, ...]:
    return () if section is None else (harm(str(section["verdict"]), str(section["verdict_reasons"][0])),)


def _agreement(check: CrossCheck) -> Finding:
    return answer("HARM-080", check.verdict, check.sentence, facts={**check.document(), "needs": "the neuroCombat package"})


def candidate_signature(
    plan: Plan, table: FeatureTable, frame: Frame, pipeline: FittedPipeline, dictionary: Sequence[FeatureIdentity]
) -> dict[str, Any]:
    """Return the signature as it would be locked now, under the study's name and version 0.0.0."""
    roles = table.roles
    outcome = roles.outcome
    columns = roles.batch or ((roles.site,) if roles.site else ())
    people = dict(zip(table.patients, table.outcome.tolist(), strict=True))
    return lock(
        pipeline,
        name=plan.study,
        version=CANDIDATE_VERSION,
        endpoint={} if outcome is None else outcome.document(),
        plan_sha256=plan.digest,
        training=Training(
            digest=table.digest,
            patients=len(people),
            rows=len(table),
            events=sum(value == 1.0 for value in people.values()) if outcome and outcome.kind != "continuous" else 0,
        ),
        threshold_rule=_rule(plan),
        columns=Columns(subject=roles.patient, site=roles.site),
        grouping=Grouping(
            columns=tuple(columns),
            merge={new: tuple(old) for new, old in plan.harmonise.merge.items()},
            unseen=plan.harmonise.unseen.scoring,
            keep=plan.harmonise.keep,
        )
        if columns
        else None,
        covariate_ranges=_ranges(frame, pipeline),
        identities={identity.name: identity for identity in dictionary},
        purpose=Purpose(
            intended_use=plan.question or plan.title or "",
            limits=(
                f"built on {len(people)} patients of {len(set(table.sites))} site(s): {', '.join(sorted(set(table.sites)))}",
                "no patient may be scored whose features come from other extraction settings",
            ),
        ),
    )


def _rule(plan: Plan) -> str:
    """Return how the threshold was chosen; groups of a continuous outcome part at the median prediction unless the plan says where."""
    if plan.columns.outcome.kind == "continuous" and plan.threshold.rule == "youden":
        return "median prediction in training"
    return plan.threshold.rule


def _ranges(frame: Frame, pipeline: FittedPipeline) -> dict[str, tuple[float, float]]:
    """Return the training range of every preserved covariate that is a number."""
    if pipeline.effects is None:
        return {}
    found = {}
    for name, kind in zip(pipeline.effects.coding.names, pipeline.effects.coding.kinds, strict=True):
        if kind == "number":
            values = [float(value) for value in frame.preserved()[name]]
            found[name] = (min(values), max(values))
    return found


def _text(plan: Plan, development: Development) -> str:
    facts = development.facts
    outer = "leave-one-site-out" if facts["outer"] == "leave-one-site-out" else f"{facts.get('repeats')} times {facts.get('folds')} folds"
    inner = plan.split.development.inner
    return f"Nested resampling of the training rows: {outer}, tuned by {inner} inner folds; every step learned again in every fold."


def _steps(plan: Plan, rows: Rows, pipeline: FittedPipeline, development: Development, check: CrossCheck | None) -> tuple[Step, ...]:
    used = {"plan": plan.digest}
    made = {"pipeline": pipeline.digest}
    steps = [
        Step(name=name, used=used, made=made, saw=Exposure(rows=rows, roles=roles), facts=_facts(name, pipeline))
        for name, roles in pipeline.steps
    ]
    everything = ("features", "outcome", "site", "batch", "covariates", "patient")
    steps.append(
        Step(
            name="resample",
            used=used,
            saw=Exposure(rows=rows, roles=everything),
            facts={"fits": development.facts["fits"], "outer": development.facts["outer"]},
        )
    )
    if check is not None:
        steps.append(
            Step(name="crosscheck", saw=Exposure(rows=rows, roles=("features", "batch", "covariates")), facts=dict(check.document()))
        )
    return tuple(steps)


def _facts(name: str, pipeline: FittedPipeline) -> Mapping[str, Any]:
    if name == "harmonise.fit" and pipeline.effects is not None:
        return {"batches": list(pipeline.effects.batches), "features": len(pipeline.effects.features)}
    if name == "select.fit":
        return {"selected": list(pipeline.features)}
    if name == "threshold.fit":
        return {"threshold": pipeline.threshold, "rule": pipeline.plan.threshold.rule}
    return {}
