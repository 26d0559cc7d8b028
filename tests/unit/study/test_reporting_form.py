"""The reporting form of the study file: typed, without placeholders and contradictions, and outside the plan's digest."""

from __future__ import annotations

from typing import Any

import pytest

from radaudit.errors import StudyError
from radaudit.study.plan import Plan

STUDY: dict[str, Any] = {
    "schema": "radaudit/study/1",
    "study": "form",
    "tables": {"features": "features.csv", "clinical": "clinical.csv"},
    "roles": {"subject": "patient_id", "site": "hospital", "outcome": {"kind": "binary", "column": "relapse", "event": "1"}},
    "split": {"test": {"by": "random", "fraction": "0.3"}},
}


def plan(**form: Any) -> Plan:
    return Plan.of({**STUDY, "reporting": form})


def refusal(**form: Any) -> StudyError:
    with pytest.raises(StudyError) as refused:
        plan(**form)
    return refused.value


def test_the_form_is_not_part_of_the_plans_digest() -> None:
    bare = Plan.of(STUDY)
    filled = plan(funding="public grant 1", segmentation={"method": "manual", "readers": "2"})
    assert filled.digest == bare.digest
    assert bare.reporting is None
    assert filled.reporting is not None
    assert filled.reporting.document() == {"segmentation": {"method": "manual", "readers": 2}, "funding": "public grant 1"}


@pytest.mark.parametrize(
    ("form", "code", "near"),
    [
        ({"acquisiton": {"modality": "CT"}}, "STUDY-001", "acquisition"),
        ({"acquisition": {"modalty": "CT"}}, "STUDY-001", "modality"),
        ({"segmentation": {"method": "manuel"}}, "STUDY-008", "manual"),
        ({"acquisition": {"modality": "MRI"}}, "STUDY-008", "MR"),
        ({"segmentation": {"readers": "two"}}, "STUDY-009", None),
        ({"preprocessing": {"raw_saved": "yes"}}, "STUDY-009", "true"),
        ({"answers": [{"checklist": "CLAER", "item": "1", "answer": "yes", "where": "title"}]}, "STUDY-150", "CLEAR"),
        ({"answers": [{"checklist": "TRIPOD+AI", "item": "12h", "answer": "yes", "where": "p. 3"}]}, "STUDY-151", None),
        ({"answers": [{"checklist": "CLEAR", "item": "1", "answer": "yes"}]}, "STUDY-006", None),
        ({"answers": [{"checklist": "CLEAR", "item": "1", "answer": "maybe", "where": "p. 3"}]}, "STUDY-008", None),
        ({"ibsi": {"77": "none"}}, "STUDY-151", None),
    ],
)
def test_what_is_mistyped_is_refused_with_the_nearest(form: dict[str, Any], code: str, near: str | None) -> None:
    error = refusal(**form)
    assert error.code == code or code in [problem.code for problem in error.problems]
    assert near is None or any(problem.near == near for problem in error.problems)


@pytest.mark.parametrize("said", ["n/a", "N/A", "unknown", "TBD", "-", "none", "to be defined"])
def test_a_placeholder_is_no_statement(said: str) -> None:
    assert refusal(ethics={"approval": said}).code == "STUDY-154"
    assert refusal(answers=[{"checklist": "CLEAR", "item": "1", "answer": "yes", "where": said}]).code == "STUDY-154"


def test_no_segmentation_is_a_statement() -> None:
    assert plan(segmentation={"method": "none"}).reporting is not None


def test_two_answers_to_one_item_are_refused() -> None:
    answer = {"checklist": "CLEAR", "item": "1", "answer": "yes", "where": "title page"}
    assert refusal(answers=[answer, {**answer, "checklist": "clear"}]).code == "STUDY-155"


@pytest.mark.parametrize(
    "form",
    [
        {"segmentation": {"method": "automatic", "test_set": "single reader"}},
        {"segmentation": {"method": "manual", "test_set": "automatic tool"}},
        {"segmentation": {"method": "manual", "readers": "0"}},
        {"segmentation": {"test_set": "several readers", "readers": "1"}},
        {"trial": {"scenario": "locked endpoint"}},
        {"registration": {"registry": "The study was not registered.", "number": "NCT1"}},
    ],
)
def test_a_form_that_contradicts_itself_is_refused(form: dict[str, Any]) -> None:
    assert refusal(**form).code == "STUDY-156"
