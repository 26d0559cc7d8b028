"""The items are those of the published checklists: counts, numbers and weights, and rules that only ask what can be answered."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from radaudit.checklists import named, shelf
from radaudit.checklists.items import DATA, read_checklist
from radaudit.checklists.ladder import levels, scenarios
from radaudit.checklists.proofs import fields_of, proofs, words_of
from radaudit.errors import PluginError, StudyError
from radaudit.study.reporting import Reporting

# VALIDATION: numbered items, and lines where items have parts
COUNTS = {
    "CLEAR": (58, 58),
    "METRICS": (30, 30),
    "TRIPOD+AI": (27, 52),
    "RQS 1.0": (16, 16),
    "RQS 2.0": (42, 42),
    "REFORMS": (8, 32),
    "CLAIM": (44, 44),
    "STARD-AI": (40, 48),
    "REMARK": (20, 20),
    "IBSI": (76, 104),
    "Table 3": (7, 13),
}


def rules() -> list[str]:
    """Return every rule of every item and leg."""
    found = [leg.rule for level in (*levels(), *scenarios()) for leg in level.legs]
    for checklist in shelf().values():
        for item in checklist.items:
            found += [*item.proof, *(rule for grade in item.grades for rule in grade.proof), *([item.na] if item.na else [])]
    return found


@pytest.mark.parametrize(("name", "numbered", "lines"), [(name, *counts) for name, counts in COUNTS.items()])
def test_a_checklist_has_the_items_that_were_published(name: str, numbered: int, lines: int) -> None:
    checklist = shelf()[name]
    assert len(checklist.items) == lines
    assert len({item.number for item in checklist.items}) == numbered


def test_probast_has_16_questions_on_development_and_18_on_evaluation_in_four_domains_each() -> None:
    ids = [item.id for item in shelf()["PROBAST+AI"].items]
    assert (sum(i.startswith("D") for i in ids), sum(i.startswith("E") for i in ids)) == (16, 18)
    assert {i.split(".")[0] for i in ids} == {f"{part}{domain}" for part in "DE" for domain in (1, 2, 3, 4)}


def test_reforms_has_eight_modules_of_the_published_sizes() -> None:
    ids = [item.id for item in shelf()["REFORMS"].items]
    assert [sum(i.startswith(str(module)) for i in ids) for module in range(1, 9)] == [3, 5, 7, 3, 6, 3, 3, 2]


def test_metrics_weights_sum_to_one_and_round_to_those_of_the_online_tool() -> None:
    # the authors' tool, v1.0, shows three decimals
    tool = "37 74 92 44 29 44 29 34 22 11 62 31 41 20 20 30 20 60 30 35 23 18 12 29 18 37 75 7 7 7"
    metrics = shelf()["METRICS"]
    assert sum(item.weight for item in metrics.items) == pytest.approx(1.0, abs=1e-9)
    assert len({item.section for item in metrics.items}) == 9
    assert len(metrics.conditions) == 5
    for item, shown in zip(metrics.items, tool.split(), strict=True):
        assert item.weight == pytest.approx(int(shown) / 1000, abs=0.00051), item.id


def test_points_of_rqs_span_the_published_ranges() -> None:
    first, second = shelf()["RQS 1.0"].items, shelf()["RQS 2.0"].items
    assert (sum(item.otherwise for item in first), sum(item.most for item in first)) == (-8, 36)
    assert sum(item.most for item in second) == 56
    assert sum(item.most for item in second if not item.condition) == 52  # deep radiomics: without the items of hand-crafted features
    assert [item.id for item in second if item.condition] == ["6", "9", "11", "12"]


def test_text_of_others_is_only_where_the_licence_allows_and_marked_where_it_is_ours() -> None:
    for checklist in shelf().values():
        assert all((checklist.doi, checklist.reference, checklist.licence, checklist.source))
        open_licence = checklist.licence.startswith(("CC BY", "open access"))
        for item in checklist.items:
            assert open_licence or item.paraphrase, (checklist.name, item.id)
            assert item.text or not item.verified, (checklist.name, item.id)


def test_what_could_not_be_read_has_no_text_and_is_not_verified() -> None:
    silent = {(name, item.id) for name, checklist in shelf().items() for item in checklist.items if not item.text}
    assert silent == {("REMARK", str(n)) for n in range(14, 21)}
    unread = {name for name, checklist in shelf().items() if not checklist.verified}
    assert unread == {"RQS 1.0", "RQS 2.0", "PROBAST+AI", "REFORMS", "CLAIM", "STARD-AI", "REMARK"}


def test_every_word_of_a_rule_is_a_proof_and_every_proof_is_used() -> None:
    words = words_of(rules())
    assert {word for word in words if not word.startswith("@")} == set(proofs())


def leaves(model: type[BaseModel], place: str = "") -> set[str]:
    """Return every field of the form by its path."""
    found: set[str] = set()
    for name, info in model.model_fields.items():
        inner = next((a for a in (info.annotation, *get_args(info.annotation)) if isinstance(a, type) and issubclass(a, BaseModel)), None)
        found |= leaves(inner, f"{place}{name}/") if inner is not None and name != "answers" else {f"{place}{name}"}
    return found


def test_rules_ask_for_fields_of_the_form_and_every_field_is_asked_for() -> None:
    asked = {"ibsi" if field.startswith("ibsi/") else field for field in fields_of(rules())}
    steering = {"answers", "trial/scenario"}
    assert asked == leaves(Reporting) - steering


def test_an_unknown_name_gets_the_nearest() -> None:
    assert named("clear").name == "CLEAR"
    with pytest.raises(StudyError) as wrong:
        named("METRIC")
    assert (wrong.value.code, wrong.value.near) == ("STUDY-150", "METRICS")
    with pytest.raises(StudyError) as item:
        named("TRIPOD+AI").item("12h")
    assert item.value.code == "STUDY-151"


@pytest.mark.parametrize("damage", ["unknown key", "twice", "not toml"])
def test_a_file_that_is_no_checklist_is_refused(tmp_path: Path, damage: str) -> None:
    text = (DATA / "clear.toml").read_text("utf-8")
    changed = {
        "unknown key": text.replace('id = "1",', 'id = "1", colour = "red",'),
        "twice": text.replace('id = "2",', 'id = "1",'),
        "not toml": text + "]",
    }
    file = tmp_path / "clear.toml"
    file.write_text(changed[damage], "utf-8")
    with pytest.raises(PluginError) as refused:
        read_checklist(file)
    assert refused.value.code == "STUDY-152"


def test_no_data_file_is_left_out() -> None:
    read = {tomllib.loads(file.read_text("utf-8")).get("name") for file in DATA.glob("*.toml")} - {None}
    assert read == set(shelf())
