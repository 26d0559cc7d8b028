"""What every reader keeps, as one check for authors of plug-ins: rows, ids, and every column; diagnostics are never features.

from radaudit.testing.readers import Sample, check_reader

check_reader(my_reader, Sample(path=file, rows=2, id="case", ids=("007", "012"), features={"original_firstorder_Mean": 1.5}))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from radaudit.digests import file_digest
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import ReadOptions
from radaudit.errors import TableError
from radaudit.tables.cells import numbers

if TYPE_CHECKING:
    from radaudit.edges.readers.formats.raw import RawTable
    from radaudit.edges.readers.registry import Reader

RULES = {
    "claims": "the reader claims its own file and no other, and says so without an error",
    "rows": "every row of the file is a row of the table",
    "ids": "ids are the texts of the file: no zero, space or case is lost",
    "columns": "every column has one cell per row and a name",
    "numbers": "row numbers are those of the file, each once",
    "features": "the features are columns of the table, with the values of the file",
    "diagnostics": "what the program says of the extraction is neither a feature nor a column",
    "settings": "settings are texts, one mapping per row, and say what the file says",
    "account": "a column that left the table is on the account",
    "kept": "a column the study asks for by name stays",
    "again": "reading twice gives the same, and the file is untouched",
    "refusals": "a file of another form raises TableError with a code and a fix, never anything else",
}


class NotConformant(AssertionError):
    """A reader broke rules; ``broken`` names them, as in RULES."""

    def __init__(self, broken: Mapping[str, str]) -> None:
        self.broken = tuple(broken)
        super().__init__("; ".join(f"{rule}: {what} ({RULES[rule]})" for rule, what in broken.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One file of the reader's program, and what stands in it.

    ``id`` is the column of ids with the texts ``ids`` (empty: the file names nobody); ``features`` are some features with their values in
    the first row; ``diagnostics`` are columns that may not stay; ``settings`` are some settings of the first row; ``reshaped`` says that
    the file does not hold one row per case, so that its columns are not those of the table.
    """

    path: Path
    rows: int
    id: str = ""
    ids: tuple[str, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
    diagnostics: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    reshaped: bool = False


def check_reader(reader: Reader, sample: Sample, *, strangers: Iterable[Path] = ()) -> None:
    """Raise NotConformant with every rule of RULES the reader breaks on this sample; ``strangers`` are files it may not claim."""
    broken: dict[str, str] = {}
    before = file_digest(sample.path)
    _claims(reader, sample, tuple(strangers), broken)
    try:
        table = reader.read(sample.path, ReadOptions())
    except TableError as error:
        raise NotConformant({**broken, "rows": f"its own file was refused with {error.code}"}) from error
    _shape(table, sample, broken)
    _content(table, sample, broken)
    if not sample.reshaped:
        _account(table, sample, broken)
        _kept(reader, sample, broken)
    if file_digest(sample.path) != before:
        broken["again"] = "the file was changed"
    elif not _same(table, reader.read(sample.path, ReadOptions())):
        broken["again"] = "the second table differs from the first"
    _refusals(reader, tuple(strangers), broken)
    if broken:
        raise NotConformant(broken)


def _claims(reader: Reader, sample: Sample, strangers: tuple[Path, ...], broken: dict[str, str]) -> None:
    try:
        if not reader.claims(sample.path):
            broken["claims"] = f"{sample.path.name} is not claimed"
        for path in strangers:
            if reader.claims(path):
                broken["claims"] = f"{path.name} is claimed"
    except Exception as error:  # whatever a plug-in raises
        broken["claims"] = f"{type(error).__name__} was raised"


def _shape(table: RawTable, sample: Sample, broken: dict[str, str]) -> None:
    if table.rows != sample.rows:
        broken["rows"] = f"{table.rows} rows instead of {sample.rows}"
    lengths = {len(column.as_texts()) for column in table.columns}
    if lengths != {table.rows} or not all(name.strip() for name in table.names):
        broken["columns"] = f"columns of {sorted(lengths)} cells in a table of {table.rows} rows"
    if len(table.numbers) != table.rows or len(set(table.numbers)) != table.rows:
        broken["numbers"] = f"{len(set(table.numbers))} different numbers for {table.rows} rows"


def _content(table: RawTable, sample: Sample, broken: dict[str, str]) -> None:
    if sample.ids:
        found = table.column(sample.id).as_texts() if sample.id and table.has(sample.id) else ()
        if found != sample.ids:
            broken["ids"] = f"{len(set(found) & set(sample.ids))} of {len(sample.ids)} ids are there as they were written"
    features = table.features or ()
    lost = [name for name in sample.features if name not in features or not table.has(name)]
    stray = [name for name in features if not table.has(name)]
    odd = [name for name, value in sample.features.items() if name not in lost and not _equal(table, name, value)]
    if lost or stray or odd:
        broken["features"] = f"{len(lost)} are lost, {len(stray)} are no columns, {len(odd)} have another value"
    left = [name for name in sample.diagnostics if table.has(name) or name in features]
    if left:
        broken["diagnostics"] = f"{len(left)} are still there"
    texts = all(isinstance(key, str) and isinstance(text, str) for row in table.settings for key, text in row.items())
    said = not sample.settings or (bool(table.settings) and sample.settings.items() <= dict(table.settings[0]).items())
    if len(table.settings) not in (0, table.rows) or not texts or not said:
        broken["settings"] = f"{len(table.settings)} mappings for {table.rows} rows"


def _equal(table: RawTable, name: str, value: float) -> bool:
    found = float(numbers(table.column(name).as_texts()).values[0])
    return found == value or (found != found and value != value)


def _account(table: RawTable, sample: Sample, broken: dict[str, str]) -> None:
    try:
        written = read_file(sample.path, ReadOptions()).names
    except TableError:
        return
    noted = {note.column for note in table.accounting}
    lost = [name for name in written if not table.has(name) and name not in noted]
    if lost:
        broken["account"] = f"{len(lost)} columns went nowhere"


def _kept(reader: Reader, sample: Sample, broken: dict[str, str]) -> None:
    present = [name for name in sample.diagnostics if name][:1]
    if present and not reader.read(sample.path, ReadOptions(keep=frozenset(present))).has(present[0]):
        broken["kept"] = "a column that was asked for left the table"


def _refusals(reader: Reader, strangers: tuple[Path, ...], broken: dict[str, str]) -> None:
    for path in strangers:
        try:
            reader.read(path, ReadOptions())
        except TableError as error:
            if not error.code or not error.fix:
                broken["refusals"] = f"{error.code or 'an error without code'} says no fix"
        except Exception as error:  # whatever a plug-in raises
            broken["refusals"] = f"{type(error).__name__} was raised"


def _same(one: RawTable, other: RawTable) -> bool:
    cells = all(a.name == b.name and a.as_texts() == b.as_texts() for a, b in zip(one.columns, other.columns, strict=False))
    return cells and len(one.columns) == len(other.columns) and one.features == other.features and one.settings == other.settings
