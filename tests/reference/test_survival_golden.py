"""Survival measures and models equal R (see survival/SOURCE.md): closed forms to 1e-8, iterated fits to 1e-7, conventions named to 2e-4."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from radaudit.followup import Followed, followed
from radaudit.followup.cox import fit_cox
from radaudit.followup.partial_likelihood import partial_likelihood
from radaudit.measures.concordance import c_difference, c_error, c_index, pairs_of
from radaudit.measures.horizon import (
    auc_of_counts,
    brier_of_counts,
    integrated_brier_of_counts,
    ipa_of_counts,
    ratio_of_counts,
)
from radaudit.measures.kaplan_meier import cumulative_incidence, kaplan_meier, log_rank, restricted_mean
from radaudit.measures.normal import two_sided
from radaudit.measures.survival_calibration import survival_calibration, survival_slope
from radaudit.measures.survival_utility import net_benefit_of_counts
from radaudit.models.elastic_net import elastic_net_path
from radaudit.models.losses import cox_loss

HERE = Path(__file__).parent


def columns(path: str) -> dict[str, np.ndarray]:
    with (HERE / path).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


with (HERE / "survival" / "golden.csv").open(encoding="utf-8") as stream:
    GOLDEN = {row["name"]: float(row["value"]) for row in csv.DictReader(stream)}
LUNG, VETERAN = columns("stats/lung_cc.csv"), columns("survival/veteran.csv")
LUNG_X = np.stack([LUNG[name] for name in ("age", "sex", "ph.ecog", "wt.loss")], axis=1)
VETERAN_X = np.stack([VETERAN[name] for name in ("trt", "karno", "diagtime", "age", "prior", "squamous", "small")], axis=1)
TABLES: dict[str, tuple[Followed, np.ndarray, tuple[float, ...]]] = {
    "lung": (followed(LUNG["time"], LUNG["ev"]), LUNG_X, (180.0, 365.0, 545.0)),
    "tied": (followed(30 * np.ceil(LUNG["time"] / 30), LUNG["ev"]), LUNG_X, (180.0, 365.0, 545.0)),
    "veteran": (followed(VETERAN["time"], VETERAN["status"]), VETERAN_X, (30.0, 90.0, 180.0)),
}
CASES: dict[str, float] = {}


def put(name: str, values: Any) -> None:
    values = np.atleast_1d(np.asarray(values, dtype=float))
    CASES.update({name: float(values[0])} if values.size == 1 else {f"{name}.{i}": float(v) for i, v in enumerate(values, start=1)})


def thirds(values: np.ndarray) -> np.ndarray:
    """R's cut(x, 3): equal widths, closed on the right."""
    edges = np.linspace(values.min(), values.max(), 4)[1:-1]
    return np.searchsorted(edges, values, side="left")


for name, (rows, x, at) in TABLES.items():
    for transform in ("plain", "log", "log-log"):
        curve = kaplan_meier(rows, transform=transform)
        k = np.searchsorted(curve.times, at, side="right") - 1
        for part, values in (("share", curve.share), ("error", curve.error), ("low", curve.low), ("high", curve.high)):
            put(f"km.{name}.{transform}.{part}", values[k])
    put(f"km.{name}.median", kaplan_meier(rows).median)
    mean = restricted_mean(rows, at[1])
    put(f"rmst.{name}.mean", mean.value)
    put(f"rmst.{name}.error", (mean.high - mean.value) / two_sided(0.95))
    column = x[:, 1] if name == "veteran" else x[:, 0]
    put(f"logrank.{name}", log_rank(rows, x[:, 0] if name == "veteran" else x[:, 1]))
    put(f"logrank3.{name}", log_rank(rows, thirds(column)))
    for ties in ("efron", "breslow"):
        fit = fit_cox(rows, x, ties=ties)
        put(f"cox.{name}.{ties}.coef", fit.coefficients)
        put(f"cox.{name}.{ties}.se", np.sqrt(np.diag(fit.covariance)))
        put(f"cox.{name}.{ties}.loglik", fit.likelihood)
        put(f"cox.{name}.{ties}.score", fit.score_test)
        score = (x - x.mean(axis=0)) @ fit.coefficients
        put(f"cox.{name}.{ties}.hazard", partial_likelihood(rows, ties).hazard_at(score, np.array(at)))
        if ties == "breslow":
            put(f"cox.{name}.robust", np.sqrt(np.diag(fit.robust)))
    efron = fit_cox(rows, x)
    score = (x - x.mean(axis=0)) @ efron.coefficients
    for weights in ("harrell", "uno"):
        for label, tau in (("all", None), ("tau", at[1])):
            own = pairs_of(rows, score, weights, tau)
            put(f"c.{name}.{weights}.{label}", (own.c, c_error(rows, score, weights=weights, tau=tau)))
    ids = np.arange(len(rows)) // 3
    clustered = followed(rows.time, rows.event, ids)
    put(f"c.{name}.clustered", (pairs_of(clustered, score).c, c_error(clustered, score)))
    put(f"c.{name}.coarse", (pairs_of(rows, np.round(score, 1)).c, c_error(rows, np.round(score, 1))))
    single = fit_cox(rows, column[:, None]).coefficients[0] * column
    gap = c_difference(rows, score, single).difference
    put(f"cdiff.{name}", (gap.value, (gap.high - gap.value) / two_sided(0.95)))
    slope = survival_slope(rows, 1.3 * score)
    put(f"slope.{name}", (slope.value, (slope.high - slope.value) / two_sided(0.95)))
    hazard = partial_likelihood(rows).hazard_at(score, np.array(at))
    for i, when in enumerate(at, start=1):
        risk = -np.expm1(-hazard[i - 1] * np.exp(score))
        put(f"auc.{name}.{i}", auc_of_counts(rows, score, when))
        put(f"brier.{name}.{i}", brier_of_counts(rows, risk, when))
        put(f"ipa.{name}.{i}", ipa_of_counts(rows, risk, when))
        put(f"oe.{name}.{i}", ratio_of_counts(rows, risk, when))
        for t, value in zip((2, 5, 7), net_benefit_of_counts(rows, risk, when, np.array([0.2, 0.5, 0.7]))[0], strict=True):
            put(f"nb.{name}.{i}.{t}", value)
    curve = survival_calibration(rows, -np.expm1(-hazard[1] * np.exp(score)), at[1])
    put(f"ici.{name}", (curve.ici, curve.e50, curve.e90))
    put(f"knots.{name}", curve.knots)

MGUS = columns("survival/mgus2.csv")
shares = cumulative_incidence(followed(MGUS["etime"], MGUS["cause"] > 0), [f"{c:g}" for c in MGUS["cause"]])
k = np.searchsorted(shares.times, (60, 120, 240), side="right") - 1
for cause in (0, 1):
    put(f"cif.{cause + 1}", shares.share[cause, k])
    put(f"aj.{cause + 1}", shares.share[cause, k])

for name in ("lung", "veteran"):
    rows, x, _ = TABLES[name]
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    loss = cox_loss(rows.time + np.arange(1, len(rows) + 1) * 1e-5, rows.event)
    for mixing in (0.5, 1.0):
        for fit in elastic_net_path(z, loss, (0.2, 0.1, 0.05, 0.02), mixing)[1:]:
            put(f"net.{name}.{10 * mixing:g}.{100 * fit.penalty:g}", fit.coefficients)

TOLERANCES = {"net": 1e-6, "cox": 1e-7, "slope": 1e-7, "ici": 1e-7}  # glmnet and coxph stop before rounding
# the variance of an incidence is the delta method's here and Aalen's in cmprsk
CONVENTIONS = {"cifvar"}


@pytest.mark.parametrize("name", [n for n in GOLDEN if n.split(".")[0] not in CONVENTIONS])
def test_the_golden_value_of_r_is_reproduced(name: str) -> None:
    tolerance = TOLERANCES.get(name.split(".")[0], 1e-8)
    assert CASES[name] == pytest.approx(GOLDEN[name], rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("name", [n for n in GOLDEN if n.split(".")[0] == "cifvar"])
def test_the_variance_of_an_incidence_is_within_four_percent_of_aalens_in_cmprsk(name: str) -> None:
    _, cause, time = name.split(".")
    own = shares.variance[int(cause) - 1, k[int(time) - 1]]
    assert own == pytest.approx(GOLDEN[name], rel=0.04)


PRINTED = {  # riskRegression 2022.11.28 and pec on lung, as printed in the design (7 digits), times 180, 365, 545
    "auc": (0.7128599, 0.6592912, 0.6594279),
    "brier": (0.1667120, 0.2266952, 0.1889548),
    "ipa": (0.1127533, 0.0762800, 0.0507064),
}


@pytest.mark.parametrize("name", PRINTED)
def test_the_values_riskregression_prints_are_met(name: str) -> None:
    assert [CASES[f"{name}.lung.{i}"] for i in (1, 2, 3)] == pytest.approx(PRINTED[name], abs=6e-8)


def test_the_integrated_brier_score_of_riskregression_is_the_step_rule() -> None:
    rows, x, at = TABLES["lung"]
    score = (x - x.mean(axis=0)) @ fit_cox(rows, x).coefficients
    risks = -np.expm1(-partial_likelihood(rows).hazard_at(score, np.array(at))[None, :] * np.exp(score)[:, None])
    assert integrated_brier_of_counts(rows, risks[:, :2], at[:2], rule="step")[0] == pytest.approx(0.0844979, abs=6e-8)
    assert integrated_brier_of_counts(rows, risks, at, rule="step")[0] == pytest.approx(0.1314621, abs=6e-8)


def test_uno_with_the_events_still_at_risk_of_censoring_differs_by_the_stated_convention() -> None:
    # scikit-survival counts them in G(t): 0.6316985990 against R's and our 0.6315296647
    rows = TABLES["lung"][0]
    score = columns("stats/lung_lp.csv")["lp"]
    value = c_index(rows, score, weights="uno").value
    assert value == pytest.approx(0.6315296647, abs=1e-9)
    assert value != pytest.approx(0.6316985990, abs=1e-5)
    assert value == pytest.approx(0.6316985990, abs=2e-4)


def test_calibration_at_one_year_is_that_of_rms_to_the_stated_tolerance() -> None:
    rows, _, _ = TABLES["lung"]
    risk = columns("stats/lung_p365.csv")["p365"]
    curve = survival_calibration(rows, risk, 365.0)
    assert curve.ici == pytest.approx(0.0166198, abs=2e-4)
    assert curve.knots == pytest.approx((-0.9419, -0.1728, 0.4639), abs=6e-5)
    assert ratio_of_counts(rows, risk, 365.0)[0] == pytest.approx(0.9981743, abs=6e-8)
    assert not math.isnan(float(curve.observed[0]))
