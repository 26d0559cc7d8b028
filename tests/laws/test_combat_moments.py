"""Moments add and subtract: in any order, over any division of the rows, and whole sites bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.errors import DesignError
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.moments import SiteMoments, measure, measure_parts
from tests.laws.combat_tables import build, sites

FIELDS = ("gamma_hat", "delta_hat", "gamma", "delta", "grand_mean", "pooled_sd", "coefficients")


def assert_close(a: SiteMoments, b: SiteMoments, tolerance: float) -> None:
    assert a.batches == b.batches
    for one, other in zip(a.per_batch, b.per_batch, strict=True):
        assert one.rows == other.rows
        for (name, left), right in zip(one.arrays().items(), other.arrays().values(), strict=True):
            scale = np.maximum(np.abs(left), np.abs(right)).max(initial=1.0)
            assert left.shape == right.shape, name
            assert np.abs(left - right).max(initial=0.0) <= tolerance * scale, name


def assert_same_bits(a: SiteMoments, b: SiteMoments) -> None:
    assert (a.features, a.batches, a.coding) == (b.features, b.batches, b.coding)
    for one, other in zip(a.per_batch, b.per_batch, strict=True):
        assert one.rows == other.rows
        assert all(np.array_equal(left, right) for left, right in zip(one.arrays().values(), other.arrays().values(), strict=True))


@settings(max_examples=25, deadline=None)
@given(sites(), st.integers(0, 2**32 - 1))
def test_moments_agree_with_their_definition(table, seed):
    for batch, own in zip(table.moments().batches, table.moments().per_batch, strict=True):
        x = table.x[table.batch == batch]
        assert own.rows == len(x)
        np.testing.assert_allclose(own.mean, x.mean(axis=0), rtol=1e-12, atol=1e-12 * np.abs(x).max())
        np.testing.assert_allclose(own.ss, ((x - x.mean(axis=0)) ** 2).sum(axis=0), rtol=1e-10)
        if table.covariates:
            age = table.covariates["age"][table.batch == batch]
            np.testing.assert_allclose(own.c_mean[0], age.mean(), rtol=1e-13)
            expected = ((age - age.mean())[:, None] * (x - x.mean(axis=0))).sum(axis=0)
            np.testing.assert_allclose(own.cx[0], expected, rtol=1e-9, atol=1e-10 * np.abs(x).max() * np.abs(age).max())


@settings(max_examples=25, deadline=None)
@given(sites(), st.integers(0, 2**32 - 1), st.booleans())
def test_any_division_of_the_rows_adds_up(table, seed, holes):
    rng = np.random.default_rng(seed)
    if holes:
        table.x[rng.random(table.x.shape) < 0.1] = np.nan
    part = rng.integers(0, 3, len(table.x))
    whole = table.moments()
    a, b, c = (table.take(part == k).moments(coding=whole.coding) for k in range(3))
    assert_close((a + b) + c, whole, 1e-12)
    assert_close((a + b) + c, a + (b + c), 1e-13)
    assert_close(a + b, b + a, 1e-13)


@settings(max_examples=25, deadline=None)
@given(sites(smallest=12), st.integers(0, 2**32 - 1), st.booleans())
def test_a_fit_by_subtraction_equals_a_refit(table, seed, holes):
    rng = np.random.default_rng(seed)
    if holes:
        table.x[rng.random(table.x.shape) < 0.05] = np.nan
    out = rng.permutation(len(table.x)) % 10 == 0
    kept = ~out
    for name in set(table.batch):
        if (kept & (table.batch == name)).sum() < 6:
            return
    whole = table.moments()
    one = fit_combat(whole - table.take(out).moments())
    two = fit_combat(table.take(kept).moments())
    for name in FIELDS:
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-10, atol=1e-10)


@settings(max_examples=25, deadline=None)
@given(sites(), st.integers(0, 2**32 - 1), st.booleans())
def test_parts_measured_together_are_the_parts_measured_alone(table, seed, holes):
    rng = np.random.default_rng(seed)
    if holes:
        table.x[rng.random(table.x.shape) < 0.1] = np.nan
    part = rng.integers(0, 4, len(table.x))
    coding = table.moments().coding
    together = measure_parts(table.x, table.batch, part, table.covariates, features=table.features)
    assert sorted(together) == sorted(set(part.tolist()))
    for number, moments in together.items():
        assert_same_bits(moments, table.take(part == number).moments(coding=coding))


@settings(max_examples=25, deadline=None)
@given(sites(), st.booleans(), st.randoms())
def test_a_federation_of_whole_sites_equals_pooling_bit_for_bit(table, holes, random):
    if holes:
        table.x[np.random.default_rng(0).random(table.x.shape) < 0.1] = np.nan
    parts = [table.take(table.batch == name).moments() for name in sorted(set(table.batch))]
    random.shuffle(parts)
    summed = parts[0]
    for part in parts[1:]:
        summed = summed + part
    assert_same_bits(summed, table.moments())
    assert fit_combat(summed).document() == fit_combat(table.moments()).document()


def test_a_site_that_lacks_a_level_still_adds_bit_for_bit():
    table = build(3, [15, 20], 6)
    table.covariates["sex"] = np.where(table.batch == "site0", "M", table.covariates["sex"])
    parts = [table.take(table.batch == name).moments() for name in ("site1", "site0")]
    assert parts[1].coding.levels == ((), ("M",))
    assert_same_bits(parts[0] + parts[1], table.moments())


def test_taking_out_all_rows_of_a_batch_takes_out_the_batch():
    table = build(4, [10, 12, 14], 6)
    whole = table.moments()
    out = table.take(table.batch == "site1").moments(coding=whole.coding)
    assert_same_bits(whole - out, whole.without(["site1"]))
    assert whole.only(["site1"]).batches == ("site1",)


def test_taking_out_rows_that_are_not_there_is_refused():
    table = build(5, [10, 12], 6)
    with pytest.raises(DesignError) as caught:
        table.take(slice(0, 4)).moments() - table.moments()
    assert caught.value.code == "HARM-017"


def test_columns_are_bound_by_name_when_moments_add():
    table = build(6, [10, 12], 6)
    order = [3, 1, 0, 5, 4, 2]
    half, rest = table.take(slice(0, 11)), table.take(slice(11, None))
    shuffled = measure(rest.x[:, order], rest.batch, rest.covariates, features=[rest.features[j] for j in order])
    assert_same_bits(half.moments() + shuffled, half.moments() + rest.moments())
    with pytest.raises(DesignError) as caught:
        half.moments() + measure(rest.x, rest.batch, rest.covariates, features=[*rest.features[:-1], "other"])
    assert caught.value.code == "HARM-013"


def test_far_from_zero_no_digit_is_lost():
    table = build(7, [30, 40], 6, adjusted=False)
    far = table.with_x(table.x + 1e8 * table.sd)
    near, moved = table.moments(), far.moments()
    for a, b in zip(near.per_batch, moved.per_batch, strict=True):
        np.testing.assert_allclose(a.ss, b.ss, rtol=1e-6)  # 1e8 SD leave 8 digits of a cell
