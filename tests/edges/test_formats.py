"""Files of every format: dialects found or refused, headers, ragged and ghost rows, workbooks, Parquet, and what is refused with advice."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from radaudit.edges.readers.formats import dialect
from radaudit.edges.readers.formats.delimited import read_delimited
from radaudit.edges.readers.formats.files import names_of, read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.registry import named, read_table
from radaudit.errors import PluginError, TableError


def put(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, content: str | bytes, name: str = "table.csv", **options: str) -> RawTable:
    return read_file(put(folder, content, name), ReadOptions(**options))  # type: ignore[arg-type]


def refused(folder: Path, content: str | bytes, name: str = "table.csv", **options: str) -> TableError:
    with pytest.raises(TableError) as caught:
        read(folder, content, name, **options)
    assert str(caught.value)
    return caught.value


def kinds(table: RawTable) -> dict[str, int]:
    return {note.kind: note.count for note in table.accounting}


@pytest.mark.parametrize(("mark", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_a_delimiter_is_found_and_said_to_be_certain(tmp_path: Path, mark: str, name: str) -> None:
    found = read(tmp_path, f"id{mark}a{mark}b\n1{mark}2.5{mark}x\n2{mark}3{mark}y\n")
    assert found.names == ("id", "a", "b")
    assert found.dialect["delimiter"].startswith(f"{name} (certain")


def test_commas_inside_cells_do_not_fool_the_finder(tmp_path: Path) -> None:
    found = read(tmp_path, "id;settings;x\n1;{'a': 1, 'b': (2, 3)};0.5\n2;{'a': 1, 'b': (2, 3)};0.7\n")
    assert found.names == ("id", "settings", "x")


def test_two_delimiters_that_fit_are_refused_and_a_stated_one_is_taken(tmp_path: Path) -> None:
    text = "a;b,c\n1;2,3\n4;5,6\n"
    assert refused(tmp_path, text).code == "READ-031"
    assert read(tmp_path, text, delimiter=";").names == ("a", "b,c")


def test_a_table_of_one_column_has_no_delimiter(tmp_path: Path) -> None:
    assert read(tmp_path, "id\nA\nB\n").column("id").texts == ("A", "B")


def test_a_decimal_comma_is_found_as_a_proposal(tmp_path: Path) -> None:
    found = dialect.look(put(tmp_path, "id;a\n1;0,5\n2;1.234,5\n"))
    assert (found.delimiter, found.decimal, found.thousands) == (";", ",", ".")
    mixed = dialect.look(put(tmp_path, "id;a\n1;0,5\n2;0.5\n"))
    assert mixed.decimal == ""
    assert "both" in mixed.decimal_how


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "windows-1252", "utf-32"])
def test_encodings_are_found(tmp_path: Path, encoding: str) -> None:
    found = read(tmp_path, "patient,hospital\nA,Zürich\nB,Malmö\n".encode(encoding))
    assert found.column("hospital").texts == ("Zürich", "Malmö")
    assert [finding.code for finding in found.findings] == (["READ-001"] if encoding == "windows-1252" else [])


def test_an_encoding_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "a,b\nZürich,1\n".encode("cp1252"), encoding="utf-8").code == "READ-033"
    assert refused(tmp_path, b"a,b\n\x81\xff\x8d,1\n").code == "READ-033"
    assert refused(tmp_path, b"a,b\nZ\x9frich,1\n").code == "READ-104"
    assert read(tmp_path, b"a,b\nZ\x9frich,1\n", encoding="mac-roman").column("a").texts == ("Zürich",)


def test_zero_bytes_are_not_text(tmp_path: Path) -> None:
    assert refused(tmp_path, b"abc\x00\x01\x02,de\nf,g\n").code == "READ-030"


@pytest.mark.parametrize("content", ["", "\n\n", "  \n", "\ufeff"])
def test_an_empty_file_is_refused(tmp_path: Path, content: str) -> None:
    assert refused(tmp_path, content).code == "READ-036"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_inside_quotes_stay_in_the_cell(tmp_path: Path, end: str) -> None:
    found = read(tmp_path, f'id,"two{end}lines"{end}1,"a{end}b"{end}2,"say ""x"", y"{end}')
    assert found.names == ("id", f"two{end}lines")
    assert found.columns[1].texts == (f"a{end}b", 'say "x", y')


@pytest.mark.parametrize("text", ['a,b\n1,"open\n2,3\n', 'a,b\n1,"x"y\n2,3\n'])
def test_quotes_that_do_not_close_are_refused(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text).code == "READ-035"


def test_ragged_rows_are_refused_with_their_numbers(tmp_path: Path) -> None:
    error = refused(tmp_path, "id,a,b\n1,2,3\n2,3\n3,4,5,6\n")
    assert (error.code, error.facts["rows"]) == ("READ-034", 2)
    assert "row 3 has 2" in str(error.found)


def test_row_names_as_r_writes_them_get_a_name(tmp_path: Path) -> None:
    found = read(tmp_path, '"a","b"\n"p1",1,2\n"p2",3,4\n')
    assert found.names == ("unnamed_1", "a", "b")
    assert found.columns[0].texts == ("p1", "p2")


def test_trailing_delimiters_are_taken_off_and_counted(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n1,2,\n3,4,\n").names == ("a", "b")
    found = read(tmp_path, "a,b,\n1,2,\n3,4,\n")
    assert found.names == ("a", "b")
    assert kinds(found) == {"empty column": 1}


@pytest.mark.parametrize("large", [0, 1 << 40])
def test_ghost_rows_and_blank_lines_are_left_out_and_counted(tmp_path: Path, large: int) -> None:
    path = put(tmp_path, "id,a\n1,2\n,\n\n3,4\n , \n\n")
    found = read_delimited(path, ReadOptions(text={"id"}.__contains__), large=large)
    assert found.rows == 2
    assert list(found.numbers) == [2, 5]
    assert kinds(found) == {"ghost row": 2, "blank line": 1}


def test_names_are_trimmed_named_and_counted(tmp_path: Path) -> None:
    found = read(tmp_path, "id, a ,,a\n1,2,3,4\n")
    assert found.names == ("id", "a", "unnamed_3", "a")
    assert [(note.kind, note.column) for note in found.accounting] == [
        ("renamed column", "a"),
        ("renamed column", "unnamed_3"),
        ("duplicated column", "a"),
    ]
    with pytest.raises(TableError) as caught:
        found.column("a")
    assert caught.value.code == "FEAT-008"


def test_a_table_without_header_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "7,1.5,2.5\n8,3.5,4.5\n").code == "READ-032"
    assert read(tmp_path, "0,1,2\n8,3.5,4.5\n").names == ("0", "1", "2")


def test_a_column_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    table = read(tmp_path, "id,hospital\n1,2\n")
    with pytest.raises(TableError) as caught:
        table.column("hospitl")
    assert (caught.value.code, caught.value.near) == ("READ-021", "hospital")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("x.pkl", "pandas"),
        ("x.rds", "readRDS"),
        ("x.RData", "load("),
        ("x.mat", "matlab"),
        ("x.csv.zip", "unpack"),
        ("x.duckdb", "COPY"),
        ("x.npy", "names"),
        ("x.nii", "images"),
        ("x.pdf", "export"),
    ],
)
def test_other_formats_are_refused_with_the_command_that_exports_them(tmp_path: Path, name: str, word: str) -> None:
    error = refused(tmp_path, b"not read", name)
    assert error.code == "READ-030"
    assert word in str(error.fix)


def test_a_pickle_is_refused_whatever_it_is_called(tmp_path: Path) -> None:
    assert refused(tmp_path, pickle.dumps({"a": 1}), "table.csv").code == "READ-030"


def workbook(
    folder: Path, rows: list[list[object]], *, more: dict[str, list[list[object]]] | None = None, name: str = "table.xlsx"
) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for title, content in (more or {}).items():
        other = book.create_sheet(title)
        for row in content:
            other.append(row)
    book.save(folder / name)
    return folder / name


def test_workbook_cells_are_read_as_people_see_them(tmp_path: Path) -> None:
    import datetime as dt

    path = workbook(
        tmp_path, [["id", "when", "yes", "x"], [7, dt.date(2020, 1, 2), True, 1.5], ["007", dt.datetime(2020, 1, 2, 3, 4), False, None]]
    )
    found = read_file(path, ReadOptions())
    assert [column.texts for column in found.columns] == [
        ("7", "007"),
        ("2020-01-02", "2020-01-02T03:04:00"),
        ("TRUE", "FALSE"),
        ("1.5", ""),
    ]
    assert kinds(found) == {"date": 2}


def test_error_cells_and_formulas_without_value_are_not_read_as_empty(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["id", "x", "y"], ["a", 1, 2], ["b", "#NAME?", "=SUM(B2,C2)"], ["c", "#DIV/0!", 3]])
    import openpyxl

    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    sheet["B3"].data_type = sheet["B4"].data_type = "e"
    book.save(path)
    found = read_file(path, ReadOptions())
    assert found.column("x").texts == ("1", "#NAME?", "#DIV/0!")
    assert found.column("y").texts == ("2", "#UNCOMPUTED!", "3")


def test_a_workbook_under_another_name_is_recognised_by_its_bytes(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["id", "x"], ["a", 1]])
    assert read_file(path.rename(tmp_path / "table.csv"), ReadOptions()).names == ("id", "x")


def test_several_sheets_need_a_name_and_a_wrong_name_gets_the_nearest(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["id"], ["a"]], more={"radiomics": [["id", "x"], ["a", 1]]})
    with pytest.raises(TableError) as caught:
        read_file(path, ReadOptions())
    assert caught.value.code == "READ-037"
    with pytest.raises(TableError) as caught:
        read_file(path, ReadOptions(sheet="radiomic"))
    assert "radiomics" in str(caught.value.fix)
    assert read_file(path, ReadOptions(sheet="radiomics")).names == ("id", "x")


def test_an_empty_second_sheet_needs_no_name(tmp_path: Path) -> None:
    path = workbook(tmp_path, [[None, None], ["id", "x"], ["a", 1]], more={"Sheet2": []})
    found = read_file(path, ReadOptions())
    assert found.names == ("id", "x")
    assert list(found.numbers) == [3]


def test_a_broken_or_exploding_workbook_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, b"PK\x03\x04 broken", "table.xlsx").code == "READ-030"
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo("xl/worksheets/sheet1.xml")
        info.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(info, "w", force_zip64=True) as stream:
            for _ in range(130):
                stream.write(b"\0" * (1 << 20))
    with pytest.raises(TableError) as caught:
        read_file(tmp_path / "bomb.xlsx", ReadOptions())
    assert caught.value.code == "READ-038"


def test_ids_in_parquet_are_text_however_they_are_stored(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "text": ["007", "8"],
            "whole": [7, 12345678901234567],
            "float": [7.0, 8.0],
            "x": [1.5, None],
            "cat": pa.array(["a", "b"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    found = read_file(tmp_path / "t.parquet", ReadOptions(text={"text", "whole", "float", "cat"}.__contains__))
    assert [found.column(name).texts for name in ("text", "whole", "float", "cat")] == [
        ("007", "8"),
        ("7", "12345678901234567"),
        ("7", "8"),
        ("a", "b"),
    ]
    assert np.isnan(found.column("x").numbers[1])
    assert {note.column for note in found.accounting if note.kind == "number as text"} == {"whole", "float"}
    assert names_of(tmp_path / "t.parquet", ReadOptions()) == ("text", "whole", "float", "x", "cat")


def test_parquet_columns_of_lists_are_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"id": ["a"], "v": [[1.0, 2.0]]}), tmp_path / "t.parquet")
    with pytest.raises(TableError) as caught:
        read_file(tmp_path / "t.parquet", ReadOptions())
    assert caught.value.code == "READ-039"
    assert refused(tmp_path, b"PAR1 broken", "t2.parquet").code == "READ-030"


def test_infinite_values_in_parquet_are_not_lost(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"x": [1.0, float("inf"), None]}), tmp_path / "t.parquet")
    table = pa.table({"id": ["a", "b", "c"], "x": [1.0, float("-inf"), None]})
    pq.write_table(table, tmp_path / "t.parquet")
    found = read_file(tmp_path / "t.parquet", ReadOptions(text={"id"}.__contains__))
    assert found.column("x").texts == ("1", "-inf", "")


def test_json_that_is_not_a_list_of_cases_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "[1, 2]", "t.json").code == "READ-030"
    assert refused(tmp_path, '{"a": 1, "a": 2}', "t.json").code == "READ-030"
    assert refused(tmp_path, "[" * 100_000, "t.json").code == "READ-030"


def test_a_reader_nobody_has_is_refused_with_the_nearest() -> None:
    with pytest.raises(PluginError) as caught:
        named("pyradiomic")
    assert (caught.value.code, caught.value.near) == ("READ-040", "pyradiomics")


def test_a_named_reader_overrides_recognition(tmp_path: Path) -> None:
    path = put(tmp_path, "id,diagnostics_Versions_PyRadiomics,original_shape_Sphericity\na,v3.0.1,0.5\n")
    assert read_table(path, ReadOptions()).reader == "pyradiomics"
    assert read_table(path, ReadOptions(), reader="generic").reader == "generic"
