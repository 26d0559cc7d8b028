"""Batches more alike than chance: found after empirical-Bayes ComBat on all rows, with correlated features; hardly ever else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from radaudit.findings import Verdict
from radaudit.harmonise.alike import WIDEST, alikeness, below, correlation_weights
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.doctor import examine_rows
from radaudit.harmonise.moments import measure


def sites(seed: int, *, rows: int = 150, features: int = 60, factors: int = 5, batches: int = 3, shift: float = 1.0):
    rng = np.random.default_rng(seed)
    batch = rng.integers(batches, size=rows)
    x = rng.normal(size=(rows, factors)) @ rng.normal(size=(factors, features)) + rng.normal(size=(rows, features))
    x = x * np.exp(0.2 * shift * rng.normal(size=(batches, features)))[batch] + shift * rng.normal(size=(batches, features))[batch]
    return x, [f"s{i}" for i in batch], [f"f{j}" for j in range(features)]


def harm_008(x, batch, features):
    return next(found for found in examine_rows(x, batch, features=features) if found.code == "HARM-008")


@pytest.mark.parametrize("batches", [2, 3, 5])
@pytest.mark.parametrize("digits", [2, 6])
def test_joint_combat_with_empirical_bayes_is_recognised_after_rounding(batches, digits):
    x, batch, features = sites(3, batches=batches)
    before = harm_008(x, batch, features)
    once = np.round(fit_combat(measure(x, batch, features=features)).apply(x, batch), digits)
    found = harm_008(once, batch, features)
    assert before.verdict is Verdict.PASSED
    assert found.failed
    assert found.facts["p"] < 1e-3


@pytest.mark.parametrize("factors", [1, 3, 20])
def test_batches_of_one_population_are_seldom_called_alike(factors):
    drawn = [sites(seed, rows=60, features=30, factors=factors, shift=0.0) for seed in range(150)]
    p = np.array([alikeness(x, batch, None, features=features)[1] for x, batch, features in drawn])
    assert (p < 1e-3).sum() == 0
    assert (p < 0.1).mean() < 0.1 + 3 * np.sqrt(0.1 * 0.9 / len(p))


@pytest.mark.parametrize("degrees", [3, 8, 30])
def test_equal_weights_give_the_chi_square_distribution(degrees):
    for value in (0.05, 0.2, 0.6, 0.9):
        expected = chi2.cdf(value * 2 * degrees, 2 * degrees)
        assert below(value, np.ones(degrees) / degrees, 2) == pytest.approx(expected, rel=6e-3)


def test_unequal_weights_give_the_simulated_distribution():
    weights = np.array([0.5, 0.3, 0.1, 0.05, 0.05])
    drawn = (weights * np.random.default_rng(0).chisquare(2, size=(200_000, 5)) / 2).sum(axis=1)
    for value in (0.2, 0.5, 0.8):
        assert below(value, weights, 2) == pytest.approx((drawn < value).mean(), abs=0.006)


def test_nothing_below_zero_and_everything_above_the_mean():
    assert below(0.0, np.ones(2) / 2, 1) == 0.0
    assert below(1.5, np.ones(2) / 2, 1) == 1.0


def test_weights_are_those_of_the_correlation_within_batches():
    x, batch, _ = sites(5, features=8, factors=2)
    labels = np.array(batch)
    centred = np.vstack([x[labels == name] - x[labels == name].mean(axis=0) for name in sorted(set(batch))])
    expected = np.linalg.eigvalsh(np.corrcoef(centred.T)) / 8
    np.testing.assert_allclose(np.sort(correlation_weights(x, batch)), np.sort(expected), atol=1e-12)


def test_a_wide_table_with_gaps_and_constants_is_looked_at_in_part():
    x, batch, _ = sites(7, rows=40, features=WIDEST + 7)
    x[3, :] = np.nan
    x[:, 0] = 1.0
    mean, chance = alikeness(x, batch, None, features=[f"f{j}" for j in range(x.shape[1])])
    assert mean > 1
    assert chance == 1.0
    constant = np.ones((40, 3))
    assert alikeness(constant, batch, None, features=["a", "b", "c"])[1] == 1.0
