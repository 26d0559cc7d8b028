"""IBSI reference values: of IBSI 1 on the digital phantom and under configurations A to E, of IBSI 2 per filter configuration."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from radaudit.errors import StudyError, listed, nearest

TABLES = ("reference.csv", "reference_filters.csv")
DIGITAL = "digital"
# voxels of the region before and, where it is a whole number in every implementation, after interpolation
VOXELS = {DIGITAL: 74}
SIGNIFICANT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One reference value with its tolerance, 0 if it is only given to three significant figures, and the consensus behind it."""

    code: str
    aggregation: str
    parameter: str
    value: float
    tolerance: float
    consensus: str

    @property
    def allowed(self) -> float:
        """How far a value may lie away: the tolerance, or half a unit of the third significant figure if that is more."""
        if not self.value:
            return max(self.tolerance, 0.0005)
        # a hair more than half a unit: 1494.6 is 1490 rounded down, and a value at the edge may be rounded either way
        half = 0.5000001 * 10.0 ** (math.floor(math.log10(abs(self.value))) - SIGNIFICANT + 1)
        return max(self.tolerance, half)

    def agrees(self, value: float) -> bool:
        """True if a value is within what is allowed."""
        return abs(value - self.value) <= self.allowed


Key = tuple[str, str, str]


@cache
def reference_values() -> Mapping[str, Mapping[Key, Reference]]:
    """Return the values by phantom (``digital``, ``A`` to ``E``, ``filter 1.A`` to ``filter 9.B``) and (code, aggregation, parameter)."""
    found: dict[str, dict[Key, Reference]] = {}
    for table in TABLES:
        text = files("radaudit.tables").joinpath("ibsi", table).read_text(encoding="utf-8")
        for row in csv.DictReader(text.splitlines()):
            key = (row["code"], row["aggregation"], row["parameter"])
            found.setdefault(row["phantom"], {})[key] = Reference(
                code=row["code"],
                aggregation=row["aggregation"],
                parameter=row["parameter"],
                value=float(row["value"]),
                tolerance=float(row["tolerance"]),
                consensus=row["consensus"],
            )
    return found


def phantom_named(text: str) -> str:
    """Return the phantom a user means by ``digital``, ``configuration C`` or ``3.B``; raises StudyError FEAT-130 for another word."""
    word = " ".join(text.split()).casefold().removeprefix("configuration ").removeprefix("config ").removeprefix("ibsi2 ")
    known = {name.casefold(): name for name in reference_values()}
    known |= {name.removeprefix("filter ").casefold(): name for name in reference_values()} | {
        "phantom": DIGITAL,
        "digital phantom": DIGITAL,
    }
    if word not in known:
        near = nearest(word, known)
        raise StudyError(
            "FEAT-130",
            f'IBSI has no phantom or configuration "{text}"',
            found=listed(reference_values(), most=30),
            near=near and known[near],
            fix=f'--phantom "{known[near] if near else DIGITAL}"',
        )
    return known[word]


def reference_digest(phantom: str) -> str:
    """Return the SHA-256 of the table that holds a phantom's values."""
    from radaudit.digests import sha256

    table = TABLES[1] if phantom.startswith("filter") else TABLES[0]
    return sha256(files("radaudit.tables").joinpath("ibsi", table).read_bytes())
