"""MIRP 1 and 2: ``<filter>_cm_contrast_d1_3d_v_mrg_fbs_w25.0`` (its documentation: feature name references)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from radaudit.tables.names.parts import Parts
from radaudit.tables.names.tags import tagged

NAME = re.compile(
    r"(?:(?P<filter>[a-z0-9_.-]+?)_)?(?P<stem>(?:morph|loc|stat|ih|ivh|cm|rlm|szm|dzm|ngt|ngl)_[a-z0-9_]+?)"
    r"(?:_d(?P<distance>\d+(?:\.\d+)?))?(?:_a(?P<alpha>\d+(?:\.\d+)?))?"
    r"(?:_(?P<space>2d|2\.5d|3d)(?:_(?P<how>avg|s_mrg|d_mrg|v_mrg))?)?(?:_(?P<bins>fb[sn]_[wn]\d+(?:\.\d+)?))?"
)


def parse(name: str, settings: Mapping[str, str]) -> Parts | None:
    """Return the parts of a MIRP name, or None. A ``d_mrg`` of 2.5D is merged over slices only, ``s_mrg`` and ``v_mrg`` over directions."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    parts = tagged(
        match["stem"],
        extractor="mirp",
        dimension=(match["space"] or "").upper(),
        merged=match["how"] in ("s_mrg", "v_mrg"),
        filtered=match["filter"] or "",
        discretisation=match["bins"] or "",
    )
    stated = {key: f"{float(match[key]):g}" for key in ("distance", "alpha") if match[key]}
    return parts and replace(parts, stated=stated)


def sure(name: str) -> bool:
    """True for a name that only MIRP writes: with its distance, its lower-case dimension or its bins."""
    match = NAME.fullmatch(name)
    return match is not None and any(match[group] for group in ("space", "bins", "distance")) and parse(name, {}) is not None
