"""Nested resampling: what is estimated, and that nothing depends on chance or company."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from radaudit.digests import canonical
from radaudit.errors import DesignError
from radaudit.measures.discrimination import auc, auc_estimate
from radaudit.study.baselines import fit_baselines
from radaudit.study.development import Development, DevelopmentPlan, develop
from radaudit.study.pipeline import fit_pipeline
from radaudit.study.plans import HarmonisePlan, PipelinePlan
from radaudit.study.repeated import fold_mean, pooled_auc
from radaudit.tables import FeatureTable
from tests.multisite import rebuilt, simulated

PIPELINE = PipelinePlan(
    harmonise=HarmonisePlan(preserve=("sex",), unseen_evaluation="pass"),
    screen=(8,),
    penalties=(0.6, 0.4, 0.25, 0.15),
    mixings=(1.0,),
    inner_repeats=1,
)
PLAN = DevelopmentPlan(folds=4, repeats=2, inner=3, leave_out=("site", "batch"))


def rng_of(name: str) -> np.random.Generator:
    return np.random.default_rng([9, *name.encode()])


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return simulated(6, patients=120, features=30, signal=1.2)


@pytest.fixture(scope="module")
def found(table: FeatureTable) -> Development:
    return develop(table, PLAN, PIPELINE, rng_of)


def test_every_row_is_predicted_out_of_fold_and_the_summary_is_the_mean_over_repeats(table: FeatureTable, found: Development) -> None:
    assert np.isfinite(found.risks).all()
    assert len(found.repeats) == 2
    assert found.discrimination.value == pytest.approx(np.mean(found.repeats))
    assert (found.discrimination.patients, found.discrimination.events) == (120, int(table.outcome.sum()))
    assert abs(auc(table.outcome, found.risks) - found.discrimination.value) < 0.05
    assert found.discrimination.low < found.discrimination.value < found.discrimination.high


def test_folds_inner_best_and_gap_belong_together(found: Development) -> None:
    assert [row.label for row in found.folds[:2]] == ["repeat 1 fold 1", "repeat 1 fold 2"]
    assert sum(row.patients for row in found.folds) == 240
    assert found.outer == pytest.approx(np.mean([row.discrimination for row in found.folds]))
    assert found.gap == pytest.approx(found.inner_best - found.outer)
    assert found.discrimination_folds.value == pytest.approx(found.outer)
    assert found.configurations == 4


def test_signal_is_found_and_the_guarded_and_the_leaky_way_share_their_folds(found: Development) -> None:
    assert found.discrimination.low > 0.5
    assert len(found.optimism.pairs) == 2
    assert found.optimism.naive.known
    assert found.optimism.guarded == found.discrimination
    assert [pair[1] for pair in found.optimism.pairs] == list(found.repeats)


def test_stability_counts_outer_fits(found: Development) -> None:
    shares = [share for _, share in found.stability]
    assert shares == sorted(shares, reverse=True)
    assert max(shares) <= 1
    assert sum(shares) * 8 == pytest.approx(sum(row.features for row in found.folds))


def test_baselines_stand_on_the_same_folds(found: Development) -> None:
    rows = {row.name: row for row in found.baselines}
    assert list(rows) == ["prevalence", "site", "volume", "clinical"]
    assert rows["prevalence"].discrimination.value == 0.5
    assert rows["prevalence"].discrimination.low is None
    assert rows["volume"].discrimination.value > 0.5
    assert all(row.error.known for row in rows.values())


def test_each_site_and_batch_is_left_out_once_with_and_without_harmonisation(table: FeatureTable, found: Development) -> None:
    for rows in (found.sites, found.sites_unharmonised, found.batches):
        assert [row.name for row in rows] == ["A", "B", "C"]
        assert sum(row.patients for row in rows) == 120
        assert all(row.discrimination.known and row.level.known for row in rows)
    assert [row.discrimination for row in found.sites] != [row.discrimination for row in found.sites_unharmonised]


def test_a_site_whose_batch_is_unknown_is_refused_by_policy_and_says_so(table: FeatureTable) -> None:
    strict = replace(PIPELINE, harmonise=HarmonisePlan(unseen_evaluation="refuse"))
    found = develop(table, replace(PLAN, repeats=1, leave_out=("site",)), strict, rng_of)
    assert all(
        not row.discrimination.known and "refuse" in str(row.discrimination.reason) and row.refused == row.patients for row in found.sites
    )
    assert all(row.discrimination.known for row in found.sites_unharmonised)
    adapted = replace(PIPELINE, harmonise=HarmonisePlan(unseen_evaluation="adapt"))
    assert all(row.discrimination.known for row in develop(table, replace(PLAN, repeats=1, leave_out=("site",)), adapted, rng_of).sites)


def test_same_seed_same_bytes_and_no_patient_in_the_document(table: FeatureTable, found: Development) -> None:
    document = canonical(found.document())
    assert document == canonical(develop(table, PLAN, PIPELINE, rng_of).document())
    assert not any(patient.encode() in document for patient in table.patients)


def test_leaving_sites_out_can_be_the_outer_loop(table: FeatureTable) -> None:
    found = develop(table, DevelopmentPlan(outer="leave-one-site-out", inner=3, leave_out=()), PIPELINE, rng_of)
    assert [row.label for row in found.folds] == ["A", "B", "C"]
    assert (len(found.repeats), found.sites) == (1, ())


def test_few_events_reduce_the_folds_and_one_event_is_refused(table: FeatureTable) -> None:
    order = np.arange(len(table))
    few = develop(rebuilt(table, outcome=(order % 30 == 0).astype(float)), replace(PLAN, folds=10, leave_out=()), PIPELINE, rng_of)
    assert (few.facts["folds"], few.facts["folds_asked"]) == (4, 10)
    with pytest.raises(DesignError) as caught:
        develop(rebuilt(table, outcome=(order == 3).astype(float)), PLAN, PIPELINE, rng_of)
    assert caught.value.code == "SIZE-071"


def test_a_single_site_has_no_site_baseline_and_none_to_leave_out(table: FeatureTable) -> None:
    alone = rebuilt(table, sites=["A"] * len(table), batches=["A"] * len(table))
    found = develop(alone, replace(PLAN, repeats=1), replace(PIPELINE, harmonise=None), rng_of)
    assert (found.sites, found.batches) == ((), ())
    assert {row.name: row.discrimination.reason for row in found.baselines}["site"] == "there is only one site"


def test_a_batch_too_small_for_a_fold_is_set_aside_scored_as_it_is_and_counted(table: FeatureTable) -> None:
    batches = ["TINY" if i in (10, 70) else batch for i, batch in enumerate(table.batches)]
    found = develop(rebuilt(table, batches=batches), replace(PLAN, leave_out=()), PIPELINE, rng_of)
    assert found.facts["rows_scored_unharmonised"] > 0
    assert found.facts["rows_set_aside"] > 0
    assert found.facts["rows_refused"] == 0
    assert np.isfinite(found.risks).all()


def test_a_covariate_that_chance_makes_an_alias_of_a_batch_is_left_out_of_that_resample_and_counted(table: FeatureTable) -> None:
    tiny = np.isin(np.arange(len(table)), (10, 30, 50, 70, 90, 110))
    batches = ["TINY" if inside else batch for inside, batch in zip(tiny, table.batches, strict=True)]
    sex = ["rare" if inside or i == 11 else cell for i, (inside, cell) in enumerate(zip(tiny, table.facts["sex"], strict=True))]
    other = rebuilt(table, batches=batches, facts={**table.facts, "sex": sex})
    found = develop(other, replace(PLAN, leave_out=()), PIPELINE, rng_of)
    assert found.facts["fits_without_covariates"] == 2  # row 11 is assessed once per repeat
    assert np.isfinite(found.risks).all()
    # in the final fit the same is an error
    with pytest.raises(DesignError) as caught:
        fit_pipeline(other.take(other.where(np.arange(len(table)) != 11)), PIPELINE, rng_of("final"))
    assert caught.value.code == "HARM-001"


def test_baselines_fitted_on_training_rows_score_any_table(table: FeatureTable) -> None:
    fitted = {one.name: one for one in fit_baselines(table)}
    other = rebuilt(table, facts={**table.facts, "smoking": ["unheard of"] * len(table), "volume": [None] * len(table)})
    assert set(fitted["prevalence"].risk(table).tolist()) == {table.outcome.mean()}
    assert len(set(fitted["volume"].risk(other).tolist())) == 1
    assert np.isfinite(fitted["clinical"].risk(other)).all()
    for one in fitted.values():
        part = table.take(table.where([i % 3 == 0 for i in range(len(table))]))
        np.testing.assert_array_equal(one.risk(part), one.risk(table)[::3])


def test_the_corrected_interval_is_that_of_nadeau_and_bengio_and_wider_than_the_naive_one() -> None:
    values = [0.7, 0.8, 0.6, 0.75]
    found = fold_mean(values, ratio=0.25, patients=40, events=10)
    half = 3.182446305284263 * np.sqrt((1 / 4 + 0.25) * np.var(values, ddof=1))  # t quantile with 3 degrees of freedom
    assert (found.low, found.high) == (pytest.approx(0.7125 - half), pytest.approx(min(1.0, 0.7125 + half)))


def test_one_repeat_without_pooling_is_the_plain_delong_interval() -> None:
    rng = np.random.default_rng(0)
    outcome, risk = (rng.random(60) < 0.4).astype(float), rng.random(60)
    names = [f"p{i}" for i in range(60)]
    one, plain = pooled_auc(outcome, [risk, risk], names), auc_estimate(outcome, risk)
    assert (one.value, one.low, one.high) == (pytest.approx(plain.value), pytest.approx(plain.low), pytest.approx(plain.high))
