"""The ROC curve: its points, partial areas and a bootstrap band. Positive means risk >= threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError
from radaudit.measures.auc_resampling import counts_for
from radaudit.measures.resampling import blocks
from radaudit.measures.rows import at_least, fraction, scored, two_classes, vector

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class RocPoints:
    """False and true positive shares (k,) from (0, 0) to (1, 1), with the threshold (k,) of each; the first is infinite."""

    fpr: Floats
    tpr: Floats
    threshold: Floats

    def document(self) -> dict[str, list[float | None]]:
        """Return plain JSON lists; the infinite threshold is None."""
        return {
            "fpr": self.fpr.tolist(),
            "tpr": self.tpr.tolist(),
            "threshold": [None if not np.isfinite(t) else float(t) for t in self.threshold],
        }


def roc_points(outcome: ArrayLike, risk: ArrayLike) -> RocPoints:
    """Return one point per distinct risk, and the origin. Raises PERF-001 to PERF-004."""
    rows = two_classes(scored(outcome, risk))
    levels, inverse = np.unique(rows.risk, return_inverse=True)
    hits = np.bincount(inverse.reshape(-1), weights=rows.event, minlength=levels.size)[::-1]
    misses = np.bincount(inverse.reshape(-1), weights=~rows.event, minlength=levels.size)[::-1]
    return RocPoints(
        fpr=frozen(np.r_[0.0, np.cumsum(misses) / misses.sum()]),
        tpr=frozen(np.r_[0.0, np.cumsum(hits) / hits.sum()]),
        threshold=frozen(np.r_[np.inf, levels[::-1]]),
    )


def partial_auc(outcome: ArrayLike, risk: ArrayLike, *, most_fpr: float, corrected: bool = False) -> float:
    """Return the area under the ROC curve for false positive shares from 0 to ``most_fpr``, straight lines between points.

    ``corrected`` maps chance to 0.5 and perfection to 1 (McClish, Med Decis Making 1989). Raises PERF-001 to PERF-004, PERF-006.
    """
    if not 0 < most_fpr <= 1:
        raise DesignError("PERF-006", "most_fpr must lie above 0 and at most at 1", at="most_fpr", found=str(most_fpr))
    curve = roc_points(outcome, risk)
    last = int(np.searchsorted(curve.fpr, most_fpr, side="right"))
    fpr, tpr = curve.fpr[:last], curve.tpr[:last]
    if last < curve.fpr.size:
        step = (most_fpr - fpr[-1]) / (curve.fpr[last] - fpr[-1])
        fpr, tpr = np.r_[fpr, most_fpr], np.r_[tpr, tpr[-1] + step * (curve.tpr[last] - tpr[-1])]
    area = float((np.diff(fpr) * 0.5 * (tpr[1:] + tpr[:-1])).sum())
    if not corrected:
        return area
    chance = 0.5 * most_fpr**2
    return 0.5 * (1 + (area - chance) / (most_fpr - chance))


@dataclass(frozen=True, slots=True, kw_only=True)
class RocBand:
    """The ROC curve on a fixed grid: true positive share, and its pointwise bootstrap bounds, at each false positive share (k,)."""

    fpr: Floats
    tpr: Floats
    low: Floats
    high: Floats
    level: float
    method: str

    def document(self) -> dict[str, object]:
        """Return plain JSON values."""
        arrays = {name: getattr(self, name).tolist() for name in ("fpr", "tpr", "low", "high")}
        return {**arrays, "level": self.level, "method": self.method}


def roc_band(
    outcome: ArrayLike,
    risk: ArrayLike,
    *,
    resamples: int,
    rng: Generator,
    grid: ArrayLike | None = None,
    level: float = 0.95,
    patients: ArrayLike | None = None,
) -> RocBand:
    """Return the ROC curve with a pointwise percentile band over patients drawn within outcomes.

    ``grid`` (k,) holds false positive shares, 0 to 1 by 0.01 if absent. Between points the curve is straight; where it rises
    vertically its upper end counts. Raises PERF-001 to PERF-004, PERF-006.
    """
    fraction(level, "level")
    at_least(resamples, 1, "resamples")
    at = np.linspace(0, 1, 101) if grid is None else vector(grid, "grid")
    if at.size == 0 or at.min() < 0 or at.max() > 1:
        raise DesignError("PERF-006", "the grid of false positive shares must lie within 0 to 1", at="grid")
    rows = two_classes(scored(outcome, risk, patients))
    order = np.argsort(-rows.risk, kind="stable")
    ordered, event = rows.risk[order], rows.event[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    counts = counts_for(rows, resamples, rng, stratified=True)[:, order]
    curves = np.full((resamples, at.size), np.nan)
    for start, stop in blocks(resamples, rows.rows):
        block = counts[start:stop].astype(np.float64)
        hits = np.cumsum(np.add.reduceat(block * event, starts, axis=1), axis=1)
        misses = np.cumsum(np.add.reduceat(block * ~event, starts, axis=1), axis=1)
        for b in range(stop - start):
            if hits[b, -1] > 0 and misses[b, -1] > 0:
                curves[start + b] = _read_off(misses[b] / misses[b, -1], hits[b] / hits[b, -1], at)
    kept = curves[np.isfinite(curves[:, 0])]
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2], axis=0)
    points = roc_points(rows.event, rows.risk)
    method = f"pointwise percentile bootstrap, {kept.shape[0]} resamples of patients, by outcome"
    tpr = _read_off(points.fpr[1:], points.tpr[1:], at)
    return RocBand(fpr=frozen(at), tpr=frozen(tpr), low=frozen(low), high=frozen(high), level=level, method=method)


def _read_off(fpr: Floats, tpr: Floats, at: Floats) -> Floats:
    """Return the curve's height at ``at``: linear between points, the upper end of a vertical rise."""
    x, height = np.r_[0.0, fpr], np.r_[0.0, tpr]
    right = np.searchsorted(x, at, side="right")
    left, right = right - 1, np.minimum(right, x.size - 1)
    gap = x[right] - x[left]
    step = np.divide(at - x[left], gap, out=np.zeros_like(at), where=gap > 0)
    return np.asarray(height[left] + step * (height[right] - height[left]))
