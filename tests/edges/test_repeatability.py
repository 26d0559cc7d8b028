"""Repeated measurements: the example on real data, planted mistakes, and a study that leaves unrepeatable features out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from radaudit.digests import canonical
from radaudit.edges.stages.repeatability import RECORD, TABLE, repeatability
from radaudit.edges.workspace import StageResult
from radaudit.errors import StudyError, TableError
from radaudit.findings import Verdict
from tests.edges.small_studies import clinical_csv, read, study, write

EXAMPLE = Path(__file__).parents[2] / "examples" / "repeatability"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "r", ignore=shutil.ignore_patterns("out"))
    return tmp_path / "r"


def rewrite(folder: Path, old: str, new: str) -> None:
    file = folder / "repeatability.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def codes(result: StageResult) -> set[str]:
    return {finding.code for finding in result.findings if finding.failed}


def record(folder: Path) -> dict:
    return json.loads((folder / RECORD).read_bytes())


def test_the_example_finds_48_pairs_of_15_patients_and_six_regions_read_once(folder: Path) -> None:
    result = repeatability(folder)
    found = record(folder)
    assert (found["targets"], found["readings"], found["patients"], found["unpaired"], len(found["features"])) == (48, 2, 15, 6, 83)
    assert codes(result) == {"SIZE-160", "SIZE-162", "SIZE-163"}
    assert (folder / TABLE).read_text().count("\n") == 84
    assert canonical(found) == (folder / RECORD).read_bytes()
    assert "PCAMPMRI" not in (folder / RECORD).read_text() + (folder / TABLE).read_text() + str(result.document())


def test_shape_does_not_care_about_the_bin_width_and_texture_does(folder: Path) -> None:
    repeatability(folder)
    variant = record(folder)["variants"][0]
    families = {row["family"]: row for row in variant["families"]}
    assert variant["settings"] == {"binWidth": ["10", "40"]}
    assert families["shape"]["same"] == families["shape"]["features"] == 11
    assert [families[name]["same"] for name in ("glcm", "glrlm", "glszm")] == [0, 0, 0]
    assert families["glcm"]["median_ccc"] < 0.5
    changed = {row["name"] for row in variant["features"] if not row["same"] and "firstorder" in row["name"]}
    assert changed == {"original_firstorder_Entropy", "original_firstorder_Uniformity"}


def test_two_bin_widths_in_one_study_are_refused(folder: Path) -> None:
    rewrite(folder, "tables: data/t2_bin10.csv", "tables: [data/registered_bin10.csv, data/registered_bin40.csv]")
    result = repeatability(folder)
    finding = next(finding for finding in result.findings if finding.code == "FEAT-004")
    assert finding.blocking
    assert finding.facts["values"] == ["10", "40"]
    assert result.exit_code == 1
    assert not (folder / RECORD).exists()


def test_a_shape_feature_that_changes_between_variants_is_found(folder: Path) -> None:
    file = folder / "data" / "registered_bin40.csv"
    rows = [line.split(";") for line in file.read_text().splitlines()]
    at = rows[0].index("original_shape_Volume")
    rows[3][at] = str(float(rows[3][at]) * 1.01)
    file.write_text("\n".join(";".join(row) for row in rows) + "\n")
    result = repeatability(folder)
    finding = next(finding for finding in result.findings if finding.code == "FEAT-181")
    assert (finding.verdict, finding.facts["features"]) == (Verdict.FAILED, 1)


def test_the_error_of_a_score_follows_from_its_features(folder: Path) -> None:
    repeatability(folder)
    score = record(folder)["score"]
    assert score["wsd_from_features"] == pytest.approx(score["wsd"]["value"], rel=1e-9)
    assert 0 < score["expected_reclassified"] < 0.2
    assert score["rc"]["value"] == pytest.approx(1.959964 * np.sqrt(2) * score["wsd"]["value"], rel=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"_([0-9]{8})_"', '"visit([0-9])"', "READ-160"),
        ("target: segmentedStructure ", "target: canonicalType ", "READ-161"),
        ("target: segmentedStructure ", "target: [segmentedStructure, study] ", "READ-162"),
        ("data/t2_bin10.csv", "data/t2_bin11.csv", "READ-042"),
        ('column: study, pattern: "^(PCA', 'column: stduy, pattern: "^(PCA', "READ-021"),
        ("original_firstorder_Entropy: 1.0", "original_firstorder_Entrpy: 1.0", "STUDY-172"),
        ("at_least: 0.75", "at_laest: 0.75", "STUDY-001"),
        ("form: ICC(2,1)", "form: ICC(4,1)", "STUDY-008"),
        ("kind: test-retest", "kind: readers\nform: ICC(1,1)", "STUDY-003"),
        ("tables: data/t2_bin10.csv", "tables: data/t2_bin10.csv\nfeatures: {include: ['wavelet*']}", "STUDY-171"),
    ],
)
def test_a_mistake_gets_its_code(folder: Path, old: str, new: str, code: str) -> None:
    rewrite(folder, old, new)
    with pytest.raises((StudyError, TableError)) as caught:
        repeatability(folder)
    assert caught.value.code == code


def test_a_form_that_forgets_the_readers_is_refused(folder: Path) -> None:
    rewrite(folder, "kind: test-retest", "kind: readers")
    rewrite(folder, "form: ICC(2,1)", "form: ICC(1,1)")
    with pytest.raises(StudyError) as caught:
        repeatability(folder)
    assert caught.value.code == "STUDY-170"


HEAD = "patient_id,original_shape_Sphericity,original_firstorder_Mean,original_glcm_Contrast"
IDS = ("LYO-1", "LYO-2", "GHE-1", "GHE-2")


def register_of(folder: Path, *, kind: str = "test-retest", settings: dict[str, str] | None = None) -> None:
    rows = [
        {"name": "original_shape_Sphericity", "icc": 0.95, "low": 0.9},
        {"name": "original_firstorder_Mean", "icc": 0.6, "low": 0.4},
    ]
    document = {
        "schema": "radaudit/repeatability-register/1",
        "form": "ICC(2,1)",
        "kind": kind,
        "extractor": "pyradiomics",
        "settings": settings or {},
        "patients": 15,
        "targets": 48,
        "readings": 2,
        "features": rows,
    }
    (folder / "register.json").write_bytes(canonical(document))


def small(folder: Path, *, said: str) -> str:
    lines = [HEAD, *(f"{patient},0.{5 + i},{10 + i}.5,{i}.25" for i, patient in enumerate(IDS))]
    write(folder, features="\n".join(lines) + "\n", clinical=clinical_csv(IDS))
    return study() + f"features: {{reproducibility: {said}}}\n"


def test_a_study_leaves_out_what_does_not_repeat_and_says_so(tmp_path: Path) -> None:
    text = small(tmp_path, said="{file: register.json, at_least: 0.75}")
    register_of(tmp_path)
    found = read(tmp_path, text)
    assert found.table.features == ("original_shape_Sphericity",)
    finding = next(finding for finding in found.findings if finding.code == "FEAT-183")
    assert [finding.facts[name] for name in ("kept", "low", "unknown")] == [1, 1, 1]
    assert sum(finding.facts["histogram"]) == 2  # type: ignore[arg-type]
    assert any(source.role == "reproducibility" for source in found.sources)
    assert {note.column for note in found.accounting if "ICC" in note.what} == {"original_firstorder_Mean"}


def test_features_nobody_measured_twice_may_stay_if_the_study_says_so(tmp_path: Path) -> None:
    text = small(tmp_path, said="{file: register.json, at_least: 0.5, unknown: keep}")
    register_of(tmp_path)
    assert len(read(tmp_path, text).table.features) == 3


def test_the_lower_bound_may_be_what_counts(tmp_path: Path) -> None:
    text = small(tmp_path, said="{file: register.json, at_least: 0.5, bound: low}")
    register_of(tmp_path)
    assert read(tmp_path, text).table.features == ("original_shape_Sphericity",)


def test_a_register_of_a_phantom_is_told(tmp_path: Path) -> None:
    text = small(tmp_path, said="register.json")
    register_of(tmp_path, kind="phantom")
    assert any(finding.code == "SIZE-161" and finding.failed for finding in read(tmp_path, text).findings)


@pytest.mark.parametrize(("content", "code"), [(None, "READ-042"), (b"{}", "READ-164"), (b"nothing", "READ-164")])
def test_a_register_that_is_none_is_refused(tmp_path: Path, content: bytes | None, code: str) -> None:
    text = small(tmp_path, said="register.json")
    if content is not None:
        (tmp_path / "register.json").write_bytes(content)
    with pytest.raises(TableError) as caught:
        read(tmp_path, text)
    assert caught.value.code == code


def test_no_feature_left_is_an_error(tmp_path: Path) -> None:
    text = small(tmp_path, said="{file: register.json, at_least: 0.99}")
    register_of(tmp_path)
    with pytest.raises(TableError) as caught:
        read(tmp_path, text)
    assert caught.value.code == "FEAT-182"
