"""JSON: a list of records, columns by name, cases by name, pandas' ``split``, or one record per line; numbers keep their text.

A mapping of mappings has two readings, ``{case: {feature: value}}`` and ``{feature: {case: value}}``: it is taken only if names of
features stand on one side alone, or if one side counts rows from 0; else the study has to state its layout.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from radaudit.edges.readers.formats import gzipped
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions, from_grid
from radaudit.edges.readers.formats.reshape import feature_share
from radaudit.errors import TableError
from radaudit.tables.shown import few, inert

SUFFIXES = (".json", ".jsonl", ".ndjson")
LINES = (".jsonl", ".ndjson")
CASE = "case"
SPLIT = {"columns", "data"}
MOST_CELLS = 50_000_000


def read_cases(path: Path, options: ReadOptions) -> RawTable:
    """Return a JSON table with the union of the keys, one row per case; the case's own key becomes the column ``case``.

    Raises TableError: READ-030 (not JSON, or no table in it), READ-101 (two readings), READ-034 (columns of different lengths).
    """
    label = options.label or path.name
    names, rows, form = _grid(path, options, label)
    if len(names) * (len(rows) + 1) > MOST_CELLS:
        raise TableError("READ-038", f"{label} spans {len(rows)} x {len(names)} cells", fix="export the table as Parquet or CSV")
    grid = [names, *([_text(cell) for cell in row] for row in rows)]
    return from_grid(grid, label=label, first=1, dialect={"format": f"JSON, {form}"})


def header(path: Path, options: ReadOptions) -> tuple[str, ...]:
    """Return the union of the keys."""
    return tuple(_grid(path, options, options.label or path.name)[0])


Grid = tuple[list[str], Sequence[Sequence[Any]], str]


def _grid(path: Path, options: ReadOptions, label: str) -> Grid:
    content = _content(path, label)
    if isinstance(content, list) and content and all(isinstance(case, dict) for case in content):
        return _records(content, "one mapping per case")
    if isinstance(content, dict) and content:
        if set(content) - {"index"} == SPLIT:
            return _split(content, label)
        kinds = {type(value) for value in content.values()}
        if kinds == {list} and not any(isinstance(cell, list | dict) for column in content.values() for cell in column):
            return _columns(content, label)
        if kinds == {dict} and not any(isinstance(cell, list | dict) for inner in content.values() for cell in inner.values()):
            return _nested(content, options, label)
        if kinds == {dict} and all(_plain_names(inner) for inner in content.values()) and len(content) > 1:
            return _by_case(content, "cases by name")
        return _records([content], "one mapping per case")
    raise TableError("READ-030", f"{label} is not a list of cases", fix="write CSV instead: pyradiomics --format csv")


def _plain_names(inner: Mapping[str, Any]) -> bool:
    """True for a case as PyRadiomics gives it: features are plain, only diagnostics hold mappings or lists."""
    odd = [name for name, value in inner.items() if isinstance(value, list | dict)]
    return all("diagnostics_" in name or "general_info_" in name for name in odd)


def _records(cases: Sequence[Mapping[str, Any]], form: str) -> Grid:
    names = list(dict.fromkeys(name for case in cases for name in case))
    return names, [[case.get(name) for name in names] for case in cases], form


def _by_case(content: Mapping[str, Mapping[str, Any]], form: str) -> Grid:
    names, rows, form = _records(list(content.values()), form)
    column = CASE if CASE not in names else f"{CASE} (key)"
    return [column, *names], [[key, *row] for key, row in zip(content, rows, strict=True)], form


def _columns(content: Mapping[str, Sequence[Any]], label: str) -> Grid:
    lengths = {name: len(column) for name, column in content.items()}
    if len(set(lengths.values())) != 1:
        shown = few(f"{name}: {count}" for name, count in lengths.items())
        raise TableError("READ-034", f"the columns of {label} have different lengths", found=shown, fix="export the table again")
    return list(content), list(zip(*content.values(), strict=True)), "columns by name"


def _split(content: Mapping[str, Any], label: str) -> Grid:
    names, rows, index = content["columns"], content["data"], content.get("index")
    fine = isinstance(names, list) and isinstance(rows, list) and all(isinstance(row, list) and len(row) == len(names) for row in rows)
    if not fine or not (index is None or (isinstance(index, list) and len(index) == len(rows))):
        raise TableError("READ-034", f"rows and columns of {label} do not fit", fix="export the table again")
    texts = [_text(name) for name in names]
    if index is None or _counted(map(_text, index)):
        return texts, rows, "columns and data"
    return ["", *texts], [[key, *row] for key, row in zip(index, rows, strict=True)], "columns, index and data"


def _nested(content: Mapping[str, Mapping[str, Any]], options: ReadOptions, label: str) -> Grid:
    inner = list(dict.fromkeys(name for one in content.values() for name in one))
    counted_in, counted_out = _counted(inner), _counted(content)
    outside, inside = feature_share(list(content)), feature_share(inner)
    cases = options.layout == "wide" or (options.layout is None and ((counted_out and not counted_in) or inside >= 0.5 > outside))
    columns = options.layout == "transposed" or (options.layout is None and ((counted_in and not counted_out) or outside >= 0.5 > inside))
    if cases != columns:
        if cases:
            return _by_case(content, "cases by name")
        turned = {key: {name: column[key] for name, column in content.items() if key in column} for key in inner}
        return _records(list(turned.values()), "columns by row number") if counted_in else _by_case(turned, "columns by name and case")
    raise TableError(
        "READ-101",
        f"{label} has two readings: {len(content)} cases of {len(inner)} values, or {len(content)} columns of {len(inner)} cases",
        found=f"outside {few(content, most=3)}; inside {few(inner, most=3)}",
        fix=f"{{file: {inert(label)}, layout: wide}}   # if the outer names are cases; layout: transposed if they are columns",
    )


def _counted(names: Any) -> bool:
    """True for the row numbers 0, 1, 2, ... in any order."""
    found = sorted(names, key=lambda text: (len(text), text))
    return bool(found) and found == [str(i) for i in range(len(found))]


def _content(path: Path, label: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key occurs twice")
        return found

    def parsed(text: str) -> Any:
        return json.loads(text, object_pairs_hook=once, parse_float=_Number, parse_int=_Number, parse_constant=_Number)

    try:
        data = gzipped.content(path, label)
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
        if path.suffix.lower() in LINES:
            return [parsed(line) for line in text.splitlines() if line.strip()]
        return parsed(text)
    except (ValueError, RecursionError) as problem:
        said = inert(str(problem).splitlines()[0])
        raise TableError("READ-030", f"{label} is not JSON that can be read: {said}", fix="write CSV instead") from None


class _Number(str):
    """The text of a number, written without quotes inside a list or mapping."""

    __slots__ = ()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    return _flat(value)


def _flat(value: Any) -> str:
    """Return a list or mapping as JSON with keys in order and numbers as they stand in the file."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_flat(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flat(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
