"""Is the model worth using: decision curves of net benefit, against treating all and none and against another model.

Net benefit at threshold t is TP/n - FP/n * t/(1-t); positive means risk >= t (Vickers and Elkin, Med Decis Making 2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError
from radaudit.measures.auc_resampling import counts_for
from radaudit.measures.resampling import blocks
from radaudit.measures.rows import Scored, at_least, fraction, same_length, scored, vector

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCurve:
    """Net benefit of the ``model`` and of treating ``all`` (treating none is 0) at each ``threshold`` (k,).

    ``low`` and ``high`` (k,) are the model's pointwise bounds, NaN when no resamples were asked for. ``patients`` and ``events`` count
    people.
    """

    threshold: Floats
    model: Floats
    low: Floats
    high: Floats
    all: Floats
    level: float
    patients: int
    events: int
    method: str
    reason: str | None = None

    def document(self) -> dict[str, object]:
        """Return plain JSON values; bounds that do not exist are None."""
        return {
            "threshold": self.threshold.tolist(),
            "model": self.model.tolist(),
            "low": [float(v) if np.isfinite(v) else None for v in self.low],
            "high": [float(v) if np.isfinite(v) else None for v in self.high],
            "all": self.all.tolist(),
            "level": self.level,
            "patients": self.patients,
            "events": self.events,
            "method": self.method,
            "reason": self.reason,
        }


def thresholds_of(thresholds: ArrayLike | None) -> Floats:
    """Return the thresholds, 0.01 to 0.99 by 0.01 if None; PERF-006 outside [0, 1)."""
    at = np.arange(1, 100) / 100 if thresholds is None else vector(thresholds, "thresholds")
    if at.size == 0 or at.min() < 0 or at.max() >= 1:
        raise DesignError("PERF-006", "thresholds of a decision curve lie from 0 to below 1", at="thresholds")
    return np.asarray(at)


def net_benefit(outcome: ArrayLike, risk: ArrayLike, thresholds: ArrayLike, *, prevalence: float | None = None) -> Floats:
    """Return the net benefit (k,) at each threshold; with ``prevalence``, what it would be where the outcome is that common.

    Then it is sensitivity * prevalence - (1 - specificity) * (1 - prevalence) * t/(1-t), as for case-control samples.
    Raises PERF-001 to PERF-006.
    """
    rows, at = scored(outcome, risk, probability=True), thresholds_of(thresholds)
    if rows.rows == 0 or (prevalence is not None and rows.one_sided):
        raise DesignError("PERF-004", f"net benefit cannot be computed: {rows.one_sided}", at="outcome")
    gains = _gains(rows.event, rows.risk, at)
    if prevalence is None:
        return np.asarray(gains.mean(axis=0))
    fraction(prevalence, "prevalence")
    weights = np.where(rows.event, prevalence / rows.event.mean(), (1 - prevalence) / (~rows.event).mean())
    return np.asarray(weights @ gains / rows.rows)


def _gains(event: Bools, risk: Floats, at: Floats) -> Floats:
    """Return what each row adds to the net benefit at each threshold (n, k): 1 for a true, -t/(1-t) for a false positive."""
    called = risk[:, None] >= at[None, :]
    return np.asarray(np.where(called, np.where(event[:, None], 1.0, -at / (1 - at)), 0.0))


def decision_curve(
    outcome: ArrayLike,
    risk: ArrayLike,
    *,
    thresholds: ArrayLike | None = None,
    resamples: int = 0,
    rng: Generator | None = None,
    level: float = 0.95,
    patients: ArrayLike | None = None,
) -> DecisionCurve:
    """Return the decision curve, with a pointwise percentile band if ``resamples`` and ``rng`` are given; patients are drawn, the
    prevalence varies.

    No rows gives an empty curve with the reason. Raises PERF-001 to PERF-003, PERF-005, PERF-006.
    """
    rows, at = scored(outcome, risk, patients, probability=True), thresholds_of(thresholds)
    gains = _gains(rows.event, rows.risk, at)
    return _curve(rows, at, gains, "net benefit", resamples, rng, level)


def decision_curve_difference(
    outcome: ArrayLike,
    risk: ArrayLike,
    other: ArrayLike,
    *,
    thresholds: ArrayLike | None = None,
    resamples: int = 0,
    rng: Generator | None = None,
    level: float = 0.95,
    patients: ArrayLike | None = None,
) -> DecisionCurve:
    """Return net benefit of ``risk`` minus that of ``other`` on the same rows and the same resamples; ``all`` then is treat-all minus
    ``other``.

    Raises PERF-001 to PERF-003, PERF-005, PERF-006.
    """
    rows, at = scored(outcome, risk, patients, probability=True), thresholds_of(thresholds)
    second = scored(outcome, other, patients, probability=True)
    same_length(risk=rows.risk, other=second.risk)
    rival = _gains(rows.event, second.risk, at)
    gains = _gains(rows.event, rows.risk, at) - rival
    curve = _curve(rows, at, gains, "difference in net benefit, paired", resamples, rng, level)
    if curve.reason:
        return curve
    everyone = frozen(curve_of_all(rows.event, at) - rival.mean(axis=0))
    parts = {name: getattr(curve, name) for name in ("threshold", "model", "low", "high", "level", "patients", "events", "method")}
    return DecisionCurve(all=everyone, **parts)


def curve_of_all(event: Bools, at: Floats) -> Floats:
    """Return the net benefit (k,) of treating everybody: prevalence - (1 - prevalence) * t/(1-t)."""
    share = float(event.mean())
    return np.asarray(share - (1 - share) * at / (1 - at))


def _curve(rows: Scored, at: Floats, gains: Floats, what: str, resamples: int, rng: Generator | None, level: float) -> DecisionCurve:
    fraction(level, "level")
    at_least(resamples, 0, "resamples")
    empty = frozen([])
    if rows.rows == 0:
        return DecisionCurve(
            threshold=empty, model=empty, low=empty, high=empty, all=empty, level=level, patients=0, events=0, method=what, reason="no rows"
        )
    low = high = np.full(at.size, np.nan)
    method = f"{what}; no band was asked for"
    if resamples and rng is not None:
        method = f"{what}; pointwise percentile bootstrap, {resamples} resamples of patients"
        low, high = np.quantile(_replicates(rows, gains, resamples, rng), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return DecisionCurve(
        threshold=frozen(at),
        model=frozen(gains.mean(axis=0)),
        low=frozen(low),
        high=frozen(high),
        all=frozen(curve_of_all(rows.event, at)),
        level=level,
        patients=rows.patients,
        events=rows.events,
        method=method,
    )


def _replicates(rows: Scored, gains: Floats, resamples: int, rng: Generator) -> Floats:
    """Return the curve on each resample of patients (B, k)."""
    counts = counts_for(rows, resamples, rng, stratified=False)
    found = np.empty((resamples, gains.shape[1]))
    for start, stop in blocks(resamples, rows.rows):
        block = counts[start:stop].astype(np.float64)
        found[start:stop] = block @ gains / block.sum(axis=1, keepdims=True)
    return found
