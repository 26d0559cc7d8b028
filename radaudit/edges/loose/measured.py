"""The features of loose tables as numbers: one matrix for all of them, every cell accounted for; odd cells are counted, not refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from radaudit.edges.joining.measured import account, refuse_commas
from radaudit.edges.loose.arguments import Loaded
from radaudit.tables import cells
from radaudit.tables.intake import Accounted

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.edges.readers.formats.raw import Column
    from radaudit.tables.cells import Numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """Features of one table, ``columns[name]`` (n,), the account, cells by kind, and texts that are no numbers with their places."""

    columns: Mapping[str, Floats]
    accounting: tuple[Accounted, ...]
    cells: Mapping[str, int]
    refused: Mapping[str, int]
    odd: Mapping[str, Numbers]
    twice: tuple[str, ...]


def measure(loaded: Loaded, features: frozenset[str]) -> Measured:
    """Return the features of a table as numbers.

    A name that stands on several columns is told apart by the column's number. Raises TableError READ-003 and READ-004 for commas.
    """
    raw, entry = loaded.raw, loaded.entry
    found: dict[str, Numbers] = {}
    twice = []
    for column in raw.columns:
        if column.name not in features:
            continue
        name = column.name
        if name in found:
            twice.append(name)
            name = f"{name} (column {column.position})"
        found[name] = _numbers(column, entry.decimal, entry.missing)
    refuse_commas(found, raw, entry.file)
    odd = {name: numbers for name, numbers in found.items() if numbers.refused}
    tally: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for numbers in found.values():
        tally.update(_kinds(numbers))
        refused.update({text.strip(): count for text, count in numbers.refused.items()})
    notes = [note for name, numbers in found.items() for note in account(raw.label, name, numbers)]
    notes += [
        Accounted(file=raw.label, column=name, kind=kind, what="no number: left empty", count=count)
        for name, numbers in odd.items()
        for kind, count in sorted(numbers.kinds.items())
    ]
    return Measured(
        columns={name: numbers.values for name, numbers in found.items()},
        accounting=tuple(notes),
        cells=tally,
        refused=refused,
        odd=odd,
        twice=tuple(dict.fromkeys(twice)),
    )


def _numbers(column: Column, decimal: str | None, missing: Sequence[str]) -> Numbers:
    if column.values is not None:
        return cells.stored(column.values, decimal=decimal, missing=missing)
    return cells.numbers(column.texts or (), decimal=decimal, missing=missing)


def _kinds(numbers: Numbers) -> Mapping[str, int]:
    counts = {
        "number": numbers.plain,
        "empty": numbers.empty,
        "not computed": sum(numbers.not_computed.values()),
        "missing marker": sum(numbers.markers.values()),
        "coerced": numbers.grouped,
        **numbers.kinds,
    }
    return {kind: count for kind, count in counts.items() if count}


def stacked(measured: Sequence[Measured], rows: Sequence[int]) -> tuple[tuple[str, ...], Floats]:
    """Return the names of all features and their values (n, p), tables one below the other, columns matched by name."""
    import numpy as np

    names = tuple(dict.fromkeys(name for one in measured for name in one.columns))
    place = {name: j for j, name in enumerate(names)}
    values = np.full((len(names), sum(rows)), np.nan)
    start = 0
    for one, count in zip(measured, rows, strict=True):
        for name, column in one.columns.items():
            values[place[name], start : start + count] = column
        start += count
    return names, values.T
