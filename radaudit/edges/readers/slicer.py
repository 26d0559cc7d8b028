"""3D Slicer Radiomics: one row per feature, in three columns the parts of its PyRadiomics name, then the value.

Either ``Label`` and ``Value`` (one row per segment and feature) or one column of values per segment. The patient is nowhere in the table.
Source: AIM-Harvard/SlicerRadiomics, SlicerRadiomics.py, exportToTable; no file of the program was at hand.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from radaudit.edges.readers.apart import DIAGNOSTICS, set_apart
from radaudit.edges.readers.diagnostics import images_of, is_diagnostic, settings_of
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import Column, RawTable, ReadOptions
from radaudit.edges.readers.formats.reshape import WIDE, pivot, transpose
from radaudit.edges.readers.glimpse import Glimpse
from radaudit.errors import TableError
from radaudit.tables.names import pyradiomics_name

NAME = "slicer"
IMAGE = ("Image type", "Input image type")
PARTS = ("Feature Class", "Feature Name")
LABEL, VALUE = "Label", "Value"


def recognises(glimpse: Glimpse) -> bool:
    """True if the columns that hold the parts of names are there."""
    return set(PARTS) <= set(glimpse.header) and any(name in glimpse.header for name in IMAGE)


def claims(path: Path) -> bool:
    """True if the table is Slicer's."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return one row per segment; names are joined as PyRadiomics writes them, diagnostics become settings.

    Raises TableError READ-054 if the columns of names are not there, and as the formats and ``pivot`` do.
    """
    table = read_file(path, replace(options, layout=WIDE))
    image = next((name for name in IMAGE if table.has(name)), None)
    if image is None or not all(map(table.has, PARTS)):
        raise TableError("READ-054", f"{table.label} has no columns {', '.join((IMAGE[0], *PARTS))}", fix="leave `reader:` out")
    named = (image, *PARTS)
    keys = tuple(name for name in table.names if name not in (*named, VALUE))
    if table.has(VALUE) and keys:
        table = pivot(table, feature=named, value=VALUE, keys=keys)
        regions = keys
    else:
        table, regions = _turned(table, named), (LABEL,)
    diagnostics = {column.name: column.as_texts() for column in table.columns if is_diagnostic(column.name)}
    return set_apart(
        table,
        options,
        reader=NAME,
        features=[name for name in table.names if pyradiomics_name(name) is not None and not is_diagnostic(name)],
        away=dict.fromkeys(diagnostics, DIAGNOSTICS),
        settings=tuple(settings_of(diagnostics, i) for i in range(table.rows)) if diagnostics else (),
        images=images_of(diagnostics, table.rows),
        regions=regions,
    )


def _turned(table: RawTable, named: tuple[str, ...]) -> RawTable:
    """Return a table with one column of values per segment as one with a row per segment."""
    parts = zip(*(table.column(name).as_texts() for name in named), strict=True)
    names = tuple("_".join(part.strip() for part in row if part.strip()) for row in parts)
    kept = tuple(column for column in table.columns if column.name not in named)
    return transpose(replace(table, columns=(Column(name=LABEL, position=1, texts=names), *kept)))
