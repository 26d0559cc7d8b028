"""The quantities of IBSI 1: code, tag of the reference tables, family, name and unit; and its ways of aggregation (chapter 3 and 5.1)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

AGGREGATIONS: Mapping[str, str] = {
    "DHQ4": "",
    "BTW3": "2D, averaged over slices and directions",
    "SUJT": "2D, merged over directions, averaged over slices",
    "JJUI": "2.5D, merged over slices, averaged over directions",
    "ZW7Z": "2.5D, merged",
    "ITBB": "3D, averaged over directions",
    "IAZD": "3D, merged over directions",
    "8QNN": "2D, averaged over slices",
    "62GR": "2.5D, merged over slices",
    "KOBO": "3D",
}
OF_DIRECTIONS = frozenset({"glcm", "glrlm"})
OF_MATRIX = frozenset({"glszm", "gldzm", "gldm", "ngtdm"})
OF_BINS = OF_DIRECTIONS | OF_MATRIX | {"histogram"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One feature of IBSI 1; ``unit`` is empty where it has none or that of the image."""

    code: str
    tag: str
    family: str
    name: str
    unit: str


@cache
def quantities() -> Mapping[str, Quantity]:
    """Return the quantities by code."""
    text = files("radaudit.tables").joinpath("ibsi", "quantities.csv").read_text(encoding="utf-8")
    return {
        row["code"]: Quantity(code=row["code"], tag=row["tag"], family=row["family"], name=row["quantity"], unit=row["unit"])
        for row in csv.DictReader(text.splitlines())
    }


@cache
def by_tag() -> Mapping[str, Quantity]:
    """Return the quantities by their tag, such as ``cm_contrast``."""
    return {quantity.tag: quantity for quantity in quantities().values()}


def aggregated(family: str, dimension: str, merged: bool = False) -> str:
    """Return the IBSI code of an aggregation of a family, ``DHQ4`` for one without matrices; ``dimension`` is 2D, 2.5D or 3D."""
    if family in OF_DIRECTIONS:
        return {"2D": ("BTW3", "SUJT"), "2.5D": ("JJUI", "ZW7Z"), "3D": ("ITBB", "IAZD")}[dimension][merged]
    return {"2D": "8QNN", "2.5D": "62GR", "3D": "KOBO"}[dimension] if family in OF_MATRIX else "DHQ4"
