"""Z-Rad and tables that use the IBSI tags as they are: ``cm_contrast_3D_avg``, ``szm_sze_2.5D``, ``stat_mean``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from radaudit.tables.names.parts import Parts
from radaudit.tables.names.tags import tagged

NAME = re.compile(
    r"(?:(?P<filter>[A-Za-z0-9_.-]+?)_)?(?P<stem>(?:morph|loc|stat|ih|ivh|cm|rlm|szm|dzm|ngt|ngl)_[A-Za-z0-9_]+?)"
    r"(?:_(?P<space>2D|2[._]5D|3D)(?:_(?P<how>avg|comb|mrg))?)?"
)


def parse(name: str, settings: Mapping[str, str]) -> Parts | None:
    """Return the parts of a Z-Rad name, or None."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    space = (match["space"] or "").replace("_", ".")
    return tagged(match["stem"], extractor="zrad", dimension=space, merged=match["how"] in ("comb", "mrg"), filtered=match["filter"] or "")
