"""Reliability and sample size at the edges."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.measures.agreement import concordance, limits_of_agreement
from radaudit.measures.estimate import unknown
from radaudit.measures.reliability import FORMS, icc, icc_table, variance_components
from radaudit.measures.repeatability import (
    changed,
    reclassified,
    relative_repeatability_coefficient,
    repeatability_claim,
    repeatability_coefficient,
    reproducibility_coefficient,
    score_within_sd,
    within_cv,
    within_sd,
)
from radaudit.measures.samplesize import (
    development_binary,
    development_continuous,
    development_survival,
    r2_from_c,
    validation_binary,
)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (lambda: icc([1.0, 2.0]), "PERF-001"),
        (lambda: icc(np.ones((3, 2, 2))), "PERF-001"),
        (lambda: icc([[1.0, np.nan], [2, 3]]), "PERF-002"),
        (lambda: icc([[1.0, 2.0]]), "PERF-008"),
        (lambda: icc([[1.0], [2.0]]), "PERF-008"),
        (lambda: icc_table([[1.0, 2], [2, 3]], "ICC(4,1)"), "PERF-006"),  # type: ignore[arg-type]
        (lambda: within_sd(np.ones((3, 2, 2))), "PERF-001"),
        (lambda: score_within_sd(np.ones((3, 2, 2)), [1.0]), "PERF-001"),
        (lambda: reclassified([1.0], 0.0, -1.0), "PERF-006"),
        (lambda: changed([1.0], [1.0, 2.0], 1.0), "PERF-001"),
        (lambda: changed([1.0], [1.0], float("nan")), "PERF-006"),
        (lambda: concordance([1.0, 2], [1, 2]), "PERF-008"),
        (lambda: concordance([1.0, 2, 3], [1, 2, 4], interval="odd"), "PERF-006"),  # type: ignore[arg-type]
        (lambda: limits_of_agreement([1.0], [2.0]), "PERF-008"),
        (lambda: development_binary(10, 0.2), "PERF-006"),
        (lambda: development_binary(10, 0.2, r2=0.1, c=0.7), "PERF-006"),
        (lambda: development_binary(10, 0.2, r2=0.7), "PERF-006"),
        (lambda: development_binary(0, 0.2, r2=0.1), "PERF-006"),
        (lambda: r2_from_c(0.5, 0.2), "PERF-006"),
        (lambda: development_survival(10, 0.1, 0.0, 1, 1), "PERF-006"),
        (lambda: development_survival(10, 0.9, 0.1, 1, 1), "PERF-006"),
        (lambda: development_continuous(10, 0.2, 0.0, 1.0), "PERF-006"),
        (lambda: validation_binary(0.2, 0.7, -1, 1, threshold=0.2), "PERF-006"),
        (lambda: validation_binary(0.2, 0.7, -1, 1, width_c=1e-9), "PERF-006"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: Callable[[], object], code: str) -> None:
    with pytest.raises(DesignError) as caught:
        asked()
    assert caught.value.code == code


def test_ratings_that_do_not_vary_have_no_icc() -> None:
    for form in FORMS:
        assert icc(np.full((4, 2), 0.1), form).reason == "the ratings do not vary"
    assert np.isnan(icc_table(np.full((4, 2, 3), 7.0)).value).all()


def test_perfect_readings_have_an_icc_of_one() -> None:
    ratings = np.repeat(np.arange(5.0)[:, None], 3, axis=1)
    for form in FORMS:
        assert icc(ratings, form).value == pytest.approx(1)
    assert within_sd(ratings).value == 0
    assert reproducibility_coefficient(ratings).value == 0


def test_readers_that_differ_by_constants_only_have_agreement_without_bounds_worth_the_name() -> None:
    found = icc(np.arange(5.0)[:, None] + np.array([0.0, 10.0]))
    assert found.value == pytest.approx(2.5 / 52.5)
    assert icc(np.arange(5.0)[:, None] + np.array([0.0, 10.0]), "ICC(3,1)").value == pytest.approx(1)


def test_negative_variances_are_set_to_zero_and_said() -> None:
    parts = variance_components([[1.0, 2.0], [2.0, 1.0], [1.5, 1.5]])
    assert parts.targets[0] == 0
    assert bool(parts.truncated[0])


def test_a_mean_that_is_not_positive_has_no_coefficient_of_variation() -> None:
    found = within_cv([[-1.0, 1.0], [2.0, 3.0]])
    assert "not positive" in str(found.reason)
    assert relative_repeatability_coefficient([[-1.0, 1.0], [2.0, 3.0]]).value is None


def test_identical_and_mirrored_measurements_say_why_they_have_no_interval() -> None:
    assert concordance([1.0, 2, 3], [1, 2, 3]).ccc.reason == "the measurements are identical"
    assert concordance([1.0, 2, 3], [3, 2, 1]).ccc.reason == "the measurements mirror each other"
    assert concordance([1.0, 1, 1], [3, 2, 1]).ccc.value is None
    assert concordance([1.0, 2, 3], [1.0, 0.0, 1.0]).ccc.reason == "no linear relation"


def test_equal_readings_have_limits_of_zero_width() -> None:
    found = limits_of_agreement([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    assert (found.bias.value, found.lower.value, found.upper.value) == (1.0, 1.0, 1.0)


def test_the_claim_names_its_people_and_bound() -> None:
    claim = repeatability_claim("volume", repeatability_coefficient([[1.0, 2.0], [3.0, 3.5], [5.0, 4.0]]), "ml")
    assert "3 subjects" in claim
    assert "ml" in claim
    assert "No claim" in repeatability_claim("volume", unknown("one reading only"))


def test_sample_sizes_are_json_and_net_benefit_is_a_criterion_when_asked() -> None:
    plain = validation_binary(0.2, 0.78, -1.75, 1.22)
    full = validation_binary(0.2, 0.78, -1.75, 1.22, sensitivity=0.7, specificity=0.7, threshold=0.2)
    assert set(full.criteria) - set(plain.criteria) == {"net benefit"}
    w, se = 0.8 / 0.2 * 0.2 / 0.8, 0.2 / (2 * 1.959963984540054)
    unit = 0.7 * 0.3 / 0.2 + w**2 * 0.7 * 0.3 / 0.8 + w**2 * 0.3**2 / (0.2 * 0.8)
    assert full.criteria["net benefit"] == int(np.ceil(unit / se**2))
    json.dumps(full.document())
    assert development_continuous(2, 0.5, 100.0, 1.0).patients >= 236
