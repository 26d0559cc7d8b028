"""CaPTk: one row per patient, features named ``<modality>_<roi>_<family>_<settings>_<feature>``, settings in the names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse, share
from radaudit.tables.names import captk_name

NAME = "captk"


def recognises(glimpse: Glimpse) -> bool:
    """True if at least three names, and half of all, are CaPTk's."""
    return share(glimpse.names, [name for name in glimpse.names if captk_name(name) is not None])


def claims(path: Path) -> bool:
    """True if the header is CaPTk's."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table with the columns CaPTk wrote marked as features; raises TableError as the formats do.

    A row shifted against the header (CaPTk issue 1232) is refused as ragged (READ-034).
    """
    table = read_file(path, options)
    patient = next((name for name in ("SubjectID", "PatientID") if table.has(name)), None)
    features = tuple(name for name in table.names if captk_name(name) is not None)
    return replace(table, reader=NAME, features=features, patient=patient)
