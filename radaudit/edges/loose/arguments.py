"""From what was named on the command line to tables: files of one reader with the same columns are one table, as in a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from radaudit.digests import file_digest
from radaudit.edges.joining.opened import spoken_for
from radaudit.edges.loose.people import may_have_a_role
from radaudit.edges.readers import gathered, registry
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.errors import TableError, nearest
from radaudit.study.columns import TableFile
from radaudit.tables.intake import Source
from radaudit.tables.shown import few, inert, quoted

if TYPE_CHECKING:
    from radaudit.study.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loaded:
    """One table: its content, what a study file says of it (``entry``), the files it was read from.

    ``taken`` are the columns the study gives a role: they are no features.
    """

    entry: TableFile
    raw: RawTable
    sources: tuple[Source, ...]
    taken: frozenset[str] = frozenset()


def load(arguments: Sequence[str], *, plan: Plan | None = None, folder: Path = Path()) -> tuple[Loaded, ...]:
    """Return the tables that files, folders and patterns hold; ``plan`` with its ``folder`` states how files it names are read.

    Raises TableError READ-042 (nothing of that name), READ-050 to READ-052 (see ``readers.gathered``), and what the readers raise.
    """
    stated = _stated(plan, folder)
    taken = frozenset() if plan is None else spoken_for(plan, TableFile(file="any"))
    tables: list[Loaded] = []
    single: dict[tuple[object, ...], list[Loaded]] = {}
    for text in arguments:
        files = gathered.several(Path(), text)
        if files is not None:
            tables.append(_together(text, [_one(file, stated, taken) for file in files]))
            continue
        path = Path(text)
        if not path.is_file():
            raise _not_there(path)
        one = _one(path, stated, taken)
        key = (one.raw.reader, frozenset(one.raw.names), len(set(one.raw.names)) == len(one.raw.names) or len(single))
        if key not in single:
            single[key] = []
            tables.append(one)
        single[key].append(one)
    alike = {id(group[0]): group for group in single.values() if len(group) > 1}
    return tuple(
        _together(f"{one.raw.label} and {len(alike[id(one)]) - 1} more", alike[id(one)]) if id(one) in alike else one for one in tables
    )


def _one(path: Path, stated: Mapping[Path, TableFile], taken: frozenset[str]) -> Loaded:
    label = path.as_posix() if not path.is_absolute() else path.name
    entry = stated.get(path.resolve())
    taken = taken if entry is not None else frozenset()
    entry = entry or TableFile(file=label)
    options = ReadOptions(
        label=label,
        sheet=entry.sheet,
        delimiter=entry.delimiter,
        decimal=entry.decimal,
        encoding=entry.encoding,
        layout=entry.layout,
        header=entry.header,
        text=lambda name: name in taken or may_have_a_role(name),
        keep=frozenset(name for name in (entry.id, entry.unit) if name) | taken,
    )
    raw = registry.read_table(path, options, reader=entry.reader)
    source = Source(
        file=label,
        role="features",
        sha256=file_digest(path),
        bytes=path.stat().st_size,
        rows=raw.rows,
        columns=len(raw.columns),
        reader=raw.reader,
        dialect=raw.dialect,
    )
    return Loaded(entry=entry, raw=raw, sources=(source,), taken=taken)


def _together(name: str, group: Sequence[Loaded]) -> Loaded:
    raw = gathered.joined(inert(name), [one.raw for one in group])
    sources = tuple(source for one in group for source in one.sources)
    return Loaded(entry=replace_file(group[0].entry, name), raw=raw, sources=sources, taken=group[0].taken)


def replace_file(entry: TableFile, name: str) -> TableFile:
    """Return the entry under another name."""
    return entry.model_copy(update={"file": name})


def _stated(plan: Plan | None, folder: Path) -> dict[Path, TableFile]:
    if plan is None:
        return {}
    groups = (plan.tables.features, plan.tables.clinical, plan.tables.acquisition)
    found: dict[Path, TableFile] = {}
    for entry in (entry for group in groups for entry in group):
        if entry.id is None and entry.id_from is None:
            entry = entry.model_copy(update={"id": plan.columns.subject.column})
        for file in gathered.several(folder, entry.file) or (folder / entry.file,):
            found[file.resolve()] = entry
    return found


def _not_there(path: Path) -> TableError:
    around = sorted(file.name for file in path.parent.iterdir()) if path.parent.is_dir() else []
    near = nearest(path.name, around)
    return TableError(
        "READ-042",
        f"there is no file {quoted(path.name)}",
        found=few(around, most=8) or None,
        near=near and inert(near),
        fix=f"radaudit ingest {inert(str(path.parent / near)) if near else 'FILES...'}",
    )


def duplicated(sources: Sequence[Source]) -> list[tuple[str, str]]:
    """Return pairs of files with the same bytes."""
    first: dict[str, str] = {}
    return [(first[source.sha256], source.file) for source in sources if first.setdefault(source.sha256, source.file) != source.file]
