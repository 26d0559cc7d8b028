"""PyRadiomics 1.x to 3.1: CSV, JSON, txt, one case or many; ``diagnostics_*`` (version 1: ``general_info_*``) are never features.

A failed case keeps its row with every feature empty; ``--skip-nans`` leaves columns out. Source: AIM-Harvard/pyradiomics,
radiomics/scripts/segment.py; files of versions 1.3.0 and 3.0.1.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from radaudit.edges.readers.apart import DIAGNOSTICS, IGNORED, set_apart
from radaudit.edges.readers.diagnostics import images_of, is_diagnostic, settings_of
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse, share
from radaudit.tables.names import pyradiomics_name

NAME = "pyradiomics"
PLUMBING = ("Image", "Mask", "Label", "Reader")


def recognises(glimpse: Glimpse) -> bool:
    """True if diagnostics stand beside PyRadiomics features, or at least three names, and half of all, are PyRadiomics'."""
    names = glimpse.names
    known = [name for name in names if pyradiomics_name(name) is not None]
    return bool(known) if any(is_diagnostic(name) for name in names) else share(names, known)


def claims(path: Path) -> bool:
    """True if the header is PyRadiomics'."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table without diagnostics; they become one mapping of settings and one digest of image and mask per row.

    Paths of images and masks are left out as well: they name people and machines. Raises TableError as the formats do.
    """
    table = read_file(path, replace(options, text=lambda name: is_diagnostic(name) or options.text(name)))
    diagnostics = {column.name: column.as_texts() for column in table.columns if is_diagnostic(column.name)}
    plumbing = {name: IGNORED for name in PLUMBING if table.has(name)}
    return set_apart(
        table,
        options,
        reader=NAME,
        features=[name for name in table.names if pyradiomics_name(name) is not None and not is_diagnostic(name)],
        away={**plumbing, **dict.fromkeys(diagnostics, DIAGNOSTICS)},
        settings=tuple(settings_of(diagnostics, i) for i in range(table.rows)) if diagnostics else (),
        images=images_of(diagnostics, table.rows),
    )
