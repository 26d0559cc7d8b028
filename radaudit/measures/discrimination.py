"""The AUC with its DeLong variance in O(n log n), for independent rows and for several rows per patient.

One sort gives, for every event row, the share of non-events below it, and for every non-event row the share of events above
it (ties count half). These placements carry everything: their mean is the AUC, their covariances are DeLong's
(DeLong, DeLong, Clarke-Pearson, Biometrics 1988; Sun and Xu, IEEE SPL 2014). With several rows per patient the placements are
summed within patients first (Obuchowski, Biometrics 1997); with one row per patient that is DeLong's formula exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.estimate import Comparison, Estimate, unknown
from radaudit.measures.normal import normal_p, t_p, t_two_sided, two_sided
from radaudit.measures.rows import Scored, fraction, scored, two_classes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Floats

Scale = Literal["logit", "plain", "newcombe"]


def placements(event: Bools, risk: Floats) -> tuple[float, Floats]:
    """Return the AUC by midranks and, per row (n,), the share of opposite rows it is on the right side of; ties count half.

    For an event: the share of non-events with a lower risk. For a non-event: the share of events with a higher risk. The AUC is an
    exact count of pairs over an exact count of pairs. Both classes must be present.
    """
    order = np.argsort(risk, kind="stable")
    ordered, event_there = risk[order], event[order]
    new = np.r_[True, ordered[1:] != ordered[:-1]]
    starts = np.flatnonzero(new)
    hits = np.add.reduceat(event_there.astype(np.float64), starts)
    misses = np.diff(np.r_[starts, risk.size]) - hits
    lower = np.cumsum(misses) - 0.5 * misses
    m, n = hits.sum(), misses.sum()
    below, above = lower / n, (m - np.cumsum(hits) + 0.5 * hits) / m
    group = np.cumsum(new) - 1
    shares = np.empty(risk.size)
    shares[order] = np.where(event_there, below[group], above[group])
    return float((hits * lower).sum() / (m * n)), shares


def auc(outcome: ArrayLike, risk: ArrayLike) -> float:
    """Return the area under the ROC curve, P(risk of an event > risk of a non-event) + half of P(equal).

    Raises PERF-001 to PERF-003 for unusable arrays and PERF-004 if one class is absent.
    """
    rows = two_classes(scored(outcome, risk))
    return placements(rows.event, rows.risk)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeLong:
    """AUCs (k,) of k risks on the same rows and their covariance (k, k); the covariance is NaN where it cannot be estimated."""

    aucs: Floats
    covariance: Floats


def delong(outcome: ArrayLike, risks: Sequence[ArrayLike], patients: ArrayLike | None = None) -> DeLong:
    """Return the AUCs of one or more risks on the same rows with DeLong's covariance; by patient (Obuchowski 1997) if ``patients`` repeat.

    Raises PERF-001 to PERF-004.
    """
    sets = [two_classes(scored(outcome, risk, patients)) for risk in risks]
    return delong_of(sets)


def delong_of(sets: Sequence[Scored]) -> DeLong:
    """Return what ``delong`` returns for rows already checked; all share outcome and patients."""
    event = sets[0].event
    found = [placements(event, rows.risk) for rows in sets]
    aucs = np.array([value for value, _ in found])
    m, n = int(event.sum()), int((~event).sum())
    centred = np.stack([shares for _, shares in found]) - aucs[:, None]
    if not sets[0].clustered:
        if min(m, n) < 2:
            return DeLong(aucs=aucs, covariance=np.full((len(sets), len(sets)), np.nan))
        hits, misses = centred[:, event], centred[:, ~event]
        return DeLong(aucs=aucs, covariance=hits @ hits.T / (m * (m - 1)) + misses @ misses.T / (n * (n - 1)))
    return DeLong(aucs=aucs, covariance=_by_patient(centred, event, sets[0]))


def _by_patient(centred: Floats, event: Bools, rows: Scored) -> Floats:
    """Return Obuchowski's covariance of AUCs (k, k) from centred placements (k, n) summed within patients."""
    k, size = centred.shape[0], rows.patients
    sums = np.zeros((2, k, size))
    for side, mask in enumerate((event, ~event)):
        for j in range(k):
            sums[side, j] = np.bincount(rows.patient[mask], weights=centred[j, mask], minlength=size)
    m, n = float(event.sum()), float((~event).sum())
    with_hits, with_misses = np.unique(rows.patient[event]).size, np.unique(rows.patient[~event]).size
    if min(with_hits, with_misses) < 2:
        return np.full((k, k), np.nan)
    hits, misses = sums
    own = hits @ hits.T * (with_hits / (with_hits - 1)) / m**2 + misses @ misses.T * (with_misses / (with_misses - 1)) / n**2
    cross = hits @ misses.T * (size / (size - 1)) / (m * n)
    return np.asarray(own + cross + cross.T)


def newcombe_interval(value: float, hits: int, misses: int, level: float) -> tuple[float, float]:
    """Return Newcombe's method 5 interval of an AUC: wide where DeLong collapses (AUC of 0 or 1, a single event).

    The bounds solve |value - a| = z sqrt(V(a)), V(a) = a(1-a)[1 + (N-1)((1-a)/(2-a) + a/(1+a))]/(mn), N = (m+n)/2
    (Newcombe, Statist. Med. 2006;25:559, method 5).
    """
    z, size = two_sided(level), (hits + misses) / 2

    def excess(a: float) -> float:
        spread = a * (1 - a) * (1 + (size - 1) * ((1 - a) / (2 - a) + a / (1 + a))) / (hits * misses)
        return abs(value - a) - z * math.sqrt(max(spread, 0.0))

    def bound(outer: float) -> float:
        inside, outside = value, outer
        if excess(outside) <= 0:
            return outside
        for _ in range(200):
            middle = 0.5 * (inside + outside)
            inside, outside = (inside, middle) if excess(middle) > 0 else (middle, outside)
        return 0.5 * (inside + outside)

    return (0.0 if value == 0 else bound(0.0)), (1.0 if value == 1 else bound(1.0))


def logit(value: float) -> float:
    """Return log(value / (1 - value))."""
    return math.log(value / (1 - value))


def expit(value: float) -> float:
    """Return 1 / (1 + exp(-value)) without overflow."""
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def auc_estimate(
    outcome: ArrayLike,
    risk: ArrayLike,
    level: float = 0.95,
    *,
    scale: Scale = "logit",
    patients: ArrayLike | None = None,
) -> Estimate:
    """Return the AUC with its DeLong interval, on the logit scale unless ``scale`` is ``plain`` (pROC's) or ``newcombe``.

    ``patients`` (n,) names the patient of each row; if some repeat, the variance is by patient. One class only, or no rows, gives an
    Estimate without value and the reason. Where DeLong's variance is zero or undefined (AUC of 0 or 1, fewer than two events or
    non-events) Newcombe's interval is given and named. Raises PERF-001 to PERF-003, PERF-006.
    """
    fraction(level, "level")
    rows = scored(outcome, risk, patients)
    if rows.one_sided:
        return unknown(rows.one_sided, patients=rows.patients, events=rows.events, level=level, method="AUC by midranks")
    found = delong_of([rows])
    value, variance = float(found.aucs[0]), float(found.covariance[0, 0])
    low, high, method = _interval(value, variance, rows, level, scale)
    return Estimate(value=value, low=low, high=high, level=level, patients=rows.patients, events=rows.events, method=method)


def _interval(value: float, variance: float, rows: Scored, level: float, scale: Scale) -> tuple[float, float, str]:
    name = "DeLong by patient (Obuchowski)" if rows.clustered else "DeLong"
    if scale == "newcombe" or not variance > 0 or (scale == "logit" and not 0 < value < 1):
        hits = rows.events
        misses = int(np.unique(rows.patient[~rows.event]).size)
        why = "" if scale == "newcombe" else f"; {name} has no variance here"
        return *newcombe_interval(value, hits, misses, level), f"Newcombe method 5{why}"
    half = two_sided(level) * math.sqrt(variance)
    if scale == "plain":
        return max(0.0, value - half), min(1.0, value + half), f"{name}, plain scale"
    if scale != "logit":
        raise DesignError("PERF-006", "the scale of an AUC's interval is logit, plain or newcombe", at="scale", found=str(scale))
    half /= value * (1 - value)
    return expit(logit(value) - half), expit(logit(value) + half), f"{name}, logit scale"


def auc_difference(
    outcome: ArrayLike, risk: ArrayLike, other: ArrayLike, level: float = 0.95, *, patients: ArrayLike | None = None
) -> Comparison:
    """Return AUC(risk) - AUC(other) on the same rows with DeLong's paired test and plain interval.

    Identical rankings give a difference of 0 without statistic or p. Raises PERF-001 to PERF-003, PERF-006.
    """
    fraction(level, "level")
    one, two = scored(outcome, risk, patients), scored(outcome, other, patients)
    method = "paired DeLong by patient (Obuchowski)" if one.clustered else "paired DeLong"
    if one.one_sided:
        none = unknown(one.one_sided, patients=one.patients, events=one.events, level=level, method=method)
        return Comparison(difference=none, statistic=None, degrees=None, p=None)
    found = delong_of([one, two])
    weights = np.array([1.0, -1.0])
    value, variance = float(found.aucs @ weights), float(weights @ found.covariance @ weights)
    return _compared(value, variance, one.patients, one.events, level, method, None)


def auc_difference_between(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    level: float = 0.95,
    *,
    patients: tuple[ArrayLike, ArrayLike] | None = None,
) -> Comparison:
    """Return AUC(first) - AUC(second) for two groups of different patients, each given as (outcome, risk).

    The unpaired DeLong test with Welch's degrees of freedom, as in pROC. Raises PERF-001 to PERF-003, PERF-006.
    """
    fraction(level, "level")
    names = patients or (None, None)
    groups = [scored(*pair, ids) for pair, ids in zip((first, second), names, strict=True)]
    people, events = sum(g.patients for g in groups), sum(g.events for g in groups)
    method = "unpaired DeLong, Welch degrees of freedom"
    for number, group in enumerate(groups, start=1):
        if group.one_sided:
            none = unknown(f"group {number}: {group.one_sided}", patients=people, events=events, level=level, method=method)
            return Comparison(difference=none, statistic=None, degrees=None, p=None)
    found = [delong_of([group]) for group in groups]
    a, b = (float(f.covariance[0, 0]) for f in found)
    value = float(found[0].aucs[0] - found[1].aucs[0])
    if not a + b > 0:
        return _compared(value, a + b, people, events, level, method, None)
    degrees = (a + b) ** 2 / (a**2 / (groups[0].patients - 1) + b**2 / (groups[1].patients - 1))
    return _compared(value, a + b, people, events, level, method, degrees)


def _compared(value: float, variance: float, people: int, events: int, level: float, method: str, degrees: float | None) -> Comparison:
    """Return the comparison; a variance that is only the rounding of zero is zero."""
    if not variance > 1e-16:
        reason = "the two AUCs have no variance to compare them with"
        none = Estimate(value=value, level=level, patients=people, events=events, method=method, reason=reason)
        return Comparison(difference=none, statistic=None, degrees=None, p=None)
    error = math.sqrt(variance)
    if degrees is None:
        half, p = two_sided(level) * error, normal_p(value / error)
    else:
        half, p = t_two_sided(level, degrees) * error, t_p(value / error, degrees)
    low, high = max(-1.0, value - half), min(1.0, value + half)
    estimate = Estimate(value=value, low=low, high=high, level=level, patients=people, events=events, method=method)
    return Comparison(difference=estimate, statistic=value / error, degrees=degrees, p=p)
