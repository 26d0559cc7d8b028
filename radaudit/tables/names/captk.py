"""CaPTk: ``T1_ED_GLCM_Bins-10_Radius-1_Contrast``, its settings in the name; the number of bins stands twice before histogram features."""

from __future__ import annotations

import re
from collections.abc import Mapping

from radaudit.tables.names.known import UNKNOWN, known_features
from radaudit.tables.names.parts import Parts

CLASSES = {
    "Intensity": "first order",
    "FirstOrder": "first order",
    "Histogram": "histogram",
    "Volumetric": "volume",
    "Morphologic": "shape",
    "GLCM": "glcm",
    "GLRLM": "glrlm",
    "GLSZM": "glszm",
    "NGTDM": "ngtdm",
    "NGLDM": "gldm",
    "LBP": "lbp",
    "GaborWavelets": "gabor",
    "EdgeEnhancement": "edges",
    "FractalDimension": "fractal",
    "Lattice": "lattice",
    "PowerSpectrum": "power spectrum",
    "Laws": "laws",
    "Collage": "collage",
}
NAME = re.compile(
    rf"(?P<image>[^_]+(?:_[^_]+)*?)_(?P<roi>[^_]+)_(?P<klass>{'|'.join(CLASSES)})"
    r"(?P<settings>(?:_[A-Za-z]+-[A-Za-z0-9.]+)*)_(?P<name>[A-Za-z0-9]+)"
)


def captk_name(name: str) -> re.Match[str] | None:
    """Return the parts of a CaPTk name, or None."""
    return NAME.fullmatch(name)


def parse(name: str, settings: Mapping[str, str]) -> Parts | None:
    """Return the parts of a CaPTk name, or None."""
    match = captk_name(name)
    if match is None:
        return None
    klass = match["klass"]
    known = known_features().get(("captk", klass, match["name"]), UNKNOWN)
    stated = dict(item.split("-", 1) for item in match["settings"].split("_") if item)
    count = stated.get("Bins", "")
    return Parts(
        family=CLASSES[klass],
        discretisation=f"fixed number of {count} bins" if count else "",
        ibsi=known.ibsi,
        unit=known.unit,
        deviation=known.deviation,
        offset=known.offset,
        stated=stated,
    )
