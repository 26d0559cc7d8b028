"""Which reader reads a file: the one the study names, or the first that recognises it, or the generic one."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from radaudit.edges.readers import (
    captk,
    cerr,
    deep,
    generic,
    ibsi_template,
    lifex,
    mazda,
    medimage,
    mirp,
    nyxus,
    oncoradiomics,
    pycerr,
    pyradiomics,
    pysera,
    racat,
    radiomicsj,
    slicer,
    zrad,
)
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse
from radaudit.errors import PluginError, listed, nearest

GROUP = "radaudit.readers"


class Reader(Protocol):
    """What a reader offers: whether a file is its program's, and the table in it with rows and ids kept and diagnostics set apart."""

    def claims(self, path: Path) -> bool:
        """True if the file was written by the program this reader knows."""

    def read(self, path: Path, options: ReadOptions) -> RawTable:
        """Return the table; raises TableError."""


# the narrower mark first: pyCERR's names look like PyRadiomics', PySERA's and Z-Rad's like MIRP's, RadiomicsJ's like RadiomiX'
RECOGNISED = (
    ibsi_template, slicer, pysera, lifex, cerr, pycerr, zrad, mirp, nyxus, pyradiomics, captk, medimage, radiomicsj, oncoradiomics,
    racat, mazda, deep,
)  # fmt: skip
BUILT_IN: dict[str, Reader] = {module.NAME: module for module in (*RECOGNISED, generic)}


def read_table(path: Path, options: ReadOptions, *, reader: str | None = None, recognise: bool = True) -> RawTable:
    """Return the table in a file, read by the named reader or by the one that recognises it (``recognise`` False: the generic one).

    Raises PluginError READ-040 for a reader nobody has, TableError as the reader does.
    """
    if reader is not None:
        table: RawTable = named(reader).read(path, options)
        return table
    return (recognised(path, options) if recognise else generic).read(path, options)


def recognised(path: Path, options: ReadOptions) -> Reader:
    """Return the first reader that recognises a file; the generic one if none does, or if it cannot be read without a statement."""
    glimpse = Glimpse(path=path, options=options)
    found: Reader = next((module for module in RECOGNISED if module.recognises(glimpse)), generic)
    return found


def named(name: str) -> Reader:
    """Return a built-in reader or the plug-in of this name; raises PluginError READ-040 if there is none or its name is taken."""
    offered = {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.value)}
    taken = sorted(set(offered) & set(BUILT_IN))
    if taken:
        raise PluginError(
            "READ-041", f'a plug-in takes the name of the reader "{taken[0]}"', found=offered[taken[0]].value, fix="uninstall it"
        )
    if name in BUILT_IN:
        return BUILT_IN[name]
    if name not in offered:
        known = [*BUILT_IN, *offered]
        near = nearest(name, known)
        raise PluginError(
            "READ-040", f'there is no reader "{name}"', found=listed(known, most=20), near=near, fix=f"reader: {near or 'generic'}"
        )
    loaded: Reader = offered[name].load()
    return loaded
