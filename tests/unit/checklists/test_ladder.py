"""The ladder of evidence: each missing leg lowers the level and gives its code."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from radaudit.checklists import against_standards, ladder_lines
from radaudit.checklists.questions import effective
from radaudit.codes import explained
from tests.unit.checklists.whole import whole_evidence

Change = Callable[[dict[str, Any]], None]


def climbed(change: Change | None = None) -> dict[str, Any]:
    evidence = deepcopy(whole_evidence())
    if change:
        change(evidence)
    found: dict[str, Any] = against_standards(evidence)["ladder"]
    return found


def failing(code: str) -> Change:
    def change(evidence: dict[str, Any]) -> None:
        for finding in evidence["findings"]:
            if finding["code"] == code:
                finding["verdict"] = "failed"

    return change


def setting(value: Any, *path: str) -> Change:
    def change(evidence: dict[str, Any]) -> None:
        node = evidence
        for part in path[:-1]:
            node = node[part]
        node[path[-1]] = value

    return change


def one_site_more(evidence: dict[str, Any]) -> None:
    evidence["cohort"]["sites"][0]["holdout"] = 5


def one_scanner(evidence: dict[str, Any]) -> None:
    evidence["cohort"]["acquisition"] = [{"column": "vendor", "levels": [{"level": "GE", "patients": 670}]}]
    evidence["cohort"]["sites"] = [
        {"site": "A", "patients": 600, "training": 600, "holdout": 0},
        {"site": "B", "patients": 30, "training": 0, "holdout": 30},
    ]


def test_the_top_is_reached_when_every_leg_is_there() -> None:
    found = climbed()
    assert (found["level"], found["of"], found["name"], found["next"]) == (4, 4, "locked endpoint", None)


@pytest.mark.parametrize(
    ("change", "level", "code"),
    [
        (setting(None, "signature"), 0, "PERF-150"),
        (setting(None, "development"), 0, "PERF-151"),
        (failing("LEAK-004"), 0, "PERF-152"),
        (failing("FEAT-061"), 0, "PERF-152"),
        (setting(None, "performance"), 1, "PERF-153"),
        (failing("LEAK-010"), 1, "PERF-154"),
        (failing("LEAK-011"), 1, "PERF-154"),
        (setting(True, "verdict", "post_hoc"), 1, "PERF-154"),
        (one_site_more, 2, "PERF-155"),
        (one_scanner, 2, "PERF-158"),
        (setting("cannot be determined", "verdict", "overall"), 3, "PERF-156"),
        (setting({"phantom": "ACR, monthly"}, "reporting", "repeatability"), 3, "PERF-157"),
        (setting({}, "reporting", "registration"), 3, "PERF-159"),
        (setting({"scenario": "locked endpoint"}, "reporting", "trial"), 3, "PERF-159"),
    ],
)
def test_each_missing_leg_lowers_the_level_and_gives_its_code(change: Change, level: int, code: str) -> None:
    found = climbed(change)
    assert found["level"] == level
    assert code in [need["code"] for need in found["next"]["needs"]]
    assert explained(code).fix in [need["fix"] for need in found["next"]["needs"]]
    assert any(line.startswith(code) for line in ladder_lines(found))


def test_a_level_above_a_missing_one_is_not_reached() -> None:
    found = climbed(failing("LEAK-010"))
    assert [level["met"] for level in found["levels"]] == [True, False, True, True]
    assert found["level"] == 1


def test_cross_validation_alone_is_capped_at_discovery_and_biology_gates_nothing() -> None:
    sealed = climbed(setting(None, "performance"))
    assert sealed["name"] == "discovery"
    without_biology = whole_evidence()
    del without_biology["reporting"]["biology"]
    assert against_standards(without_biology)["ladder"]["level"] == 4


def scenario(training: int, holdout: int, by: str) -> list[str]:
    evidence = whole_evidence()
    evidence["cohort"]["flow"][1]["patients"], evidence["cohort"]["flow"][2]["patients"] = training, holdout
    evidence["study"]["test_by"] = by
    evidence["reporting"]["trial"]["scenario"] = "exploratory endpoint"
    return [leg["code"] for leg in against_standards(evidence)["ladder"]["scenario"]["legs"] if not leg["met"]]


def test_an_exploratory_endpoint_needs_more_than_two_thirds_for_training_in_the_order_of_accrual() -> None:
    assert scenario(68, 32, "date") == []
    assert scenario(60, 40, "date") == ["STUDY-157"]
    assert scenario(200, 100, "date") == ["STUDY-157"]  # two thirds are not more than two thirds
    assert scenario(201, 99, "date") == []
    assert scenario(68, 32, "random") == ["STUDY-158"]


def test_a_study_without_scenario_has_none() -> None:
    evidence = whole_evidence()
    evidence["reporting"] = {**evidence["reporting"], "trial": {}}
    assert against_standards(evidence)["ladder"]["scenario"] is None


def test_the_effective_number_is_the_exponential_of_shannons_entropy() -> None:
    assert effective([10, 10]) == pytest.approx(2.0, abs=1e-12)
    assert effective([25, 25, 25, 25]) == pytest.approx(4.0, abs=1e-12)
    assert effective([42, 127]) == pytest.approx(math.exp(-(42 / 169) * math.log(42 / 169) - (127 / 169) * math.log(127 / 169)), abs=1e-12)
    assert effective([7]) == 1.0
    assert effective([]) == 0.0
