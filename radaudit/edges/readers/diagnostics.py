"""What PyRadiomics says of an extraction in its diagnostics: settings that change values, version, hashes of image and mask."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

from radaudit.digests import sha256

PREFIXES = ("diagnostics_", "general_info_")
MATTERS = (
    "binCount", "binWidth", "distances", "force2D", "force2Ddimension", "gldm_a", "interpolator", "normalize", "normalizeScale",
    "preCrop", "removeOutliers", "resampledPixelSpacing", "resegmentMode", "resegmentRange", "sigma", "symmetricalGLCM", "voxelArrayShift",
    "weightingNorm",
)  # fmt: skip
LONGEST = 20_000


def is_diagnostic(name: str) -> bool:
    """True for a column about the extraction; a prefix of the user (an MR sequence) may stand before it."""
    return name.startswith(PREFIXES) or any(f"_{prefix}" in name for prefix in PREFIXES)


def settings_of(diagnostics: Mapping[str, tuple[str, ...]], row: int) -> Mapping[str, str]:
    """Return the settings of one row from its diagnostic columns; cells are parsed as literals, never evaluated."""
    found: dict[str, str] = {}
    for name, cells in diagnostics.items():
        tail = name.rsplit("diagnostics_", 1)[-1].rsplit("general_info_", 1)[-1]
        if tail in ("Versions_PyRadiomics", "Version"):
            found["version"] = cells[row].strip().removeprefix("v")
        elif tail in ("Configuration_Settings", "GeneralSettings"):
            found |= parsed(cells[row])
        elif tail in ("Configuration_EnabledImageTypes", "EnabledImageTypes") and cells[row].strip():
            found["imageTypes"] = flat(_literal(cells[row]))
    return {name: text for name, text in sorted(found.items()) if text}


def parsed(cell: str) -> dict[str, str]:
    """Return the settings that change values; a dict in Python's or JSON's spelling, never evaluated."""
    if not cell.strip():
        return {}
    stated = _literal(cell)
    if not isinstance(stated, dict):
        return {"settings": f"unreadable, sha256 {sha256(cell.encode())[:12]}"}
    return {name: flat(stated[name]) for name in MATTERS if stated.get(name) is not None}


def _literal(cell: str) -> Any:
    if len(cell) > LONGEST:
        return cell
    for parse in (ast.literal_eval, json.loads):
        try:
            return parse(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return cell


def flat(value: Any) -> str:
    """Return a setting as one text, lists in brackets and mappings in the order of their keys."""
    if isinstance(value, dict):
        return ", ".join(
            f"{name}: {flat(item)}" if item else str(name) for name, item in sorted(value.items(), key=lambda pair: str(pair[0]))
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flat(item) for item in value) + "]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def images_of(diagnostics: Mapping[str, tuple[str, ...]], rows: int) -> tuple[str, ...]:
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
