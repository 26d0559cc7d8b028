"""The evidence of an audit: the sections that can be made from what was sent, the claims decided on them, and no signature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import radaudit
from radaudit.findings import Finding, ranked
from radaudit.study.audit.parts import Sent
from radaudit.study.evidence.cohort import cohort
from radaudit.study.evidence.document import SCHEMA, dictionary, numbered, outcome, study
from radaudit.study.evidence.performance import performance
from radaudit.study.evidence.provenance import provenance
from radaudit.study.evidence.verdict import verdict

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.leaks.counterfactual.change import Change
    from radaudit.study.plan import Plan
    from radaudit.tables.intake import Intake

NOT_SENT = "no signature was sent: a claim was audited, not a model"
RULE = "2. When the claim was stated, and how often the test set was looked at, a third party cannot show: registration not shown."


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What the audit found: data checks, leaks, figures and sizes, and the per-site table of the check."""

    plan: Plan
    study_file: str
    intake: Intake
    sent: Sent
    sites: Sequence[Mapping[str, Any]]
    data: tuple[Finding, ...]
    leaks: tuple[Finding, ...]
    figures: tuple[Finding, ...]
    changes: tuple[Change, ...]


def evidence(found: Audited) -> dict[str, Any]:
    """Return the evidence: plain JSON, the same whenever the same files are audited with the same answers."""
    plan = found.plan
    performed, reason = _performance(found)
    transport = _transport(found)
    everything = ranked([*found.data, *found.leaks, *found.figures])
    decided = verdict(
        plan.claimed(), performed, transport, everything, post_hoc=False, sites=len(set(found.intake.table.sites) - {""}), openings=(0, 0)
    )
    decided["verdict"]["registration"] = "not shown"
    decided["decision_rule"] = [RULE if line.startswith("2.") else line for line in decided["decision_rule"]]
    decided["tiles"] = [*decided["tiles"][:3], {"value": "–", "label": "test-set openings: not shown by a third party"}]
    if not plan.claims:
        decided["verdict"]["sentence"] = "No requirement is stated: the figures were checked, and there is nothing to decide."
    made: dict[str, Any] = {
        "schema": SCHEMA,
        "radaudit": radaudit.__version__,
        "study": {**study(plan, found.study_file), "question": _question(plan)},
        "signature": None,
        "signature_reason": NOT_SENT,
        **decided,
        "findings": numbered(everything),
        "cohort": cohort(found.intake, found.sent.split, [dict(row) for row in found.sites]),
        "features": _features(found),
        "harmonisation": None,
        "harmonisation_reason": "an audit harmonises nothing; whether the claim did is asked in section 6",
        "leaks": {
            "checks": [_leak(finding) for finding in found.leaks],
            "optimism": None,
            "optimism_reason": "needs the pipeline, which was not sent",
            "changes": [change.document() for change in found.changes],
        },
        "outcome": outcome(plan),
        "performance": performed,
        "development": None,
        "development_reason": "how the model was developed was not sent",
        "transport": transport,
        **dict.fromkeys(("choices", "reporting", "checklists", "ladder")),
        "choices_reason": "needs the pipeline, which was not sent",
        "reporting_reason": "nobody who conducted the study filled the form",
        "checklists_reason": "checklists ask how a study was conducted; an audit of a claim sees what was sent",
        "ladder_reason": "levels of evidence are those of a study with a record",
        "provenance": _provenance(found),
    }
    return made if performed is not None else {**made, "performance_reason": reason}


def _question(plan: Plan) -> str:
    said = plan.received.said if plan.received is not None else None
    return said or "Is the claim true?"


def _performance(found: Audited) -> tuple[dict[str, Any] | None, str]:
    import numpy as np

    sent, table = found.sent, found.intake.table
    if sent.risk is None:
        return None, "no predictions were sent"
    rows = sent.holdout & ~np.isnan(sent.risk) & ~np.isnan(table.outcome)
    if not rows.any():
        return None, "no test row has a prediction"
    people = tuple(table.patients[i] for i in np.flatnonzero(rows))
    received = found.plan.received
    threshold = None if received is None else received.threshold
    made = performance(table.outcome[rows], sent.risk[rows], people, threshold, {}, found.plan.rng, probabilities=sent.probabilities)
    figures = _claimed(found, table.outcome[rows], sent.risk[rows])
    return {**made, "threshold_kind": "claimed", "claimed": figures, "comparisons_reason": "no other model's predictions were sent"}, ""


def _claimed(found: Audited, outcome: Floats, risk: Floats) -> list[dict[str, Any]]:
    """Return every claimed figure beside what the predictions give."""
    from radaudit.leaks.numbers.replay import replay
    from radaudit.study.audit.told import figure_of

    received = found.plan.received
    rows = []
    for measure, text in (received.figures if received is not None else {}).items():
        one = replay(figure_of(measure, text), outcome, risk, received.threshold if received is not None else None)
        told = {"measure": measure, "stated": text, "recomputed": one.value, "agreement": one.agreement}
        rows.append(told if one.value is not None else {**told, "agreement": f"needs {one.needs}"})
    return rows


def _transport(found: Audited) -> dict[str, Any]:
    import numpy as np

    sent, table = found.sent, found.intake.table
    why = "needs the pipeline, fitted again without each site"
    made: dict[str, Any] = {
        "rows": [],
        "rows_reason": why,
        "reason": why,
        "unharmonised": [],
        "unharmonised_reason": why,
        "pooled": None,
        "prediction": None,
    }
    made |= {"tau2": None, "i2": None, "limit": None, "holdout": None}
    if sent.risk is None or len(set(table.sites)) < 2:
        return made | {"holdout_reason": "needs predictions and sites"}
    rows = np.flatnonzero(sent.holdout & ~np.isnan(sent.risk) & ~np.isnan(table.outcome))
    if not len(rows):
        return made | {"holdout_reason": "no test row has a prediction"}
    labels, people = [table.sites[i] for i in rows], [table.patients[i] for i in rows]
    return made | {"holdout": _by_site(table.outcome[rows], sent.risk[rows], labels, people, probabilities=sent.probabilities)}


def _by_site(outcome: Floats, risk: Floats, sites: Sequence[str], patients: Sequence[str], *, probabilities: bool) -> list[dict[str, Any]]:
    """Return the AUC of the predictions and, of ``probabilities``, their calibration in the large, in each site of the test set."""
    import numpy as np

    from radaudit.measures.calibration import calibration_in_the_large
    from radaudit.measures.discrimination import auc_estimate
    from radaudit.measures.estimate import unknown

    labels, people = np.array(sites), np.array(patients)
    rows = []
    for site in sorted(set(sites)):
        at = labels == site
        own = people[at].tolist()
        level = calibration_in_the_large(outcome[at], risk[at], patients=own) if probabilities else unknown("scores, not probabilities")
        rows.append(
            {
                "site": site,
                "patients": len(set(own)),
                "events": len({p for p, y in zip(own, outcome[at].tolist(), strict=True) if y == 1.0}),
                "auc": auc_estimate(outcome[at], risk[at], patients=own).document(),
                "citl": level.document(),
            }
        )
    return rows


def _features(found: Audited) -> dict[str, Any]:
    received = found.plan.received
    chosen = set(received.selected) if received is not None else set()
    families = Counter(identity.family or "other" for identity in found.intake.dictionary)
    extractors = sorted({identity.extractor for identity in found.intake.dictionary if identity.extractor})
    return {
        "extractor": ", ".join(extractors) or "not recognised",
        "settings": [{"site": str(row["site"]), "text": str(row["settings"] or "not stated in the table")} for row in found.sites],
        "dictionary": dictionary(found.intake, chosen),
        "families": [{"family": name, "features": n} for name, n in sorted(families.items())],
    }


def _leak(finding: Finding) -> dict[str, Any]:
    """Return one row of the table of section 6: question, state in its own words, number and size."""
    facts = finding.facts
    return {
        "code": finding.code,
        "question": str(facts.get("question") or finding.title),
        "verdict": str(finding.verdict),
        "state": str(facts.get("state") or ""),
        "number": facts.get("number"),
        "sentence": finding.sentence,
        "size": str(facts.get("size") or ""),
    }


def _provenance(found: Audited) -> dict[str, Any]:
    from radaudit.digests import digest

    sent, intake = found.sent, found.intake
    parts = {"training": sorted(sent.split.training), "holdout": sorted(sent.split.holdout)}
    digests = {"pool": intake.table.digest, "check": digest([dict(row) for row in found.sites]), "split": digest(parts)}
    return provenance([source.document() for source in intake.sources], digests, found.plan.digest, radaudit.__version__, SCHEMA)
