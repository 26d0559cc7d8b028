"""Names made of the tags of the IBSI reference tables (``cm_contrast``): what stands around them differs."""

from __future__ import annotations

import re

from radaudit.tables.names.known import UNKNOWN, known_features
from radaudit.tables.names.parts import Parts, bins
from radaudit.tables.names.quantities import aggregated, by_tag, quantities

FRACTION = re.compile(r"ivh_(?P<axis>[vi])_?(?P<first>\d+)", re.IGNORECASE)
DIFFERENCE = re.compile(r"ivh_(?:diff_)?(?P<axis>[vi])_?(?P<first>\d+)(?:_|minus_?)[vi]_?(?P<second>\d+)", re.IGNORECASE)


def tagged(
    stem: str, *, extractor: str, dimension: str = "", merged: bool = False, filtered: str = "", discretisation: str = ""
) -> Parts | None:
    """Return the parts of a name with this stem; None if it is no tag of IBSI and no other name the extractor is known for.

    ``dimension`` is 2D, 2.5D, 3D or empty; ``discretisation`` is as MIRP writes it.
    """
    tag, parameter = curve(stem)
    known = known_features().get((extractor, "", tag), UNKNOWN)
    quantity = quantities().get(known.ibsi) or by_tag().get(tag)
    if quantity is None:
        return None
    return Parts(
        family=quantity.family,
        filter=filtered or "original",
        aggregation=aggregated(quantity.family, dimension, merged) if dimension else "" if quantity.family in BY_MATRIX else "DHQ4",
        parameter=parameter,
        discretisation=bins(discretisation),
        ibsi=quantity.code,
        unit=quantity.unit,
        deviation=known.deviation,
        offset=known.offset,
    )


BY_MATRIX = frozenset({"glcm", "glrlm", "glszm", "gldzm", "gldm", "ngtdm"})


def curve(stem: str) -> tuple[str, str]:
    """Return the tag and the fraction of a point of the intensity-volume histogram (``ivh_v10``); the stem and nothing for any other."""
    if match := DIFFERENCE.fullmatch(stem):
        return f"ivh_diff_{match['axis'].lower()}", f"{int(match['first'])} % to {int(match['second'])} %"
    if match := FRACTION.fullmatch(stem):
        return f"ivh_{match['axis'].lower()}", f"{int(match['first'])} %"
    return stem, ""
