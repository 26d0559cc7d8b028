"""OncoRadiomics (RadiomiX) and the MATLAB toolbox behind it: ``Tumor_GLCM_clusProm``, ``Wavelet_HLL_Stats_rms``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from radaudit.tables.names.known import known_features
from radaudit.tables.names.parts import Parts
from radaudit.tables.names.quantities import quantities

CLASSES = {
    "GLCM": "glcm",
    "RLGL": "glrlm",
    "GLSZM": "glszm",
    "Stats": "first order",
    "Shape": "shape",
    "IVH": "intensity-volume histogram",
    "IH": "histogram",
    "LocInt": "local intensity",
    "Fractal": "fractal",
}
NAME = re.compile(rf"(?:(?P<before>.+?)_)?(?P<klass>{'|'.join(CLASSES)})_(?P<name>[A-Za-z0-9_]+)")
FILTER = re.compile(r"(?:.*_)?(?P<filter>(?:Wavelet|LoG)_.+)")


def parse(name: str, settings: Mapping[str, str]) -> Parts | None:
    """Return the parts of a name, or None; the aggregation is not in it."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    known = known_features().get(("oncoradiomics", match["klass"], match["name"]))
    quantity = quantities().get(known.ibsi) if known else None
    filtered = FILTER.fullmatch(match["before"] or "")
    family = quantity.family if quantity else CLASSES[match["klass"]]
    return Parts(
        family=family,
        filter=filtered["filter"] if filtered else "original",
        aggregation="" if family in ("glcm", "glrlm", "glszm") else "DHQ4",
        ibsi=known.ibsi if known else "",
        unit=known.unit if known else "",
        deviation=known.deviation if known else "",
    )


def sure(name: str) -> bool:
    """True for a name of our table."""
    match = NAME.fullmatch(name)
    return match is not None and ("oncoradiomics", match["klass"], match["name"]) in known_features()
