"""MIRP: one file per image, ``;`` between fields, a random suffix in the file's name; ``image_*`` columns say how, the rest are features.

The names are those of MIRP 2 (``sample_name``, ``image_settings_id``, ``cm_contrast_d1_3d_avg_fbs_w25.0``) and of version 1
(``id_subject``, ``img_data_settings_id``). The discretisation stands in the names of the features:
``fbs_w`` is a bin width, ``fbn_n`` a bin number.
Source: oncoray/mirp, mirp/_images and mirp/_features; files of version 2.7.0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from radaudit.edges.readers.apart import DIAGNOSTICS, IGNORED, row_settings, set_apart, short
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse

NAME = "mirp"
FEATURE = re.compile(
    r"(?:(?:wavelet|log|laws|gabor|mean|nonsep|riesz|square|sqrt|logarithm|exp|separable|gaussian)[a-zA-Z0-9_.+-]*?_)?"
    r"(?:morph|loc|stat|ivh|ih|cm|rlm|szm|dzm|ngt|ngl|diag)_[A-Za-z0-9_.]+"
)
METADATA = re.compile(r"image_.+|sample_name|img_data_.+|id_(?:subject|cohort|modality|roi)|data_.+")
DISCRETISED = re.compile(r"_(fb[sn]e?)_([wn])([0-9.]+)")
PATIENT = ("sample_name", "id_subject")
UNITS = ("image_mask_label", "image_modality", "id_roi", "image_noise_iteration_id", "image_mask_randomise_id")
SETTINGS = {
    "image_settings_id": "settings id",
    "img_data_settings_id": "settings id",
    "image_modality": "modality",
    "image_pet_suv_type": "SUV",
    "image_noise_level": "noise",
    "image_rotation_angle": "rotation",
    "image_mask_adapt_size": "mask grown by",
}
SPACING = ("image_voxel_size_x", "image_voxel_size_y", "image_voxel_size_z")


def recognises(glimpse: Glimpse) -> bool:
    """True if a sample column and MIRP's metadata stand beside at least one of its features."""
    names = glimpse.names
    told = [name for name in names if METADATA.fullmatch(name)]
    return any(name in PATIENT for name in names) and len(told) >= 4 and any(FEATURE.fullmatch(name) for name in names)


def claims(path: Path) -> bool:
    """True if the header is MIRP's."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table without metadata; they and the discretisation in the names become the settings of each row.

    Directories and file names of images are left out. Raises TableError as the formats do.
    """
    table = read_file(path, options)
    features = [name for name in table.names if FEATURE.fullmatch(name)]
    settings = row_settings(table, {name: word for name, word in SETTINGS.items() if table.has(name)}, short)
    if all(map(table.has, SPACING)):
        for row, sides in zip(settings, zip(*(table.column(name).as_texts() for name in SPACING), strict=True), strict=True):
            if all(side.strip() for side in sides):
                row["voxel size"] = " x ".join(map(short, sides))
    if words := discretisations(features):
        for row in settings:
            row["discretisation"] = words
    keep = {*PATIENT, *UNITS}
    away = {
        name: DIAGNOSTICS if name in SETTINGS or name in SPACING else IGNORED
        for name in table.names
        if METADATA.fullmatch(name) and name not in keep
    }
    regions = [name for name in UNITS if table.has(name) and not table.column(name).empty]
    patient = next((name for name in PATIENT if table.has(name)), None)
    return set_apart(table, options, reader=NAME, features=features, away=away, settings=settings, patient=patient, regions=regions)


def discretisations(names: Sequence[str]) -> str:
    """Return the discretisations in the names of features: ``fixed bins of 25, 32 bins``."""
    found = {match.groups() for name in names if (match := DISCRETISED.search(name))}
    words = [f"fixed bins of {short(size)}" if kind == "w" else f"{short(size)} bins" for _, kind, size in sorted(found)]
    return ", ".join(words)
