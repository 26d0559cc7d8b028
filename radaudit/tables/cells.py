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

SPACED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:(?: [0-9]{3})+|(?:\u00a0[0-9]{3})+|(?:\u202f[0-9]{3})+|(?:['’][0-9]{3})+)(?:[.,][0-9]*)?")
NUMBER = r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?"
SHARE = re.compile(NUMBER + r"\s?%")
ITEM = rf"(?:{NUMBER}|[+-]?(?:nan|inf|infinity))"
LIST = re.compile(
    rf"[\[(]?\s*{ITEM}(?:(?:\s*[|;]\s*{ITEM})++\s*[|;]?|\s*[|;])\s*[\])]?|[\[(]\s*{ITEM}(?:\s*,\s*{ITEM})++\s*[\])]", re.IGNORECASE
)
DAY = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?|[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})"
    r"|[0-9]{1,2}[-. ](?:[A-Za-z]{3}|März|Mai)[-. ]?(?:[0-9]{2,4})?"
)
MEASURED = re.compile(NUMBER + r"\s?(?:[µmcdk]?m[23²³]?|m?l|cc|HU|m?Gy|[mk]?g|k?V|mA|m?s|days?|months?|years?|y)")

COMMA, AMBIGUOUS, ERROR, INF, LIMIT, TEXT = "decimal comma", "comma or thousands", "error value", "infinite", "censored", "text"
THOUSANDS, PERCENT, VECTOR, DATE, WITH_UNIT = "thousands mark", "percent", "vector", "date", "number with unit"
# a column of these kinds alone holds something else than one number per row
WORDY = frozenset({TEXT, ERROR, DATE, VECTOR, PERCENT, WITH_UNIT})


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
    pointed = [text.replace(",", ".", 1) if "." not in text else "" for text in texts] if decimal == "," else texts
    match = PLAIN.fullmatch
    at = [i for i, text in enumerate(pointed) if match(text)]
    values = np.full(len(texts), np.nan)
    values[at] = np.array([float(pointed[i]) for i in at]) + 0.0
    tally = _Tally()
    plain = set(at)
    for i in range(len(texts)):
        if i not in plain:
            _other(texts[i], i, values, tally, lost, decimal)
    for value, text in marks.items():
        hit = np.flatnonzero(values == value)
        if len(hit):
            tally.markers[text] += len(hit)
            values[hit] = np.nan
    over = np.flatnonzero(np.isinf(values)).tolist()
    for i in over:
        tally.refused[texts[i]] += 1
    values[over] = np.nan
    for i, value in tally.grouped:
        values[i] = value
    kinds: Counter[str] = Counter()
    for text, count in tally.refused.items():
        kinds[kind(text.strip(BLANK), decimal)] += count
    return Numbers(
        values=values,
        plain=int((~np.isnan(values)).sum()) - len(tally.grouped),
        empty=tally.empty,
        markers=MappingProxyType(dict(tally.markers)),
        not_computed=MappingProxyType(dict(tally.undone)),
        grouped=len(tally.grouped),
        refused=MappingProxyType(dict(tally.refused)),
        kinds=MappingProxyType(dict(kinds)),
        places=tuple(sorted((*tally.places, *over))),
    )


class _Tally:
    """Counts of one column while it is read."""

    def __init__(self) -> None:
        self.empty = 0
        self.markers: Counter[str] = Counter()
        self.undone: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.grouped: list[tuple[int, float]] = []
        self.places: list[int] = []


def _other(raw: str, i: int, values: Floats, tally: _Tally, lost: set[str], decimal: str | None) -> None:
    """Put a cell that is not a bare number where it belongs."""
    text, comma = raw.strip(BLANK), decimal == ","
    if not text:
        tally.empty += 1
    elif text in lost:
        tally.markers[text] += 1
    elif PLAIN.fullmatch(text) if not comma else "." not in text and PLAIN.fullmatch(text.replace(",", ".", 1)):
        values[i] = float(text.replace(",", ".")) + 0.0
    elif text in NOT_COMPUTED:
        tally.undone[text] += 1
    elif decimal is not None and GROUPED[decimal].fullmatch(text):
        tally.grouped.append((i, float(text.replace(".", "").replace(",", ".") if comma else text.replace(",", ""))))
    else:
        tally.refused[raw] += 1
        tally.places.append(i)


def marked_numbers(missing: Iterable[str], decimal: str | None = None) -> dict[float, str]:
    """Return the markers that are numbers, by value: ``-999`` also marks ``-999.0``, in a file of text as in one of numbers."""
    found = {}
    for text in sorted(missing):
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


KINDS = (
    (ERROR, ERROR_VALUE),
    (INF, INFINITE),
    (LIMIT, CENSORED),
    (THOUSANDS, SPACED),
    (PERCENT, SHARE),
    (VECTOR, LIST),
    (DATE, DAY),
    (WITH_UNIT, MEASURED),
)


def kind(text: str, decimal: str | None = None) -> str:
    """Return what a text that is not a plain number is: one of the kinds above, ``text`` for all else.

    Spaces, no-break spaces and apostrophes between groups of three digits are a ``thousands mark``; ``1|2|3`` is a vector.
    """
    if decimal is None and (WHOLE_GROUPS.fullmatch(text) or GROUPED["."].fullmatch(text)):
        return AMBIGUOUS
    if decimal is None and DECIMAL_COMMA.fullmatch(text):
        return COMMA
    for found, pattern in KINDS:
        if pattern.fullmatch(text):
            return found
    return INF if PLAIN.fullmatch(text) else TEXT


def number_text(value: float, decimal: str = ".") -> str:
    """Return a stored number as a person sees it: 7.0 as ``7``, other values in the shortest form that reads back to the same double."""
    text = str(int(value)) if value == value and abs(value) < 1e15 and value == int(value) else repr(float(value))
    return text if decimal == "." else text.replace(".", decimal)
