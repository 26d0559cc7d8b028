"""Extraction settings of every row, from the diagnostics that PyRadiomics writes; a Python or JSON literal, never evaluated."""

from __future__ import annotations

import ast
import json
from typing import Any

from radaudit.sitepack.reading import Table

PREFIXES = ("diagnostics_", "general_info_")
MATTERS = (
    "binCount", "binWidth", "distances", "force2D", "force2Ddimension", "gldm_a", "interpolator", "normalize", "normalizeScale",
    "preCrop", "removeOutliers", "resampledPixelSpacing", "resegmentMode", "resegmentRange", "sigma", "symmetricalGLCM", "voxelArrayShift",
    "weightingNorm",
)  # fmt: skip
LONGEST = 20_000


def settings(table: Table) -> list[dict[str, str]]:
    """Return one mapping per row, ``version`` among its keys; empty where the table does not say."""
    named = [(i, name) for i, name in enumerate(table.names) if is_diagnostic(name)]
    return [of_row([(name, row[i]) for i, name in named]) for row in table.rows]


def is_diagnostic(name: str) -> bool:
    """True for a column about the extraction."""
    return name.startswith(PREFIXES) or any(f"_{prefix}" in name for prefix in PREFIXES)


def of_row(cells: list[tuple[str, str]]) -> dict[str, str]:
    """Return the settings of one row."""
    found: dict[str, str] = {}
    for name, cell in cells:
        tail = name.rsplit("diagnostics_", 1)[-1].rsplit("general_info_", 1)[-1]
        if tail in ("Versions_PyRadiomics", "Version"):
            found["version"] = cell.strip().removeprefix("v")
        elif tail in ("Configuration_Settings", "GeneralSettings") and cell.strip():
            stated = literal(cell)
            if isinstance(stated, dict):
                found.update({key: flat(stated[key]) for key in MATTERS if stated.get(key) is not None})
            else:
                found["settings"] = "unreadable"
    return {key: text for key, text in found.items() if text}


def literal(cell: str) -> Any:
    """Return the value a cell spells, or the cell."""
    for parse in (ast.literal_eval, json.loads) if len(cell) <= LONGEST else ():
        try:
            return parse(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return cell


def flat(value: Any) -> str:
    """Return a value as radaudit writes it."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {flat(item)}" if item else str(key) for key, item in sorted(value.items(), key=lambda pair: str(pair[0])))
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flat(item) for item in value) + "]"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
