"""Tables of repeated measurements as a cube: targets by readings by features, with what had to be left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from radaudit.digests import file_digest
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.registry import read_table
from radaudit.errors import StudyError, TableError, nearest
from radaudit.tables.cells import numbers
from radaudit.tables.shown import counted, few, inert, quoted

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.study.columns import TableFile
    from radaudit.study.repeatability import Cut, RepeatabilityPlan

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cube:
    """``values`` (n, k, p) of complete targets; ``patients`` (n,); ``unpaired`` targets had fewer, ``incomplete`` features holes."""

    features: tuple[str, ...]
    values: Floats
    patients: tuple[str, ...]
    unpaired: int
    incomplete: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opened:
    """The rows of some files: the key of each row (patient, target, reading), its values (n, p) and its settings."""

    features: tuple[str, ...]
    patients: tuple[str, ...]
    targets: tuple[Key, ...]
    readings: tuple[str, ...]
    values: Floats
    settings: tuple[Mapping[str, str], ...]
    extractor: str
    files: tuple[tuple[str, str], ...]

    def shared(self) -> dict[str, str]:
        """Return the settings of extraction that all rows which state any have in common."""
        return {key: values[0] for key, values in self._stated().items() if len(values) == 1}

    def differing(self) -> dict[str, tuple[str, ...]]:
        """Return the settings that differ between rows, with their values."""
        return {key: values for key, values in self._stated().items() if len(values) > 1}

    def _stated(self) -> dict[str, tuple[str, ...]]:
        rows = [row for row in self.settings if row]
        return {key: tuple(sorted({row.get(key, "not stated") for row in rows})) for key in sorted({key for row in rows for key in row})}


def cube_of(plan: RepeatabilityPlan, rows: Opened) -> Cube:
    """Return the complete targets among rows. Raises TableError READ-161 (a reading twice), READ-162 (no target read twice)."""
    import numpy as np

    order = _levels(rows) if plan.kind == "readers" else None
    by_target: dict[Key, dict[str, int]] = {}
    for i, (target, reading) in enumerate(zip(rows.targets, rows.readings, strict=True)):
        own = by_target.setdefault(target, {})
        if reading in own:
            raise TableError(
                "READ-161",
                f"a region was read twice under one reading, {quoted(reading)}",
                at=f"rows {own[reading] + 1} and {i + 1} of the tables",
                fix="target: [COLUMN, ...]   # name every column that tells the regions of a patient apart",
            )
        own[reading] = i
    wanted = order or ()
    least = len(wanted) if wanted else _usual(len(own) for own in by_target.values())
    chosen: list[list[int]] = []
    for own in by_target.values():
        names = [name for name in wanted if name in own] if wanted else sorted(own)[:least]
        if len(names) == least:
            chosen.append([own[name] for name in names])
    if least < 2 or len(chosen) < 2:
        raise TableError(
            "READ-162",
            "fewer than two regions were measured at least twice",
            found=f"{len(by_target)} regions in {len(rows.targets)} rows, readings {few(sorted(set(rows.readings)), most=8)}",
            fix="reading: COLUMN   # the visit, scan or reader; target: what tells the regions of a patient apart",
        )
    cube = rows.values[np.array(chosen)]
    whole = np.isfinite(cube).all(axis=(0, 1))
    kept = np.flatnonzero(whole)
    return Cube(
        features=tuple(rows.features[j] for j in kept),
        values=cube[:, :, kept],
        patients=tuple(rows.patients[own[0]] for own in chosen),
        unpaired=len(by_target) - len(chosen),
        incomplete=tuple(rows.features[j] for j in np.flatnonzero(~whole)),
    )


def read_pair(plan: RepeatabilityPlan, first: TableFile, second: TableFile, folder: Path) -> tuple[Opened, Opened]:
    """Return two tables of the same readings and features, rows in one order. Raises as ``read_cube``; READ-163 if no row is in both."""
    a, b = (open_rows(plan, (entry,), folder) for entry in (first, second))
    keys = [[(*target, reading) for target, reading in zip(part.targets, part.readings, strict=True)] for part in (a, b)]
    place = {key: i for i, key in enumerate(keys[1])}
    rows = [(i, place[key]) for i, key in enumerate(keys[0]) if key in place]
    features = [name for name in a.features if name in set(b.features)]
    if len(rows) < 3 or not features:
        raise TableError(
            "READ-163",
            "the two tables of a variant have hardly anything in common",
            at=f"{first.file}, {second.file}",
            found=f"{len(rows)} readings and {len(features)} features in both",
            fix="name two extractions of the same readings",
        )
    return _picked(a, [i for i, _ in rows], features), _picked(b, [j for _, j in rows], features)


def open_rows(plan: RepeatabilityPlan, entries: Iterable[TableFile], folder: Path) -> Opened:
    """Return the rows of some files under each other, with the features all of them have.

    Raises TableError: READ-042 (no file), READ-021 (no such column), READ-005 (cells that are no numbers), READ-160 (a pattern that does
    not match), and as the readers do; StudyError STUDY-171 (no feature in every file).
    """
    import numpy as np

    cuts = (plan.patient, *plan.target, plan.reading)
    roles = {cut.column for cut in cuts}
    raws = [(entry, _read(folder, entry, roles)) for entry in entries]
    names = [_features(raw, plan, roles) for _, raw in raws]
    features = tuple(name for name in names[0] if all(name in own for own in map(set, names[1:])))
    if not features:
        raise StudyError(
            "STUDY-171",
            "no column is a feature of every table",
            found=few(raws[0][1].names, most=20),
            fix="features: {include: ['original_*']}",
        )
    keys = [key for entry, raw in raws for key in zip(*(_cut(raw, cut) for cut in cuts), strict=True)]
    values = [np.column_stack([_numbers(raw, entry, name) for name in features]) for entry, raw in raws]
    readers = sorted({raw.reader for _, raw in raws})
    return Opened(
        features=features,
        patients=tuple(key[0] for key in keys),
        targets=tuple(tuple(key[:-1]) for key in keys),
        readings=tuple(key[-1] for key in keys),
        values=np.vstack(values),
        settings=tuple(row for _, raw in raws for row in (raw.settings or ({},) * raw.rows)),
        extractor=readers[0] if len(readers) == 1 else "",
        files=tuple((entry.file, file_digest(folder / entry.file)) for entry, _ in raws),
    )


def _read(folder: Path, entry: TableFile, roles: set[str]) -> RawTable:
    path = folder / entry.file
    if not path.is_file():
        around = sorted(file.relative_to(folder).as_posix() for file in path.parent.glob("*")) if path.parent.is_dir() else []
        near = nearest(entry.file, around)
        raise TableError("READ-042", f"there is no file {quoted(entry.file)}", near=near and inert(near), fix="name the table")
    options = ReadOptions(
        label=entry.file,
        sheet=entry.sheet,
        delimiter=entry.delimiter,
        decimal=entry.decimal,
        encoding=entry.encoding,
        text=roles.__contains__,
    )
    return read_table(path, options, reader=entry.reader)


def _features(raw: RawTable, plan: RepeatabilityPlan, roles: set[str]) -> tuple[str, ...]:
    asked = plan.features
    known = None if raw.features is None else set(raw.features)
    found = [
        name
        for name in raw.names
        if name not in roles
        and (any(fnmatchcase(name, pattern) for pattern in asked.include) if asked.include else known is None or name in known)
        and not any(fnmatchcase(name, pattern) for pattern in asked.exclude)
    ]
    for name in found:
        raw.column(name)
    return tuple(found)


def _cut(raw: RawTable, cut: Cut) -> list[str]:
    texts = [text.strip() for text in raw.column(cut.column).as_texts()]
    if cut.pattern is None:
        found: list[str | None] = [text or None for text in texts]
    else:
        matches = [re.search(cut.pattern, text) for text in texts]
        found = [None if match is None else match[1] if match.re.groups else match[0] for match in matches]
    lost = [raw.numbers[i] for i, text in enumerate(found) if text is None]
    if lost:
        wrong = "are empty" if cut.pattern is None else "do not match the pattern"
        raise TableError(
            "READ-160",
            f"{len(lost)} cells of {quoted(cut.column)} in {raw.label} {wrong}",
            at=f"rows {few(map(str, lost))}",
            found=few(sorted(set(texts))),
            fix=f"{{column: {inert(cut.column)}, pattern: '...'}}",
        )
    return [text for text in found if text is not None]


def _numbers(raw: RawTable, entry: TableFile, name: str) -> Floats:
    column = raw.column(name)
    if column.values is not None:
        return column.values
    found = numbers(column.as_texts(), decimal=entry.decimal, missing=entry.missing)
    if found.refused:
        raise TableError(
            "READ-005",
            f"{len(found.places)} values of {inert(name)} in {raw.label} are not numbers: {counted(found.refused)}",
            at=f"rows {few(str(raw.numbers[i]) for i in found.places)}",
            fix=f"features: {{exclude: [{inert(name)}]}}   # or missing: [TEXT] of the file if it means no value",
        )
    return found.values


def _picked(rows: Opened, at: Sequence[int], features: Sequence[str]) -> Opened:
    from dataclasses import replace

    place = {name: j for j, name in enumerate(rows.features)}
    return replace(
        rows,
        features=tuple(features),
        patients=tuple(rows.patients[i] for i in at),
        targets=tuple(rows.targets[i] for i in at),
        readings=tuple(rows.readings[i] for i in at),
        settings=tuple(rows.settings[i] for i in at),
        values=rows.values[list(at)][:, [place[name] for name in features]],
    )


def _levels(rows: Opened) -> tuple[str, ...]:
    return tuple(sorted(set(rows.readings)))


def _usual(counts: Iterable[int]) -> int:
    """Return how many readings most targets have; of two equally frequent numbers the larger."""
    found = list(counts)
    return max(sorted(set(found)), key=lambda k: (found.count(k), k)) if found else 0
