"""Our fits and filters against scikit-learn, SciPy and numbers of R's pROC (tests/reference/stats: aSAH)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from radaudit.measures.discrimination import auc
from radaudit.models.elastic_net import elastic_net_path, largest_penalty, ridge
from radaudit.models.losses import LogLoss
from radaudit.models.ranks import midranks
from radaudit.models.redundancy import rank_correlations
from radaudit.models.scaling import learn_scaling
from radaudit.models.screen import univariate_aucs
from radaudit.models.threshold import ThresholdPlan, choose_threshold

STATS = Path(__file__).parent / "stats"


def table(seed: int, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, 17])
    x = rng.normal(size=(n, 4)) @ rng.normal(size=(4, k)) + 0.5 * rng.normal(size=(n, k))
    y = (x[:, 0] + x[:, k // 2] + 2 * rng.normal(size=n) > 0.5).astype(float)
    return (x - x.mean(axis=0)) / x.std(axis=0), y


def objective(x: np.ndarray, y: np.ndarray, penalty: float, mixing: float, weights: np.ndarray, intercept: float) -> float:
    score = intercept + x @ weights
    loss = np.logaddexp(0, score).mean() - (score * y).mean()
    return float(loss + penalty * (mixing * np.abs(weights).sum() + 0.5 * (1 - mixing) * (weights**2).sum()))


@pytest.mark.parametrize("mixing", [0.2, 0.5, 1.0])
@pytest.mark.parametrize(("n", "k"), [(40, 5), (88, 20), (200, 12)])
def test_the_elastic_net_equals_scikit_learn(n: int, k: int, mixing: float) -> None:
    x, y = table(n + k, n, k)
    for fit in elastic_net_path(x, LogLoss(y=y), largest_penalty(x, LogLoss(y=y), mixing) * np.array([0.6, 0.2, 0.08]), mixing):
        peer = LogisticRegression(solver="saga", l1_ratio=mixing, C=1 / (n * fit.penalty), tol=1e-12, max_iter=100_000, random_state=0)
        peer.fit(x, y)
        assert fit.converged
        np.testing.assert_allclose(fit.coefficients, peer.coef_[0], atol=1e-7)
        assert fit.intercept == pytest.approx(peer.intercept_[0], abs=1e-7)
        assert ((fit.coefficients != 0) == (np.abs(peer.coef_[0]) > 1e-9)).all()


def test_the_elastic_net_equals_a_bounded_quasi_newton_solution() -> None:
    """w = u - v with u, v >= 0 makes the problem smooth; SciPy's L-BFGS-B knows nothing of active sets."""
    x, y = table(3, 60, 6)
    penalty, mixing, k = 0.04, 0.5, 6

    def smooth(t: np.ndarray) -> float:
        u, v, b = t[:k], t[k : 2 * k], t[-1]
        score = b + x @ (u - v)
        loss = np.logaddexp(0, score).mean() - (score * y).mean()
        return float(loss + penalty * (mixing * (u + v).sum() + 0.5 * (1 - mixing) * ((u - v) ** 2).sum()))

    found = optimize.minimize(
        smooth, np.zeros(2 * k + 1), method="L-BFGS-B", bounds=[(0, None)] * (2 * k) + [(None, None)], options={"ftol": 1e-15, "gtol": 1e-9}
    )
    (fit,) = elastic_net_path(x, LogLoss(y=y), [penalty], mixing)
    np.testing.assert_allclose(fit.coefficients, found.x[:k] - found.x[k : 2 * k], atol=2e-4)
    assert objective(x, y, penalty, mixing, fit.coefficients, fit.intercept) <= found.fun + 1e-12


def test_one_standardised_feature_alone_has_the_closed_form_at_a_balanced_sign_outcome() -> None:
    """x = +-1 and three of four right: by symmetry the intercept is 0 and sigma(w) - 3/4 + penalty (mixing + (1 - mixing) w) = 0."""
    x = np.repeat([1.0, -1.0], 40)[:, None]
    y = np.array([1.0] * 30 + [0.0] * 10 + [1.0] * 10 + [0.0] * 30)
    for penalty, mixing in ((0.05, 1.0), (0.1, 0.5)):
        (fit,) = elastic_net_path(x, LogLoss(y=y), [penalty], mixing)
        w = optimize.brentq(lambda w, p=penalty, m=mixing: 1 / (1 + np.exp(-w)) - 0.75 + p * (m + (1 - m) * w), 0, 5, xtol=1e-15)
        assert fit.intercept == pytest.approx(0.0, abs=1e-12)
        assert fit.coefficients[0] == pytest.approx(w, abs=1e-10)
    # pure lasso: sigma(w) = 3/4 - penalty
    (fit,) = elastic_net_path(x, LogLoss(y=y), [0.05], 1.0)
    assert fit.coefficients[0] == pytest.approx(np.log(0.7 / 0.3), abs=1e-10)


def test_the_ridge_equals_scikit_learn() -> None:
    x, y = table(5, 90, 4)
    fit = ridge(x, LogLoss(y=y), 1 / 90)
    peer = LogisticRegression(C=1.0, tol=1e-12, solver="newton-cholesky").fit(x, y)
    np.testing.assert_allclose(fit.coefficients, peer.coef_[0], atol=1e-9)
    assert fit.intercept == pytest.approx(peer.intercept_[0], abs=1e-9)


def test_ranks_and_rank_correlations_equal_scipy() -> None:
    rng = np.random.default_rng(4)
    x = rng.integers(0, 12, size=(50, 7)).astype(float)
    np.testing.assert_array_equal(midranks(x), stats.rankdata(x, axis=0))
    np.testing.assert_allclose(rank_correlations(midranks(x)), np.abs(stats.spearmanr(x).statistic), atol=1e-9)


def test_screening_equals_the_measured_auc_column_by_column_and_the_rank_sum_of_scipy() -> None:
    rng = np.random.default_rng(6)
    x = np.round(rng.normal(size=(80, 9)), 1)
    x[rng.random(x.shape) < 0.1] = np.nan
    y = (rng.random(80) < 0.4).astype(float)
    found = univariate_aucs(x, y)
    for j in range(9):
        known = ~np.isnan(x[:, j])
        own, outcome = x[known, j], y[known]
        assert found[j] == pytest.approx(auc(outcome, own), abs=1e-12)
        u = stats.mannwhitneyu(own[outcome == 1], own[outcome == 0]).statistic
        assert found[j] == pytest.approx(u / (outcome.sum() * (1 - outcome).sum()), abs=1e-12)


def test_imputation_and_standardisation_equal_scikit_learn() -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(5, 3, size=(31, 6))
    x[rng.random(x.shape) < 0.2] = np.nan
    scaling = learn_scaling(x)
    peer = StandardScaler().fit_transform(SimpleImputer(strategy="median").fit_transform(x))
    np.testing.assert_allclose(scaling.apply(x), peer, atol=1e-12)


def test_screening_and_threshold_equal_pROC_on_aSAH() -> None:
    """Numbers of pROC 1.18: AUCs of s100b and wfns; the Youden threshold of s100b with its sensitivity and specificity."""
    with (STATS / "aSAH.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    y = np.array([float(row["outcome"] in ("Poor", "1")) for row in rows])
    x = np.array([[float(row["s100b"]), float(row["wfns"])] for row in rows])
    np.testing.assert_allclose(univariate_aucs(x, y), [0.7313685637, 0.8236788618], atol=1e-10)
    found = choose_threshold(y, x[:, 0], ThresholdPlan())
    assert found.value == pytest.approx(0.205, abs=1e-12)
    assert found.sensitivity == pytest.approx(0.6341463415, abs=1e-10)
    assert found.specificity == pytest.approx(0.8055555556, abs=1e-10)
