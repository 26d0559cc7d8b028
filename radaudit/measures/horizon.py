"""Risk of the event by a time: AUC, Brier score and what happened, where some rows are censored before it.

Rows censored by the horizon are stood in for by those like them that were followed on: cases (event by t) weigh 1/G(T-), controls
(followed beyond t) 1/G(t), G the product-limit estimate of not being censored (Gerds and Schumacher, Biom J 2006; Uno et al., JASA 2007;
cumulative cases and dynamic controls: Heagerty et al., Biometrics 2000). riskRegression has the same convention.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.followup.product_limit import inverse_weights, product_limit
from radaudit.measures.estimate import Estimate
from radaudit.measures.normal import two_sided
from radaudit.measures.resampling import bootstrap_estimate, draw_counts
from radaudit.measures.rows import fraction, same_length, vector

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats
    from radaudit.followup import Followed

Replicated = Callable[["Floats | None"], "Floats"]
Rule = Literal["trapezoid", "step"]
MOST_LEFT_OUT = 400  # groups of patients that a jackknife leaves out in turn


def risks_of(rows: Followed, risk: ArrayLike, *, probability: bool = True) -> Floats:
    """Return the risks (n,) as floats; PERF-001, PERF-002, PERF-005 if they are no probabilities of these rows."""
    values = vector(risk, "risk")
    same_length(time=rows.time, risk=values)
    outside = int(np.count_nonzero((values < 0) | (values > 1))) if probability else 0
    if outside:
        raise DesignError("PERF-005", f"{outside} of {values.size} risks lie outside 0 to 1", at="risk", rows=outside)
    return values


def positive(horizon: float) -> float:
    """Return the horizon; PERF-122 unless it is a finite time above 0."""
    if not (math.isfinite(horizon) and horizon > 0):
        raise DesignError("PERF-122", "a horizon is a time above 0", at="horizon", found=str(horizon))
    return float(horizon)


def auc_of_counts(rows: Followed, score: ArrayLike, horizon: float, counts: Floats | None = None) -> Floats:
    """Return the AUC at the horizon (B,) of each resample: cases by then against rows followed beyond, NaN where one is absent."""
    values = risks_of(rows, score, probability=False)
    drawn = np.ones((1, len(rows))) if counts is None else counts
    cases, controls = (drawn * weight for weight in inverse_weights(rows, positive(horizon), drawn))
    order = np.argsort(values, kind="stable")
    starts = np.flatnonzero(np.diff(values[order], prepend=np.nan))
    hit, miss = (np.add.reduceat(weight[:, order], starts, axis=1) for weight in (cases, controls))
    below = np.cumsum(miss, axis=1) - miss / 2
    pairs = hit.sum(axis=1) * miss.sum(axis=1)
    return np.asarray(np.divide((hit * below).sum(axis=1), pairs, out=np.full(len(drawn), np.nan), where=pairs > 0))


def brier_of_counts(rows: Followed, risk: ArrayLike, horizon: float, counts: Floats | None = None) -> Floats:
    """Return the Brier score at the horizon (B,) of each resample."""
    values = risks_of(rows, risk)
    return _squares(rows, values[None, :], horizon, counts)


def null_brier_of_counts(rows: Followed, horizon: float, counts: Floats | None = None) -> Floats:
    """Return the Brier score (B,) of giving everybody the resample's own product-limit risk."""
    everyone = 1.0 - product_limit(rows, counts).at(horizon)
    return _squares(rows, everyone, horizon, counts)


def _squares(rows: Followed, values: Floats, horizon: float, counts: Floats | None) -> Floats:
    drawn = np.ones((1, len(rows))) if counts is None else counts
    cases, controls = inverse_weights(rows, positive(horizon), drawn)
    total = drawn.sum(axis=1)
    lost = drawn * (cases * (1.0 - values) ** 2 + controls * values**2)
    # undefined where everybody left is censored by the horizon: then nobody stands in for them
    known = (total > 0) & (product_limit(rows, drawn, censoring=True).at(horizon)[:, 0] > 0)
    return np.asarray(np.divide(lost.sum(axis=1), total, out=np.full(len(drawn), np.nan), where=known))


def ipa_of_counts(rows: Followed, risk: ArrayLike, horizon: float, counts: Floats | None = None) -> Floats:
    """Return the index of prediction accuracy (B,): 1 - Brier / Brier of the product-limit risk (Kattan and Gerds 2018)."""
    own, null = brier_of_counts(rows, risk, horizon, counts), null_brier_of_counts(rows, horizon, counts)
    return np.asarray(np.divide(null - own, null, out=np.full(own.size, np.nan), where=null > 0))


def integrated_brier_of_counts(
    rows: Followed, risks: ArrayLike, times: ArrayLike, counts: Floats | None = None, *, rule: Rule = "trapezoid"
) -> Floats:
    """Return the Brier score integrated from 0 to the last of ``times`` (k,) and divided by it (B,), for ``risks`` (n, k) at each time.

    At time 0 it is 0. ``step`` keeps each value until the next time, which is riskRegression's rule. Raises PERF-122 for times that do not
    rise.
    """
    at = vector(times, "times")
    table = np.asarray(risks, dtype=np.float64)
    if at.size == 0 or at[0] <= 0 or (np.diff(at) <= 0).any() or table.shape != (len(rows), at.size):
        raise DesignError("PERF-122", "an integrated score needs rising times above 0, and a risk of each row at each", at="times")
    scores = np.stack([brier_of_counts(rows, table[:, k], float(when), counts) for k, when in enumerate(at)], axis=1)
    led = np.concatenate([np.zeros((len(scores), 1)), scores], axis=1)
    widths = np.diff(at, prepend=0.0)
    height = led[:, :-1] if rule == "step" else (led[:, :-1] + led[:, 1:]) / 2
    return np.asarray(height @ widths / at[-1])


def observed_of_counts(rows: Followed, horizon: float, counts: Floats | None = None) -> Floats:
    """Return the product-limit risk at the horizon (B,), NaN where nobody is followed that long and some were censored before."""
    drawn = np.ones((1, len(rows))) if counts is None else counts
    reached = (drawn * (rows.time >= positive(horizon))).sum(axis=1) > 0
    left = product_limit(rows, drawn).at(horizon)[:, 0]
    return np.where(reached | ((left == 0) & (drawn.sum(axis=1) > 0)), 1.0 - left, np.nan)


def ratio_of_counts(rows: Followed, risk: ArrayLike, horizon: float, counts: Floats | None = None) -> Floats:
    """Return observed over expected at the horizon (B,): the product-limit risk over the mean predicted one."""
    values = risks_of(rows, risk)
    drawn = np.ones((1, len(rows))) if counts is None else counts
    expected = np.divide(drawn @ values, drawn.sum(axis=1), out=np.full(len(drawn), np.nan), where=drawn.sum(axis=1) > 0)
    return np.asarray(np.divide(observed_of_counts(rows, horizon, drawn), expected, out=np.full(len(drawn), np.nan), where=expected > 0))


def shares_of_counts(rows: Followed, risk: ArrayLike, horizon: float, threshold: float, counts: Floats | None = None) -> Floats:
    """Return sensitivity, specificity, positive and negative predictive value (4, B) of risk >= threshold for the event by the horizon."""
    values = risks_of(rows, risk, probability=False)
    drawn = np.ones((1, len(rows))) if counts is None else counts
    cases, controls = (drawn * weight for weight in inverse_weights(rows, positive(horizon), drawn))
    high = values >= threshold
    hit, miss, alarm, right = (part[:, at].sum(axis=1) for part in (cases, controls) for at in (high, ~high))
    parts = ((hit, miss), (right, alarm), (hit, alarm), (right, miss))
    return np.stack([np.divide(a, a + b, out=np.full(len(drawn), np.nan), where=a + b > 0) for a, b in parts])


def bootstrapped(rows: Followed, measure: Replicated, *, resamples: int, rng: Generator, level: float = 0.95, what: str = "") -> Estimate:
    """Return a measure (counts -> values) with its percentile interval over resamples of patients; G is estimated in each resample."""
    counts = draw_counts(len(rows), resamples, rng, patients=rows.patient)
    value = float(measure(None)[0])
    found = bootstrap_estimate(
        None if math.isnan(value) else value,
        measure(counts.astype(np.float64)),
        level=level,
        patients=rows.patients,
        events=rows.events,
        what="patients",
    )
    if not what:
        return found
    parts = {name: getattr(found, name) for name in ("value", "low", "high", "level", "patients", "events", "reason")}
    return Estimate(**parts, method=f"{what}; {found.method}")


def jackknifed(rows: Followed, measure: Replicated, level: float = 0.95, *, scale: Literal["logit", "log", "plain"], what: str) -> Estimate:
    """Return a measure with the normal interval of its jackknife by patient on a scale; no random numbers.

    More than ``MOST_LEFT_OUT`` patients are left out in that many groups (Shao and Wu, Ann Stat 1989).
    """
    fraction(level, "level")
    value = float(measure(None)[0])
    method = f"{what}; jackknife by patient, {scale} scale"
    if math.isnan(value):
        return Estimate(
            value=None, level=level, patients=rows.patients, events=rows.events, method=method, reason="not estimable on these rows"
        )
    groups = min(rows.patients, MOST_LEFT_OUT)
    left = np.asarray(np.arange(groups)[:, None] != (rows.patient % groups)[None, :], dtype=np.float64)
    replicates = measure(left)
    fine = replicates[np.isfinite(replicates)]
    error = math.sqrt((fine.size - 1) / fine.size * float(((fine - fine.mean()) ** 2).sum())) if fine.size > 1 else 0.0
    bounds = _bounds(value, two_sided(level) * error, scale) if fine.size == groups else None
    if bounds is None:
        why = "the jackknife has no variance here" if fine.size == groups else "some patients cannot be left out"
        return Estimate(value=value, level=level, patients=rows.patients, events=rows.events, method=method, reason=why)
    return Estimate(value=value, low=bounds[0], high=bounds[1], level=level, patients=rows.patients, events=rows.events, method=method)


def _bounds(value: float, half: float, scale: str) -> tuple[float, float] | None:
    if not half > 0:
        return None
    if scale == "plain":
        return value - half, value + half
    if scale == "log":
        return (value * math.exp(-half / value), value * math.exp(half / value)) if value > 0 else None
    if not 0 < value < 1:
        return None
    middle, wide = math.log(value / (1 - value)), half / (value * (1 - value))
    low, high = (1 / (1 + math.exp(-max(-700.0, min(700.0, middle + side * wide)))) for side in (-1, 1))
    return low, high
