"""The evidence as a whole: sections made from what the stages left behind, claims decided on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import radaudit
from radaudit.checklists import against_standards
from radaudit.findings import Finding, ranked
from radaudit.signature import registration, signature_bytes
from radaudit.study.evidence.cohort import cohort
from radaudit.study.evidence.provenance import provenance
from radaudit.study.evidence.sample_size import sample_size
from radaudit.study.evidence.verdict import SEALED, verdict

if TYPE_CHECKING:
    from radaudit.splits import Split
    from radaudit.study.plan import Plan
    from radaudit.tables.intake import Intake

SCHEMA = "radaudit/evidence/1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """What the stages left: JSON of check, run and (once the holdout was opened) evaluate, and the locked signature."""

    plan: Plan
    study_file: str
    intake: Intake
    split: Split
    checked: Mapping[str, Any]
    trained: Mapping[str, Any]
    evaluated: Mapping[str, Any] | None
    choices: Mapping[str, Any] | None
    signature: Mapping[str, Any]
    findings: tuple[Finding, ...]
    leaks: tuple[Finding, ...]
    post_hoc: bool = False
    openings: int = 0


def evidence(parts: Parts) -> dict[str, Any]:
    """Return the evidence: plain JSON, the same in every run of the same study on the same data."""
    plan, performed = parts.plan, None if parts.evaluated is None else parts.evaluated["performance"]
    transport = transported(parts.trained, parts.evaluated, plan)
    chosen = sum(item["kind"] == "feature" for item in parts.signature["inputs"])
    size, size_reason, about_size = sample_size(plan, parts.intake.table, parts.split, chosen)
    everything = ranked([*parts.findings, *about_size, *parts.leaks])
    decided = verdict(
        plan.claimed(),
        performed,
        transport,
        everything,
        post_hoc=parts.post_hoc,
        sites=len(set(parts.intake.table.sites)),
        openings=(parts.openings, plan.rules.test_openings),
    )
    development = parts.trained["development"]
    made: dict[str, Any] = {
        "schema": SCHEMA,
        "radaudit": radaudit.__version__,
        "study": study(plan, parts.study_file),
        "signature": _signature(parts),
        **decided,
        "findings": numbered(everything),
        "cohort": cohort(parts.intake, parts.split, parts.checked["sites"]) | {"sample_size": size, "sample_size_reason": size_reason},
        "features": _features(parts),
        "harmonisation": parts.trained["harmonisation"],
        "leaks": {
            "checks": [_leak(finding) for finding in parts.leaks],
            "optimism": development["optimism"],
            "measure": development["measure"],
        },
        "outcome": outcome(plan),
        "performance": performed,
        "development": _development(development),
        "transport": transport,
        "choices": None if parts.choices is None else {name: parts.choices[name] for name in ("splits", "pipelines")},
        **reported(plan),
        "provenance": provenance([s.document() for s in parts.intake.sources], _digests(parts), plan.digest, radaudit.__version__, SCHEMA),
    }
    if parts.trained["harmonisation"] is None:
        made["harmonisation_reason"] = "the study does not harmonise (harmonise.method: none)"
    if parts.choices is None:
        made["choices_reason"] = "radaudit multiverse was not run after the test set was opened"
    if performed is None:
        made["performance_reason"] = SEALED
    return made | against_standards(made)


def study(plan: Plan, file: str) -> dict[str, Any]:
    """Return what identifies the study and its plan; ``file`` is study.yaml as it is."""
    return {
        "name": plan.study,
        "title": plan.title or plan.study,
        "question": plan.question or "",
        "plan_sha256": plan.digest,
        "file": file,
        "seed": plan.seed,
        "test_by": plan.split.test.by,
    }


def reported(plan: Plan) -> dict[str, Any]:
    """Return the reporting form as stated, or why there is none."""
    if plan.reporting is None:
        return {"reporting": None, "reporting_reason": "study.yaml has no reporting section"}
    return {"reporting": plan.reporting.document()}


def transported(trained: Mapping[str, Any], evaluated: Mapping[str, Any] | None, plan: Plan) -> dict[str, Any]:
    """Return section 8: leave-one-site-out from training, the test set by site once it was opened, and the claimed limit."""
    limit = next((c.limit for c in plan.claimed() if c.on == "new_site"), None)
    found = {**trained["transport"], "limit": limit, "holdout": None if evaluated is None else evaluated["by_site"]}
    if evaluated is None:
        found["holdout_reason"] = SEALED
    return found


def numbered(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings with an id each: the code, or CODE.2 for the second of one code."""
    seen: Counter[str] = Counter()
    made = []
    for finding in findings:
        seen[finding.code] += 1
        n = seen[finding.code]
        made.append({"id": finding.code if n == 1 else f"{finding.code}.{n}", **finding.public()})
    return made


def _leak(finding: Finding) -> dict[str, Any]:
    question = str(finding.facts.get("question") or finding.title)
    number = finding.facts.get("number")
    return {"code": finding.code, "question": question, "verdict": str(finding.verdict), "number": number, "sentence": finding.sentence}


def _signature(parts: Parts) -> dict[str, Any]:
    document = parts.signature
    steps = {step["op"]: step for step in document["steps"]}
    names = [item["name"] for item in document["inputs"] if item["kind"] == "feature"]
    family = {identity.name: identity for identity in parts.intake.dictionary}
    standard, linear = steps["standardise"], steps["linear"]
    raw = [c / sd for c, sd in zip(linear["coef"], standard["sd"], strict=True)]
    shift = sum(r * mean for r, mean in zip(raw, standard["mean"], strict=True))
    return {
        "name": document["name"],
        "version": document["version"],
        "sha256": document["sha256"],
        "bytes": len(signature_bytes(document)),
        "features": names,
        "registration": registration(document),
        "threshold": {"value": document["threshold"]["value"], "rule": document["threshold"]["chosen"]},
        "coefficients": [
            {"feature": name, "family": family[name].family, "ibsi": family[name].ibsi, "raw": r, "standardised": c}
            for name, r, c in zip(names, raw, linear["coef"], strict=True)
        ],
        "intercept": linear["intercept"] - shift,
        "link": _link(document["steps"][-1]),
        "inputs": document["inputs"],
        "harmonisation": "ComBat, frozen, row by row, before the formula" if "combat" in steps else "none",
        "test_vectors": len(document["test_vectors"]),
    }


def _features(parts: Parts) -> dict[str, Any]:
    chosen = {item["name"] for item in parts.signature["inputs"]}
    families = Counter(identity.family or "other" for identity in parts.intake.dictionary)
    extractors = sorted({identity.extractor for identity in parts.intake.dictionary if identity.extractor})
    settings = [{"site": str(row["site"]), "text": str(row["settings"] or "not stated in the table")} for row in parts.checked["sites"]]
    return {
        "extractor": ", ".join(extractors) or "not recognised",
        "settings": settings,
        "dictionary": dictionary(parts.intake, chosen),
        "families": [{"family": name, "features": n} for name, n in sorted(families.items())],
        **_reliability(parts),
    }


def _reliability(parts: Parts) -> dict[str, Any]:
    found = next((finding for finding in parts.intake.findings if finding.code == "FEAT-183"), None)
    if found is None:
        return {"reliability": None, "reliability_reason": "no register of repeatability is named (features.reproducibility)"}
    return {"reliability": dict(found.facts)}


def dictionary(intake: Intake, chosen: Set[str]) -> list[dict[str, Any]]:
    """Return one entry per feature: what it is, how much of it is missing, and whether it is among the ``chosen``."""
    import numpy as np

    table = intake.table
    missing = dict(zip(table.features, np.isnan(table.values).mean(axis=0).tolist(), strict=True))
    return [
        {
            "name": identity.name,
            "family": identity.family,
            "filter": identity.filter,
            "ibsi": identity.ibsi,
            "missing_share": missing.get(identity.name, 0.0),
            "selected": identity.name in chosen,
        }
        for identity in intake.dictionary
    ]


def _link(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return the last step: how the score becomes a prediction."""
    if step["op"] != "cox":
        return {"op": step["op"]}
    return {"op": "cox", "horizon": step["horizon"], "cumulative_hazard": step["cumulative_hazard"][-1]}


def outcome(plan: Plan) -> dict[str, Any]:
    """Return what the outcome is: its kind and columns, and the measures it is judged by."""
    from radaudit.study.ends import end_of

    end = end_of(plan.columns.outcome.kind)
    stated = plan.columns.outcome.model_dump(mode="json", exclude_none=True)
    return {**stated, "discrimination": end.discrimination, "error": end.error, "level": end.level, "chance": end.chance}


def _development(found: Mapping[str, Any]) -> dict[str, Any]:
    measure = found["measure"]
    names = (
        "text",
        "measure",
        measure,
        f"{measure}_folds",
        "slope",
        "repeats",
        "inner_best",
        "outer",
        "gap",
        "baselines",
        "stability",
        "configurations",
    )
    error = next(name for name in ("brier", "brier_at", "rmse") if name in found)
    return {name: found[name] for name in (*names, error)}


def _digests(parts: Parts) -> dict[str, str]:
    from radaudit.digests import digest

    harmonised = parts.trained["harmonisation"]
    return {
        "pool": parts.intake.table.digest,
        "check": digest(parts.checked),
        "split": str(parts.trained["training"]["digest"]),
        "harmonise": "" if harmonised is None else digest(harmonised),
        "fit": str(parts.trained["pipeline_sha256"]),
        "lock": str(parts.signature["sha256"]),
        "test": "" if parts.evaluated is None else digest(parts.evaluated),
    }
