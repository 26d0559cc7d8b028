"""radaudit features and radaudit ibsi, as they are called."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from radaudit.cli import main
from radaudit.digests import canonical, file_digest

ROOT = Path(__file__).parents[2]
PHANTOM = ROOT / "tests" / "reference" / "ibsi"


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def codes(document: dict[str, Any], verdict: str = "failed") -> set[str]:
    return {finding["code"] for finding in document["findings"] if finding["verdict"] == verdict}


def wide(folder: Path, source: str, name: str = "phantom.csv", **changed: str) -> Path:
    """Write the phantom output of one extractor as its own kind of table: one row, one column per feature."""
    with (PHANTOM / source).open(encoding="utf-8", newline="") as stream:
        row = {line["feature"]: line["value"] for line in csv.DictReader(stream)} | changed
    with (folder / name).open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["case", *row], ["phantom", *row.values()]])
    return folder / name


def table(folder: Path, name: str, columns: dict[str, list[str]]) -> Path:
    with (folder / name).open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([list(columns), *zip(*columns.values(), strict=True)])
    return folder / name


@pytest.mark.parametrize(
    ("source", "extractor", "within", "compared"),
    [
        ("pyradiomics_phantom.csv", "pyradiomics", 99, 102),
        ("mirp_phantom.csv", "mirp", 167, 169),
        ("pysera_phantom.csv", "pysera", 338, 346),
        ("nyxus_phantom.csv", "nyxus", 90, 148),
        ("pycerr_default_phantom.csv", "cerr", 9, 112),
    ],
)
def test_the_extractor_is_told_from_the_names_and_its_conformance_counted(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    extractor: str,
    within: int,
    compared: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    file = wide(tmp_path, source)
    code, document = said(capsys, "ibsi", file)
    record = document["record"]
    counts = record["cases"][0]["counts"]
    assert (code, record["extractor"], counts["within"], counts["compared"]) == (0, extractor, within, compared)
    assert counts["explained"] == counts["outside"]
    assert all(one["explanation"] for one in record["cases"][0]["compared"] if not one["within"])
    assert record["input"]["sha256"] == file_digest(file)
    assert codes(document) == {"FEAT-134"}


def test_the_record_is_canonical_and_the_same_in_every_run_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        file = wide(tmp_path / place, "mirp_phantom.csv")
        assert main(["ibsi", str(file), "--out", "record.json"]) == 0
        written.append(Path("record.json").read_bytes())
    assert written[0] == written[1]
    assert canonical(json.loads(written[0])) + b"\n" == written[0]
    assert str(tmp_path).encode() not in written[0]


def test_a_miss_that_nobody_can_explain_is_blocking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, document = said(capsys, "ibsi", wide(tmp_path, "mirp_phantom.csv", stat_mean="2.3"))
    assert code == 1
    assert "FEAT-133" in codes(document)


def test_failed_rows_are_counted_and_the_others_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    columns = {
        "ID": ["a", "b", "c"],
        "original_firstorder_Mean": ["2.1486", "", "9"],
        "original_glcm_Id": ["0.6766", "", "1"],
        "original_shape_MeshVolume": ["556.3", "", "1"],
    }
    file = table(tmp_path, "batch.csv", columns)
    code, document = said(capsys, "ibsi", file)
    record = document["record"]
    assert code == 1
    assert record["input"] | {"sha256": ""} == {"file": "batch.csv", "sha256": "", "rows": 3, "rows_without_features": 1}
    assert [(case["row"], case["counts"]["within"]) for case in record["cases"]] == [(2, 3), (4, 0)]


def test_a_phantom_a_filter_and_an_extractor_nobody_knows_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = wide(tmp_path, "mirp_phantom.csv")
    plain = table(tmp_path, "plain.csv", {"id": ["1"], "V1": ["2.5"]})
    filtered = table(
        tmp_path, "filtered.csv", {f"{name}_stat_mean": ["1.5"] for name in ("log_s_2.0", "log_s_4.0")} | {"cm_corr_d1_3d_avg": ["1.5"]}
    )
    for words, expected in (
        ([file, "--phantom", "F"], "FEAT-130"),
        ([file, "--extractor", "pyradiomix"], "FEAT-131"),
        ([plain], "FEAT-131"),
        ([filtered, "--phantom", "3.B"], "FEAT-132"),
        ([filtered, "--phantom", "3.B", "--filter", "gabor"], "FEAT-132"),
        ([tmp_path / "fitered.csv"], "STUDY-033"),
    ):
        code, document = said(capsys, "ibsi", *words)
        assert (code, document["errors"][0]["code"]) == (3, expected), words
    assert list(tmp_path.glob("*.json")) == []


def test_a_filter_configuration_is_compared_with_the_filter_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = table(tmp_path, "f.csv", {f"{name}_stat_min": ["-1000"] for name in ("log_s_2.0", "mean_d_5")} | {"cm_corr_d1_3d_avg": ["1"]})
    _, document = said(capsys, "ibsi", file, "--phantom", "1.A", "--filter", "mean_d_5")
    assert document["record"]["cases"][0]["counts"] == {"compared": 1, "within": 1, "outside": 0, "explained": 0, "without_reference": 2}


def test_features_lists_every_feature_with_its_identity(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = said(capsys, "features", wide(tmp_path, "nyxus_phantom.csv"))
    one = document["tables"][0]
    assert code == 0
    assert (one["extractor"], len(one["features"]), one["with_ibsi_code"]) == ("nyxus", 213, 192)
    by = {feature["name"]: feature for feature in one["features"]}
    assert (by["3GLCM_CONTRAST_AVE"]["ibsi"], by["3GLCM_CONTRAST_AVE"]["aggregation"]) == ("ACUI", "3D, averaged over directions")
    assert codes(document) == {"FEAT-124"}


def test_tables_of_two_extractors_are_not_comparable_without_a_bridging_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [wide(tmp_path, f"{name}_phantom.csv", f"{name}.csv") for name in ("mirp", "pyradiomics")]
    _, document = said(capsys, "features", *files)
    finding = next(one for one in document["findings"] if one["code"] == "FEAT-001")
    assert finding["verdict"] == "failed"
    assert finding["facts"] == {"extractors": ["mirp", "pyradiomics"], "linked": 102}


def test_settings_versions_discretisations_and_units_are_compared_between_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def pyradiomics(name: str, width: str, version: str) -> Path:
        return table(tmp_path, name, {"diagnostics_Versions_PyRadiomics": [version],
                                      "diagnostics_Configuration_Settings": [f"{{'binWidth': {width}}}"],
                                      "original_glcm_Contrast": ["1.5"], "original_firstorder_Mean": ["2.5"]})  # fmt: skip

    def lifex(name: str, unit: str) -> Path:
        return table(
            tmp_path,
            name,
            {f"MORPHOLOGICAL_Volume(IBSI:RNU0)[{unit}]": ["1.5"], "GLCM_Contrast(IBSI:ACUI)": ["2.5"]},
        )

    _, document = said(capsys, "features", pyradiomics("a.csv", "25", "v3.0.1"), pyradiomics("b.csv", "10", "v3.1.0"))
    assert codes(document) >= {"FEAT-004", "FEAT-033"}
    _, document = said(capsys, "features", lifex("c.csv", "mm3"), lifex("d.csv", "cm3"))
    assert "FEAT-121" in codes(document)
    _, document = said(
        capsys,
        "features",
        table(tmp_path, "e.csv", {f"cm_corr_d1_3d_avg_{bins}": ["1.5"] for bins in ("fbs_w25.0", "fbn_n32", "fbs_w10.0")}),
    )
    assert "FEAT-007" in codes(document)


def test_a_parameter_file_is_compared_with_what_the_diagnostics_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def done(settings: str) -> Path:
        columns = {"diagnostics_Configuration_Settings": [settings], "original_glcm_Contrast": ["1.5"], "original_glcm_Id": ["0.5"]}
        return table(tmp_path, "done.csv", columns)

    params = tmp_path / "params.yaml"
    params.write_text("setting:\n  binWidth: 25\n  resampledPixelSpacing: [1, 1, 1]\n  force2D: true\nimageType:\n  Original: {}\n")
    same = done("{'binWidth': 25.0, 'resampledPixelSpacing': [1.0, 1.0, 1.0], 'force2D': True}")
    _, document = said(capsys, "features", same, "--params", params)
    assert "FEAT-125" in codes(document, "passed")
    code, document = said(capsys, "features", done("{'binWidth': 10, 'force2D': True}"), "--params", params)
    assert code == 1
    finding = next(one for one in document["findings"] if one["code"] == "FEAT-125")
    assert finding["facts"]["settings"] == ["binWidth"]
    plain = table(tmp_path, "plain.csv", {name: ["1.5"] for name in ("original_glcm_Contrast", "original_glcm_Id", "original_glcm_Idm")})
    _, document = said(capsys, "features", plain, "--params", params)
    assert "FEAT-125" in codes(document, "not run")
    first = document["tables"][0]["features"][0]
    assert (first["discretisation"], first["aggregation"]) == ("fixed bins of 25", "2.5D, merged over slices, averaged over directions")


@pytest.mark.parametrize("text", ["", "[1, 2]", "binWidth: 25", "setting: [1]", "setting: {a: [", "\x00"])
def test_what_is_no_parameter_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    code, document = said(capsys, "features", wide(tmp_path, "mirp_phantom.csv"), "--params", tmp_path / "p.yaml")
    assert (code, document["errors"][0]["code"]) == (3, "FEAT-126")


def test_anonymous_and_unknown_names_are_said_to_be_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, document = said(capsys, "features", table(tmp_path, "r.csv", {"id": ["a"], "V1": ["1.5"], "V2": ["2.5"]}))
    assert codes(document) == {"FEAT-122"}
    _, document = said(capsys, "features", table(tmp_path, "s.csv", {"id": ["a"], "haralick_roughness": ["1.5"]}))
    assert codes(document) == {"FEAT-123"}


def test_the_features_of_a_study_are_listed_without_naming_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "examples" / "egfr", tmp_path / "study")
    _, document = said(capsys, "features", "-C", tmp_path / "study")
    assert [(one["extractor"], one["rows"]) for one in document["tables"]] == [("captk", 206)]


def test_names_that_would_steer_a_terminal_come_out_inert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = table(tmp_path, "h.csv", {"id": ["a"], "\x1b[31moriginal_glcm_Contrast\u202e": ["1.5"], "original_glcm_Id": ["1.5"]})
    assert main(["features", str(file)]) == 0
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "\u202e" not in text
