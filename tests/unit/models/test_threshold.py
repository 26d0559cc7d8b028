"""Thresholds by rule; positive means risk >= threshold."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.models.threshold import ThresholdPlan, choose_threshold

OUTCOME = [0, 0, 0, 1, 0, 1, 1]
RISK = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8]


def test_youden_takes_the_largest_sum_and_the_lower_of_two_equal_cuts() -> None:
    found = choose_threshold(OUTCOME, RISK, ThresholdPlan())
    assert (found.value, found.sensitivity, found.specificity) == (pytest.approx(0.35), 1.0, 0.75)
    tied = choose_threshold([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], ThresholdPlan())
    assert tied.value == pytest.approx(0.15)


def test_a_sensitivity_rule_takes_the_highest_cut_that_reaches_it() -> None:
    found = choose_threshold(OUTCOME, RISK, ThresholdPlan(rule="sensitivity", value=0.66))
    assert found.value == pytest.approx(0.55)
    assert found.sensitivity == pytest.approx(2 / 3)
    assert choose_threshold(OUTCOME, RISK, ThresholdPlan(rule="sensitivity", value=1.0)).value == pytest.approx(0.35)


def test_a_fixed_threshold_is_kept_and_described() -> None:
    found = choose_threshold(OUTCOME, RISK, ThresholdPlan(rule="fixed", value=0.6))
    assert found.document() == {"value": 0.6, "rule": "fixed", "sensitivity": pytest.approx(2 / 3), "specificity": 1.0}


def test_rows_without_a_risk_do_not_count() -> None:
    assert choose_threshold([*OUTCOME, 1], [*RISK, np.nan], ThresholdPlan()) == choose_threshold(OUTCOME, RISK, ThresholdPlan())


def test_equal_risks_call_everybody_positive() -> None:
    found = choose_threshold([0, 1], [0.3, 0.3], ThresholdPlan())
    assert (found.value, found.sensitivity, found.specificity) == (0.3, 1.0, 0.0)


@pytest.mark.parametrize(
    ("plan", "outcome", "code"),
    [
        (ThresholdPlan(), [1] * 7, "OUT-074"),
        (ThresholdPlan(rule="fixed"), OUTCOME, "STUDY-071"),
        (ThresholdPlan(rule="sensitivity", value=1.5), OUTCOME, "STUDY-071"),
        (ThresholdPlan(rule="best"), OUTCOME, "STUDY-071"),  # type: ignore[arg-type]
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(plan: ThresholdPlan, outcome: list[int], code: str) -> None:
    with pytest.raises(DesignError) as caught:
        choose_threshold(outcome, RISK, plan)
    assert caught.value.code == code
