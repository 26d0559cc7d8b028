"""Whose feature names these are: the naming scheme most of the names follow, told by names alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from radaudit.tables.names import captk_name, pyradiomics_name

FAMILIES = "morph|loc|stat|ih|ivh|cm|rlm|szm|dzm|ngt|ngl"
SCHEMES = (
    ("LIFEx", re.compile(r".+\(\s?IBSI:[A-Z0-9]+\).*")),
    (
        "MIRP",
        re.compile(
            rf"(?:.+_)?(?:cm|rlm|szm|dzm|ngt|ngl|ih)_[a-z0-9_]+_(?:d[0-9.]+_)?(?:2d|2\.5d|3d).*_f?b[sn]w?_[wn][0-9.]+|(?:{FAMILIES})_[a-z0-9_.]+"
        ),
    ),
    ("Nyxus", re.compile(r"3?(?:GLCM|GLRLM|GLSZM|GLDZM|NGTDM|NGLDM|GLDM)_[A-Z0-9_]+")),
)


def namespace(names: Iterable[str]) -> tuple[str, str]:
    """Return the scheme that at least three names, and more than any other, follow, and one of these names; empty texts if none does."""
    tally: Counter[str] = Counter()
    example: dict[str, str] = {}
    for name in names:
        scheme = _scheme(name)
        if scheme:
            tally[scheme] += 1
            example.setdefault(scheme, name)
    found = max(tally, key=lambda scheme: (tally[scheme], scheme), default="")
    return (found, example[found]) if found and tally[found] >= 3 else ("", "")


def _scheme(name: str) -> str:
    if pyradiomics_name(name):
        return "PyRadiomics"
    if captk_name(name):
        return "CaPTk"
    return next((scheme for scheme, pattern in SCHEMES if pattern.fullmatch(name)), "")
