"""Section 11 of the page: every checklist, every answer with what shows it, and the level of evidence on the first screen."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from radaudit.checklists import against_standards
from radaudit.dossier.schema import dossier_schema
from radaudit.dossier.view.page import view
from radaudit.dossier.view.parts import Figures, Table
from radaudit.edges.html import render
from tests.edges.sample_dossier import as_bytes, document
from tests.unit.checklists.whole import whole_evidence


def filled() -> dict[str, Any]:
    """Return a sample document with checklists made from the whole evidence."""
    made = document(3)
    made["evidence"] |= against_standards(whole_evidence())
    return made


def section(made: dict[str, Any], name: str) -> Any:
    return next(s for s in view(made).sections if s.id == name)


def test_section_11_has_the_bars_one_table_per_checklist_and_the_proofs() -> None:
    made = filled()
    blocks = section(made, "checklists").blocks
    figures = [block for block in blocks if isinstance(block, Figures)]
    tables = [block for block in blocks if isinstance(block, Table)]
    assert [figure.id for figure in figures[0].figures] == ["FIG-11-1"]
    assert len(tables) == len(made["evidence"]["checklists"]) + 2  # the proofs, the references
    assert all(table.folded for table in tables)
    assert [len(table.rows) for table in tables[:3]] == [58, 30, 52]


def test_bars_are_stacked_and_end_at_the_whole() -> None:
    figure = section(filled(), "checklists").blocks[1].figures[0]
    for row in figure.charts[0].rows:
        ends = [mark.value for mark in row.marks]
        assert ends == sorted(ends, reverse=True)
        assert ends[0] == pytest.approx(1.0)


def test_every_link_of_an_answer_arrives_at_a_proof_of_the_page() -> None:
    page = view(filled())
    blocks = [block for s in page.sections for block in s.blocks if isinstance(block, Table)]
    anchors = {anchor for table in blocks for anchor in table.anchors}
    links = {span.link for table in blocks for row in table.rows for c in row for span in c.line if span.link.startswith("proof-")}
    assert links
    assert links <= anchors


def test_the_level_of_evidence_stands_on_the_first_screen_and_leg_by_leg_in_section_13() -> None:
    made = filled()
    page = view(made)
    assert page.top.level[0][0].text == made["evidence"]["ladder"]["sentence"]
    legs = next(block for block in section(made, "sign-off").blocks if isinstance(block, Table))
    assert len(legs.rows) == 10 + 3  # ten legs of four levels, three of the exploratory endpoint


def test_a_dossier_without_checklists_says_so() -> None:
    page = render(as_bytes(document(2))).decode()
    assert 'id="FIG-11-1"' in page
    assert 'id="level"' not in page


def test_the_page_with_checklists_is_the_same_bytes_twice_and_holds_no_script() -> None:
    data = as_bytes(filled())
    page = render(data)
    assert page == render(data)
    assert b"<script" not in page
    assert page.count(b"<details") >= 14


def test_ids_of_the_page_are_unique_and_links_lead_to_one() -> None:
    page = render(as_bytes(filled())).decode()
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_hostile_words_of_a_form_are_shown_and_not_obeyed() -> None:
    evidence = whole_evidence()
    evidence["reporting"] = {
        **evidence["reporting"],
        "answers": [{"checklist": "CLEAR", "item": "1", "answer": "no", "where": "<script>alert(1)</script>\u202e"}],
    }
    made = document(2)
    made["evidence"] |= against_standards(evidence)
    page = render(as_bytes(made)).decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page


def test_the_published_schema_holds_checklists_and_refuses_a_yes_without_proof() -> None:
    schema = dossier_schema()["properties"]["evidence"]["properties"]
    made = json.loads(json.dumps(filled()["evidence"]))
    for name in ("checklists", "ladder", "proofs"):
        jsonschema.validate(made[name], schema[name])
    row = next(row for row in made["checklists"][0]["items"] if row["state"] == "evidence found")
    row["proofs"] = []
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made["checklists"], schema["checklists"])


def test_the_published_file_is_current() -> None:
    from radaudit.dossier import schema

    assert (Path(schema.__file__).with_name("schema.json")).read_text("utf-8") == schema.schema_text()
