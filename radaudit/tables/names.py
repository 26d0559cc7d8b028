"""What the name of a feature says: extractor, family, filter, aggregation, discretisation, IBSI code and known deviations from IBSI.

The codes come from our own table (``ibsi/features.csv``). A name match is not a value match: the deviation says where the same name
means another number, and settings are carried along because two discretisations of one feature are two measurements.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

PYRADIOMICS = re.compile(
    r"(?:(?P<prefix>.+)_)?"
    r"(?P<filter>original|square|squareroot|logarithm|exponential|gradient|wavelet[-.][A-Za-z0-9]+|log[-.]sigma[-.][0-9.-]+mm[-.][23]D|lbp[-.](?:2D|3D[-.][A-Za-z0-9]+))"
    r"_(?P<klass>shape2D|shape|firstorder|glcm|glrlm|glszm|gldm|ngtdm)_(?P<name>[A-Za-z0-9]+)"
)
CAPTK_FAMILIES = {
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
CAPTK = re.compile(
    rf"(?P<image>[^_]+(?:_[^_]+)*?)_(?P<roi>[^_]+)_(?P<klass>{'|'.join(CAPTK_FAMILIES)})"
    r"(?P<settings>(?:_[A-Za-z]+-[A-Za-z0-9.]+)*)_(?P<name>[A-Za-z0-9]+)"
)
FAMILIES = {"shape": "shape", "shape2D": "shape", "firstorder": "first order"}
OF_DIRECTIONS = ("glcm", "glrlm")
OF_MATRIX = ("glszm", "gldm", "ngtdm")
OF_DISCRETISED = frozenset({"Entropy", "Uniformity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureIdentity:
    """What one feature is; empty texts where the name does not tell. ``settings`` is what the extractor says about its extraction."""

    name: str
    extractor: str = ""
    family: str = ""
    filter: str = ""
    aggregation: str = ""
    discretisation: str = ""
    ibsi: str = ""
    unit: str = ""
    deviation: str = ""
    settings: str = ""

    def document(self) -> dict[str, str]:
        """Return the JSON form."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One row of our table: IBSI code, unit, deviation."""

    ibsi: str
    unit: str
    deviation: str


UNKNOWN = Known(ibsi="", unit="", deviation="")


@cache
def known_features() -> Mapping[tuple[str, str, str], Known]:
    """Return our table by extractor, class and name."""
    text = files("radaudit.tables").joinpath("ibsi", "features.csv").read_text(encoding="utf-8")
    return {
        (row["extractor"], row["class"], row["name"]): Known(ibsi=row["ibsi"], unit=row["unit"], deviation=row["deviation"])
        for row in csv.DictReader(text.splitlines())
    }


def pyradiomics_name(name: str) -> re.Match[str] | None:
    """Return the parts of a PyRadiomics name, names rewritten by R and prefixed by the user included, or None."""
    return PYRADIOMICS.fullmatch(name)


def captk_name(name: str) -> re.Match[str] | None:
    """Return the parts of a CaPTk name, or None."""
    return CAPTK.fullmatch(name)


def identity(name: str, *, extractor: str = "", settings: Mapping[str, str] | None = None) -> FeatureIdentity:
    """Return what a feature is from its name and, if the extractor gave them, its settings; an unknown name keeps only its name."""
    if extractor in ("", "pyradiomics", "generic") and (parts := pyradiomics_name(name)):
        return _pyradiomics(name, parts, settings or {})
    if extractor in ("", "captk", "generic") and (parts := captk_name(name)):
        return _captk(name, parts)
    return FeatureIdentity(name=name, extractor="" if extractor == "generic" else extractor)


def _pyradiomics(name: str, parts: re.Match[str], settings: Mapping[str, str]) -> FeatureIdentity:
    klass = parts["klass"]
    known = known_features().get(("pyradiomics", klass, parts["name"]), UNKNOWN)
    filtered = parts["filter"] != "original" and klass != "shape"
    deviation = known.deviation
    if filtered and known.ibsi:
        deviation = "; ".join(filter(None, (deviation, "of a filtered image: IBSI 1 defines it for the original one")))
    return FeatureIdentity(
        name=name,
        extractor="pyradiomics",
        family=FAMILIES.get(klass, klass),
        filter=parts["filter"],
        aggregation=_aggregation(klass, settings),
        discretisation=_discretisation(klass, parts["name"], settings),
        ibsi=known.ibsi,
        unit=known.unit,
        deviation=deviation,
        settings="; ".join(f"{key}={value}" for key, value in sorted(settings.items())),
    )


def _aggregation(klass: str, settings: Mapping[str, str]) -> str:
    """PyRadiomics averages glcm and glrlm over directions (IBSI ITBB) unless it weights, and then merges, the matrices."""
    flat = settings.get("force2D") == "True"
    if klass in OF_DIRECTIONS:
        weighted = settings.get("weightingNorm", "None") not in ("None", "")
        return f"{'2D' if flat else '3D'}, {'merged over weighted directions' if weighted else 'averaged over directions'}"
    return ("2D" if flat else "3D") if klass in OF_MATRIX else ""


def _discretisation(klass: str, feature: str, settings: Mapping[str, str]) -> str:
    if klass not in OF_DIRECTIONS + OF_MATRIX and not (klass == "firstorder" and feature in OF_DISCRETISED):
        return ""
    if settings.get("binCount", "None") not in ("None", ""):
        return f"fixed number of {settings['binCount']} bins"
    return f"fixed bins of {settings['binWidth']}" if settings.get("binWidth") else ""


def _captk(name: str, parts: re.Match[str]) -> FeatureIdentity:
    klass = parts["klass"]
    known = known_features().get(("captk", klass, parts["name"]), UNKNOWN)
    # CaPTk writes the number of bins twice before histogram features
    stated = dict(item.split("-", 1) for item in parts["settings"].split("_") if item)
    bins = stated.get("Bins", "")
    return FeatureIdentity(
        name=name,
        extractor="captk",
        family=CAPTK_FAMILIES[klass],
        filter="original",
        discretisation=f"fixed number of {bins} bins" if bins else "",
        ibsi=known.ibsi,
        unit=known.unit,
        deviation=known.deviation,
        settings="; ".join(f"{key}={value}" for key, value in sorted(stated.items())),
    )


def identities(names: Sequence[str], *, extractor: str = "", settings: Mapping[str, str] | None = None) -> tuple[FeatureIdentity, ...]:
    """Return the identity of every name."""
    return tuple(identity(name, extractor=extractor, settings=settings) for name in names)
