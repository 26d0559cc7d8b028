"""Glimpse: what a reader looks at to tell whether a file is its program's; each part is read once, when a reader asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from radaudit.edges.readers.formats.files import file_format, names_of
from radaudit.edges.readers.formats.raw import ReadOptions
from radaudit.edges.readers.formats.reshape import WIDE
from radaudit.errors import TableError

HEAD_BYTES = 1 << 16


@dataclass(kw_only=True)
class Glimpse:
    """A first look at a file. Nothing here raises: what cannot be read is empty, so that no reader recognises it."""

    path: Path
    options: ReadOptions = field(default_factory=ReadOptions)

    @cached_property
    def format(self) -> str:
        """The format of the file; empty if it is none that is read."""
        try:
            return file_format(self.path, self.options)
        except TableError:
            return ""

    @cached_property
    def sheets(self) -> tuple[str, ...]:
        """The worksheets of a workbook in order; none for other files."""
        if self.format != "spreadsheet":
            return ()
        from radaudit.edges.readers.formats.spreadsheet import sheet_names

        return sheet_names(self.path)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The column names; none if the file has no header that can be found without a statement."""
        try:
            return names_of(self.path, self.options) if self.format else ()
        except TableError:
            return ()

    @cached_property
    def header(self) -> tuple[str, ...]:
        """The column names as they stand in the file, whatever its layout."""
        try:
            return names_of(self.path, replace(self.options, layout=WIDE)) if self.format else ()
        except TableError:
            return ()

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The first lines of a text file."""
        if self.format != "text":
            return ()
        with self.path.open("rb") as stream:
            return tuple(stream.read(HEAD_BYTES).decode("utf-8-sig", "replace").splitlines())

    def has(self, *names: str) -> bool:
        """True if all these columns are there."""
        return set(names) <= set(self.names)


def share(names: Sequence[str], known: Sequence[str], *, least: int = 3) -> bool:
    """Return True if ``known`` are at least ``least`` names and half of all names."""
    return len(known) >= least and 2 * len(known) >= len(names)
