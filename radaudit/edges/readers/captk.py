"""CaPTk: one row per patient, features named ``<modality>_<roi>_<family>_<settings>_<feature>``, settings in the names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from radaudit.edges.readers.formats.files import names_of, read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.tables.names import captk_name

NAME = "captk"


def recognises(names: tuple[str, ...]) -> bool:
    """True if at least three names, and half of all, are CaPTk's."""
    known = sum(1 for name in names if captk_name(name) is not None)
    return known >= 3 and 2 * known >= len(names)


def claims(path: Path) -> bool:
    """True if the header is CaPTk's."""
    return recognises(names_of(path, ReadOptions()))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table with the columns CaPTk wrote marked as features; raises TableError as the formats do.

    A row shifted against the header (CaPTk issue 1232) is refused as ragged (READ-034).
    """
    table = read_file(path, options)
    return replace(table, reader=NAME, features=tuple(name for name in table.names if captk_name(name) is not None))
