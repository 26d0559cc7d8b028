"""How much of what is measured is the patient: the intraclass correlation family and variance components, for one feature or thousands.

Ratings are (n, k) or (n, k, p): targets, readings of each (raters, sessions), features. Names and intervals follow Shrout and Fleiss
(Psychol Bull 1979) and McGraw and Wong (Psychol Methods 1996), as in R's psych::ICC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError
from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.rows import fraction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats

Form = Literal["ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"]

FORMS: tuple[Form, ...] = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
MEANING = {
    "1": "one-way random: every target read by other raters",
    "2": "two-way random, absolute agreement",
    "3": "two-way mixed, consistency",
}


def readings(ratings: ArrayLike) -> Floats:
    """Return ratings as (n, k, p); PERF-001 for other shapes, PERF-002 for missing cells, PERF-008 below two targets or readings."""
    cube = np.asarray(ratings, dtype=np.float64)
    if cube.ndim == 2:
        cube = cube[:, :, None]
    if cube.ndim != 3:
        raise DesignError(
            "PERF-001", f"ratings have shape {cube.shape}, not (targets, readings) or (targets, readings, features)", at="ratings"
        )
    if not np.isfinite(cube).all():
        missing = int((~np.isfinite(cube)).any(axis=(1, 2)).sum())
        raise DesignError(
            "PERF-002", f"{missing} target(s) have a missing or infinite reading", at="ratings", fix="leave these targets out"
        )
    if cube.shape[0] < 2 or cube.shape[1] < 2:
        raise DesignError(
            "PERF-008", "reliability takes two targets with two readings each at least", found=f"{cube.shape[0]} by {cube.shape[1]}"
        )
    return cube


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSquares:
    """Mean squares (p,) of the two-way layout: between ``targets``, between ``readings``, ``residual``, ``within`` targets; n by k."""

    targets: Floats
    readings: Floats
    residual: Floats
    within: Floats
    n: int
    k: int


def mean_squares(ratings: ArrayLike) -> MeanSquares:
    """Return the mean squares of ratings (n, k) or (n, k, p). Raises PERF-001, PERF-002, PERF-008."""
    cube = readings(ratings)
    n, k, _ = cube.shape
    cube = cube - cube.mean(axis=(0, 1))
    rows, columns = cube.mean(axis=1), cube.mean(axis=0)
    targets = k * (rows**2).sum(axis=0) / (n - 1)
    between = n * (columns**2).sum(axis=0) / (k - 1)
    within = ((cube - rows[:, None]) ** 2).sum(axis=(0, 1)) / (n * (k - 1))
    residual = ((cube - rows[:, None] - columns[None]) ** 2).sum(axis=(0, 1)) / ((n - 1) * (k - 1))
    return MeanSquares(targets=targets, readings=between, residual=residual, within=within, n=n, k=k)


@dataclass(frozen=True, slots=True, kw_only=True)
class IccTable:
    """One form of the ICC for each feature (p,) with its bounds; NaN where neither targets nor readings vary."""

    form: Form
    value: Floats
    low: Floats
    high: Floats
    level: float
    targets: int
    readings: int


def icc_table(ratings: ArrayLike, form: Form = "ICC(2,1)", level: float = 0.95) -> IccTable:
    """Return the ICC of every feature of ratings (n, k, p). Raises PERF-001, PERF-002, PERF-006, PERF-008."""
    fraction(level, "level")
    if form not in FORMS:
        raise DesignError("PERF-006", f"the form of an ICC is one of {', '.join(FORMS)}", at="form", found=str(form))
    squares = mean_squares(ratings)
    bounds = {"1": _one_way, "2": _agreement, "3": _consistency}[form[4]]
    with np.errstate(divide="ignore", invalid="ignore"):
        value, low, high = bounds(squares, level)
        if form[6] == "k":
            # Spearman and Brown: the mean of k readings
            value, low, high = (squares.k * part / (1 + part * (squares.k - 1)) for part in (value, low, high))
    dead = ~np.isfinite(value)
    low, high = (np.where(dead | ~np.isfinite(part), np.nan, part) for part in (low, high))
    return IccTable(
        form=form,
        value=frozen(np.where(dead, np.nan, value)),
        low=frozen(low),
        high=frozen(high),
        level=level,
        targets=squares.n,
        readings=squares.k,
    )


def _ratio(f: Floats, k: int) -> Floats:
    """Return (F - 1) / (F + k - 1), 1 for an infinite F."""
    return np.asarray(np.where(np.isinf(f), 1.0, (f - 1) / (f + k - 1)))


def _from_f(f: Floats, k: int, first: float, second: float, level: float) -> tuple[Floats, Floats, Floats]:
    from scipy.special import fdtri

    top = 0.5 + level / 2
    return _ratio(f, k), _ratio(f / fdtri(first, second, top), k), _ratio(f * fdtri(second, first, top), k)


def _one_way(s: MeanSquares, level: float) -> tuple[Floats, Floats, Floats]:
    return _from_f(s.targets / s.within, s.k, s.n - 1, s.n * (s.k - 1), level)


def _consistency(s: MeanSquares, level: float) -> tuple[Floats, Floats, Floats]:
    return _from_f(s.targets / s.residual, s.k, s.n - 1, (s.n - 1) * (s.k - 1), level)


def _agreement(s: MeanSquares, level: float) -> tuple[Floats, Floats, Floats]:
    from scipy.special import fdtri

    n, k, b, j, e = s.n, s.k, s.targets, s.readings, s.residual
    value = (b - e) / (b + (k - 1) * e + k * (j - e) / n)
    ratio = j / e
    free = (k - 1) * (n - 1) * (k * value * ratio + n * (1 + (k - 1) * value) - k * value) ** 2
    free /= (n - 1) * k**2 * value**2 * ratio**2 + (n * (1 + (k - 1) * value) - k * value) ** 2
    free = np.where(np.isfinite(free), free, 1.0)
    top, rest = 0.5 + level / 2, k * j + (k * n - k - n) * e
    upper, lower = fdtri(n - 1, free, top), fdtri(free, n - 1, top)
    low, high = n * (b - upper * e) / (upper * rest + n * b), n * (lower * b - e) / (rest + n * lower * b)
    # no residual at all: readings differ by constants only and F has no spread to bound it by
    exact = e <= 0
    return value, np.where(exact, value, low), np.where(exact, value, high)


def icc(ratings: ArrayLike, form: Form = "ICC(2,1)", level: float = 0.95) -> Estimate:
    """Return the ICC of ratings (n, k) with its F interval: by default of a single reading, two-way random, absolute agreement.

    Ratings without any variation give an Estimate without value. Raises PERF-001, PERF-002, PERF-006, PERF-008.
    """
    if np.ndim(ratings) != 2:
        raise DesignError("PERF-001", f"ratings have shape {np.shape(ratings)}, not (targets, readings)", at="ratings")
    table = icc_table(ratings, form, level)
    method = f"{form}, {MEANING[form[4]]}, F interval"
    value, low, high = (float(part[0]) for part in (table.value, table.low, table.high))
    if not np.isfinite(value):
        return unknown("the ratings do not vary", patients=table.targets, level=level, method=method)
    if not (np.isfinite(low) and np.isfinite(high)):
        return Estimate(
            value=value, level=level, patients=table.targets, method=method, reason="the F bounds do not exist for these ratings"
        )
    return Estimate(value=value, low=min(low, value), high=max(high, value), level=level, patients=table.targets, method=method)


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceComponents:
    """Variances (p,) of targets, readings (raters, scanners) and residual; ``truncated`` (p,) tells where a negative one was set to 0."""

    targets: Floats
    readings: Floats
    residual: Floats
    truncated: Floats

    def shares(self) -> Floats:
        """Return the three as shares of their sum (p, 3); NaN where all are 0."""
        parts = np.stack([self.targets, self.readings, self.residual], axis=1)
        total = parts.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(parts, total, out=np.full(parts.shape, np.nan), where=total > 0))


def variance_components(ratings: ArrayLike) -> VarianceComponents:
    """Return the variance components of the balanced two-way layout by equating mean squares; equal to REML where none is negative.

    Raises PERF-001, PERF-002, PERF-008.
    """
    s = mean_squares(ratings)
    raw = np.stack([(s.targets - s.residual) / s.k, (s.readings - s.residual) / s.n])
    kept = np.maximum(raw, 0.0)
    return VarianceComponents(
        targets=frozen(kept[0]), readings=frozen(kept[1]), residual=frozen(s.residual), truncated=frozen((raw < 0).any(axis=0))
    )
