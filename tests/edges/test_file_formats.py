"""ARFF, JSON in its forms, gzip, keyed text, SPSS, Stata and SAS: every cell as it was meant, what is missing counted, the rest refused."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from radaudit.edges.readers.formats.files import names_of, read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.formats.statistics import value_labels
from radaudit.errors import TableError

ARFF = """\
% a comment
@RELATION 'lung cancer'

@attribute 'the id' string
@attribute sex {F, M}
@attribute EGFR {-, mutated, "not mutated"}
@attribute mean numeric
@data
'P 1', M, -, 1.5
% another comment
"P,2", F, "not mutated", ?
P3, ?, mutated, -2e-3
"""


def read(folder: Path, content: str | bytes, name: str, **options: object) -> RawTable:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = read_file(path, ReadOptions(**options))  # type: ignore[arg-type]
    assert names_of(path, ReadOptions(**options)) == table.names  # type: ignore[arg-type]
    return table


def refused(folder: Path, content: str | bytes, name: str, **options: object) -> str:
    with pytest.raises(TableError) as caught:
        read(folder, content, name, **options)
    assert str(caught.value)
    return caught.value.code


def cells(table: RawTable) -> list[tuple[str, ...]]:
    return [table.names, *zip(*(column.as_texts() for column in table.columns), strict=True)]


def test_an_arff_table_keeps_its_nominal_values_and_counts_what_is_missing(tmp_path: Path) -> None:
    table = read(tmp_path, ARFF, "table.arff")
    assert cells(table) == [
        ("the id", "sex", "EGFR", "mean"),
        ("P 1", "M", "-", "1.5"),
        ("P,2", "F", "not mutated", ""),
        ("P3", "", "mutated", "-2e-3"),
    ]
    assert list(table.numbers) == [9, 11, 12]
    assert [(note.column, note.what, note.count) for note in table.accounting] == [("sex", "?", 1), ("mean", "?", 1)]


def test_a_sparse_arff_row_fills_zeros_and_first_values(tmp_path: Path) -> None:
    text = "@relation r\n@attribute a numeric\n@attribute b {x, y}\n@attribute c numeric\n@data\n{1 y, 2 3.5}\n{}\n"
    assert cells(read(tmp_path, text, "t.arff"))[1:] == [("0", "y", "3.5"), ("0", "x", "0")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ARFF.replace("P3, ?, mutated", "P3, ?, wild"), "READ-100"),
        (ARFF.replace("'P 1', M,", "'P 1',"), "READ-034"),
        (ARFF.replace("'P 1', M", "'P 1, M"), "READ-034"),
        (ARFF.replace("@data", ""), "READ-030"),
        ("no table", "READ-030"),
        ("@relation r\n@data\n1\n", "READ-030"),
    ],
)
def test_a_damaged_arff_table_is_refused(tmp_path: Path, text: str, code: str) -> None:
    assert refused(tmp_path, text, "table.arff") == code


RECORDS = [{"id": "007", "x": 1.5, "y": None}, {"id": "8", "x": 12345678901234567890, "z": [1, 2]}]


def test_json_records_keep_every_digit_and_the_union_of_keys(tmp_path: Path) -> None:
    expected = [("id", "x", "y", "z"), ("007", "1.5", "", ""), ("8", "12345678901234567890", "", "[1, 2]")]
    assert cells(read(tmp_path, json.dumps(RECORDS), "t.json")) == expected
    assert cells(read(tmp_path, "\n".join(map(json.dumps, RECORDS)), "t.jsonl")) == expected
    assert cells(read(tmp_path, gzip.compress(json.dumps(RECORDS).encode()), "t.json.gz")) == expected


FRAME = pd.DataFrame({"id": ["a", "b"], "x": [1.5, 2.5]})


@pytest.mark.parametrize("orient", ["columns", "list", "split", "records"])
def test_every_json_pandas_writes_gives_the_same_table(tmp_path: Path, orient: str) -> None:
    text = json.dumps(FRAME.to_dict(orient)) if orient == "list" else FRAME.to_json(orient=orient)
    assert cells(read(tmp_path, text, "t.json")) == [("id", "x"), ("a", "1.5"), ("b", "2.5")]


def test_cases_by_name_and_columns_by_name_are_told_by_names_of_features_or_refused(tmp_path: Path) -> None:
    case = {"original_shape_Sphericity": 0.5, "original_firstorder_Mean": 2}
    assert cells(read(tmp_path, json.dumps({"P1": case, "P2": case}), "t.json"))[1] == ("P1", "0.5", "2")
    turned = {name: {"P1": value, "P2": value} for name, value in case.items()}
    assert cells(read(tmp_path, json.dumps(turned), "t.json"))[1] == ("P1", "0.5", "2")
    unknown = {"A": {"u": 1, "v": 2}, "B": {"u": 3, "v": 4}}
    assert refused(tmp_path, json.dumps(unknown), "t.json") == "READ-101"
    assert cells(read(tmp_path, json.dumps(unknown), "t.json", layout="wide"))[1:] == [("A", "1", "2"), ("B", "3", "4")]
    assert cells(read(tmp_path, json.dumps(unknown), "t.json", layout="transposed"))[1:] == [("u", "1", "3"), ("v", "2", "4")]


@pytest.mark.parametrize("text", ["{}", "[]", "3", '[{"a": 1}, 2]', '{"a": [1, 2], "b": 3, "b": 4}', '{"a": NaN', "[[1, 2]]"])
def test_json_without_a_table_is_refused(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text, "t.json") == "READ-030"


def test_json_columns_of_different_lengths_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, '{"a": [1, 2], "b": [1]}', "t.json") == "READ-034"
    assert refused(tmp_path, '{"columns": ["a"], "data": [[1, 2]]}', "t.json") == "READ-034"


def test_a_gzipped_table_is_read_and_what_else_gzip_holds_is_refused(tmp_path: Path) -> None:
    assert cells(read(tmp_path, gzip.compress(b"id,x\n007,1\n"), "t.csv.gz")) == [("id", "x"), ("007", "1")]
    assert cells(read(tmp_path, gzip.compress(b"id,x\n") + gzip.compress(b"007,1\n"), "t.csv.gz")) == [("id", "x"), ("007", "1")]
    assert refused(tmp_path, gzip.compress(b"id,x\n007,1\n")[:-4], "t.csv.gz") == "READ-030"
    assert refused(tmp_path, gzip.compress(b"RDX3\nX\n\0\0\0\3"), "t") == "READ-030"
    assert refused(tmp_path, gzip.compress(b"a" * 257 + b"ustar" + b"\0" * 600), "t.csv.gz") == "READ-030"


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    assert refused(tmp_path, gzip.compress(b"0," * (130 << 20), 1), "t.csv.gz") == "READ-038"


def test_cases_written_line_by_line_become_rows(tmp_path: Path) -> None:
    text = "Case-1_Image: a:b.nii\nCase-1_original_shape_Sphericity: 0.5\n\nCase-2_Image: c.nii\nCase-2_original_shape_Sphericity: \n"
    table = read(tmp_path, text, "t.txt")
    assert cells(table) == [("Case", "Image", "original_shape_Sphericity"), ("Case-1", "a:b.nii", "0.5"), ("Case-2", "c.nii", "")]
    assert list(table.numbers) == [1, 4]
    assert refused(tmp_path, text + "Case-2_Image: d.nii\n", "t.txt") == "READ-030"
    assert refused(tmp_path, text + "something else\n", "t.txt") == "READ-030"


STATS = pd.DataFrame(
    {"id": ["007", "8"], "whole": [7.0, 12345678901.0], "sex": [1.0, 9.0], "x": [1.5, None], "day": [dt.date(2020, 1, 2), None]}
)


@pytest.mark.parametrize(
    ("suffix", "write"), [(".sav", pyreadstat.write_sav), (".dta", pyreadstat.write_dta), (".xpt", pyreadstat.write_xport)]
)
def test_tables_of_statistics_programs_are_read_as_people_see_them(tmp_path: Path, suffix: str, write: object) -> None:
    path = tmp_path / f"t{suffix}"
    write(STATS, str(path))  # type: ignore[operator]
    table = read_file(path, ReadOptions())
    assert cells(table) == [("id", "whole", "sex", "x", "day"), ("007", "7", "1", "1.5", "2020-01-02"), ("8", "12345678901", "9", "", "")]
    assert names_of(path, ReadOptions()) == table.names
    assert {note.kind: note.count for note in table.accounting} == {"date": 1}


def test_codes_stay_codes_and_declared_missing_values_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "t.sav"
    labels = {"sex": {1.0: "male", 2.0: "female"}}
    pyreadstat.write_sav(STATS[["id", "sex"]], str(path), variable_value_labels=labels, missing_ranges={"sex": [9]})
    table = read_file(path, ReadOptions())
    assert table.column("sex").texts == ("1", "")
    assert {(note.kind, note.what) for note in table.accounting} == {("missing marker", "9"), ("coded values", "labels left aside")}
    assert value_labels(path, ReadOptions()) == {"sex": {"1": "male", "2": "female"}}


@pytest.mark.parametrize("name", ["t.sav", "t.dta", "t.sas7bdat", "t.xpt", "t.por", "t.zsav"])
def test_a_broken_table_of_a_statistics_program_is_refused(tmp_path: Path, name: str) -> None:
    assert refused(tmp_path, b"not such a table at all" * 40, name) == "READ-030"


def test_an_arrow_stream_is_read_like_a_feather_file(tmp_path: Path) -> None:
    import pyarrow as pa

    table = pa.table({"id": ["007"], "x": [1.5]})
    with pa.OSFile(str(tmp_path / "t.arrows"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    assert cells(read_file(tmp_path / "t.arrows", ReadOptions())) == [("id", "x"), ("007", "1.5")]


def test_error_cells_of_an_old_workbook_are_not_read_as_empty(tmp_path: Path) -> None:
    folder = Path(__file__).parent / "workbooks"
    table = read_file(folder / "errors.xls", ReadOptions())
    assert cells(table) == [("id", "x", "y"), ("007", "1.5", "2"), ("P2", "#NAME?", "3"), ("P3", "3.25", "#DIV/0!")]
    table = read_file(folder / "two_sheets.xls", ReadOptions(sheet="features"))
    assert table.rows == 41
    assert (table.column("x").as_texts()[39], table.column("y").as_texts()[39]) == ("#N/A", "#NAME?")
    (tmp_path / "renamed.csv").write_bytes((folder / "errors.xls").read_bytes())
    assert read_file(tmp_path / "renamed.csv", ReadOptions()).column("x").as_texts()[1] == "#NAME?"
    for cut in (600, 2000, 5000):
        (tmp_path / "cut.xls").write_bytes((folder / "errors.xls").read_bytes()[:cut])
        with pytest.raises(TableError) as caught:
            read_file(tmp_path / "cut.xls", ReadOptions())
        assert caught.value.code == "READ-030"
