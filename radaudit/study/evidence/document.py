"""The evidence as a whole: sections made from what the stages left behind, claims decided on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import radaudit
from radaudit.findings import Finding, ranked
from radaudit.signature import registration, signature_bytes
from radaudit.study.evidence.cohort import cohort
from radaudit.study.evidence.provenance import provenance
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
    signature: Mapping[str, Any]
    findings: tuple[Finding, ...]
    leaks: tuple[Finding, ...]
    post_hoc: bool = False
    openings: int = 0


def evidence(parts: Parts) -> dict[str, Any]:
    """Return the evidence: plain JSON, the same in every run of the same study on the same data."""
    plan, performed = parts.plan, None if parts.evaluated is None else parts.evaluated["performance"]
    transport = transported(parts.trained, parts.evaluated, plan)
    everything = ranked([*parts.findings, *parts.leaks])
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
        "study": {
            "name": plan.study,
            "title": plan.title or plan.study,
            "question": plan.question or "",
            "plan_sha256": plan.digest,
            "file": parts.study_file,
            "seed": plan.seed,
        },
        "signature": _signature(parts),
        **decided,
        "findings": numbered(everything),
        "cohort": cohort(parts.intake, parts.split, parts.checked["sites"]),
        "features": _features(parts),
        "harmonisation": parts.trained["harmonisation"],
        "leaks": {"checks": [_leak(finding) for finding in parts.leaks], "optimism": development["optimism"]},
        "performance": performed,
        "development": _development(development),
        "transport": transport,
        "provenance": provenance([s.document() for s in parts.intake.sources], _digests(parts), plan.digest, radaudit.__version__, SCHEMA),
    }
    if parts.trained["harmonisation"] is None:
        made["harmonisation_reason"] = "the study does not harmonise (harmonise.method: none)"
    if performed is None:
        made["performance_reason"] = SEALED
    return made


def transported(trained: Mapping[str, Any], evaluated: Mapping[str, Any] | None, plan: Plan) -> dict[str, Any]:
    """Return section 8: leave-one-site-out from training, the test set by site once it was opened, and the claimed limit."""
    limit = next((c.limit for c in plan.claimed() if c.measure == "auc" and c.on == "new_site"), None)
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
    }


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


def _development(found: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "text",
        "auc",
        "auc_folds",
        "slope",
        "brier",
        "repeats",
        "inner_best",
        "outer",
        "gap",
        "baselines",
        "stability",
        "configurations",
    )
    return {name: found[name] for name in names}


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
