"""Law: any table written in a supported dialect or format reads back to the same content.

And the fast way through pandas' parser gives what the plain way gives, to the bit.
"""

from __future__ import annotations

import csv
import io
import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from radaudit.edges.readers.formats.delimited import read_delimited
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.tables.cells import numbers, stored

RELAXED = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LETTERS = string.ascii_letters + string.digits + " _-.;,|'\"=()#%+äöüßéŁ"
NAMES = st.lists(
    st.text(string.ascii_letters + "äöü_-. ", min_size=1, max_size=12), min_size=2, max_size=5, unique_by=lambda name: name.strip()
)
CELLS = st.text(LETTERS + "\n", max_size=12).filter(lambda text: text == text.strip())
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=64)
MODEST = st.floats(min_value=-1e300, max_value=1e300)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
DELIMITERS = st.sampled_from([",", ";", "\t", "|"])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """A header of names and one to six rows of text, the first column an id that is never empty."""
    names = [name.strip() or "x" for name in draw(NAMES)]
    names = [name if names.index(name) == i else f"{name}{i}z" for i, name in enumerate(names)]
    rows = draw(st.lists(st.lists(CELLS, min_size=len(names) - 1, max_size=len(names) - 1), min_size=1, max_size=6))
    return names, [[f"id{i}", *row] for i, row in enumerate(rows)]


def written(names: list[str], rows: list[list[str]], delimiter: str, end: str, *, quoting: int = csv.QUOTE_MINIMAL) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow(names)
    writer.writerows(rows)
    return stream.getvalue()


def content(table: RawTable) -> list[list[str]]:
    return [list(row) for row in zip(*(column.as_texts() for column in table.columns), strict=True)]


def fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@RELAXED
@given(table=tables(), delimiter=DELIMITERS, end=ENDS, encoding=ENCODINGS)
def test_a_stated_dialect_reads_back_to_the_same_text(
    tmp_path: Path, table: tuple[list[str], list[list[str]]], delimiter: str, end: str, encoding: str
) -> None:
    names, rows = table
    # Python's writer leaves a line feed bare if records end with a carriage return; such a table has two readings
    bare = any("\n" in cell for row in rows for cell in row)
    text = written(names, rows, delimiter, end, quoting=csv.QUOTE_ALL if bare else csv.QUOTE_MINIMAL)
    if not fits(text, encoding):
        return
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    found = read_delimited(path, ReadOptions(delimiter=delimiter, encoding=encoding))
    assert [column.name for column in found.columns] == names
    assert content(found) == rows


@RELAXED
@given(
    values=st.lists(st.lists(st.one_of(st.none(), FLOATS), min_size=3, max_size=3), min_size=1, max_size=8),
    delimiter=DELIMITERS,
    end=ENDS,
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_the_fast_way_gives_what_the_plain_way_gives(
    tmp_path: Path, values: list[list[float | None]], delimiter: str, end: str, quoting: int
) -> None:
    rows = [[f"{i:03d}", *("" if value is None else repr(value) for value in row)] for i, row in enumerate(values)]
    path = tmp_path / "table.csv"
    path.write_bytes(written(["id", "a", "b", "c"], rows, delimiter, end, quoting=quoting).encode())
    options = ReadOptions(delimiter=delimiter, text={"id"}.__contains__)
    fast, plain = read_delimited(path, options, large=0), read_delimited(path, options, large=1 << 40)
    assert fast.names == plain.names
    assert list(fast.numbers) == list(plain.numbers)
    assert fast.column("id").texts == plain.column("id").texts == tuple(row[0] for row in rows)
    for name in ("a", "b", "c"):
        quick, slow = fast.column(name), numbers(plain.column(name).as_texts())
        same = stored(quick.numbers).values if quick.values is not None else numbers(quick.as_texts()).values
        assert np.asarray(same).tobytes() == np.asarray(slow.values).tobytes()


MESSY = st.sampled_from(
    [
        "1",
        "-2.5",
        "",
        "nan",
        "NA",
        "inf",
        "1e400",
        "#NAME?",
        "<0.01",
        "1,5",
        "True",
        "False",
        "007",
        "0x1F",
        " 3 ",
        "99999999999999999999",
        "-0",
        "1 2",
        '"q"',
    ]
)


@RELAXED
@given(cells=st.lists(MESSY, min_size=1, max_size=6))
def test_both_ways_account_for_messy_cells_alike(tmp_path: Path, cells: list[str]) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(written(["id", "x"], [[f"{i}", cell] for i, cell in enumerate(cells)], ";", "\n").encode())
    options = ReadOptions(delimiter=";", text={"id"}.__contains__)
    fast, plain = read_delimited(path, options, large=0), read_delimited(path, options, large=1 << 40)
    quick, slow = fast.column("x"), numbers(plain.column("x").as_texts())
    found = stored(quick.numbers) if quick.values is not None else numbers(quick.as_texts())
    assert (found.plain, found.empty, dict(found.refused), dict(found.not_computed)) == (
        slow.plain,
        slow.empty,
        dict(slow.refused),
        dict(slow.not_computed),
    )
    assert np.asarray(found.values).tobytes() == np.asarray(slow.values).tobytes()


@RELAXED
@given(values=st.lists(st.lists(FLOATS, min_size=2, max_size=2), min_size=1, max_size=5))
def test_a_decimal_comma_table_reads_back_to_the_same_doubles(tmp_path: Path, values: list[list[float]]) -> None:
    rows = [[f"p{i}", *(repr(value).replace(".", ",") for value in row)] for i, row in enumerate(values)]
    path = tmp_path / "table.csv"
    path.write_text(written(["id", "a", "b"], rows, ";", "\n"), encoding="utf-8", newline="")
    for large in (0, 1 << 40):
        found = read_delimited(path, ReadOptions(delimiter=";", decimal=",", text={"id"}.__contains__), large=large)
        for j, name in enumerate(("a", "b")):
            column = found.column(name)
            read = stored(column.numbers) if column.values is not None else numbers(column.as_texts(), decimal=",")
            assert read.values.tolist() == [row[j] + 0.0 for row in values]


@RELAXED
@given(
    values=st.lists(st.one_of(st.none(), FLOATS), min_size=1, max_size=6),
    ids=st.lists(st.sampled_from(["007", "7", "1e3", "NO", "012"]), min_size=6, max_size=6),
)
@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
def test_columnar_files_read_back_bit_for_bit(tmp_path: Path, suffix: str, values: list[float | None], ids: list[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import feather

    table = pa.table({"id": pa.array(ids[: len(values)]), "x": pa.array(values, pa.float64())})
    path = tmp_path / f"table{suffix}"
    pq.write_table(table, path) if suffix == ".parquet" else feather.write_feather(table, path)
    found = read_file(path, ReadOptions(text={"id"}.__contains__))
    if values == [None] * len(values):
        assert found.column("id").texts == tuple(ids[: len(values)])
        return
    assert found.column("id").texts == tuple(ids[: len(values)])
    wanted = np.array([np.nan if value is None else value + 0.0 for value in values])
    assert np.asarray(stored(found.column("x").numbers).values).tobytes() == wanted.tobytes()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.sampled_from(["007", "7x", "NO", "Zürich"]), MODEST, st.one_of(st.none(), MODEST)), min_size=1, max_size=5)
)
def test_a_workbook_reads_back_its_text_and_its_doubles(tmp_path: Path, rows: list[tuple[str, float, float | None]]) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "x", "y"])
    for row in rows:
        sheet.append(list(row))
    path = tmp_path / "table.xlsx"
    book.save(path)
    found = read_file(path, ReadOptions())
    assert found.column("id").texts == tuple(row[0] for row in rows)
    # openpyxl writes sixteen digits: what is read is what stands in the file
    stored_cells = [float(f"{row[1]:.16g}") + 0.0 for row in rows]
    assert numbers(found.column("x").as_texts()).values.tolist() == stored_cells
