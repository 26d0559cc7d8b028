"""JSON as PyRadiomics writes it: a list of cases, each one mapping; numbers keep the text they have in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from radaudit.edges.readers.formats.raw import RawTable, ReadOptions, from_grid
from radaudit.errors import TableError

SUFFIXES = (".json",)


def read_cases(path: Path, options: ReadOptions) -> RawTable:
    """Return a list of flat mappings as a table with the union of their keys; raises TableError READ-030 for any other JSON."""
    label = options.label or path.name
    cases = _cases(path, label)
    names = list(dict.fromkeys(name for case in cases for name in case))
    grid = [names, *([_text(case.get(name)) for name in names] for case in cases)]
    return from_grid(grid, label=label, first=1, dialect={"format": "one mapping per case"})


def header(path: Path, options: ReadOptions) -> tuple[str, ...]:
    """Return the union of the keys."""
    return tuple(dict.fromkeys(name for case in _cases(path, options.label or path.name) for name in case))


def _cases(path: Path, label: str) -> list[dict[str, Any]]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key occurs twice")
        return found

    try:
        content = json.loads(
            path.read_bytes().decode("utf-8-sig"), object_pairs_hook=once, parse_float=str, parse_int=str, parse_constant=str
        )
    except (ValueError, RecursionError) as problem:
        raise TableError("READ-030", f"{label} is not JSON that can be read: {problem}", fix="write CSV instead") from None
    cases = [content] if isinstance(content, dict) else content
    if not isinstance(cases, list) or not cases or not all(isinstance(case, dict) for case in cases):
        raise TableError("READ-030", f"{label} is not a list of cases", fix="write CSV instead: pyradiomics --format csv")
    return cases


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
