"""Features with missing cells are regressed on their own measured rows; levels that a site lacks change no bit of its moments."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.moments import measure
from radaudit.harmonise.regression import regress
from tests.laws.combat_tables import build


def test_an_incomplete_feature_gets_the_least_squares_of_its_measured_rows():
    table = build(5, [30, 24, 41], 9, missing=0.08)
    table.covariates["stage"] = np.random.default_rng(1).choice(["I", "II", "III"], len(table.x))
    found = regress(table.moments())
    design = [(table.batch == b).astype(float) for b in sorted(set(table.batch))]
    design += [table.covariates["age"], *(table.covariates[c] == v for c, v in (("sex", "M"), ("stage", "II"), ("stage", "III")))]
    for j, column in enumerate(table.x.T):
        here = ~np.isnan(column)
        expected = np.linalg.lstsq(np.column_stack(design)[here], column[here], rcond=None)[0]
        assert np.allclose(found.alpha[:, j], expected[:3], rtol=1e-9, atol=1e-9 * np.abs(expected).max())
        assert np.allclose(found.beta[:, j], expected[3:], rtol=1e-9, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize(("constant", "code"), [("sex", "HARM-001"), ("age", "HARM-001")])
def test_a_covariate_that_does_not_vary_where_one_feature_was_measured_is_refused_with_the_features_name(constant, code):
    table = build(6, [30, 30], 8)
    values = table.covariates[constant]
    seen = values == "F" if constant == "sex" else np.isin(np.arange(60), [np.flatnonzero(table.batch == b)[0] for b in ("site0", "site1")])
    table.x[~seen, 3] = np.nan
    table.x[0, 5] = np.nan
    with pytest.raises(DesignError) as caught:
        fit_combat(table.moments())
    assert caught.value.code == code
    assert '"f3"' in caught.value.at


def test_a_site_that_knows_fewer_levels_reaches_the_bits_of_the_pool():
    table = build(7, [25, 31, 28], 10)
    stage = np.random.default_rng(2).choice(["I", "II", "III", "IV"], len(table.x))
    stage[(table.batch == "site1") & (stage == "I")] = "III"
    stage[(table.batch == "site2") & (stage != "IV")] = "II"
    table.covariates["stage"] = stage
    table.x[4, 2] = np.nan
    parts = [table.take(table.batch == b).moments() for b in ("site2", "site0", "site1")]
    pooled, added = table.moments(), parts[0] + parts[1] + parts[2]
    assert added.batches == pooled.batches
    for one, other in zip(pooled.per_batch, added.per_batch, strict=True):
        for (name, a), b in zip(one.arrays().items(), other.arrays().values(), strict=True):
            assert np.array_equal(a, b), name


def test_the_cross_products_of_a_categorys_levels_cancel():
    table = build(8, [20, 26], 6)
    table.covariates = {"stage": np.random.default_rng(3).choice(["I", "II", "III"], len(table.x))}
    moments = measure(table.x, table.batch, table.covariates, features=table.features)
    for batch, own in zip(moments.batches, moments.per_batch, strict=True):
        rows = table.batch == batch
        centred = table.x[rows] - table.x[rows].mean(axis=0)
        for k, level in enumerate(["I", "II", "III"]):
            expected = (table.covariates["stage"][rows] == level).astype(float) @ centred
            assert np.allclose(own.cx[k], expected, rtol=1e-10, atol=1e-11 * np.abs(centred).max())
        assert np.abs(own.cx.sum(axis=0)).max() <= 1e-12 * np.abs(own.cx).max()
