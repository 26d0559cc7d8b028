"""Law: the fit of every fold's analysis side, by subtraction from one reading, is the fit of those rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from radaudit.errors import DesignError
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.folds import fold_moments, pooled, without_each
from tests.laws.combat_tables import build, sites
from tests.laws.test_combat_moments import assert_close

FIELDS = ("gamma_hat", "delta_hat", "gamma", "delta", "grand_mean", "pooled_sd", "coefficients")


@settings(max_examples=25, deadline=None)
@given(sites(smallest=14), st.integers(2, 10), st.integers(0, 2**32 - 1), st.booleans())
def test_the_fit_of_every_fold_by_subtraction_is_a_refit(table, k, seed, holes):
    rng = np.random.default_rng(seed)
    if holes:
        table.x[rng.random(table.x.shape) < 0.04] = np.nan
    fold = rng.permutation(len(table.x)) % k
    parts = fold_moments(table.x, table.batch, fold, table.covariates, features=table.features)
    assert_close(pooled(parts), table.moments(), 1e-12)
    unit = np.nanstd(table.x, axis=0)
    for number, rest in enumerate(without_each(parts)):
        kept = table.take(fold != number)
        if min((kept.batch == name).sum() for name in set(table.batch)) < 6:
            continue
        one, two = fit_combat(rest), fit_combat(kept.moments())
        assert one.batches == two.batches
        for name in FIELDS:
            scale = unit if name in ("grand_mean", "pooled_sd", "coefficients") else 1.0
            assert (np.abs(getattr(one, name) - getattr(two, name)) / scale).max(initial=0.0) <= 1e-10, name


def test_a_batch_that_is_in_one_fold_only_leaves_with_it():
    table = build(51, [30, 12, 25], 8)
    fold = np.where(table.batch == "site1", 0, np.arange(len(table.x)) % 3)
    parts = fold_moments(table.x, table.batch, fold, table.covariates, features=table.features)
    assert [rest.batches for rest in without_each(parts)] == [("site0", "site2"), ("site0", "site1", "site2"), ("site0", "site1", "site2")]


@settings(max_examples=20, deadline=None)
@given(sites(), st.integers(2, 5))
def test_far_from_zero_the_sum_in_one_step_keeps_the_digits(table, k):
    assume(len(table.x) > 3 * k)
    table = table.with_x(table.x + 1e6 * table.sd)
    parts = fold_moments(table.x, table.batch, np.arange(len(table.x)) % k, table.covariates, features=table.features)
    whole = table.moments()
    for own, other in zip(pooled(parts).per_batch, whole.per_batch, strict=True):
        np.testing.assert_allclose(own.ss, other.ss, rtol=1e-8)
        np.testing.assert_allclose(own.mean, other.mean, rtol=1e-14)


@pytest.mark.parametrize("fold", [[0] * 9, [0, 2] * 10, [1] * 20, [-1, 0] * 10])
def test_folds_that_are_not_numbered_from_zero_are_refused(fold):
    table = build(52, [10, 10], 6)
    with pytest.raises(DesignError) as caught:
        fold_moments(table.x, table.batch, fold, table.covariates, features=table.features)
    assert caught.value.code == "HARM-014"
