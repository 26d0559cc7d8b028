"""Where the names of a table stand: legend lines above the header, one to three rows of names, a row of units below them.

A row below the header is a header too only if every cell of it that stands in a column of numbers is a text; then rows of groups
(with empty or repeated cells) are joined to the names, units are set apart, and two full rows of names are refused: either could be it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from radaudit.edges.readers.formats.raw import RawTable
from radaudit.errors import TableError
from radaudit.tables.cells import CENSORED, DECIMAL_COMMA, ERROR_VALUE, INFINITE, NOT_COMPUTED, PLAIN
from radaudit.tables.intake import Accounted
from radaudit.tables.shown import few, inert

Sample = Sequence[tuple[int, Sequence[str]]]
MOST_LEGEND = 20
MOST_ROWS = 3
PLAIN_HEAD = "certain: the first row"
UNIT = re.compile(
    r"[\[(]?\s*(?:1/)?(?:-|1|%|unitless|none|no unit|dimensionless|[nuµm]?m(?:\^?-?[123]|[²³])?|cm(?:\^?[123]|[²³])?|m?l|cc|HU|SUV(?:bw)?|"
    r"g/ml|k?Bq(?:/m?l)?|[mk]?g|kg/m\^?2|Gy|[mk]?V|mAs?|keV|s|sec|ms|min|h|days?|d|weeks?|months?|mo|years?|yrs?|y|"
    r"a\.?u\.?|px|pixels?|vx|voxels?|counts?|bits?|rad|deg|°|ng/ml|mg/d?l|mm2/s|mm²/s)\s*[\])]?",
    re.IGNORECASE,
)
LETTER = re.compile(r"[^\W\d_]|%|\[")
UNWRITTEN = frozenset({"", "-", ".", "?", "n/a", "N/A", "#N/A", "null", "NULL", "None", "none", "missing"}) | NOT_COMPUTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The names of a table (as they stand, joined where several rows hold them), its units by column, and which records hold what.

    ``rows`` are the record numbers (0-based) of the names, ``body`` that of the first row of data, ``legend`` counts lines above.
    """

    names: tuple[str, ...]
    rows: tuple[int, ...]
    body: int
    legend: int = 0
    units: tuple[str, ...] = ()
    how: str = PLAIN_HEAD

    def accounts(self, label: str) -> list[Accounted]:
        """Return what was not plain about it."""
        found = []
        if self.legend:
            found.append(Accounted(file=label, column="", kind="legend line", what="above the header", count=self.legend))
        if len(self.rows) > 1:
            found.append(Accounted(file=label, column="", kind="header rows", what="joined with _", count=len(self.rows)))
        if self.units:
            found.append(Accounted(file=label, column="", kind="units row", what="below the header", count=1))
        return found


def legend_lines(widths: Sequence[int], rows: Sequence[Sequence[str]]) -> int:
    """Return how many of the first records are no part of the table: comments, or titles with fewer fields than all records that follow."""
    marked = 0
    while marked < len(rows) and rows[marked] and rows[marked][0].lstrip().startswith("#"):
        marked += 1
    if marked and marked < len(rows) and (marked > 1 or not _has_number(rows[marked]) or len(rows[0]) < len(rows[marked])):
        return marked
    usual = widths[-1]
    short = 0
    while short < len(widths) and widths[short] < usual:
        short += 1
    if not 0 < short <= min(MOST_LEGEND, len(widths) - 2) or set(widths[short:]) != {usual}:
        return 0
    # a header one field short is R's, unless the next row holds names of its own
    names = not _has_number(rows[short]) and any(map(_has_number, rows[short + 1 :]))
    return short - 1 if widths[short - 1] == usual - 1 and (usual > 2 or not names) else short


def _has_number(row: Sequence[str]) -> bool:
    return any(_is_number(cell) for cell in row)


def _is_number(cell: str) -> bool:
    text = cell.strip()
    return PLAIN.fullmatch(text) is not None or DECIMAL_COMMA.fullmatch(text) is not None


def find_head(sample: Sample, label: str, *, stated: tuple[int, ...] = ()) -> Head:
    """Return where the names are, from the first records that are not blank, each with its number; ``stated`` names rows from 1.

    Raises TableError: READ-105 (two rows could hold the names), READ-106 (a stated row is not there).
    """
    if stated:
        return _stated(sample, label, stated)
    skip = legend_lines([len(row) for _, row in sample], [row for _, row in sample])
    rows = sample[skip:]
    more, units = _rows_below(rows)
    names = tuple(row for _, row in rows[: 1 + more])
    below = rows[1 + more + units :]
    how = PLAIN_HEAD if not (skip or more or units) else f"certain: {_told(skip, more, units)}"
    if more and not _grouped(names[0]) and not (more == 2 and _grouped(names[1])):
        raise _two_headers(rows, more, label)
    return Head(
        names=joined(names),
        rows=tuple(number for number, _ in rows[: 1 + more]),
        body=below[0][0] if below else rows[-1][0] + 1,
        legend=skip,
        units=tuple(rows[1 + more][1]) if units else (),
        how=how,
    )


def _told(skip: int, more: int, units: int) -> str:
    parts = [f"{skip} lines above it" if skip else "", f"{1 + more} rows of names" if more else "", "a row of units" if units else ""]
    return ", ".join(part for part in parts if part)


def _stated(sample: Sample, label: str, stated: tuple[int, ...]) -> Head:
    by_number = dict(sample)
    wanted = [number - 1 for number in sorted(stated)]
    lost = [number + 1 for number in wanted if number not in by_number]
    if lost:
        raise TableError(
            "READ-106",
            f"{inert(label)} has no row {lost[0]} for its header",
            found=f"rows 1 to {sample[-1][0] + 1} were looked at",
            fix="header: 1",
        )
    rows = [item for item in sample if item[0] >= wanted[0]]
    rest = [item for item in rows if item[0] > wanted[-1]]
    _, units = _rows_below([(wanted[-1], by_number[wanted[-1]]), *rest], most=0)
    below = rest[units:]
    return Head(
        names=joined([by_number[number] for number in wanted]),
        rows=tuple(wanted),
        body=below[0][0] if below else rows[-1][0] + 1,
        legend=sum(1 for number, _ in sample if number < wanted[0]),
        units=tuple(rest[0][1]) if units else (),
        how="stated",
    )


def _rows_below(rows: Sample, *, most: int = MOST_ROWS - 1) -> tuple[int, int]:
    """Return how many rows of names follow the first row, and whether (1 or 0) a row of units follows those."""
    if len(rows) < 4 or _is_data(rows):
        return 0, 0
    for more in range(most + 1, -1, -1):
        if len(rows) < more + 3:
            continue
        heads, data = [row for _, row in rows[1 : 1 + more]], [row for _, row in rows[1 + more :]]
        columns = [j for j in range(min(len(row) for _, row in rows)) if _numeric([row[j] for row in data])]
        if not more or not columns or not all(_heads(row, columns) for row in heads):
            continue
        last = [heads[-1][j].strip() for j in columns if heads[-1][j].strip()]
        units = int(all(UNIT.fullmatch(cell) for cell in last))
        if not units and (more > most or len(columns) < 2 or len(set(last)) < 2):
            continue
        if units and len(heads) > 1 and (more - 1 > most or len(columns) < 2):
            continue
        return more - units, units
    return 0, 0


def _is_data(rows: Sample) -> bool:
    """True if some cell of the row below the header is a number, as all others of its column: no more has to be looked at."""
    width = min(len(row) for _, row in rows[1:])
    numbers = (j for j, cell in enumerate(rows[1][1][:width]) if _is_number(cell) and cell.strip() != "1")
    return any(_numeric([row[j] for _, row in rows[1:]]) for j in numbers)


def _numeric(cells: Sequence[str]) -> bool:
    written = [cell for cell in cells if cell.strip() not in UNWRITTEN]
    return len(written) >= 2 and all(_is_number(cell) for cell in written)


def _heads(row: Sequence[str], columns: Sequence[int]) -> bool:
    """True if the row holds texts in columns of numbers, in at least half of them."""
    cells = [row[j].strip() for j in columns if row[j].strip()]
    written = [cell for cell in cells if cell not in UNWRITTEN]
    if not written or 2 * len(cells) < len(columns) or any(_is_number(cell) and cell != "1" for cell in cells):
        return False
    if any(pattern.fullmatch(cell) for cell in cells for pattern in (ERROR_VALUE, INFINITE, CENSORED)):
        return False
    return any(LETTER.search(cell) for cell in written) and all(LETTER.search(cell) or UNIT.fullmatch(cell) for cell in written)


def _grouped(row: Sequence[str]) -> bool:
    """True for a row of groups: some cells are empty, or say what their neighbour says."""
    cells = [cell.strip() for cell in row]
    return "" in cells[1:] or any(a == b for a, b in pairwise(cells[1:]))


def joined(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return names of several rows: groups are carried to the right over empty cells, parts are joined with ``_``."""
    if len(rows) == 1:
        return tuple(rows[0])
    parts: list[list[str]] = []
    for i, row in enumerate(rows):
        cells = [cell.strip() for cell in row]
        if i < len(rows) - 1:
            for j in range(2, len(cells)):
                cells[j] = cells[j] or cells[j - 1]
        parts.append(cells)
    return tuple("_".join(dict.fromkeys(part for part in column if part)) for column in zip(*parts, strict=False))


def _two_headers(rows: Sample, more: int, label: str) -> TableError:
    first, last = rows[0], rows[more]
    return TableError(
        "READ-105",
        f"{more + 1} rows of {inert(label)} could hold its names",
        found=f"row {first[0] + 1}: {few(first[1], most=4)}\nrow {last[0] + 1}: {few(last[1], most=4)}",
        fix=f"{{file: {inert(label)}, header: {last[0] + 1}}}   # or [{first[0] + 1}, {last[0] + 1}] to join them",
        rows=more + 1,
    )


def headed(table: RawTable, head: Head, names: Sequence[str], label: str) -> RawTable:
    """Return the table with what was found about its header; ``names`` are as many as its records have fields."""
    units = ("",) * (len(names) - len(head.units)) + head.units if head.units else ()
    by_position = {column.position: column.name for column in table.columns}
    said = {by_position[i + 1]: unit.strip() for i, unit in enumerate(units) if unit.strip() and i + 1 in by_position}
    dialect = {**table.dialect, "header": head.how} if head.how != PLAIN_HEAD else table.dialect
    return replace(table, column_units=said, dialect=dialect).noting(*head.accounts(label))
