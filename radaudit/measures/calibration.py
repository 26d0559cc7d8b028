"""Do risks mean what they say: calibration in the large, intercept, slope, Brier score and their intervals.

Recalibration is the logistic regression of the outcome on the logit of the risk (Cox, Biometrika 1958): *slope* and *intercept* come
from one fit; *in the large* is the intercept with the slope fixed at 1. Risks of exactly 0 or 1
have no logit: no estimate, with the reason.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.estimate import Comparison, Estimate, unknown
from radaudit.measures.logistic import LogisticFit, by_patient_covariance, fit_logistic, profile_interval, recalibrate_by_counts
from radaudit.measures.normal import normal_p, two_sided
from radaudit.measures.resampling import Interval, blocks, bootstrap_estimate, leave_one_out_counts
from radaudit.measures.rows import Scored, at_least, fraction, scored

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Floats

Bounds = Literal["wald", "profile"]


def logits(risk: Floats) -> Floats:
    """Return log(risk / (1 - risk)), (n,)."""
    return np.asarray(np.log(risk) - np.log1p(-risk))


def _unaskable(rows: Scored) -> str | None:
    """Return why recalibration cannot be asked of these rows, or None."""
    edge = int(np.count_nonzero((rows.risk == 0) | (rows.risk == 1)))
    if rows.one_sided:
        return rows.one_sided
    return f"{edge} risk(s) are exactly 0 or 1 and have no logit" if edge else None


def calibration_in_the_large(
    outcome: ArrayLike, risk: ArrayLike, level: float = 0.95, *, bounds: Bounds = "wald", patients: ArrayLike | None = None
) -> Estimate:
    """Return the intercept of the recalibration with the slope fixed at 1: above 0, risks are too low on average.

    ``bounds`` is ``wald`` (by patient if rows repeat patients) or ``profile`` (likelihood). Raises PERF-001 to
    PERF-003, PERF-005, PERF-006.
    """
    rows = scored(outcome, risk, patients, probability=True)
    return _coefficient(rows, level, bounds, which=0, slope_free=False, what="logistic recalibration, slope fixed at 1")


def calibration_intercept(
    outcome: ArrayLike, risk: ArrayLike, level: float = 0.95, *, bounds: Bounds = "wald", patients: ArrayLike | None = None
) -> Estimate:
    """Return the intercept of the recalibration at its own slope (not the calibration in the large). Raises as that does."""
    rows = scored(outcome, risk, patients, probability=True)
    return _coefficient(rows, level, bounds, which=0, slope_free=True, what="logistic recalibration, intercept at free slope")


def calibration_slope(
    outcome: ArrayLike, risk: ArrayLike, level: float = 0.95, *, bounds: Bounds = "wald", patients: ArrayLike | None = None
) -> Estimate:
    """Return the slope of the recalibration: below 1, risks are too extreme. Raises as ``calibration_in_the_large``."""
    rows = scored(outcome, risk, patients, probability=True)
    return _coefficient(rows, level, bounds, which=1, slope_free=True, what="logistic recalibration")


def _coefficient(rows: Scored, level: float, bounds: Bounds, *, which: int, slope_free: bool, what: str) -> Estimate:
    fraction(level, "level")
    if bounds not in ("wald", "profile"):
        raise DesignError("PERF-006", "bounds are wald or profile", at="bounds", found=str(bounds))
    reason = _unaskable(rows)
    if reason is None and slope_free and np.ptp(rows.risk) == 0:
        reason = "all risks are equal"
    if reason:
        return unknown(reason, patients=rows.patients, events=rows.events, level=level, method=what)
    score = logits(rows.risk)
    design = np.stack([np.ones(rows.rows), score], axis=1) if slope_free else np.ones((rows.rows, 1))
    offset = np.zeros(rows.rows) if slope_free else score
    fit = fit_logistic(design, rows.event, offset=offset)
    if fit.reason:
        return unknown(fit.reason, patients=rows.patients, events=rows.events, level=level, method=what)
    return _bounded(fit, rows, design, offset, level, bounds, which, what)


def _bounded(
    fit: LogisticFit, rows: Scored, design: Floats, offset: Floats, level: float, bounds: Bounds, which: int, what: str
) -> Estimate:
    value = float(fit.coefficients[which])
    stated = partial(Estimate, level=level, patients=rows.patients, events=rows.events)
    if bounds == "profile":
        if rows.clustered:
            raise DesignError("PERF-006", "a profile interval takes rows as independent; patients repeat", at="bounds", fix="bounds: wald")
        found = profile_interval(design, rows.event, which, fit, level, offset=offset)
        method = f"{what}, profile likelihood interval"
        if found is None:
            return stated(value=value, method=method, reason="the likelihood does not fall off on one side")
        return stated(value=value, low=found[0], high=found[1], method=method)
    covariance, name = fit.covariance, "Wald interval"
    if rows.clustered:
        covariance, name = by_patient_covariance(fit, design, rows.event, offset, rows.patient), "Wald interval, sandwich by patient"
    half = two_sided(level) * math.sqrt(covariance[which, which])
    return stated(value=value, low=value - half, high=value + half, method=f"{what}, {name}")


def observed_to_expected(outcome: ArrayLike, risk: ArrayLike, level: float = 0.95) -> Estimate:
    """Return events / sum of risks, with a Wald interval on the log scale, se² = (1 - prevalence) / events (Debray, BMJ 2017).

    Raises PERF-001 to PERF-003, PERF-005, PERF-006.
    """
    fraction(level, "level")
    rows = scored(outcome, risk, probability=True)
    method = "observed / expected events, log scale"
    hits, expected = int(rows.event.sum()), float(rows.risk.sum())
    if hits == 0 or expected == 0:
        reason = "no rows" if rows.rows == 0 else "no events" if hits == 0 else "no expected events"
        return unknown(reason, patients=rows.patients, events=rows.events, level=level, method=method)
    value = hits / expected
    factor = math.exp(two_sided(level) * math.sqrt((1 - hits / rows.rows) / hits))
    return Estimate(
        value=value, low=value / factor, high=value * factor, level=level, patients=rows.patients, events=rows.events, method=method
    )


def _mean_interval(values: Floats, rows: Scored, level: float) -> float:
    """Return half the width of the normal interval of the mean of ``values`` (n,), summed by patient if rows repeat patients."""
    centred = values - values.mean()
    sums = np.bincount(rows.patient, weights=centred, minlength=rows.patients)
    return two_sided(level) * math.sqrt(float((sums**2).sum()) * rows.patients / (rows.patients - 1)) / rows.rows


def brier(outcome: ArrayLike, risk: ArrayLike, level: float = 0.95, *, patients: ArrayLike | None = None) -> Estimate:
    """Return the mean squared distance between risk and outcome with a normal interval of that mean (by patient if rows repeat).

    Raises PERF-001 to PERF-003, PERF-005, PERF-006.
    """
    fraction(level, "level")
    rows = scored(outcome, risk, patients, probability=True)
    method = "Brier score, normal interval of the mean"
    if rows.rows == 0:
        return unknown("no rows", patients=0, events=0, level=level, method=method)
    squares = (rows.risk - rows.event) ** 2
    stated = partial(Estimate, level=level, patients=rows.patients, events=rows.events, method=method)
    if rows.patients < 2:
        return stated(value=float(squares.mean()), reason="one patient has no spread")
    half = _mean_interval(squares, rows, level)
    value = float(squares.mean())
    return stated(value=value, low=max(0.0, value - half), high=min(1.0, value + half))


def scaled_brier(outcome: ArrayLike, risk: ArrayLike, level: float = 0.95, *, patients: ArrayLike | None = None) -> Estimate:
    """Return 1 - Brier / Brier of the prevalence (the index of prediction accuracy, IPA), interval by the delta method.

    The reference risk is the prevalence of these same rows (Kattan and Gerds, 2018). Raises PERF-001 to PERF-003, PERF-005, PERF-006.
    """
    fraction(level, "level")
    rows = scored(outcome, risk, patients, probability=True)
    method = "scaled Brier score (IPA), delta method"
    if rows.one_sided:
        return unknown(rows.one_sided, patients=rows.patients, events=rows.events, level=level, method=method)
    squares, share = (rows.risk - rows.event) ** 2, float(rows.event.mean())
    reference = share * (1 - share)
    ratio = float(squares.mean()) / reference
    pull = squares / reference - ratio * (1 - 2 * share) * rows.event / reference
    stated = partial(Estimate, level=level, patients=rows.patients, events=rows.events, method=method)
    if rows.patients < 2:
        return stated(value=1 - ratio, reason="one patient has no spread")
    half = _mean_interval(pull, rows, level)
    return stated(value=1 - ratio, low=1 - ratio - half, high=min(1.0, 1 - ratio + half))


def spiegelhalter(outcome: ArrayLike, risk: ArrayLike) -> Comparison:
    """Return Spiegelhalter's z test that the risks are the true probabilities (Statist. Med. 1986;5:421), rows independent.

    The difference is the mean of (outcome - risk)(1 - 2 risk): observed minus expected Brier score. Raises PERF-001 to PERF-003, PERF-005.
    """
    rows = scored(outcome, risk, probability=True)
    method = "Spiegelhalter z: observed - expected Brier score"
    weight = 1 - 2 * rows.risk
    variance = float((weight**2 * rows.risk * (1 - rows.risk)).sum())
    if not variance > 0:
        reason = "no rows" if rows.rows == 0 else "every risk is 0, 0.5 or 1: the expected Brier score has no variance"
        return Comparison(
            difference=unknown(reason, patients=rows.patients, events=rows.events, method=method), statistic=None, degrees=None, p=None
        )
    total = float(((rows.event - rows.risk) * weight).sum())
    z, value = total / math.sqrt(variance), total / rows.rows
    half = two_sided(0.95) * math.sqrt(variance) / rows.rows
    gap = Estimate(value=value, low=value - half, high=value + half, patients=rows.patients, events=rows.events, method=method)
    return Comparison(difference=gap, statistic=z, degrees=None, p=normal_p(z))


NAMES = ("in_the_large", "intercept", "slope", "brier", "scaled_brier")


def calibration_replicates(event: Bools, risk: Floats, counts: ArrayLike) -> dict[str, Floats]:
    """Return each of ``NAMES`` (B,) on each resample ``counts`` (B, n); NaN where a resample does not hold the quantity."""
    table = np.asarray(counts)
    found = {name: np.full(table.shape[0], np.nan) for name in NAMES}
    edge = bool(((risk == 0) | (risk == 1)).any())
    squares = (risk - event) ** 2
    for start, stop in blocks(table.shape[0], risk.size):
        block = table[start:stop].astype(np.float64)
        whole, share = block.sum(axis=1), (block @ event) / np.maximum(block.sum(axis=1), 1)
        found["brier"][start:stop] = mean = (block @ squares) / np.maximum(whole, 1)
        reference = share * (1 - share)
        found["scaled_brier"][start:stop] = 1 - np.divide(mean, reference, out=np.full(mean.shape, np.nan), where=reference > 0)
        if not edge:
            intercept, slope, large = recalibrate_by_counts(logits(risk), event, block)
            found["intercept"][start:stop], found["slope"][start:stop], found["in_the_large"][start:stop] = intercept, slope, large
    return found


def calibration_bootstrap(
    outcome: ArrayLike,
    risk: ArrayLike,
    *,
    resamples: int,
    rng: Generator,
    level: float = 0.95,
    interval: Interval = "percentile",
    patients: ArrayLike | None = None,
) -> dict[str, Estimate]:
    """Return in-the-large, intercept, slope, Brier and scaled Brier with bootstrap intervals from one set of resamples of patients.

    Patients are drawn regardless of outcome, so that the prevalence varies too. Raises PERF-001 to PERF-003, PERF-005 to PERF-007.
    """
    from radaudit.measures.auc_resampling import counts_for

    fraction(level, "level")
    at_least(resamples, 1, "resamples")
    rows = scored(outcome, risk, patients, probability=True)
    if rows.one_sided:
        none = unknown(rows.one_sided, patients=rows.patients, events=rows.events, level=level, method="bootstrap of patients")
        return dict.fromkeys(NAMES, none)
    replicates = calibration_replicates(rows.event, rows.risk, counts_for(rows, resamples, rng, stratified=False))
    points = calibration_replicates(rows.event, rows.risk, np.ones((1, rows.rows)))
    left: dict[str, Floats] = {}
    if interval == "bca":
        left = calibration_replicates(rows.event, rows.risk, leave_one_out_counts(rows.patient))
    answers = {}
    for name in NAMES:
        value = float(points[name][0])
        answers[name] = bootstrap_estimate(
            value if math.isfinite(value) else None,
            replicates[name],
            level=level,
            patients=rows.patients,
            events=rows.events,
            what="patients",
            interval=interval,
            jackknife=lambda name=name: left[name],  # type: ignore[misc]
        )
    return answers
