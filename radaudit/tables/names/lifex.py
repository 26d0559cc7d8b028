"""LIFEx: section, name, IBSI code and unit in the header: ``MORPHOLOGICAL_Volume(IBSI:RNU0)[mm3]``; older ones without code."""

from __future__ import annotations

import re
from collections.abc import Mapping

from radaudit.tables.names.parts import Parts
from radaudit.tables.names.quantities import OF_BINS, OF_DIRECTIONS, OF_MATRIX, quantities
from radaudit.tables.names.spelt import spelt

SECTIONS = {
    "MORPHOLOGICAL": "shape",
    "SHAPE": "shape",
    "INTENSITY-BASED": "first order",
    "INTENSITY-BASED-RIM": "first order",
    "CONVENTIONAL": "first order",
    "LOCAL_INTENSITY_BASED": "local intensity",
    "INTENSITY-HISTOGRAM": "histogram",
    "INTENSITY-HISTOGRAM-RIM": "histogram",
    "DISCRETIZED": "histogram",
    "LOCAL_INTENSITY_HISTOGRAM": "local intensity",
    "GLCM": "glcm",
    "GLRLM": "glrlm",
    "GLSZM": "glszm",
    "GLZLM": "glszm",
    "NGTDM": "ngtdm",
    "NGLDM": "ngtdm",
}
HEADS = "|".join(sorted(SECTIONS, key=len, reverse=True))
CODED = re.compile(rf"(?P<section>{HEADS})_(?P<name>.+?)\s*\(?\s*\(IBSI:(?P<code>[A-Za-z0-9]+)\)(?:\[(?P<unit>[^\]]*)\])?")
PLAIN = re.compile(rf"(?P<section>{HEADS})_(?P<name>[^\[(]+)(?P<rest>.*)")


def parse(name: str, settings: Mapping[str, str]) -> Parts | None:
    """Return the parts of a LIFEx name, or None; the code is that of its own header, and said to be none of IBSI's if it is not."""
    if match := CODED.fullmatch(name):
        return _coded(match, settings)
    match = PLAIN.fullmatch(name)
    if match is None:
        return None
    family = SECTIONS[match["section"]]
    quantity = spelt(family, match["name"])
    unit = re.search(r"\((mm3|mL|cm3|mm2|mm)\)|\[(mm3|mL|cm3|mm2|mm)\]", match["rest"])
    return Parts(
        family=family,
        aggregation=_aggregation(family),
        discretisation=_bins(family, settings),
        ibsi=quantity.code if quantity else "",
        unit=(unit[1] or unit[2]) if unit else "",
    )


def _coded(match: re.Match[str], settings: Mapping[str, str]) -> Parts:
    code = match["code"]
    known = quantities().get(code)
    family = known.family if known else SECTIONS[match["section"]]
    deviation = "" if known else "not in IBSI, as its header says" if code == "No" else f"IBSI has no code {code}"
    return Parts(
        family=family,
        aggregation=_aggregation(family),
        discretisation=_bins(family, settings),
        ibsi=known.code if known else "",
        unit=(match["unit"] or "").strip(),
        deviation=deviation,
    )


def _aggregation(family: str) -> str:
    """LIFEx averages co-occurrence and run lengths over 13 directions in space."""
    return "ITBB" if family in OF_DIRECTIONS else "KOBO" if family in OF_MATRIX else "DHQ4"


def _bins(family: str, settings: Mapping[str, str]) -> str:
    """A range from the region itself makes a fixed number of bins, an absolute one fixed bins."""
    if family not in OF_BINS:
        return ""
    stated = {key.removeprefix("PARAMS_"): text for key, text in settings.items()}
    resampling = stated.get("IntensityResampling", "").lower()
    if resampling.startswith("relative") and stated.get("NumberOfGreyLevels"):
        return f"fixed number of {_number(stated['NumberOfGreyLevels'])} bins"
    return f"fixed bins of {_number(stated['BinSize'])}" if stated.get("BinSize") else ""


def _number(text: str) -> str:
    try:
        return f"{float(text):g}"
    except ValueError:
        return text.strip()
