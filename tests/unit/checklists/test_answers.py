"""What becomes of an item: shown, not shown, not applicable, or for a person; and what a person's answer can and cannot do."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from radaudit.checklists import against_standards, shelf
from radaudit.checklists.answers import FOUND, NEEDS_PERSON, NOT_APPLICABLE, NOTHING
from radaudit.checklists.pointers import filled
from tests.unit.checklists.whole import FORM, whole_evidence

WHOLE = whole_evidence()


def listed(evidence: dict[str, Any], name: str) -> dict[str, Any]:
    return next(made for made in against_standards(evidence)["checklists"] if made["name"] == name)


def item(evidence: dict[str, Any], name: str, number: str) -> dict[str, Any]:
    return next(row for row in listed(evidence, name)["items"] if row["id"] == number)


def changed(**members: Any) -> dict[str, Any]:
    return {**deepcopy(WHOLE), **members}


def with_form(**members: Any) -> dict[str, Any]:
    return changed(reporting={**deepcopy(FORM), **members})


def test_without_evidence_nothing_is_filled_and_scores_are_the_lowest() -> None:
    for empty in ({}, {"reporting": None}, {"cohort": None, "findings": [], "performance": None}):
        for made in against_standards(empty)["checklists"]:
            assert made["counts"]["evidence"] == made["counts"]["person"] == 0
            if "score" in made:
                assert made["score"]["value"] == made["score"]["lowest"]


def test_every_item_that_has_a_rule_is_shown_when_everything_is_there() -> None:
    lists = [made for made in against_standards(WHOLE)["checklists"] if made["name"] != "IBSI"]  # its items are stated one by one
    open_items = {(made["name"], row["id"]) for made in lists for row in made["items"] if row["state"] == NOTHING}
    # segmentation of this study is not automatic; RQS 2.0, item 10, and METRICS, item 26, ask for what a study with item 27 does not have
    assert open_items == {("RQS 2.0", "10"), ("METRICS", "26")}


def test_items_without_a_rule_need_a_person_and_say_so_by_themselves() -> None:
    for made in against_standards(WHOLE)["checklists"]:
        rules = {i.id for i in shelf()[made["name"]].items if i.proof or i.grades or i.na}
        for row in made["items"]:
            assert row["state"] != NEEDS_PERSON or row["id"] not in rules


def test_what_the_run_found_and_what_the_form_states_are_kept_apart() -> None:
    assert item(WHOLE, "METRICS", "18")["kind"] == "A"
    assert item(WHOLE, "METRICS", "6")["kind"] == "M"
    assert item(WHOLE, "METRICS", "30")["kind"] == "M"  # the lock is found, the sharing is stated: the weaker of the two
    counts = listed(WHOLE, "CLEAR")["counts"]
    assert counts["evidence"] == counts["automatic"] + counts["form"]
    assert counts["items"] == sum(counts[name] for name in ("evidence", "person", "open", "not_applicable"))


@pytest.mark.parametrize(
    ("method", "states"),
    [
        ("semi-automatic", (FOUND, NOT_APPLICABLE, FOUND)),
        ("automatic", (FOUND, NOTHING, FOUND)),
        ("none", (NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE)),
    ],
)
def test_conditions_of_metrics_follow_the_segmentation(method: str, states: tuple[str, str, str]) -> None:
    evidence = with_form(segmentation={**FORM["segmentation"], "method": method})
    assert tuple(item(evidence, "METRICS", number)["state"] for number in ("8", "9", "10")) == states


def test_an_unstated_segmentation_excuses_no_item() -> None:
    evidence = with_form(segmentation={})
    assert [item(evidence, "METRICS", n)["state"] for n in ("8", "9", "10")] == [NOTHING] * 3


def test_ibsi_items_of_other_modalities_do_not_apply_once_the_modality_is_stated() -> None:
    assert item(WHOLE, "IBSI", "19")["state"] == NOT_APPLICABLE  # repetition time, MR
    assert item(WHOLE, "IBSI", "14")["state"] == FOUND  # tube voltage, stated by number
    assert item(WHOLE, "IBSI", "15")["state"] == NOTHING
    assert item(with_form(acquisition={}), "IBSI", "19")["state"] == NOTHING


def test_a_persons_answer_fills_what_no_rule_shows_and_is_counted_apart() -> None:
    answer = {"checklist": "metrics", "item": "3", "answer": "yes", "where": "methods, second paragraph"}
    before, after = listed(WHOLE, "METRICS"), listed(with_form(answers=[answer]), "METRICS")
    row = next(row for row in after["items"] if row["id"] == "3")
    assert (row["state"], row["kind"], row["proofs"]) == (FOUND, "H", ["/reporting/answers/0"])
    assert after["counts"]["person"] == 1
    assert after["score"]["value"] == before["score"]["value"]
    assert after["score"]["with_people"] > after["score"]["value"]


def test_a_person_cannot_answer_without_saying_where() -> None:
    answer = {"checklist": "METRICS", "item": "3", "answer": "yes", "where": "n/a"}
    assert item(with_form(answers=[answer]), "METRICS", "3")["state"] == NEEDS_PERSON


def test_a_persons_yes_against_the_evidence_keeps_what_the_evidence_says() -> None:
    evidence = with_form(answers=[{"checklist": "METRICS", "item": "19", "answer": "yes", "where": "supplement 2"}])
    for finding in evidence["findings"]:
        if finding["code"] == "CONF-001":
            finding["verdict"] = "failed"
    row = item(evidence, "METRICS", "19")
    assert (row["state"], row["kind"]) == (FOUND, "H")
    assert "CONF-001" in row["reason"]
    assert listed(evidence, "METRICS")["score"]["value"] < listed(WHOLE, "METRICS")["score"]["value"]


@pytest.mark.parametrize(("answer", "state"), [("no", NOTHING), ("not applicable", NOT_APPLICABLE)])
def test_a_person_may_say_no_or_not_applicable(answer: str, state: str) -> None:
    evidence = with_form(answers=[{"checklist": "CLEAR", "item": "51", "answer": answer, "where": "no discussion section"}])
    row = item(evidence, "CLEAR", "51")
    assert (row["state"], row["proofs"]) == (state, ["/reporting/answers/0"])


def test_validation_points_of_rqs_follow_the_sites_of_the_test_set() -> None:
    def points(sites: list[tuple[int, int]]) -> int:
        cohort = {
            **WHOLE["cohort"],
            "sites": [{"site": f"S{i}", "patients": a + b, "training": a, "holdout": b} for i, (a, b) in enumerate(sites)],
        }
        return int(item(changed(cohort=cohort), "RQS 1.0", "12")["points"])

    assert points([(50, 20), (50, 20)]) == 2  # the same institutions
    assert points([(50, 0), (0, 20)]) == 3
    assert points([(50, 0), (0, 20), (0, 20)]) == 4
    assert points([(50, 0), (0, 20), (0, 20), (0, 20)]) == 5
    assert points([(50, 20), (0, 20)]) == 2  # one of two gave training rows: not external
    assert item(changed(performance=None), "RQS 1.0", "12")["points"] == -5


@pytest.mark.parametrize("verdict", ["failed", "not run", "waived", "not applicable"])
def test_only_a_check_that_passed_shows_anything(verdict: str) -> None:
    evidence = deepcopy(WHOLE)
    for finding in evidence["findings"]:
        if finding["code"] == "LEAK-001":
            finding["verdict"] = verdict
    assert item(evidence, "METRICS", "18")["state"] == NOTHING
    assert item(evidence, "TRIPOD+AI", "12a")["state"] == NOTHING


@pytest.mark.parametrize(
    "empty",
    [
        None,
        "",
        "  ",
        "-",
        "N/A",
        "n/a.",
        "Unknown",
        "not stated in the table",
        "TBD",
        "…",
        [],
        {},
        [None, ""],
        {"a": None},
        float("nan"),
        float("inf"),
        False,
    ],
)
def test_placeholders_and_emptiness_say_nothing(empty: object) -> None:
    assert not filled(empty)


@pytest.mark.parametrize("said", ["none declared", "0.5 mm", 0, 0.0, True, ["a"], {"a": 1}, "NA value 3"])
def test_what_is_stated_says_something(said: object) -> None:
    assert filled(said)


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, FOUND),
        ({"readers": 1}, NOTHING),
        ({"reliability": None}, NOTHING),
        ({"core_laboratory": None}, NOTHING),
        ({"method": "automatic", "readers": 0}, NOTHING),
        ({"method": "automatic", "readers": 0, "ce_mark": "CE 0123"}, FOUND),
    ],
)
def test_one_reader_or_no_agreement_leaves_the_segmentation_of_table_3_open(change: dict[str, Any], state: str) -> None:
    assert item(with_form(segmentation={**FORM["segmentation"], **change}), "Table 3", "3")["state"] == state
