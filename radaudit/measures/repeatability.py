"""How far a number moves when nothing changed: within-subject spread, repeatability and reproducibility coefficients, and what follows.

A change smaller than the repeatability coefficient is not a change; a score nearer to its cut-off than its own spread may fall on either
side. Terms and formulas of QIBA (Raunig et al., Stat Methods Med Res 2015; Obuchowski and Bullen 2018).
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.estimate import Estimate
from radaudit.measures.normal import two_sided
from radaudit.measures.reliability import mean_squares, readings
from radaudit.measures.rows import fraction, vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Floats


def _chi_bounds(value: float, degrees: float, level: float) -> tuple[float, float]:
    """Return the interval of a standard deviation ``value`` on ``degrees`` of freedom."""
    from scipy.special import chdtri

    tail = (1 - level) / 2
    return value * math.sqrt(degrees / float(chdtri(degrees, tail))), value * math.sqrt(degrees / float(chdtri(degrees, 1 - tail)))


def _one(ratings: ArrayLike) -> Floats:
    cube = readings(ratings)
    if cube.shape[2] != 1:
        raise DesignError("PERF-001", f"ratings hold {cube.shape[2]} features, not one", at="ratings")
    return np.asarray(cube[:, :, 0])


def within_sd(ratings: ArrayLike, level: float = 0.95) -> Estimate:
    """Return wSD of ratings (n, k): the root of the mean within-subject variance, chi-squared interval on n(k-1) degrees.

    Raises PERF-001, PERF-002, PERF-006, PERF-008.
    """
    fraction(level, "level")
    table = _one(ratings)
    value = math.sqrt(float(mean_squares(table).within[0]))
    low, high = _chi_bounds(value, table.shape[0] * (table.shape[1] - 1), level)
    return Estimate(value=value, low=low, high=high, level=level, patients=table.shape[0], method="within-subject sd, chi-squared interval")


def within_cv(ratings: ArrayLike, level: float = 0.95) -> Estimate:
    """Return wCV of ratings (n, k): the root mean square over subjects of sd / mean, chi-squared interval on n(k-1) degrees.

    Subjects whose mean is not positive have no coefficient of variation: an Estimate without value. Raises PERF-001, PERF-002, PERF-006,
    PERF-008.
    """
    fraction(level, "level")
    table = _one(ratings)
    method = "within-subject coefficient of variation, chi-squared interval"
    stated = partial(Estimate, level=level, patients=int(table.shape[0]), method=method)
    means = table.mean(axis=1)
    if (means <= 0).any():
        return stated(value=None, reason=f"{int((means <= 0).sum())} subject(s) have a mean that is not positive")
    value = math.sqrt(float((table.var(axis=1, ddof=1) / means**2).mean()))
    low, high = _chi_bounds(value, table.shape[0] * (table.shape[1] - 1), level)
    return stated(value=value, low=low, high=high)


def _times(estimate: Estimate, factor: float, method: str) -> Estimate:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return Estimate(value=None, level=estimate.level, patients=estimate.patients, method=method, reason=estimate.reason)
    return Estimate(
        value=factor * estimate.value,
        low=factor * estimate.low,
        high=factor * estimate.high,
        level=estimate.level,
        patients=estimate.patients,
        method=method,
    )


def repeatability_coefficient(ratings: ArrayLike, level: float = 0.95) -> Estimate:
    """Return RC = 1.96 sqrt(2) wSD: two readings of an unchanged subject differ by less in 95 of 100 pairs.

    Raises PERF-001, PERF-002, PERF-006, PERF-008.
    """
    return _times(within_sd(ratings, level), two_sided(0.95) * math.sqrt(2), "repeatability coefficient 2.77 wSD, chi-squared interval")


def relative_repeatability_coefficient(ratings: ArrayLike, level: float = 0.95) -> Estimate:
    """Return %RC / 100 = 1.96 sqrt(2) wCV. Raises PERF-001, PERF-002, PERF-006, PERF-008."""
    return _times(within_cv(ratings, level), two_sided(0.95) * math.sqrt(2), "relative repeatability coefficient 2.77 wCV")


def reproducibility_coefficient(ratings: ArrayLike, level: float = 0.95) -> Estimate:
    """Return RDC = 1.96 sqrt(2) sqrt(var readings + var residual) for readings by different raters, scanners or sites, each reading all
    subjects.

    Interval on Satterthwaite's degrees of freedom. Raises PERF-001, PERF-002, PERF-006, PERF-008.
    """
    fraction(level, "level")
    table = _one(ratings)
    s = mean_squares(table)
    j, e = float(s.readings[0]), float(s.residual[0])
    stated = partial(Estimate, level=level, patients=s.n, method="reproducibility coefficient, two-way layout, Satterthwaite interval")
    weights = ((1 / s.n, j, s.k - 1), (1 - 1 / s.n, e, (s.n - 1) * (s.k - 1)))
    if j < e:
        # readings differ less than the residual: their own variance is estimated at 0, and all deviations measure the residual
        weights = ((1.0, float(s.within[0]), s.n * (s.k - 1)),)  # type: ignore[assignment]
    variance = sum(w * ms for w, ms, _ in weights)
    factor = two_sided(0.95) * math.sqrt(2)
    if variance == 0:
        return stated(value=0.0, reason="all readings of a subject are equal")
    degrees = variance**2 / sum((w * ms) ** 2 / df for w, ms, df in weights)
    low, high = _chi_bounds(math.sqrt(variance), degrees, level)
    return stated(value=factor * math.sqrt(variance), low=factor * low, high=factor * high)


def within_covariance(ratings: ArrayLike) -> Floats:
    """Return the pooled within-subject covariance (p, p) of readings (n, k, p) of p features. Raises PERF-001, PERF-002, PERF-008."""
    cube = readings(ratings)
    n, k, p = cube.shape
    off = (cube - cube.mean(axis=1, keepdims=True)).reshape(n * k, p)
    return np.asarray(off.T @ off / (n * (k - 1)))


def score_within_sd(ratings: ArrayLike, coefficients: ArrayLike) -> float:
    """Return the within-subject sd of a linear score: sqrt(b' W b), W the within-subject covariance of its features (n, k, p).

    Raises PERF-001, PERF-002, PERF-008.
    """
    weights = vector(coefficients, "coefficients")
    covariance = within_covariance(ratings)
    if weights.size != covariance.shape[0]:
        raise DesignError("PERF-001", f"{weights.size} coefficients for {covariance.shape[0]} features", at="coefficients")
    return math.sqrt(max(0.0, float(weights @ covariance @ weights)))


def reclassified(score: ArrayLike, threshold: float, within: float) -> Floats:
    """Return per patient (n,) the probability that a second reading falls on the other side of ``threshold``.

    The difference of two readings is normal with sd sqrt(2) ``within``. Without spread nobody moves. Raises PERF-001, PERF-002, PERF-006.
    """
    from scipy.special import ndtr

    scores = vector(score, "score")
    if not (math.isfinite(within) and within >= 0 and math.isfinite(threshold)):
        raise DesignError("PERF-006", "threshold and within-subject sd must be finite, the sd not negative", found=f"{threshold}, {within}")
    if within == 0:
        return np.zeros(scores.size)
    return np.asarray(ndtr(-np.abs(scores - threshold) / (math.sqrt(2) * within)))


def changed(before: ArrayLike, after: ArrayLike, coefficient: float) -> Bools:
    """Return per patient (n,) whether a change exceeds the repeatability ``coefficient`` (RC, same unit).

    Raises PERF-001, PERF-002, PERF-006.
    """
    first, second = vector(before, "before"), vector(after, "after")
    if first.size != second.size:
        raise DesignError("PERF-001", "before and after have different numbers of rows", found=f"{first.size}, {second.size}")
    if not (math.isfinite(coefficient) and coefficient >= 0):
        raise DesignError("PERF-006", "a repeatability coefficient is finite and not negative", found=str(coefficient))
    return np.asarray(np.abs(second - first) > coefficient)


def repeatability_claim(quantity: str, coefficient: Estimate, unit: str = "") -> str:
    """Return the claim a repeatability coefficient supports, worded as QIBA profiles do, with its upper bound and people."""
    if coefficient.value is None or coefficient.high is None:
        return f"No claim on change in {quantity}: {coefficient.reason}."
    size = f"{coefficient.value:.3g}{f' {unit}' if unit else ''}"
    bound = f"{coefficient.high:.3g}{f' {unit}' if unit else ''}"
    people = f"{coefficient.patients} subjects"
    return f"A measured change in {quantity} of more than {size} is a true change with 95 % confidence ({people}; upper bound {bound})."
