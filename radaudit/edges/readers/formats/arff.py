"""ARFF, the tables of Weka: names and types stand in the header, nominal values are kept as they are, only ``?`` is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from radaudit.edges.readers.formats.encoding import decode
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions, from_grid
from radaudit.errors import TableError
from radaudit.tables.intake import Accounted
from radaudit.tables.shown import few, quoted

SUFFIXES = (".arff",)
NUMERIC = ("numeric", "real", "integer")
WIDEST = 200_000
ATTRIBUTE = re.compile(r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s{]+)\s*(\{.*\}|\S.*)""", re.IGNORECASE)
FIELD = re.compile(r"""\s*+(?:'((?:[^'\\]|\\.)*+)'|"((?:[^"\\]|\\.)*+)"|([^,'"]*+))\s*+(,|$)""")
ESCAPED = re.compile(r"\\(.)")
SPELT = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One column: its name, its type in lower case, and the values a nominal one may have, in their order (else None)."""

    name: str
    kind: str
    values: tuple[str, ...] | None = None


def read_arff(path: Path, options: ReadOptions) -> RawTable:
    """Return a dense or sparse ARFF table as text; ``?`` becomes an empty cell and is counted, ``-`` stays the value it was declared to be.

    Source: Weka manual, chapter "ARFF". Raises TableError: READ-030 (no attributes or no data), READ-034 (fields and attributes differ
    in number), READ-100 (a cell that is not of the type its attribute declares).
    """
    label = options.label or path.name
    decoded = decode(path.read_bytes(), stated=options.encoding, label=label)
    lines = decoded.body.decode("utf-8").splitlines()
    attributes, start = _header(lines, label)
    declared = [None if one.values is None else frozenset(one.values) for one in attributes]
    rows, numbers, unknown = [], [], [0] * len(attributes)
    ragged: dict[int, int] = {}
    odd: list[tuple[str, str, int]] = []
    for number, line in _content(lines, start):
        cells = _sparse(line, attributes) if line.startswith("{") else _dense(line)
        if cells is None or len(cells) != len(attributes):
            ragged[number] = -1 if cells is None else len(cells)
            continue
        texts = []
        for j, (text, bare) in enumerate(cells):
            missing = bare and text == "?"
            unknown[j] += missing
            texts.append("" if missing else text)
            allowed = declared[j]
            if not missing and allowed is not None and text not in allowed:
                odd.append((attributes[j].name, text, number))
        rows.append(texts)
        numbers.append(number)
    _refuse(ragged, odd, attributes, label)
    table = from_grid([[one.name for one in attributes], *rows], label=label, first=1, dialect=_said(attributes, decoded.encoding))
    place = [numbers[i - 2] for i in table.numbers]
    notes = (
        Accounted(file=label, column=one.name, kind="missing marker", what="?", count=count)
        for one, count in zip(attributes, unknown, strict=True)
        if count
    )
    return table.at(place).noting(*notes)


def header(path: Path, options: ReadOptions) -> tuple[str, ...]:
    """Return the names of the attributes."""
    label = options.label or path.name
    lines = decode(path.read_bytes(), stated=options.encoding, label=label).body.decode("utf-8").splitlines()
    return tuple(one.name for one in _header(lines, label)[0])


def _said(attributes: Sequence[Attribute], encoding: str) -> dict[str, str]:
    nominal = sum(one.values is not None for one in attributes)
    return {"format": "ARFF", "encoding": encoding, "types": f"stated: {len(attributes)} attributes, {nominal} nominal"}


def _content(lines: Sequence[str], start: int) -> Iterator[tuple[int, str]]:
    """Yield number (1-based) and text of the lines of data."""
    for i in range(start, len(lines)):
        line = lines[i].strip()
        if line and not line.startswith("%"):
            yield i + 1, line


def _header(lines: Sequence[str], label: str) -> tuple[list[Attribute], int]:
    found: list[Attribute] = []
    for i, text in enumerate(lines):
        line = text.strip()
        low = line[:11].lower()
        if not line or line.startswith("%") or low.startswith("@relation"):
            continue
        if low.startswith("@data"):
            if found:
                return found, i + 1
            break
        match = ATTRIBUTE.fullmatch(line)
        if match is None or len(found) == WIDEST:
            raise TableError("READ-030", f"line {i + 1} of {label} is not ARFF", found=quoted(line), fix="export the table as CSV")
        found.append(_attribute(match[1], match[2].strip()))
    raise TableError("READ-030", f"{label} is not an ARFF table: no @attribute or no @data", fix="export the table as CSV")


def _attribute(name: str, kind: str) -> Attribute:
    plain = _plain(name[1:-1]) if name[0] in "'\"" else name
    if not kind.startswith("{"):
        return Attribute(name=plain, kind=kind.split()[0].lower())
    cells = _dense(kind[1:-1])
    return Attribute(name=plain, kind="nominal", values=tuple(text for text, _ in cells or ()))


def _plain(text: str) -> str:
    return ESCAPED.sub(lambda match: SPELT.get(match[1], match[1]), text) if "\\" in text else text


def _dense(line: str) -> list[tuple[str, bool]] | None:
    """Return (text, whether it stood without quotes) of every field, None if the quotes are broken."""
    if "'" not in line and '"' not in line:
        return [(text.strip(), True) for text in (line.split(",") if "," in line else line.split() or [""])]
    found, at = [], 0
    while True:
        match = FIELD.match(line, at)
        if match is None:
            return None
        bare = match[3] is not None
        found.append((match[3].strip() if bare else _plain(match[1] if match[1] is not None else match[2]), bare))
        at = match.end()
        if not match[4]:
            return found


def _sparse(line: str, attributes: Sequence[Attribute]) -> list[tuple[str, bool]] | None:
    """Return the fields of ``{index value, ...}``; what is left out is 0, or the first value of a nominal attribute."""
    if not line.endswith("}"):
        return None
    fields = _dense(line[1:-1].strip()) if line[1:-1].strip() else []
    cells = [_left_out(one) for one in attributes]
    for text, _ in fields or ():
        place, _, value = text.partition(" ")
        if not place.isascii() or not place.isdigit() or len(place) > 6 or int(place) >= len(cells):
            return None
        bare = not value.strip().startswith(("'", '"'))
        cells[int(place)] = (value.strip() if bare else _plain(value.strip()[1:-1]), bare)
    return None if fields is None else cells


def _left_out(one: Attribute) -> tuple[str, bool]:
    if one.values:
        return one.values[0], False
    return ("0", True) if one.kind in NUMERIC else ("?", True)


def _refuse(ragged: dict[int, int], odd: list[tuple[str, str, int]], attributes: Sequence[Attribute], label: str) -> None:
    if ragged:
        rows = few((f"line {row} has {count if count >= 0 else 'broken quotes'}" for row, count in ragged.items()), most=5)
        what = f"{len(ragged)} lines of {label} do not have the {len(attributes)} fields of the header"
        raise TableError("READ-034", what, found=rows, fix="export the table again", rows=len(ragged))
    if odd:
        shown = few((f"{name} {text!r} (line {number})" for name, text, number in odd), most=5)
        what = f"{len(odd)} cells of {label} hold a value their attribute does not declare"
        raise TableError("READ-100", what, found=shown, fix="add the value to the @attribute line, or correct the cell", count=len(odd))
