"""Where the names stand: legends, several rows of names, units below them, row names of R, spaces; two readings are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from radaudit.edges.readers.formats.delimited import read_delimited
from radaudit.edges.readers.formats.files import names_of, read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.errors import TableError

ROWS = "P1,1.5,2\nP2,2.5,3\nP3,3.5,4\n"


@pytest.fixture(params=["plain", "fast"])
def large(request: pytest.FixtureRequest) -> int:
    return 0 if request.param == "fast" else 1 << 40


def read(folder: Path, text: str, large: int = 1 << 40, **options: object) -> RawTable:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8", newline="")
    table = read_delimited(path, ReadOptions(text={"id", "patient"}.__contains__, **options), large=large)  # type: ignore[arg-type]
    assert names_of(path, ReadOptions(**options)) == table.names  # type: ignore[arg-type]
    return table


def kinds(table: RawTable) -> dict[str, int]:
    return {note.kind: note.count for note in table.accounting}


def code(folder: Path, text: str, **options: object) -> str:
    with pytest.raises(TableError) as caught:
        read(folder, text, **options)
    return caught.value.code


@pytest.mark.parametrize(
    "legend", ["Export of 2023\n", "# made by x, y, and z\n# second line\n", "Site,LYON\nmade,today\n\n", "a title\n\n"]
)
def test_lines_above_the_header_are_left_out_and_counted(tmp_path: Path, large: int, legend: str) -> None:
    text = legend + "id,a,b\n" + ROWS
    if "Site" in legend:
        text = text.replace("id,a,b\n", "id,a,b,c\n").replace(",2\n", ",2,7\n").replace(",3\n", ",3,8\n").replace(",4\n", ",4,9\n")
    table = read(tmp_path, text, large)
    lines = legend.count("\n") - legend.count("\n\n")
    assert table.names[:3] == ("id", "a", "b")
    assert kinds(table)["legend line"] == lines
    assert list(table.numbers) == [legend.count("\n") + 2 + i for i in range(3)]
    assert table.column("id").as_texts() == ("P1", "P2", "P3")


def test_a_header_that_begins_with_a_hash_is_the_header(tmp_path: Path, large: int) -> None:
    assert read(tmp_path, "#id,a,b\n" + ROWS, large).names == ("#id", "a", "b")


def test_the_export_of_cbioportal_has_its_header_below_four_lines(tmp_path: Path, large: int) -> None:
    text = "#Patient\tMonths\n#The patient\tMonths to death\n#STRING\tNUMBER\n#1\t1\nPATIENT_ID\tOS_MONTHS\nP1\t1.5\nP2\t2.5\n"
    table = read(tmp_path, text, large)
    assert table.names == ("PATIENT_ID", "OS_MONTHS")
    assert kinds(table)["legend line"] == 4


@pytest.mark.parametrize("units", [",mm3,HU", ",[mm3],[HU]", "unit,mm^3,-", ",1/mm,unitless"])
def test_a_row_of_units_is_set_apart(tmp_path: Path, large: int, units: str) -> None:
    table = read(tmp_path, f"id,a,b\n{units}\n" + ROWS, large)
    assert table.rows == 3
    assert kinds(table)["units row"] == 1
    assert table.column_units["a"] == units.split(",")[1]
    assert list(table.numbers) == [3, 4, 5]


def test_groups_above_the_names_are_joined_to_them(tmp_path: Path, large: int) -> None:
    rows = "P1,1.5,2,3\nP2,2.5,3,4\nP3,3.5,4,5\n"
    table = read(tmp_path, "id,shape,,glcm\n,Volume,Area,Contrast\n" + rows, large)
    assert table.names == ("id", "shape_Volume", "shape_Area", "glcm_Contrast")
    assert kinds(table)["header rows"] == 2
    table = read(tmp_path, "id,original,,\n,shape,shape,glcm\n,Volume,Area,Contrast\n" + rows, large)
    assert table.names == ("id", "original_shape_Volume", "original_shape_Area", "original_glcm_Contrast")
    table = read(tmp_path, "id,shape,,glcm\n,Volume,Area,Contrast\n,mm3,mm2,-\n" + rows, large)
    assert table.names == ("id", "shape_Volume", "shape_Area", "glcm_Contrast")
    assert table.column_units == {"shape_Volume": "mm3", "shape_Area": "mm2", "glcm_Contrast": "-"}


def test_two_full_rows_of_names_are_refused_until_the_study_says_which(tmp_path: Path, large: int) -> None:
    text = "id,V1,V2\npatient,Volume,Area\n" + ROWS
    assert code(tmp_path, text) == "READ-105"
    assert read(tmp_path, text, large, header=(2,)).names == ("patient", "Volume", "Area")
    assert read(tmp_path, text, large, header=(1, 2)).names == ("id_patient", "V1_Volume", "V2_Area")
    assert code(tmp_path, text, header=(99,)) == "READ-106"


@pytest.mark.parametrize("row", ["P0,#NUM!,<0.1", "P0,-,n/a", "P0,failed,failed", "P0,nan,nan", "P0,,", "P0,1,1", "P0,inf,-inf"])
def test_a_first_patient_without_numbers_is_a_patient(tmp_path: Path, row: str) -> None:
    table = read(tmp_path, f"id,a,b\n{row}\n" + ROWS)
    assert table.rows == 4
    assert table.column("id").as_texts()[0] == "P0"


def test_row_names_of_r_and_a_title_above_one_column_fewer_are_told_apart(tmp_path: Path, large: int) -> None:
    table = read(tmp_path, '"a","b"\n' + ROWS, large)
    assert table.names == ("unnamed_1", "a", "b")
    assert read(tmp_path, "title\nid,a\nP1,1\nP2,2\n", large).names == ("id", "a")
    assert read(tmp_path, "a\nP1,1\nP2,2\n", large).names == ("unnamed_1", "a")


def test_an_empty_field_behind_rows_of_ids_is_refused_since_the_ids_may_be_row_names(tmp_path: Path) -> None:
    assert code(tmp_path, "id,a\nP1,2,\nP2,3,\n") == "READ-107"
    assert code(tmp_path, "a,b\n1,2,\n2,3,\n") == "READ-107"
    assert read(tmp_path, "a,b\n7,2,\n9,3,\n").names == ("a", "b")


def test_spaces_separate_the_fields_of_a_table_as_r_writes_it(tmp_path: Path, large: int) -> None:
    table = read(tmp_path, '"a" "b"\n"P 1" 1.5 2\n"P 2" 2.5 3\n', large)
    assert table.names == ("unnamed_1", "a", "b")
    assert table.columns[0].as_texts() == ("P 1", "P 2")
    assert read(tmp_path, "patient name\nJohn Smith\nJane Doe\n", large).names == ("patient name",)


def test_a_title_above_the_table_of_a_sheet_is_left_out(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["Radiomics of 2023"],
        [],
        ["id", "shape", None],
        [None, "Volume", "Area"],
        [None, "mm3", "mm2"],
        ["P1", 1.5, 2],
        ["P2", 3, 4.5],
    ):
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    table = read_file(tmp_path / "t.xlsx", ReadOptions())
    assert table.names == ("id", "shape_Volume", "shape_Area")
    assert list(table.numbers) == [6, 7]
    assert kinds(table) == {"legend line": 1, "header rows": 2, "units row": 1}
