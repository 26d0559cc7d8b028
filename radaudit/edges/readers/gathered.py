"""A folder or a pattern of files as one table: the same reader and the same columns, or an error that says which file differs."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from radaudit.digests import digest, file_digest
from radaudit.edges.readers import registry
from radaudit.edges.readers.formats import arff, cases, columnar, spreadsheet, statistics
from radaudit.edges.readers.formats.raw import Column, RawTable, ReadOptions
from radaudit.errors import TableError, listed
from radaudit.tables.shown import few, inert, quoted

WILD = "*?["
TABLES = (
    ".csv", ".tsv", ".txt", *spreadsheet.SUFFIXES, *columnar.SUFFIXES, *cases.SUFFIXES, *arff.SUFFIXES, *statistics.SUFFIXES,
)  # fmt: skip
SEVERAL_SUFFIXES = (".csv.gz", ".tsv.gz", ".txt.gz", ".json.gz")


def several(folder: Path, text: str) -> tuple[Path, ...] | None:
    """Return the tables a folder or a pattern stands for, in order of their names; None for anything else.

    A folder stands for the tables right in it, hidden files and other files left out. Raises TableError READ-052 if there is none.
    """
    path = folder / text
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.is_file() and is_table(file))
        around = [f"{file.name}/" if file.is_dir() else file.name for file in sorted(path.iterdir())]
    elif any(char in text for char in WILD) and not path.exists():
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True) if Path(name).is_file() and is_table(Path(name)))
        around = [file.name for file in sorted(path.parent.glob("*"))] if path.parent.is_dir() else []
    else:
        return None
    if not found:
        raise TableError(
            "READ-052",
            f"there is no table in {quoted(text)}",
            found=few(around, most=8) or None,
            fix=f"name the files: {inert(text.rstrip('/'))}/*.csv",
        )
    return tuple(found)


def is_table(file: Path) -> bool:
    """True for a file whose name is that of a table."""
    name = file.name.casefold()
    return not name.startswith((".", "~$")) and (name.endswith(SEVERAL_SUFFIXES) or file.suffix.casefold() in TABLES)


def files_digest(files: Sequence[Path], folder: Path) -> str:
    """Return the SHA-256 of a file; for several, the digest of their names below ``folder`` and digests."""
    if len(files) == 1:
        return file_digest(files[0])
    return digest({file.relative_to(folder).as_posix(): file_digest(file) for file in files})


def gather(
    name: str, files: Sequence[tuple[str, Path]], options: ReadOptions, *, reader: str | None = None, recognise: bool = True
) -> RawTable:
    """Return the rows of files (label and path), one file below the other, columns matched by name, as the table ``name``.

    Raises TableError READ-050 (several programs), READ-051 (other columns) and what the readers raise.
    """
    tables = [registry.read_table(path, replace(options, label=label), reader=reader, recognise=recognise) for label, path in files]
    return joined(name, tables)


def joined(name: str, tables: Sequence[RawTable]) -> RawTable:
    """Return these tables one below the other; raises TableError as ``gather``."""
    first = tables[0]
    if len(tables) == 1:
        return first
    _expect_one_reader(name, tables)
    _expect_same_columns(name, tables)
    columns = tuple(_stacked(column.name, i + 1, [table.column(column.name) for table in tables]) for i, column in enumerate(first.columns))
    features = None if any(table.features is None for table in tables) else _union(table.features or () for table in tables)
    patients = {table.patient for table in tables}
    return RawTable(
        label=name,
        columns=columns,
        rows=sum(table.rows for table in tables),
        numbers=tuple(number for table in tables for number in table.numbers),
        reader=first.reader,
        dialect=first.dialect,
        accounting=tuple(note for table in tables for note in table.accounting),
        findings=tuple(finding for table in tables for finding in table.findings),
        features=features,
        settings=_by_row(tables, "settings", {}),
        images=_by_row(tables, "images", ""),
        patient=patients.pop() if len(patients) == 1 else None,
        regions=_union(table.regions for table in tables),
        log={level: sum(table.log.get(level, 0) for table in tables) for level in _union(table.log for table in tables)},
        files=tuple(file for table in tables for file in (table.files or (table.label,) * table.rows)),
    )


def _expect_one_reader(name: str, tables: Sequence[RawTable]) -> None:
    readers: dict[str, list[str]] = {}
    for table in tables:
        readers.setdefault(table.reader, []).append(table.label)
    if len(readers) > 1:
        raise TableError(
            "READ-050",
            f"the files of {quoted(name)} come from {len(readers)} programs",
            found="; ".join(f"{reader}: {listed(map(inert, labels), most=3)}" for reader, labels in readers.items()),
            fix="name each group of files by itself, or put it into a folder of its own",
            readers=tuple(readers),
        )


def _expect_same_columns(name: str, tables: Sequence[RawTable]) -> None:
    kinds: dict[frozenset[str], list[str]] = {}
    for table in tables:
        if len(set(table.names)) != len(table.names):
            twice = sorted({column for column in table.names if table.names.count(column) > 1})
            raise TableError(
                "FEAT-008", f"{len(twice)} names stand on two columns of {table.label}: {few(twice)}", fix="rename one of the columns"
            )
        kinds.setdefault(frozenset(table.names), []).append(table.label)
    if len(kinds) > 1:
        most = max(kinds, key=lambda names: len(kinds[names]))
        odd = next(names for names in kinds if names != most)
        lacking, more = sorted(most - odd), sorted(odd - most)
        what = "; ".join([f"lacks {few(lacking, most=3)}"] * bool(lacking) + [f"has also {few(more, most=3)}"] * bool(more))
        raise TableError(
            "READ-051",
            f"the files of {quoted(name)} do not have the same columns",
            found=f"{inert(kinds[odd][0])} {what}; {len(kinds[most])} of {len(tables)} files agree",
            fix="extract them with one parameter file, or name the files one by one",
            kinds=len(kinds),
        )


def _stacked(name: str, position: int, parts: Sequence[Column]) -> Column:
    if all(part.values is not None for part in parts):
        import numpy as np

        return Column(name=name, position=position, values=np.concatenate([part.numbers for part in parts]))
    return Column(name=name, position=position, texts=tuple(text for part in parts for text in part.as_texts()))


def _union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _by_row(tables: Sequence[RawTable], field: str, nothing: object) -> tuple[Any, ...]:
    if not any(getattr(table, field) for table in tables):
        return ()
    return tuple(item for table in tables for item in (getattr(table, field) or (nothing,) * table.rows))
