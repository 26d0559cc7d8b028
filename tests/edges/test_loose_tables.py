"""Tables that no study names: whose rows they are and on what evidence, several files as one table, and what a first look finds odd."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from radaudit.cli.app import run
from radaudit.edges.loose.ingested import Ingested, ingest_files
from radaudit.errors import RadauditError, StudyError, TableError
from radaudit.findings import Finding
from radaudit.study.plan import Plan
from tests.extractor_tables import samples

NAMES = [f"original_firstorder_F{i}" for i in range(12)]


def table(path: Path, rows: list[list[object]], header: list[str], *, sep: str = ",") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(sep.join(map(str, row)) for row in [header, *rows]) + "\n", encoding="utf-8")
    return str(path)


def values(i: int, *, factor: float = 1.0) -> list[object]:
    rng = random.Random(i)
    return [round((j + 1) * rng.uniform(1, 2) * factor, 5) for j in range(len(NAMES))]


def wide(path: Path, n: int = 20, *, ids: list[str] | None = None, factor: float = 1.0, start: int = 0) -> str:
    return table(
        path,
        [[(ids or [f"P{start + k:03d}" for k in range(n)])[i], *values(start + i, factor=factor)] for i in range(n)],
        ["patient", *NAMES],
    )


def codes(found: Ingested) -> set[str]:
    return {finding.code for finding in found.findings}


def finding(found: Ingested, code: str) -> Finding:
    return next(one for one in found.findings if one.code == code)


def ident(found: Ingested) -> dict[str, object]:
    return dict(found.document()["tables"][0]["id"])


def refused(*arguments: object, **more: object) -> RadauditError:
    with pytest.raises(RadauditError) as error:
        ingest_files([str(one) for one in arguments], **more)  # type: ignore[arg-type]
    assert error.value.fix
    return error.value


# whose rows these are


@pytest.mark.parametrize("name", ["ID", "patient_id", "Subject", "USUBJID", "PatientID", "case", "record_id", "sample_name"])
def test_a_column_called_like_an_id_is_taken_and_keeps_its_zeros(name: str, tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", [[f"00{i}", *values(i)] for i in range(6)], [name, *NAMES])
    found = ingest_files([path])
    assert (found.rows, found.patients, len(found.names)) == (6, 6, 12)
    assert (ident(found)["column"], ident(found)["how"]) == (name, "name")
    assert found.looks[0].people.ids[1] == "001"


def test_a_feature_called_id_is_a_feature(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", [[*values(i), 0.1 * i + 0.05, i] for i in range(8)], [*(f"glcm{i}" for i in range(12)), "Id", "ID"])
    found = ingest_files([path])
    assert ident(found)["column"] == "ID"
    assert "Id" in found.names


def test_a_table_without_ids_counts_rows_and_says_so_with_a_line_to_add(tmp_path: Path) -> None:
    found = ingest_files([table(tmp_path / "t.csv", [values(i) for i in range(9)], NAMES)])
    assert (found.patients, ident(found)["how"], ident(found)["column"]) == (9, "surrogate", None)
    assert "id_from: row" in finding(found, "ID-040").fix


def test_an_index_of_zeros_or_of_row_numbers_is_no_id(tmp_path: Path) -> None:
    zeros = ingest_files([table(tmp_path / "z.csv", [[0, *values(i)] for i in range(9)], ["", *NAMES])])
    numbers = ingest_files([table(tmp_path / "n.csv", [[i, *values(i)] for i in range(9)], ["", *NAMES])])
    named = ingest_files([table(tmp_path / "i.csv", [[0, *values(i)] for i in range(9)], ["ID", *NAMES])])
    for found in (zeros, numbers, named):
        assert ident(found)["how"] == "surrogate"
        assert {"ID-040", "ID-042"} <= codes(found)


def test_row_names_of_r_and_ids_in_the_last_column_are_found(tmp_path: Path) -> None:
    named = ingest_files([table(tmp_path / "r.csv", [[f"N{i}", *values(i)] for i in range(9)], ["", *NAMES])])
    last = ingest_files([table(tmp_path / "l.csv", [[*values(i), f"N{i}"] for i in range(9)], [*NAMES, "PatientID"])])
    assert (ident(named)["how"], ident(named)["column"]) == ("row names", "unnamed_1")
    assert (ident(last)["how"], ident(last)["column"], last.patients) == ("name", "PatientID", 9)


def test_ids_under_an_unknown_name_are_found_by_how_they_are_written(tmp_path: Path) -> None:
    found = ingest_files([table(tmp_path / "t.csv", [[f"AMC-{i:03d}", *values(i)] for i in range(12)], ["clc", *NAMES])])
    assert (ident(found)["how"], ident(found)["column"]) == ("shape", "clc")


def test_an_id_before_the_date_of_a_visit_is_cut_and_the_line_is_given(tmp_path: Path) -> None:
    visits = [f"PAT-{i // 2:02d}_2004070{1 + i % 2}_0927" for i in range(10)]
    path = table(tmp_path / "t.csv", [[visit, *values(i)] for i, visit in enumerate(visits)], ["study", *NAMES])
    found = ingest_files([path])
    assert (found.rows, found.patients) == (10, 5)
    assert found.document()["tables"][0]["timepoint"] == "study"
    assert found.document()["tables"][0]["timepoints"] == 10
    assert "id_pattern" in finding(found, "ID-041").fix
    odd = ingest_files([table(tmp_path / "o.csv", [[f"PAT-{i:02d}_99999999", *values(i)] for i in range(10)], ["study", *NAMES])])
    assert odd.patients == 10


def test_lesions_of_a_patient_are_regions_and_no_duplicates(tmp_path: Path) -> None:
    rows = [[f"P{i // 3}", f"site {i % 3}", *values(i)] for i in range(12)]
    found = ingest_files([table(tmp_path / "t.csv", rows, ["USUBJID", "LESIONLOC", *NAMES])])
    assert (found.patients, found.document()["tables"][0]["units"]) == (4, ["LESIONLOC"])
    assert "ID-001" not in codes(found)
    again = ingest_files([table(tmp_path / "d.csv", [[f"P{i // 3}", *values(i)] for i in range(12)], ["USUBJID", *NAMES])])
    assert "ID-001" in codes(again)


def test_visits_are_a_timepoint_and_times_in_names_are_told(tmp_path: Path) -> None:
    rows = [[f"P{i // 2}", f"week{i % 2}", *values(i)] for i in range(12)]
    dynamic = ingest_files([table(tmp_path / "t.csv", rows, ["patient", "timepoint", *NAMES])])
    assert dynamic.document()["tables"][0]["timepoint"] == "timepoint"
    assert (dynamic.patients, dynamic.document()["tables"][0]["timepoints"]) == (6, 2)
    named = [f"tp{t}_original_glcm_F{j}" for t in (1, 2) for j in range(6)]
    several = ingest_files([table(tmp_path / "n.csv", [[f"P{i}", *values(i)] for i in range(6)], ["patient", *named])])
    assert several.document()["tables"][0]["times_in_names"] == ["tp1", "tp2"]
    delta = ingest_files(
        [table(tmp_path / "d.csv", [[f"P{i}", *values(i)] for i in range(6)], ["patient", *(f"delta_{n}" for n in NAMES)])]
    )
    assert (delta.document()["tables"][0]["times_in_names"], len(delta.names)) == (["delta"], 12)


def test_clinical_tables_hold_no_features_and_outcomes_are_none(tmp_path: Path) -> None:
    clinical = [[f"P{i}", 40 + i, "FM"[i % 2], 10.5 * i, i % 2] for i in range(12)]
    found = ingest_files([table(tmp_path / "c.csv", clinical, ["Subject", "Age", "Sex", "OS_months", "OS_status"])])
    assert (found.rows, found.patients, len(found.names), codes(found)) == (12, 12, 0, {"READ-085"})
    mixed = [[f"P{i}", *(v for v in values(i)), 50 + i, i % 2, 10.5 * i] for i in range(12)]
    header = ["id", *(f"feature {i}" for i in range(12)), "age", "relapse", "OS_time"]
    assert len(ingest_files([table(tmp_path / "m.csv", mixed, header)]).names) == 12


# several files


def test_a_folder_a_pattern_and_files_one_by_one_are_the_same_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(4):
        wide(tmp_path / "out" / f"P{i}_X7.csv", 1, start=i)
    (tmp_path / "out" / "README.md").write_text("words")
    (tmp_path / "out" / ".hidden.csv").write_text("a,b\n1,2\n")
    monkeypatch.chdir(tmp_path)
    ways = [["out"], ["out/*.csv"], sorted(f"out/{file.name}" for file in (tmp_path / "out").glob("P*.csv"))]
    found = [ingest_files(way) for way in ways]
    assert {(one.rows, one.patients, len(one.names)) for one in found} == {(4, 4, 12)}
    assert [len(one.document()["tables"]) for one in found] == [1, 1, 1]
    assert found[0].looks[0].loaded.raw.places[1] == "out/P1_X7.csv row 2"


def test_files_of_one_row_without_ids_are_named_by_their_files(tmp_path: Path) -> None:
    for i in range(4):
        table(tmp_path / "out" / f"case{i}.csv", [values(i)], NAMES)
    found = ingest_files([str(tmp_path / "out")])
    assert (ident(found)["how"], found.looks[0].people.ids) == ("file name", ("case0", "case1", "case2", "case3"))


def test_files_of_regions_without_ids_are_one_patient_each(tmp_path: Path) -> None:
    text = samples(tmp_path / "one")["slicer"].path.read_text()
    for name in ("a", "b", "c"):
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / f"{name}.csv").write_text(text.replace("0.5", f"0.{ord(name)}"))
    found = ingest_files([str(tmp_path / "out")])
    assert (found.rows, found.patients, ident(found)["how"]) == (6, 3, "file name")
    assert found.document()["tables"][0]["units"] == ["Label"]


def test_a_folder_with_other_columns_programs_or_without_tables_is_refused(tmp_path: Path) -> None:
    forms = samples(tmp_path / "forms")
    two = tmp_path / "two"
    two.mkdir()
    for name in ("captk", "zrad"):
        (two / forms[name].path.name).write_bytes(forms[name].path.read_bytes())
    assert refused(two).code == "READ-050"
    wide(tmp_path / "cols" / "a.csv", 3)
    table(tmp_path / "cols" / "b.csv", [["P9", *values(9)[:-1]]], ["patient", *NAMES[:-1]])
    error = refused(tmp_path / "cols")
    assert error.code == "READ-051"
    assert NAMES[-1] in str(error.found)
    (tmp_path / "none").mkdir()
    assert refused(tmp_path / "none").code == "READ-052"
    assert refused(tmp_path / "none" / "*.csv").code == "READ-052"
    assert refused(tmp_path / "cols" / "c.csv").code == "READ-042"
    with pytest.raises(StudyError):
        ingest_files([])


def test_columns_in_another_order_meet_by_name(tmp_path: Path) -> None:
    table(tmp_path / "o" / "a.csv", [["P1", 1.5, 2.5, *range(3, 13)]], ["patient", *NAMES])
    table(tmp_path / "o" / "b.csv", [[2.25, *range(3, 13), 1.25, "P2"]], [NAMES[1], *NAMES[2:], NAMES[0], "patient"])
    found = ingest_files([str(tmp_path / "o")])
    assert found.looks[0].measured.columns[NAMES[0]].tolist() == [1.5, 1.25]
    assert found.looks[0].people.ids == ("P1", "P2")


def test_tables_of_two_programs_named_one_by_one_are_compared(tmp_path: Path) -> None:
    forms = samples(tmp_path)
    found = ingest_files([str(forms["captk"].path), str(forms["zrad"].path)])
    assert (found.rows, found.document()["extractor"]) == (3, ["captk", "zrad"])
    assert {"FEAT-001", "FEAT-032"} <= codes(found)


def test_a_feature_table_and_a_clinical_one_keep_their_roles(tmp_path: Path) -> None:
    clinical = table(tmp_path / "c.csv", [[f"P{i:03d}", 40 + i, i % 2] for i in range(20)], ["patient", "age", "event"])
    found = ingest_files([wide(tmp_path / "f.csv"), clinical])
    assert (found.rows, found.patients, len(found.names)) == (20, 20, 12)
    assert [one["role"] for one in found.document()["tables"]] == ["features", "other"]


def test_the_same_file_twice_is_found(tmp_path: Path) -> None:
    one = wide(tmp_path / "a.csv", 5)
    (tmp_path / "b.csv").write_bytes(Path(one).read_bytes())
    found = ingest_files([one, str(tmp_path / "b.csv")])
    assert {"READ-083", "ID-001"} <= codes(found)


# settings and versions


def test_settings_versions_and_images_are_compared_in_plain_files(tmp_path: Path) -> None:
    header = "ID,diagnostics_Versions_PyRadiomics,diagnostics_Configuration_Settings,diagnostics_Image-original_Hash,"
    header += "diagnostics_Mask-original_Hash,"
    header += "original_shape_Volume,original_firstorder_Mean\n"

    def file(name: str, ids: str, version: str, width: int, image: str) -> str:
        lines = "".join(f"{p},{version},\"{{'binWidth': {width}}}\",{image}{k},m{k},{k}.5,{k + 2}.25\n" for k, p in enumerate(ids))
        (tmp_path / name).write_text(header + lines)
        return str(tmp_path / name)

    found = ingest_files([file("lyon.csv", "abc", "v3.0.1", 25, "i"), file("oslo.csv", "xyz", "v2.2.0", 10, "i")])
    assert {"FEAT-004", "FEAT-033", "ID-005"} <= codes(found)
    assert finding(found, "FEAT-004").facts["values"] == {"10": 3, "25": 3}
    assert "lyon.csv" in finding(found, "FEAT-004").sentence
    assert found.document()["version"] == ["2.2.0", "3.0.1"]
    assert found.document()["settings"]["binWidth"] == ["10", "25"]


def test_a_parameter_file_is_compared_with_what_the_table_says(tmp_path: Path) -> None:
    batch = samples(tmp_path)["pyradiomics"].path
    same, other = tmp_path / "same.yaml", tmp_path / "other.yml"
    same.write_text("setting:\n  binWidth: 25\n  normalize: false\n  resampledPixelSpacing: [1, 1, 1]\nimageType:\n  Original: {}\n")
    other.write_text("setting:\n  binWidth: 10\n")
    assert "FEAT-125" not in codes(ingest_files([str(batch), str(same)]))
    odd = finding(ingest_files([str(batch), str(other)]), "FEAT-125")
    assert odd.facts["settings"] == ("binWidth",)
    bare = ingest_files(
        [table(tmp_path / "bare.csv", [["a", 1.5, 2.5, 3.5]], ["ID", *(f"original_firstorder_F{i}" for i in range(3))]), str(same)]
    )
    assert bare.document()["settings"]["binWidth"] == "25"


@pytest.mark.parametrize("text", ["words\n", "setting: [", "tables: {features: a.csv}\n"])
def test_yaml_that_is_no_parameter_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    assert refused(wide(tmp_path / "f.csv", 3), path).code == "FEAT-126"


def test_the_log_of_pysera_is_counted_and_never_quoted(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Radiomics_Features"
    book.active.append(["PatientID", "ROI", "img_dim_x_init_img", "morph_volume_mesh", "glcm_auto_corr_3D_comb"])
    book.active.append(["007", "gtv", 5, 12.5, 3.5])
    book.create_sheet("Parameters").append(["radiomics_BinSize", "radiomics_DiscType", "radiomics_destination_folder"])
    book["Parameters"].append([25, "FBS", "/home/somebody"])
    book.create_sheet("Report").append(["PatientID", "RoI", "Level", "Message"])
    book["Report"].append([None, None, "WARNING", "could not compute /home/somebody/x"])
    book.save(tmp_path / "sera.xlsx")
    found = ingest_files([str(tmp_path / "sera.xlsx")])
    assert found.document()["settings"] == {"BinSize": "25", "DiscType": "FBS"}
    assert finding(found, "READ-082").facts["lines"] == {"warning": 1}
    assert "somebody" not in json.dumps([one.public() for one in found.findings]) + json.dumps(found.document())


# what is odd


def test_odd_cells_of_features_are_counted_by_kind(tmp_path: Path) -> None:
    rows = [[f"P{i}", *values(i)] for i in range(10)]
    rows[3][1], rows[4][1], rows[5][2], rows[6][3], rows[7][4] = "#NAME?", "<0.01", "inf", "nan", ""
    found = ingest_files([table(tmp_path / "t.csv", rows, ["patient", *NAMES])])
    odd = finding(found, "READ-080")
    assert odd.facts["kinds"] == {"error value": 1, "censored": 1, "infinite": 1}
    cells = found.document()["cells"]
    assert cells == {"number": 115, "error value": 1, "censored": 1, "infinite": 1, "not computed": 1, "empty": 1}
    assert sum(cells.values()) == 10 * 12


def test_decimal_commas_are_refused_with_the_line_to_add_and_read_once_it_is_there(tmp_path: Path) -> None:
    rows = [[f"P{i}", *(str(v).replace(".", ",") for v in values(i))] for i in range(10)]
    path = table(tmp_path / "t.csv", rows, ["patient", *NAMES], sep=";")
    error = refused(path)
    assert error.code == "READ-003"
    assert 'decimal: ","' in str(error.fix)
    plan = plan_of({"file": "t.csv", "decimal": ","})
    found = ingest_files([path], plan=plan, folder=tmp_path)
    point = ingest_files([table(tmp_path / "p.csv", [[f"P{i}", *values(i)] for i in range(10)], ["patient", *NAMES])])
    assert [c.tolist() for c in found.looks[0].measured.columns.values()] == [c.tolist() for c in point.looks[0].measured.columns.values()]


def plan_of(entry: dict[str, object]) -> Plan:
    return Plan.of(
        {
            "schema": "radaudit/study/1",
            "study": "loose",
            "tables": {"features": [entry]},
            "roles": {"subject": "patient", "outcome": {"column": "y", "event": "1"}},
            "split": {"test": {"by": "random", "fraction": "0.3"}},
            "harmonise": {"method": "none"},
        }
    )


def test_a_study_file_overrides_the_reader_and_the_id(tmp_path: Path) -> None:
    path = samples(tmp_path)["pyradiomics"].path
    generic = ingest_files([str(path)], plan=plan_of({"file": path.name, "reader": "generic"}), folder=tmp_path)
    assert generic.document()["extractor"] == "generic"
    cut = ingest_files([str(path)], plan=plan_of({"file": path.name, "id_from": "file name"}), folder=tmp_path)
    assert (ident(cut)["how"], set(cut.looks[0].people.ids)) == ("stated", {"batch"})
    odd = {"file": path.name, "id": "ID", "id_pattern": "^X"}
    assert refused(path, plan=plan_of(odd), folder=tmp_path).code == "ID-037"


def test_a_column_the_reader_knows_with_empty_cells_names_nobody(tmp_path: Path) -> None:
    path = samples(tmp_path)["zrad"].path
    path.write_text(path.read_text().replace("007,node", ",node"))
    found = ingest_files([str(path)])
    assert ident(found)["how"] == "surrogate"
    assert {"ID-040", "ID-042"} <= codes(found)


def test_a_locale_accident_and_a_unit_at_one_site_are_found(tmp_path: Path) -> None:
    rows = [[f"P{i:03d}", "LYON" if i < 15 else "OSLO", *values(i)] for i in range(30)]
    rows[4][6] = int(str(rows[4][6]).replace(".", "") + "0000001")
    accident = ingest_files([table(tmp_path / "a.csv", rows, ["patient", "site", *NAMES])])
    assert codes(accident) & {"FEAT-057", "FEAT-100"}
    rows = [[f"P{i:03d}", "LYON" if i < 15 else "OSLO", *values(i, factor=1.0 if i < 15 else 1000.0)] for i in range(30)]
    units = ingest_files([table(tmp_path / "u.csv", rows, ["patient", "site", *NAMES])])
    assert finding(units, "FEAT-055").facts["count"] == 12
    files = ingest_files([wide(tmp_path / "x.csv", 15), wide(tmp_path / "y.csv", 15, factor=1000.0, start=40)])
    assert finding(files, "FEAT-055").facts["count"] == 12


def test_rows_of_zeros_and_zeros_in_place_of_missing_values_are_found(tmp_path: Path) -> None:
    rows = [[f"P{i:03d}", "LYON" if i < 15 else "OSLO", *values(i)] for i in range(30)]
    rows[7][2:] = [0] * len(NAMES)
    filled = ingest_files([table(tmp_path / "z.csv", rows, ["patient", "site", *NAMES])])
    assert finding(filled, "FEAT-080").facts["rows"] == 1
    rows = [[f"P{i:03d}", "LYON" if i < 15 else "OSLO", *values(i)] for i in range(30)]
    for i in (2, 5, 8):
        rows[i][4], rows[i + 15][4] = "", 0
    instead = ingest_files([table(tmp_path / "m.csv", rows, ["patient", "site", *NAMES])])
    assert finding(instead, "FEAT-081").facts["sites"] == {"OSLO": 1}
    assert not {"FEAT-080", "FEAT-081"} & codes(ingest_files([wide(tmp_path / "w.csv", 30)]))


def test_ghost_rows_failed_cases_copies_and_names_are_found(tmp_path: Path) -> None:
    names = [*NAMES[:9], "original_firstorder_f0", "original_firstorder_Same", "original_firstorder_F1"]
    rows = [[f"P{i:03d}", *values(i)[:11], 7, *values(i)[1:2]][: len(names) + 1] for i in range(20)]
    for i, row in enumerate(rows):
        row[11], row[12] = 7, row[2]
        row[10] = row[1] + i * 0.5
    rows[3][1:] = [""] * len(names)
    rows[9][1:] = rows[8][1:]
    path = table(tmp_path / "t.csv", [*rows, [""] * (len(names) + 1), [""] * (len(names) + 1)], ["patient", *names])
    found = ingest_files([path])
    assert {"READ-081", "FEAT-058", "ID-050", "FEAT-030", "FEAT-008", "FEAT-052", "FEAT-053"} <= codes(found)
    assert (found.rows, len(found.names)) == (20, 12)


def test_an_honest_table_has_no_finding(tmp_path: Path) -> None:
    found = ingest_files([wide(tmp_path / "t.csv", 30)])
    assert codes(found) == set()
    assert {finding.code for finding in found.unasked} == {"FEAT-004", "FEAT-007", "FEAT-033", "ID-005"}


@pytest.mark.parametrize("name", ["t.pkl", "t.rds", "t.rda", "t.RData"])
def test_pickles_and_r_files_are_refused_with_the_command_that_exports_them(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x80\x04K\x01.")
    error = refused(tmp_path / name)
    assert error.code == "READ-030"
    assert "csv" in str(error.fix)


# the command


def test_the_command_prints_the_keys_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    wide(tmp_path / "f.csv", 6)
    before = sorted(tmp_path.iterdir())
    assert run(["ingest", "f.csv", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"rows", "patients", "features", "extractor", "version", "settings", "findings", "cells", "files"} <= set(document)
    assert (document["rows"], document["patients"], document["features"]) == (6, 6, 12)
    assert run(["ingest", "f.csv"]) == 0
    assert "6 rows, 6 patients, 12 features" in capsys.readouterr().out
    assert sorted(tmp_path.iterdir()) == before


def test_json_never_replaces_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    path = samples(tmp_path)["pyradiomics json"].path
    before = path.read_bytes()
    run(["ingest", "--json", path.name])
    assert path.read_bytes() == before
    wide(tmp_path / "f.csv", 6)
    run(["ingest", "f.csv", "--json", "out.json"])
    assert run(["ingest", "f.csv", "--json", "out.json"]) == 0
    assert json.loads((tmp_path / "out.json").read_text())["rows"] == 6
    capsys.readouterr()


def test_patients_and_steering_characters_never_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    evil = "\u202e\x1b[31mP"
    rows = [[f"{evil}{i}", *values(i)] for i in range(6)]
    rows.append([f"{evil}0", *values(0)])
    table(tmp_path / "f.csv", rows, ["patient\u202e", *NAMES[:-1], "=cmd|' /C calc'!A0"])
    run(["ingest", "f.csv"])
    run(["ingest", "f.csv", "--json"])
    out = capsys.readouterr()
    assert "\x1b" not in out.out + out.err
    assert "\u202e" not in out.out + out.err


def test_a_table_that_cannot_be_read_is_told_as_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("a,b\n1,2,3\n4,5\n")
    assert run(["ingest", str(path), "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["errors"][0]["code"] == "READ-034"
    assert isinstance(refused(path), TableError)
