"""A claim in words: the figures, limits and threshold that stand in a few sentences, each with the words it was read from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from radaudit.leaks.numbers.stated import MEASURES, SHARES, Stated, stated

NUMBER = r"(?:\d{1,3}(?:[.,]\d+)?\s*%|[01]?[.,]\d+|\b[01]\b)"
NAMES = {
    name: measure
    for measure, others in MEASURES.items()
    for name in (measure.replace("_", " "), measure, *others)
    if name not in ("acc", "slope", "recall", "precision")
}
NAME = "|".join(re.escape(name) for name in sorted(NAMES, key=len, reverse=True))
CONFIDENCE = r"(?:95\s*%)?\s*(?:ci|c\.i\.|confidence interval)?\s*[:=,]?\s*"
FIGURE = re.compile(
    rf"(?<![A-Za-z])(?P<name>{NAME})(?![A-Za-z])(?P<between>[^.;\n\d]{{0,60}}?)(?P<number>{NUMBER})"
    rf"(?:\s*[(\[]\s*{CONFIDENCE}(?P<interval>{NUMBER}\s*(?:to|-|–|—)\s*{NUMBER})\s*[)\]])?",
    re.IGNORECASE,
)
INTERVAL_IN_TEXT = re.compile(
    rf"({NUMBER})\s*(?:[(\[]\s*(?:95\s*%)?\s*(?:ci)?\s*[:,]?\s*({NUMBER}\s*(?:to|-|–|—|,)\s*{NUMBER})\s*[)\]])?", re.IGNORECASE
)
LEAST = re.compile(r"at least|≥|>=|no less than|not less than|or more", re.IGNORECASE)
ABOVE = re.compile(r"above|more than|greater than|exceed|better than|>", re.IGNORECASE)
CUT = re.compile(rf"(?:threshold|cut-?\s?off|cut-?\s?point|operating point)[^.;\n\d]{{0,40}}?({NUMBER}|-?\d+(?:[.,]\d+)?)", re.IGNORECASE)
TRAINING = re.compile(r"training|development|cross-?validat", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A requirement: measure, bound, and whether the bound itself is not enough."""

    measure: str
    value: float
    strict: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a claim in words says: figures by measure, limits, and the threshold."""

    text: str
    figures: dict[str, Stated] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    threshold: float | None = None


def said(text: str) -> Said:
    """Return what a claim in words says. Figures of a sentence about training or cross-validation alone are left out."""
    figures: dict[str, Stated] = {}
    limits: list[Limit] = []
    cut = None
    for sentence in _sentences(text):
        found = CUT.search(sentence)
        if found and cut is None:
            cut = _share(found[1])
        if TRAINING.search(sentence) and "test" not in sentence.casefold():
            continue
        for match in FIGURE.finditer(sentence):
            measure = NAMES[match["name"].casefold()]
            number = match["number"].replace(" ", "")
            if match["between"] and CUT.search(match["between"] + " 0.5"):
                continue  # "sensitivity at the cut-off 0.42": the number is the cut-off's
            value = _share(number)
            if measure in SHARES and not 0 <= value <= 1:
                continue
            if LEAST.search(match["between"]) or ABOVE.search(match["between"]):
                limits.append(Limit(measure=measure, value=value, strict=not LEAST.search(match["between"]), words=match[0].strip()))
            elif measure not in figures:
                figures[measure] = stated(measure, number, match["interval"] or "")
    return Said(text=" ".join(text.split()), figures=figures, limits=tuple(limits), threshold=cut)


def _sentences(text: str) -> list[str]:
    """Return the sentences; a point inside a number ends none."""
    flat = re.sub(r"[ \t]*\n(?!\s*\n)[ \t]*", " ", text)
    return [part for part in re.split(r"(?<=[.;!?])\s+(?=[A-Z(])|\n+", flat) if part.strip()]


def _share(number: str) -> float:
    percent = number.strip().endswith("%")
    value = float(number.strip().removesuffix("%").strip().replace(",", "."))
    return round(value / 100, 12) if percent else value
