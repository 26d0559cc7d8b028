"""PyRadiomics 1.x to 3.1: CSV, JSON and txt, one case or many; ``diagnostics_*`` (version 1: ``general_info_*``) are settings, never features.

A failed case keeps its row with every feature empty; ``--skip-nans`` leaves columns out. Source: AIM-Harvard/pyradiomics,
radiomics/scripts/segment.py; files of versions 1.3.0 and 3.0.1.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from radaudit.digests import sha256
from radaudit.edges.readers.apart import DIAGNOSTICS, IGNORED, set_apart
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse, share
from radaudit.tables.names import pyradiomics_name

NAME = "pyradiomics"
PREFIXES = ("diagnostics_", "general_info_")
PLUMBING = ("Image", "Mask", "Label", "Reader")
MATTERS = (
    "binCount", "binWidth", "distances", "force2D", "force2Ddimension", "gldm_a", "interpolator", "normalize", "normalizeScale",
    "preCrop", "removeOutliers", "resampledPixelSpacing", "resegmentMode", "resegmentRange", "sigma", "symmetricalGLCM", "voxelArrayShift",
    "weightingNorm",
)  # fmt: skip
LONGEST = 20_000


def recognises(glimpse: Glimpse) -> bool:
    """True if diagnostics stand beside PyRadiomics features, or at least three names, and half of all, are PyRadiomics'."""
    names = glimpse.names
    known = [name for name in names if pyradiomics_name(name) is not None]
    return bool(known) if any(is_diagnostic(name) for name in names) else share(names, known)


def claims(path: Path) -> bool:
    """True if the header is PyRadiomics'."""
    return recognises(Glimpse(path=path))


def is_diagnostic(name: str) -> bool:
    """True for a column about the extraction; a prefix of the user (an MR sequence) may stand before it."""
    return name.startswith(PREFIXES) or any(f"_{prefix}" in name for prefix in PREFIXES)


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
        settings=tuple(_settings(diagnostics, i) for i in range(table.rows)) if diagnostics else (),
        images=_images(diagnostics, table.rows),
    )


def _settings(diagnostics: Mapping[str, tuple[str, ...]], row: int) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, cells in diagnostics.items():
        tail = name.rsplit("diagnostics_", 1)[-1].rsplit("general_info_", 1)[-1]
        if tail in ("Versions_PyRadiomics", "Version"):
            found["version"] = cells[row].strip().removeprefix("v")
        elif tail in ("Configuration_Settings", "GeneralSettings"):
            found |= _parsed(cells[row])
        elif tail in ("Configuration_EnabledImageTypes", "EnabledImageTypes") and cells[row].strip():
            found["imageTypes"] = _flat(_literal(cells[row]))
    return {name: text for name, text in sorted(found.items()) if text}


def _parsed(cell: str) -> dict[str, str]:
    """Return the settings that change values; a dict in Python's or JSON's spelling, never evaluated."""
    if not cell.strip():
        return {}
    stated = _literal(cell)
    if not isinstance(stated, dict):
        return {"settings": f"unreadable, sha256 {sha256(cell.encode())[:12]}"}
    return {name: _flat(stated[name]) for name in MATTERS if stated.get(name) is not None}


def _literal(cell: str) -> Any:
    if len(cell) > LONGEST:
        return cell
    for parse in (ast.literal_eval, json.loads):
        try:
            return parse(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return cell


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{name}: {_flat(item)}" if item else str(name) for name, item in sorted(value.items(), key=lambda pair: str(pair[0]))
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flat(item) for item in value) + "]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _images(diagnostics: Mapping[str, tuple[str, ...]], rows: int) -> tuple[str, ...]:
    """Return one digest per row of the hashes of image and mask; empty where PyRadiomics gave none."""
    hashes = [
        cells
        for name, cells in sorted(diagnostics.items())
        if name.endswith(("Image-original_Hash", "Mask-original_Hash", "ImageHash", "MaskHash"))
    ]
    if len(hashes) < 2:
        return ()
    rows_of = (tuple(cells[i].strip() for cells in hashes) for i in range(rows))
    return tuple(sha256("\n".join(row).encode()) if all(row) else "" for row in rows_of)
