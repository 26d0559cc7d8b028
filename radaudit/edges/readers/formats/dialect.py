"""Dialect finder: delimiter, decimal mark and line ends of a text table, each with how it is known; two readings are refused.

A delimiter is found if every sampled record, the header among them, has the same number of fields under it. The decimal mark is
looked for in the cells, and is only a proposal: a study has to state a decimal comma before cells are read with one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from radaudit.edges.readers.formats import records
from radaudit.edges.readers.formats.encoding import Decoded, decode
from radaudit.errors import TableError
from radaudit.tables.cells import DECIMAL_COMMA, PLAIN, WHOLE_GROUPS

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
NAMES = {**DELIMITERS, " ": "space"}
STATED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "space": " "}
SAMPLE_BYTES = 1 << 22
MOST_CELLS = 5_000
MOST_LEGEND = 20
CERTAIN, LIKELY = "certain", "likely"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a text table is written; the ``..._how`` fields say ``stated``, ``certain`` or ``likely`` and why. Empty: not found."""

    encoding: str
    encoding_how: str
    delimiter: str
    delimiter_how: str
    decimal: str
    decimal_how: str
    thousands: str
    line_end: str

    def document(self) -> Mapping[str, str]:
        """Return it as text, delimiters by name."""
        return {
            "encoding": f"{self.encoding} ({self.encoding_how})",
            "delimiter": f"{NAMES.get(self.delimiter, self.delimiter) or 'none'} ({self.delimiter_how})",
            "decimal": f"{self.decimal or 'none'} ({self.decimal_how})",
            "line end": self.line_end,
        }


def look(path: Path) -> Dialect:
    """Return how a file is written, from its first records: for proposals, and for messages. Raises TableError as ``decode`` does."""
    with path.open("rb") as stream:
        data = stream.read(SAMPLE_BYTES)
    whole = len(data) < SAMPLE_BYTES
    decoded = decode(data if whole else data[: data.rfind(b"\n") + 1] or data, stated=None, label=path.name)
    return find(decoded, delimiter=None, decimal=None, label=path.name)


def find(decoded: Decoded, *, delimiter: str | None, decimal: str | None, label: str) -> Dialect:
    """Return the dialect of a text table; raises TableError READ-031 if two delimiters fit equally well."""
    ends = records.line_end(decoded.body)
    lines = records.sample(decoded.body, line_end_bytes(ends))
    found, how = stated_or_found(delimiter, lines, label)
    mark, mark_how, thousands = find_decimal(lines, found)
    return Dialect(
        encoding=decoded.encoding,
        encoding_how=decoded.how,
        delimiter=found,
        delimiter_how=how,
        decimal=decimal or mark,
        decimal_how="stated" if decimal else mark_how,
        thousands=thousands,
        line_end=ends or "mixed",
    )


def line_end_bytes(name: str | None) -> bytes:
    """Return the bytes of a line end by its name; a line feed where the ways are mixed."""
    return {"CRLF": b"\r\n", "CR": b"\r"}.get(name or "", b"\n")


def stated_or_found(delimiter: str | None, lines: Sequence[bytes], label: str) -> tuple[str, str]:
    """Return the delimiter and how it is known."""
    return (STATED.get(delimiter, delimiter), "stated") if delimiter is not None else find_delimiter(lines, label)


def find_delimiter(lines: Sequence[bytes], label: str) -> tuple[str, str]:
    """Return the delimiter and how sure it is; an empty one for a table of one column.

    A delimiter fits if from some record on all have the same number of fields (what is above is a legend), or the header of those has
    one less, as R writes it; the delimiter with the shortest legend is taken. Raises TableError READ-031 if two are left.
    """
    marked = next((i for i, line in enumerate(lines) if not line.lstrip(b'\xef\xbb\xbf" ').startswith(b"#")), 0)
    lines = lines[marked:] if len(lines) - marked > 1 else lines
    counts = {mark: [records.fields(line, 0, len(line), mark.encode()) or 0 for line in lines] for mark in DELIMITERS}
    fits = {mark: fit for mark, found in counts.items() if (fit := _fit(found)) is not None}
    best = [mark for mark in fits if fits[mark] == min(fits.values())]
    if len(best) == 1:
        return best[0], f"{CERTAIN}: {len(lines) - fits[best[0]][1]} records of {counts[best[0]][-1]} fields"
    if len(best) > 1:
        seen = ", ".join(f"{DELIMITERS[mark]} gives {counts[mark][-1]} columns" for mark in best)
        fix = f'{{file: {label}, delimiter: "{best[0]}"}}   # or the other one'
        raise TableError("READ-031", f"two delimiters fit {label}", found=seen, fix=fix)
    present = {mark: found for mark, found in counts.items() if found and found[0] > 1}
    if not present:
        spaced = _fit([line.count(b" ") + 1 if b'"' not in line else records.fields(line, 0, len(line), b" ") or 0 for line in lines])
        if spaced is not None and len(lines) > 2 and all(any(map(_is_number, line.split()[1:])) for line in lines[1:]):
            return " ", f"{LIKELY}: spaces, and numbers after the first field"
        return "", "no delimiter in the header"
    likely = max(present, key=lambda mark: (Counter(present[mark]).most_common(1)[0][1], present[mark][0]))
    return likely, f"{LIKELY}: the header has {present[likely][0]} fields, not every record does"


def _fit(counts: Sequence[int]) -> tuple[bool, int, bool] | None:
    """Return (whether lines stand above, how many, whether the header is one field short), None if the records do not agree."""
    if len(counts) < 2 or counts[-1] < 2:
        return None
    usual = counts[-1]
    above = next(i for i in range(len(counts)) if set(counts[i:]) == {usual})
    short = above > 0 and counts[above - 1] == usual - 1 and usual > 2
    above -= short
    if above > min(MOST_LEGEND, len(counts) - 2) or max(counts[:above], default=0) >= usual:
        return None
    if above == 0 and counts[0] == 1:
        return None
    return above > 0, above, short


def _is_number(word: bytes) -> bool:
    return PLAIN.fullmatch(word.decode("utf-8", "replace").strip('"')) is not None


def find_decimal(lines: Sequence[bytes], delimiter: str) -> tuple[str, str, str]:
    """Return the decimal mark the sampled cells use (empty if none tells), how sure that is, and the thousands mark (or empty)."""
    point = comma = either = seen = 0
    thousands = ""
    for line in lines[1:]:
        if seen > MOST_CELLS:
            break
        for cell in _cells(line, delimiter):
            seen += 1
            if "," in cell:
                either += bool(WHOLE_GROUPS.fullmatch(cell))
                if not WHOLE_GROUPS.fullmatch(cell) and DECIMAL_COMMA.fullmatch(cell):
                    comma += 1
                    thousands = "." if "." in cell else thousands
            elif "." in cell and PLAIN.fullmatch(cell):
                point += 1
    if comma and not point:
        return ",", f"{CERTAIN}: {comma} cells", thousands
    if comma and point:
        return "", f"both occur: {point} cells with a point, {comma} with a comma", thousands
    if point:
        return ".", f"{CERTAIN}: {point} cells", ""
    return ("", f"{either} cells could be thousands", "") if either else (".", f"{LIKELY}: no cell tells", "")


def _cells(line: bytes, delimiter: str) -> list[str]:
    import csv

    text = line.decode("utf-8", "replace")
    if not delimiter:
        return [text]
    if '"' not in text:
        return [cell.strip() for cell in text.split(delimiter)]
    try:
        return [cell.strip() for row in csv.reader([text], delimiter=delimiter) for cell in row]
    except csv.Error:
        return [cell.strip() for cell in text.split(delimiter)]
