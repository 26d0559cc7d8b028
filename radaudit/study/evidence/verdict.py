"""Section 1, the verdict: claims decided on the evidence, their reasons, four tiles, coverage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from radaudit.claims import DECISION_RULE, Claim, coverage, decide, overall
from radaudit.claims.decide import Observed
from radaudit.dossier.view.catalogue import evidence_figures
from radaudit.findings import Finding

SEALED = "the test set is still sealed"


def verdict(
    claims: Sequence[Claim],
    performance: Mapping[str, Any] | None,
    transport: Mapping[str, Any] | None,
    findings: Sequence[Finding],
    *,
    post_hoc: bool,
    sites: int,
    openings: tuple[int, int],
) -> dict[str, Any]:
    """Return the members verdict, claims, decision_rule, tiles and coverage of the evidence."""
    pairs = [(claim, observed(claim, performance, transport)) for claim in claims]
    decisions = [decide(claim, as_observed(estimate), findings, post_hoc=post_hoc) for claim, estimate in pairs]
    worst = overall(decisions)
    found = coverage(findings)
    return {
        "verdict": {
            "overall": str(worst.answer) if worst else "cannot be determined",
            "claim": worst.claim.id if worst else None,
            "sentence": worst.sentence if worst else "The study states no claim, so there is nothing to decide.",
            "post_hoc": post_hoc,
        },
        "claims": [
            {
                "id": d.claim.id,
                "text": d.claim.sentence,
                "label": d.claim.label,
                "primary": d.claim.primary,
                "measure": d.claim.measure,
                "on": d.claim.on,
                "required_text": d.claim.required,
                "limit": d.claim.limit,
                "lowest": _finite(d.claim.lowest),
                "highest": _finite(d.claim.highest),
                "strict": d.claim.strict,
                "observed": estimate,
                "verdict": str(d.answer),
                "step": d.step,
                "post_hoc": d.post_hoc,
                "sentence": d.sentence,
                "reasons": [{"sentence": text, "finding": code or None, "anchor": _anchor(d.claim, code)} for text, code in d.reasons],
                "evidence": list(evidence_figures(d.claim.measure, d.claim.on)),
                "needed": d.needed,
            }
            for d, (_, estimate) in zip(decisions, pairs, strict=True)
        ],
        "decision_rule": list(DECISION_RULE),
        "tiles": _tiles(pairs, performance, sites, openings),
        "coverage": {
            "possible": found.possible,
            "total": found.total,
            "missing": [{"input": what, "checks": len(codes), "codes": list(codes)} for what, codes in sorted(found.missing.items())],
            "sentence": found.sentence,
        },
    }


def observed(claim: Claim, performance: Mapping[str, Any] | None, transport: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the estimate (JSON form) a claim is decided on; one without value says why."""
    if performance is None:
        return _unknown(SEALED)
    if claim.on == "new_site":
        prediction = (transport or {}).get("prediction")
        pooled = (transport or {}).get("pooled") or {}
        if claim.measure != (transport or {}).get("measure", "auc"):
            return _unknown(f"the {claim.label} at a new site is not computed")
        if prediction is None:
            return _unknown(str((transport or {}).get("reason") or "no prediction interval"))
        return {**pooled, "low": prediction["low"], "high": prediction["high"], "method": prediction["method"]}
    if claim.measure.startswith("delta_"):
        rows = [row for row in performance["comparisons"] if row["against"] == claim.against]
        return dict(rows[0]["delta"]) if rows else _unknown(f"there is no {claim.against} model to compare with")
    return dict(performance[claim.measure])


def as_observed(estimate: Mapping[str, Any]) -> Observed:
    """Return what the decision needs of an estimate."""
    return Observed(
        value=estimate["value"],
        low=estimate["low"],
        high=estimate["high"],
        patients=estimate.get("patients") or 0,
        events=estimate.get("events") or 0,
        reason=estimate.get("reason") or "",
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _unknown(reason: str) -> dict[str, Any]:
    return {
        "value": None,
        "low": None,
        "high": None,
        "level": 0.95,
        "patients": None,
        "events": None,
        "method": "",
        "reason": reason,
    }


def _anchor(claim: Claim, code: str) -> str:
    if code:
        return f"finding-{code.lower()}"
    return "transport" if claim.on == "new_site" else "performance"


def _tiles(
    pairs: Sequence[tuple[Claim, dict[str, Any]]],
    performance: Mapping[str, Any] | None,
    sites: int,
    openings: tuple[int, int],
) -> list[dict[str, str]]:
    primary = next((pair for pair in pairs if pair[0].primary), pairs[0] if pairs else None)
    tiles = [_tile(*primary)] if primary else [{"value": "–", "label": "no claim is stated"}]
    slope = (performance or {}).get("calibration_slope") or _unknown(SEALED)
    tiles.append({"value": _short(slope), "label": f"calibration slope{_range(slope)}"})
    if performance is None:
        tiles.append({"value": "–", "label": f"test patients / sites: {SEALED}"})
    else:
        tiles.append({"value": f"{performance['patients']} / {sites}", "label": f"test patients / sites{_events(performance)}"})
    used, allowed = openings
    return [*tiles, {"value": str(used), "label": f"test-set opening{'s' if used != 1 else ''} (allowed: {allowed})"}]


def _events(performance: Mapping[str, Any]) -> str:
    return "" if performance["events"] is None else f" ({performance['events']} events)"


def _tile(claim: Claim, estimate: Mapping[str, Any]) -> dict[str, str]:
    return {"value": _short(estimate), "label": f"test {claim.label}{_range(estimate)} · claim {claim.required}"}


def _short(estimate: Mapping[str, Any]) -> str:
    return "–" if estimate["value"] is None else f"{estimate['value']:.2f}"


def _range(estimate: Mapping[str, Any]) -> str:
    return "" if estimate["low"] is None else f" ({estimate['low']:.2f} to {estimate['high']:.2f})"
