"""A continuous outcome: how far predictions are from it, how much of its spread they explain, and whether their scale is right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.normal import t_two_sided, two_sided
from radaudit.measures.resampling import bootstrap_estimate, draw_counts
from radaudit.measures.rows import codes_of, fraction, same_length, vector

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats, Ints

Measured = "Callable[[Floats, Floats, Floats], Floats]"
MOST_LEFT_OUT = 400


def r_squared(outcome: Floats, predicted: Floats, counts: Floats) -> Floats:
    """Return 1 - squared error / squares about the mean (B,) per resample: what the predictions as given explain; may be negative."""
    total = counts.sum(axis=1)
    mean = counts @ outcome / total
    spread = counts @ outcome**2 - total * mean**2
    lost = counts @ (outcome - predicted) ** 2
    return np.asarray(
        1.0 - np.divide(lost, spread, out=np.full(total.size, np.nan), where=spread > 1e-12 * total * np.maximum(mean**2, 1e-300))
    )


def root_mean_square(outcome: Floats, predicted: Floats, counts: Floats) -> Floats:
    """Return the root of the mean squared error (B,)."""
    found: Floats = np.sqrt(counts @ (outcome - predicted) ** 2 / counts.sum(axis=1))
    return found


def mean_absolute(outcome: Floats, predicted: Floats, counts: Floats) -> Floats:
    """Return the mean absolute error (B,)."""
    found: Floats = counts @ np.abs(outcome - predicted) / counts.sum(axis=1)
    return found


MEASURES = {"r2": r_squared, "rmse": root_mean_square, "mae": mean_absolute}
NAMES = {
    "r2": "1 - squared error of the predictions over squares about the mean",
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
}


def _pair(outcome: ArrayLike, predicted: ArrayLike, patients: ArrayLike | None) -> tuple[Floats, Floats, Ints]:
    y, f = vector(outcome, "outcome"), vector(predicted, "predicted")
    owner = np.arange(y.size, dtype=np.int64) if patients is None else codes_of(patients, "patients")[1]
    same_length(outcome=y, predicted=f, patients=owner)
    return y, f, owner


def regression_measure(
    name: str, outcome: ArrayLike, predicted: ArrayLike, level: float = 0.95, *, patients: ArrayLike | None = None
) -> Estimate:
    """Return ``r2``, ``rmse`` or ``mae`` with the interval of its jackknife by patient (plain scale; log scale for the errors).

    Raises PERF-001, PERF-002, PERF-006.
    """
    fraction(level, "level")
    y, f, owner = _pair(outcome, predicted, patients)
    people = int(owner.max()) + 1 if y.size else 0
    method = f"{NAMES[name]}; jackknife by patient"
    value = float(MEASURES[name](y, f, np.ones((1, y.size)))[0]) if y.size > 1 else math.nan
    if math.isnan(value):
        return unknown("the outcome does not vary in these rows", patients=people, level=level, method=method)
    groups = min(people, MOST_LEFT_OUT)
    left = np.asarray(np.arange(groups)[:, None] != (owner % groups)[None, :], dtype=np.float64)
    replicates = MEASURES[name](y, f, left) if groups > 2 else np.full(1, np.nan)
    if not np.isfinite(replicates).all():
        return Estimate(value=value, level=level, patients=people, method=method, reason="too few patients for a jackknife")
    error = math.sqrt((groups - 1) / groups * float(((replicates - replicates.mean()) ** 2).sum()))
    half = two_sided(level) * error
    if name == "r2" or value <= 0:
        low, high = value - half, min(1.0, value + half) if name == "r2" else value + half
    else:
        low, high = value * math.exp(-half / value), value * math.exp(half / value)
    return Estimate(value=value, low=low, high=high, level=level, patients=people, method=method)


def regression_bootstrap(
    name: str,
    outcome: ArrayLike,
    predicted: ArrayLike,
    *,
    resamples: int,
    rng: Generator,
    level: float = 0.95,
    patients: ArrayLike | None = None,
    other: ArrayLike | None = None,
) -> Estimate:
    """Return a measure, or its difference to that of ``other`` predictions, with the percentile interval over resamples of patients.

    Raises PERF-001, PERF-002, PERF-006.
    """
    y, f, owner = _pair(outcome, predicted, patients)
    counts = draw_counts(y.size, resamples, rng, patients=owner).astype(np.float64)
    ones = np.ones((1, y.size))
    value, replicates = MEASURES[name](y, f, ones), MEASURES[name](y, f, counts)
    if other is not None:
        rival = vector(other, "other")
        value, replicates = value - MEASURES[name](y, rival, ones), replicates - MEASURES[name](y, rival, counts)
    found = None if math.isnan(float(value[0])) else float(value[0])
    people = int(owner.max()) + 1 if y.size else 0
    return bootstrap_estimate(found, replicates, level=level, patients=people, events=None, what="patients")


def regression_line(
    outcome: ArrayLike, predicted: ArrayLike, level: float = 0.95, *, patients: ArrayLike | None = None
) -> tuple[Estimate, Estimate]:
    """Return intercept and slope of the outcome on the predictions by least squares: 0 and 1 are right, a slope below 1 too extreme.

    Student's t with n - 2 degrees of freedom; robust by patient (CR1) where patients have several rows. Raises PERF-001, -002, -006.
    """
    fraction(level, "level")
    y, f, owner = _pair(outcome, predicted, patients)
    people = int(owner.max()) + 1 if y.size else 0
    clustered = people < y.size
    method = "least squares of the outcome on the predictions" + (", robust by patient" if clustered else "")
    if y.size < 4 or np.ptp(f) == 0 or people < 3:
        none = unknown("the predictions do not vary, or there are too few of them", patients=people, level=level, method=method)
        return none, none
    design = np.stack([np.ones(y.size), f], axis=1)
    bread = np.linalg.inv(design.T @ design)
    beta = bread @ (design.T @ y)
    rest = y - design @ beta
    if clustered:
        scores = np.zeros((people, 2))
        np.add.at(scores, owner, design * rest[:, None])
        inflate = people / (people - 1) * (y.size - 1) / (y.size - 2)
        covariance, degrees = inflate * bread @ (scores.T @ scores) @ bread, people - 1
    else:
        covariance, degrees = bread * float(rest @ rest) / (y.size - 2), y.size - 2
    t = t_two_sided(level, degrees)
    intercept, slope = (
        Estimate(
            value=float(b),
            low=float(b - t * math.sqrt(v)),
            high=float(b + t * math.sqrt(v)),
            level=level,
            patients=people,
            method=method,
        )
        for b, v in zip(beta, np.diag(covariance), strict=True)
    )
    return intercept, slope


def mean_error(outcome: ArrayLike, predicted: ArrayLike, level: float = 0.95, *, patients: ArrayLike | None = None) -> Estimate:
    """Return the mean of outcome minus prediction over patients' means, with Student's interval. Raises PERF-001, PERF-002, PERF-006."""
    fraction(level, "level")
    y, f, owner = _pair(outcome, predicted, patients)
    people = int(owner.max()) + 1 if y.size else 0
    method = "mean of outcome minus prediction, by patient"
    if people < 2:
        return unknown("fewer than two patients", patients=people, level=level, method=method)
    gaps = np.bincount(owner, weights=y - f) / np.bincount(owner)
    value, half = float(gaps.mean()), t_two_sided(level, people - 1) * float(gaps.std(ddof=1)) / math.sqrt(people)
    return Estimate(value=value, low=value - half, high=value + half, level=level, patients=people, method=method)
