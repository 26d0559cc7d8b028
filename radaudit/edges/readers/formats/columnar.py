"""Parquet and Feather with pyarrow: numbers as they are stored, everything else as text; ids that were stored as numbers lose nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.edges.readers.formats.raw import Column, RawTable, ReadOptions, header_names, tidy
from radaudit.errors import TableError
from radaudit.tables.cells import number_text
from radaudit.tables.intake import Accounted
from radaudit.tables.shown import few, inert

if TYPE_CHECKING:
    from radaudit.arrays import Floats

SUFFIXES = (".parquet", ".pq", ".feather", ".arrow", ".ipc", ".arrows")
MOST_BYTES = 4 << 30


def read_columnar(path: Path, options: ReadOptions) -> RawTable:
    """Return a Parquet or Feather file.

    Raises TableError: READ-030 (it is not one), READ-038 (too large), READ-039 (columns of lists or bytes).
    """
    label = options.label or path.name
    table = _open(path, label)
    odd = [name for name, kind in zip(table.schema.names, table.schema.types, strict=True) if not _simple(kind)]
    if odd:
        raise TableError(
            "READ-039", f"{len(odd)} columns of {label} hold lists or bytes", found=few(odd), fix="leave them out, one value per cell"
        )
    names, accounts = header_names(table.schema.names, label)
    columns = tuple(_column(name, i, table.column(i), options) for i, name in enumerate(names))
    notes = _float_ids(columns, table, options, label)
    rows = range(2, table.num_rows + 2)
    raw = RawTable(
        label=label, columns=columns, rows=table.num_rows, numbers=rows, dialect={"format": "columns"}, accounting=(*accounts, *notes)
    )
    kept = _filled(raw)
    return raw if len(kept) == raw.rows else tidy(raw.only(kept), ghosts=raw.rows - len(kept), header=table.schema.names)


def header(path: Path, options: ReadOptions) -> tuple[str, ...]:
    """Return the column names; none of a Parquet file that cannot be opened."""
    label = options.label or path.name
    with path.open("rb") as stream:
        start = stream.read(4)
    if start != b"PAR1":
        return header_names(_open(path, label).schema.names, label)[0]
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return header_names(pq.read_schema(path).names, label)[0]
    except (pa.ArrowException, OSError, ValueError):
        return ()


def _open(path: Path, label: str) -> Any:
    """Return the table of a file, every offset and text in it checked; raises TableError READ-030, READ-038."""
    import pyarrow as pa

    try:
        with path.open("rb") as stream:
            start = stream.read(6)
        table = _parquet(path, label) if start.startswith(b"PAR1") else _arrow(path, start)
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, RecursionError) as problem:
        said = inert((str(problem).splitlines() or [type(problem).__name__])[0])
        raise TableError("READ-030", f"{label} cannot be opened: {said}", fix="write it again as Parquet or CSV") from None
    return table


def _parquet(path: Path, label: str) -> Any:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    size = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
    if size > MOST_BYTES:
        raise TableError("READ-038", f"{label} unpacks to {size >> 20} MiB", fix="split it by site")
    return file.read()


def _arrow(path: Path, start: bytes) -> Any:
    import pyarrow as pa
    from pyarrow import feather

    if start == b"ARROW1" or start.startswith(b"FEA1"):
        return feather.read_table(path)
    with path.open("rb") as stream:
        return pa.ipc.open_stream(stream).read_all()


def _simple(kind: Any) -> bool:
    import pyarrow.types as t

    if t.is_dictionary(kind):
        kind = kind.value_type
    plain = (
        t.is_boolean,
        t.is_integer,
        t.is_floating,
        t.is_decimal,
        t.is_string,
        t.is_large_string,
        t.is_date,
        t.is_time,
        t.is_timestamp,
        t.is_null,
    )
    return any(check(kind) for check in plain)


def _column(name: str, i: int, cells: Any, options: ReadOptions) -> Column:
    import numpy as np
    import pyarrow.types as t

    kind = cells.type
    if (t.is_integer(kind) or t.is_floating(kind) or t.is_null(kind)) and not options.text(name):
        values: Floats = cells.cast("float64", safe=False).to_numpy(zero_copy_only=False).astype(np.float64)
        if np.isinf(values).any():
            return Column(
                name=name, position=i + 1, texts=tuple("" if v != v else number_text(v, options.decimal or ".") for v in values.tolist())
            )
        return Column(name=name, position=i + 1, values=values + 0.0)
    return Column(name=name, position=i + 1, texts=tuple(_text(cell, options.decimal or ".") for cell in cells.to_pylist()))


def _text(cell: object, decimal: str) -> str:
    import datetime as dt

    if cell is None or cell != cell:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return number_text(cell, decimal)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat()
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)


def _float_ids(columns: tuple[Column, ...], table: Any, options: ReadOptions, label: str) -> list[Accounted]:
    import pyarrow.types as t

    return [
        Accounted(file=label, column=column.name, kind="number as text", what="stored as a number, read as text", count=table.num_rows)
        for column, kind in zip(columns, table.schema.types, strict=True)
        if column.texts is not None and (t.is_floating(kind) or t.is_integer(kind)) and options.text(column.name)
    ]


def _filled(raw: RawTable) -> list[int]:
    """Return the rows that hold anything."""
    import numpy as np

    empty = np.ones(raw.rows, dtype=bool)
    for column in raw.columns:
        if column.texts is not None:
            empty &= np.array([not text.strip() for text in column.texts], dtype=bool)
        else:
            empty &= np.isnan(column.numbers)
        if not empty.any():
            break
    return [int(i) for i in np.flatnonzero(~empty)]
