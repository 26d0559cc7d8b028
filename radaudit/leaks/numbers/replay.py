"""Recompute claimed figures from predictions: on the rows they are claimed for, and on the others, should they be of those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.numbers.stated import Stated
from radaudit.measures.calibration import brier, calibration_intercept, calibration_slope
from radaudit.measures.discrimination import auc_estimate
from radaudit.measures.thresholds import at_threshold

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats

NEEDS_THRESHOLD = ("sensitivity", "specificity", "accuracy", "balanced_accuracy", "ppv", "npv", "f1")
NEEDS_RISK = ("brier", "calibration_slope", "calibration_intercept")
EXACT, ROUNDING, DIFFERENT = "exact", "last digit", "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One claimed figure beside what the predictions give; None, with what it ``needs``, if it could not be recomputed."""

    figure: Stated
    value: float | None
    agreement: str = ""
    needs: str = ""

    @property
    def difference(self) -> float | None:
        """Claimed less recomputed."""
        return None if self.value is None else self.figure.value - self.value


def recompute(measure: str, outcome: Floats, risk: Floats, threshold: float | None) -> tuple[float | None, str]:
    """Return one measure of rows (n,), or None and what it needs; positive means risk >= threshold."""
    if not len(outcome):
        return None, "rows of that part"
    if measure == "prevalence":
        return float(outcome.mean()), ""
    if measure in NEEDS_THRESHOLD:
        if threshold is None:
            return None, "the threshold"
        at = at_threshold(outcome, risk, threshold)
        if measure == "f1":
            return (2 * at.tp / (2 * at.tp + at.fp + at.fn), "") if at.tp + at.fp + at.fn else (None, "both outcomes")
        return getattr(at, measure).value, "both outcomes"
    if measure in NEEDS_RISK and (risk.min() < 0 or risk.max() > 1):
        return None, "probabilities"
    estimate = {"auc": auc_estimate, "brier": brier, "calibration_slope": calibration_slope, "calibration_intercept": calibration_intercept}
    return estimate[measure](outcome, risk).value, "both outcomes"


def replay(figure: Stated, outcome: Floats, risk: Floats, threshold: float | None) -> Replayed:
    """Return a figure beside its recomputation: exact within its rounding, off by its last digit, or different."""
    value, needs = recompute(figure.measure, outcome, risk, threshold)
    if value is None:
        return Replayed(figure=figure, value=None, needs=needs)
    if figure.rounds_from(value):
        word = EXACT
    elif figure.cut_from(value) or abs(value - figure.value) <= 1.5 * figure.unit:
        word = ROUNDING
    else:
        word = DIFFERENT
    return Replayed(figure=figure, value=value, agreement=word)


def explained_by(figures: Mapping[str, Stated], outcome: Floats, risk: Floats, threshold: float | None, parts: Mapping[str, Bools]) -> str:
    """Return what would explain figures that differ: other rows (by name of ``parts``), scores or events turned round; or empty.

    Hints only: nothing is ever turned round by itself. ``parts`` are rows (n,) by name, the claimed ones not among them.
    """
    asked = [figure for name, figure in figures.items() if name != "prevalence"]
    for name, rows in parts.items():
        if rows.any() and _all_exact(asked, outcome[rows], risk[rows], threshold):
            return name
    return ""


def turned(figures: Mapping[str, Stated], outcome: Floats, risk: Floats, threshold: float | None) -> str:
    """Return ``events`` if all figures come out with the other outcome as event, ``scores`` if with the scores turned round; or empty."""
    asked = [figure for name, figure in figures.items() if name != "prevalence"]
    if not asked or len(np.unique(outcome)) < 2:
        return ""
    if _all_exact(asked, 1 - outcome, risk, threshold):
        return "events"
    if _all_exact(asked, outcome, -risk, None if threshold is None else -threshold):
        return "scores"
    return ""


def _all_exact(figures: list[Stated], outcome: Floats, risk: Floats, threshold: float | None) -> bool:
    found = [replay(figure, outcome, risk, threshold) for figure in figures]
    known = [one for one in found if one.value is not None]
    return bool(known) and all(one.agreement == EXACT for one in known)
