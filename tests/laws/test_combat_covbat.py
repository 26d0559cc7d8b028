"""A frozen CovBat treats every row on its own, keeps the reference bit for bit and brings the covariances of batches closer."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.errors import DesignError, UnseenBatchError
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.covbat import CovBatEffects, fit_covbat
from tests.laws.combat_tables import Sites, build, sites

LAW = settings(max_examples=15, deadline=None)


def fitted(table: Sites, **options) -> CovBatEffects:
    return fit_covbat(table.x, table.batch, table.covariates, features=table.features, **options)


@LAW
@given(sites(smallest=10), st.data())
def test_any_subset_of_rows_gets_the_bits_it_gets_among_all(table, data):
    effects = fitted(table)
    y = effects.apply(table.x, table.batch, table.covariates)
    rows = data.draw(st.lists(st.integers(0, len(table.x) - 1), min_size=1, max_size=8))
    few = table.take(rows)
    assert np.array_equal(effects.apply(few.x, few.batch, few.covariates), y[rows])
    order = np.random.default_rng(0).permutation(len(table.features))
    turned = effects.apply(table.x[:, order], table.batch, table.covariates, features=[table.features[j] for j in order])
    assert np.array_equal(turned, y[:, order])


@LAW
@given(sites(smallest=10))
def test_a_fit_survives_documents_and_pickles_with_its_bits(table):
    effects = fitted(table)
    y = effects.apply(table.x, table.batch, table.covariates)
    for copy in (CovBatEffects.from_document(json.loads(json.dumps(effects.document()))), pickle.loads(pickle.dumps(effects))):
        assert np.array_equal(copy.apply(table.x, table.batch, table.covariates), y)


@LAW
@given(sites(smallest=10))
def test_rows_of_the_reference_and_of_passed_batches_come_back_bit_for_bit(table):
    effects = fitted(table, reference="site0")
    at = table.batch == "site0"
    assert np.array_equal(effects.apply(table.x, table.batch, table.covariates)[at], table.x[at])
    strange = np.where(at, "elsewhere", table.batch)
    assert np.array_equal(effects.apply(table.x, strange, table.covariates, unseen="pass")[at], table.x[at])
    with pytest.raises(UnseenBatchError):
        effects.apply(table.x, strange, table.covariates)


def test_the_covariances_of_batches_come_closer_than_under_combat():
    rng = np.random.default_rng(1)
    mixing = [np.eye(12) + 0.8 * k * rng.normal(size=(12, 12)) / 4 for k in range(3)]
    x = np.vstack([rng.normal(size=(200, 12)) @ m for m in mixing])
    table = Sites(x, np.repeat(["a", "b", "c"], 200), {}, [f"f{j}" for j in range(12)])

    def distance(y: np.ndarray) -> float:
        own = [np.cov(y[table.batch == name].T) for name in "abc"]
        return sum(float(np.linalg.norm(a - b)) for a in own for b in own)

    plain = fit_combat(table.moments()).apply(table.x, table.batch)
    assert distance(fitted(table, variance=0.999).apply(table.x, table.batch)) < 0.9 * distance(plain)


def test_a_constant_feature_is_left_alone_and_a_missing_cell_refused():
    table = build(3, [30, 40], 8)
    table.x[:, 2] = 5.0
    effects = fitted(table)
    assert (effects.apply(table.x, table.batch, table.covariates)[:, 2] == 5.0).all()
    table.x[3, 1] = np.nan
    for call in (lambda: fitted(table), lambda: effects.apply(table.x, table.batch, table.covariates)):
        with pytest.raises(DesignError) as caught:
            call()
        assert caught.value.code == "HARM-019"
