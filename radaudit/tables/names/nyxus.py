"""Nyxus: ``3GLCM_CONTRAST_AVE`` in three dimensions (names begin with a 3), ``GLCM_CONTRAST_45`` for one direction of a slice."""

from __future__ import annotations

import re
from collections.abc import Mapping

from radaudit.tables.names.known import known_features
from radaudit.tables.names.parts import Parts
from radaudit.tables.names.quantities import quantities

CLASSES = {"GLCM": "glcm", "GLRLM": "glrlm", "GLSZM": "glszm", "GLDZM": "gldzm", "NGLDM": "gldm", "GLDM": "gldm", "NGTDM": "ngtdm"}
NAME = re.compile(rf"(?P<volume>3?)(?:(?P<klass>{'|'.join(CLASSES)})_)?(?P<name>[A-Z0-9][A-Z0-9_]*?)(?:_(?P<which>AVE|0|45|90|135))?")
SHAPE = re.compile(
    r"AREA|CENTROID|COMPACTNESS|BBOX|DIAMETER|EXTENT|ASPECT|AXIS|ELONGATION|FLATNESS|ECCENTRICITY|ORIENTATION|ROUNDNESS|PERIMETER|CIRCULARITY|CONVEX|SOLIDITY|EROSIONS|FERET|MARTIN|NASSENSTEIN|CHORDS|EULER|EXTREMA|POLYGON|HEXAGON|GEODETIC|THICKNESS|ROI_RADIUS|SPHERI|VOLUME|EDGE_"
)
OTHERS = (
    "GABOR",
    "ZERNIKE2D",
    "FRAC_AT_D",
    "MEAN_FRAC",
    "RADIAL_CV",
    "SPAT_MOMENT",
    "CENTRAL_MOMENT",
    "NORM_",
    "HU_M",
    "WEIGHTED_",
    "WT_NORM",
    "IMOM_",
)


def parse(name: str, settings: Mapping[str, str]) -> Parts | None:
    """Return the parts of a Nyxus name, or None if it is not one."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    klass, stem, which = match["klass"] or "", match["name"], match["which"] or ""
    directed = klass in ("GLCM", "GLRLM")
    if which and not directed:
        stem, which = f"{stem}_{which}", ""
    known = known_features().get(("nyxus", klass, stem))
    quantity = quantities().get(known.ibsi) if known else None
    return Parts(
        family=quantity.family if quantity else CLASSES.get(klass) or _other(stem),
        aggregation=_aggregation(klass, match["volume"] == "3", which),
        ibsi=known.ibsi if known else "",
        unit=known.unit if known else "",
        deviation=known.deviation if known else "",
        offset=known.offset if known else 0.0,
    )


def _other(stem: str) -> str:
    if stem.startswith(OTHERS):
        return "moments" if "MOM" in stem or stem.startswith(("HU_M", "WEIGHTED_", "NORM_")) else "other"
    return "shape" if SHAPE.search(stem) and not stem.startswith("HYPER") else "first order"


def _aggregation(klass: str, volume: bool, which: str) -> str:
    if klass in ("GLCM", "GLRLM"):
        if volume:
            return "ITBB" if which == "AVE" else "3D, one direction"
        return "2D, one slice, averaged over directions" if which == "AVE" else f"2D, one slice, direction {which} degrees"
    if klass:
        return "KOBO" if volume else "2D, one slice"
    return "DHQ4" if volume else "2D, one slice"


def sure(name: str) -> bool:
    """True for a texture name of three dimensions or of one direction, known to our table."""
    match = NAME.fullmatch(name)
    return (
        match is not None
        and match["klass"] is not None
        and ("nyxus", match["klass"], match["name"]) in known_features()
        and (match["volume"] == "3" or match["which"] is not None)
    )
