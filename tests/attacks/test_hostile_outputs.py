"""Formulas, HTML, SQL, control and direction characters in names, ids and sites come out inert in every file and line a study writes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.conftest import FIXED, run_radaudit
from tests.flow.small_study import Cells, ended, write_study

FEATURES = ("=cmd|'/c calc'!A1", "<script>alert(1)</script>", "\u202egnp.exe\x1b[31m", "'; drop table sample; --", "@SUM(1+1)")
IDS = ('=HYPERLINK("http://x")', "+1+cmd", "-2+3", "@id", "<img src=x onerror=alert(1)>", "\u202eid\x07", "'); drop table block; --")
SITES = ("<b>A</b>", "=B")
UNSEEN = {chr(i) for i in (*range(32), 127, *range(0x202A, 0x202F), *range(0x2066, 0x206A))} - {"\n", "\r", "\t"}


def hostile(cells: Cells) -> None:
    cells.names[: len(FEATURES)] = FEATURES
    for i, text in enumerate(IDS):
        cells.facts["patient_id"][i] = text
    # values far beyond all others, so that findings list these cells
    for i in range(2):
        cells.texts[i][i] = "123456789012.5"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = write_study(tmp_path_factory.mktemp("hostile") / "study", edit=hostile, sites=SITES)
    ending = ended(folder)
    assert ending.stage == "report", ending.error
    done = run_radaudit("check", folder=folder, env=FIXED)
    assert done.returncode in (0, 1), done.stderr
    return folder, done.stdout + done.stderr


def test_nothing_that_steers_a_terminal_is_printed(study: tuple[Path, str]) -> None:
    assert len(study[1]) > 500
    assert sorted(UNSEEN & set(study[1])) == []


def test_no_cell_of_any_exported_table_is_run_by_a_spreadsheet(study: tuple[Path, str]) -> None:
    files = sorted(study[0].rglob("*/**/*.csv"))
    cells = []
    for path in files:
        with path.open(encoding="utf-8", newline="") as stream:
            cells += [cell for row in csv.reader(stream) for cell in row]
    assert any(IDS[0] in cell for cell in cells), "no finding lists a hostile id"
    for cell in cells:
        if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
            float(cell)


def test_the_page_shows_names_and_runs_nothing(study: tuple[Path, str]) -> None:
    (page,) = sorted((study[0] / "dossier").rglob("*.html"))
    text = page.read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    for needle in ("<script", "<img", "onerror=alert(1)>", "<b>A</b>"):
        assert needle not in text
    assert sorted(UNSEEN & set(text)) == []


def test_nothing_was_written_outside_the_study(study: tuple[Path, str]) -> None:
    folder, _said = study
    assert [item.name for item in folder.parent.iterdir()] == ["study"]
    allowed = {"features.csv", "clinical.csv", "study.yaml", "out", "dossier", ".radaudit", "mlruns"}
    assert {item.name for item in folder.iterdir()} <= allowed
