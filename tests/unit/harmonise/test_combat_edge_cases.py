"""Each case on which published packages fail (HARMONISATION 4): the right answer, or an error with a code."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from radaudit.errors import DesignError, UnseenBatchError, UnseenLevelError
from radaudit.harmonise.combat import SiteEffects, fit_combat
from radaudit.harmonise.moments import measure
from tests.laws.combat_tables import Sites, build


@pytest.fixture
def table() -> Sites:
    return build(11, [20, 30, 50, 60], 40)


def harmonised(table: Sites, **options) -> np.ndarray:
    return fit_combat(table.moments(), **options).apply(table.x, table.batch, table.covariates)


def refused(table: Sites, **options) -> DesignError:
    with pytest.raises(DesignError) as caught:
        harmonised(table, **options)
    return caught.value


def test_one_missing_cell_leaves_one_missing_cell(table):
    table.x[5, 7] = np.nan
    y = harmonised(table)
    assert np.argwhere(np.isnan(y)).tolist() == [[5, 7]]


def test_an_infinite_cell_is_refused_by_name_at_fit_and_at_use(table):
    effects = fit_combat(table.moments())
    table.x[5, 7] = np.inf
    assert refused(table).code == "HARM-006"
    assert "f7" in refused(table).what
    with pytest.raises(DesignError) as caught:
        effects.apply(table.x[5:6], table.batch[5:6], {name: v[5:6] for name, v in table.covariates.items()})
    assert caught.value.code == "HARM-006"


def test_a_value_too_large_to_square_is_refused(table):
    table.x[:, 7] *= 1e200
    assert refused(table).code == "HARM-006"


def test_a_feature_absent_at_one_site_gets_the_prior_there_or_is_refused_without_one(table):
    table.x[table.batch == "site2", 3] = np.nan
    effects = fit_combat(table.moments())
    prior = {batch: p for batch, _, p in effects.priors}["site2"]
    assert effects.gamma[2, 3] == pytest.approx(prior.gamma_bar)
    assert effects.delta[2, 3] == 1.0
    y = effects.apply(table.x, table.batch, table.covariates)
    assert np.isnan(y).sum() == 50
    assert refused(table, eb=False).code == "HARM-015"


@pytest.mark.parametrize("share", [1, 25])
def test_constant_features_come_back_and_move_no_other(table, share):
    rest = table.with_x(table.x[:, share:], table.features[share:])
    expected = harmonised(rest)
    table.x[:, :share] = 3.5
    effects = fit_combat(table.moments())
    y = effects.apply(table.x, table.batch, table.covariates)
    assert (y[:, :share] == 3.5).all()
    assert np.array_equal(y[:, share:], expected)
    assert effects.untouched == tuple(table.features[:share])
    assert any("without variation" in note for note in effects.notes)


def test_a_feature_that_differs_only_between_sites_is_left_alone(table):
    table.x[:, 0] = [float(name[-1]) for name in table.batch]
    effects = fit_combat(table.moments())
    assert effects.untouched == ("f0",)
    assert np.array_equal(effects.apply(table.x, table.batch, table.covariates)[:, 0], table.x[:, 0])


def test_a_feature_that_is_a_sum_of_covariates_is_left_alone(table):
    table.x[:, 0] = 3 * table.covariates["age"]
    effects = fit_combat(table.moments())
    assert effects.untouched == ("f0",)


def test_a_site_of_one_row_is_refused_unless_only_means_move():
    table = build(12, [1, 20, 30], 12)
    error = refused(table)
    assert (error.code, error.facts["batches"]) == ("SIZE-001", ("site0",))
    assert np.isfinite(harmonised(table, mean_only=True)).all()


def test_a_site_of_two_rows_is_harmonised_and_its_uncertainty_shows():
    effects = fit_combat(build(13, [2, 20, 60], 30).moments())
    assert np.isfinite(effects.gamma).all()
    assert effects.counts.tolist() == [2, 20, 60]
    small, large = effects.gamma_sd[0].mean(), effects.gamma_sd[2].mean()
    assert small > 2 * large


def test_a_covariate_nested_in_sites_is_refused_by_name(table):
    table.covariates["field"] = np.array([1.5 if name in ("site0", "site1") else 3.0 for name in table.batch])
    error = refused(table)
    assert (error.code, error.facts["columns"]) == ("HARM-001", ("field",))
    table.covariates["field"] = np.where(table.covariates["field"] > 2, "3T", "1.5T")
    assert refused(table).facts["columns"] == ("field[3T]",)


def test_a_nearly_nested_covariate_is_refused_by_name(table):
    rng = np.random.default_rng(0)
    table.covariates["scan"] = np.array([float(name[-1]) for name in table.batch]) + 1e-3 * rng.normal(size=len(table.batch))
    error = refused(table)
    assert (error.code, error.facts["columns"]) == ("HARM-002", ("scan",))


def test_a_constant_covariate_and_a_doubled_one_are_refused(table):
    table.covariates["one"] = np.ones(len(table.batch))
    assert refused(table).code == "HARM-001"
    table.covariates["one"] = 12 * table.covariates["age"] + 3
    assert refused(table).facts["columns"] == ("age", "one")


@pytest.mark.parametrize("missing", [None, "", float("nan")])
def test_a_missing_site_label_is_refused_with_its_row(table, missing):
    labels = list(table.batch)
    labels[17] = missing
    with pytest.raises(DesignError) as caught:
        measure(table.x, labels, table.covariates, features=table.features)
    assert caught.value.code == "HARM-014"
    assert caught.value.found == "first at row 18"


@pytest.mark.parametrize(("name", "missing"), [("age", float("nan")), ("sex", None), ("sex", "")])
def test_a_missing_covariate_is_refused_with_its_row(table, name, missing):
    values = list(table.covariates[name])
    values[17] = missing
    with pytest.raises(DesignError) as caught:
        measure(table.x, table.batch, {**table.covariates, name: values}, features=table.features)
    assert (caught.value.code, caught.value.facts["rows"]) == ("HARM-012", (17,))


def test_one_feature_is_harmonised_without_a_prior_and_says_so(table):
    one = table.with_x(table.x[:, :1], table.features[:1])
    effects = fit_combat(one.moments())
    assert np.array_equal(effects.apply(one.x, one.batch, one.covariates), harmonised(one, eb=False))
    assert any("empirical Bayes is off" in note for note in effects.notes)
    assert effects.priors == ()


def test_one_site_is_refused(table):
    assert refused(table.take(table.batch == "site0")).code == "HARM-009"


def test_scales_from_1e_minus_9_to_1e9_do_not_matter(table):
    unit = 10.0 ** np.linspace(-9, 9, table.x.shape[1])
    scaled = table.with_x(table.x * unit)
    assert np.abs((harmonised(scaled) / unit - harmonised(table)) / table.sd).max() < 1e-12


def test_text_covariates_are_categories_whatever_holds_them(table):
    as_list = {"age": table.covariates["age"].tolist(), "sex": table.covariates["sex"].tolist()}
    as_series = {name: pd.Series(values) for name, values in as_list.items()}
    as_categorical = {**as_list, "sex": pd.Categorical(as_list["sex"])}
    y = harmonised(table)
    for covariates in (as_list, as_series, as_categorical):
        assert np.array_equal(
            fit_combat(measure(table.x, table.batch, covariates, features=table.features)).apply(table.x, table.batch, covariates), y
        )


def test_truth_values_are_categories_and_a_mixture_is_refused(table):
    smoker = [bool(i % 3) for i in range(len(table.batch))]
    moments = measure(table.x, table.batch, {"smoker": smoker}, features=table.features)
    assert moments.coding.levels == (("False", "True"),)
    with pytest.raises(DesignError) as caught:
        measure(table.x, table.batch, {"stage": ["I", 2] * 80}, features=table.features)
    assert caught.value.code == "HARM-014"


def test_a_covariate_that_changes_its_kind_is_refused(table):
    effects = fit_combat(table.moments())
    with pytest.raises(DesignError) as caught:
        effects.apply(table.x, table.batch, {**table.covariates, "age": ["old"] * len(table.batch)})
    assert caught.value.code == "HARM-014"


def test_training_rows_again_give_the_training_result_with_covariates_and_reference(table):
    for options in ({}, {"reference": "site1"}):
        effects = fit_combat(table.moments(), **options)
        assert np.array_equal(effects.apply(table.x, table.batch, table.covariates), effects.apply(table.x, table.batch, table.covariates))


def test_one_patient_of_one_sex_is_coded_as_in_training(table):
    effects = fit_combat(table.moments())
    y = effects.apply(table.x, table.batch, table.covariates)
    row = int(np.flatnonzero(table.covariates["sex"] == "M")[0])
    one = table.take([row])
    assert np.array_equal(effects.apply(one.x, one.batch, one.covariates)[0], y[row])


def test_unknown_sites_and_levels_are_refused_with_the_nearest_name(table):
    effects = fit_combat(table.moments())
    with pytest.raises(UnseenBatchError) as caught:
        effects.apply(table.x[:1], ["site9"], {name: v[:1] for name, v in table.covariates.items()})
    assert caught.value.near in table.batch
    with pytest.raises(UnseenLevelError):
        effects.apply(table.x[:1], table.batch[:1], {"age": [50.0], "sex": ["f"]})


def test_the_index_of_a_data_frame_pairs_nothing(table):
    frame = pd.DataFrame(table.x, columns=table.features)
    effects = fit_combat(table.moments())
    y = effects.apply(table.x, table.batch, table.covariates)
    rows = np.random.default_rng(0).permutation(len(frame))[:50]
    shuffled, labels = frame.iloc[rows], pd.Series(table.batch).iloc[rows]
    covariates = {name: pd.Series(values).iloc[rows] for name, values in table.covariates.items()}
    assert np.array_equal(effects.apply(shuffled, labels, covariates, features=list(frame.columns)), y[rows])
    again = effects.apply(shuffled.reset_index(drop=True), labels, covariates)
    assert np.array_equal(again, y[rows])


def test_the_document_holds_parameters_and_no_patient(table):
    effects = fit_combat(table.moments())
    text = json.dumps(effects.document())
    assert not any(repr(float(age)) in text for age in table.covariates["age"])
    b, p, q = 4, 40, 2
    numbers = sum(
        len(np.ravel(effects.document()[name])) for name in ("gamma_hat", "delta_hat", "gamma", "delta", "gamma_sd", "coefficients")
    )
    assert numbers == 5 * b * p + q * p
    assert set(effects.aliases) >= {"gamma.star", "delta.star", "stand.mean", "var.pooled"}


def test_a_damaged_document_is_refused(table):
    document = fit_combat(table.moments()).document()
    for damage in ({"format": "other"}, {"gamma": [[1.0]]}, {"method": None}, {"coefficients": [[1.0]]}):
        with pytest.raises(DesignError) as caught:
            SiteEffects.from_document({**document, **damage})
        assert caught.value.code == "HARM-018"


def test_rows_and_names_that_do_not_fit_are_refused(table):
    calls = [
        (table.x[0], table.batch, table.features),
        (table.x, table.batch[:-1], table.features),
        (table.x, table.batch, table.features[:-1]),
        (table.x, table.batch, ["f0"] * 40),
        (table.x.astype(str), table.batch, table.features),
    ]
    for x, batch, features in calls:
        with pytest.raises(DesignError) as caught:
            measure(x, batch, features=features)
        assert caught.value.code == "HARM-014"


def test_an_unknown_reference_is_refused_with_the_nearest(table):
    error = refused(table, reference="sit1")
    assert (error.code, error.near) == ("HARM-013", "site1")


def test_a_level_that_a_fold_lacks_is_unknown_to_that_fold(table):
    table.covariates["sex"] = table.covariates["sex"].astype(object)
    table.covariates["sex"][:2] = "X"
    whole = table.moments()
    fold = whole - table.take(slice(0, 2)).moments(coding=whole.coding)
    effects = fit_combat(fold)
    assert effects.coding.levels == ((), ("F", "M"))
    with pytest.raises(UnseenLevelError):
        effects.apply(table.x[:2], table.batch[:2], {name: v[:2] for name, v in table.covariates.items()})
