"""Spreadsheets (.xlsx, .xlsm, .xlsb, .xls, .ods) with calamine: cells as a person sees them, ids as text, dates in ISO form.

calamine gives error cells (``#NAME?``) and formulas that were never computed as empty cells; both are looked for in the sheet's
XML, errors in the records of an old workbook, because an error must not become a missing value without a word.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from radaudit.edges.readers.formats import biff
from radaudit.edges.readers.formats.headers import find_head, headed
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions, from_grid
from radaudit.edges.readers.formats.workbook import refuse_bombs
from radaudit.errors import TableError, nearest
from radaudit.tables.cells import number_text
from radaudit.tables.intake import Accounted
from radaudit.tables.shown import few, inert, quoted

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")
MOST_CELLS = 100_000_000
SAMPLE = 30
CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)</(?:\w+:)?v>")
UNCOMPUTED = "#UNCOMPUTED!"


def read_spreadsheet(path: Path, options: ReadOptions) -> RawTable:
    """Return one sheet; the first row with content is the header.

    Raises TableError: READ-030 (not a spreadsheet), READ-037 (several sheets, or not the one stated), READ-036 (nothing in the sheet).
    """
    label = options.label or path.name
    sheet, cells = _cells(path, options, label)
    errors = _errors(path, sheet, label)
    for (row, column), text in errors.items():
        if row < len(cells) and column < len(cells[row]) and cells[row][column] == "":
            cells[row][column] = text
    grid = [[_shown(cell, options.decimal or ".") for cell in row] for row in cells]
    sample = list(islice(((i, row) for i, row in enumerate(grid) if any(cell.strip() for cell in row)), SAMPLE))
    if not sample:
        raise TableError("READ-036", f"sheet {quoted(sheet)} of {label} holds nothing", fix="name another sheet: {file: ..., sheet: NAME}")
    dialect = {"sheet": sheet, "error cells": "looked for" if _kind(path) != "other" else "not shown by this format: read as empty"}
    head = find_head(_titles_cut(sample), label, stated=options.header)
    width = len(grid[0])
    names = [*head.names, *[""] * (width - len(head.names))]
    table = headed(from_grid([names, *grid[head.body :]], label=label, first=head.body, dialect=dialect), head, names, label)
    dates = sum(isinstance(cell, dt.date | dt.time | dt.timedelta) for row in cells for cell in row)
    notes = [Accounted(file=label, column="", kind="date", what="written in ISO form", count=dates)] if dates else []
    return table.noting(*notes)


def _titles_cut(sample: Sequence[tuple[int, Sequence[str]]]) -> list[tuple[int, Sequence[str]]]:
    """Return the sample with rows above the table (only their first cell is filled) as rows of one cell."""
    wide = next((k for k, (_, row) in enumerate(sample) if any(cell.strip() for cell in row[1:])), 0)
    return [(i, row[:1] if k < wide else row) for k, (i, row) in enumerate(sample)]


def header(path: Path, options: ReadOptions) -> tuple[str, ...]:
    """Return the column names of the sheet."""
    return read_spreadsheet(path, options).names


def sheet_names(path: Path) -> tuple[str, ...]:
    """Return the visible worksheets with content, in order; none for a workbook that cannot be opened or is refused."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"PK"
        if packed:
            refuse_bombs(path, path.name)
        book = CalamineWorkbook.from_path(str(path))
        shown = [m.name for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet and m.visible == SheetVisibleEnum.Visible]
        return tuple(name for name in shown if book.get_sheet_by_name(name).height)
    except BaseException as problem:  # see _cells
        if not isinstance(problem, Exception) and type(problem).__name__ != "PanicException":
            raise
        return ()


def _cells(path: Path, options: ReadOptions, label: str) -> tuple[str, list[list[object]]]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    if _kind(path) == "old":
        try:
            biff.refuse_unsound(path.read_bytes())
        except ValueError:
            raise TableError("READ-030", f"{label} is not a sound workbook", fix="save it again as .xlsx or .csv") from None
    else:
        refuse_bombs(path, label)
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = {meta.name: meta for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet}
        visible = [name for name, meta in sheets.items() if meta.visible == SheetVisibleEnum.Visible]
        if options.sheet is not None and options.sheet not in sheets:
            near = nearest(options.sheet, sheets)
            raise TableError(
                "READ-037",
                f"{label} has no sheet {quoted(options.sheet)}",
                found=few(sheets),
                near=near,
                fix=f"{{file: {label}, sheet: {near or next(iter(sheets), 'NAME')}}}",
            )
        filled = [options.sheet] if options.sheet is not None else [name for name in visible if book.get_sheet_by_name(name).height]
        if len(filled) != 1:
            what = f"{label} has {len(filled)} sheets with content" if filled else f"{label} has no sheet with content"
            raise TableError("READ-037", what, found=few(sheets), fix=f"{{file: {label}, sheet: {filled[0] if filled else 'NAME'}}}")
        found = book.get_sheet_by_name(filled[0])
        if found.total_height * found.total_width > MOST_CELLS:
            raise TableError(
                "READ-038", f"{label} spans {found.total_height} x {found.total_width} cells", fix="export the table as Parquet or CSV"
            )
        return filled[0], found.to_python(skip_empty_area=False)
    except TableError:
        raise
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:
        # calamine is compiled: what it did not foresee arrives as a PanicException, which is no Exception
        if not isinstance(problem, Exception) and type(problem).__name__ != "PanicException":
            raise
        said = inert((str(problem).splitlines() or [type(problem).__name__])[0])
        raise TableError(
            "READ-030", f"{label} is not a spreadsheet that can be opened: {said}", fix="save it again as .xlsx or .csv"
        ) from None


def _shown(cell: object, decimal: str) -> str:
    """Return a cell as a person sees it: 7.0 as 7, a date at midnight as a date."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return number_text(float(cell), decimal)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat()
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)


def _kind(path: Path) -> str:
    """Return ``old`` for .xls, ``new`` for .xlsx, ``other`` for OpenDocument, whatever the file is called."""
    with path.open("rb") as stream:
        start = stream.read(8)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        return "old"
    try:
        with zipfile.ZipFile(path) as archive:
            return "new" if "xl/workbook.xml" in archive.namelist() else "other"
    except zipfile.BadZipFile:
        return "other"


def _errors(path: Path, sheet: str, label: str) -> dict[tuple[int, int], str]:
    """Return error cells and formulas without a value, by 0-based row and column."""
    if _kind(path) == "old":
        try:
            return biff.error_cells(path.read_bytes(), sheet)
        except ValueError:
            raise TableError("READ-030", f"{label} is not a sound workbook", fix="save it again as .xlsx or .csv") from None
    if _kind(path) != "new":
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            name = _sheet_file(archive, sheet)
            data = archive.read(name) if name else b""
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, RuntimeError, EOFError):
        raise TableError("READ-030", f"{label} is not a sound workbook", fix="save it again as .xlsx or .csv") from None
    if b'"e"' not in data and b"<f" not in data and b":f" not in data:
        return {}
    found: dict[tuple[int, int], str] = {}
    for match in CELL.finditer(data):
        place = PLACE.search(match[1])
        if place is None or match[2] is None:
            continue
        value = VALUE.search(match[2])
        error = b't="e"' in match[1]
        if error or (value is None and re.search(rb"<(?:\w+:)?f[\s>/]", match[2])):
            text = value[1].decode("utf-8", "replace") if error and value else UNCOMPUTED
            found[int(place[2]) - 1, _number(place[1])] = text
    return found


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _sheet_file(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Return the member that holds a sheet, by way of the workbook's relations."""
    from xml.etree import ElementTree

    def tree(name: str) -> Sequence[ElementTree.Element]:
        data = archive.read(name)
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise TableError("READ-030", "a workbook with a document type declaration is not opened", fix="save it again as .xlsx")
        return list(ElementTree.fromstring(data).iter())

    try:
        targets = {item.get("Id"): item.get("Target", "") for item in tree("xl/_rels/workbook.xml.rels")}
        sheets = [item for item in tree("xl/workbook.xml") if item.tag.endswith("}sheet") and item.get("name") == sheet]
        key = next((value for item in sheets for name, value in item.attrib.items() if name.endswith("}id")), None)
    except (KeyError, ElementTree.ParseError):
        return None
    target = targets.get(key, "")
    member = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
    return member if member in archive.namelist() else None
