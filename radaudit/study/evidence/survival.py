"""Section 7 for a survival outcome: what the locked signature does on rows that nobody fitted anything on.

Curves are given on evenly spaced times, never at the times of patients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.followup import Followed, followed
from radaudit.measures.concordance import MOST_ROWS, c_difference, c_index, c_index_bootstrap
from radaudit.measures.concordance_permutation import c_permutation
from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.horizon import (
    auc_of_counts,
    bootstrapped,
    brier_of_counts,
    integrated_brier_of_counts,
    ipa_of_counts,
    jackknifed,
    shares_of_counts,
)
from radaudit.measures.kaplan_meier import kaplan_meier, log_rank, restricted_mean_difference
from radaudit.measures.resampling import draw_counts
from radaudit.measures.survival_calibration import (
    complementary_log_log,
    observed_over_expected,
    survival_calibration,
    survival_risk_groups,
    survival_slope,
)
from radaudit.measures.survival_utility import survival_decision_curve

if TYPE_CHECKING:
    from numpy.random import Generator

    from radaudit.arrays import Floats
    from radaudit.study.frame import Frame

RESAMPLES = 2000
CURVE_RESAMPLES = 500
BAND_RESAMPLES = 200
BINS = 10
THRESHOLDS = 49
CURVE_TIMES = 60
AUC_TIMES = 25
TABLE_TIMES = 7
LEAST_BEYOND = 5  # rows still followed at the end of a curve
GROUPS = 5
SHARES = {
    "sensitivity": "share called high risk of those with the event",
    "specificity": "share called low risk of those without the event",
    "ppv": "share with the event of those called high risk",
    "npv": "share without the event of those called low risk",
}
Rng = Callable[[str], "Generator"]


def survival_performance(
    frame: Frame, risk: Floats, threshold: float, others: Mapping[str, Floats], step: Mapping[str, Any], rng: Rng
) -> dict[str, Any]:
    """Return every measure of section 7 for risks by the horizon (n,); ``others`` are the comparators' risks on the same rows.

    ``step`` is the last step of the signature: its baseline hazard gives the risk at earlier times.
    """
    assert frame.time is not None
    rows = followed(frame.time, frame.outcome, frame.patients.astype(str))
    horizon = frame.horizon
    score = complementary_log_log(risk)
    shares = {
        name: _at_horizon(rows, horizon, lambda counts, k=k: shares_of_counts(rows, risk, horizon, threshold, counts)[k], rng(name), what)  # type: ignore[misc]
        for k, (name, what) in enumerate(SHARES.items())
    }
    found: dict[str, Any] = {
        "kind": "survival",
        "measure": "c_index",
        "horizon": horizon,
        "patients": rows.patients,
        "events": rows.events,
        "threshold": threshold,
        "c_index": c_index(rows, risk).document(),
        "c_index_bootstrap": _bootstrap(rows, risk, rng("c-bootstrap")).document(),
        "c_index_uno": c_index(rows, risk, weights="uno", tau=horizon).document(),
        "auc_at": _area(rows, risk, horizon).document(),
        "brier_at": _at_horizon(
            rows, horizon, lambda counts: brier_of_counts(rows, risk, horizon, counts), rng("brier-at"), "Brier score"
        ).document(),
        "ipa": _at_horizon(
            rows, horizon, lambda counts: ipa_of_counts(rows, risk, horizon, counts), rng("ipa"), "1 - Brier / Brier of Kaplan-Meier"
        ).document(),
        "integrated_brier": _integrated(rows, risk, step, rng("integrated-brier")).document(),
        "calibration_slope": survival_slope(rows, score).document(),
        "observed_expected": observed_over_expected(rows, risk, horizon).document(),
        **{name: value.document() for name, value in shares.items()},
        "calibration": _calibration(rows, risk, horizon, rng("calibration-band")),
        "decision": _decision(rows, risk, horizon, rng("decision-band")),
        "permutation": _permutation(rows, risk, rng("permutation")),
        "over_time": _over_time(rows, risk, horizon, rng("auc-band")),
        "kaplan_meier": _groups(rows, risk, threshold, horizon),
        "comparisons": [_compared(rows, risk, name, other) for name, other in others.items()],
    }
    return found


def _bootstrap(rows: Followed, risk: Floats, rng: Generator) -> Estimate:
    if len(rows) > MOST_ROWS or not rows.event.any():
        why = "too many rows for a bootstrap of all pairs" if rows.event.any() else "no event"
        return unknown(why, patients=rows.patients, events=rows.events, method="bootstrap")
    return c_index_bootstrap(rows, risk, resamples=RESAMPLES, rng=rng)


def _at_horizon(rows: Followed, horizon: float, measure: Callable[[Floats | None], Floats], rng: Generator, what: str) -> Estimate:
    method = f"{what} at {horizon:g}, inverse probability of censoring weights"
    if not (rows.time > horizon).any() or not (rows.event & (rows.time <= horizon)).any():
        why = "nobody is followed beyond the horizon" if not (rows.time > horizon).any() else "no event by the horizon"
        return unknown(why, patients=rows.patients, events=rows.events, method=method)
    return bootstrapped(rows, measure, resamples=RESAMPLES, rng=rng, what=method)


def _area(rows: Followed, risk: Floats, horizon: float) -> Estimate:
    """Return the AUC at the horizon; its jackknife covers better than the percentile bootstrap where few are followed beyond."""
    what = f"AUC at {horizon:g}, inverse probability of censoring weights"
    return jackknifed(rows, lambda counts: auc_of_counts(rows, risk, horizon, counts), scale="logit", what=what)


def _integrated(rows: Followed, risk: Floats, step: Mapping[str, Any], rng: Generator) -> Estimate:
    """Return the Brier score integrated over the signature's own times, its risk at each by the baseline hazard."""
    times, hazard = np.array(step["times"]), np.array(step["cumulative_hazard"])
    if not hazard[-1] > 0:
        return unknown("the baseline hazard is 0", patients=rows.patients, events=rows.events, method="integrated Brier score")
    risks = -np.expm1(np.log1p(-np.minimum(risk, 1 - 1e-15))[:, None] * (hazard / hazard[-1])[None, :])

    def measure(counts: Floats | None) -> Floats:
        return integrated_brier_of_counts(rows, risks, times, counts)

    name = f"Brier score integrated over {len(times)} times up to the horizon (trapezoids)"
    if not (rows.time > times[-1]).any():
        return unknown("nobody is followed beyond the horizon", patients=rows.patients, events=rows.events, method=name)
    return bootstrapped(rows, measure, resamples=CURVE_RESAMPLES, rng=rng, what=name)


def _calibration(rows: Followed, risk: Floats, horizon: float, rng: Generator) -> dict[str, Any]:
    curve = survival_calibration(rows, risk, horizon, resamples=BAND_RESAMPLES, rng=rng)
    edges = np.linspace(0.0, 1.0, 2 * BINS + 1)
    smooth = {"x": curve.risk.tolist(), "y": curve.observed.tolist(), "low": _plain(curve.low), "high": _plain(curve.high)}
    case, control = rows.event & (rows.time <= horizon), rows.time > horizon
    return {
        "smooth": smooth if smooth["x"] else None,
        "smooth_reason": curve.reason,
        "method": curve.method,
        "ici": curve.ici,
        "e50": curve.e50,
        "e90": curve.e90,
        "groups": [
            {
                "predicted": group.predicted,
                "observed": group.observed.value,
                "low": group.observed.low,
                "high": group.observed.high,
                "patients": group.observed.patients,
            }
            for group in survival_risk_groups(rows, risk, horizon, groups=GROUPS)
        ],
        "histogram": {
            "edges": edges.tolist(),
            "events": np.histogram(risk[case], edges)[0].tolist(),
            "non_events": np.histogram(risk[control], edges)[0].tolist(),
        },
        "censored": int(np.unique(rows.patient[~case & ~control]).size),
    }


def _decision(rows: Followed, risk: Floats, horizon: float, rng: Generator) -> dict[str, Any]:
    curve = survival_decision_curve(rows, risk, horizon, thresholds=np.linspace(0.01, 0.97, THRESHOLDS), resamples=CURVE_RESAMPLES, rng=rng)
    return {
        "threshold": curve.threshold.tolist(),
        "model": curve.model.tolist(),
        "low": _plain(curve.low),
        "high": _plain(curve.high),
        "all": curve.all.tolist(),
        "method": curve.method,
        "reason": curve.reason,
    }


def _permutation(rows: Followed, risk: Floats, rng: Generator) -> dict[str, Any] | None:
    found = c_permutation(rows, risk, permutations=RESAMPLES, rng=rng)
    if found.value is None:
        return {"edges": [], "counts": [], "observed": None, "p": None, "repeats": 0, "method": found.method, "reason": found.reason}
    counts, edges = np.histogram(found.null, np.linspace(0.0, 1.0, 41))
    used = np.flatnonzero(counts)
    first, last = int(used[0]), int(used[-1]) + 1
    return {
        "edges": edges[first : last + 1].tolist(),
        "counts": counts[first:last].tolist(),
        "observed": found.value,
        "p": found.p,
        "repeats": found.permutations,
        "method": found.method,
    }


def _over_time(rows: Followed, risk: Floats, horizon: float, rng: Generator) -> dict[str, Any] | None:
    """Return the AUC at evenly spaced times, from the first tenth of the events on, while some are still followed."""
    ordered = np.sort(rows.time)
    if len(rows) <= LEAST_BEYOND or not rows.event.any():
        return None
    first, last = float(np.quantile(rows.time[rows.event], 0.1)), float(ordered[-LEAST_BEYOND - 1])
    if not last > first:
        return None
    # the horizon is one of the times if it lies among them
    times = np.unique(np.append(np.linspace(first, last, AUC_TIMES), [horizon] if first <= horizon <= last else []))
    counts = draw_counts(len(rows), CURVE_RESAMPLES, rng, patients=rows.patient).astype(np.float64)
    value = [float(auc_of_counts(rows, risk, when)[0]) for when in times.tolist()]
    bounds = [_quantiles(auc_of_counts(rows, risk, when, counts)) for when in times.tolist()]
    known = [k for k, v in enumerate(value) if v == v]
    return {
        "time": [float(times[k]) for k in known],
        "auc": [value[k] for k in known],
        "low": [bounds[k][0] for k in known],
        "high": [bounds[k][1] for k in known],
        "method": f"cumulative cases, dynamic controls, inverse probability of censoring weights; pointwise percentile bootstrap, "
        f"{CURVE_RESAMPLES} resamples of patients",
    }


def _quantiles(values: Floats) -> tuple[float | None, float | None]:
    known = values[np.isfinite(values)]
    if known.size < 0.8 * values.size:
        return None, None
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def _groups(rows: Followed, risk: Floats, threshold: float, horizon: float) -> dict[str, Any]:
    """Return Kaplan-Meier curves of low and high risk, one row per patient: the one with the highest risk."""
    order = np.lexsort((-risk, rows.patient))
    first = order[np.unique(rows.patient[order], return_index=True)[1]]
    people, high = rows.take(first), risk[first] >= threshold
    latest = float(people.time.max())
    ends = max(float(np.sort(people.time)[-min(LEAST_BEYOND, len(people))]), min(horizon, latest))
    times = np.linspace(0.0, max(ends, 1e-9), CURVE_TIMES + 1)
    table = _round_times(max(ends, 1e-9))
    made: dict[str, Any] = {
        "horizon": horizon,
        "table_times": table.tolist(),
        "groups": [
            _group(name, people.take(np.flatnonzero(at)), times, table)
            for name, at in (("low risk", ~high), ("high risk", high))
            if at.any()
        ],
        "log_rank": None,
        "restricted_mean": None,
        "method": "Kaplan-Meier with Greenwood's interval on the log-log scale; log-rank test"
        + ("; a patient with several regions counts once, with the highest risk" if rows.clustered else ""),
    }
    if len(made["groups"]) < 2 or not people.event.any():
        return made | {"log_rank_reason": "all patients are on one side of the threshold" if people.event.any() else "no event"}
    statistic, degrees, p = log_rank(people, high.astype(str))
    gain = restricted_mean_difference(people.take(np.flatnonzero(~high)), people.take(np.flatnonzero(high)), horizon)
    return made | {
        "log_rank": {"statistic": statistic, "degrees": degrees, "p": p},
        "restricted_mean": gain.difference.document(),
    }


def _round_times(ends: float) -> Floats:
    """Return 0 and up to ``TABLE_TIMES`` evenly spaced round times within the follow-up."""
    raw = ends / TABLE_TIMES
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= raw)
    return np.arange(0.0, ends + 1e-9 * ends, step)


def _group(name: str, people: Followed, times: Floats, table: Floats) -> dict[str, Any]:
    curve = kaplan_meier(people)
    within = [when for when in times.tolist() if when <= people.time.max()]
    points = [curve.at(when) for when in within]
    return {
        "group": name,
        "patients": people.patients,
        "events": people.events,
        "time": within,
        "share": [share for share, _, _ in points],
        "low": [low for _, low, _ in points],
        "high": [high for _, _, high in points],
        "at_risk": [curve.followed(when) for when in table.tolist()],
    }


def _compared(rows: Followed, risk: Floats, name: str, other: Floats) -> dict[str, Any]:
    own = c_index(rows, other)
    if len(set(other.tolist())) < 2:
        why = "one risk for everybody does not discriminate: 0.5 by definition"
        own = Estimate(value=0.5, patients=own.patients, events=own.events, method="by definition", reason=why)
    return {"against": name, "c_index": own.document(), "delta": c_difference(rows, risk, other).difference.document()}


def _plain(values: Floats) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values.tolist()]
