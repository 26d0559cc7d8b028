"""The smooth calibration curve with its band, grouped calibration, and the distances between curve and diagonal.

Our definition of the curve, and so of ICI, E50, E90 and Emax (Austin and Steyerberg, Statist. Med. 2014;33:517 and 2019;38:4051):
local quadratic regression of the outcome on the risk, tricube weights over the nearest 75 % of rows, one pass, computed directly at
every distinct risk (R: ``loess(y ~ p, span = .75, degree = 2, family = "gaussian", surface = "direct")``), limited to 0 to 1.
Above 1,000 distinct risks it is computed at 1,000 of their quantiles and is straight between them. The other method, ``spline``, is the
logistic regression on a restricted cubic spline of the logit of the risk with 4 knots at quantiles .05, .35, .65, .95 (Harrell).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError
from radaudit.measures.auc_resampling import counts_for
from radaudit.measures.calibration import logits
from radaudit.measures.estimate import Estimate
from radaudit.measures.logistic import LogisticFit, fit_logistic, probability
from radaudit.measures.normal import two_sided
from radaudit.measures.proportions import proportion
from radaudit.measures.resampling import bootstrap_estimate
from radaudit.measures.rows import Scored, at_least, fraction, lacking, scored, vector

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Floats

Smoother = Literal["loess", "spline"]

SPAN = 0.75
MOST_POINTS = 1000
LEAST_RISKS = 10
LEAST_ROWS = 20


def loess_weights(risk: Floats, at: Floats, *, span: float = SPAN) -> Floats:
    """Return the operator (k, n) of local quadratic regression: the curve at ``at`` (k,) is the operator times the outcome (n,).

    Tricube weights within the distance of the q-th nearest row, q = floor(n span + 1e-5) (Cleveland and Devlin, JASA 1988).
    """
    nearest = max(1, math.floor(risk.size * span + 1e-5))
    operator = np.zeros((at.size, risk.size))
    for i, x in enumerate(at):
        gap = risk - x
        reach = np.partition(np.abs(gap), nearest - 1)[nearest - 1]
        if reach <= 0:
            operator[i] = (gap == 0) / np.count_nonzero(gap == 0)
            continue
        inside = np.flatnonzero(np.abs(gap) < reach)
        scaled = gap[inside] / reach
        weight = (1 - np.abs(scaled) ** 3) ** 3
        basis = np.stack([np.ones(scaled.size), scaled, scaled**2], axis=1)
        moments = basis.T @ (basis * weight[:, None])
        operator[i, inside] = weight * (basis @ np.linalg.pinv(moments, rcond=1e-12, hermitian=True)[0])
    return operator


def spline_basis(x: Floats, knots: Floats) -> Floats:
    """Return Harrell's restricted cubic spline basis (n, k-1): x and k-2 cubic terms, linear beyond the outer knots."""
    last, before, width = knots[-1], knots[-2], (knots[-1] - knots[0]) ** 2
    columns = [x]
    for knot in knots[:-2]:
        term = np.maximum(x - knot, 0) ** 3
        term -= np.maximum(x - before, 0) ** 3 * (last - knot) / (last - before)
        term += np.maximum(x - last, 0) ** 3 * (before - knot) / (last - before)
        columns.append(term / width)
    return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationCurve:
    """Observed share ``observed`` (k,) at each ``risk`` (k,), with pointwise bounds ``low`` and ``high`` (k,); empty with a ``reason``."""

    risk: Floats
    observed: Floats
    low: Floats
    high: Floats
    level: float
    method: str
    reason: str | None = None

    def document(self) -> dict[str, object]:
        """Return plain JSON values."""
        arrays = {name: getattr(self, name).tolist() for name in ("risk", "observed", "low", "high")}
        return {**arrays, "level": self.level, "method": self.method, "reason": self.reason}


def calibration_curve(
    outcome: ArrayLike, risk: ArrayLike, level: float = 0.95, *, method: Smoother = "loess", grid: ArrayLike | None = None
) -> CalibrationCurve:
    """Return the smooth curve with a pointwise band, at ``grid`` (k,) or at 101 points from the smallest to the largest risk.

    The band is normal on the scale of the smoother: for loess, operator times binomial variance of the curve; for spline, Wald on the
    logit. It covers the curve's noise, not its smoothing bias, and takes rows as independent. Fewer than 20 rows, 10 distinct risks or
    one class give an empty curve with the reason. Raises PERF-001 to PERF-003, PERF-005, PERF-006.
    """
    fraction(level, "level")
    rows = scored(outcome, risk, probability=True)
    text = _named(method)
    reason = _unsmoothable(rows, method)
    if reason:
        none = frozen([])
        return CalibrationCurve(risk=none, observed=none, low=none, high=none, level=level, method=text, reason=reason)
    at = np.linspace(rows.risk.min(), rows.risk.max(), 101) if grid is None else vector(grid, "grid")
    if at.size and (at.min() < rows.risk.min() or at.max() > rows.risk.max()):
        raise DesignError("PERF-006", "the grid leaves the range of the risks; the curve is not extrapolated", at="grid")
    z = two_sided(level)
    if method == "loess":
        operator = loess_weights(rows.risk, at)
        middle = np.clip(operator @ rows.event, 0, 1)
        own = np.clip(_loess_at_rows(rows.event, rows.risk), 0, 1)
        half = z * np.sqrt(operator**2 @ (own * (1 - own)))
        low, high = np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
    else:
        score, error = _spline(rows.event, rows.risk, at)
        middle, low, high = probability(score), probability(score - z * error), probability(score + z * error)
    return CalibrationCurve(risk=frozen(at), observed=frozen(middle), low=frozen(low), high=frozen(high), level=level, method=text)


def _named(method: Smoother) -> str:
    names = {"loess": "loess, degree 2, span 0.75, direct", "spline": "logistic on a restricted cubic spline of the logit, 4 knots"}
    if method not in names:
        raise DesignError("PERF-006", "the smoother of a calibration curve is loess or spline", at="method", found=str(method))
    return names[method]


def _unsmoothable(rows: Scored, method: Smoother) -> str | None:
    """Return why no curve can be drawn through these rows, or None."""
    if rows.one_sided:
        return rows.one_sided
    if rows.rows < LEAST_ROWS:
        return f"{rows.rows} rows; a smooth curve takes at least {LEAST_ROWS}"
    distinct = int(np.unique(rows.risk).size)
    if distinct < LEAST_RISKS:
        return f"{distinct} distinct risks; a smooth curve takes at least {LEAST_RISKS}"
    if method == "spline":
        edge = int(np.count_nonzero((rows.risk == 0) | (rows.risk == 1)))
        if edge:
            return f"{edge} risk(s) are exactly 0 or 1 and have no logit"
        if np.unique(_knots(logits(rows.risk))).size < 4:
            return "the risks are too concentrated for four knots"
        return _spline_design(rows.event, rows.risk)[1].reason
    return None


def _knots(score: Floats) -> Floats:
    return np.asarray(np.quantile(score, [0.05, 0.35, 0.65, 0.95]))


def _spline_design(event: Bools, risk: Floats) -> tuple[Floats, LogisticFit]:
    score = logits(risk)
    knots = _knots(score)
    design = np.column_stack([np.ones(score.size), spline_basis(score, knots)])
    return knots, fit_logistic(design, event)


def _spline(event: Bools, risk: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Return linear predictor and standard error (k,) at risks ``at``."""
    knots, fit = _spline_design(event, risk)
    design = np.column_stack([np.ones(at.size), spline_basis(logits(at), knots)])
    return design @ fit.coefficients, np.sqrt(np.einsum("ij,jk,ik->i", design, fit.covariance, design))


def _loess_at_rows(event: Bools, risk: Floats) -> Floats:
    """Return the unlimited loess curve at every row (n,)."""
    at = np.unique(risk)
    if at.size > MOST_POINTS:
        at = np.unique(np.quantile(at, np.linspace(0, 1, MOST_POINTS)))
    values = np.empty(at.size)
    for start in range(0, at.size, 100):
        values[start : start + 100] = loess_weights(risk, at[start : start + 100]) @ event
    return np.interp(risk, at, values)


def smoothed(event: Bools, risk: Floats, method: Smoother) -> Floats:
    """Return the curve at every row (n,), limited to 0 to 1."""
    if method == "loess":
        return np.clip(_loess_at_rows(event, risk), 0, 1)
    return probability(_spline(event, risk, risk)[0])


DISTANCES = ("ici", "e50", "e90", "emax")


def _distances(event: Bools, risk: Floats, method: Smoother) -> Floats:
    gap = np.abs(smoothed(event, risk, method) - risk)
    return np.array([gap.mean(), np.median(gap), np.quantile(gap, 0.9), gap.max()])


def calibration_distances(
    outcome: ArrayLike,
    risk: ArrayLike,
    level: float = 0.95,
    *,
    method: Smoother = "loess",
    resamples: int = 0,
    rng: Generator | None = None,
    patients: ArrayLike | None = None,
) -> dict[str, Estimate]:
    """Return ICI, E50, E90 and Emax: mean, median, 90th percentile and largest distance between curve and risk over the rows.

    With ``resamples`` and ``rng``, percentile intervals over patients drawn within outcomes, the curve refitted on each; distances are
    never negative, so such intervals lie high for well calibrated risks. Raises PERF-001 to PERF-003, PERF-005, PERF-006.
    """
    fraction(level, "level")
    at_least(resamples, 0, "resamples")
    rows = scored(outcome, risk, patients, probability=True)
    text, reason = _named(method), _unsmoothable(rows, method)
    stated = partial(Estimate, level=level, patients=rows.patients, events=rows.events)
    if reason:
        return {name: stated(value=None, method=text, reason=reason) for name in DISTANCES}
    values = _distances(rows.event, rows.risk, method)
    if resamples == 0 or rng is None:
        why = "no interval was asked for: it takes resamples"
        return {n: stated(value=v, reason=why, method=text) for n, v in zip(DISTANCES, values, strict=True)}
    counts = counts_for(rows, resamples, rng, stratified=True)
    drawn = np.full((resamples, len(DISTANCES)), np.nan)
    for b in range(resamples):
        picked = np.repeat(np.arange(rows.rows), counts[b])
        event, values_there = rows.event[picked], rows.risk[picked]
        if lacking(event) is None and np.unique(values_there).size >= LEAST_RISKS:
            drawn[b] = _distances(event, values_there, method)
    return {
        name: bootstrap_estimate(
            float(values[i]), drawn[:, i], level=level, patients=rows.patients, events=rows.events, what=f"patients, {text}"
        )
        for i, name in enumerate(DISTANCES)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskGroup:
    """Rows whose risk lies from ``low`` to ``high``: their mean risk and the observed share with its interval."""

    low: float
    high: float
    mean_risk: float
    observed: Estimate

    def document(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {"low": self.low, "high": self.high, "mean_risk": self.mean_risk, "observed": self.observed.document()}


def risk_groups(
    outcome: ArrayLike, risk: ArrayLike, *, groups: int = 6, level: float = 0.95, patients: ArrayLike | None = None
) -> tuple[RiskGroup, ...]:
    """Return up to ``groups`` groups of equal size by risk, with Wilson intervals; equal risks are never parted.

    Fewer groups come back when ties or few rows leave some empty. Raises PERF-001 to PERF-003, PERF-005, PERF-006.
    """
    at_least(groups, 1, "groups")
    rows = scored(outcome, risk, patients, probability=True)
    if rows.rows == 0:
        return ()
    _, inverse, sizes = np.unique(rows.risk, return_inverse=True, return_counts=True)
    middle = (np.cumsum(sizes) - 0.5 * sizes) / rows.rows
    group = np.minimum((middle * groups).astype(np.int64), groups - 1)[inverse.reshape(-1)]
    answers = []
    for number in np.unique(group):
        here = group == number
        owner = rows.patient[here]
        events = int(np.unique(owner[rows.event[here]]).size)
        observed = proportion(rows.event[here], owner=owner, level=level, events=events)
        part = rows.risk[here]
        answers.append(RiskGroup(low=float(part.min()), high=float(part.max()), mean_risk=float(part.mean()), observed=observed))
    return tuple(answers)


def expected_calibration_error(outcome: ArrayLike, risk: ArrayLike, *, groups: int = 10) -> float:
    """Return the mean distance between observed share and mean risk over ``risk_groups``, weighted by rows; it depends on the groups.

    Raises PERF-001 to PERF-006.
    """
    parts = risk_groups(outcome, risk, groups=groups)
    if not parts:
        raise DesignError("PERF-004", "calibration error needs rows", at="outcome")
    weights = np.array([float(p.observed.patients or 0) for p in parts])
    gaps = np.array([abs(float(p.observed.value or 0.0) - p.mean_risk) for p in parts])
    return float((weights * gaps).sum() / weights.sum())
