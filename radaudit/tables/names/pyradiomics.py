"""PyRadiomics 1.x to 3.1: ``wavelet-LLH_glcm_Contrast``; R writes a dot for the hyphen, users put the sequence before it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from radaudit.tables.names.known import UNKNOWN, known_features
from radaudit.tables.names.parts import Parts
from radaudit.tables.names.quantities import OF_DIRECTIONS, OF_MATRIX, aggregated

NAME = re.compile(
    r"(?:(?P<prefix>.+)_)?"
    r"(?P<filter>original|square|squareroot|logarithm|exponential|gradient|wavelet[-.][A-Za-z0-9]+|log[-.]sigma[-.][0-9.-]+mm[-.][23]D|lbp[-.](?:2D|3D[-.][A-Za-z0-9]+))"
    r"_(?P<klass>shape2D|shape|firstorder|glcm|glrlm|glszm|gldm|ngtdm)_(?P<name>[A-Za-z0-9]+)"
)
FAMILIES = {"shape": "shape", "shape2D": "shape", "firstorder": "first order"}
OF_DISCRETISED = frozenset({"Entropy", "Uniformity"})
WEIGHTED = "merged over weighted directions"


def pyradiomics_name(name: str) -> re.Match[str] | None:
    """Return the parts of a PyRadiomics name, names rewritten by R and prefixed by the user included, or None."""
    return NAME.fullmatch(name)


def parse(name: str, settings: Mapping[str, str]) -> Parts | None:
    """Return the parts of a PyRadiomics name under these settings, or None."""
    match = pyradiomics_name(name)
    if match is None:
        return None
    klass = match["klass"]
    known = known_features().get(("pyradiomics", klass, match["name"]), UNKNOWN)
    return Parts(
        family=FAMILIES.get(klass, klass),
        filter=match["filter"],
        aggregation=_aggregation(klass, settings),
        discretisation=_discretisation(klass, match["name"], settings),
        ibsi=known.ibsi,
        unit=known.unit,
        deviation=known.deviation,
        offset=known.offset,
    )


def sure(name: str) -> bool:
    """True for a name of our table: pyCERR writes ``original_shape_majorAxis`` where PyRadiomics writes ``MajorAxisLength``."""
    match = pyradiomics_name(name)
    return match is not None and ("pyradiomics", match["klass"], match["name"]) in known_features()


def _aggregation(klass: str, settings: Mapping[str, str]) -> str:
    """PyRadiomics averages glcm and glrlm over directions unless it weights, and then merges, the matrices; ``force2D`` is 2.5D of IBSI.

    Its matrices count all slices at once, so that ``force2D`` only leaves out the directions between slices.
    """
    space = "2.5D" if settings.get("force2D") == "True" else "3D"
    if klass in OF_DIRECTIONS and settings.get("weightingNorm", "None") not in ("None", ""):
        return f"{space}, {WEIGHTED}"
    return aggregated(klass, space) if klass in OF_DIRECTIONS | OF_MATRIX else "DHQ4"


def _discretisation(klass: str, feature: str, settings: Mapping[str, str]) -> str:
    if klass not in OF_DIRECTIONS | OF_MATRIX and not (klass == "firstorder" and feature in OF_DISCRETISED):
        return ""
    if settings.get("binCount", "None") not in ("None", ""):
        return f"fixed number of {settings['binCount']} bins"
    return f"fixed bins of {settings['binWidth']}" if settings.get("binWidth") else ""
