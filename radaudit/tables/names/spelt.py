"""Names in the words of IBSI: RaCaT, RadiomicsJ, the IBSI template workbooks, LIFEx without codes.

``GLCMFeatures3Davg_joint maximum``, ``Co-occurrence matrix (3D, averaged): Joint maximum`` and ``GLDZM_SmallDistanceEmphasis`` mean
what they say: the words are compared with the name of each quantity of the family, in one spelling; ``normalised`` may stand before
or behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from radaudit.tables.names.parts import Parts
from radaudit.tables.names.quantities import OF_DIRECTIONS, OF_MATRIX, Quantity, aggregated, quantities

FAMILIES = (
    ("local intensity", r"local[ _-]?intensity|localint"),
    ("intensity-volume histogram", r"intensity[ _-]?volume[ _-]?(?:hist\w*|features?)|ivh"),
    ("histogram", r"intensity[ _-]?hist(?:ogram)?(?:features?)?|histogram|discreti[sz]ed"),
    ("first order", r"intensity[ _-]?based(?:[ _-]?statistic\w*)?|statistic(?:s|al)?(?:features?)?|first[ _-]?order"),
    ("gldzm", r"gldzm(?:features?)?|distance[ _-]zone[ _-]matrix"),
    ("glszm", r"gl(?:sz|zl)m(?:features?)?|size[ _-]zone[ _-]matrix"),
    ("glrlm", r"glrlm(?:features?)?|run[ _-]length[ _-]matrix"),
    ("glcm", r"glcm(?:features?)?|co-?occurrence[ _-]matrix"),
    ("ngtdm", r"ngtdm(?:features?)?|neighbourhood[ _-]grey[ _-]tone[ _-]difference[ _-]matrix"),
    ("gldm", r"ngldm(?:features?)?|gldm(?:features?)?|neighbouring[ _-]grey[ _-]level[ _-]dependence[ _-]matrix"),
    ("shape", r"morpholog(?:y|ical)?(?:features?)?|shape(?:3d)?"),
)
SPACE = re.compile(
    r"(?P<space>2[._]?5d|2d|3d)[ _,-]*(?P<how>avg|averaged|dmrg|vmrg|mrg|slice-merged|direction-merged|merged|comb)?", re.IGNORECASE
)
SPELLING = {
    "gray": "grey", "normalized": "normalised", "normalisation": "normalised", "norm": "normalised", "center": "centre", "runs": "run",
    "zones": "zone", "non": "", "uniformity": "nonuniformity", "nonuniformity": "nonuniformity", "gradients": "gradient", "voxel": "voxel",
    "morans": "moran", "gearys": "geary", "excess": "", "mesh": "", "based": "", "feature": "", "features": "", "of": "", "the": "",
    "index": "", "measure": "", "moran": "moran", "s": "", "i": "", "c": "", "intensity": "", "histogram": "", "discretised": "",
    "grey": "grey", "level": "level", "log2": "", "th": "", "curve": "", "under": "", "ivh": "", "and": "", "to": "", "length": "length",
}  # fmt: skip
OTHER_WORDS = {
    "YEKZ": ("volume counting", "volume voxel counting", "approximate volume"),
    "QCFX": ("sphericity",),
    "8ZQL": ("energy", "angular second moment"),
    "UR99": ("joint variance", "sum of squares"),
    "R8DG": ("information correlation 1", "first measure information correlation"),
    "JN9H": ("information correlation 2", "second measure information correlation"),
    "PBX1": ("volume density aabb", "volume density axis aligned bounding box"),
    "R59B": ("area density aabb", "area density axis aligned bounding box"),
    "ZH1A": ("volume density ombb", "volume density oriented minimum bounding box"),
    "IQYR": ("area density ombb", "area density oriented minimum bounding box"),
    "6BDE": ("volume density aee", "volume density approximate enclosing ellipsoid"),
    "RDD2": ("area density aee", "area density approximate enclosing ellipsoid"),
    "SWZ1": ("volume density mvee",),
    "BRI8": ("area density mvee",),
    "8E6O": ("maximum gradient grey level", "maximum histogram gradient grey level"),
    "RHQZ": ("minimum gradient grey level", "minimum histogram gradient grey level"),
    "1GSF": ("minimum",),
    "84IY": ("maximum",),
    "1PR8": ("minimum", "minimum grey level"),
    "3NCY": ("maximum", "maximum grey level"),
    "IPH6": ("kurtosis",),
    "ACUI": ("contrast",),
    "65HE": ("contrast",),
    "XMSY": ("low grey level emphasis",),
    "5GN9": ("high grey level emphasis",),
    "S1RA": ("low grey level emphasis",),
    "K26C": ("high grey level emphasis",),
}


def words(text: str) -> tuple[str, ...]:
    """Return the words of a name in one spelling, ``normalised`` last."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text.replace("’", "'").replace("'s", "s"))
    found = re.findall(r"[a-z]+|\d+", re.sub(r"(?i)non[ _-]?uniformity", "nonuniformity", spaced).lower())
    kept = dict.fromkeys(new for word in found if (new := SPELLING.get(word, word)))
    return tuple(sorted(kept, key=lambda word: word == "normalised"))


@cache
def _dictionary() -> Mapping[tuple[str, tuple[str, ...]], Quantity]:
    found: dict[tuple[str, tuple[str, ...]], Quantity] = {}
    for quantity in quantities().values():
        for name in (quantity.name, *OTHER_WORDS.get(quantity.code, ())):
            found.setdefault((quantity.family, words(name)), quantity)
    return found


def spelt(family: str, name: str) -> Quantity | None:
    """Return the quantity of a family that is called so, or None."""
    return _dictionary().get((family, words(name)))


def parse(name: str, settings: Mapping[str, str]) -> Parts | None:
    """Return the parts of a name that holds its family and the words of a quantity, or None."""
    for family, pattern in FAMILIES:
        match = re.search(pattern, name, re.IGNORECASE)
        if match is None:
            continue
        rest = name[: match.start()] + " " + name[match.end() :]
        space = SPACE.search(rest)
        candidates = [rest] if space is None else [rest[: space.start()] + " " + rest[space.end() :], rest]
        quantity = next(filter(None, (spelt(family, text) for text in _without_family(candidates, pattern))), None)
        parameter = ""
        if quantity is None and family == "intensity-volume histogram":
            quantity, parameter = _point(rest)
        return Parts(
            family=family,
            aggregation=_aggregation(family, space),
            parameter=parameter,
            ibsi=quantity.code if quantity else "",
            unit=quantity.unit if quantity else "",
        )
    return None


def _point(text: str) -> tuple[Quantity | None, str]:
    """Return the quantity and the fractions of a point of the curve: ``Volume fraction at 10% intensity``."""
    fractions = [f"{int(number)} %" for number in re.findall(r"\d+", text)]
    first = re.search(r"vol|int", text.lower())
    if first is None or len(fractions) not in (1, 2):
        return None, ""
    codes = ("BC2M", "DDTU") if first[0] == "vol" else ("GBPN", "CNV2")
    return quantities()[codes[len(fractions) - 1]], " to ".join(fractions)


def _without_family(texts: Iterable[str], pattern: str) -> Iterable[str]:
    for text in texts:
        yield text
        yield re.sub(pattern, " ", text, flags=re.IGNORECASE)


def _aggregation(family: str, space: re.Match[str] | None) -> str:
    if family not in OF_DIRECTIONS | OF_MATRIX:
        return "DHQ4"
    if space is None:
        return ""
    dimension = {"2d": "2D", "3d": "3D"}.get(space["space"].lower(), "2.5D")
    how = (space["how"] or "").lower()
    if dimension == "2D" and how in ("dmrg", "vmrg"):  # RaCaT calls 2.5D so
        return aggregated(family, "2.5D", how == "vmrg")
    if dimension == "2D" and how == "mrg" and family in OF_MATRIX:
        return aggregated(family, "2.5D")
    return aggregated(family, dimension, how in ("mrg", "merged", "slice-merged", "comb", "vmrg"))


def sure(name: str) -> bool:
    """True if both the family and the quantity are spelt out."""
    parts = parse(name, {})
    return parts is not None and bool(parts.ibsi) and bool(parts.aggregation)
