"""The IBSI template: one row per feature with its reference value, tolerance and, where somebody filled it in, ``your_result``.

A filled template is a table of one case per data set, its features named by their tags; an empty one is a list of reference values.
Source: IBSI 1 compliance check templates, as kept in Maastro-CDS-Imaging-Group/SQLite4Radiomics.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.formats.reshape import WIDE, pivot
from radaudit.edges.readers.glimpse import Glimpse
from radaudit.errors import TableError
from radaudit.tables.intake import Accounted

NAME = "ibsi_template"
CASE, TAG, RESULT = "data_set", "tag", "your_result"
KNOWN = (CASE, TAG, RESULT, "image_biomarker")


def recognises(glimpse: Glimpse) -> bool:
    """True if the template's columns are there."""
    return set(KNOWN) <= set(glimpse.header)


def claims(path: Path) -> bool:
    """True if the file is an IBSI template."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return one row per data set with the filled results, or an empty template as it stands, without features.

    Raises TableError READ-054 if the template's columns are not there, and as the formats and ``pivot`` do.
    """
    table = read_file(path, replace(options, layout=WIDE))
    if not all(map(table.has, KNOWN)):
        raise TableError("READ-054", f"{table.label} is no IBSI template", found=", ".join(table.names[:8]), fix="leave `reader:` out")
    filled = [i for i, text in enumerate(table.column(RESULT).as_texts()) if text.strip()]
    if not filled:
        return replace(table, reader=NAME, features=())
    turned = pivot(table.only(filled), feature=(TAG,), value=RESULT, keys=(CASE,))
    left = table.rows - len(filled)
    notes = [Accounted(file=table.label, column="", kind="absent value", what="features nobody filled in", count=left)] if left else []
    return replace(turned, reader=NAME, features=turned.names[1:], patient=CASE).noting(*notes)
