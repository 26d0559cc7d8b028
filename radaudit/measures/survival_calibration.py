"""Do predicted risks at a horizon agree with what happened by then?

Slope: the coefficient of Cox's model on the signature's own linear predictor (van Houwelingen, Stat Med 2000); 1 is right, below 1 too
extreme. Level: observed (product-limit) over expected (mean predicted) risk. Curve: Cox's model on a restricted cubic spline of
log(-log(1 - risk)), knots at the 10, 50 and 90 % quantiles, read off at the horizon; ICI, E50 and E90 are the mean, median and 90 %
quantile of |observed - predicted| (Austin, Harrell and van Klaveren, Stat Med 2020).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.followup.cox import fit_cox
from radaudit.followup.partial_likelihood import partial_likelihood
from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.horizon import jackknifed, observed_of_counts, positive, ratio_of_counts, risks_of
from radaudit.measures.kaplan_meier import kaplan_meier
from radaudit.measures.normal import two_sided
from radaudit.measures.resampling import draw_counts
from radaudit.measures.rows import at_least, fraction, same_length, vector

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats
    from radaudit.followup import Followed

KNOTS = (0.1, 0.5, 0.9)
LEAST_DISTINCT = 5
POINTS = 61
LEAST_SHARE = 0.8  # of resamples that must give a curve for there to be a band


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalCalibration:
    """The smooth curve: ``observed`` (m,) at each predicted ``risk`` (m,) with its band (NaN without one), ICI, E50, E90 over rows.

    ``knots`` are on the log(-log(1 - risk)) scale. An empty curve says why in ``reason``.
    """

    risk: Floats
    observed: Floats
    low: Floats
    high: Floats
    knots: tuple[float, ...]
    ici: float | None
    e50: float | None
    e90: float | None
    method: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskGroup:
    """Rows of one range of risk: the mean predicted risk and the product-limit one at the horizon, with its interval."""

    predicted: float
    observed: Estimate


def survival_slope(rows: Followed, score: ArrayLike, level: float = 0.95) -> Estimate:
    """Return the calibration slope: Cox's coefficient of the score (n,), Efron's ties; robust by patient where patients have several rows.

    Raises PERF-001, PERF-002, PERF-006.
    """
    fraction(level, "level")
    values = vector(score, "score")
    same_length(time=rows.time, score=values)
    method = "Cox regression on the score, Efron" + (", robust by patient" if rows.clustered else "")
    people = {"patients": rows.patients, "events": rows.events, "level": level, "method": method}
    if not rows.event.any() or np.ptp(values) == 0:
        return unknown("no event" if not rows.event.any() else "the score does not vary", **people)  # type: ignore[arg-type]
    fit = fit_cox(rows, values[:, None])
    if not fit.converged:
        return unknown("the regression on the score has no maximum", **people)  # type: ignore[arg-type]
    variance = float((fit.robust if rows.clustered else fit.covariance)[0, 0])
    value, half = float(fit.coefficients[0]), two_sided(level) * math.sqrt(variance)
    return Estimate(value=value, low=value - half, high=value + half, **people)  # type: ignore[arg-type]


def observed_over_expected(rows: Followed, risk: ArrayLike, horizon: float, level: float = 0.95) -> Estimate:
    """Return the product-limit risk over the mean predicted one, interval on the log scale from Greenwood (predictions as given).

    Where patients have several rows Greenwood would take them for more patients than there are: the jackknife by patient then.

    Raises PERF-001, PERF-002, PERF-005, PERF-006, PERF-122.
    """
    fraction(level, "level")
    value = float(ratio_of_counts(rows, risk, horizon)[0])
    method = "product-limit over mean predicted risk, Greenwood, log scale"
    if math.isnan(value):
        return unknown("nobody is followed up to the horizon", patients=rows.patients, events=rows.events, level=level, method=method)
    if rows.clustered:
        return jackknifed(
            rows,
            lambda counts: ratio_of_counts(rows, risk, horizon, counts),
            level,
            scale="log",
            what="product-limit over mean predicted risk",
        )
    curve = kaplan_meier(rows, level)
    k = int(np.searchsorted(curve.times, horizon, side="right")) - 1
    share, error = (float(curve.share[k]), float(curve.error[k])) if k >= 0 else (1.0, 0.0)
    if not (share < 1 and error > 0):
        why = "no event by the horizon" if share == 1 else "everybody had the event"
        return Estimate(value=value, level=level, patients=rows.patients, events=rows.events, method=method, reason=why)
    half = two_sided(level) * error / (1 - share)
    return Estimate(
        value=value,
        low=value * math.exp(-half),
        high=value * math.exp(half),
        level=level,
        patients=rows.patients,
        events=rows.events,
        method=method,
    )


def complementary_log_log(risk: Floats) -> Floats:
    """Return log(-log(1 - risk)), risks kept within 1e-12 of 0 and 1."""
    found: Floats = np.log(-np.log1p(-np.clip(risk, 1e-12, 1 - 1e-12)))
    return found


def restricted_cubic(values: Floats, knots: tuple[float, ...]) -> Floats:
    """Return the basis (n, k - 1) of a restricted cubic spline: the value, then k - 2 truncated cubics over (last - first knot)^2.

    As Hmisc's rcspline.eval has it (norm = 2).
    """
    last, nearly = knots[-1], knots[-2]
    wide = (last - knots[0]) ** 2

    def cube(knot: float) -> Floats:
        found: Floats = np.maximum(values - knot, 0.0) ** 3
        return found

    more = [
        (cube(knot) - cube(nearly) * (last - knot) / (last - nearly) + cube(last) * (nearly - knot) / (last - nearly)) / wide
        for knot in knots[:-2]
    ]
    return np.stack([values, *more], axis=1)


def survival_calibration(
    rows: Followed,
    risk: ArrayLike,
    horizon: float,
    *,
    resamples: int = 0,
    rng: Generator | None = None,
    level: float = 0.95,
) -> SurvivalCalibration:
    """Return the calibration curve at the horizon, with a pointwise percentile band over resamples of patients if asked for.

    Raises PERF-001, PERF-002, PERF-005, PERF-006, PERF-122.
    """
    fraction(level, "level")
    at_least(resamples, 0, "resamples")
    values, when = risks_of(rows, risk), positive(horizon)
    method = "Cox regression on a restricted cubic spline of log(-log(1 - risk)), 3 knots"
    scale = complementary_log_log(values)
    knots = tuple(float(v) for v in np.quantile(scale, KNOTS))
    reason = _unfit(rows, values, knots, when)
    curve = None if reason else _curve(rows, scale, knots, when)
    if curve is None:
        empty = frozen([])
        return SurvivalCalibration(
            risk=empty, observed=empty, low=empty, high=empty, knots=knots, ici=None, e50=None, e90=None, method=method,
            reason=reason or "the regression on the spline has no maximum",
        )  # fmt: skip
    low_risk, high_risk = (float(v) for v in np.quantile(values, (0.02, 0.98)))
    grid = np.linspace(low_risk, high_risk, POINTS)
    at = complementary_log_log(grid)
    low = high = np.full(POINTS, np.nan)
    if resamples and rng is not None:
        low, high = _band(rows, scale, knots, when, at, resamples, rng, level)
        method += f"; pointwise percentile bootstrap, {resamples} resamples of patients"
    gap = np.abs(values - curve(scale))
    return SurvivalCalibration(
        risk=frozen(grid),
        observed=frozen(curve(at)),
        low=frozen(low),
        high=frozen(high),
        knots=knots,
        ici=float(gap.mean()),
        e50=float(np.median(gap)),
        e90=float(np.quantile(gap, 0.9)),
        method=method,
    )


def _unfit(rows: Followed, values: Floats, knots: tuple[float, ...], horizon: float) -> str:
    if not rows.event.any():
        return "no event"
    if not (rows.time >= horizon).any():
        return "nobody is followed up to the horizon"
    if np.unique(values).size < LEAST_DISTINCT or not knots[0] < knots[1] < knots[2]:
        return "too few different risks for a curve"
    return ""


class _Curve:
    """Observed risk at the horizon as a function of log(-log(1 - risk))."""

    def __init__(self, rows: Followed, basis: Floats, coefficients: Floats, knots: tuple[float, ...], horizon: float) -> None:
        self.centre = basis.mean(axis=0)
        self.coefficients, self.knots = coefficients, knots
        score = (basis - self.centre) @ coefficients
        self.hazard = float(partial_likelihood(rows).hazard_at(score, np.array([horizon]))[0])

    def __call__(self, scale: Floats) -> Floats:
        score = (restricted_cubic(scale, self.knots) - self.centre) @ self.coefficients
        found: Floats = -np.expm1(-self.hazard * np.exp(np.minimum(score, 700.0)))
        return found


def _curve(rows: Followed, scale: Floats, knots: tuple[float, ...], horizon: float) -> _Curve | None:
    basis = restricted_cubic(scale, knots)
    fit = fit_cox(rows, basis)
    return _Curve(rows, basis, fit.coefficients, knots, horizon) if fit.converged else None


def _band(
    rows: Followed, scale: Floats, knots: tuple[float, ...], horizon: float, at: Floats, resamples: int, rng: Generator, level: float
) -> tuple[Floats, Floats]:
    made = []
    for counts in draw_counts(len(rows), resamples, rng, patients=rows.patient):
        picked = np.repeat(np.arange(len(rows)), counts)
        drawn = rows.take(picked)
        curve = _curve(drawn, scale[picked], knots, horizon) if drawn.event.any() else None
        if curve is not None:
            made.append(curve(at))
    if len(made) < LEAST_SHARE * resamples:
        none = np.full(at.size, np.nan)
        return none, none
    low, high = np.quantile(np.stack(made), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def survival_risk_groups(rows: Followed, risk: ArrayLike, horizon: float, *, groups: int, level: float = 0.95) -> tuple[RiskGroup, ...]:
    """Return rows in up to ``groups`` ranges of rising risk of about equal size, ties together; those nobody of whom is followed say so.

    Raises PERF-001, PERF-002, PERF-005, PERF-006, PERF-122.
    """
    values, when = risks_of(rows, risk), positive(horizon)
    at_least(groups, 1, "groups")
    edges = np.unique(np.quantile(values, np.linspace(0, 1, groups + 1)[1:-1])) if values.size else np.zeros(0)
    code = np.searchsorted(edges, values, side="left")
    made = []
    for number in np.unique(code):
        part = rows.take(np.flatnonzero(code == number))
        made.append(RiskGroup(predicted=float(values[code == number].mean()), observed=_observed(part, when, level)))
    return tuple(made)


def _observed(part: Followed, horizon: float, level: float) -> Estimate:
    curve = kaplan_meier(part, level)
    people = {"level": level, "patients": part.patients, "events": part.events, "method": curve.method}
    if not (part.time >= horizon).any() and part.time.size and not part.event[part.time == part.time.max()].all():
        return unknown("nobody of the group is followed up to the horizon", **people)  # type: ignore[arg-type]
    if part.clustered:
        return jackknifed(part, lambda counts: observed_of_counts(part, horizon, counts), level, scale="logit", what="product-limit risk")
    share, low, high = curve.at(horizon)
    if low is None or high is None:
        return Estimate(value=1 - share, reason="Greenwood has no variance here", **people)  # type: ignore[arg-type]
    return Estimate(value=1 - share, low=1 - high, high=1 - low, **people)  # type: ignore[arg-type]
