"""Logistic regression by iteratively reweighted least squares, with the intervals calibration needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.measures.normal import chi_squared_quantile

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints

STEPS = 100
TOLERANCE = 1e-11
FARTHEST_SCORE = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticFit:
    """Coefficients (p,), their inverse information (p, p) and the deviance; ``reason`` says why there is no maximum, else None."""

    coefficients: Floats
    covariance: Floats
    deviance: float
    reason: str | None


def probability(score: Floats) -> Floats:
    """Return 1 / (1 + exp(-score)) without overflow."""
    small = np.exp(-np.abs(score))
    return np.asarray(np.where(score >= 0, 1.0, small) / (1.0 + small))


def deviance_of(score: Floats, event: Bools, weights: Floats | None = None) -> float:
    """Return -2 log likelihood of linear predictors (n,)."""
    signed = np.where(event, -score, score)
    losses = np.logaddexp(0.0, signed)
    return 2 * float(losses.sum() if weights is None else losses @ weights)


def fit_logistic(design: Floats, event: Bools, *, offset: Floats | None = None, weights: Floats | None = None) -> LogisticFit:
    """Return the maximum likelihood fit of ``event`` (n,) on ``design`` (n, p), with an ``offset`` (n,) and case ``weights`` (n,).

    Newton's steps, halved while the deviance rises, until no coefficient moves by more than 1e-11 of its size. ``reason`` is set when
    the information is singular or the likelihood has no maximum (separated classes); the coefficients are then not to be used.
    """
    base = np.zeros(event.size) if offset is None else offset
    mass = np.ones(event.size) if weights is None else weights
    beta = np.zeros(design.shape[1])
    score = base + design @ beta
    deviance = deviance_of(score, event, mass)
    covariance = np.full((beta.size, beta.size), np.nan)
    for _ in range(STEPS):
        risk = probability(score)
        information = design.T @ (design * (mass * risk * (1 - risk))[:, None])
        try:
            covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
        except np.linalg.LinAlgError:
            return LogisticFit(coefficients=beta, covariance=covariance, deviance=deviance, reason="the information matrix is singular")
        if not np.isfinite(covariance).all() or (np.diag(covariance) <= 0).any():
            return LogisticFit(coefficients=beta, covariance=covariance, deviance=deviance, reason="the information matrix is singular")
        step = covariance @ (design.T @ (mass * (event - risk)))
        beta, score, deviance = _walk(beta, step, design, base, event, mass, deviance)
        if np.abs(score - base).max() > FARTHEST_SCORE:
            break
        if (np.abs(step) <= TOLERANCE * (1 + np.abs(beta))).all():
            return LogisticFit(coefficients=beta, covariance=covariance, deviance=deviance, reason=None)
    reason = "the likelihood has no maximum: the classes are separated"
    return LogisticFit(coefficients=beta, covariance=covariance, deviance=deviance, reason=reason)


def _walk(
    beta: Floats, step: Floats, design: Floats, base: Floats, event: Bools, mass: Floats, deviance: float
) -> tuple[Floats, Floats, float]:
    """Return the coefficients after the longest of step, step/2, step/4 ... that does not raise the deviance."""
    length = 1.0
    for _ in range(40):
        trial = beta + length * step
        score = base + design @ trial
        reached = deviance_of(score, event, mass)
        if reached <= deviance + 1e-9 * (1 + abs(deviance)):
            return trial, score, reached
        length /= 2
    return beta, base + design @ beta, deviance


def by_patient_covariance(fit: LogisticFit, design: Floats, event: Bools, offset: Floats, owner: Ints) -> Floats:
    """Return the sandwich covariance (p, p) with scores summed within patients and the factor g/(g-1) (Liang and Zeger 1986)."""
    risk = probability(offset + design @ fit.coefficients)
    size = int(owner.max()) + 1
    scores = np.stack([np.bincount(owner, weights=column * (event - risk), minlength=size) for column in design.T], axis=1)
    middle = scores.T @ scores * (size / (size - 1))
    return np.asarray(fit.covariance @ middle @ fit.covariance)


def profile_interval(
    design: Floats, event: Bools, which: int, fit: LogisticFit, level: float, *, offset: Floats
) -> tuple[float, float] | None:
    """Return the profile likelihood interval of coefficient ``which``, or None if the likelihood does not fall off on a side.

    Bisection on the deviance of the fit with that coefficient fixed, to 1e-12 of the interval's width.
    """
    limit = fit.deviance + chi_squared_quantile(level, 1)
    rest = np.delete(design, which, axis=1)

    def excess(value: float) -> float:
        fixed = offset + design[:, which] * value
        if rest.shape[1] == 0:
            return deviance_of(fixed, event) - limit
        return fit_logistic(rest, event, offset=fixed).deviance - limit

    best, width = float(fit.coefficients[which]), math.sqrt(fit.covariance[which, which])
    bounds = []
    for sign in (-1.0, 1.0):
        reach = width
        while excess(best + sign * reach) < 0:
            reach *= 2
            if reach > 1e6 * width:
                return None
        inside, outside = 0.0, reach
        while outside - inside > 1e-12 * reach:
            middle = 0.5 * (inside + outside)
            inside, outside = (middle, outside) if excess(best + sign * middle) < 0 else (inside, middle)
        bounds.append(best + sign * 0.5 * (inside + outside))
    return bounds[0], bounds[1]


def recalibrate_by_counts(score: Floats, event: Bools, counts: Floats, *, steps: int = 50) -> tuple[Floats, Floats, Floats]:
    """Return intercept, slope and intercept-at-slope-1, each (B,), of the recalibration on each resample ``counts`` (B, n); NaN if none.

    The same Newton steps as ``fit_logistic``, for all resamples at once.
    """
    joint = _newton_two(score, event, counts, steps)
    large = _newton_one(score, event, counts, steps)
    return joint[0], joint[1], large


def _newton_two(score: Floats, event: Bools, counts: Floats, steps: int) -> tuple[Floats, Floats]:
    size = counts.shape[0]
    a, b, done = np.zeros(size), np.zeros(size), np.zeros(size, dtype=bool)
    with np.errstate(all="ignore"):
        for _ in range(steps):
            live = ~done
            if not live.any():
                break
            drawn = counts[live]
            risk = probability(a[live, None] + b[live, None] * score[None, :])
            spread, miss = drawn * risk * (1 - risk), drawn * (event - risk)
            s0, s1, s2 = spread.sum(axis=1), spread @ score, spread @ score**2
            g0, g1 = miss.sum(axis=1), miss @ score
            area = s0 * s2 - s1**2
            da, db = (s2 * g0 - s1 * g1) / area, (s0 * g1 - s1 * g0) / area
            longest = np.maximum(np.abs(da), np.abs(db))
            damp = np.minimum(1.0, 4.0 / np.maximum(longest, 1e-300))
            a[live] += damp * da
            b[live] += damp * db
            done[live] = longest <= 1e-9 * (1 + np.abs(a[live]) + np.abs(b[live]))
            done |= ~np.isfinite(a) | ~np.isfinite(b)
    lost = ~done | ~np.isfinite(a) | ~np.isfinite(b) | (np.abs(b) > FARTHEST_SCORE)
    return np.where(lost, np.nan, a), np.where(lost, np.nan, b)


def _newton_one(score: Floats, event: Bools, counts: Floats, steps: int) -> Floats:
    a = np.zeros(counts.shape[0])
    done = np.zeros(a.size, dtype=bool)
    hits = counts @ event
    whole = counts.sum(axis=1)
    lost = (hits == 0) | (hits == whole)
    done |= lost
    for _ in range(steps):
        live = ~done
        if not live.any():
            break
        risk = probability(a[live, None] + score[None, :])
        drawn = counts[live]
        step = (hits[live] - (drawn * risk).sum(axis=1)) / np.maximum((drawn * risk * (1 - risk)).sum(axis=1), 1e-300)
        a[live] += np.clip(step, -4.0, 4.0)
        done[live] = np.abs(step) <= 1e-10 * (1 + np.abs(a[live]))
    return np.where(done & ~lost, a, np.nan)
