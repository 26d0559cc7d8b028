"""Text tables: CSV, TSV and their relatives as columns, each cell read once.

Small tables go through the standard library's csv reader. Large and regular ones are cut and converted all cells at once (see ``flat``),
which gives a column of numbers where every cell is a plain number or empty and the untouched texts where not; both ways give the same
columns (a law in the tests).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from radaudit.codes import answer
from radaudit.edges.readers.formats import dialect as dialects
from radaudit.edges.readers.formats import flat, gzipped, records
from radaudit.edges.readers.formats.encoding import Decoded, decode
from radaudit.edges.readers.formats.headers import find_head, headed
from radaudit.edges.readers.formats.raw import Column, RawTable, ReadOptions, from_grid, header_names, tidy
from radaudit.errors import TableError
from radaudit.findings import Severity, Verdict
from radaudit.tables.cells import PLAIN
from radaudit.tables.intake import Accounted
from radaudit.tables.shown import few, quoted

if TYPE_CHECKING:
    from radaudit.findings import Finding

LARGE = 2_000_000
WIDEST = 200_000
MOST_CELLS = 50_000_000
SAMPLE = 30


def read_delimited(path: Path, options: ReadOptions, *, large: int = LARGE) -> RawTable:
    """Return a text table; files from ``large`` bytes on take the fast way if they are regular.

    Raises TableError: READ-031 (two delimiters fit), READ-032 (no header), READ-033 (encoding), READ-034 (ragged rows),
    READ-035 (broken quotes), READ-036 (nothing in the file), READ-038 (too many cells), READ-105 and READ-106 (rows of names).
    """
    label = options.label or path.name
    table, decoded, dialect = _streamed(path, options, label) if path.stat().st_size >= large else (None, None, None)
    if table is None or decoded is None or dialect is None:
        decoded = decode(gzipped.content(path, label), stated=options.encoding, label=label)
        if not decoded.body[:4096].strip() and not decoded.body.strip():
            raise TableError("READ-036", f"{label} holds nothing", fix="send the table again")
        dialect = dialects.find(decoded, delimiter=options.delimiter, decimal=options.decimal, label=label)
        if len(decoded.body) >= large:
            table = _fast(decoded.body, decoded.body, dialect, options, label)
        table = table or _plain(decoded.body, dialect, options, label)
    _expect_header(table, label)
    said = {**dialect.document(), **table.dialect}
    return replace(table, dialect=said, found=dialect, findings=(*table.findings, *_encoding_note(decoded, label)))


def _streamed(path: Path, options: ReadOptions, label: str) -> tuple[RawTable | None, Decoded | None, dialects.Dialect | None]:
    """Read a file block by block, never whole; nothing if it is packed, not UTF-8, or not regular."""
    with path.open("rb") as stream:
        head = stream.read(dialects.SAMPLE_BYTES)
    if head.startswith(gzipped.MAGIC) or not head.strip():
        return None, None, None
    if len(head) == dialects.SAMPLE_BYTES:
        head = head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1] or head
    decoded = decode(head, stated=options.encoding, label=label)
    if decoded.body is not head and not (decoded.encoding == "utf-8-sig" or (decoded.how == "stated" and decoded.body == head)):
        return None, None, None
    dialect = dialects.find(decoded, delimiter=options.delimiter, decimal=options.decimal, label=label)
    return _fast(path, decoded.body, dialect, options, label, skip=len(head) - len(decoded.body)), decoded, dialect


def header(path: Path, options: ReadOptions) -> tuple[str, ...]:
    """Return the column names of a text table from its first records."""
    return first_rows(path, options)[0]


def first_rows(path: Path, options: ReadOptions) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return the column names of a text table and the cells of its first records of data; none of what cannot be parsed."""
    label = options.label or path.name
    data = gzipped.content(path, label, most=dialects.SAMPLE_BYTES)
    if len(data) == dialects.SAMPLE_BYTES:
        data = data[: max(data.rfind(b"\n"), data.rfind(b"\r")) + 1] or data
    decoded = decode(data, stated=options.encoding, label=label)
    if not decoded.body.strip():
        return (), []
    end = dialects.line_end_bytes(records.line_end(decoded.body))
    delimiter, _ = dialects.stated_or_found(options.delimiter, records.sample(decoded.body, end), label)
    sample = _sample(decoded.body, end, delimiter)
    if not sample:
        return (), []
    head = find_head(sample, label, stated=options.header)
    rows = [row for i, row in sample if i >= head.body]
    names = ("", *head.names) if rows and len(rows[0]) == len(head.names) + 1 and rows[0][-1].strip() else head.names
    return header_names(names, label)[0], rows


def _sample(body: bytes, end: bytes, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return the first records that are not blank, each with its number; what cannot be parsed ends the sample."""
    found: list[tuple[int, list[str]]] = []
    for i, (start, stop) in enumerate(_bounds(body, end)):
        if stop > start:
            try:
                found += [(i, row) for row in _reader(body[start:stop].decode(), delimiter)[:1]]
            except csv.Error:
                break
        if len(found) == SAMPLE:
            break
    return found


def _reader(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or "\x1f", strict=True))


def _plain(body: bytes, dialect: dialects.Dialect, options: ReadOptions, label: str) -> RawTable:
    """Read with the csv module, which also takes mixed line ends and quotes inside a field."""
    delimiter = dialect.delimiter
    if delimiter and body.count(delimiter.encode()) > MOST_CELLS:
        raise TableError("READ-038", f"{label} holds more than {MOST_CELLS} cells and is not regular", fix="export it as Parquet")
    try:
        grid = _reader(body.decode("utf-8"), delimiter)
    except csv.Error:
        raise TableError("READ-035", f"the quotes of {label} do not close", fix="export the table again") from None
    sample = list(islice(((i, row) for i, row in enumerate(grid) if row), SAMPLE))
    head = find_head(sample, label, stated=options.header)
    last = max(i for i, row in enumerate(grid) if row)
    body_rows = grid[head.body : last + 1]
    blank = sum(1 for row in body_rows if not row)
    rows, accounts = even([list(head.names), *body_rows], label, head.body)
    table = from_grid(rows, label=label, first=head.body, dialect={}, blank=blank)
    if blank:
        accounts.append(Accounted(file=label, column="", kind="blank line", what="between records", count=blank))
    return headed(table, head, rows[0], label).noting(*accounts)


def even(grid: list[list[str]], label: str, first: int) -> tuple[list[list[str]], list[Accounted]]:
    """Return rows of one length: R's row names get a name, empty cells after the last column go, blank lines become empty rows.

    Raises TableError: READ-034 for any other row that is longer or shorter than the header, READ-107 if either could be meant.
    """
    width, accounts = len(grid[0]), []
    lengths = {len(row) for row in grid[1:] if row}
    if lengths == {width + 1}:
        if all(not row[width].strip() for row in grid[1:] if row):
            _refuse_shift([row[0] for row in grid[1:] if row], grid[0], label)
            accounts.append(Accounted(file=label, column="", kind="trailing delimiter", what="every row", count=len(grid) - 1))
            grid = [grid[0], *(row[:width] for row in grid[1:])]
        else:
            grid = [["", *grid[0]], *grid[1:]]
            width += 1
            accounts.append(row_names(label))
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


def _refuse_shift(first: list[str], names: Sequence[str], label: str) -> None:
    """Raise READ-107 if a header one field short of rows that end with an empty field may also be that of a table with row names."""
    if [cell.strip() for cell in first] != [str(i + 1) for i in range(len(first))] and all(PLAIN.fullmatch(cell.strip()) for cell in first):
        return
    raise TableError(
        "READ-107",
        f"the rows of {label} end with an empty field that its header does not have",
        found=f"{quoted(names[0])} names the first column, or the second beside row names and {quoted(names[-1])} is empty",
        fix="take the delimiter off the end of the rows, or write the name of the first column into the header",
    )


def row_names(label: str) -> Accounted:
    """Return the note about a column of row names."""
    return Accounted(file=label, column="unnamed_1", kind="renamed column", what="row names without a header, as R writes", count=1)


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


def _fast(
    source: Path | bytes, head: bytes, dialect: dialects.Dialect, options: ReadOptions, label: str, *, skip: int = 0
) -> RawTable | None:
    """Read a large regular table all cells at once (see ``flat``); None if it is not regular enough.

    ``head`` is the beginning of the text without a byte-order mark of ``skip`` bytes.
    """
    mark = dialect.delimiter.encode()
    if len(mark) != 1 or dialect.line_end not in ("LF", "CRLF") or mark in b'"\r\n \0.+-eE0123456789':
        return None
    end = dialects.line_end_bytes(dialect.line_end)
    sample = _sample(head, end, dialect.delimiter)
    if len(sample) < 2:
        return None
    found = find_head(sample, label, stated=options.header)
    start = next((bounds[0] for i, bounds in enumerate(_bounds(head, end)) if i == found.body), None)
    width = len(sample[-1][1])
    names = ("", *found.names) if len(found.names) == width - 1 else found.names
    if start is None or len(names) != width or not 1 < width <= WIDEST:
        return None
    clean, accounts = header_names(names, label)
    asked = frozenset(i for i, name in enumerate(clean) if options.text(name))
    form = flat.Form(delimiter=mark[0], returns=len(end) == 2, width=width, decimal_comma=options.decimal == ",", texts=asked)
    try:
        cells = flat.read_flat(source, skip + start, form)
    except flat.Irregular:
        return None
    table = _columns(cells, clean, found.body, label)
    if len(names) != len(found.names):
        if table.columns[-1].empty:
            return None
        accounts = (*accounts, row_names(label))
    ghosts = cells.rows - table.rows
    whole = tidy(replace(table, accounting=accounts), ghosts=ghosts, header=names)
    return headed(whole, found, names, label)


def _bounds(body: bytes, end: bytes) -> Iterator[tuple[int, int]]:
    try:
        yield from records.records(body, end)
    except ValueError:
        return


def _columns(cells: flat.Flat, names: Sequence[str], body: int, label: str) -> RawTable:
    """Return the cells as columns, rows without any content left out."""
    import numpy as np

    wordy = [np.array([not text.strip() for text in texts], dtype=bool) for texts in cells.texts.values()]
    empty = np.logical_and.reduce(wordy) if wordy else np.ones(cells.rows, dtype=bool)
    numbers = [j for j in range(len(names)) if j not in cells.texts]
    for j in numbers:
        if not empty.any():
            break
        empty &= np.isnan(cells.values[j])
    kept = np.flatnonzero(~empty)
    whole = len(kept) == cells.rows
    columns = []
    for j, name in enumerate(names):
        if j in cells.texts:
            texts = cells.texts[j]
            columns.append(Column(name=name, position=j + 1, texts=tuple(texts if whole else (texts[i] for i in kept.tolist()))))
        else:
            columns.append(Column(name=name, position=j + 1, values=cells.values[j] if whole else cells.values[j][kept]))
    places = range(body + 1, body + 1 + cells.rows) if whole else tuple((kept + body + 1).tolist())
    return RawTable(label=label, columns=tuple(columns), rows=len(kept), numbers=places)
