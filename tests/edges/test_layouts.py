"""One row per feature and one row per value are turned to one row per case; a second value of one feature is refused, not overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from radaudit.edges.readers.formats.files import names_of, read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.formats.reshape import pivot
from radaudit.errors import TableError

NAMES = ("original_shape_Sphericity", "original_firstorder_Mean", "original_glcm_Contrast")
LONG = "patient,feature,value\nP1,Volume,1.5\nP1,Area,2\nP2,Volume,3.5\n"


def read(folder: Path, text: str, **options: object) -> RawTable:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    table = read_file(path, ReadOptions(**options))  # type: ignore[arg-type]
    assert names_of(path, ReadOptions(**options)) == table.names  # type: ignore[arg-type]
    return table


def cells(table: RawTable) -> list[tuple[str, ...]]:
    return [table.names, *zip(*(column.as_texts() for column in table.columns), strict=True)]


def test_a_transposed_table_is_turned_and_rows_are_numbered_by_column(tmp_path: Path) -> None:
    text = "name,P1,P2\n" + "".join(f"{name},{i}.5,{i}\n" for i, name in enumerate(NAMES))
    table = read(tmp_path, text)
    assert cells(table) == [("name", *NAMES), ("P1", "0.5", "1.5", "2.5"), ("P2", "0", "1", "2")]
    assert list(table.numbers) == [2, 3]
    assert table.dialect["layout"].startswith("transposed (certain")
    assert read(tmp_path, text, layout="wide").names == ("name", "P1", "P2")


def test_a_transposed_table_of_unknown_names_needs_a_word(tmp_path: Path) -> None:
    text = "name,P1,P2\nfoo,1,2\nbar,3,4\n"
    assert read(tmp_path, text).names == ("name", "P1", "P2")
    assert cells(read(tmp_path, text, layout="transposed")) == [("name", "foo", "bar"), ("P1", "1", "3"), ("P2", "2", "4")]


def test_a_feature_on_two_rows_is_refused(tmp_path: Path) -> None:
    text = "name,P1\n" + "".join(f"{name},1\n" for name in NAMES) + "foo,1\nfoo,2\n"
    with pytest.raises(TableError) as caught:
        read(tmp_path, text, layout="transposed")
    assert caught.value.code == "FEAT-008"


def test_a_long_table_is_turned_and_absent_values_are_counted(tmp_path: Path) -> None:
    table = read(tmp_path, LONG)
    assert cells(table) == [("patient", "Volume", "Area"), ("P1", "1.5", "2"), ("P2", "3.5", "")]
    assert list(table.numbers) == [2, 4]
    assert {note.kind: note.count for note in table.accounting} == {"long format": 3, "absent value": 1}


def test_a_second_value_is_refused_and_a_column_that_tells_them_apart_helps(tmp_path: Path) -> None:
    twice = LONG + "P1,Volume,9\n"
    with pytest.raises(TableError) as caught:
        read(tmp_path, twice)
    assert (caught.value.code, caught.value.facts["count"]) == ("READ-103", 1)
    text = "patient,lesion,feature,value\nP1,1,Volume,1.5\nP1,2,Volume,9\n"
    assert cells(read(tmp_path, text))[1:] == [("P1", "1", "1.5"), ("P1", "2", "9")]


def test_a_table_stated_to_be_long_without_its_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError) as caught:
        read(tmp_path, "a,b,c\n1,2,3\n2,3,4\n", layout="long")
    assert caught.value.code == "READ-102"


def test_names_of_several_columns_are_joined_when_a_reader_pivots(tmp_path: Path) -> None:
    rows = "case,kind,class,name,result\nP1,original,shape,Volume,1\nP1,original,glcm,Contrast,2\nP1,,info,Version,3\n"
    (tmp_path / "t.csv").write_text(rows, encoding="utf-8")
    raw = read_file(tmp_path / "t.csv", ReadOptions())
    table = pivot(raw, feature=("kind", "class", "name"), value="result", keys=("case",), skip=("info_Version",))
    assert cells(table) == [("case", "original_shape_Volume", "original_glcm_Contrast"), ("P1", "1", "2")]
