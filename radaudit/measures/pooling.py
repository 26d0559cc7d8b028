"""Several sites, one answer: random-effects meta-analysis with the spread between sites and the interval for the next one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError
from radaudit.measures.discrimination import expit, logit
from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.normal import chi_squared_p, t_two_sided, two_sided
from radaudit.measures.rows import fraction, same_length, vector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats

Between = Literal["reml", "dl", "fixed"]
Within = Literal["hksj", "hksj-floor", "z"]

LEAST_FOR_PREDICTION = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """The pooled ``mean``, and ``prediction`` for a new site, of k values on one scale; ``tau2`` is their variance between sites.

    ``i2`` is the share of variation that is between sites (metafor's definition), ``q`` Cochran's with its ``q_p``; ``weights`` (k,) sum to
    1.
    """

    mean: Estimate
    prediction: Estimate
    error: float
    tau2: float
    i2: float
    q: float
    q_p: float
    sites: int
    weights: Floats

    def document(self) -> dict[str, object]:
        """Return plain JSON values."""
        numbers = {name: getattr(self, name) for name in ("error", "tau2", "i2", "q", "q_p", "sites")}
        return {"mean": self.mean.document(), "prediction": self.prediction.document(), **numbers, "weights": self.weights.tolist()}


def pool(
    values: ArrayLike,
    variances: ArrayLike,
    *,
    between: Between = "reml",
    within: Within = "hksj",
    level: float = 0.95,
    patients: int | None = None,
    events: int | None = None,
) -> Pooled:
    """Return the random-effects meta-analysis of ``values`` (k,) with known ``variances`` (k,).

    Variance between sites by REML (solved to 1e-13) or DerSimonian-Laird; interval by Hartung-Knapp-Sidik-Jonkman with t on k-1, or normal.
    Sites that happen to agree make HKSJ narrower than sampling error allows; ``hksj-floor`` keeps its factor at 1 or more (Röver, Knapp,
    Friede 2015). The prediction interval is mean +- t(k-1) sqrt(error² + tau²) with HKSJ, normal otherwise (metafor's convention); from
    three sites on, since two say next to nothing on the spread between sites. Raises PERF-001, PERF-002, PERF-004 for no sites, PERF-006.
    """
    y, v = vector(values, "values"), vector(variances, "variances")
    same_length(values=y, variances=v)
    fraction(level, "level")
    if between not in ("reml", "dl", "fixed") or within not in ("hksj", "hksj-floor", "z"):
        raise DesignError("PERF-006", "between is reml, dl or fixed; within is hksj, hksj-floor or z", found=f"{between}, {within}")
    if y.size == 0:
        raise DesignError("PERF-004", "there are no sites to pool", at="values")
    if (v <= 0).any():
        raise DesignError("PERF-006", "a variance is not positive", at="variances")
    tau2 = 0.0 if between == "fixed" else _reml(y, v) if between == "reml" else _dersimonian_laird(y, v)
    weights = 1 / (v + tau2)
    mean = float(weights @ y / weights.sum())
    error = math.sqrt(1 / weights.sum())
    if within != "z" and y.size > 1:
        factor = float(weights @ (y - mean) ** 2) / (y.size - 1)
        error *= math.sqrt(max(factor, 1.0) if within == "hksj-floor" else factor)
    fixed = 1 / v
    q = float(fixed @ (y - fixed @ y / fixed.sum()) ** 2)
    return Pooled(
        mean=_mean(y, mean, error, between, within, level, patients, events),
        prediction=_prediction(y, mean, error, tau2, within, level, patients, events),
        error=error,
        tau2=tau2,
        i2=_share_between(tau2, v) if between != "fixed" else max(0.0, 1 - (y.size - 1) / q) if q > 0 else 0.0,
        q=q,
        q_p=chi_squared_p(q, y.size - 1) if y.size > 1 else 1.0,
        sites=int(y.size),
        weights=frozen(weights / weights.sum()),
    )


def _mean(
    y: Floats, mean: float, error: float, between: Between, within: Within, level: float, patients: int | None, events: int | None
) -> Estimate:
    name = {"reml": "random effects, REML", "dl": "random effects, DerSimonian-Laird", "fixed": "fixed effect"}[between]
    if y.size == 1:
        method = f"the only site, {level:.0%} normal interval"
        half = two_sided(level) * error
        return Estimate(value=mean, low=mean - half, high=mean + half, level=level, patients=patients, events=events, method=method)
    quantile = t_two_sided(level, y.size - 1) if within != "z" else two_sided(level)
    names = {"hksj": "Hartung-Knapp-Sidik-Jonkman", "hksj-floor": "Hartung-Knapp-Sidik-Jonkman (factor at least 1)", "z": "normal"}
    method = f"{name}, {names[within]} interval, {y.size} sites"
    half = quantile * error
    return Estimate(value=mean, low=mean - half, high=mean + half, level=level, patients=patients, events=events, method=method)


def _prediction(
    y: Floats, mean: float, error: float, tau2: float, within: Within, level: float, patients: int | None, events: int | None
) -> Estimate:
    method = f"prediction interval for a new site, {'normal' if within == 'z' else f't on {y.size - 1} degrees'}"
    if y.size < LEAST_FOR_PREDICTION:
        reason = f"{y.size} site{'' if y.size == 1 else 's'}; a prediction interval takes at least {LEAST_FOR_PREDICTION}"
        return unknown(reason, patients=patients, events=events, level=level, method=method)
    quantile = t_two_sided(level, y.size - 1) if within != "z" else two_sided(level)
    half = quantile * math.sqrt(error**2 + tau2)
    return Estimate(value=mean, low=mean - half, high=mean + half, level=level, patients=patients, events=events, method=method)


def _share_between(tau2: float, v: Floats) -> float:
    """Return I² as tau² / (tau² + typical variance) (Higgins and Thompson, 2002)."""
    w = 1 / v
    freedom = v.size - 1
    if freedom == 0:
        return 0.0
    typical = freedom * w.sum() / (w.sum() ** 2 - (w**2).sum())
    return float(tau2 / (tau2 + typical))


def _dersimonian_laird(y: Floats, v: Floats) -> float:
    if y.size < 2:
        return 0.0
    w = 1 / v
    q = float(w @ (y - w @ y / w.sum()) ** 2)
    return max(0.0, (q - (y.size - 1)) / float(w.sum() - (w**2).sum() / w.sum()))


def _reml(y: Floats, v: Floats) -> float:
    """Return the REML variance between sites: the root of the restricted score, 0 if the score falls from 0 on.

    The score is (sum w²(y-mu)² - sum w + sum w² / sum w) / 2 with w = 1/(v + tau²) (Viechtbauer, 2005, eq. 12). Where several roots exist
    the one with the largest restricted likelihood counts.
    """
    if y.size < 2:
        return 0.0

    def score(tau2: float) -> float:
        w = 1 / (v + tau2)
        return float(w**2 @ (y - w @ y / w.sum()) ** 2 - w.sum() + (w**2).sum() / w.sum())

    def likelihood(tau2: float) -> float:
        w = 1 / (v + tau2)
        return float(0.5 * np.log(w).sum() - 0.5 * np.log(w.sum()) - 0.5 * (w @ (y - w @ y / w.sum()) ** 2))

    top = float(10 * (np.ptp(y) ** 2 + v.max()))
    grid = np.r_[0.0, np.geomspace(top * 1e-9, top, 400)]
    signs = np.array([score(t) for t in grid])
    roots = [0.0] if signs[0] <= 0 else []
    roots += [_root(score, grid[i], grid[i + 1]) for i in range(grid.size - 1) if signs[i] > 0 >= signs[i + 1]]
    return max(roots, key=likelihood) if roots else top


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function falls through zero between ``low`` and ``high``, by bisection to the last bit that matters."""
    low, high = float(low), float(high)
    for _ in range(200):
        middle = 0.5 * (low + high)
        if high - low <= 1e-15 * (1 + high):
            break
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return 0.5 * (low + high)


def logit_of_auc(auc: float, variance: float) -> tuple[float, float]:
    """Return logit(AUC) and its variance by the delta method, variance / (auc (1 - auc))²; PERF-006 for an AUC of 0 or 1."""
    fraction(auc, "auc")
    return logit(auc), variance / (auc * (1 - auc)) ** 2


def logit_variance(estimate: Estimate) -> tuple[float, float] | None:
    """Return logit value and variance read back from an interval on the logit scale, or None if it has none or touches 0 or 1."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return None
    if not 0 < estimate.low < estimate.high < 1:
        return None
    width = logit(estimate.high) - logit(estimate.low)
    return logit(estimate.value), (width / (2 * two_sided(estimate.level))) ** 2


def expit_estimate(estimate: Estimate) -> Estimate:
    """Return an estimate made on the logit scale as one between 0 and 1."""
    if estimate.value is None:
        return estimate
    ends = (None, None) if estimate.low is None or estimate.high is None else (expit(estimate.low), expit(estimate.high))
    return Estimate(
        value=expit(estimate.value),
        low=ends[0],
        high=ends[1],
        level=estimate.level,
        patients=estimate.patients,
        events=estimate.events,
        method=f"{estimate.method}, logit scale",
        reason=estimate.reason,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledAuc:
    """AUCs of sites pooled on the logit scale: ``auc`` and ``prediction`` between 0 and 1; ``left_out`` sites had no usable interval.

    ``prediction`` rests on these sites alone: simulated with 4 and 6 sites it covers a new one in 93 and 86 of 100 cases;
    ``prediction_with_prior`` borrows the spread of other models and covers it in 96, where the true spread is the one the prior expects
    (benchmarks/measures.py).
    """

    auc: Estimate
    prediction: Estimate
    prediction_with_prior: Estimate
    tau2: float | None
    i2: float | None
    sites: int
    left_out: int

    def document(self) -> dict[str, object]:
        """Return plain JSON values."""
        numbers = {name: getattr(self, name) for name in ("tau2", "i2", "sites", "left_out")}
        estimates = {name: getattr(self, name).document() for name in ("auc", "prediction", "prediction_with_prior")}
        return {**estimates, **numbers}


def pool_aucs(estimates: Sequence[Estimate], level: float = 0.95) -> PooledAuc:
    """Return the random-effects pool (REML, HKSJ with its factor at 1 or more) of site AUCs, each given as an Estimate with a logit-scale
    interval.

    Sites without value, without interval or with an interval touching 0 or 1 are left out and counted. None left, or one, is said in the
    reasons. Raises PERF-006.
    """
    usable = [(found, e) for e in estimates if (found := logit_variance(e)) is not None]
    left_out = len(estimates) - len(usable)
    patients = sum(e.patients or 0 for _, e in usable)
    events = sum(e.events or 0 for _, e in usable)
    if not usable:
        none = unknown("no site has an AUC with an interval", patients=patients, events=events, level=level, method="random effects")
        return PooledAuc(auc=none, prediction=none, prediction_with_prior=none, tau2=None, i2=None, sites=0, left_out=left_out)
    values, variances = np.array([v for v, _ in usable]).T
    aucs = np.array([expit(v) for v in values])
    pooled = pool(values, variances, within="hksj-floor", level=level, patients=patients, events=events)
    return PooledAuc(
        auc=expit_estimate(pooled.mean),
        prediction=expit_estimate(pooled.prediction),
        prediction_with_prior=predict_auc_with_prior(aucs, variances * (aucs * (1 - aucs)) ** 2, level, patients=patients, events=events),
        tau2=pooled.tau2,
        i2=pooled.i2,
        sites=len(usable),
        left_out=left_out,
    )


PRIOR_MEAN, PRIOR_SD = 0.055, 0.015


def predict_auc_with_prior(
    aucs: ArrayLike, variances: ArrayLike, level: float = 0.95, *, patients: int | None = None, events: int | None = None
) -> Estimate:
    """Return the AUC to expect at a new site, with an interval that borrows the spread between sites seen in other models.

    For few sites, where their own spread says little: AUCs (k,) with variances (k,) on the plain scale, a flat prior on their mean and a
    log-normal prior with mean 0.055 and sd 0.015 on the standard deviation between sites, from 469 models and 1,603 validations (van
    Leeuwen et al. 2024). Posterior by a grid over that deviation, the prediction a mixture of normals limited to 0 to 1. The value is the
    posterior mean of the mean. Raises PERF-001, PERF-002, PERF-004, PERF-006.
    """
    from scipy.special import ndtr

    y, v = vector(aucs, "aucs"), vector(variances, "variances")
    same_length(aucs=y, variances=v)
    fraction(level, "level")
    if y.size == 0:
        raise DesignError("PERF-004", "there are no sites to pool", at="aucs")
    if (v <= 0).any():
        raise DesignError("PERF-006", "a variance is not positive", at="variances")
    spread = math.sqrt(math.log(1 + (PRIOR_SD / PRIOR_MEAN) ** 2))
    steps = np.linspace(-6, 6, 801)
    tau = np.exp(math.log(PRIOR_MEAN) - spread**2 / 2 + spread * steps)
    w = 1 / (v[None, :] + tau[:, None] ** 2)
    total = w.sum(axis=1)
    mean = w @ y / total
    fit = 0.5 * np.log(w).sum(axis=1) - 0.5 * np.log(total) - 0.5 * (w * (y[None, :] - mean[:, None]) ** 2).sum(axis=1) - 0.5 * steps**2
    mass = np.exp(fit - fit.max())
    mass /= mass.sum()
    deviation = np.sqrt(1 / total + tau**2)

    def below(auc: float) -> float:
        return float(mass @ ndtr((auc - mean) / deviation))

    low, high = (_root(lambda a, p=p: p - below(a), -1.0, 2.0) for p in ((1 - level) / 2, (1 + level) / 2))  # type: ignore[misc]
    method = f"empirical-Bayes prediction for a new site, {y.size} site{'' if y.size == 1 else 's'}, log-normal prior on the spread"
    value = min(1.0, max(0.0, float(mass @ mean)))
    return Estimate(
        value=value,
        low=min(value, max(0.0, low)),
        high=max(value, min(1.0, high)),
        level=level,
        patients=patients,
        events=events,
        method=method,
    )
