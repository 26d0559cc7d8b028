"""AUC, DeLong, calibration, Brier and proportions equal R (pROC, rms, glm, loess; see stats/SOURCE.md) to 1e-8."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from radaudit.measures.auc_resampling import auc_bootstrap, auc_left_out
from radaudit.measures.calibration import (
    brier,
    calibration_in_the_large,
    calibration_intercept,
    calibration_slope,
    observed_to_expected,
    scaled_brier,
    spiegelhalter,
)
from radaudit.measures.calibration_curve import calibration_curve, calibration_distances, smoothed
from radaudit.measures.discrimination import auc, auc_difference, auc_difference_between, auc_estimate, delong
from radaudit.measures.logistic import fit_logistic
from radaudit.measures.proportions import clopper_pearson, wilson
from radaudit.measures.resampling import bca_interval, draw_counts
from radaudit.measures.roc import partial_auc
from radaudit.measures.rows import scored
from radaudit.measures.thresholds import at_threshold, youden_threshold

HERE = Path(__file__).parent / "stats"


def table(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


GOLDEN = {row["name"]: float(row["value"]) for row in table("golden.csv")}
PATIENTS = table("aSAH.csv")
Y = np.array([row["outcome"] == "Poor" for row in PATIENTS], dtype=float)
MALE = np.array([row["gender"] == "Male" for row in PATIENTS])
X = {name: np.array([float(row[name]) for row in PATIENTS]) for name in ("s100b", "wfns", "ndka", "age")}
PREDICTED = np.genfromtxt(HERE / "asah_p.csv", delimiter=",", skip_header=1)
Q = PREDICTED[:, 1]
P = PREDICTED[:, 0] ** 1.3 / (PREDICTED[:, 0] ** 1.3 + (1 - PREDICTED[:, 0]) ** 1.3 * 1.4)
LP = np.log(P / (1 - P))

CASES: dict[str, float | None] = {}


def bounds(name: str, low: float | None, high: float | None) -> None:
    CASES[f"{name}.1"], CASES[f"{name}.2"] = low, high


for n, x in X.items():
    plain, ninety = auc_estimate(Y, x, scale="plain"), auc_estimate(Y, x, 0.9, scale="plain")
    CASES |= {f"auc.{n}": auc(Y, x), f"auc.low.{n}": plain.low, f"auc.high.{n}": plain.high}
    CASES |= {f"auc.low90.{n}": ninety.low, f"auc.high90.{n}": ninety.high, f"auc.var.{n}": float(delong(Y, [x]).covariance[0, 0])}
    for specificity in (0.9, 0.8, 0.5):
        CASES[f"pauc.{n}.{specificity}"] = partial_auc(Y, x, most_fpr=1 - specificity)
        CASES[f"paucc.{n}.{specificity}"] = partial_auc(Y, x, most_fpr=1 - specificity, corrected=True)
for a, b in (("s100b", "wfns"), ("s100b", "ndka"), ("wfns", "ndka"), ("age", "wfns")):
    gap = auc_difference(Y, X[a], X[b])
    CASES |= {
        f"paired.z.{a}-{b}": gap.statistic,
        f"paired.p.{a}-{b}": gap.p,
        f"cov.{a}-{b}": float(delong(Y, [X[a], X[b]]).covariance[0, 1]),
    }
for n in ("s100b", "wfns", "ndka"):
    gap = auc_difference_between((Y[MALE], X[n][MALE]), (Y[~MALE], X[n][~MALE]))
    CASES |= {f"unpaired.D.{n}": gap.statistic, f"unpaired.df.{n}": gap.degrees, f"unpaired.p.{n}": gap.p}
cut = youden_threshold(Y, X["s100b"])
here = at_threshold(Y, X["s100b"], cut)
CASES |= {"youden.threshold": cut, "youden.sensitivity": here.sensitivity.value, "youden.specificity": here.specificity.value}
CASES |= {"youden.ppv": here.ppv.value, "youden.npv": here.npv.value}
CASES |= {"youden.tp": here.tp, "youden.fp": here.fp, "youden.fn": here.fn, "youden.tn": here.tn}
cut = youden_threshold(Y, X["ndka"])
here = at_threshold(Y, X["ndka"], cut)
CASES |= {
    "youden.ndka.threshold": cut,
    "youden.ndka.sensitivity": here.sensitivity.value,
    "youden.ndka.specificity": here.specificity.value,
}

CASES |= {"valprob.CROC": auc(Q, P), "valprob.Brier": brier(Q, P).value}
CASES |= {"valprob.S:z": spiegelhalter(Q, P).statistic, "valprob.S:p": spiegelhalter(Q, P).p}
CASES |= {"brier": brier(Q, P).value, "ipa": scaled_brier(Q, P).value, "oe": observed_to_expected(Q, P).value}
joint = fit_logistic(np.column_stack([np.ones(Q.size), LP]), Q == 1)
large = fit_logistic(np.ones((Q.size, 1)), Q == 1, offset=LP)
weighted = fit_logistic(np.column_stack([np.ones(Q.size), LP]), Q == 1, weights=np.tile([1.0, 2.0, 3.0], 38)[: Q.size])
CASES |= {"recal.coef.1": calibration_intercept(Q, P).value, "recal.coef.2": calibration_slope(Q, P).value, "recal.dev": joint.deviance}
CASES |= {"citl.coef": calibration_in_the_large(Q, P).value, "citl.se": float(large.covariance[0, 0] ** 0.5)}
CASES |= {f"recal.vcov.{i}": float(v) for i, v in enumerate(joint.covariance[[0, 0, 1], [0, 1, 1]], start=1)}
CASES |= {f"recal.weighted.coef.{i}": float(v) for i, v in enumerate(weighted.coefficients, start=1)}
four = fit_logistic(np.column_stack([np.ones(Y.size), X["age"], ~MALE, X["s100b"], X["ndka"]]), Y == 1)
for i in range(5):
    CASES |= {f"glm4.coef.{i + 1}": float(four.coefficients[i]), f"glm4.se.{i + 1}": float(four.covariance[i, i] ** 0.5)}
for name, measure in (("citl", calibration_in_the_large), ("recal", calibration_slope), ("recal", calibration_intercept)):
    found = measure(Q, P, bounds="profile")
    suffix = {calibration_slope: ".slope", calibration_intercept: ".intercept"}.get(measure, "")
    bounds(f"{name}.profile{suffix}", found.low, found.high)
for method, name in (("loess", "loess"), ("spline", "rcs")):
    for part, estimate in calibration_distances(Q, P, method=method).items():
        CASES[f"{name}.{part}"] = estimate.value
    CASES |= {f"{name}.first.{i + 1}": float(v) for i, v in enumerate(smoothed(Q == 1, P, method)[:5])}
CASES |= {f"loess.grid.{i + 1}": float(v) for i, v in enumerate(calibration_curve(Q, P, grid=np.arange(0.1, 0.71, 0.1)).observed)}
knots = np.quantile(LP, [0.05, 0.35, 0.65, 0.95])
CASES |= {f"rcs.knots4.{i + 1}": float(v) for i, v in enumerate(knots)}
for hits, size in ((0, 10), (3, 10), (10, 10), (26, 41), (58, 72), (1, 1), (250, 1000)):
    bounds(f"wilson.{hits}of{size}", *wilson(hits, size))
    bounds(f"clopper.{hits}of{size}", *clopper_pearson(hits, size))
    bounds(f"clopper90.{hits}of{size}", *clopper_pearson(hits, size, 0.9))

PARTS = tuple(sorted({name.split(".")[0] for name in CASES}))


@pytest.mark.parametrize("name", [n for n in GOLDEN if n.split(".")[0] in PARTS])
def test_the_golden_value_is_reproduced(name: str) -> None:
    assert CASES[name] == pytest.approx(GOLDEN[name], rel=1e-8, abs=1e-8)


def test_the_values_printed_in_the_design_are_met() -> None:
    assert auc_estimate(Y, X["s100b"], scale="plain").value == pytest.approx(0.7313685637, abs=1e-10)
    assert calibration_slope(Q, P).value == pytest.approx(0.76923078, abs=2e-8)
    assert calibration_intercept(Q, P).value == pytest.approx(0.25882481, abs=2e-8)
    assert spiegelhalter(Q, P).statistic == pytest.approx(2.49195, abs=5e-6)


def test_bca_and_percentile_equal_scipy_on_the_same_replicates() -> None:
    from types import SimpleNamespace

    from scipy.stats import bootstrap

    from radaudit.measures.auc_resampling import auc_by_counts

    x = X["s100b"]
    replicates = auc_by_counts(Y, x, draw_counts(Y.size, 999, np.random.default_rng(5), strata=Y))
    shell = SimpleNamespace(bootstrap_distribution=replicates)
    for method in ("percentile", "BCa"):
        peer = bootstrap((Y, x), auc, n_resamples=0, bootstrap_result=shell, method=method, paired=True, vectorized=False)
        rng = np.random.default_rng(5)
        own = auc_bootstrap(Y, x, resamples=999, rng=rng, interval=method.lower())  # type: ignore[arg-type]
        assert (own.low, own.high) == pytest.approx(tuple(peer.confidence_interval), abs=1e-10)
    assert bca_interval(auc(Y, x), replicates, auc_left_out(scored(Y, x)), 0.95) == pytest.approx((own.low, own.high), abs=1e-12)


def test_the_auc_equals_scikit_learn() -> None:
    from sklearn.metrics import brier_score_loss, roc_auc_score

    for x in X.values():
        assert auc(Y, x) == pytest.approx(roc_auc_score(Y, x), abs=1e-14)
    assert brier(Q, P).value == pytest.approx(brier_score_loss(Q, P), abs=1e-14)
