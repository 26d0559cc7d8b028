"""Cells as numbers, by the one rule of radaudit: plain numbers, stated marks, and everything else refused by kind."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from radaudit.sitepack.reading import NUMBER

BLANK = " \t"
NOT_COMPUTED = ("nan", "NaN", "NA")
GROUPED = {
    ".": re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?"),
    ",": re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]*)?"),
}
DECIMAL_COMMA = re.compile(r"[+-]?(?:[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+),[0-9]*(?:[eE][+-]?[0-9]+)?")
ERROR_VALUE = re.compile(r"#[A-Z0-9/!?_ ]+[!?]?")
INFINITE = re.compile(r"[+-]?(?:inf|infinity|∞)", re.IGNORECASE)
CENSORED = re.compile(r"(?:<=?|>=?|≤|≥)\s*[+-]?[0-9.,]+(?:[eE][+-]?[0-9]+)?")
COMMA, AMBIGUOUS, TEXTS = "comma", "ambiguous", ("text", "error")


@dataclass
class Numbers:
    """Values (NaN: missing or refused), refused texts with their counts and kinds, and the rows they stand in."""

    values: list[float] = field(default_factory=list)
    plain: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    rows: list[int] = field(default_factory=list)

    @property
    def is_text(self) -> bool:
        """True if no cell is a number and some are words."""
        words = sum(self.kinds[kind] for kind in TEXTS)
        return words > 0 and not self.plain and words == sum(self.kinds.values())


def numbers(cells: tuple[str, ...], stated: dict[str, Any]) -> Numbers:
    """Return a column as numbers; ``stated`` holds the decimal mark (or None) and the texts that mean missing."""
    decimal, lost = stated.get("decimal"), {text.strip(BLANK) for text in stated.get("missing", ())}
    marked = {value for text in lost if (value := number(text, decimal)) is not None}
    found = Numbers()
    for i, raw in enumerate(cells):
        text = raw.strip(BLANK)
        value = number(text, decimal)
        if not text or text in lost or value in marked or (value is None and text in NOT_COMPUTED):
            found.values.append(math.nan)
        elif value is not None and math.isfinite(value):
            found.values.append(value)
            found.plain += 1
        elif value is None and decimal and GROUPED[decimal].fullmatch(text):
            found.values.append(float(text.replace(".", "").replace(",", ".") if decimal == "," else text.replace(",", "")))
            found.plain += 1
        else:
            found.values.append(math.nan)
            found.refused[raw] += 1
            found.kinds[kind(text, decimal)] += 1
            found.rows.append(i)
    return found


def number(text: str, decimal: str | None) -> float | None:
    """Return a plain number, None for any other text."""
    if decimal == ",":
        if "." in text:
            return None
        text = text.replace(",", ".", 1)
    return float(text) if NUMBER.fullmatch(text) else None


def kind(text: str, decimal: str | None) -> str:
    """Return what a text that is not a number is."""
    if decimal is None and GROUPED["."].fullmatch(text):
        return AMBIGUOUS
    if decimal is None and DECIMAL_COMMA.fullmatch(text):
        return COMMA
    if ERROR_VALUE.fullmatch(text):
        return "error"
    if INFINITE.fullmatch(text) or NUMBER.fullmatch(text):
        return "infinite"
    return "censored" if CENSORED.fullmatch(text) else "text"
