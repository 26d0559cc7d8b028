"""Estimates from repeated resampling: predictions pooled within a repeat, averaged over repeats; and fold values, variance corrected."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.measures.concordance import pairs_of
from radaudit.measures.discrimination import delong, expit, logit, newcombe_interval
from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.normal import t_two_sided, two_sided

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats
    from radaudit.followup import Followed

LEVEL = 0.95


def people(outcome: Floats, patients: ArrayLike) -> tuple[int, int]:
    """Return the number of patients, and of those with an event row."""
    names = np.asarray(patients).astype(str)
    return len(np.unique(names)), len(np.unique(names[outcome == 1]))


def pooled_auc(outcome: Floats, risks: Sequence[Floats], patients: ArrayLike, *, level: float = LEVEL) -> Estimate:
    """Return the AUC of out-of-fold risks, pooled over the folds of a repeat and averaged over repeats (each (n,), NaN: not predicted).

    The variance is the mean of the repeats' DeLong variances: repeats share all patients, so that averaging them is not taken to
    narrow the interval. Pooling compares risks of different folds' models, which lowers the AUC a little if folds differ in level.
    """
    method = "out-of-fold risks pooled within a repeat, mean over repeats, DeLong on the logit scale"
    names = np.asarray(patients).astype(str)
    values, variances = [], []
    count, events = people(outcome, names)
    known = np.ones(len(outcome), dtype=bool)
    for risk in risks:
        known = ~np.isnan(risk)
        count, events = people(outcome[known], names[known])
        if not 0 < outcome[known].sum() < known.sum():
            return unknown("no rows of both outcomes were predicted", patients=count, events=events, level=level, method=method)
        found = delong(outcome[known], [risk[known]], names[known])
        values.append(float(found.aucs[0]))
        variances.append(float(found.covariance[0, 0]))
    value, variance = float(np.mean(values)), float(np.mean(variances))
    if variance > 0 and 0 < value < 1:
        half = two_sided(level) * math.sqrt(variance) / (value * (1 - value))
        low, high = expit(logit(value) - half), expit(logit(value) + half)
    else:
        low, high = newcombe_interval(value, max(events, 1), max(count - events, 1), level)
        method = "out-of-fold risks pooled within a repeat, mean over repeats, Newcombe method 5"
    return Estimate(value=value, low=low, high=high, level=level, patients=count, events=events, method=method)


def pooled_c(rows: Followed, risks: Sequence[Floats], *, level: float = LEVEL) -> Estimate:
    """Return Harrell's C of out-of-fold risks, pooled over the folds of a repeat and averaged over repeats, as ``pooled_auc``.

    The variance is that of the averaged influence of each patient: repeats share all patients.
    """
    method = "out-of-fold risks pooled within a repeat, mean over repeats, Harrell's C, infinitesimal jackknife by patient, logit scale"
    values, pulls = [], np.zeros(rows.patients)
    for risk in risks:
        at = np.flatnonzero(~np.isnan(risk))
        part = rows.take(at)
        found = pairs_of(part, risk[at])
        if not found.all.sum() > 0:
            none = "no comparable pair was predicted"
            return unknown(none, patients=part.patients, events=part.events, level=level, method=method)
        values.append(found.c)
        pulls += np.bincount(rows.patient[at], weights=found.pull, minlength=rows.patients) / len(risks)
    value, variance = float(np.mean(values)), float((pulls**2).sum())
    people = {"level": level, "patients": rows.patients, "events": rows.events, "method": method}
    if not (variance > 0 and 0 < value < 1):
        return Estimate(value=value, reason="the concordance has no variance here", **people)  # type: ignore[arg-type]
    half = two_sided(level) * math.sqrt(variance) / (value * (1 - value))
    return Estimate(value=value, low=expit(logit(value) - half), high=expit(logit(value) + half), **people)  # type: ignore[arg-type]


def averaged(risks: Sequence[Floats], measure: Callable[[Floats], Estimate]) -> Estimate:
    """Return a measure's value and bounds averaged over repeats; without a value if a repeat has none."""
    found = [measure(risk) for risk in risks]
    first = found[0]
    if any(not one.known for one in found):
        return next(one for one in found if not one.known)
    bounded = all(one.bounded for one in found)
    return Estimate(
        value=float(np.mean([one.value for one in found])),
        low=float(np.mean([one.low for one in found])) if bounded else None,
        high=float(np.mean([one.high for one in found])) if bounded else None,
        level=first.level,
        patients=first.patients,
        events=first.events,
        method=f"{first.method}; value and bounds averaged over {len(found)} repeats",
        reason=None if bounded else "a repeat has no interval",
    )


def fold_mean(
    values: Sequence[float], *, ratio: float, patients: int, events: int, level: float = LEVEL, method: str = "AUC within folds"
) -> Estimate:
    """Return the mean of fold values with the corrected resampled t interval; ``ratio`` is assessment over analysis patients.

    Variance (1/J + ratio) s2 over J values, J - 1 degrees of freedom (Nadeau and Bengio, Machine Learning 2003, eq. 9): values of
    folds that share training rows are not independent, and s2/J would be far too small. Bounds are kept within 0 and 1.
    """
    name = f"{method}, mean over folds, corrected resampled t (Nadeau and Bengio)"
    if not values:
        return unknown("no fold has both outcomes", patients=patients, events=events, level=level, method=name)
    mean = float(np.mean(values))
    if len(values) < 2:
        return Estimate(value=mean, level=level, patients=patients, events=events, method=name, reason="one fold has no variance")
    spread = math.sqrt((1 / len(values) + ratio) * float(np.var(values, ddof=1)))
    half = t_two_sided(level, len(values) - 1) * spread
    return Estimate(
        value=mean, low=max(0.0, mean - half), high=min(1.0, mean + half), level=level, patients=patients, events=events, method=name
    )
