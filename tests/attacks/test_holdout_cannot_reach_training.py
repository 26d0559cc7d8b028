"""Attack: change the holdout in any way and look for a trace of it in what was built on training rows.

Garbage features, flipped outcomes, dropped and added rows: parts, fitted pipeline and the risks of untouched rows must keep every
bit. And the null: with permuted outcomes, nested resampling must find nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from radaudit.digests import digest
from radaudit.splits import HoldoutPlan, Split, hold_out
from radaudit.study.baselines import fit_baselines
from radaudit.study.development import DevelopmentPlan, develop
from radaudit.study.frame import training_frame
from radaudit.study.pipeline import FittedPipeline, HarmonisePlan, PipelinePlan, fit_pipeline
from radaudit.study.resampling import fit_folds
from radaudit.tables import FeatureTable
from tests.multisite import rebuilt, simulated

SPLIT = HoldoutPlan(by="random", fraction=0.35, key=b"a study and its seed")
PLAN = PipelinePlan(harmonise=HarmonisePlan(preserve=("sex",), unseen_scoring="pass"), screen=(8,), inner_repeats=1)


def rng_of(name: str) -> np.random.Generator:
    return np.random.default_rng([5, *name.encode()])


def parts(table: FeatureTable) -> tuple[Split, FeatureTable]:
    split = hold_out(table, SPLIT)
    return split, table.take(split.training)


def garbage(table: FeatureTable, holdout: np.ndarray) -> FeatureTable:
    rng = np.random.default_rng(0)
    values = table.values.copy()
    values[holdout] = rng.normal(size=(holdout.sum(), values.shape[1])) * 1e200
    return rebuilt(table, values=values)


def emptied(table: FeatureTable, holdout: np.ndarray) -> FeatureTable:
    values = table.values.copy()
    values[holdout] = np.nan
    return rebuilt(table, values=values)


def flipped(table: FeatureTable, holdout: np.ndarray) -> FeatureTable:
    return rebuilt(table, outcome=np.where(holdout, 1 - table.outcome, table.outcome))


def moved(table: FeatureTable, holdout: np.ndarray) -> FeatureTable:
    sites = ["ELSEWHERE" if inside else site for inside, site in zip(holdout, table.sites, strict=True)]
    facts = {**table.facts, "sex": [None if inside else sex for inside, sex in zip(holdout, table.facts["sex"], strict=True)]}
    return rebuilt(table, sites=sites, batches=sites, facts=facts)


def dropped(table: FeatureTable, holdout: np.ndarray) -> FeatureTable:
    inside = np.flatnonzero(holdout)
    return table.take(table.where([i not in inside[::2] for i in range(len(table))]))


def doubled(table: FeatureTable, holdout: np.ndarray) -> FeatureTable:
    at = [*range(len(table)), *np.flatnonzero(holdout).tolist()]
    columns = {name: [column[i] for i in at] for name, column in table.facts.items()}
    return rebuilt(
        table,
        patients=[table.patients[i] for i in at],
        units=[table.units[i] if k < len(table) else f"{table.units[i]} again" for k, i in enumerate(at)],
        sites=[table.sites[i] for i in at],
        batches=[table.batches[i] for i in at],
        values=table.values[at],
        outcome=table.outcome[at],
        facts=columns,
    )


@pytest.fixture(scope="module")
def honest() -> tuple[FeatureTable, Split, FittedPipeline]:
    table = simulated(4, patients=120, features=30, rows_each=1)
    split, training = parts(table)
    return table, split, fit_pipeline(training, PLAN, rng_of("model"))


@pytest.mark.parametrize("attack", [garbage, emptied, flipped, moved, dropped, doubled])
def test_no_change_of_the_holdout_reaches_training(
    attack: Callable[[FeatureTable, np.ndarray], FeatureTable], honest: tuple[FeatureTable, Split, FittedPipeline]
) -> None:
    table, split, fitted = honest
    inside = np.isin(np.arange(len(table)), split.holdout.numbers)
    attacked = attack(table, inside)
    assert attacked.digest != table.digest
    own_split, training = parts(attacked)
    assert training.digest == table.take(split.training).digest
    assert {attacked.patients[i] for i in own_split.holdout} <= {table.patients[i] for i in split.holdout}
    again = fit_pipeline(training, PLAN, rng_of("model"))
    assert again.digest == fitted.digest
    assert [one.document() for one in fit_baselines(training)] == [one.document() for one in fit_baselines(table.take(split.training))]
    np.testing.assert_array_equal(again.risk(training), fitted.risk(table.take(split.training)))
    risks = dict(zip(zip(table.patients, table.units, strict=True), fitted.risk(table).tolist(), strict=True))
    for row, risk in zip(zip(attacked.patients, attacked.units, strict=True), again.risk(attacked).tolist(), strict=True):
        if attack in (flipped, dropped):  # these leave the features of the remaining rows alone
            assert risk == risks[row]


def test_garbage_in_the_assessment_rows_of_a_fold_does_not_reach_the_fit_of_the_fold(
    honest: tuple[FeatureTable, Split, FittedPipeline],
) -> None:
    """Folds are measured on their own rows, not by subtraction: rounding of 1e200 would reach them otherwise."""
    from radaudit.splits import repeated_group_kfold

    table, split, _ = honest
    training = table.take(split.training)
    frame = training_frame(training, PLAN.preserve)
    resamples = repeated_group_kfold(frame.patients.astype(str), frame.outcome, 4, 1, rng_of("folds"))[:2]
    for resample in resamples:
        inside = np.isin(np.arange(len(training)), resample.assessment)
        values = np.where(inside[:, None], 1e200, training.values)
        other = training_frame(rebuilt(training, values=values, outcome=np.where(inside, 0.0, training.outcome)), PLAN.preserve)
        (one,), (two,) = fit_folds(frame, [resample], PLAN, rng_of), fit_folds(other, [resample], PLAN, rng_of)
        assert one.features == two.features
        assert digest(dict(one.tuning)) == digest(dict(two.tuning))


def test_permuted_outcomes_give_nothing_but_the_leaky_way_still_finds_something() -> None:
    """Mean over null studies of the AUC within outer folds: 0.5 within three standard errors of the simulation."""
    plan = DevelopmentPlan(folds=5, repeats=1, inner=3, leave_out=())
    pipeline = PipelinePlan(harmonise=HarmonisePlan(), screen=(10,), penalties=(0.6, 0.3, 0.15), mixings=(1.0,), inner_repeats=1)
    guarded, pooled, naive, site = [], [], [], []
    for seed in range(24):
        table = simulated(seed, patients=60, features=200)
        shuffled = rebuilt(table, outcome=np.random.default_rng(seed).permutation(table.outcome))
        found = develop(shuffled, plan, pipeline, rng_of)
        guarded.append(found.outer)
        pooled.append(found.discrimination.value)
        naive.append(found.optimism.naive.value)
        site.append({row.name: row.discrimination.value for row in found.baselines}["site"])
    for values in (guarded, pooled):
        spread = np.std(values, ddof=1) / np.sqrt(len(values))
        assert abs(np.mean(values) - 0.5) < 3 * spread
        assert spread < 0.03
    # folds balanced by site would give the site alone 0.57 here
    assert np.mean(site) < 0.52
    assert np.mean(naive) > np.mean(pooled) + 0.06
