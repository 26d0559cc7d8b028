"""The example reads as its SOURCE.md says: 206 rows, eight spreadsheet accidents, three id columns, a patient without features."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from radaudit.edges.intake import read_study
from radaudit.edges.study_file import load_study, plan_of_text
from radaudit.errors import TableError
from radaudit.findings import Verdict
from radaudit.tables.intake import Intake

EXAMPLE = Path(__file__).parents[2] / "examples" / "egfr"


@pytest.fixture(scope="module")
def intake() -> Intake:
    return read_study(load_study(EXAMPLE / "study.yaml").plan, EXAMPLE)


def test_the_flow_counts_everybody(intake: Intake) -> None:
    steps = {step.label: (step.patients, step.rows) for step in intake.flow}
    assert steps["supplied"] == (206, 206)
    assert steps["clinical row only"] == (1, 0)
    assert steps["without outcome"] == (36, 36)
    left = sum(rows for label, (_, rows) in steps.items() if label.startswith("without") or label == "dropped batch")
    assert steps["analysed"][1] == 206 - left == len(intake.table)


def test_eight_spreadsheet_accidents_are_accounted_for_in_eight_columns(intake: Intake) -> None:
    marked = [note for note in intake.accounting if note.what == "#NAME?"]
    assert len(marked) == len({note.column for note in marked}) == 8
    assert {note.count for note in marked} == {1}
    assert {note.kind for note in marked} == {"missing marker"}


def test_every_unknown_outcome_is_accounted_for(intake: Intake) -> None:
    counts = {note.kind: note.count for note in intake.accounting if note.column == "egfr-mut"}
    assert counts == {"missing marker": 35, "empty": 1}


def test_the_unnamed_id_column_gets_a_name_and_a_note(intake: Intake) -> None:
    notes = [(note.file, note.column) for note in intake.accounting if note.kind == "renamed column"]
    assert notes == [("data/clinical-demographics.csv", "unnamed_1")]


def test_sources_are_described_by_digest_reader_and_dialect(intake: Intake) -> None:
    features, clinical, acquisition = intake.sources
    assert (features.reader, features.rows, features.columns, features.bytes) == ("captk", 206, 103, 223550)
    assert features.sha256 == "e27855ede8a2c5203f2508b4f3fbb4599f559d9fd95c1d02a113dcad9e772033"
    assert features.dialect["encoding"].startswith("utf-8-sig")
    assert features.dialect["line end"] == "CRLF"
    assert (clinical.rows, clinical.columns, acquisition.rows, acquisition.columns) == (207, 22, 207, 17)


def test_sites_are_cut_from_ids_and_batches_merged_with_raw_values_kept(intake: Intake) -> None:
    table = intake.table
    assert set(table.sites) == {"AMC", "R01"}
    assert all(patient.startswith(site) for patient, site in zip(table.patients, table.sites, strict=True))
    assert set(table.batches) <= {"GE MEDICAL SYSTEMS", "SIEMENS", "OTHER"}
    raw = Counter(table.facts["Manufacturer"])
    assert Counter(table.batches)["OTHER"] == raw["Philips"] + raw["0"] + raw["TOSHIBA"]


def test_features_are_those_of_the_pattern_and_known_by_name(intake: Intake) -> None:
    assert len(intake.table.features) == 102
    assert [one.name for one in intake.dictionary] == list(intake.table.features)
    assert {one.extractor for one in intake.dictionary} == {"captk"}
    known = {one.name: one.ibsi for one in intake.dictionary}
    assert known["T1_ED_GLCM_Bins-10_Radius-1_Contrast"] == "ACUI"
    assert sum(1 for one in intake.dictionary if one.ibsi) >= 60


def test_ids_that_go_on_in_the_scanner_workbook_are_reported_without_naming_them() -> None:
    text = (EXAMPLE / "study.yaml").read_text("utf-8")
    without = "\n".join(line for line in text.splitlines() if "id_pattern" not in line)
    intake = read_study(plan_of_text(without), EXAMPLE)
    finding = next(finding for finding in intake.findings if finding.code == "ID-031")
    assert finding.facts["patients"] == 37
    assert "AMC" not in str(finding.public())
    assert "L" in finding.local[0]["evidence"]


def test_the_pattern_of_the_study_finds_all_of_them(intake: Intake) -> None:
    failed = [finding.code for finding in intake.findings if finding.failed]
    assert "ID-031" not in failed
    assert len(intake.table) == 169


def test_a_pattern_that_runs_ids_together_is_refused() -> None:
    text = (EXAMPLE / "study.yaml").read_text("utf-8").replace('"^[A-Z0-9]+-[0-9]+"', '"^[A-Z0-9]+"')
    with pytest.raises(TableError) as caught:
        read_study(plan_of_text(text), EXAMPLE)
    assert caught.value.code == "ID-037"


def test_what_a_table_does_not_say_is_a_gap_and_not_a_pass(intake: Intake) -> None:
    gaps = {finding.code: finding.facts["needs"] for finding in intake.findings if finding.verdict is Verdict.NOT_RUN}
    assert gaps == {"ID-005": "image hashes", "FEAT-004": "extraction settings", "FEAT-033": "extractor version"}


def test_values_are_the_doubles_of_the_file(intake: Intake) -> None:
    lines = (EXAMPLE / "data" / "Sandy-Captk.csv").read_text(encoding="utf-8-sig").splitlines()
    names = lines[0].split(",")
    rows = {line.split(",")[0]: line.split(",") for line in lines[1:]}
    for i, patient in enumerate(intake.table.patients):
        texts = [rows[patient][names.index(name)] for name in intake.table.features[:20]]
        wanted = [float("nan") if text == "#NAME?" else float(text) for text in texts]
        assert np.array_equal(intake.table.values[i, :20], wanted, equal_nan=True)


def test_reading_twice_and_from_another_folder_gives_the_same_digest(intake: Intake, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "data", tmp_path / "data")
    again = read_study(load_study(EXAMPLE / "study.yaml").plan, tmp_path)
    assert again.table.digest == intake.table.digest
    assert again.sources == intake.sources
    assert str(tmp_path) not in str([source.document() for source in again.sources])


def test_the_same_content_in_other_formats_has_the_same_digest(intake: Intake, tmp_path: Path) -> None:
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    shutil.copytree(EXAMPLE / "data", tmp_path / "data")
    text = (tmp_path / "data" / "Sandy-Captk.csv").read_text(encoding="utf-8-sig")
    rows = [line.split(",") for line in text.splitlines()]
    study = (EXAMPLE / "study.yaml").read_text(encoding="utf-8")

    def digest(name: str) -> str:
        (tmp_path / "study.yaml").write_text(study.replace("data/Sandy-Captk.csv", f"data/{name}"), encoding="utf-8")
        return read_study(load_study(tmp_path / "study.yaml").plan, tmp_path).table.digest

    (tmp_path / "data" / "tabs.tsv").write_text("\n".join("\t".join(row) for row in rows), encoding="utf-16")
    assert digest("tabs.tsv") == intake.table.digest
    ids, columns = [row[0] for row in rows[1:]], list(zip(*rows[1:], strict=True))[1:]
    numbers = [[None if cell == "#NAME?" else float(cell) for cell in column] for column in columns]
    table = pa.table([pa.array(ids), *(pa.array(column, pa.float64()) for column in numbers)], names=rows[0])
    pq.write_table(table, tmp_path / "data" / "columns.parquet")
    assert digest("columns.parquet") == intake.table.digest
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(tmp_path / "data" / "text.xlsx")
    assert digest("text.xlsx") == intake.table.digest
