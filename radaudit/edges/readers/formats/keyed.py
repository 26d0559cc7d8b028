"""One ``name: value`` per line, as PyRadiomics writes ``.txt``: each case is a row, its prefix (``Case-1_``) becomes a column."""

from __future__ import annotations

import re
from pathlib import Path

from radaudit.edges.readers.formats.encoding import decode
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions, from_grid
from radaudit.errors import TableError
from radaudit.tables.shown import few

SUFFIXES = (".txt",)
LINE = re.compile(r"(Case-\d{1,9})_([^:]+):[ \t]?(.*)")
CASE = "Case"


def claims(start: bytes) -> bool:
    """True if a file that begins with ``start`` is written this way."""
    return re.match(rb"(?:\xef\xbb\xbf)?\s*Case-\d{1,9}_[^:\n]+:", start) is not None


def read_keyed(path: Path, options: ReadOptions) -> RawTable:
    """Return one row per case with the union of the names, the case in the first column.

    Raises TableError READ-030 for a line of another form and for a name that occurs twice in one case.
    """
    label = options.label or path.name
    text = decode(path.read_bytes(), stated=options.encoding, label=label).body.decode("utf-8")
    cases: dict[str, dict[str, str]] = {}
    first: dict[str, int] = {}
    odd = []
    for number, line in enumerate(text.splitlines(), start=1):
        match = LINE.fullmatch(line.strip())
        if match is None:
            if line.strip():
                odd.append(number)
            continue
        row = cases.setdefault(match[1], {})
        first.setdefault(match[1], number)
        name = match[2].strip()
        if name in row:
            odd.append(number)
        row[name] = match[3].strip()
    if odd or not cases:
        rows = few(f"line {number}" for number in odd)
        raise TableError(
            "READ-030", f"{len(odd)} lines of {label} are not one name and one value", found=rows or None, fix="pyradiomics --format csv"
        )
    names = list(dict.fromkeys(name for row in cases.values() for name in row))
    grid = [[CASE, *names], *([case, *(row.get(name, "") for name in names)] for case, row in cases.items())]
    table = from_grid(grid, label=label, first=1, dialect={"format": "one name and value per line"})
    lines = list(first.values())
    return table.at([lines[i - 2] for i in table.numbers])


def header(path: Path, options: ReadOptions) -> tuple[str, ...]:
    """Return the union of the names."""
    return read_keyed(path, options).names
