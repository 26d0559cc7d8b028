"""Sites, pooling, utility and many tests at the edges."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.measures.auc_resampling import auc_permutation
from radaudit.measures.discrimination import auc_estimate
from radaudit.measures.estimate import unknown
from radaudit.measures.multiplicity import benjamini_hochberg, effective_tests, holm
from radaudit.measures.pooling import expit_estimate, logit_of_auc, logit_variance, pool, pool_aucs, predict_auc_with_prior
from radaudit.measures.siteeffect import (
    cramers_v,
    site_effect,
    site_only_auc,
    standardised_difference,
    standardised_difference_of_levels,
    within_site_auc,
)
from radaudit.measures.siteprobe import site_probe
from radaudit.measures.utility import decision_curve, decision_curve_difference, net_benefit

RNG = np.random.default_rng


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (lambda: site_effect(np.ones((3, 2)), ["a", "b"]), "PERF-001"),
        (lambda: site_effect(np.ones((2, 2, 2)), ["a", "b"]), "PERF-001"),
        (lambda: site_effect([[np.inf], [1]], ["a", "b"]), "PERF-002"),
        (lambda: site_effect([[1.0], [1]], ["a", None]), "PERF-007"),
        (lambda: site_effect([[1.0], [1]], ["a", "b"], scale="odd"), "PERF-006"),  # type: ignore[arg-type]
        (lambda: standardised_difference([1, 2, 3], ["a", "b", "c"]), "PERF-007"),
        (lambda: standardised_difference_of_levels(["x"], ["a"]), "PERF-007"),
        (lambda: pool([], []), "PERF-004"),
        (lambda: pool([1], [0]), "PERF-006"),
        (lambda: pool([1], [1], between="odd"), "PERF-006"),  # type: ignore[arg-type]
        (lambda: pool([1, 2], [1]), "PERF-001"),
        (lambda: predict_auc_with_prior([], []), "PERF-004"),
        (lambda: predict_auc_with_prior([0.5], [0]), "PERF-006"),
        (lambda: logit_of_auc(1.0, 0.1), "PERF-006"),
        (lambda: net_benefit([0, 1], [0.1, 0.2], [1.0]), "PERF-006"),
        (lambda: net_benefit([], [], [0.5]), "PERF-004"),
        (lambda: net_benefit([0, 0], [0.1, 0.2], [0.5], prevalence=0.3), "PERF-004"),
        (lambda: net_benefit([0, 1], [0.1, 1.2], [0.5]), "PERF-005"),
        (lambda: decision_curve_difference([0, 1], [0.1, 0.2], [0.1]), "PERF-001"),
        (lambda: benjamini_hochberg([0.5, 1.5]), "PERF-002"),
        (lambda: holm([[0.5]]), "PERF-001"),
        (lambda: effective_tests([1.0, 2.0]), "PERF-001"),
        (lambda: effective_tests([[1.0], [np.nan]]), "PERF-002"),
        (lambda: site_probe(np.ones((4, 2)), ["a", "a", "b", "b"], patients=[1, 2, 2, 3], rng=RNG(1)), "PERF-007"),
        (lambda: site_probe(np.ones((4, 2)), ["a", "a", "b", "b"], rng=RNG(1), ridge=0), "PERF-006"),
        (lambda: site_probe(np.ones((4, 2)), ["a", "a", "b", "b"], rng=RNG(1), folds=1), "PERF-006"),
        (lambda: site_probe(np.full((2, 2), np.inf), ["a", "b"], rng=RNG(1)), "PERF-002"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: Callable[[], object], code: str) -> None:
    with pytest.raises(DesignError) as caught:
        asked()
    assert caught.value.code == code


def test_empty_tables_give_empty_answers() -> None:
    found = site_effect(np.empty((0, 3)), [])
    assert found.eta2.shape == (3,)
    assert np.isnan(found.eta2).all()
    assert site_effect(np.empty((4, 0)), ["a", "a", "b", "b"]).p.shape == (0,)
    assert benjamini_hochberg([]).shape == (0,)
    assert np.isnan(holm([np.nan])).all()
    assert decision_curve([], []).reason == "no rows"


def test_one_site_or_one_row_per_site_has_no_test() -> None:
    assert np.isnan(site_effect([[1.0], [2.0]], ["a", "a"]).p[0])
    alone = site_effect([[1.0], [2.0]], ["a", "b"])
    assert alone.eta2[0] == 1
    assert np.isnan(alone.p[0])


def test_constant_columns_are_constant_even_when_their_mean_rounds() -> None:
    assert np.isnan(site_effect(np.full((7, 1), 0.1) * 3, ["a", "b", "a", "b", "a", "b", "a"]).eta2[0])


def test_a_site_without_present_cells_does_not_count() -> None:
    found = site_effect([[1.0], [2.0], [np.nan], [np.nan], [4.0], [5.0]], ["a", "a", "b", "b", "c", "c"])
    assert (found.sites[0], found.cells[0]) == (2, 4)


def test_site_only_auc_says_why_it_is_missing() -> None:
    assert site_only_auc([0, 1], ["a", "a"]).reason == "one site only"
    assert site_only_auc([0, 0], ["a", "b"]).reason == "no events"
    assert site_only_auc([1, 1], ["a", "b"]).reason == "no rows without the event"
    assert site_only_auc([], []).reason == "no rows"
    assert site_only_auc([0, 0, 1], ["a", "a", "b"]).low is None


def test_sites_that_are_the_outcome_do_not_pretend_certainty() -> None:
    found = site_only_auc([0] * 10 + [1] * 10, ["a"] * 10 + ["b"] * 10)
    assert found.value == 1
    assert (found.low or 1) < 0.95


def test_within_site_auc_says_why_it_is_missing() -> None:
    assert within_site_auc([0, 0, 1, 1], [1, 2, 3, 4], ["a", "a", "b", "b"]).reason == "no site has patients with and without the event"
    assert within_site_auc([0, 1, 0, 1], [1, 2, 3, 4], ["a", "a", "b", "b"]).low is None
    single = within_site_auc([0, 0, 0, 1, 0, 1, 0, 1], [1, 5, 3, 4, 1, 2, 5, 4], ["a"] * 4 + ["b"] * 4)
    assert single.low is not None


def test_one_level_for_everybody_is_no_association() -> None:
    assert cramers_v(["a", "a"], ["x", "y"]).reason is not None
    assert cramers_v([], []).reason == "no rows"
    json.dumps(cramers_v(["a", "b"], ["x", "y"]).document(), allow_nan=False)


def test_standardised_differences_without_spread_are_none() -> None:
    assert standardised_difference([1, 1, 2, 2], ["a", "a", "b", "b"]) is None
    assert standardised_difference([1, np.nan, 2, 3], ["a", "a", "b", "b"]) is None
    assert standardised_difference_of_levels(["x", "x", "y", "y"], ["a", "a", "b", "b"]) is None
    assert standardised_difference_of_levels(["x"] * 4, ["a", "a", "b", "b"]) is None


def test_fewer_than_three_sites_have_no_prediction_interval() -> None:
    one, two, three = pool([1.0], [0.1]), pool([1.0, 1.2], [0.1, 0.1]), pool([1.0, 1.2, 1.1], [0.1] * 3)
    assert "at least 3" in str(one.prediction.reason)
    assert "2 sites" in str(two.prediction.reason)
    assert one.mean.low is not None
    assert three.prediction.low is not None
    for made in (one, two, three):
        json.dumps(made.document(), allow_nan=False)


def test_sites_without_usable_auc_are_left_out_and_counted() -> None:
    rng = RNG(2)
    good = auc_estimate(np.arange(40) % 2, rng.normal(size=40))
    perfect = auc_estimate([0, 0, 1, 1], [1, 2, 3, 4])
    made = pool_aucs([good, perfect, unknown("no events", patients=3)])
    assert (made.sites, made.left_out) == (1, 2)
    assert made.auc.value == pytest.approx(good.value)
    none = pool_aucs([perfect])
    assert none.auc.value is None
    assert none.auc.reason is not None
    json.dumps(none.document(), allow_nan=False)
    assert logit_variance(perfect) is None
    assert expit_estimate(none.auc) is none.auc


def test_the_probe_needs_two_sites_with_patients_enough() -> None:
    found = site_probe(RNG(1).normal(size=(9, 2)), ["a"] * 7 + ["b"] * 2, rng=RNG(1))
    assert found.accuracy.value is None
    assert found.left_out == ("b",)
    assert found.null.p is None
    json.dumps(found.document(), allow_nan=False)
    assert site_probe(np.empty((0, 2)), [], rng=RNG(1)).accuracy.reason == "no rows"


def test_the_probe_survives_missing_and_constant_columns() -> None:
    x = RNG(1).normal(size=(30, 5))
    x[:, 0], x[:, 1], x[::3, 2] = 7.0, np.nan, np.nan
    found = site_probe(x, np.arange(30) % 3, rng=RNG(1), permutations=20)
    assert found.accuracy.value is not None
    json.dumps(found.document(), allow_nan=False)
    nothing = site_probe(np.full((30, 2), 7.0), np.arange(30) % 3, rng=RNG(1), permutations=20)
    assert nothing.null.p == 1.0


def test_documents_are_json() -> None:
    y, s = np.arange(30) % 2, np.linspace(0.1, 0.9, 30)
    curves = (decision_curve(y, s), decision_curve(y, s, resamples=20, rng=RNG(1)), decision_curve_difference(y, s, s))
    for made in curves:
        json.dumps(made.document(), allow_nan=False)
    empty = auc_permutation([0, 0], [1, 2], permutations=5, rng=RNG(1))
    assert empty.document()["counts"] == []
    assert sum(auc_permutation(y, s, permutations=50, rng=RNG(1)).document()["counts"]) == 50  # type: ignore[arg-type]
