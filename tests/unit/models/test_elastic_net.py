"""The elastic net at its edges."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.models.elastic_net import crosscheck, elastic_net_path, largest_penalty, ridge
from radaudit.models.losses import LogLoss


def table(seed: int = 0, n: int = 60, k: int = 8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, k)) @ (np.eye(k) + 0.4)
    y = (x[:, 0] - x[:, 1] + rng.normal(size=n) > 0.3).astype(float)
    return (x - x.mean(axis=0)) / x.std(axis=0), y


def test_at_the_largest_penalty_the_model_is_empty_and_just_below_it_holds_one_feature() -> None:
    x, y = table()
    largest = largest_penalty(x, LogLoss(y=y), 0.7)
    empty, one = elastic_net_path(x, LogLoss(y=y), [largest, 0.999 * largest], 0.7)
    assert (empty.chosen, one.chosen) == (0, 1)
    assert 1 / (1 + np.exp(-empty.intercept)) == pytest.approx(y.mean())


def test_repeated_columns_and_separable_outcomes_converge() -> None:
    x, y = table()
    doubled = np.column_stack([x, x])
    assert all(fit.converged for fit in elastic_net_path(doubled, LogLoss(y=y), np.geomspace(0.3, 1e-4, 10), 1.0))
    assert all(fit.converged for fit in elastic_net_path(x, LogLoss(y=(x[:, 0] > 0).astype(float)), np.geomspace(0.3, 1e-4, 10), 0.5))


def test_the_crosscheck_sees_a_wrong_fit() -> None:
    from dataclasses import replace

    x, y = table()
    (fit,) = elastic_net_path(x, LogLoss(y=y), [0.05], 0.5)
    assert crosscheck(x, y, fit) < 1e-6
    assert crosscheck(x, y, replace(fit, intercept=fit.intercept + 0.01)) == pytest.approx(0.01, abs=1e-6)


def test_one_class_a_bad_mixing_and_a_bad_penalty_are_refused() -> None:
    x, y = table()
    for outcome, penalty, mixing, code in ((np.ones(60), 0.1, 0.5, "OUT-070"), (y, 0.1, 0.0, "STUDY-072"), (y, 0.0, 0.5, "STUDY-072")):
        with pytest.raises(DesignError) as caught:
            elastic_net_path(x, LogLoss(y=np.asarray(outcome, dtype=float)), [penalty], mixing)
        assert caught.value.code == code
    with pytest.raises(DesignError):
        ridge(x, LogLoss(y=np.zeros(60)), 0.1)
