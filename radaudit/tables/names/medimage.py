"""MEDimage: an ``F`` before the IBSI tag, scale, algorithm and bins behind it: ``Fcm_joint_max__scale1_algoFBN_bin64``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from radaudit.tables.names.parts import Parts, bins
from radaudit.tables.names.quantities import OF_BINS
from radaudit.tables.names.tags import tagged

NAME = re.compile(
    r"(?:(?P<before>.+?)[_.])??F(?P<stem>(?:morph|loc|stat|ih|ivh|cm|rlm|szm|dzm|ngt|ngl)_[A-Za-z0-9_]+?)"
    r"(?:[_.]+(?P<scale>scale[\d.p-]+)(?:_algo(?P<algorithm>[A-Za-z0-9]+))?(?:_bin(?P<bin>[\d.p]+))?)?"
)


def parse(name: str, settings: Mapping[str, str]) -> Parts | None:
    """Return the parts of a MEDimage name, or None; the aggregation is not in the name."""
    match = NAME.fullmatch(name)
    if match is None or (parts := tagged(match["stem"], extractor="medimage")) is None:
        return None
    stated = {key: match[key] for key in ("scale", "algorithm", "bin") if match[key]}
    number = (match["bin"] or "").replace("p", ".")
    text = bins(f"{(match['algorithm'] or '')[:3].lower()}_{number}") if number and parts.family in OF_BINS else ""
    return replace(parts, discretisation=text, stated=stated)
