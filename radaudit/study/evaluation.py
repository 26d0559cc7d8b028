"""The holdout, opened: every row scored by the locked signature alone, then measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.codes import answer
from radaudit.errors import DesignError, listed
from radaudit.findings import Fact, Finding, Verdict
from radaudit.harmonise.combat import adapt
from radaudit.harmonise.effects import SiteEffects
from radaudit.harmonise.moments import measure
from radaudit.signature import Scorer
from radaudit.study.baselines import fit_baselines
from radaudit.study.evidence.continuous import continuous_performance
from radaudit.study.evidence.performance import performance
from radaudit.study.evidence.survival import survival_performance
from radaudit.study.evidence.transport import by_site
from radaudit.study.frame import Frame, frame_of
from radaudit.tables import FeatureTable

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.study.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """The JSON of the stage, its findings, and the risks (n,) of the holdout rows (NaN: refused), which stay on this machine."""

    document: dict[str, Any]
    findings: tuple[Finding, ...]
    risks: Floats


def scoring_rows(table: FeatureTable) -> list[dict[str, str | float | None]]:
    """Return each row as a scorer takes it: features as numbers, everything else as text."""
    names = list(table.features)
    rows: list[dict[str, str | float | None]] = []
    for i in range(len(table)):
        row: dict[str, str | float | None] = {name: column[i] for name, column in table.facts.items()}
        if table.roles.site:
            row[table.roles.site] = table.sites[i]
        row.update({name: None if np.isnan(value) else value for name, value in zip(names, table.values[i].tolist(), strict=True)})
        rows.append(row)
    return rows


def evaluate(
    plan: Plan, signature: Mapping[str, Any], holdout: FeatureTable, training: FeatureTable, effects: SiteEffects | None = None
) -> Evaluation:
    """Return what the locked signature does on the holdout; comparators are fitted on ``training``, never on the holdout.

    Rows whose batch the signature does not know follow ``harmonise.unseen.evaluation``; ``adapt`` needs the ``effects`` of the fit.
    Raises DesignError (PERF-080) if no row can be scored.
    """
    document = _with_policy(signature, plan.harmonise.unseen.evaluation, holdout, effects)
    scored = Scorer(document).score(scoring_rows(holdout))
    risks = np.array([np.nan if one.risk is None else one.risk for one in scored])
    refused = Counter(one.code for one in scored if one.risk is None)
    flagged = Counter(code for one in scored if one.risk is not None for code in one.codes)
    known = ~np.isnan(risks)
    if not known.any():
        raise DesignError(
            "PERF-080",
            "no row of the test set can be scored",
            found=", ".join(f"{code} x{n}" for code, n in sorted(refused.items())),
            fix="see radaudit explain for these codes; the opening is recorded",
        )
    rows = holdout.take(holdout.where(known.tolist()))
    risk = risks[known]
    others = {
        baseline.name: values[known]
        for baseline in fit_baselines(training)
        if baseline.model is not None and not np.isnan(values := baseline.risk(holdout)).any()
    }
    frame = frame_of(rows)
    found = _performance(frame, risk, signature, others, plan)
    return Evaluation(
        document={
            "signature_sha256": signature["sha256"],
            "plan_sha256": plan.digest,
            "rows": {"holdout": len(holdout), "scored": int(known.sum()), "refused": dict(refused), "flagged": dict(flagged)},
            "performance": found,
            "by_site": by_site(frame, risk),
        },
        findings=(*_findings(len(holdout), refused, flagged, found), *_unseen(signature, plan.harmonise.unseen.evaluation, holdout)),
        risks=risks,
    )


def _performance(frame: Frame, risk: Floats, signature: Mapping[str, Any], others: Mapping[str, Floats], plan: Plan) -> dict[str, Any]:
    """Return section 7 by kind of outcome."""
    threshold = float(signature["threshold"]["value"])
    if frame.kind == "survival":
        found = survival_performance(frame, risk, threshold, others, signature["steps"][-1], plan.rng)
        return {**found, "time": plan.columns.outcome.time}
    if frame.kind == "continuous":
        return continuous_performance(frame, risk, others, plan.rng)
    return performance(frame.outcome, risk, tuple(frame.patients.tolist()), threshold, others, plan.rng)


POLICIES = {
    "refuse": "they were refused",
    "adapt": "their effect was estimated from their own features, without outcomes (transductive)",
    "reference": "they were taken for the reference batch",
    "pass": "they were scored as they are, unharmonised",
}


def _unseen(signature: Mapping[str, Any], policy: str, holdout: FeatureTable) -> tuple[Finding, ...]:
    """Return SCORE-082: how many rows are of batches the fit does not know, and what became of them."""
    batch = signature["batch"]
    if batch is None:
        return ()
    strange = [label for label in holdout.batches if label not in batch["known"]]
    names = sorted(set(strange))
    sentence = "Every row of the test set is of a batch that harmonisation was fitted on."
    if strange:
        sentence = f"{len(strange)} of {len(holdout)} rows of the test set are of batches the fit does not know ({listed(names)}): "
        sentence += f"{POLICIES[policy]}."
    facts: dict[str, Fact] = {"rows": len(strange), "batches": tuple(names), "policy": policy}
    return (answer("SCORE-082", Verdict.FAILED if strange else Verdict.PASSED, sentence, facts=facts),)


def _with_policy(signature: Mapping[str, Any], policy: str, holdout: FeatureTable, effects: SiteEffects | None) -> dict[str, Any]:
    """Return the signature document with the evaluation's policy for unseen batches in place of the one for scoring."""
    batch = signature["batch"]
    if batch is None or policy == batch["unseen"]:
        return dict(signature)
    if policy == "adapt":
        return dict(signature) if effects is None else adapted(signature, holdout, effects)
    return {**signature, "batch": {**batch, "unseen": policy}}


def adapted(signature: Mapping[str, Any], holdout: FeatureTable, effects: SiteEffects) -> dict[str, Any]:
    """Return the signature with the holdout's unseen batches added, estimated from their features alone (transductive).

    Raises DesignError SIZE-001 for a batch of one row.
    """
    batch = signature["batch"]
    strange = [label not in batch["known"] for label in holdout.batches]
    if not any(strange):
        return dict(signature)
    rows = holdout.take(holdout.where(strange))
    at = [rows.features.index(name) for name in effects.features]
    covariates = rows.covariates(effects.coding.names)
    more = adapt(effects, measure(rows.values[:, at], rows.batches, covariates, features=effects.features))
    names = [item["name"] for item in signature["inputs"] if item["kind"] == "feature"]
    narrow = more.only(names)
    added = {
        label: {"gamma": narrow.gamma[k].tolist(), "delta": narrow.delta[k].tolist(), "n": int(narrow.counts[k])}
        for k, label in enumerate(narrow.batches)
        if label not in batch["known"]
    }
    steps = [{**step, "sites": {**step["sites"], **added}} if step["op"] == "combat" else step for step in signature["steps"]]
    return {**signature, "steps": steps, "batch": {**batch, "known": sorted({*batch["known"], *added}), "unseen": "refuse"}}


def _findings(rows: int, refused: Counter[str], flagged: Counter[str], found: Mapping[str, Any]) -> tuple[Finding, ...]:
    total = sum(refused.values())
    listing = ", ".join(f"{code} x{n}" for code, n in sorted(refused.items()))
    made = [
        answer(
            "SCORE-080",
            Verdict.FAILED if total else Verdict.PASSED,
            f"{total} of {rows} rows of the test set were refused by the signature ({listing}) and are in no measure."
            if total
            else f"All {rows} rows of the test set were scored.",
            facts={"rows": rows, "refused": dict(refused)},
        )
    ]
    outside = flagged.get("SCORE-006", 0)
    made.append(
        answer(
            "SCORE-081",
            Verdict.FAILED if outside else Verdict.PASSED,
            f"{outside} of {rows} rows of the test set have a feature outside its training range."
            if outside
            else "Every feature of the test set lies within its training range.",
            facts={"rows": rows, "outside": outside},
        )
    )
    p = (found.get("permutation") or {}).get("p")
    if p is not None:
        measure = found.get("measure", "auc")
        name = {"auc": "AUC", "c_index": "C-index"}[measure]
        made.append(
            answer(
                "PERF-081",
                Verdict.PASSED if p <= 0.05 else Verdict.FAILED,
                f"The {name} of {found[measure]['value']:.2f} is "
                + (
                    f"unlikely by chance (permutation p = {p:.3g})."
                    if p <= 0.05
                    else f"within what chance gives (permutation p = {p:.2f})."
                ),
                facts={"p": p, measure: found[measure]["value"]},
            )
        )
    return tuple(made)
