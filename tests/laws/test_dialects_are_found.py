"""Law: a table of numbers with ids, written in any supported dialect, layout or format, reads back to the same names, texts and doubles,
without a word on how it was written; what has two readings is refused with its code, and nothing is ever read otherwise.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import string
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from radaudit.edges.readers.formats.delimited import read_delimited
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.errors import TableError
from radaudit.tables.cells import numbers, stored

RELAXED = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# what may be refused because it has two readings
TWO_READINGS = {"READ-031", "READ-104", "READ-105", "READ-107"}
IDS = st.text(string.ascii_letters + string.digits + "-_ '.é/", min_size=1, max_size=8).map(str.strip).filter(bool)
WORDS = st.text(string.ascii_letters + "_-.äø ", min_size=1, max_size=10).map(str.strip).filter(lambda text: text and text[0].isalpha())
FLOATS = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**6), 10**6).map(float))
NONE_OR_FLOAT = st.one_of(st.none(), FLOATS, FLOATS, FLOATS)


class Written:
    """A table as its author meant it: ``ids`` (n,), ``names`` (p,), ``values`` (n, p) with None for missing."""

    def __init__(self, ids: list[str], names: list[str], values: list[list[float | None]]) -> None:
        self.ids, self.names, self.values = ids, names, values

    def grid(self, decimal: str = ".") -> list[list[str]]:
        rows = [["" if value is None else repr(value).replace(".", decimal) for value in row] for row in self.values]
        return [["patient", *self.names], *([one, *row] for one, row in zip(self.ids, rows, strict=True))]

    def array(self) -> np.ndarray:
        return np.array([[np.nan if value is None else value + 0.0 for value in row] for row in self.values])


@st.composite
def tables(draw: st.DrawFn) -> Written:
    names = draw(st.lists(WORDS, min_size=2, max_size=4, unique_by=str.casefold))
    ids = draw(st.lists(IDS, min_size=2, max_size=6, unique=True))
    values = [draw(st.lists(NONE_OR_FLOAT, min_size=len(names), max_size=len(names))) for _ in ids]
    return Written([f"P{one}" for one in ids], [f"{name}q" for name in names], values)


def check(found: RawTable, table: Written, decimal: str | None = None) -> None:
    assert found.names == ("patient", *table.names)
    assert found.column("patient").as_texts() == tuple(table.ids)
    read = [
        stored(column.numbers, decimal=decimal) if column.values is not None else numbers(column.as_texts(), decimal=decimal)
        for column in found.columns[1:]
    ]
    assert all(not one.refused for one in read)
    values = np.column_stack([one.values for one in read])
    assert values.tobytes() == np.ascontiguousarray(table.array()).tobytes()


def text_of(grid: list[list[str]], delimiter: str, end: str, quoting: int) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(grid)
    return stream.getvalue()


@RELAXED
@given(
    table=tables(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "windows-1252", "mac-roman"]),
    legend=st.sampled_from(["", "A title", "# made by a program", "# one\n# two"]),
    units=st.booleans(),
    packed=st.booleans(),
    large=st.sampled_from([0, 1 << 40]),
)
def test_a_text_table_is_read_as_it_was_written_or_refused(
    tmp_path: Path,
    table: Written,
    delimiter: str,
    end: str,
    quoting: int,
    encoding: str,
    legend: str,
    units: bool,
    packed: bool,
    large: int,
) -> None:
    grid = table.grid()
    numeric = sum(sum(value is not None for value in column) >= 2 for column in zip(*table.values, strict=True))
    if units and numeric == len(table.names):
        grid.insert(1, ["", *("mm3" for _ in table.names)])
    text = (legend.replace("\n", end) + end if legend else "") + text_of(grid, delimiter, end, quoting)
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        return
    path = tmp_path / ("table.csv.gz" if packed else "table.csv")
    path.write_bytes(gzip.compress(data) if packed else data)
    try:
        found = read_delimited(path, ReadOptions(text={"patient"}.__contains__), large=large)
    except TableError as error:
        assert error.code in TWO_READINGS  # noqa: PT017
        return
    if encoding == "mac-roman" and not text.isascii():
        assert "windows-1252" in found.dialect["encoding"]
        return
    check(found, table)


@RELAXED
@given(table=tables(), delimiter=st.sampled_from([";", "\t", "|"]), large=st.sampled_from([0, 1 << 40]))
def test_a_stated_decimal_comma_is_all_such_a_table_needs(tmp_path: Path, table: Written, delimiter: str, large: int) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text_of(table.grid(","), delimiter, "\n", csv.QUOTE_MINIMAL), encoding="utf-8")
    try:
        found = read_delimited(path, ReadOptions(decimal=",", text={"patient"}.__contains__), large=large)
    except TableError as error:
        assert error.code in TWO_READINGS  # noqa: PT017
        return
    check(found, table, ",")


@RELAXED
@given(table=tables(), form=st.sampled_from(["long", "transposed", "records", "split", "columns", "arff", "row names"]))
def test_other_layouts_and_formats_read_back_to_the_same_bytes(tmp_path: Path, table: Written, form: str) -> None:
    grid = table.grid()
    options, path = ReadOptions(), tmp_path / "table.csv"
    if form == "long":
        rows = [
            [one, name, row[j]]
            for one, row in zip(table.ids, [row[1:] for row in grid[1:]], strict=True)
            for j, name in enumerate(table.names)
        ]
        path.write_text(text_of([["patient", "feature", "value"], *rows], ",", "\n", csv.QUOTE_MINIMAL), encoding="utf-8")
    elif form == "transposed":
        options = ReadOptions(layout="transposed")
        path.write_text(text_of([list(row) for row in zip(*grid, strict=True)], ",", "\n", csv.QUOTE_MINIMAL), encoding="utf-8")
    elif form == "arff":
        path = tmp_path / "table.arff"
        head = ["@relation r", "@attribute patient string", *(f"@attribute '{name}' numeric" for name in table.names), "@data"]
        body = [", ".join(["'" + row[0].replace("'", "\\'") + "'", *(cell or "?" for cell in row[1:])]) for row in grid[1:]]
        path.write_text("\n".join([*head, *body]), encoding="utf-8")
    elif form == "row names":
        path.write_text(text_of([grid[0][1:], *grid[1:]], ",", "\n", csv.QUOTE_NONNUMERIC), encoding="utf-8")
    else:
        path = tmp_path / "table.json"
        rows = [[one, *row] for one, row in zip(table.ids, table.values, strict=True)]
        records = [dict(zip(grid[0], row, strict=True)) for row in rows]
        by_name = {name: [row[j] for row in rows] for j, name in enumerate(grid[0])}
        content = {"records": records, "split": {"columns": grid[0], "data": rows}, "columns": by_name}[form]
        path.write_text(json.dumps(content), encoding="utf-8")
    try:
        found = read_file(path, options)
    except TableError as error:
        assert error.code in TWO_READINGS  # noqa: PT017
        return
    if form == "row names":
        assert found.names[0] == "unnamed_1"
        found = RawTable(
            label="", columns=(type(found.columns[0])(name="patient", position=1, texts=found.columns[0].texts), *found.columns[1:]),
            rows=found.rows, numbers=found.numbers,
        )  # fmt: skip
    check(found, table)
