"""Section 7, performance: what the locked signature does on rows that nobody fitted anything on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from radaudit.measures.auc_resampling import auc_bootstrap, auc_permutation
from radaudit.measures.calibration import brier, calibration_in_the_large, calibration_intercept, calibration_slope, scaled_brier
from radaudit.measures.calibration_curve import calibration_curve, risk_groups
from radaudit.measures.discrimination import auc_difference, auc_estimate
from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.roc import roc_band
from radaudit.measures.thresholds import AtThreshold, at_threshold
from radaudit.measures.utility import decision_curve

if TYPE_CHECKING:
    from numpy.random import Generator

    from radaudit.arrays import Floats

RESAMPLES = 2000
BINS = 10
ROC_POINTS = 51
THRESHOLDS = 49
SCORES = "the predictions are scores, not probabilities between 0 and 1"
NO_THRESHOLD = "no threshold is claimed"


def performance(
    outcome: Floats,
    risk: Floats,
    patients: tuple[str, ...],
    threshold: float | None,
    others: Mapping[str, Floats],
    rng: Callable[[str], Generator],
    *,
    probabilities: bool = True,
) -> dict[str, Any]:
    """Return every measure of section 7 for outcomes and risks (n,), with ``others`` as the comparators' risks on the same rows.

    Without a ``threshold`` what needs one is null with the reason, and so is what needs ``probabilities`` if ``risk`` are scores.
    """
    import numpy as np

    classes = sorted(set(outcome.tolist()))
    counts = None if threshold is None else at_threshold(outcome, risk, threshold, patients=patients)
    people = list(patients)
    found: dict[str, Any] = {
        "patients": len(set(people)),
        "events": len({p for p, y in zip(people, outcome.tolist(), strict=True) if y == 1.0}),
        "threshold": threshold,
        "auc": auc_estimate(outcome, risk, patients=people).document(),
        "auc_bootstrap": auc_bootstrap(outcome, risk, resamples=RESAMPLES, rng=rng("auc-bootstrap"), patients=people).document(),
        **_as_probabilities(outcome, risk, people, probabilities=probabilities),
        **_at(counts),
    }
    if len(classes) < 2:
        reason = f"all {len(outcome)} rows have the same outcome"
        return (
            found
            | {f"{part}_reason": reason for part in ("roc", "decision", "permutation")}
            | {
                "roc": None,
                "decision": None,
                "permutation": None,
                "comparisons": [],
            }
        )
    found["roc"] = _roc(outcome, risk, people, counts, rng("roc-band"), np.linspace(0, 1, ROC_POINTS))
    found["decision"] = _decision(outcome, risk, people, rng("decision-band")) if probabilities else None
    if not probabilities:
        found["decision_reason"] = SCORES
    found["permutation"] = _permutation(outcome, risk, people, rng("permutation"))
    found["comparisons"] = [
        {
            "against": name,
            "auc": _other_auc(outcome, other, people).document(),
            "delta": auc_difference(outcome, risk, other, patients=people).difference.document(),
        }
        for name, other in others.items()
    ]
    return found


def _as_probabilities(outcome: Floats, risk: Floats, people: list[str], *, probabilities: bool) -> dict[str, Any]:
    """Return what is said of risks as probabilities: Brier score and calibration."""
    asked = {
        "brier": brier,
        "scaled_brier": scaled_brier,
        "calibration_intercept": calibration_intercept,
        "calibration_slope": calibration_slope,
        "citl": calibration_in_the_large,
    }
    if not probabilities:
        return {name: unknown(SCORES).document() for name in asked} | {"calibration": None, "calibration_reason": SCORES}
    found: dict[str, Any] = {name: ask(outcome, risk, patients=people).document() for name, ask in asked.items()}
    return {**found, "calibration": _calibration(outcome, risk, people)}


def _at(counts: AtThreshold | None) -> dict[str, Any]:
    """Return what a threshold does; null with the reason if there is none."""
    names = ("sensitivity", "specificity", "ppv", "npv")
    if counts is None:
        return {name: unknown(NO_THRESHOLD).document() for name in names} | {"confusion": None, "confusion_reason": NO_THRESHOLD}
    confusion = {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "tn": counts.tn}
    return {**{name: getattr(counts, name).document() for name in names}, "confusion": confusion}


def _other_auc(outcome: Floats, risk: Floats, people: list[str]) -> Estimate:
    """Return the AUC of a comparator; one risk for everybody has 0.5 and no interval."""
    found = auc_estimate(outcome, risk, patients=people)
    if len(set(risk.tolist())) > 1:
        return found
    reason = "one risk for everybody does not discriminate: 0.5 by definition"
    return Estimate(value=0.5, patients=found.patients, events=found.events, method="by definition", reason=reason)


def _roc(outcome: Floats, risk: Floats, people: list[str], counts: AtThreshold | None, rng: Generator, grid: Floats) -> dict[str, Any]:
    band = roc_band(outcome, risk, resamples=RESAMPLES, rng=rng, grid=grid, patients=people)
    at = None
    if counts is not None:
        at = {"fpr": counts.fp / (counts.fp + counts.tn), "tpr": counts.tp / (counts.tp + counts.fn)}
    return {
        "fpr": band.fpr.tolist(),
        "tpr": band.tpr.tolist(),
        "low": band.low.tolist(),
        "high": band.high.tolist(),
        "method": band.method,
        "operating": at,
    }


def _calibration(outcome: Floats, risk: Floats, people: list[str]) -> dict[str, Any]:
    import numpy as np

    curve = calibration_curve(outcome, risk)
    edges = np.linspace(0.0, 1.0, 2 * BINS + 1)
    smooth = {"x": curve.risk.tolist(), "y": curve.observed.tolist(), "low": curve.low.tolist(), "high": curve.high.tolist()}
    return {
        "smooth": smooth if smooth["x"] else None,
        "smooth_reason": curve.reason,
        "method": curve.method,
        "groups": [
            {
                "predicted": group.mean_risk,
                "observed": group.observed.value,
                "low": group.observed.low,
                "high": group.observed.high,
                "patients": group.observed.patients,
            }
            for group in risk_groups(outcome, risk, groups=6, patients=people)
        ],
        "histogram": {
            "edges": edges.tolist(),
            "events": np.histogram(risk[outcome == 1.0], edges)[0].tolist(),
            "non_events": np.histogram(risk[outcome == 0.0], edges)[0].tolist(),
        },
    }


def _decision(outcome: Floats, risk: Floats, people: list[str], rng: Generator) -> dict[str, Any]:
    import numpy as np

    curve = decision_curve(outcome, risk, thresholds=np.linspace(0.01, 0.97, THRESHOLDS), resamples=RESAMPLES, rng=rng, patients=people)
    return {
        "threshold": curve.threshold.tolist(),
        "model": curve.model.tolist(),
        "low": curve.low.tolist(),
        "high": curve.high.tolist(),
        "all": curve.all.tolist(),
        "method": curve.method,
    }


def _permutation(outcome: Floats, risk: Floats, people: list[str], rng: Generator) -> dict[str, Any]:
    import numpy as np

    found = auc_permutation(outcome, risk, permutations=RESAMPLES, rng=rng, patients=people)
    counts, edges = np.histogram(found.null, np.linspace(0.0, 1.0, 41))
    used = np.flatnonzero(counts)
    first, last = int(used[0]), int(used[-1]) + 1
    return {
        "edges": edges[first : last + 1].tolist(),
        "counts": counts[first:last].tolist(),
        "observed": found.value,
        "p": found.p,
        "repeats": found.permutations,
        "method": found.method,
    }
