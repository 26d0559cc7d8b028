"""A party's own table as arrays, with roles stated by options; and written again with harmonised features."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.edges.inert import inert as unrunnable
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.registry import read_table
from radaudit.errors import StudyError, TableError, listed, nearest
from radaudit.tables.cells import PLAIN, numbers
from radaudit.tables.shown import counted, few, inert

if TYPE_CHECKING:
    from radaudit.arrays import Floats

JOINT = " | "
WILD = "*?["


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Roles and dialect of one table: ``batch`` columns (several are joined) or the one ``name`` of all rows.

    ``features`` and ``exclude`` are names or patterns; without ``features`` they are what the reader recognises. ``categories``
    are covariates whose numbers are codes. ``missing`` are texts that mean no value.
    """

    batch: tuple[str, ...] = ()
    name: str | None = None
    subject: str | None = None
    covariates: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    sheet: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    reader: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """The rows of one party: ``x`` (n, p), ``batch`` (n,), covariates by name, ``patients`` (n,) or None; ``raw`` as it was read."""

    features: tuple[str, ...]
    x: Floats
    batch: Sequence[str]
    covariates: Mapping[str, Sequence[Any]]
    patients: Sequence[str] | None
    raw: RawTable | None = None


def read_rows(path: Path, asked: Asked) -> Rows:
    """Return the rows of a table.

    Raises TableError READ-036 (no file), READ-021 (no such column), READ-005 (cells that are no numbers), STUDY-063 (a row without
    batch or patient) and as the readers do; StudyError STUDY-060 (roles that are missing or contradict).
    """
    if not path.is_file():
        raise TableError("READ-036", f"there is no file {path.name}", fix="name your table")
    options = ReadOptions(label=path.name, sheet=asked.sheet, delimiter=asked.delimiter, decimal=asked.decimal, encoding=asked.encoding)
    raw = read_table(path, options, reader=asked.reader)
    _refuse_roles(asked)
    features = _features(raw, asked)
    covariates = {name: _covariate(raw, name, asked) for name in asked.covariates}
    return Rows(
        features=features,
        x=_matrix(raw, features, asked),
        batch=_batches(raw, asked),
        covariates=covariates,
        patients=None if asked.subject is None else _whole(raw, asked.subject, asked, "patient"),
        raw=raw,
    )


def write_rows(rows: Rows, result: Floats, out: Path) -> None:
    """Write the table with ``result`` (n, p) in place of its features: CSV, or Parquet if ``out`` ends so."""
    import numpy as np

    assert rows.raw is not None
    place = {name: j for j, name in enumerate(rows.features)}
    draft = out.with_name(out.name + ".draft")
    try:
        if out.suffix.lower() == ".parquet":
            import pyarrow as pa
            import pyarrow.parquet as pq

            columns: dict[str, Any] = {
                column.name: pa.array(np.ascontiguousarray(result[:, place[column.name]]), from_pandas=True)
                if column.name in place
                else pa.array(column.as_texts(), pa.string())
                for column in rows.raw.columns
            }
            pq.write_table(pa.table(columns), draft)
        else:
            draft.write_bytes(_csv(rows.raw, result, place))
        draft.replace(out)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StudyError("STUDY-062", "the table cannot be written", at=out.name, found=error.strerror or type(error).__name__) from error


def _csv(raw: RawTable, result: Floats, place: Mapping[str, int]) -> bytes:
    columns: list[Sequence[str]] = [
        ["" if value != value else repr(value) for value in result[:, place[column.name]].tolist()]
        if column.name in place
        else list(map(unrunnable, column.as_texts()))
        for column in raw.columns
    ]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(map(unrunnable, raw.names))
    writer.writerows(zip(*columns, strict=True))
    return stream.getvalue().encode("utf-8")


def _refuse_roles(asked: Asked) -> None:
    if bool(asked.batch) == (asked.name is not None):
        what = "the batch of the rows is not stated" if asked.name is None else "the batch is stated twice"
        raise StudyError("STUDY-060", what, fix="--batch COLUMN if a column tells it, or --name NAME if all rows are of one")
    roles = [*asked.batch, *asked.covariates, *([asked.subject] if asked.subject else [])]
    twice = sorted({name for name in roles if roles.count(name) > 1})
    if twice:
        raise StudyError("STUDY-060", f"column {listed(twice)} has two roles", fix="give each column one role")


def _features(raw: RawTable, asked: Asked) -> tuple[str, ...]:
    roles = {*asked.batch, *asked.covariates, asked.subject}
    named = [name for name in asked.features if not any(char in name for char in WILD)]
    absent = [name for name in named if not raw.has(name)]
    if absent:
        near = nearest(absent[0], raw.names)
        raise TableError(
            "READ-021",
            f"{len(absent)} feature(s) are not in {raw.label}: {few(absent)}",
            near=near and inert(near),
            found=few(raw.names, most=20),
        )
    if not asked.features and raw.features is None:
        raise StudyError(
            "STUDY-060",
            "which columns are features is not stated, and the file is of no extractor that is known",
            found=few(raw.names, most=20),
            fix="--features 'PATTERN*'",
        )
    wanted = asked.features or tuple(raw.features or ())
    found = [name for name in raw.names if name not in roles and any(fnmatchcase(name, pattern) or name == pattern for pattern in wanted)]
    kept = [name for name in found if not any(fnmatchcase(name, pattern) for pattern in asked.exclude)]
    if not kept:
        raise StudyError("STUDY-060", "no column is a feature", found=few(raw.names, most=20), fix="--features 'PATTERN*'")
    for name in kept:
        raw.column(name)
    if named and not asked.exclude and len(named) == len(asked.features):
        return tuple(name for name in asked.features if name in set(kept))
    return tuple(kept)


def _matrix(raw: RawTable, features: Sequence[str], asked: Asked) -> Floats:
    import numpy as np

    x = np.empty((raw.rows, len(features)))
    for j, name in enumerate(features):
        found = numbers(raw.column(name).as_texts(), decimal=asked.decimal, missing=asked.missing)
        if found.refused:
            raise TableError(
                "READ-005",
                f"{len(found.places)} values of {inert(name)} in {raw.label} are not numbers: {counted(found.refused)}",
                at=f"rows {few(str(raw.numbers[i]) for i in found.places)}",
                fix="--missing TEXT if it means no value, --decimal , if the comma is the decimal mark, or --exclude the column",
            )
        x[:, j] = found.values
    return x


def _cells(raw: RawTable, name: str, asked: Asked) -> list[str | None]:
    lost = {text.strip() for text in asked.missing}
    return [None if not text.strip() or text.strip() in lost else text.strip() for text in raw.column(name).as_texts()]


def _covariate(raw: RawTable, name: str, asked: Asked) -> list[Any]:
    """Return a covariate: numbers if every cell that holds anything is one and it is no category, else text."""
    cells = _cells(raw, name, asked)
    pointed = [cell if cell is None or asked.decimal != "," else cell.replace(",", ".", 1) for cell in cells]
    if name in asked.categories or not all(cell is None or PLAIN.fullmatch(cell) for cell in pointed):
        return list(cells)
    return [None if cell is None else float(cell) for cell in pointed]


def _batches(raw: RawTable, asked: Asked) -> list[str]:
    if asked.name is not None:
        return [asked.name] * raw.rows
    columns = [_whole(raw, name, asked, "batch") for name in asked.batch]
    return [JOINT.join(cells) for cells in zip(*columns, strict=True)]


def _whole(raw: RawTable, name: str, asked: Asked, what: str) -> list[str]:
    cells = _cells(raw, name, asked)
    empty = [raw.numbers[i] for i, cell in enumerate(cells) if cell is None]
    if empty:
        raise TableError(
            "STUDY-063",
            f"the {what} is missing in {len(empty)} row(s) of {raw.label}",
            at=f"column {inert(name)}, rows {few(map(str, empty))}",
            fix="complete the column, or leave the rows out",
        )
    return [cell for cell in cells if cell is not None]
