"""PyRadiomics and CaPTk tables: recognised by their headers, diagnostics become settings and never features, failed cases are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from radaudit.edges.readers import captk, pyradiomics
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.registry import read_table
from radaudit.findings import Severity
from tests.edges.small_studies import clinical_csv, codes, read, study, write

SHARED = Path(__file__).parents[3] / "shared" / "data"
HEADER = (
    "patient_id,Image,Mask,Label,diagnostics_Versions_PyRadiomics,diagnostics_Configuration_Settings,diagnostics_Image-original_Hash,"
    "diagnostics_Mask-original_Hash,diagnostics_Mask-original_VoxelNum,original_shape_Sphericity,original_firstorder_Mean"
)
IDS = ("LYO-1", "LYO-2", "GHE-1", "GHE-2")


def batch(
    *, widths: tuple[int, ...] = (25, 25, 25, 25), versions: tuple[str, ...] = ("v3.0.1",) * 4, images: str = "abcd", failed: int = -1
) -> str:
    lines = [HEADER]
    for i, patient in enumerate(IDS):
        settings = f"\"{{'binWidth': {widths[i]}, 'label': 1, 'normalize': False, 'resampledPixelSpacing': [1, 1, 1]}}\""
        diagnostics = f"{versions[i]},{settings},{images[i] * 40},{images[i] * 40},{100 + i}"
        values = f"0.{5 + i},{10 + i}.5"
        if i == failed:
            diagnostics, values = ",,,,", ","
        lines.append(f"{patient},/home/someone/{patient}.nii,/home/someone/m.nii,1,{diagnostics},{values}")
    return "\n".join(lines) + "\n"


def small(folder: Path, **options: object) -> str:
    sites = ("LYON", "LYON", "GHENT", "GHENT")
    write(folder, features=batch(**options), clinical=clinical_csv(IDS, sites=sites))  # type: ignore[arg-type]
    return study()


def test_diagnostics_become_settings_and_are_never_features(tmp_path: Path) -> None:
    found = read(tmp_path, small(tmp_path))
    assert found.table.features == ("original_shape_Sphericity", "original_firstorder_Mean")
    assert set(found.table.facts["extraction settings"]) == {"binWidth=25; normalize=False; resampledPixelSpacing=[1, 1, 1]; version=3.0.1"}
    kinds = [note.kind for note in found.accounting]
    assert (kinds.count("diagnostics"), kinds.count("ignored column")) == (5, 3)
    assert found.sources[0].reader == "pyradiomics"
    assert codes(found) == []


def test_paths_of_images_go_nowhere(tmp_path: Path) -> None:
    found = read(tmp_path, small(tmp_path))
    assert "/home/" not in str((dict(found.table.facts), found.accounting, found.findings, found.dictionary))


def test_settings_reach_the_dictionary_only_if_all_rows_share_them(tmp_path: Path) -> None:
    assert "binWidth=25" in read(tmp_path, small(tmp_path)).dictionary[0].settings
    mixed = read(tmp_path, small(tmp_path, widths=(25, 25, 10, 10))).dictionary[0].settings
    assert "binWidth" not in mixed
    assert "version=3.0.1" in mixed


def test_mixed_settings_are_reported_by_site(tmp_path: Path) -> None:
    found = read(tmp_path, small(tmp_path, widths=(25, 25, 25, 10)))
    finding = next(finding for finding in found.findings if finding.code == "FEAT-004")
    assert finding.severity is Severity.BLOCKING
    assert finding.facts["values"] == {"25": 3, "10": 1}
    assert "10 at GHENT" in finding.sentence


def test_mixed_versions_are_reported(tmp_path: Path) -> None:
    assert codes(read(tmp_path, small(tmp_path, versions=("v3.0.1", "v3.0.1", "v2.2.0", "v2.2.0")))) == ["FEAT-033"]


def test_one_image_under_two_patients_is_reported(tmp_path: Path) -> None:
    found = read(tmp_path, small(tmp_path, images="abca"))
    finding = next(finding for finding in found.findings if finding.code == "ID-005")
    assert finding.blocking
    assert finding.local[0]["patients"] == "GHE-2, LYO-1"
    assert "LYO" not in str(finding.public())


def test_a_failed_case_is_reported_and_not_analysed(tmp_path: Path) -> None:
    found = read(tmp_path, small(tmp_path, failed=1))
    assert codes(found) == ["FEAT-058"]
    assert "LYO-2" not in found.table.patients


@pytest.mark.parametrize("cell", ["{'a': __import__('os').system('true')}", "{" * 3000, "not a dict", "{'binWidth': " + "9" * 6000 + "}"])
def test_settings_that_are_not_a_literal_are_kept_as_a_digest_and_never_run(tmp_path: Path, cell: str) -> None:
    text = small(tmp_path)
    content = (
        (tmp_path / "features.csv")
        .read_text()
        .replace("\"{'binWidth': 25", f'"{cell}', 1)
        .replace(", 'label': 1, 'normalize': False, 'resampledPixelSpacing': [1, 1, 1]}", "", 1)
    )
    write(tmp_path, features=content)
    found = read(tmp_path, text)
    assert any("unreadable, sha256" in str(one) for one in found.table.facts["extraction settings"])


def test_json_batches_read_like_csv(tmp_path: Path) -> None:
    text = small(tmp_path)
    table = read(tmp_path, text).table
    cases = []
    for i, patient in enumerate(IDS):
        settings = {"binWidth": 25, "label": 1, "normalize": False, "resampledPixelSpacing": [1, 1, 1]}
        cases.append(
            {
                "patient_id": patient,
                "diagnostics_Versions_PyRadiomics": "v3.0.1",
                "diagnostics_Configuration_Settings": settings,
                "original_shape_Sphericity": float(f"0.{5 + i}"),
                "original_firstorder_Mean": 10.5 + i,
            }
        )
    write(tmp_path, **{"features.json": json.dumps(cases)})
    assert read(tmp_path, study(features="features.json")).table.digest == table.digest


def test_general_info_of_version_one_is_settings_too(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id;general_info_Version;general_info_GeneralSettings;original_shape_Volume\na;1.3.0;{'binWidth': 10};5\n")
    table = pyradiomics.read(path, ReadOptions(text={"id"}.__contains__))
    assert table.names == ("id", "original_shape_Volume")
    assert dict(table.settings[0]) == {"binWidth": "10", "version": "1.3.0"}


def test_each_reader_claims_its_own_headers(tmp_path: Path) -> None:
    ours, theirs, neither = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv"
    ours.write_text("id,original_shape_Sphericity,original_firstorder_Mean,wavelet-LLH_glcm_Idm\na,1,2,3\n")
    theirs.write_text("id,T1_ED_Intensity_Mean,T1_ED_Volumetric_Volume,T1_ED_NGTDM_Contrast\na,1,2,3\n")
    neither.write_text("id,age,Mean,Contrast\na,1,2,3\n")
    assert [pyradiomics.claims(path) for path in (ours, theirs, neither)] == [True, False, False]
    assert [captk.claims(path) for path in (ours, theirs, neither)] == [False, True, False]
    assert [read_table(path, ReadOptions()).reader for path in (ours, theirs, neither)] == ["pyradiomics", "captk", "generic"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not beside the repository")
@pytest.mark.parametrize(
    ("name", "reader", "rows", "features", "width", "version"),
    [
        ("phantom/pyradiomics_3.0.1_cli_batch.csv", "pyradiomics", 4, 107, "1", "3.0.1"),
        ("phantom/pyradiomics_3.0.1_cli_single.json", "pyradiomics", 1, 107, "1", "3.0.1"),
        ("phantom/pyradiomics_3.0.1_cli_log_wavelet.csv", "pyradiomics", 1, 1130, "1", "3.0.1"),
        ("sts_pet/pyradiomics_3.0.1_sts_pet.csv", "pyradiomics", 51, 1037, "0.25", "3.0.1"),
        ("dapper/rad-features.csv", "pyradiomics", 193, 973, None, None),
        ("opnested/Sandy-Captk.csv", "captk", 206, 102, None, None),
    ],
)
def test_real_tables_are_recognised(name: str, reader: str, rows: int, features: int, width: str | None, version: str | None) -> None:
    table: RawTable = read_table(SHARED / name, ReadOptions(text={"ID", "USUBJID", "LESIONLOC", "SubjectID"}.__contains__))
    assert (table.reader, table.rows, len(table.features or ())) == (reader, rows, features)
    if width:
        assert table.settings[0]["binWidth"] == width
    if version:
        assert table.settings[0]["version"] == version
