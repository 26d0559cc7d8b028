"""Feature tables named on the command line, or those of a study: what each feature is, and its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from radaudit.checks.extraction import Extraction
from radaudit.digests import file_digest
from radaudit.edges.joining.extraction import common
from radaudit.edges.readers.formats.raw import Column, RawTable, ReadOptions
from radaudit.edges.readers.registry import read_table
from radaudit.errors import StudyError, nearest
from radaudit.tables import cells
from radaudit.tables.names import ALIASES, EXTRACTORS, anonymous, identities, parts_of, written_by
from radaudit.tables.shown import inert

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.study.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """What the command line states about its files: ``extractor`` overrules what the reader recognised, ``declared`` are settings."""

    extractor: str | None = None
    reader: str | None = None
    sheet: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    declared: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureFile:
    """One feature table: its digest (empty for a folder), its columns, who wrote it, and the names of its features."""

    label: str
    sha256: str
    raw: RawTable
    extractor: str
    names: tuple[str, ...]
    decimal: str | None = None
    declared: Mapping[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings that all rows share; those declared, if the table states none at all."""
        return common(self.raw.settings) if any(self.raw.settings) else self.declared

    def extraction(self) -> Extraction:
        """Return what each feature is, and how the rows were extracted."""
        features = identities(self.names, extractor=self.extractor, settings=self.settings)
        return Extraction(label=self.label, extractor=self.extractor, features=features, settings=self.raw.settings)

    def values(self) -> dict[str, Floats]:
        """Return every column as numbers (n,), features and counts of voxels alike; NaN where a cell is empty or no number."""
        return {column.name: numbers_of(column, self.decimal) for column in self.raw.columns}


def numbers_of(column: Column, decimal: str | None) -> Floats:
    """Return a column as numbers (n,); NaN where a cell is empty or no number."""
    return column.numbers if column.texts is None else cells.numbers(column.texts, decimal=decimal).values


def open_files(files: Sequence[Path], options: TableOptions) -> tuple[FeatureFile, ...]:
    """Return the tables of these files. Raises StudyError STUDY-033, FEAT-131 (no such extractor) and TableError as readers do."""
    if options.extractor is not None and ALIASES.get(options.extractor, options.extractor) not in EXTRACTORS:
        known = [*EXTRACTORS, *ALIASES]
        near = nearest(options.extractor, known)
        raise StudyError(
            "FEAT-131",
            f'no extractor is called "{inert(options.extractor)}" here',
            found=", ".join(known),
            near=near,
            fix=f"--extractor {near or 'pyradiomics'}",
        )
    return tuple(_opened(file, options) for path in files for file in _inside(path))


def _inside(path: Path) -> list[Path]:
    """Return the files of a folder, hidden ones left out; a file is itself."""
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    if not found:
        raise StudyError("STUDY-033", f"there is no file in {inert(path.name)}", fix="name a folder that holds tables")
    return found


def _opened(path: Path, options: TableOptions) -> FeatureFile:
    if not path.exists():
        beside = sorted(one.name for one in path.parent.glob("*") if one.is_file()) if path.parent.is_dir() else []
        near = nearest(path.name, beside)
        raise StudyError("STUDY-033", f"there is no file {inert(path.name)}", found=", ".join(beside[:8]) or None, near=near, fix=near)
    read = ReadOptions(
        label=path.name,
        sheet=options.sheet,
        delimiter=options.delimiter,
        decimal=options.decimal,
        encoding=options.encoding,
        text=lambda name: parts_of(name)[1] is None,
    )
    raw = read_table(path, read, reader=options.reader)
    digest = file_digest(path) if path.is_file() else ""
    return feature_file(raw, sha256=digest, extractor=options.extractor, decimal=options.decimal, declared=options.declared)


def study_files(plan: Plan, folder: Path, options: TableOptions) -> tuple[FeatureFile, ...]:
    """Return the feature tables of a study."""
    from radaudit.edges.joining.opened import open_tables

    return tuple(
        feature_file(one.raw, sha256=one.source.sha256, decimal=one.entry.decimal, declared=options.declared)
        for one in open_tables(plan, folder)
        if one.role == "features"
    )


def feature_file(
    raw: RawTable, *, sha256: str, extractor: str | None = None, decimal: str | None = None, declared: Mapping[str, str] | None = None
) -> FeatureFile:
    """Return a table with its extractor (stated, else of the reader, else of the names) and the names of its features."""
    reader = "" if raw.reader == "generic" else raw.reader
    known = extractor or reader or written_by(raw.names)
    names = raw.features if raw.features is not None and extractor is None else _features(raw, known)
    return FeatureFile(
        label=raw.label,
        sha256=sha256,
        raw=raw,
        extractor=ALIASES.get(known, known),
        names=tuple(names),
        decimal=decimal,
        declared=declared or {},
    )


def _features(raw: RawTable, extractor: str) -> list[str]:
    """Return names that the extractor, or any, writes, and anonymous ones; without any of them the columns that hold only numbers."""
    found = [name for name in raw.names if parts_of(name, extractor=extractor)[1] is not None or anonymous(name)]
    return found or [column.name for column in raw.columns if column.values is not None or _numeric(column)]


def _numeric(column: Column) -> bool:
    texts = [text for text in column.as_texts() if text.strip()]
    return bool(texts) and not cells.numbers(texts).refused and any("." in text for text in texts)
