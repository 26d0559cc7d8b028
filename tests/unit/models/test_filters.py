"""Ranks, screening and redundancy on tables small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.models.ranks import midranks
from radaudit.models.redundancy import keep_representatives
from radaudit.models.scaling import learn_scaling, usable_features
from radaudit.models.screen import strongest, univariate_aucs

NAN = np.nan


def test_ties_share_the_mean_rank_and_missing_cells_have_none() -> None:
    x = np.array([[3.0, 1.0], [1.0, NAN], [3.0, 0.0], [2.0, 0.0]])
    expected = np.array([[3.5, 3.0], [1.0, NAN], [3.5, 1.5], [2.0, 1.5]])
    np.testing.assert_array_equal(midranks(x), expected)


def test_an_auc_counts_pairs_over_measured_rows() -> None:
    x = np.array([[1.0, NAN, 5.0], [2.0, 2.0, 5.0], [3.0, 3.0, 5.0], [4.0, 1.0, 5.0]])
    np.testing.assert_allclose(univariate_aucs(x, [0, 1, 0, 1]), [3 / 4, 0.0, 0.5])


def test_a_feature_measured_in_one_class_only_has_no_auc_and_is_never_chosen() -> None:
    x = np.array([[1.0, NAN], [2.0, NAN], [3.0, 1.0]])
    found = univariate_aucs(x, [0, 1, 1])
    assert np.isnan(found[1])
    assert strongest(found, 5, names=["a", "b"]).tolist() == [0]


def test_strong_means_far_from_one_half_on_either_side_and_ties_go_by_name() -> None:
    assert strongest(np.array([0.6, 0.1, 0.9, 0.5]), 3, names=["a", "z", "b", "c"]).tolist() == [2, 1, 0]


def test_of_two_features_that_say_the_same_the_more_complete_one_stays() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=50), rng.normal(size=50)
    x = np.column_stack([a, np.exp(a), b])
    assert keep_representatives(x, 0.9, names=["a", "b", "c"]).tolist() == [0, 2]
    assert keep_representatives(x, 0.9, names=["a", "b", "c"], missing=np.array([1, 0, 0])).tolist() == [1, 2]


def test_a_constant_feature_is_redundant_with_nothing() -> None:
    x = np.column_stack([np.arange(5.0), np.ones(5)])
    assert keep_representatives(x, 0.9, names=["a", "b"]).tolist() == [0, 1]
    assert keep_representatives(np.zeros((5, 0)), 0.9, names=[]).tolist() == []


def test_usable_means_measured_often_enough_and_moving() -> None:
    x = np.array([[1.0, 1e6, NAN, NAN, 1.0], [2.0, 1e6, NAN, 1.0, 1.0], [3.0, 1e6 + 1e-6, NAN, 2.0, NAN], [4.0, 1e6, NAN, 3.0, 1.0]])
    assert usable_features(x, 0.25).tolist() == [True, False, False, True, False]
    assert usable_features(x, 0.2).tolist() == [True, False, False, False, False]


def test_scaling_imputes_the_median_then_centres_and_scales() -> None:
    scaling = learn_scaling(np.array([[1.0], [NAN], [3.0], [8.0]]))
    assert scaling.median.tolist() == [3.0]
    assert scaling.mean.tolist() == [15 / 4]
    np.testing.assert_allclose(scaling.apply(np.array([[NAN]]))[0], (3.0 - 3.75) / scaling.sd)
    with pytest.raises(ValueError, match="read-only"):
        scaling.mean[0] = 0.0
