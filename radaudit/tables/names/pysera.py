"""SERA and PySERA: IBSI tags with ``glcm``, ``glrlm`` and ``ngtdm`` spelt out: ``glcm_contrast_2_5D_comb``, ``morph_volume_mesh``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from radaudit.tables.names.parts import Parts, bins
from radaudit.tables.names.quantities import OF_BINS
from radaudit.tables.names.tags import tagged

NAME = re.compile(
    r"(?:(?P<filter>[A-Za-z0-9_.-]+?)_)?(?P<family>morph|loc|stat|ih|ivh|glcm|cm|glrlm|rlm|szm|dzm|ngtdm|ngt|ngl)_(?P<rest>[a-z0-9_]+?)"
    r"(?:_(?P<space>2D|2_5D|3D)(?:_(?P<how>avg|comb))?)?"
)
SHORT = {"glcm": "cm", "glrlm": "rlm", "ngtdm": "ngt"}


def parse(name: str, settings: Mapping[str, str]) -> Parts | None:
    """Return the parts of a PySERA name, or None."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    stem = f"{SHORT.get(match['family'], match['family'])}_{match['rest']}"
    space = (match["space"] or "").replace("_", ".")
    parts = tagged(stem, extractor="pysera", dimension=space, merged=match["how"] == "comb", filtered=match["filter"] or "")
    stated = f"{settings.get('DiscType', '')}_{settings.get('BinSize', '')}"
    return parts and replace(parts, discretisation=bins(stated.lower()) if parts.family in OF_BINS else "")


def sure(name: str) -> bool:
    """True for a texture name with its family spelt out and its dimension behind."""
    match = NAME.fullmatch(name)
    return match is not None and match["family"] in SHORT and match["space"] is not None and parse(name, {}) is not None
