"""Laws of splines, nested batches and longitudinal ComBat: frozen, row by row (or patient by patient), and reducible to ComBat."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.errors import DesignError
from radaudit.harmonise.coding import CovariateCoding
from radaudit.harmonise.combat import SiteEffects, fit_combat
from radaudit.harmonise.longitudinal import LongitudinalEffects, fit_longitudinal
from radaudit.harmonise.nested import NestedEffects, fit_nested
from radaudit.harmonise.splines import columns, knots_at_quantiles, second_derivatives
from tests.laws.combat_tables import Sites, build, sites

LAW = settings(max_examples=15, deadline=None)
KNOTS = st.lists(st.floats(-100, 100), min_size=3, max_size=7).map(lambda v: np.cumsum(np.abs(v) + 1.0).tolist())


@LAW
@given(KNOTS)
def test_a_basis_function_is_one_at_its_knot_and_zero_at_the_others(knots):
    np.testing.assert_allclose(columns(np.array(knots), knots, "refuse", "age"), np.eye(len(knots))[:, 1:], atol=1e-12)


@LAW
@given(KNOTS, st.floats(-3, 3), st.floats(-3, 3))
def test_a_spline_holds_every_line_also_beyond_its_knots(knots, slope, level):
    k = np.array(knots)
    x = np.linspace(k[0] - 5, k[-1] + 5, 50)
    basis = columns(x, knots, "linear", "age")
    full = np.column_stack([1 - basis.sum(axis=1), basis])
    np.testing.assert_allclose(full @ (slope * k + level), slope * x + level, rtol=1e-9, atol=1e-9 * (1 + np.abs(x).max()))


@LAW
@given(KNOTS)
def test_a_natural_spline_is_straight_at_both_ends(knots):
    curve = second_derivatives(knots)
    assert not curve[0].any()
    assert not curve[-1].any()


def with_spline(table: Sites, outside: str = "linear") -> SiteEffects:
    coding = CovariateCoding.learn(table.covariates, len(table.x))
    knots = knots_at_quantiles(table.covariates["age"], 4)
    return fit_combat(table.moments(coding=coding.with_splines({"age": knots}, outside=outside)))


@LAW
@given(sites(adjusted=True, smallest=10), st.data())
def test_a_fit_on_splines_is_frozen_row_by_row_and_survives_its_document(table, data):
    effects = with_spline(table)
    y = effects.apply(table.x, table.batch, table.covariates)
    few = data.draw(st.lists(st.integers(0, len(table.x) - 1), min_size=1, max_size=6))
    part = table.take(few)
    assert np.array_equal(effects.apply(part.x, part.batch, part.covariates), y[few])
    copy = SiteEffects.from_document(json.loads(json.dumps(effects.document())))
    assert np.array_equal(copy.apply(table.x, table.batch, table.covariates), y)


def test_what_happens_beyond_the_knots_is_as_declared():
    table = build(1, [30, 40], 6)
    one = table.take([0])
    last = table.take([0])
    one.covariates["age"], last.covariates["age"] = np.array([500.0]), np.array([table.covariates["age"].max()])
    with pytest.raises(DesignError) as caught:
        with_spline(table, "refuse").apply(one.x, one.batch, one.covariates)
    assert caught.value.code == "HARM-021"
    clamped = with_spline(table, "clamp")
    assert np.array_equal(clamped.apply(one.x, one.batch, one.covariates), clamped.apply(last.x, last.batch, last.covariates))
    straight = with_spline(table)
    assert not np.array_equal(straight.apply(one.x, one.batch, one.covariates), straight.apply(last.x, last.batch, last.covariates))


@pytest.mark.parametrize("knots", [[1.0, 2.0], [1.0, 1.0, 2.0], [3.0, 2.0, 1.0], [0.0, float("nan"), 1.0]])
def test_knots_that_cannot_be_used_are_refused(knots):
    table = build(2, [10, 12], 6)
    with pytest.raises(DesignError) as caught:
        CovariateCoding.learn(table.covariates, len(table.x)).with_splines({"age": knots})
    assert caught.value.code == "HARM-020"


def test_a_curved_effect_of_age_is_kept_by_a_spline_and_confounded_by_a_line():
    rng = np.random.default_rng(3)
    n = 600
    batch = np.repeat(["a", "b"], n // 2)
    age = np.where(batch == "a", rng.uniform(30, 60, n), rng.uniform(50, 80, n))
    curve = ((age - 55) / 15) ** 3
    x = curve[:, None] + 0.2 * rng.normal(size=(n, 8))  # no site effect at all
    table = Sites(x, batch, {"age": age}, [f"f{j}" for j in range(8)])
    line = np.abs(fit_combat(table.moments()).gamma * fit_combat(table.moments()).pooled_sd).mean()
    spline = with_spline(table)
    assert np.abs(spline.gamma * spline.pooled_sd).mean() < 0.3 * line


@LAW
@given(sites(smallest=12), st.integers(0, 2**32 - 1), st.data())
def test_nested_batches_are_frozen_row_by_row_and_the_order_is_the_best_tried(table, seed, data):
    rng = np.random.default_rng(seed)
    batches = {"site": table.batch, "kernel": rng.choice(["soft", "sharp"], len(table.x))}
    if min(np.sum(batches["kernel"] == k) for k in ("soft", "sharp")) < 3:
        return
    effects = fit_nested(table.x, batches, table.covariates, features=table.features)
    assert dict(effects.left)[effects.order] == min(value for _, value in effects.left)
    y = effects.apply(table.x, batches, table.covariates)
    few = data.draw(st.lists(st.integers(0, len(table.x) - 1), min_size=1, max_size=6))
    part = table.take(few)
    own = {name: np.asarray(values)[few] for name, values in batches.items()}
    assert np.array_equal(effects.apply(part.x, own, part.covariates), y[few])
    copy = NestedEffects.from_document(json.loads(json.dumps(effects.document())))
    assert np.array_equal(copy.apply(table.x, batches, table.covariates), y)


def test_one_batch_variable_nested_is_plain_combat_and_a_missing_one_is_refused():
    table = build(4, [20, 30], 8)
    effects = fit_nested(table.x, {"site": table.batch}, table.covariates, features=table.features)
    plain = fit_combat(table.moments())
    y = effects.apply(table.x, {"site": table.batch}, table.covariates)
    assert np.array_equal(y, plain.apply(table.x, table.batch, table.covariates))
    for call in (
        lambda: effects.apply(table.x, {"scanner": table.batch}, table.covariates),
        lambda: fit_nested(table.x, {"site": table.batch}, features=table.features, order=["scanner"]),
    ):
        with pytest.raises(DesignError) as caught:
            call()
        assert caught.value.code == "HARM-013"


def visits(seed: int, spread: float = 1.5) -> tuple[Sites, np.ndarray]:
    rng = np.random.default_rng(seed)
    table = build(seed, [24, 30, 36], 8)
    people = rng.integers(0, 30, len(table.x))
    level = rng.normal(size=(30, 8)) * table.sd * spread
    return table.with_x(table.x + level[people]), np.array([f"P{i:02d}" for i in people])


@LAW
@given(st.integers(0, 2**32 - 1))
def test_longitudinal_rows_depend_on_their_patient_only(seed):
    table, patient = visits(seed)
    effects = fit_longitudinal(table.x, table.batch, patient, table.covariates, features=table.features)
    y = effects.apply(table.x, table.batch, table.covariates, patient=patient)
    for name in ("P01", "P07", "P20"):
        at = patient == name
        if at.any():
            own = table.take(at)
            assert np.array_equal(effects.apply(own.x, own.batch, own.covariates, patient=patient[at]), y[at])
    order = np.random.default_rng(0).permutation(8)
    turned = effects.apply(table.x[:, order], table.batch, table.covariates, patient=patient, features=[table.features[j] for j in order])
    assert np.array_equal(turned, y[:, order])
    copy = LongitudinalEffects.from_document(json.loads(json.dumps(effects.document())))
    assert np.array_equal(copy.apply(table.x, table.batch, table.covariates, patient=patient), y)


@LAW
@given(st.integers(0, 2**32 - 1))
def test_units_do_not_matter_to_the_longitudinal_fit(seed):
    table, patient = visits(seed)
    moved = table.with_x(1e6 * (table.x + 50 * table.sd))
    a, b = (
        fit_longitudinal(t.x, t.batch, patient, t.covariates, features=t.features).apply(t.x, t.batch, t.covariates, patient=patient)
        for t in (table, moved)
    )
    assert np.abs((b / 1e6 - 50 * table.sd - a) / table.sd).max() < 1e-7


def test_without_differences_between_patients_longitudinal_is_nearly_combat():
    table, patient = visits(5, spread=0.0)
    effects = fit_longitudinal(table.x, table.batch, patient, table.covariates, features=table.features)
    y = effects.apply(table.x, table.batch, table.covariates, patient=patient)
    plain = fit_combat(table.moments()).apply(table.x, table.batch, table.covariates)
    assert np.median(np.abs(y - plain) / table.sd) < 0.05
    none = effects.ratio == 0.0
    assert none.any()


def test_the_difference_between_patients_is_kept_where_combat_takes_it_for_noise():
    table, patient = visits(6, spread=3.0)
    effects = fit_longitudinal(table.x, table.batch, patient, table.covariates, features=table.features)
    assert (effects.ratio > 1).all()
    plain = fit_combat(table.moments())
    assert (effects.combat.pooled_sd < 0.8 * plain.pooled_sd).all()


def test_single_visits_and_missing_cells_are_refused():
    table, patient = visits(7)
    for x, people in ((table.x, [f"P{i}" for i in range(len(patient))]), (np.where(table.x == table.x[0, 0], np.nan, table.x), patient)):
        with pytest.raises(DesignError) as caught:
            fit_longitudinal(x, table.batch, people, table.covariates, features=table.features)
        assert caught.value.code == "HARM-023"
