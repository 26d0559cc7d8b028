"""CERR and pyCERR: ``original_glcm_jointAvg_3D_avg``; a median, spread, least or largest value over directions is none of IBSI's."""

from __future__ import annotations

import re
from collections.abc import Mapping

from radaudit.tables.names.known import known_features
from radaudit.tables.names.parts import Parts
from radaudit.tables.names.quantities import aggregated, quantities

CLASSES = {
    "shape": "shape",
    "firstOrder": "first order",
    "glcm": "glcm",
    "glrlm": "glrlm",
    "glszm": "glszm",
    "gldm": "gldm",
    "gtdm": "ngtdm",
}
NAME = re.compile(
    rf"(?P<filter>[A-Za-z][A-Za-z0-9_. -]*?)_(?P<klass>{'|'.join(CLASSES)})_(?P<name>[A-Za-z0-9]+)"
    r"(?:_(?P<space>3D|2_5D)(?:_(?P<how>avg|comb|Median|StdDev|Min|Max))?)?"
)
SPREAD = "over the directions: not in IBSI"


def parse(name: str, settings: Mapping[str, str]) -> Parts | None:
    """Return the parts of a pyCERR name, or None."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    known = known_features().get(("cerr", match["klass"], match["name"]))
    if known is None:
        return None
    family, how = CLASSES[match["klass"]], match["how"] or ""
    space = (match["space"] or "").replace("_", ".")
    quantity = quantities().get(known.ibsi)
    if how in ("Median", "StdDev", "Min", "Max"):
        return Parts(family=family, filter=match["filter"], aggregation=f"{space}, {how} over directions", deviation=f"{how} {SPREAD}")
    return Parts(
        family=quantity.family if quantity else family,
        filter=match["filter"],
        aggregation=aggregated(family, space, how == "comb") if space else "DHQ4",
        ibsi=known.ibsi,
        unit=known.unit,
        deviation=known.deviation,
        offset=known.offset,
    )


def sure(name: str) -> bool:
    """True for a name of pyCERR that PyRadiomics would not write."""
    return parse(name, {}) is not None
