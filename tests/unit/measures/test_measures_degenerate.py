"""What happens at the edges: no rows, one class, only ties, missing risks, wrong settings."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.measures.auc_resampling import auc_bootstrap, auc_by_counts, auc_difference_bootstrap, auc_permutation
from radaudit.measures.calibration import (
    brier,
    calibration_bootstrap,
    calibration_in_the_large,
    calibration_intercept,
    calibration_slope,
    observed_to_expected,
    scaled_brier,
    spiegelhalter,
)
from radaudit.measures.calibration_curve import calibration_curve, calibration_distances, expected_calibration_error, risk_groups
from radaudit.measures.discrimination import auc, auc_difference, auc_difference_between, auc_estimate, delong
from radaudit.measures.estimate import Estimate
from radaudit.measures.proportions import proportion
from radaudit.measures.resampling import bootstrap_estimate, draw_counts
from radaudit.measures.roc import partial_auc, roc_band, roc_points
from radaudit.measures.thresholds import at_threshold, likelihood_ratio, predictive_values, youden_threshold

RNG = np.random.default_rng

SHOWN: dict[str, Callable[[list[float], list[float]], Estimate]] = {
    "auc": auc_estimate,
    "bootstrap": lambda y, s: auc_bootstrap(y, s, resamples=20, rng=RNG(1)),
    "difference": lambda y, s: auc_difference(y, s, s).difference,
    "difference by bootstrap": lambda y, s: auc_difference_bootstrap(y, s, s, resamples=20, rng=RNG(1)),
    "between": lambda y, s: auc_difference_between((y, s), ([0, 1], [0.1, 0.2])).difference,
    "in the large": calibration_in_the_large,
    "intercept": calibration_intercept,
    "slope": calibration_slope,
    "scaled brier": scaled_brier,
    "ici": lambda y, s: calibration_distances(y, s)["ici"],
    "calibration bootstrap": lambda y, s: calibration_bootstrap(y, s, resamples=20, rng=RNG(1))["slope"],
}


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize(("outcome", "reason"), [([], "no rows"), ([0, 0, 0], "no events"), ([1, 1, 1], "no rows without the event")])
def test_a_table_can_still_show_what_cannot_be_estimated(name: str, outcome: list[float], reason: str) -> None:
    found = SHOWN[name](outcome, [0.2, 0.3, 0.4][: len(outcome)])
    assert found.value is None
    assert reason in str(found.reason)
    json.dumps(found.document(), allow_nan=False)


BARE = {
    "auc": auc,
    "delong": lambda y, s: delong(y, [s]),
    "points": roc_points,
    "partial": lambda y, s: partial_auc(y, s, most_fpr=0.2),
    "band": lambda y, s: roc_band(y, s, resamples=5, rng=RNG(1)),
    "youden": youden_threshold,
}


@pytest.mark.parametrize("name", BARE)
@pytest.mark.parametrize("outcome", [[], [0, 0], [1, 1]])
def test_a_bare_number_that_does_not_exist_is_an_error(name: str, outcome: list[float]) -> None:
    with pytest.raises(DesignError) as caught:
        BARE[name](outcome, [0.2, 0.3][: len(outcome)])
    assert caught.value.code == "PERF-004"


@pytest.mark.parametrize(
    ("outcome", "risk", "code"),
    [
        ([0, 1], [0.1], "PERF-001"),
        ([[0, 1]], [[0.1, 0.2]], "PERF-001"),
        ([0, 1], [0.1, float("nan")], "PERF-002"),
        ([0, 1], [0.1, float("inf")], "PERF-002"),
        ([0, 1], ["a", "b"], "PERF-002"),
        ([0, float("nan")], [0.1, 0.2], "PERF-002"),
        ([1, 2], [0.1, 0.2], "PERF-003"),
    ],
)
@pytest.mark.parametrize("measure", [auc, auc_estimate, brier, calibration_slope, youden_threshold, lambda y, s: at_threshold(y, s, 0.5)])
def test_unusable_rows_are_refused(measure: Callable[..., object], outcome: list[float], risk: list[float], code: str) -> None:
    with pytest.raises(DesignError) as caught:
        measure(outcome, risk)
    assert caught.value.code == code


@pytest.mark.parametrize("measure", [brier, scaled_brier, calibration_slope, spiegelhalter, calibration_curve, risk_groups])
def test_calibration_refuses_scores_that_are_not_probabilities(measure: Callable[..., object]) -> None:
    with pytest.raises(DesignError) as caught:
        measure([0, 1], [0.5, 1.5])
    assert caught.value.code == "PERF-005"


@pytest.mark.parametrize(
    "asked",
    [
        lambda: auc_estimate([0, 1], [0, 1], 1.0),
        lambda: auc_estimate([0, 0, 1, 1], [0, 2, 1, 3], scale="odd"),  # type: ignore[arg-type]
        lambda: auc_bootstrap([0, 1], [0, 1], resamples=0, rng=RNG(1)),
        lambda: auc_bootstrap([0, 1], [0, 1], resamples=9, rng=RNG(1), interval="normal"),  # type: ignore[arg-type]
        lambda: partial_auc([0, 1], [0, 1], most_fpr=0),
        lambda: roc_band([0, 1], [0, 1], resamples=5, rng=RNG(1), grid=[-0.1]),
        lambda: calibration_slope([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], bounds="odd"),  # type: ignore[arg-type]
        lambda: calibration_slope([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], bounds="profile", patients=[1, 1, 2, 2]),
        lambda: calibration_curve([0, 1] * 20, np.linspace(0.1, 0.9, 40), method="odd"),  # type: ignore[arg-type]
        lambda: calibration_curve([0, 1] * 20, np.linspace(0.1, 0.9, 40), grid=[0.05]),
        lambda: at_threshold([0, 1], [0, 1], float("nan")),
        lambda: predictive_values(1.2, 0.5, 0.5),
        lambda: proportion(np.array([True]), interval="odd"),  # type: ignore[arg-type]
        lambda: proportion(np.array([True, False]), owner=np.array([0, 0]), interval="clopper-pearson"),
        lambda: risk_groups([0, 1], [0, 1], groups=0),
    ],
)
def test_settings_out_of_range_are_refused(asked: Callable[[], object]) -> None:
    with pytest.raises(DesignError) as caught:
        asked()
    assert caught.value.code == "PERF-006"


def test_missing_patient_labels_are_refused() -> None:
    for labels in ([1.0, float("nan")], np.array(["a", None], dtype=object)):
        with pytest.raises(DesignError) as caught:
            auc_estimate([0, 1], [0.1, 0.2], patients=labels)
        assert caught.value.code == "PERF-007"


def test_outcomes_that_differ_within_a_patient_cannot_be_shuffled() -> None:
    with pytest.raises(DesignError) as caught:
        auc_permutation([0, 1, 1], [1, 2, 3], permutations=9, rng=RNG(1), patients=["a", "a", "b"])
    assert caught.value.code == "PERF-007"


def test_only_ties_give_one_half_with_an_interval() -> None:
    found = auc_estimate([0, 0, 1, 1], [3, 3, 3, 3])
    assert found.value == 0.5
    assert found.low is not None
    assert found.low < 0.5
    assert found.method.startswith("Newcombe")


def test_perfect_separation_does_not_pretend_certainty() -> None:
    found = auc_estimate([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6])
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low is not None
    assert found.low < 0.7
    slope = calibration_slope([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    assert slope.value is None
    assert "separated" in str(slope.reason)


def test_risks_of_zero_or_one_have_a_brier_score_but_no_slope() -> None:
    assert brier([0, 1, 0, 1], [0, 1, 0.5, 0.5]).value == 0.125
    assert "no logit" in str(calibration_slope([0, 1, 0, 1], [0, 1, 0.5, 0.6]).reason)


def test_equal_risks_have_no_slope_but_calibration_in_the_large() -> None:
    assert calibration_slope([0, 1, 0, 0], [0.5] * 4).reason == "all risks are equal"
    assert calibration_in_the_large([0, 1, 0, 0], [0.5] * 4).value == pytest.approx(np.log(1 / 3))


def test_a_single_patient_has_a_brier_score_without_interval() -> None:
    assert brier([1], [0.5]).low is None
    assert brier([1, 0], [0.5, 0.5], patients=["a", "a"]).low is None


def test_expected_events_of_zero_are_no_ratio() -> None:
    assert observed_to_expected([0, 1], [0.0, 0.0]).reason == "no expected events"
    assert observed_to_expected([0, 0], [0.1, 0.2]).reason == "no events"


def test_a_curve_takes_enough_rows_and_distinct_risks() -> None:
    assert "rows" in str(calibration_curve([0, 1] * 5, np.linspace(0.1, 0.9, 10)).reason)
    assert "distinct" in str(calibration_curve([0, 1] * 20, [0.1, 0.2] * 20).reason)
    assert calibration_curve([0, 1] * 5, np.linspace(0.1, 0.9, 10)).risk.size == 0


def test_shares_of_nobody_say_so() -> None:
    found = at_threshold([0, 0, 1], [0.1, 0.2, 0.3], 0.9)
    assert found.ppv.reason == "nobody is called positive"
    assert (found.tp, found.fp, found.fn, found.tn) == (0, 0, 1, 2)
    assert found.npv.value == pytest.approx(2 / 3)
    assert likelihood_ratio(found).value is None
    empty = at_threshold([], [], 0.5)
    assert empty.sensitivity.reason == "no events"
    json.dumps(empty.document(), allow_nan=False)


def test_rows_of_one_patient_do_not_count_as_many_patients() -> None:
    y, s = np.tile([0, 1], 30), np.linspace(0, 1, 60)
    rows, patients = at_threshold(y, s, 0.5), at_threshold(y, s, 0.5, patients=np.repeat(np.arange(6), 10))
    assert (rows.sensitivity.patients, patients.sensitivity.patients) == (30, 6)
    assert rows.sensitivity.value == patients.sensitivity.value
    assert rows.sensitivity.low is not None
    assert patients.sensitivity.low is not None
    assert patients.sensitivity.low < rows.sensitivity.low


def test_resamples_without_a_value_take_the_interval_away() -> None:
    found = bootstrap_estimate(0.5, np.array([0.4] * 80 + [np.nan] * 20), level=0.95, patients=3, events=1, what="patients")
    assert found.value == 0.5
    assert found.reason == "20 of 100 resamples have no value"


def test_counts_of_another_table_are_refused() -> None:
    with pytest.raises(DesignError) as caught:
        auc_by_counts([0, 1], [1, 2], np.ones((3, 5)))
    assert caught.value.code == "PERF-001"
    with pytest.raises(DesignError) as caught:
        draw_counts(4, 3, RNG(1), patients=[1, 2])
    assert caught.value.code == "PERF-001"


def test_inputs_are_left_alone() -> None:
    y, s = np.array([0.0, 1.0, 0.0, 1.0] * 10), np.linspace(0.9, 0.1, 40)
    before = y.copy(), s.copy()
    for array in (y, s):
        array.flags.writeable = False
    auc_estimate(y, s)
    auc_bootstrap(y, s, resamples=20, rng=RNG(1), interval="bca")
    calibration_distances(y, s, resamples=3, rng=RNG(1))
    roc_band(y, s, resamples=5, rng=RNG(1))
    auc_permutation(y, s, permutations=5, rng=RNG(1))
    assert (y == before[0]).all()
    assert (s == before[1]).all()


def test_calibration_error_of_perfect_groups_is_zero() -> None:
    assert expected_calibration_error([0, 1, 0, 1], [0.5] * 4) == 0.0


def test_curves_and_bands_are_json() -> None:
    y, s = np.array([0, 1, 0, 1] * 10), np.linspace(0.9, 0.1, 40)
    for made in (calibration_curve(y, s), roc_points(y, s), roc_band(y, s, resamples=5, rng=RNG(1)), *risk_groups(y, s)):
        json.dumps(made.document(), allow_nan=False)
    json.dumps(auc_permutation(y, s, permutations=5, rng=RNG(1)).document(), allow_nan=False)
