"""What a locked threshold does: the confusion counts, sensitivity, specificity, predictive values. Positive means risk >= threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.estimate import Estimate
from radaudit.measures.normal import two_sided
from radaudit.measures.proportions import ProportionInterval, proportion
from radaudit.measures.rows import fraction, scored, two_classes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools
    from radaudit.measures.rows import Scored


@dataclass(frozen=True, slots=True, kw_only=True)
class AtThreshold:
    """Counts of rows and the shares made of them, each with its interval, at one threshold."""

    threshold: float
    tp: int
    fp: int
    fn: int
    tn: int
    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate
    npv: Estimate
    accuracy: Estimate
    balanced_accuracy: Estimate
    positive: Estimate

    def document(self) -> dict[str, object]:
        """Return plain JSON values."""
        parts = ("sensitivity", "specificity", "ppv", "npv", "accuracy", "balanced_accuracy", "positive")
        counts = {"threshold": self.threshold, "tp": self.tp, "fp": self.fp, "fn": self.fn, "tn": self.tn}
        return {**counts, **{name: getattr(self, name).document() for name in parts}}


def at_threshold(
    outcome: ArrayLike,
    risk: ArrayLike,
    threshold: float,
    level: float = 0.95,
    *,
    interval: ProportionInterval = "wilson",
    patients: ArrayLike | None = None,
) -> AtThreshold:
    """Return what the rule ``risk >= threshold`` does on these rows, with Wilson or Clopper-Pearson intervals.

    A share of no rows (sensitivity without events, PPV without positives) is an Estimate without value and the reason. When patients
    repeat, Wilson at the effective size. Raises PERF-001 to PERF-003, PERF-006.
    """
    fraction(level, "level")
    if not math.isfinite(threshold):
        raise DesignError("PERF-006", "the threshold must be a finite number", at="threshold", found=str(threshold))
    rows = scored(outcome, risk, patients)
    called = rows.risk >= threshold
    hit, every = rows.event, np.ones(rows.rows, dtype=bool)

    def share(right: Bools, among: Bools, nothing: str) -> Estimate:
        owner = rows.patient[among]
        events = int(np.unique(owner[hit[among]]).size)
        return proportion(right[among], owner=owner, level=level, interval=interval, events=events, nothing=nothing)

    sensitivity, specificity = share(called, hit, "no events"), share(~called, ~hit, "no rows without the event")
    return AtThreshold(
        threshold=float(threshold),
        tp=int(np.count_nonzero(called & hit)),
        fp=int(np.count_nonzero(called & ~hit)),
        fn=int(np.count_nonzero(~called & hit)),
        tn=int(np.count_nonzero(~called & ~hit)),
        sensitivity=sensitivity,
        specificity=specificity,
        ppv=share(hit, called, "nobody is called positive"),
        npv=share(~hit, ~called, "nobody is called negative"),
        accuracy=share(called == hit, every, "no rows"),
        balanced_accuracy=_balanced(sensitivity, specificity, rows, level),
        positive=share(called, every, "no rows"),
    )


def _balanced(sensitivity: Estimate, specificity: Estimate, rows: Scored, level: float) -> Estimate:
    """Return the mean of sensitivity and specificity, its interval from theirs by Zou and Donner's MOVER (Statist. Med. 2008)."""
    stated = partial(Estimate, patients=rows.patients, events=rows.events, level=level)
    method = "mean of sensitivity and specificity, MOVER interval"
    a, b = sensitivity, specificity
    if a.value is None or b.value is None or a.low is None or a.high is None or b.low is None or b.high is None:
        return stated(value=None, method=method, reason=str(a.reason or b.reason))
    value = 0.5 * (a.value + b.value)
    low = value - 0.5 * math.hypot(a.value - a.low, b.value - b.low)
    high = value + 0.5 * math.hypot(a.high - a.value, b.high - b.value)
    return stated(value=value, low=max(0.0, low), high=min(1.0, high), method=method)


def youden_threshold(outcome: ArrayLike, risk: ArrayLike) -> float:
    """Return the threshold with the largest sensitivity + specificity on these rows, midway between two neighbouring risks.

    Of equally good thresholds the lowest is taken (the most sensitive). To be chosen on training rows and locked; at these same rows its
    figures are optimistic. Raises PERF-001 to PERF-004.
    """
    rows = two_classes(scored(outcome, risk))
    levels, inverse = np.unique(rows.risk, return_inverse=True)
    hits = np.bincount(inverse.reshape(-1), weights=rows.event, minlength=levels.size)
    misses = np.bincount(inverse.reshape(-1), weights=~rows.event, minlength=levels.size)
    m, n = hits.sum(), misses.sum()
    gain = (m - np.r_[0.0, np.cumsum(hits)[:-1]]) * n + np.r_[0.0, np.cumsum(misses)[:-1]] * m
    best = int(np.argmax(gain))
    if best == 0:
        return float(levels[0])
    middle = 0.5 * (levels[best - 1] + levels[best])
    return float(middle if levels[best - 1] < middle <= levels[best] else levels[best])


def predictive_values(sensitivity: float, specificity: float, prevalence: float) -> tuple[float | None, float | None]:
    """Return PPV and NPV at another prevalence by Bayes' rule; None where nobody would be called so. Raises PERF-006."""
    for name, share in (("sensitivity", sensitivity), ("specificity", specificity), ("prevalence", prevalence)):
        if not 0 <= share <= 1:
            raise DesignError("PERF-006", f"{name} must lie within 0 to 1", at=name, found=str(share))
    positive = sensitivity * prevalence + (1 - specificity) * (1 - prevalence)
    negative = 1 - positive
    ppv = sensitivity * prevalence / positive if positive > 0 else None
    return ppv, specificity * (1 - prevalence) / negative if negative > 0 else None


def likelihood_ratio(counts: AtThreshold, level: float = 0.95, *, positive: bool = True) -> Estimate:
    """Return sensitivity / (1 - specificity), or (1 - sensitivity) / specificity, with its log interval (Simel, J Clin Epidemiol 1991)."""
    fraction(level, "level")
    hits, size_hits = (counts.tp if positive else counts.fn), counts.tp + counts.fn
    misses, size_misses = (counts.fp if positive else counts.tn), counts.fp + counts.tn
    method = f"{'positive' if positive else 'negative'} likelihood ratio, log scale"
    stated = partial(Estimate, patients=counts.accuracy.patients, events=counts.accuracy.events, level=level, method=method)
    if min(size_hits, size_misses, hits, misses) == 0:
        return stated(value=None, reason="one of the four counts it is made of is zero")
    value = (hits / size_hits) / (misses / size_misses)
    factor = math.exp(two_sided(level) * math.sqrt(1 / hits - 1 / size_hits + 1 / misses - 1 / size_misses))
    return stated(value=value, low=value / factor, high=value * factor)
