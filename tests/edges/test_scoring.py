import csv
from pathlib import Path
from typing import Any

import pytest

from radaudit.edges.scoring import HEADER, TableOptions, score_file
from radaudit.errors import SignatureError, TableError
from radaudit.signature import Scorer, sealed, signature_bytes
from tests.unit.signature.signature_build import locked

FEATURES = ("original_shape_Sphericity", "wavelet-LLH_firstorder_Mean", "original_glcm_Contrast")
GOOD = {"PatientID": "007", "hospital": "OSLO", "Manufacturer": "GE", "sex": "male", "age": "60"} | dict(
    zip(FEATURES, ("3.0", "-900.5", "0.5"), strict=True)
)


def clock() -> str:
    return "2026-11-23T08:00:00Z"


def table(path: Path, rows: list[dict[str, str]], delimiter: str = ",") -> Path:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def scored(
    tmp_path: Path, rows: list[dict[str, str]], options: TableOptions | None = None, **more: Any
) -> tuple[Any, list[dict[str, str]]]:
    signature = tmp_path / "signature.json"
    signature.write_bytes(signature_bytes(locked(**more)))
    delimiter = ";" if options and options.delimiter else ","
    summary = score_file(signature, table(tmp_path / "wave3.csv", rows, delimiter), tmp_path / "scores.csv", options=options, clock=clock)
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as stream:
        return summary, list(csv.DictReader(stream))


def test_every_row_comes_back_in_order_with_risk_or_reason(tmp_path: Path) -> None:
    rows = [
        GOOD,
        GOOD | {"PatientID": "008", "Manufacturer": "BERGEN"},
        GOOD | {"PatientID": "009", "original_glcm_Contrast": "99"},
        GOOD | {"PatientID": "010", "age": ""},
        GOOD | {"PatientID": "011", "original_glcm_Contrast": "NaN"},
        GOOD | {"PatientID": "012", "original_glcm_Contrast": "#NUM!"},
    ]
    summary, written = scored(tmp_path, rows)
    assert tuple(written[0]) == HEADER
    assert [row["subject"] for row in written] == ["007", "008", "009", "010", "011", "012"]
    assert [row["status"] for row in written] == ["scored", "refused", "flagged", "refused", "flagged", "refused"]
    assert [bool(row["risk"]) for row in written] == [True, False, True, False, True, False]
    assert {row["site"] for row in written} == {"OSLO"}
    assert {row["signature_sha256"] for row in written} == {locked()["sha256"]}
    assert {row["scored_at"] for row in written} == {clock()}
    assert (summary.rows, summary.exit_code) == (6, 1)
    assert dict(summary.statuses) == {"scored": 1, "flagged": 2, "refused": 3}
    assert dict(summary.codes) == {"SCORE-001": 1, "SCORE-003": 2, "SCORE-005": 1, "SCORE-006": 1}
    assert any("BERGEN not in signature" in line for line in summary.lines())


def test_the_file_holds_the_bits_of_the_scorer(tmp_path: Path) -> None:
    summary, written = scored(tmp_path, [GOOD])
    assert summary.exit_code == 0
    assert float(written[0]["risk"]) == Scorer(locked()).score_row(GOOD).risk


def test_decimal_commas_and_missing_markers_are_stated(tmp_path: Path) -> None:
    row = GOOD | {"original_shape_Sphericity": "3,0", "wavelet-LLH_firstorder_Mean": "-900,5", "original_glcm_Contrast": "?"}
    options = TableOptions(delimiter=";", decimal=",", missing=("?",))
    _, written = scored(tmp_path, [row], options)
    assert float(written[0]["risk"]) == Scorer(locked()).score_row(GOOD | {"original_glcm_Contrast": None}).risk


def test_cells_that_a_spreadsheet_would_run_are_quoted(tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://x")'
    rows = [GOOD | {"PatientID": evil, "hospital": "@x", "Manufacturer": "+cmd|' /C calc'!A0"}]
    _, written = scored(tmp_path, rows)
    assert all(not written[0][name].startswith(("=", "+", "-", "@")) for name in ("subject", "site", "reason"))


def test_a_table_without_the_patients_is_refused_with_the_nearest_column(tmp_path: Path) -> None:
    row = {("patient_id" if name == "PatientID" else name): cell for name, cell in GOOD.items()}
    with pytest.raises(SignatureError) as caught:
        scored(tmp_path, [row])
    assert (caught.value.code, caught.value.near, caught.value.exit_code) == ("SCORE-013", "patient_id", 3)
    _, written = scored(tmp_path, [row], TableOptions(subject="patient_id"))
    assert written[0]["subject"] == "007"


def test_features_under_other_names_are_refused_with_the_nearest(tmp_path: Path) -> None:
    typo = {name.replace("Sphericity", "Sphericty"): cell for name, cell in GOOD.items()}
    with pytest.raises(TableError) as caught:
        scored(tmp_path, [typo])
    assert caught.value.near == "original_shape_Sphericty"
    with pytest.raises(TableError) as caught:
        scored(tmp_path, [{"PatientID": "007", "cm_contrast_d1_3d_v_mrg_fbs_w25.0": "1"}])
    assert caught.value.what.startswith("3 of 3 features")
    assert not (tmp_path / "scores.csv").exists()


def test_an_input_is_never_replaced(tmp_path: Path) -> None:
    signature = tmp_path / "signature.json"
    signature.write_bytes(signature_bytes(locked()))
    path = table(tmp_path / "wave3.csv", [GOOD])
    for out in (signature, path):
        before = out.read_bytes()
        with pytest.raises(SignatureError) as caught:
            score_file(signature, path, out, clock=clock)
        assert caught.value.code == "SCORE-013"
        assert out.read_bytes() == before


def test_an_altered_or_unreproducible_signature_scores_nothing(tmp_path: Path) -> None:
    path = table(tmp_path / "wave3.csv", [GOOD])
    document = locked()
    lying = sealed({**document, "test_vectors": [document["test_vectors"][0] | {"risk": 0.9}]})
    altered = signature_bytes(document).replace(b"0.42", b"0.43")
    for data, code in [(signature_bytes(lying), "SCORE-012"), (altered, "SCORE-011"), (b"{}", "SCORE-010")]:
        (tmp_path / "signature.json").write_bytes(data)
        with pytest.raises(SignatureError) as caught:
            score_file(tmp_path / "signature.json", path, tmp_path / "scores.csv", clock=clock)
        assert caught.value.code == code
    assert not (tmp_path / "scores.csv").exists()
    with pytest.raises(SignatureError) as caught:
        score_file(tmp_path / "nothing.json", path, tmp_path / "scores.csv", clock=clock)
    assert caught.value.code == "SCORE-010"
    (tmp_path / "signature.json").write_bytes(signature_bytes(document))
    with pytest.raises(TableError):
        score_file(tmp_path / "signature.json", tmp_path / "nothing.csv", tmp_path / "scores.csv", clock=clock)


def test_site_names_and_ids_stay_text(tmp_path: Path) -> None:
    rows = [
        GOOD | {"PatientID": ident, "hospital": site} for ident, site in [("0012", "NO"), ("1e3", "012"), ("on", "Zürich"), (" 7", "1e3")]
    ]
    _, written = scored(tmp_path, rows)
    assert [row["site"] for row in written] == ["NO", "012", "Zürich", "1e3"]
    assert [row["subject"].strip() for row in written] == ["0012", "1e3", "on", "7"]
