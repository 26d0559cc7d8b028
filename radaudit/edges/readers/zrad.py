"""Z-Rad: one row per mask, ``pat_id`` and ``mask_id``, then features under IBSI's short names with the aggregation at their end.

Source: medical-physics-usz/z-rad; files of version 26.9.0. Settings are in no column: Z-Rad keeps them in its own configuration.
"""

from __future__ import annotations

import re
from pathlib import Path

from radaudit.edges.readers.apart import DIAGNOSTICS, IGNORED, set_apart
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse

NAME = "zrad"
FEATURE = re.compile(r"(?:morph|loc|stat|ivh|ih|cm|rlm|szm|dzm|ngt|ngl)_[A-Za-z0-9_.]+")
ABOUT = ("bounding_box_min", "no_voxels", "no_bins")


def recognises(glimpse: Glimpse) -> bool:
    """True if patient and mask stand beside at least one feature."""
    return glimpse.has("pat_id", "mask_id") and any(FEATURE.fullmatch(name) for name in glimpse.names)


def claims(path: Path) -> bool:
    """True if the header is Z-Rad's."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table; size of the region and number of bins are no features. Raises TableError as the formats do."""
    table = read_file(path, options)
    features = [name for name in table.names if FEATURE.fullmatch(name)]
    away = {name: DIAGNOSTICS for name in ABOUT if table.has(name)}
    away |= {name: IGNORED for name in table.names if name.startswith("unnamed_")}
    return set_apart(table, options, reader=NAME, features=features, away=away, patient="pat_id", regions=("mask_id",))
