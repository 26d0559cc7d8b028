"""SPSS, Stata and SAS tables with pyreadstat: every cell as text, codes as they are stored, declared missing values counted."""

from __future__ import annotations

import datetime as dt
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from radaudit.edges.readers.formats.raw import Column, RawTable, ReadOptions, header_names, tidy
from radaudit.errors import TableError
from radaudit.tables.cells import number_text
from radaudit.tables.intake import Accounted
from radaudit.tables.shown import inert

SUFFIXES = (".sav", ".zsav", ".por", ".dta", ".sas7bdat", ".xpt")
READERS = {
    ".sav": "read_sav",
    ".zsav": "read_sav",
    ".por": "read_por",
    ".dta": "read_dta",
    ".sas7bdat": "read_sas7bdat",
    ".xpt": "read_xport",
}
PROGRAM = {".sav": "SPSS", ".zsav": "SPSS", ".por": "SPSS", ".dta": "Stata", ".sas7bdat": "SAS", ".xpt": "SAS"}
MARKED = {".sav", ".zsav", ".dta", ".sas7bdat"}
MOST_CELLS = 50_000_000
MOST_PER_BYTE = 1000


def read_statistics(path: Path, options: ReadOptions) -> RawTable:
    """Return a table of a statistics program as text: ids lose nothing, ``1 = male`` stays ``1``, dates are in ISO form.

    Values the file declares missing (SPSS user-missing, Stata ``.a``, SAS ``.A``) become empty cells and are counted by their code; the
    labels of coded values are counted too. Raises TableError: READ-030 (not such a file), READ-036 (no column), READ-038 (too large).
    """
    label, suffix = options.label or path.name, path.suffix.lower()
    cells, meta = _read(path, label)
    names, accounts = header_names(list(cells), label)
    if not names:
        raise TableError("READ-036", f"{label} holds no column", fix="send the table again")
    rows = max((len(column) for column in cells.values()), default=0)
    columns, notes = [], list(accounts)
    for i, (name, source) in enumerate(zip(names, cells, strict=True)):
        texts, lost, dates = _column(cells[source], _declared(meta, source), options.decimal or ".")
        columns.append(Column(name=name, position=i + 1, texts=tuple(texts)))
        notes += [Accounted(file=label, column=name, kind="missing marker", what=inert(code), count=n) for code, n in sorted(lost.items())]
        if dates:
            notes.append(Accounted(file=label, column=name, kind="date", what="written in ISO form", count=dates))
        if labels := getattr(meta, "variable_value_labels", {}).get(source):
            notes.append(Accounted(file=label, column=name, kind="coded values", what="labels left aside", count=len(labels)))
    dialect = {"format": PROGRAM[suffix], "encoding": str(getattr(meta, "file_encoding", None) or "stated by the file")}
    table = RawTable(label=label, columns=tuple(columns), rows=rows, numbers=range(1, rows + 1), dialect=dialect, accounting=tuple(notes))
    kept = [i for i in range(rows) if any(column.texts[i].strip() for column in columns if column.texts is not None)]
    return table if len(kept) == rows else tidy(table.only(kept), ghosts=rows - len(kept), header=names)


def header(path: Path, options: ReadOptions) -> tuple[str, ...]:
    """Return the column names."""
    label = options.label or path.name
    cells, _meta = _read(path, label, metadataonly=True)
    return header_names(list(cells), label)[0]


def value_labels(path: Path, options: ReadOptions) -> Mapping[str, Mapping[str, str]]:
    """Return what the file says its codes mean: for each coded column the label of every code, codes as they are read."""
    _cells, meta = _read(path, options.label or path.name, metadataonly=True)
    stated = getattr(meta, "variable_value_labels", {}) or {}
    return {name: {_text(code, "."): str(text) for code, text in labels.items()} for name, labels in stated.items()}


def _read(path: Path, label: str, *, metadataonly: bool = False) -> tuple[Mapping[str, Sequence[Any]], Any]:
    import pyreadstat

    suffix = path.suffix.lower()
    reader = getattr(pyreadstat, READERS[suffix])
    more: dict[str, Any] = {"user_missing": True} if suffix in MARKED else {}
    renamed: list[Any] = []
    try:
        _, meta = reader(str(path), metadataonly=True, output_format="dict")
        if (meta.number_rows or 0) * max(meta.number_columns or 0, 1) > min(MOST_CELLS, MOST_PER_BYTE * path.stat().st_size):
            raise TableError(
                "READ-038", f"{label} spans {meta.number_rows} x {meta.number_columns} cells", fix="export the table as Parquet or CSV"
            )
        cells = dict.fromkeys(meta.column_names, ())
        if not metadataonly:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                cells, meta = reader(str(path), output_format="dict", **more)
            renamed = [warning for warning in said if "duplicated" in str(warning.message)]
        if any(not isinstance(name, str) for name in (*meta.column_names, *cells)):
            raise TableError("READ-030", f"{label} has a column without a readable name", fix="export the table as CSV")
        if renamed or len(set(meta.column_names)) < len(meta.column_names):
            raise TableError("FEAT-008", f"columns of {label} have the same name", fix="rename one of them")
    except TableError:
        raise
    except Exception as problem:
        # compiled, and made for sound files: what it raises on a damaged one may be of any kind
        why = inert(str(problem).splitlines()[0]) if str(problem) else type(problem).__name__
        raise TableError("READ-030", f"{label} cannot be opened: {why}", fix="export the table as CSV") from None
    return cells, meta


def _declared(meta: Any, name: str) -> tuple[list[tuple[Any, Any]], frozenset[str]]:
    """Return what the file declares missing in a column: ranges (low, high) as in SPSS, letters as in Stata and SAS."""
    ranges = [(one["lo"], one["hi"]) for one in (getattr(meta, "missing_ranges", None) or {}).get(name, ())]
    letters = frozenset(str(one) for one in (getattr(meta, "missing_user_values", None) or {}).get(name, ()))
    return ranges, letters


def _column(
    cells: Sequence[Any], declared: tuple[list[tuple[Any, Any]], frozenset[str]], decimal: str
) -> tuple[list[str], Counter[str], int]:
    """Return the texts of a column, its declared missing values by code, and how many cells are dates."""
    ranges, letters = declared
    texts, lost, dates = [], Counter[str](), 0
    for cell in cells:
        text = _text(cell, decimal)
        if text and (text in letters or any(_within(cell, low, high) for low, high in ranges)):
            lost[text] += 1
            text = ""
        dates += isinstance(cell, dt.date | dt.time)
        texts.append(text)
    return texts, lost, dates


def _within(cell: Any, low: Any, high: Any) -> bool:
    if isinstance(cell, str) or isinstance(low, str):
        return isinstance(cell, str) and cell.rstrip() in (str(low).rstrip(), str(high).rstrip())
    return isinstance(cell, int | float) and isinstance(low, int | float) and low <= cell <= high


def _text(cell: Any, decimal: str) -> str:
    """Return a cell as a person sees it in its program: 7.0 as 7, a date as a date."""
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, str):
        return cell.rstrip()
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat()
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return number_text(float(cell), decimal)
