"""Cells: the one rule by which a text of a table becomes a number, is missing, or is refused with its kind.

A plain number is ``[+-]digits[.digits][e[+-]digits]`` in ASCII digits, with spaces around it allowed. Nothing else is a number:
not ``inf``, not ``1_000``, not ``1,5`` unless the study says that the comma is the decimal mark. ``nan``, ``NaN`` and ``NA`` are what
programs write for a value that could not be computed, so in a feature column they are missing and counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from radaudit.arrays import Floats

NOT_COMPUTED = frozenset({"nan", "NaN", "NA"})
BLANK = " \t"
PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
GROUPED = {
    ".": re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?"),
    ",": re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]*)?"),
}
WHOLE_GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+")
DECIMAL_COMMA = re.compile(r"[+-]?(?:[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+),[0-9]*(?:[eE][+-]?[0-9]+)?")
ERROR_VALUE = re.compile(r"#[A-Z0-9/!?_ ]+[!?]?")
INFINITE = re.compile(r"[+-]?(?:inf|infinity|∞)", re.IGNORECASE)
CENSORED = re.compile(r"(?:<=?|>=?|≤|≥)\s*[+-]?[0-9.,]+(?:[eE][+-]?[0-9]+)?")

COMMA, AMBIGUOUS, ERROR, INF, LIMIT, TEXT = "decimal comma", "comma or thousands", "error value", "infinite", "censored", "text"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Numbers:
    """A column as numbers: ``values`` (n,) with NaN where missing or refused, and the account of every cell that was not plain.

    ``refused`` counts texts that are not numbers, ``kinds`` the same by kind, ``places`` are their positions in the column.
    """

    values: Floats
    plain: int
    empty: int
    markers: Mapping[str, int]
    not_computed: Mapping[str, int]
    grouped: int
    refused: Mapping[str, int]
    kinds: Mapping[str, int]
    places: tuple[int, ...]


def numbers(texts: Sequence[str], *, decimal: str | None = None, missing: Iterable[str] = ()) -> Numbers:
    """Return a column of texts as numbers; ``decimal`` None means that the study states none (then only ``.`` is one)."""
    import numpy as np

    lost = {text.strip(BLANK) for text in missing}
    marks = marked_numbers(lost, decimal)
    values = np.full(len(texts), np.nan)
    markers: Counter[str] = Counter()
    undone: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    places: list[int] = []
    plain = empty = grouped = 0
    comma = decimal == ","
    match = PLAIN.fullmatch
    for i, raw in enumerate(texts):
        text = raw.strip(BLANK)
        if not text:
            empty += 1
        elif text in lost:
            markers[text] += 1
        elif match(text) if not comma else "." not in text and match(text.replace(",", ".", 1)):
            value = float(text.replace(",", ".")) if comma else float(text)
            if value in marks:
                markers[marks[value]] += 1
            else:
                plain += 1
                values[i] = value
        elif text in NOT_COMPUTED:
            undone[text] += 1
        elif decimal is not None and GROUPED[decimal].fullmatch(text):
            grouped += 1
            values[i] = float(text.replace(".", "").replace(",", ".") if comma else text.replace(",", ""))
        else:
            refused[raw] += 1
            places.append(i)
    np.add(values, 0.0, out=values)
    over = np.flatnonzero(np.isinf(values))
    for i in over.tolist():
        refused[texts[i]] += 1
        places.append(i)
    plain -= len(over)
    values[over] = np.nan
    kinds: Counter[str] = Counter()
    for text, count in refused.items():
        kinds[kind(text.strip(BLANK), decimal)] += count
    return Numbers(
        values=values,
        plain=plain,
        empty=empty,
        markers=MappingProxyType(dict(markers)),
        not_computed=MappingProxyType(dict(undone)),
        grouped=grouped,
        refused=MappingProxyType(dict(refused)),
        kinds=MappingProxyType(dict(kinds)),
        places=tuple(sorted(places)),
    )


def marked_numbers(missing: Iterable[str], decimal: str | None = None) -> dict[float, str]:
    """Return the markers that are numbers, by value: ``-999`` also marks ``-999.0``, in a file of text as in one of numbers."""
    found = {}
    for text in missing:
        pointed = text.strip(BLANK).replace(",", ".", 1) if decimal == "," else text.strip(BLANK)
        if PLAIN.fullmatch(pointed):
            found[float(pointed)] = text.strip(BLANK)
    return found


def stored(values: Floats, *, decimal: str | None = None, missing: Iterable[str] = ()) -> Numbers:
    """Return a column that a file already holds as finite numbers (NaN: empty), its markers taken out and counted."""
    import numpy as np

    marks = marked_numbers(missing, decimal)
    copy = np.array(values, dtype=np.float64) if marks else values
    empty = int(np.isnan(values).sum())
    markers: dict[str, int] = {}
    for value, text in marks.items():
        hit = copy == value
        if count := int(hit.sum()):
            markers[text] = markers.get(text, 0) + count
            copy[hit] = np.nan
    plain = len(copy) - empty - sum(markers.values())
    none: Mapping[str, int] = MappingProxyType({})
    return Numbers(
        values=copy, plain=plain, empty=empty, markers=markers, not_computed=none, grouped=0, refused=none, kinds=none, places=()
    )


def kind(text: str, decimal: str | None = None) -> str:
    """Return what a text that is not a number is: a decimal comma, an ambiguous comma, an error value, infinite, censored or text."""
    if decimal is None and (WHOLE_GROUPS.fullmatch(text) or GROUPED["."].fullmatch(text)):
        return AMBIGUOUS
    if decimal is None and DECIMAL_COMMA.fullmatch(text):
        return COMMA
    for found, pattern in ((ERROR, ERROR_VALUE), (INF, INFINITE), (LIMIT, CENSORED)):
        if pattern.fullmatch(text):
            return found
    return INF if PLAIN.fullmatch(text) else TEXT


def number_text(value: float, decimal: str = ".") -> str:
    """Return a stored number as a person sees it: 7.0 as ``7``, other values in the shortest form that reads back to the same double."""
    text = str(int(value)) if value == value and abs(value) < 1e15 and value == int(value) else repr(float(value))
    return text if decimal == "." else text.replace(".", decimal)
