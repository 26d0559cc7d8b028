"""Folds: what is dealt, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.splits import folds_possible, leave_one_out, repeated_group_kfold


def test_folds_are_balanced_in_size_and_events() -> None:
    rng = np.random.default_rng(3)
    patients = [f"p{i:03d}" for i in range(103)]
    outcome = (rng.random(103) < 0.3).astype(float)
    for resample in repeated_group_kfold(patients, outcome, 5, 4, np.random.default_rng(0)):
        inside = resample.assessment
        assert abs(len(inside) - 103 / 5) < 1
        assert abs(outcome[inside].sum() - outcome.sum() / 5) < 1


def test_labels_can_be_spread_within_each_class() -> None:
    rng = np.random.default_rng(3)
    patients = [f"p{i:03d}" for i in range(103)]
    outcome = (rng.random(103) < 0.3).astype(float)
    batch = rng.choice(["a", "b", "c"], 103)
    for one in repeated_group_kfold(patients, outcome, 5, 2, np.random.default_rng(0), balance=batch):
        for name in "abc":
            assert abs((batch[one.assessment] == name).sum() - (batch == name).sum() / 5) < 2


def test_repeats_differ_and_are_labelled() -> None:
    found = repeated_group_kfold(list("abcdefgh"), [0, 1] * 4, 2, 3, np.random.default_rng(0))
    assert [one.label for one in found] == [f"repeat {r} fold {k}" for r in (1, 2, 3) for k in (1, 2)]
    assert len({tuple(one.assessment.tolist()) for one in found}) > 2
    assert [one.repeat for one in found] == [0, 0, 1, 1, 2, 2]


def test_more_folds_than_patients_of_a_class_are_refused_and_the_possible_number_is_said() -> None:
    patients, outcome = [f"p{i}" for i in range(20)], [1.0] * 3 + [0.0] * 17
    assert folds_possible(patients, outcome, 5) == 3
    with pytest.raises(DesignError) as caught:
        repeated_group_kfold(patients, outcome, 5, 1, np.random.default_rng(0))
    assert (caught.value.code, caught.value.facts["possible"]) == ("SIZE-071", 3)
    assert len(repeated_group_kfold(patients, outcome, 3, 1, np.random.default_rng(0))) == 3


def test_a_row_without_an_outcome_is_refused() -> None:
    with pytest.raises(DesignError) as caught:
        folds_possible(["a", "b"], [1.0, np.nan], 2)
    assert caught.value.code == "OUT-073"


def test_leaving_a_site_out_keeps_its_patients_out_everywhere() -> None:
    sites = ["A", "A", "B", "B", "C"]
    patients = ["1", "2", "2", "3", "4"]
    found = {one.label: one for one in leave_one_out(sites, patients)}
    assert found["A"].assessment.tolist() == [0, 1]
    assert found["A"].analysis.tolist() == [3, 4]  # row 2 belongs to patient 2 of site A
    assert found["C"].analysis.tolist() == [0, 1, 2, 3]


def test_one_site_cannot_be_left_out() -> None:
    with pytest.raises(DesignError) as caught:
        leave_one_out(["A", "A"], ["1", "2"])
    assert caught.value.code == "SIZE-072"
