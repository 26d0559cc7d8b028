"""Text tables: CSV, TSV and their relatives as columns, each cell read once.

Small tables go through the standard library's csv reader. Large and regular ones go through pandas' C parser, which gives a column of
numbers where every cell is a plain number or empty and the untouched texts where not; both ways give the same columns (a law in the tests).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from radaudit.codes import answer
from radaudit.edges.readers.formats import dialect as dialects
from radaudit.edges.readers.formats import gzipped, records
from radaudit.edges.readers.formats.encoding import Decoded, decode
from radaudit.edges.readers.formats.raw import Column, RawTable, ReadOptions, from_grid, header_names, tidy
from radaudit.errors import TableError
from radaudit.findings import Severity, Verdict
from radaudit.tables.cells import PLAIN
from radaudit.tables.intake import Accounted
from radaudit.tables.shown import few

if TYPE_CHECKING:
    from radaudit.findings import Finding

LARGE = 2_000_000
WIDEST = 200_000


def read_delimited(path: Path, options: ReadOptions, *, large: int = LARGE) -> RawTable:
    """Return a text table; files from ``large`` bytes on take the fast way if they are regular.

    Raises TableError: READ-031 (two delimiters fit), READ-032 (no header), READ-033 (encoding), READ-034 (ragged rows),
    READ-035 (broken quotes), READ-036 (nothing in the file).
    """
    label = options.label or path.name
    decoded = decode(gzipped.content(path, label), stated=options.encoding, label=label)
    if not decoded.body[:4096].strip() and not decoded.body.strip():
        raise TableError("READ-036", f"{label} holds nothing", fix="send the table again")
    dialect = dialects.find(decoded, delimiter=options.delimiter, decimal=options.decimal, label=label)
    table = None
    if len(decoded.body) >= large and dialect.delimiter and dialect.line_end != "mixed":
        table = _fast(decoded.body, dialect, options, label)
    if table is None:
        table = _plain(decoded.body, dialect, label)
    _expect_header(table, label)
    return replace(table, dialect=dialect.document(), findings=(*table.findings, *_encoding_note(decoded, label)))


def header(path: Path, options: ReadOptions) -> tuple[str, ...]:
    """Return the column names of a text table from its first records."""
    rows = first_rows(path, options, with_header=True)
    return header_names(rows[0], options.label or path.name)[0] if rows else ()


def first_rows(path: Path, options: ReadOptions, *, with_header: bool = False) -> list[list[str]]:
    """Return the cells of the first records of a text table, without its header unless asked for; none if they cannot be parsed."""
    label = options.label or path.name
    data = gzipped.content(path, label, most=dialects.SAMPLE_BYTES)
    if len(data) == dialects.SAMPLE_BYTES:
        data = data[: max(data.rfind(b"\n"), data.rfind(b"\r")) + 1] or data
    decoded = decode(data, stated=options.encoding, label=label)
    if not decoded.body.strip():
        return []
    lines = records.sample(decoded.body, dialects.line_end_bytes(records.line_end(decoded.body)))
    delimiter, _ = dialects.stated_or_found(options.delimiter, lines, label)
    rows: list[list[str]] = []
    for line in lines:
        try:
            rows += _reader(line.decode(), delimiter)
        except csv.Error:
            break
    return rows if with_header else rows[1:]


def _reader(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or "\x1f", strict=True))


def _plain(body: bytes, dialect: dialects.Dialect, label: str) -> RawTable:
    """Read with the csv module, which also takes mixed line ends and quotes inside a field."""
    try:
        grid = _reader(body.decode("utf-8"), dialect.delimiter)
    except csv.Error as problem:
        raise TableError("READ-035", f"the quotes of {label} do not close: {problem}", fix="export the table again") from None
    first = next(i for i, row in enumerate(grid) if row)
    last = max(i for i, row in enumerate(grid) if row)
    blank = sum(1 for row in grid[first : last + 1] if not row)
    rows, accounts = even(grid[first : last + 1], label, first + 1)
    table = from_grid(rows, label=label, first=first + 1, dialect={}, blank=blank)
    if blank:
        accounts.append(Accounted(file=label, column="", kind="blank line", what="between records", count=blank))
    return replace(table, accounting=(*table.accounting, *accounts))


def even(grid: list[list[str]], label: str, first: int) -> tuple[list[list[str]], list[Accounted]]:
    """Return rows of one length: R's row names get a name, empty cells after the last column go, blank lines become empty rows.

    Raises TableError READ-034 for any other row that is longer or shorter than the header.
    """
    width, accounts = len(grid[0]), []
    lengths = {len(row) for row in grid[1:] if row}
    if lengths == {width + 1}:
        if all(not row[width].strip() for row in grid[1:] if row):
            accounts.append(Accounted(file=label, column="", kind="trailing delimiter", what="every row", count=len(grid) - 1))
            grid = [grid[0], *(row[:width] for row in grid[1:])]
        else:
            grid = [["", *grid[0]], *grid[1:]]
            width += 1
            accounts.append(
                Accounted(file=label, column="unnamed_1", kind="renamed column", what="row names without a header, as R writes", count=1)
            )
    trailing = sum(1 for row in grid if len(row) > width and not any(cell.strip() for cell in row[width:]))
    if trailing:
        accounts.append(
            Accounted(file=label, column="", kind="trailing delimiter", what="empty cells after the last column", count=trailing)
        )
        grid = [row[:width] if len(row) > width and not any(cell.strip() for cell in row[width:]) else row for row in grid]
    ragged = {first + i: len(row) for i, row in enumerate(grid) if row and len(row) != width}
    if ragged:
        raise ragged_error(ragged, width, label)
    return [row or [""] * width for row in grid], accounts


def ragged_error(ragged: dict[int, int], width: int, label: str) -> TableError:
    """Return the error for rows whose number of fields is not the header's."""
    rows = few((f"row {row} has {count}" for row, count in ragged.items()), most=5)
    longer = sum(1 for count in ragged.values() if count > width)
    hint = f"{longer} are longer, {len(ragged) - longer} shorter: " + (
        "a decimal comma in a comma-separated file does this" if longer else "values may stand under the wrong name"
    )
    return TableError(
        "READ-034",
        f"{len(ragged)} rows of {label} do not have the {width} fields of the header",
        found=rows,
        near=hint,
        fix='{file: ..., delimiter: ";"}   # or export the table again',
        rows=len(ragged),
    )


def _expect_header(table: RawTable, label: str) -> None:
    names = table.names
    numeric = [name for name in names if PLAIN.fullmatch(name)]
    if len(names) > 2 and len(numeric) >= len(names) - 1 and (len(set(numeric)) < len(numeric) or any("." in name for name in numeric)):
        raise TableError(
            "READ-032", f"the first row of {label} holds numbers, not names", found=few(names), fix="add a first row with column names"
        )


def _encoding_note(decoded: Decoded, label: str) -> list[Finding]:
    if not decoded.foreign:
        return []
    sentence = f"{label} is read as {decoded.encoding}: {decoded.foreign} characters depend on it."
    return [
        answer(
            "READ-001",
            Verdict.FAILED,
            sentence,
            facts={"file": label, "encoding": decoded.encoding, "characters": decoded.foreign},
            severity=Severity.NOTE,
            fix=f"{{file: {label}, encoding: {decoded.encoding}}}",
            scope=label,
        )
    ]


def _fast(body: bytes, dialect: dialects.Dialect, options: ReadOptions, label: str) -> RawTable | None:
    """Read a large regular table with pandas' C parser; None if it is not regular enough."""
    end = dialects.line_end_bytes(dialect.line_end)
    form = records.shape(body, end, dialect.delimiter.encode())
    if (
        form is None
        or not any(form.fields[form.header + 1 :])
        or set(form.fields[form.header :]) - {0, form.width}
        or form.width > WIDEST
        or len(dialect.delimiter.encode()) > 1
    ):
        return None
    start, stop = next(bounds for i, bounds in enumerate(records.records(body, end)) if i == form.header)
    head = _reader(body[start:stop].decode(), dialect.delimiter)[0]
    names, accounts = header_names(head, label)
    asked = {i for i, name in enumerate(names) if options.text(name)}
    columns, empty = _parse(body, form, names, asked, dialect.delimiter, options.decimal or ".")
    if len(empty) != sum(1 for count in form.fields[form.header + 1 :] if count):
        return None
    filled = [form.header + 1 + i for i, count in enumerate(form.fields[form.header + 1 :]) if count]
    blank = len(form.fields) - form.header - 1 - len(filled)
    kept = [i for i, ghost in enumerate(empty) if not ghost]
    ghosts = len(filled) - len(kept)
    if ghosts:
        columns = tuple(column.only(kept) for column in columns)
    if blank:
        accounts = (*accounts, Accounted(file=label, column="", kind="blank line", what="between records", count=blank))
    rows = tuple(filled[i] + 1 for i in kept)
    return tidy(RawTable(label=label, columns=columns, rows=len(rows), numbers=rows, accounting=accounts), ghosts=ghosts, header=head)


def _parse(
    body: bytes, form: records.Shape, names: Sequence[str], asked: set[int], delimiter: str, decimal: str
) -> tuple[tuple[Column, ...], Sequence[bool]]:
    """Return the columns, and for every row whether it is wholly empty."""
    import numpy as np

    frame = _pandas(body, form, dict.fromkeys(asked, "str"), delimiter, decimal)
    kinds = {i: "text" if i in asked else _kind(frame[i]) for i in range(len(names))}
    again = [i for i, found in kinds.items() if found == "again"]
    texts = _pandas(body, form, dict.fromkeys(again, "str"), delimiter, decimal, only=again) if again else None
    empty = np.ones(len(frame), dtype=bool)
    columns = []
    for i, name in enumerate(names):
        if kinds[i] != "numbers":
            source = texts[i] if texts is not None and kinds[i] == "again" else frame[i]
            cells = tuple(source.fillna("").tolist())
            empty &= np.array([not cell.strip() for cell in cells], dtype=bool)
            columns.append(Column(name=name, position=i + 1, texts=cells))
        else:
            values = frame[i].to_numpy(dtype=np.float64, na_value=np.nan) + 0.0
            empty &= np.isnan(values)
            columns.append(Column(name=name, position=i + 1, values=values))
    return tuple(columns), empty.tolist()


def _pandas(body: bytes, form: records.Shape, kinds: dict[int, str], delimiter: str, decimal: str, only: list[int] | None = None):  # type: ignore[no-untyped-def]
    import pandas as pd

    stream = io.BytesIO(body)
    stream.seek(form.body)
    return pd.read_csv(
        stream,
        sep=delimiter,
        header=None,
        names=range(form.width),
        usecols=only,
        dtype=kinds,
        decimal=decimal,
        keep_default_na=False,
        na_values=[""],
        engine="c",
        low_memory=False,
        skip_blank_lines=True,
        encoding="utf-8",
    )


def _kind(series) -> str:  # type: ignore[no-untyped-def]
    """Return ``numbers`` for finite numbers and empty cells, ``text``, or ``again`` where the parser may have changed the text."""
    import numpy as np

    if series.dtype.kind in "iu":
        return "numbers"
    if series.dtype.kind == "f":
        return "again" if np.isinf(series.to_numpy()).any() else "numbers"
    return "text" if str(series.dtype) == "str" else "again"
