"""The fitted pipeline: what it holds, what it refuses, and that it is a value."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from radaudit.digests import canonical
from radaudit.errors import DesignError, TableError
from radaudit.harmonise.effects import SiteEffects
from radaudit.models.threshold import ThresholdPlan
from radaudit.study.frame import training_frame
from radaudit.study.pipeline import FittedPipeline, HarmonisePlan, PipelinePlan, fit_frame, fit_pipeline
from radaudit.tables import FeatureTable
from tests.multisite import rebuilt, simulated

PLAN = PipelinePlan(harmonise=HarmonisePlan(preserve=("sex",)), screen=(6, 12), inner_repeats=1)


def fitted_on(table: FeatureTable, plan: PipelinePlan = PLAN, seed: int = 3) -> FittedPipeline:
    return fit_pipeline(table, plan, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return simulated(2, patients=100, features=30, missing=0.03)


@pytest.fixture(scope="module")
def fitted(table: FeatureTable) -> FittedPipeline:
    return fitted_on(table)


def test_the_same_rows_and_seed_give_the_same_bytes(table: FeatureTable, fitted: FittedPipeline) -> None:
    assert canonical(fitted_on(table).document()) == canonical(fitted.document())


def test_the_order_of_columns_does_not_matter(table: FeatureTable, fitted: FittedPipeline) -> None:
    order = np.random.default_rng(0).permutation(len(table.features))
    moved = rebuilt(table, features=[table.features[j] for j in order], values=table.values[:, order])
    again = fitted_on(moved)
    assert again.features == fitted.features
    np.testing.assert_allclose(again.coefficients, fitted.coefficients, atol=1e-8)
    np.testing.assert_allclose(again.risk(table), fitted.risk(table), atol=1e-8)


def test_what_is_kept_is_sound(table: FeatureTable, fitted: FittedPipeline) -> None:
    assert 1 <= len(fitted.features) <= PLAN.max_features
    assert list(fitted.features) == sorted(fitted.features)
    assert (fitted.coefficients != 0).all()
    assert fitted.tuning["converged"] is True
    assert fitted.tuning["crosscheck"] < 1e-6  # type: ignore[operator]
    columns = [table.features.index(name) for name in fitted.features]
    raw = table.values[:, columns]
    assert fitted.ranges == tuple(zip(np.nanmin(raw, axis=0).tolist(), np.nanmax(raw, axis=0).tolist(), strict=True))
    assert isinstance(fitted.effects, SiteEffects)
    assert len(fitted.effects.features) == 30
    assert 0 < fitted.threshold < 1


def test_steps_say_what_they_saw(fitted: FittedPipeline, table: FeatureTable) -> None:
    steps = dict(fitted.steps)
    assert list(steps) == ["harmonise.fit", "impute.fit", "scale.fit", "select.fit", "tune", "model.fit", "threshold.fit"]
    assert steps["harmonise.fit"] == ("features", "batch", "covariates")
    for blind in ("harmonise.fit", "impute.fit", "scale.fit"):
        assert "outcome" not in steps[blind]
    for seeing in ("select.fit", "tune", "model.fit", "threshold.fit"):
        assert "outcome" in steps[seeing]
    plain = fitted_on(table, replace(PLAN, harmonise=None))
    assert "harmonise.fit" not in dict(plain.steps)


def test_a_risk_can_be_computed_by_hand_from_the_document(table: FeatureTable, fitted: FittedPipeline) -> None:
    """Median, standardise, sum and logistic in plain Python give the bits of ``risk``; site effects by the published formula nearly so."""
    document = json.loads(canonical(fitted.document()))
    effects = document["effects"]
    risks = fitted.risk(table)
    for row in range(0, 100, 9):
        b = effects["batches"].index(table.batches[row])
        sex = [float(table.facts["sex"][row] == level) for level in effects["covariates"][0]["levels"][1:]]
        score = document["intercept"]
        for k, name in enumerate(document["features"]):
            j = effects["features"].index(name)
            value = table.values[row, table.features.index(name)]
            if math.isnan(value):
                value = document["median"][k]
            else:
                model = effects["grand_mean"][j] + sum(c * beta[j] for c, beta in zip(sex, effects["coefficients"], strict=True))
                sd, gamma, delta = effects["pooled_sd"][j], effects["gamma"][b][j], effects["delta"][b][j]
                value = (value - model - sd * gamma) / math.sqrt(delta) + model
            score += document["coefficients"][k] * ((value - document["mean"][k]) / document["sd"][k])
        assert risks[row] == pytest.approx(1 / (1 + math.exp(-score)), rel=1e-12)


def test_every_row_has_the_same_bits_alone_in_a_part_and_in_the_table(table: FeatureTable, fitted: FittedPipeline) -> None:
    whole = fitted.risk(table)
    rng = np.random.default_rng(1)
    for _ in range(5):
        keep = rng.random(len(table)) < rng.random()
        np.testing.assert_array_equal(fitted.risk(table.take(table.where(keep))), whole[keep])
    for row in range(0, 100, 7):
        assert fitted.risk(table.take(table.where([i == row for i in range(100)])))[0] == whole[row]
    np.testing.assert_allclose(whole, 1 / (1 + np.exp(-fitted.score(table))), rtol=1e-14)


def test_rows_that_cannot_be_scored_are_refused_with_their_reason_and_the_others_keep_their_bits(
    table: FeatureTable, fitted: FittedPipeline
) -> None:
    values = table.values.copy()
    values[3, table.features.index(fitted.features[0])] = np.inf
    batches = ["NEW" if i == 0 else batch for i, batch in enumerate(table.batches)]
    sex = [None if i == 1 else "other" if i == 2 else cell for i, cell in enumerate(table.facts["sex"])]
    other = rebuilt(table, values=values, batches=batches, facts={**table.facts, "sex": sex})
    codes = fitted.refusals(other)
    assert codes[:4] == ("SCORE-001", "SCORE-003", "SCORE-007", "SCORE-005")
    assert set(codes[4:]) == {""}
    risks = fitted.risk(other)
    assert np.isnan(risks[:4]).all()
    np.testing.assert_array_equal(risks[4:], fitted.risk(table)[4:])
    assert fitted.refusals(other, "pass")[0] == ""
    assert np.isfinite(fitted.risk(other, "reference")[0])


def test_a_missing_cell_is_imputed_and_an_absent_feature_is_an_error(table: FeatureTable, fitted: FittedPipeline) -> None:
    empty = rebuilt(table, values=np.full(table.values.shape, np.nan))
    assert len(set(fitted.risk(empty).tolist())) == 1
    with pytest.raises(TableError) as caught:
        fitted.risk(rebuilt(table, features=[f"{name}_" for name in table.features]))
    assert caught.value.code == "FEAT-002"


def test_an_unknown_site_can_be_adapted_from_its_own_rows_without_outcomes(table: FeatureTable) -> None:
    plan = replace(PLAN, harmonise=HarmonisePlan(unseen_evaluation="adapt"))
    known, strange = (table.take(table.where([(site == "C") == new for site in table.sites])) for new in (False, True))
    fitted = fitted_on(known, plan)
    blind = rebuilt(strange, outcome=np.full(len(strange), np.nan))
    np.testing.assert_array_equal(fitted.risk(strange, "adapt"), fitted.risk(blind, "adapt"))
    assert not np.array_equal(fitted.risk(strange, "adapt"), fitted.risk(strange, "pass"))
    assert np.isnan(fitted.risk(strange)).all()


def test_a_kept_batch_is_neither_harmonised_nor_refused(table: FeatureTable) -> None:
    fitted = fitted_on(table, replace(PLAN, harmonise=HarmonisePlan(keep=("C",))))
    assert fitted.effects is not None
    assert fitted.effects.batches == ("A", "B")
    assert set(fitted.refusals(table)) == {""}


def test_a_batch_of_one_is_refused_in_the_final_fit_and_set_aside_in_a_resample(table: FeatureTable) -> None:
    batches = ["LONE" if i == 5 else batch for i, batch in enumerate(table.batches)]
    lonely = rebuilt(table, batches=batches)
    with pytest.raises(DesignError) as caught:
        fitted_on(lonely)
    assert caught.value.code == "SIZE-001"
    loose = fit_frame(training_frame(lonely, ("sex",)), PLAN, np.random.default_rng(0))
    assert (loose.tuning["set_aside_rows"], loose.tuning["set_aside_batches"]) == (1, ["LONE"])
    assert loose.tuning["small_batches"] == {"LONE": 1}


def test_the_threshold_follows_the_plan(table: FeatureTable) -> None:
    sensitive = fitted_on(table, replace(PLAN, threshold=ThresholdPlan(rule="sensitivity", value=0.9)))
    assert sensitive.reached.sensitivity >= 0.9  # type: ignore[operator]
    assert fitted_on(table, replace(PLAN, threshold=ThresholdPlan(rule="fixed", value=0.4))).threshold == 0.4


@pytest.mark.parametrize("most", [1, 2])
def test_never_more_features_than_allowed(table: FeatureTable, most: int) -> None:
    assert len(fitted_on(table, replace(PLAN, max_features=most)).features) <= most


def test_empty_and_constant_features_are_left_out_and_counted(table: FeatureTable) -> None:
    values = table.values.copy()
    values[:, 0], values[:, 1] = np.nan, 7.0
    values[:40, 2] = np.nan
    fitted = fitted_on(rebuilt(table, values=values))
    assert fitted.tuning["unusable_features"] == 3
    assert not {"f000", "f001", "f002"} & set(fitted.features)


def test_a_table_without_a_usable_feature_without_two_classes_or_without_outcomes_is_refused(table: FeatureTable) -> None:
    plain = replace(PLAN, harmonise=None)
    cases = {
        "FEAT-070": rebuilt(table, values=np.ones(table.values.shape)),
        "OUT-070": rebuilt(table, outcome=np.zeros(len(table))),
        "OUT-073": rebuilt(table, outcome=np.where(np.arange(len(table)) == 0, np.nan, table.outcome)),
        "SIZE-071": rebuilt(table, outcome=(np.arange(len(table)) == 50).astype(float)),
    }
    for code, broken in cases.items():
        with pytest.raises(DesignError) as caught:
            fitted_on(broken, plain)
        assert caught.value.code == code


def test_several_rows_of_a_patient_are_never_torn_apart_in_tuning() -> None:
    table = simulated(3, patients=60, features=12, rows_each=2)
    fitted = fitted_on(table, replace(PLAN, screen=(6,)))
    assert np.isfinite(fitted.risk(table)).all()


def test_a_wide_table_is_thinned_before_the_redundancy_filter() -> None:
    table = simulated(5, patients=50, features=2600, missing=0.0)
    fitted = fitted_on(table, replace(PLAN, screen=(5,), inner=3))
    assert fitted.tuning["usable_features"] == 2000
