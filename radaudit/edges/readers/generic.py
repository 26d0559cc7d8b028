"""The generic reader: any table with a header; it knows nothing about its columns."""

from __future__ import annotations

from pathlib import Path

from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse

NAME = "generic"


def recognises(glimpse: Glimpse) -> bool:
    """Any table will do."""
    return True


def claims(path: Path) -> bool:
    """Any file will do."""
    return True


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table as it is; raises TableError as the formats do."""
    return read_file(path, options)
