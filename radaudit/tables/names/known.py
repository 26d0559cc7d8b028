"""Our table of names: what each extractor calls a quantity, and where its number is another than that of IBSI."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One row of the table: IBSI code, unit, deviation, and what has to be added to a value to get that of IBSI (0 if nothing)."""

    ibsi: str
    unit: str
    deviation: str
    offset: float = 0.0


UNKNOWN = Known(ibsi="", unit="", deviation="")


@cache
def known_features() -> Mapping[tuple[str, str, str], Known]:
    """Return our table by extractor, class and name."""
    text = files("radaudit.tables").joinpath("ibsi", "features.csv").read_text(encoding="utf-8")
    return {
        (row["extractor"], row["class"], row["name"]): Known(
            ibsi=row["ibsi"], unit=row["unit"], deviation=row["deviation"], offset=float(row["offset"] or 0)
        )
        for row in csv.DictReader(text.splitlines())
    }
