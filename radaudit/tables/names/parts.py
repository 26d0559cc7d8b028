"""The parts of a feature's name, whatever extractor wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

FILTERED = "of a filtered image: IBSI 1 defines it for the original one"
ANONYMOUS = "anonymous name: it does not say what was measured"
NAMELESS = re.compile(
    r"(?:v|x|f|c|col|column|var|variable|rad_?var|radiomics?|rad|feat|feature|attr|attribute|unnamed: ?)[ _.-]?\d+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a name says: ``aggregation`` is an IBSI code or words, ``parameter`` a fraction of a curve, ``stated`` settings in the name.

    ``offset`` has to be added to a value to get that of IBSI; ``filter`` is ``original`` for an image that was not filtered.
    """

    family: str = ""
    filter: str = "original"
    aggregation: str = ""
    parameter: str = ""
    discretisation: str = ""
    ibsi: str = ""
    unit: str = ""
    deviation: str = ""
    offset: float = 0.0
    stated: Mapping[str, str] = field(default_factory=dict)

    @property
    def filtered(self) -> bool:
        """True for a feature of a filtered image; a shape has none."""
        return self.filter not in ("", "original") and self.family != "shape"

    @property
    def standard(self) -> bool:
        """True for a quantity of IBSI 1, of the original image."""
        return bool(self.ibsi) and not self.filtered


def anonymous(name: str) -> bool:
    """True for a name such as ``V2`` or ``radVar1``."""
    return NAMELESS.fullmatch(name.strip()) is not None


def bins(text: str) -> str:
    """Return ``fixed bins of 25`` or ``fixed number of 32 bins`` for ``fbs_w25.0``, ``fbn_n32`` and the like; empty if it is neither."""
    match = re.fullmatch(r"(?:algo)?(?:(?P<kind>fbs|fbn)(?:equal\d*)?)_?(?:w|n|bin|bs|bn)?_?(?P<number>\d+(?:\.\d+)?)", text, re.IGNORECASE)
    if match is None:
        return ""
    number = f"{float(match['number']):g}"
    return f"fixed bins of {number}" if match["kind"].lower() == "fbs" else f"fixed number of {number} bins"
