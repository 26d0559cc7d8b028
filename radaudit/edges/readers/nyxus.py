"""Nyxus: one row per region of an image, in 2D (``GLCM_ASM_0``) and in 3D (``3GLCM_ASM_0``); CSV, Arrow and Parquet.

``intensity_image`` is the only thing that names a patient. Source: PolusAI/nyxus, output_2_csv.cpp; files of version 0.11.0, and the column
names ``mask_image``, ``label`` of versions before 0.6.
"""

from __future__ import annotations

import re
from pathlib import Path

from radaudit.edges.readers.apart import IGNORED, set_apart
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse

NAME = "nyxus"
ABOUT = ("intensity_image", "mask_image", "ROI_label", "label", "t_index", "annotation", "c_index", "z_index")
FEATURE = re.compile(r"3?[A-Z][A-Z0-9_]*")


def recognises(glimpse: Glimpse) -> bool:
    """True if image, mask and region stand beside features in capitals."""
    names = glimpse.names
    region = "ROI_label" in names or "label" in names
    return region and glimpse.has("intensity_image", "mask_image") and any(FEATURE.fullmatch(name) for name in names)


def claims(path: Path) -> bool:
    """True if the header is Nyxus'."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table; the image names the patient, mask, label and time tell its rows apart. Raises TableError as the formats do."""
    table = read_file(path, options)
    features = [name for name in table.names if FEATURE.fullmatch(name) and name not in ABOUT]
    regions = [name for name in ("ROI_label", "label", "t_index", "annotation", "c_index", "z_index") if table.has(name)]
    away = {"mask_image": IGNORED} if table.has("mask_image") else {}
    return set_apart(table, options, reader=NAME, features=features, away=away, patient="intensity_image", regions=regions)
