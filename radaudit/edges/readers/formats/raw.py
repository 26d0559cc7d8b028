"""RawTable: what stands in a file, before anything is joined; columns of text, or of numbers where every cell is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from radaudit.errors import TableError, nearest
from radaudit.tables.cells import number_text
from radaudit.tables.intake import Accounted
from radaudit.tables.shown import few, inert, quoted

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.edges.readers.formats.dialect import Dialect
    from radaudit.findings import Finding


def every(name: str) -> bool:
    """Ask for every column as text."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What the study states about one file; ``text`` tells which columns must stay text (ids, sites, clinical values).

    ``keep`` names the columns the study gives a role: a reader leaves them in the table, whatever they hold.

    ``layout`` is one of ``reshape.LAYOUTS`` (None: found by looking), ``header`` the numbers of the rows that hold the names (row 1 is
    the first of the file or sheet; empty: found by looking).
    """

    label: str = ""
    sheet: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    layout: str | None = None
    header: tuple[int, ...] = ()
    text: Callable[[str], bool] = every
    keep: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """One column: ``texts`` as they stand in the file (empty for missing), or ``values`` (n,) float64 with NaN for empty cells."""

    name: str
    position: int
    texts: tuple[str, ...] | None = None
    values: Floats | None = None

    def as_texts(self) -> tuple[str, ...]:
        """Return the cells as text, numbers in their shortest form."""
        if self.texts is not None:
            return self.texts
        assert self.values is not None
        return tuple("" if value != value else number_text(value) for value in self.values.tolist())

    def only(self, rows: Sequence[int]) -> Column:
        """Return the column of these rows."""
        if self.texts is not None:
            return replace(self, texts=tuple(self.texts[i] for i in rows))
        assert self.values is not None
        return replace(self, values=self.values[list(rows)])

    @property
    def empty(self) -> bool:
        """True if no cell holds anything."""
        if self.texts is not None:
            return not any(text.strip() for text in self.texts)
        import numpy as np

        return bool(np.isnan(self.numbers).all())

    @property
    def numbers(self) -> Floats:
        """The values of a column of numbers."""
        assert self.values is not None
        return self.values


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawTable:
    """Columns of one file in its order; ``numbers`` are the rows' numbers in the file, the header being row 1.

    ``features`` names the columns a reader knows to be features (None: it cannot tell); ``settings`` and ``images`` hold one text per row
    (how the row was extracted; digest of image and mask) if the reader knows them. ``column_units`` are those of a row below the
    header, by column; ``found`` is the dialect of a text table with its evidence. ``patient`` and ``regions`` name the columns a reader
    knows to hold the id and what tells rows of one patient apart; ``log`` counts what the extractor itself said of its work, by level.
    ``files`` names the file of each row of a table that was gathered from several.
    """

    label: str
    columns: tuple[Column, ...]
    rows: int
    numbers: Sequence[int]
    reader: str = "generic"
    dialect: Mapping[str, str] = field(default_factory=dict)
    accounting: tuple[Accounted, ...] = ()
    findings: tuple[Finding, ...] = ()
    features: tuple[str, ...] | None = None
    settings: tuple[Mapping[str, str], ...] = ()
    images: tuple[str, ...] = ()
    column_units: Mapping[str, str] = field(default_factory=dict)
    found: Dialect | None = None
    patient: str | None = None
    regions: tuple[str, ...] = ()
    log: Mapping[str, int] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """Where each row stands: file and row number."""
        files = self.files or (self.label,) * self.rows
        return tuple(f"{file} row {number}" for file, number in zip(files, self.numbers, strict=True))

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in the order of the file."""
        return tuple(column.name for column in self.columns)

    def has(self, name: str) -> bool:
        """True if there is a column of this name."""
        return any(column.name == name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of this name; raises TableError if there is none (READ-021) or more than one (FEAT-008)."""
        found = [column for column in self.columns if column.name == name]
        if len(found) == 1:
            return found[0]
        if found:
            at = few(str(column.position) for column in found)
            raise TableError(
                "FEAT-008", f"{len(found)} columns of {self.label} are called {quoted(name)}", at=f"columns {at}", fix="rename them"
            )
        near = nearest(name, self.names)
        raise TableError(
            "READ-021", f"there is no column {quoted(name)} in {self.label}", found=few(self.names, most=20), near=near and inert(near)
        )

    def only(self, rows: Sequence[int]) -> RawTable:
        """Return the table of these rows, in this order."""
        return replace(
            self,
            columns=tuple(column.only(rows) for column in self.columns),
            rows=len(rows),
            numbers=tuple(self.numbers[i] for i in rows),
            settings=tuple(self.settings[i] for i in rows) if self.settings else (),
            images=tuple(self.images[i] for i in rows) if self.images else (),
            files=tuple(self.files[i] for i in rows) if self.files else (),
        )

    def at(self, numbers: Sequence[int]) -> RawTable:
        """Return the table with these rows' numbers in the file."""
        return replace(self, numbers=tuple(numbers))

    def noting(self, *more: Accounted, findings: Iterable[Finding] = ()) -> RawTable:
        """Return the table with more on its account."""
        return replace(self, accounting=(*self.accounting, *more), findings=(*self.findings, *findings))


def header_names(cells: Sequence[str], label: str) -> tuple[tuple[str, ...], tuple[Accounted, ...]]:
    """Return column names from header cells, and what was renamed.

    Outer spaces go, text is NFC, an empty name is ``unnamed_<position>`` (1-based).
    """
    import unicodedata

    names: list[str] = []
    accounts: list[Accounted] = []
    for position, cell in enumerate(cells, start=1):
        name = unicodedata.normalize("NFC", cell.strip().strip("\ufeff"))
        if not name:
            name = f"unnamed_{position}"
            accounts.append(Accounted(file=label, column=name, kind="renamed column", what="no name in the file", count=1))
        elif name != cell:
            accounts.append(
                Accounted(file=label, column=name, kind="renamed column", what="spaces around the name or Unicode form", count=1)
            )
        names.append(name)
    for name, count in Counter(names).items():
        if count > 1:
            accounts.append(Accounted(file=label, column=name, kind="duplicated column", what="the same name more than once", count=count))
    return tuple(names), tuple(accounts)


def from_grid(grid: Sequence[Sequence[str]], *, label: str, first: int, dialect: Mapping[str, str], blank: int = 0) -> RawTable:
    """Return the table of rows of text of equal length, the header first; ``first`` is the header's row number in the file.

    Rows without any text are left out and counted as ghost rows (but for ``blank`` lines, which the caller accounts for), columns
    without name and text as empty columns.
    """
    header, body = grid[0], grid[1:]
    names, accounts = header_names(header, label)
    kept = [i for i, row in enumerate(body) if any(cell.strip() for cell in row)]
    rows = [body[i] for i in kept]
    texts = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    columns = tuple(Column(name=name, position=i + 1, texts=tuple(texts[i])) for i, name in enumerate(names))
    table = RawTable(
        label=label, columns=columns, rows=len(rows), numbers=tuple(first + 1 + i for i in kept), dialect=dialect, accounting=accounts
    )
    return tidy(table, ghosts=len(body) - len(rows) - blank, header=header)


def tidy(table: RawTable, *, ghosts: int, header: Sequence[str]) -> RawTable:
    """Return the table without columns that have neither name nor content; they and ``ghosts`` (rows without content) go on the account."""
    nameless = {i + 1 for i, cell in enumerate(header) if not cell.strip()}
    gone = [column for column in table.columns if column.position in nameless and column.empty]
    names, places = {column.name for column in gone}, {column.position for column in gone}
    accounts = [note for note in table.accounting if note.column not in names]
    if gone:
        accounts.append(Accounted(file=table.label, column="", kind="empty column", what="neither name nor content", count=len(gone)))
    if ghosts:
        accounts.append(Accounted(file=table.label, column="", kind="ghost row", what="no content in any column", count=ghosts))
    return replace(table, columns=tuple(column for column in table.columns if column.position not in places), accounting=tuple(accounts))
