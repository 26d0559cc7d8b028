"""A frozen fit treats every row on its own: any subset, any order of columns, the same bits (HARMONISATION 7c)."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.errors import DesignError, UnseenBatchError, UnseenLevelError
from radaudit.harmonise.combat import SiteEffects, adapt, fit_combat
from tests.laws.combat_tables import build, sites

LAW = settings(max_examples=25, deadline=None)


@LAW
@given(sites(), st.data(), st.sampled_from([{}, {"reference": "site1"}, {"mean_only": True}]))
def test_any_subset_of_rows_gets_the_bits_it_gets_among_all(table, data, options):
    effects = fit_combat(table.moments(), **options)
    y = effects.apply(table.x, table.batch, table.covariates)
    rows = data.draw(st.lists(st.integers(0, len(table.x) - 1), min_size=1, max_size=12))
    few = table.take(rows)
    assert np.array_equal(effects.apply(few.x, few.batch, few.covariates), y[rows])
    for row in rows[:3]:
        one = table.take([row])
        assert np.array_equal(effects.apply(one.x, one.batch, one.covariates), y[[row]])


@LAW
@given(sites())
def test_one_site_or_one_sex_alone_gets_the_bits_it_gets_among_all(table):
    effects = fit_combat(table.moments())
    y = effects.apply(table.x, table.batch, table.covariates)
    masks = [table.batch == name for name in set(table.batch)] + [table.covariates["sex"] == s for s in ("F", "M") if table.covariates]
    for mask in masks:
        part = table.take(mask)
        assert np.array_equal(effects.apply(part.x, part.batch, part.covariates), y[mask])


@LAW
@given(sites(), st.integers(0, 2**32 - 1))
def test_columns_are_bound_by_name(table, seed):
    effects = fit_combat(table.moments())
    order = np.random.default_rng(seed).permutation(len(table.features))
    names = [table.features[j] for j in order]
    y = effects.apply(table.x, table.batch, table.covariates)
    turned = dict(reversed(table.covariates.items()))
    assert np.array_equal(effects.apply(table.x[:, order], table.batch, turned, features=names), y[:, order])
    few = effects.only(names[:3])
    assert np.array_equal(few.apply(table.x[:, order[:3]], table.batch, table.covariates), y[:, order[:3]])


@LAW
@given(sites())
def test_a_fit_survives_documents_and_pickles_with_its_bits(table):
    effects = fit_combat(table.moments(), prior_groups=["a" if j % 2 else "b" for j in range(len(table.features))])
    y = effects.apply(table.x, table.batch, table.covariates)
    for copy in (SiteEffects.from_document(json.loads(json.dumps(effects.document()))), pickle.loads(pickle.dumps(effects))):
        assert copy.document() == effects.document()
        assert np.array_equal(copy.apply(table.x, table.batch, table.covariates), y)


@LAW
@given(sites())
def test_harmonising_in_place_gives_the_same_and_input_is_else_untouched(table):
    effects = fit_combat(table.moments())
    before = table.x.copy()
    y = effects.apply(table.x, table.batch, table.covariates)
    assert np.array_equal(table.x, before)
    assert effects.apply(table.x, table.batch, table.covariates, out=table.x) is table.x
    assert np.array_equal(table.x, y)


def test_missing_extra_and_misspelt_features_are_refused():
    table = build(1, [10, 12], 6)
    effects = fit_combat(table.moments())
    for names in (table.features[:-1], [*table.features, "f6"], [*table.features[:-1], "F5"]):
        x = np.resize(table.x, (len(table.x), len(names)))
        with pytest.raises(DesignError) as caught:
            effects.apply(x, table.batch, table.covariates, features=names)
        assert caught.value.code == "HARM-013"
    assert caught.value.near == "f5"
    with pytest.raises(DesignError) as caught:
        effects.apply(table.x[:, :-1], table.batch, table.covariates)
    assert caught.value.code == "HARM-014"


def test_an_unseen_batch_is_refused_or_passed_as_the_policy_says():
    table = build(2, [10, 12, 9], 6)
    effects = fit_combat(table.take(table.batch != "site2").moments())
    with pytest.raises(UnseenBatchError) as caught:
        effects.apply(table.x, table.batch, table.covariates)
    assert caught.value.unseen == ("site2",)
    for policy in ("pass", "reference"):
        y = effects.apply(table.x, table.batch, table.covariates, unseen=policy)
        assert np.array_equal(y[table.batch == "site2"], table.x[table.batch == "site2"])
        assert not np.array_equal(y[table.batch == "site1"], table.x[table.batch == "site1"])


def test_an_unseen_level_is_refused_or_coded_as_the_policy_says():
    table = build(3, [20, 22], 6)
    effects = fit_combat(table.moments())
    one = table.take([0])
    one.covariates["sex"] = np.array(["X"])
    with pytest.raises(UnseenLevelError) as caught:
        effects.apply(one.x, one.batch, one.covariates)
    assert (caught.value.covariate, caught.value.unseen, caught.value.known) == ("sex", ("X",), ("F", "M"))
    female = {**one.covariates, "sex": np.array(["F"])}
    male = {**one.covariates, "sex": np.array(["M"])}
    as_reference = effects.apply(one.x, one.batch, one.covariates, levels="reference")
    assert np.array_equal(as_reference, effects.apply(one.x, one.batch, female))
    between = effects.apply(one.x, one.batch, one.covariates, levels="mean")
    share = (table.covariates["sex"] == "M").mean()
    expected = (1 - share) * as_reference + share * effects.apply(one.x, one.batch, male)
    np.testing.assert_allclose(between, expected, rtol=1e-9)


def test_a_missing_covariate_is_refused_or_takes_the_training_mean():
    table = build(4, [20, 22], 6)
    effects = fit_combat(table.moments())
    one = table.take([0])
    one.covariates["age"] = np.array([np.nan])
    with pytest.raises(DesignError) as caught:
        effects.apply(one.x, one.batch, one.covariates)
    assert caught.value.code == "HARM-012"
    mean = {**one.covariates, "age": np.array([effects.means["age"]])}
    assert np.array_equal(effects.apply(one.x, one.batch, one.covariates, missing="mean"), effects.apply(one.x, one.batch, mean))
    with pytest.raises(DesignError) as caught:
        effects.apply(one.x, one.batch, {"sex": one.covariates["sex"]})
    assert caught.value.code == "HARM-013"


@LAW
@given(sites(smallest=12))
def test_adapting_to_a_new_batch_leaves_the_known_ones_as_they_were(table):
    names = sorted(set(table.batch))
    if len(names) < 3:
        return
    new = table.batch == names[-1]
    effects = fit_combat(table.take(~new).moments())
    fresh = table.take(new)
    adapted = adapt(effects, fresh.moments())
    assert adapted.method.transductive == (names[-1],)
    old = table.take(~new)
    assert np.array_equal(adapted.apply(old.x, old.batch, old.covariates), effects.apply(old.x, old.batch, old.covariates))
    y = adapted.apply(fresh.x, fresh.batch, fresh.covariates)
    design = effects.coding.code(fresh.covariates, len(fresh.x)) @ effects.coefficients
    before, after = (((t - design).mean(axis=0) - effects.grand_mean) / effects.pooled_sd for t in (fresh.x, y))
    assert np.sqrt((after**2).mean()) < np.sqrt((before**2).mean()) + 1e-9


def test_adapting_to_a_known_batch_is_refused():
    table = build(5, [10, 12, 9], 6)
    effects = fit_combat(table.moments())
    with pytest.raises(DesignError) as caught:
        adapt(effects, table.moments().only(["site1"]))
    assert caught.value.code == "HARM-013"
