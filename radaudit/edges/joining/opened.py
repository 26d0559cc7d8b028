"""Open every table a study names, with its digest and how its text was understood; a folder or a pattern of files is one table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from radaudit.edges.readers import gathered
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions, every
from radaudit.edges.readers.registry import read_table
from radaudit.errors import TableError, nearest
from radaudit.tables.intake import ROLES, Source
from radaudit.tables.shown import few, inert, quoted

if TYPE_CHECKING:
    from radaudit.study.columns import TableFile
    from radaudit.study.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opened:
    """One file of the study: its role, its entry in study.yaml (``at`` says where), its content and its source."""

    role: str
    at: str
    entry: TableFile
    raw: RawTable
    source: Source

    @property
    def label(self) -> str:
        """The path relative to the study."""
        return self.source.file


def open_tables(plan: Plan, folder: Path) -> tuple[Opened, ...]:
    """Read every table of the study; raises TableError READ-042 for a file that is not there, and what the readers raise."""
    return tuple(open_table(plan, role, i, entry, folder) for role, i, entry in entries(plan))


def entries(plan: Plan) -> Iterator[tuple[str, int, TableFile]]:
    """Yield every table of the study: role, place in its list, entry."""
    for role in ROLES:
        for i, entry in enumerate(getattr(plan.tables, role)):
            yield role, i, entry


def open_table(plan: Plan, role: str, i: int, entry: TableFile, folder: Path) -> Opened:
    """Read one table of the study; raises TableError READ-042 if it is not there, and what the readers raise."""
    label, at = entry.file.replace("\\", "/"), f"tables.{role}[{i}]"
    files = gathered.several(folder, label) or ((folder / label,) if (folder / label).is_file() else ())
    if not files:
        raise _not_there(folder / label, folder, label, at)
    kept = spoken_for(plan, entry) if role == "features" else None
    options = ReadOptions(
        label=label,
        sheet=entry.sheet,
        delimiter=entry.delimiter,
        decimal=entry.decimal,
        encoding=entry.encoding,
        layout=entry.layout,
        header=entry.header,
        text=every if kept is None else kept.__contains__,
        keep=kept or frozenset(),
    )
    recognise = role == "features"
    if files == (folder / label,):
        raw = read_table(files[0], options, reader=entry.reader, recognise=recognise)
    else:
        named = [(file.relative_to(folder).as_posix(), file) for file in files]
        raw = gathered.gather(label, named, options, reader=entry.reader, recognise=recognise)
    source = Source(
        file=label,
        role=role,
        sha256=gathered.files_digest(files, folder),
        bytes=sum(file.stat().st_size for file in files),
        rows=raw.rows,
        columns=len(raw.columns),
        reader=raw.reader,
        dialect=raw.dialect,
    )
    return Opened(role=role, at=at, entry=entry, raw=raw, source=source)


def spoken_for(plan: Plan, entry: TableFile) -> frozenset[str]:
    """Return the names of columns that have a role: they stay text in a feature table and are never features."""
    columns, end = plan.columns, plan.columns.outcome
    named = [
        columns.subject.column,
        columns.unit,
        entry.id,
        entry.unit,
        end.column,
        end.time,
        end.status,
        columns.date,
        plan.split.test.column,
    ]
    if columns.site is not None:
        named.append(columns.site.from_)
    protocol = plan.declared_protocol()
    groups = (
        protocol.columns if protocol else (),
        columns.batch,
        columns.covariates,
        columns.clinical,
        columns.never,
        plan.harmonise.preserve,
    )
    volume = {columns.volume} if columns.volume else set()
    return frozenset(name for name in (*named, *(name for group in groups for name in group)) if name) - volume


def _not_there(path: Path, folder: Path, label: str, at: str) -> TableError:
    around = sorted(file.relative_to(folder).as_posix() for file in path.parent.glob("*") if file.is_file()) if path.parent.is_dir() else []
    near = nearest(label, around)
    return TableError(
        "READ-042",
        f"there is no file {quoted(label)}",
        at=at,
        found=few(around) if around else None,
        near=near and inert(near),
        fix=f"{{file: {inert(near)}}}" if near else "copy the table into the study folder",
    )
