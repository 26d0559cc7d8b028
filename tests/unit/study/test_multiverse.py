"""Other splits and other pipelines: whole patients, as many as before, no dependence on order, and a lucky split is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.findings import Verdict
from radaudit.splits import HoldoutPlan, hold_out
from radaudit.splits.resamples import shuffled_holdouts
from radaudit.study.multiverse import Draw, Spread, admissible, findings, lottery, multiverse
from radaudit.study.plans import HarmonisePlan, PipelinePlan
from tests.multisite import simulated

PLAN = PipelinePlan(harmonise=HarmonisePlan(preserve=("sex",)), screen=(8,), penalties=(0.5, 0.2), mixings=(1.0,), inner=2, inner_repeats=1)


def rng_of(name: str) -> np.random.Generator:
    return np.random.default_rng([4, *name.encode()])


def test_a_deal_holds_out_whole_patients_as_many_as_asked_in_the_tables_proportion() -> None:
    groups = np.repeat([f"P{i:03d}" for i in range(60)], 2)
    outcome = np.repeat((np.arange(60) % 3 == 0).astype(float), 2)
    for one in shuffled_holdouts(groups, outcome, 20, 5, np.random.default_rng(1)):
        inside, outside = set(groups[one.assessment]), set(groups[one.analysis])
        assert not inside & outside
        assert len(inside) == 20
        assert len(inside | outside) == 60
        assert outcome[one.assessment].sum() == 2 * round(20 / 3)


def test_deals_differ_and_do_not_depend_on_the_order_of_rows() -> None:
    groups = np.array([f"P{i:03d}" for i in range(40)])
    outcome = (np.arange(40) % 2).astype(float)
    order = np.random.default_rng(3).permutation(40)
    first = shuffled_holdouts(groups, outcome, 12, 4, np.random.default_rng(1))
    again = shuffled_holdouts(groups[order], outcome[order], 12, 4, np.random.default_rng(1))
    assert [set(groups[a.assessment]) for a in first] == [set(groups[order][b.assessment]) for b in again]
    assert len({frozenset(a.assessment.tolist()) for a in first}) == 4


def test_a_class_of_one_patient_cannot_be_dealt() -> None:
    with pytest.raises(DesignError) as caught:
        shuffled_holdouts(["a", "b", "c"], [1.0, 0.0, 0.0], 1, 2, np.random.default_rng(0))
    assert caught.value.code == "SIZE-071"


def test_a_draw_knows_nothing_of_the_others() -> None:
    table = simulated(6, patients=80, features=12, signal=1.5)
    split = hold_out(table, HoldoutPlan(by="random", fraction=0.3, key=b"k" * 32))
    few = lottery(table, split, PLAN, 0.7, rng_of, splits=3, mapper=map)
    more = lottery(table, split, PLAN, 0.7, rng_of, splits=5, mapper=map)
    assert [one.auc for one in few.draws] == [one.auc for one in more.draws[:3]]
    assert all(one.auc is not None and 0.5 < one.auc <= 1 for one in few.draws)


def test_the_plans_own_choices_come_first_and_there_are_48_with_harmonisation() -> None:
    plans = admissible(PipelinePlan(harmonise=HarmonisePlan()))
    assert len(plans) == 48
    assert len({tuple(words) for _, words in plans}) == 48
    assert dict(plans[0][1])["harmonise"] == "as planned"
    assert len(admissible(PipelinePlan())) == 24


def test_pipelines_are_scored_on_the_studys_own_test_set() -> None:
    table = simulated(6, patients=80, features=12, signal=1.5)
    split = hold_out(table, HoldoutPlan(by="random", fraction=0.3, key=b"k" * 32))
    found = multiverse(table, split, PLAN, 0.7, rng_of, unseen="refuse", mapper=map)
    assert found.document()["asked"] == 48
    assert {dict(one.choices)["harmonise"] for one in found.draws} == {"as planned", "none"}
    assert len({one.auc for one in found.draws}) > 1


def spread(observed: float) -> Spread:
    return Spread(draws=tuple(Draw(label=str(i), auc=0.6 + i / 1000) for i in range(100)), observed=observed)


def test_a_result_above_nearly_all_draws_is_told_and_one_among_them_is_not() -> None:
    lucky, plain = findings(spread(0.9), spread(0.65))
    assert (lucky.code, lucky.verdict, lucky.facts["percentile"]) == ("PERF-160", Verdict.FAILED, 1.0)
    assert (plain.code, plain.verdict) == ("PERF-161", Verdict.PASSED)
    assert plain.facts["percentile"] == pytest.approx(0.505)


def test_draws_that_could_not_be_fitted_are_counted_and_none_at_all_is_no_verdict() -> None:
    failed = Draw(label="x", auc=None, reason="SIZE-071")
    some = Spread(draws=(failed, *spread(0.7).draws), observed=0.7)
    assert (some.document()["asked"], some.document()["done"]) == (101, 100)
    only, _ = findings(replace(some, draws=(failed,)), some)
    assert only.verdict is Verdict.NOT_APPLICABLE
