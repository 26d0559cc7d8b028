"""Laws of filters, fits and thresholds: what may change without changing the answer, and what an optimum must satisfy."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.models.elastic_net import elastic_net_path, largest_penalty
from radaudit.models.logistic import linear_scores, logistic
from radaudit.models.losses import LogLoss
from radaudit.models.ranks import midranks
from radaudit.models.redundancy import keep_representatives, rank_correlations
from radaudit.models.scaling import learn_scaling
from radaudit.models.screen import strongest, univariate_aucs
from radaudit.models.threshold import ThresholdPlan, choose_threshold

seeds = st.integers(0, 10_000)


def table(seed: int, n: int = 40, p: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, 5])
    x = rng.normal(size=(n, 3)) @ rng.normal(size=(3, p)) + rng.choice([0.1, 0.5, 2.0]) * rng.normal(size=(n, p))
    y = (x[:, 0] + rng.normal(size=n) > 0).astype(float)
    y[:2] = [0.0, 1.0]
    return x, y


@given(seeds, st.permutations(range(12)), st.sampled_from([0.3, 0.7, 0.9, 0.99]))
def test_the_same_features_stay_whatever_the_order_of_columns(seed: int, order: list[int], threshold: float) -> None:
    x, y = table(seed)
    x[:, 5], x[:, 6] = x[:, 1], -x[:, 1]
    names = [f"f{j:02d}" for j in range(12)]
    kept = {names[j] for j in keep_representatives(x, threshold, names=names)}
    moved = [names[j] for j in order]
    assert {moved[j] for j in keep_representatives(x[:, order], threshold, names=moved)} == kept
    best = [names[j] for j in strongest(univariate_aucs(x, y), 5, names=names)]
    assert [moved[j] for j in strongest(univariate_aucs(x[:, order], y), 5, names=moved)] == best


@given(seeds, st.sampled_from([0.3, 0.7, 0.9]))
def test_no_two_kept_features_are_too_close_and_each_left_out_is_close_to_a_kept_one(seed: int, threshold: float) -> None:
    x, _ = table(seed)
    kept = set(keep_representatives(x, threshold, names=[f"f{j:02d}" for j in range(12)]).tolist())
    close = rank_correlations(midranks(x)) > threshold
    for j in range(12):
        near = [i for i in kept if i != j and close[i, j]]
        assert bool(near) == (j not in kept)


@given(seeds)
def test_ranks_aucs_and_redundancy_see_order_only(seed: int) -> None:
    x, y = table(seed)
    bent = np.exp(x / 10) * 1e6 - 3
    np.testing.assert_array_equal(midranks(bent), midranks(x))
    np.testing.assert_array_equal(univariate_aucs(bent, y), univariate_aucs(x, y))
    np.testing.assert_allclose(univariate_aucs(-x, y), 1 - univariate_aucs(x, y), atol=1e-12)
    np.testing.assert_allclose(univariate_aucs(x, 1 - y), 1 - univariate_aucs(x, y), atol=1e-12)


@settings(max_examples=60)
@given(seeds, st.floats(0.05, 1.0), st.floats(0.01, 0.99))
def test_a_fit_satisfies_the_optimality_conditions_and_no_nearby_point_is_better(seed: int, mixing: float, share: float) -> None:
    x, y = table(seed)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    penalty = share * largest_penalty(x, LogLoss(y=y), mixing)
    (fit,) = elastic_net_path(x, LogLoss(y=y), [penalty], mixing)
    assert fit.converged
    risk = 1 / (1 + np.exp(-(fit.intercept + x @ fit.coefficients)))
    slope = x.T @ (risk - y) / len(y) + penalty * (1 - mixing) * fit.coefficients
    assert abs((risk - y).mean()) < 1e-9
    inside = fit.coefficients != 0
    np.testing.assert_allclose(slope[inside], -penalty * mixing * np.sign(fit.coefficients[inside]), atol=1e-9)
    assert (np.abs(slope[~inside]) <= penalty * mixing * (1 + 1e-6)).all()

    def objective(weights: np.ndarray, intercept: float) -> float:
        score = intercept + x @ weights
        own = penalty * (mixing * np.abs(weights).sum() + 0.5 * (1 - mixing) * (weights**2).sum())
        return float(np.logaddexp(0, score).mean() - (score * y).mean() + own)

    here = objective(fit.coefficients, fit.intercept)
    rng = np.random.default_rng(seed)
    for _ in range(10):
        assert objective(fit.coefficients + 1e-3 * rng.normal(size=12), fit.intercept + 1e-3 * rng.normal()) >= here


@given(seeds, st.floats(0.1, 1.0))
def test_a_path_gives_the_fits_that_each_penalty_gives_alone(seed: int, mixing: float) -> None:
    x, y = table(seed)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    penalties = largest_penalty(x, LogLoss(y=y), mixing) * np.array([0.8, 0.3, 0.1, 0.5])
    for fit in elastic_net_path(x, LogLoss(y=y), penalties, mixing):
        (alone,) = elastic_net_path(x, LogLoss(y=y), [fit.penalty], mixing)
        np.testing.assert_allclose(fit.coefficients, alone.coefficients, atol=1e-7)


@given(seeds, st.integers(0, 39), st.integers(1, 39))
def test_a_row_has_the_same_bits_alone_and_in_company(seed: int, first: int, length: int) -> None:
    x, _ = table(seed)
    x[::7, 3] = np.nan
    scaling = learn_scaling(x)
    weights = np.linspace(-1, 1, 12)
    whole = logistic(linear_scores(scaling.apply(x), weights, 0.3))
    part = x[first : first + length]
    np.testing.assert_array_equal(logistic(linear_scores(scaling.apply(part), weights, 0.3)), whole[first : first + length])


@given(st.floats(-800, 800))
def test_a_risk_is_what_plain_python_computes(score: float) -> None:
    expected = 1 / (1 + math.exp(-score)) if score >= 0 else math.exp(score) / (1 + math.exp(score))
    assert logistic(np.array([score]))[0] == expected


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.05, 0.1, 0.3, 0.5, 0.9])), min_size=2, max_size=40), st.floats(0.01, 1.0))
def test_no_cut_beats_the_chosen_one(rows: list[tuple[bool, float]], least: float) -> None:
    event, risk = np.array([e for e, _ in rows]), np.array([r for _, r in rows])
    if event.all() or not event.any():
        return
    found = choose_threshold(event, risk, ThresholdPlan())
    asked = choose_threshold(event, risk, ThresholdPlan(rule="sensitivity", value=least))
    for cut in np.linspace(0, 1, 41):
        sensitivity, specificity = (risk[event] >= cut).mean(), (risk[~event] < cut).mean()
        assert found.sensitivity + found.specificity >= sensitivity + specificity - 1e-9  # type: ignore[operator]
        assert sensitivity < least - 1e-9 or asked.specificity >= specificity - 1e-9  # type: ignore[operator]
    assert asked.sensitivity >= least - 1e-9  # type: ignore[operator]
