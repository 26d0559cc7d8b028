"""Every mistake of the table of messages has its code, its explanation and a fixture; the whole command says it."""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from radaudit.cli import main
from radaudit.codes import all_codes
from radaudit.edges.mlflow import Mirror, Mirrored
from radaudit.tables.namespaces import namespace
from tests.conftest import FIXED
from tests.edges import site_tables
from tests.edges.site_tables import FEATURES, HEADER, rows, text, vector, write_study
from tests.flow import test_planted_mistakes as planted

TABLE = Path(__file__).parents[3] / "shared" / "design" / "EXPERIENCE.md"


@pytest.fixture(autouse=True)
def _unmirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mirror, "stage", lambda self, stage, recorded, **_: Mirrored(what=stage, experiment=self.experiment))
    for name, value in FIXED.items():
        monkeypatch.setenv(name, value)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the table: its code, and what plants the mistake, a key of MISTAKES or a test."""

    code: str
    fixture: str
    module: ModuleType | None = None


MESSAGES = {
    "wrong id column": Row(code="ID-002", fixture="the wrong id column"),
    "leading zeros": Row(code="ID-002", fixture="ids that lost their leading zeros"),
    "case/space variants": Row(code="ID-004", fixture="ids that differ by case"),
    "decimal commas": Row(code="READ-003", fixture="decimal commas"),
    "thousands separators": Row(code="READ-004", fixture="a comma with two readings"),
    "encoding": Row(code="READ-001", fixture="a table in windows-1252"),
    "not-a-number texts": Row(code="READ-005", fixture="cells that are not numbers"),
    "duplicated patients": Row(code="ID-001", fixture="patients twice"),
    "same image, two ids": Row(code="ID-005", fixture="test_one_image_under_two_ids_is_told"),
    "missing site": Row(code="SITE-002", fixture="patients without a site"),
    "site spelt twice": Row(code="SITE-003", fixture="a site spelt twice"),
    "confounded site/outcome": Row(code="CONF-002", fixture="a batch that is the outcome"),
    "too few per site": Row(code="SIZE-001", fixture="a batch of one patient"),
    "constant feature in one site": Row(code="FEAT-010", fixture="a feature that does not vary at one site"),
    "unknown feature names": Row(code="FEAT-002", fixture="test_names_rewritten_by_r_are_told_when_scoring", module=planted),
    "other extractor": Row(code="FEAT-001", fixture="test_a_table_of_another_extractor_is_refused_when_scoring"),
    "mixed settings": Row(code="FEAT-004", fixture="test_mixed_settings_are_told_with_the_sites_and_block"),
    "outcome coding": Row(code="OUT-002", fixture="an outcome with an unexplained text"),
    "CNSR": Row(code="OUT-004", fixture="a censoring flag"),
    "unit mix in time": Row(code="OUT-006", fixture="times in two units"),
    "unseen site at scoring": Row(
        code="SCORE-001", fixture="test_a_scanner_the_signature_does_not_know_is_refused_row_by_row", module=planted
    ),
    "held-out site, but `unseen: refuse`": Row(code="STUDY-007", fixture="a held-out site that can never be scored"),
    "outcome needed at scoring": Row(code="LEAK-005", fixture="the outcome among the preserved covariates"),
    "test set again": Row(
        code="GUARD-002", fixture="test_a_second_opening_is_refused_with_the_first_and_what_it_would_cost", module=planted
    ),
    "change after lock": Row(
        code="GUARD-001", fixture="test_a_plan_changed_after_the_lock_is_refused_with_the_command_for_a_new_version", module=planted
    ),
    "typo in study.yaml": Row(code="STUDY-001", fixture="a key with a typo"),
}


def test_the_map_is_the_table_row_by_row() -> None:
    if not TABLE.is_file():
        pytest.skip("the design is not beside the repository")
    section = TABLE.read_text("utf-8").split("### 2.6", 1)[1].split("Rules for messages", 1)[0]
    labels = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")]
    assert labels[0] == "Mistake"
    assert list(MESSAGES) == labels[1:]
    told = re.findall(r"(?:error|warning|refused|note)\[([A-Z]+-\d{3})\]", section)
    assert set(told) - {"SITE-001"} <= {row.code for row in MESSAGES.values()}  # SITE-001 shows the form; it is planted too


@pytest.mark.parametrize("label", MESSAGES)
def test_every_row_has_its_fixture_and_its_explanation(label: str, capsys: pytest.CaptureFixture[str]) -> None:
    row = MESSAGES[label]
    if row.fixture in planted.MISTAKES:
        assert planted.MISTAKES[row.fixture].code == row.code
    else:
        assert callable(getattr(row.module, row.fixture) if row.module else globals()[row.fixture])
    assert main(["explain", row.code]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{row.code}  {all_codes()[row.code].title}")
    assert "fix" in said
    assert "why" in said


def check(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(["check", "-C", str(folder)])
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return code, " ".join((said.out + said.err).split())


def test_mixed_settings_are_told_with_the_sites_and_block(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = check(write_study(tmp_path, vector("wrong-bin-width")), capsys)
    assert code == 1
    assert re.search(r"FAIL FEAT-004 binWidth is 25 at LYON \(24 rows\), 10 at OSLO .*blocking", said)
    assert re.search(r"OSLO 16 8 0 0\.0 binWidth [0-9.]+ FAIL", said)
    assert re.search(r"LYON 24 12 0 0\.0 ok [0-9.]+ ok", said)
    code, said = check(write_study(tmp_path, vector("clean")), capsys)
    assert "FAIL FEAT-004" not in said


def hashed(site: str, n: int, seed: int, first: int) -> bytes:
    table = rows(site, n, seed)
    table[0] += ["diagnostics_Image-original_Hash", "diagnostics_Mask-original_Hash"]
    for i, row in enumerate(table[1:]):
        row += [f"image{first + i}", f"mask{first + i}"]
    return text(table)


def test_one_image_under_two_ids_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_study(tmp_path, hashed("OSLO", 16, 2, first=123))
    (folder / "lyon.csv").write_bytes(hashed("LYON", 24, 1, first=100))  # the last image of LYON is the first of OSLO
    code, said = check(folder, capsys)
    assert code == 1
    assert "ID-005" in said
    with (folder / "out/findings/ID-005.csv").open(encoding="utf-8", newline="") as stream:
        (found,) = list(csv.DictReader(stream))
    assert found["patients"] == "LYO-0024, OSL-0001"
    (folder / "oslo.csv").write_bytes(hashed("OSLO", 16, 2, first=124))
    assert "FAIL ID-005" not in check(folder, capsys)[1]


MIRP = ("morph_volume", "morph_sphericity", "stat_mean", "stat_kurt", "cm_contrast_d1_3d_v_mrg_fbs_w25.0", "cm_corr_d1_3d_v_mrg_fbs_w25.0")


def test_a_table_of_another_extractor_is_refused_when_scoring(demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").mkdir()
    shutil.copy(demo / "out/signature.json", tmp_path / "out")
    lines = [["SubjectID", "Manufacturer", *MIRP], ["P1", "SIEMENS", *("1.5" for _ in MIRP)]]
    (tmp_path / "new.csv").write_bytes(text(lines))
    code = main(["score", str(tmp_path / "out/signature.json"), str(tmp_path / "new.csv"), "-o", str(tmp_path / "scores.csv")])
    said = " ".join(capsys.readouterr().err.split())
    assert code == 3
    assert "error[FEAT-001]" in said
    assert "look like MIRP" in said
    assert "bridging study" in said
    assert not (tmp_path / "scores.csv").exists()


@pytest.mark.parametrize(
    ("names", "scheme"),
    [
        (FEATURES, "PyRadiomics"),
        (MIRP, "MIRP"),
        (("T1_ED_GLCM_Bins-10_Radius-1_Contrast", "T1_ED_Intensity_Mean", "T1_ED_Volumetric_Volume"), "CaPTk"),
        (("MORPHOLOGICAL_Sphericity(IBSI:QCFX)[]", "INTENSITY-BASED_Mean(IBSI:Q4LE)[HU]", "GLCM_Contrast(IBSI:ACUI)[]"), "LIFEx"),
        (("GLCM_ASM_0", "GLCM_ACOR_45", "GLRLM_SRE_0"), "Nyxus"),
        (HEADER, ""),
        (("age", "sex", "stage"), ""),
        (FEATURES[:2], ""),
    ],
)
def test_names_tell_whose_they_are(names: tuple[str, ...], scheme: str) -> None:
    assert namespace(names)[0] == scheme
    assert site_tables.FEATURES == FEATURES
