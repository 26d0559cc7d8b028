"""A text table as rows of text: encoding, delimiter, quotes and header, with the refusals of ``radaudit check``."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Any

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
BINARY = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1", b"\x1f\x8b", b"%PDF")
SAMPLE = 30


class Refused(Exception):
    """The table cannot be read: the code, how many, and what."""

    def __init__(self, code: str, count: int = 1, what: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.count = count
        self.what = what


@dataclass(frozen=True)
class Table:
    """Names and rows of text, the number of each row in the file (the header being row 1), and letters that depend on the encoding."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    encoding: str
    foreign: int

    def column(self, name: str) -> tuple[str, ...]:
        """Return the cells under the first column of this name."""
        at = self.names.index(name)
        return tuple(row[at] for row in self.rows)


def read(data: bytes, stated: dict[str, Any]) -> Table:
    """Return the table in the bytes of a file; raises Refused SITE-100, READ-031 to READ-036."""
    text, encoding, foreign = decoded(data, stated.get("encoding"))
    if not text.strip():
        raise Refused("READ-036")
    delimiter = stated.get("delimiter") or found_delimiter(sample(text))
    grid = records(text, "\t" if delimiter in ("tab", "\\t") else delimiter)
    first = next(i for i, row in enumerate(grid) if row)
    last = max(i for i, row in enumerate(grid) if row)
    rows, header = even(grid[first : last + 1], first + 1)
    names = header_names(header)
    kept = [i for i, row in enumerate(rows) if any(cell.strip() for cell in row)]
    whole = [i for i, cell in enumerate(header) if cell.strip() or any(rows[k][i].strip() for k in kept)]
    expect_names(names)
    return Table(
        names=tuple(names[i] for i in whole),
        rows=tuple(tuple(rows[k][i] for i in whole) for k in kept),
        numbers=tuple(first + 2 + k for k in kept),
        encoding=encoding,
        foreign=foreign,
    )


def decoded(data: bytes, stated: str | None) -> tuple[str, str, int]:
    """Return the text, its encoding and how many letters depend on it."""
    if data.startswith(BINARY):
        raise Refused("SITE-100")
    if stated:
        return strict(data, stated).removeprefix("\ufeff"), stated, 0
    for mark, name in MARKS:
        if data.startswith(mark):
            return strict(data[len(mark) :], name), name, 0
    if b"\0" in data:
        raise Refused("SITE-100")
    try:
        return data.decode("utf-8"), "utf-8", 0
    except UnicodeDecodeError:
        text = strict(data, "cp1252")
        return text, "windows-1252", sum(1 for letter in text if not letter.isascii())


def strict(data: bytes, name: str) -> str:
    """Decode or refuse."""
    try:
        return data.decode(name)
    except (UnicodeError, LookupError):
        raise Refused("READ-033", what=name) from None


def sample(text: str) -> list[str]:
    """Return the first records that are not blank, for finding the delimiter; a quote that never closes ends the sample."""
    end = "\r\n" if text.count("\r\n") == text.count("\r") == text.count("\n") > 0 else "\r" if "\n" not in text and "\r" in text else "\n"
    found: list[str] = []
    start = 0
    while start < len(text) and len(found) < SAMPLE:
        stop = text.find(end, start)
        stop = len(text) if stop < 0 else stop
        while text.count('"', start, stop) % 2:
            if stop >= len(text):
                return found
            after = text.find(end, stop + len(end))
            stop = len(text) if after < 0 else after
        if stop > start:
            found.append(text[start:stop])
        start = stop + len(end)
    return found


def fields(line: str, delimiter: str) -> int:
    """Return the number of fields of one record, 0 if its quotes are irregular."""
    if '"' not in line:
        return line.count(delimiter) + 1
    outside = line.split('"')[::2]
    last = len(outside) - 1
    for i, text in enumerate(outside):
        opened = i == last or not text or text.endswith(delimiter)
        closed = i == 0 or not text or text.startswith(delimiter)
        if not (opened and closed):
            return 0
    return sum(text.count(delimiter) for text in outside) + 1


def found_delimiter(lines: list[str]) -> str:
    """Return the delimiter under which every record has as many fields as the header; empty for one column. Raises Refused READ-031."""
    counts = {mark: [fields(line, mark) for line in lines] for mark in DELIMITERS}
    present = {mark: found for mark, found in counts.items() if found and found[0] > 1}
    if not present:
        return ""
    even_ = [mark for mark, found in present.items() if len(set(found)) == 1 and len(found) > 1]
    if not even_:
        even_ = [mark for mark, found in present.items() if len(found) > 1 and len(set(found[1:])) == 1 and found[1] == found[0] + 1]
    if len(even_) > 1:
        raise Refused("READ-031", len(even_), " or ".join(DELIMITERS[mark] for mark in even_))
    if even_:
        return even_[0]
    return max(present, key=lambda mark: (Counter(present[mark]).most_common(1)[0][1], present[mark][0]))


def records(text: str, delimiter: str) -> list[list[str]]:
    """Return every record as its fields; raises Refused READ-035 for quotes that do not close."""
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or "\x1f", strict=True))
    except csv.Error:
        raise Refused("READ-035") from None


def even(grid: list[list[str]], first: int) -> tuple[list[list[str]], list[str]]:
    """Return rows of the header's length, and the header; raises Refused READ-034 for others, naming their file rows."""
    header, body = grid[0], grid[1:]
    width = len(header)
    if {len(row) for row in body if row} == {width + 1}:
        if all(not row[width].strip() for row in body if row):
            body = [row[:width] for row in body]
        else:  # row names without a header, as R writes
            header, width = ["", *header], width + 1
    body = [row[:width] if len(row) > width and not any(cell.strip() for cell in row[width:]) else row for row in body]
    ragged = [first + 1 + i for i, row in enumerate(body) if row and len(row) != width]
    if ragged:
        raise Refused("READ-034", len(ragged), "rows " + few(ragged))
    return [row or [""] * width for row in body], header


def header_names(cells: list[str]) -> list[str]:
    """Return names without outer spaces, in Unicode's composed form; an empty name is ``unnamed_<position>``."""
    plain = [unicodedata.normalize("NFC", cell.strip().strip("\ufeff")) for cell in cells]
    return [name or f"unnamed_{i}" for i, name in enumerate(plain, start=1)]


def expect_names(names: list[str]) -> None:
    """Raise Refused READ-032 if the first row holds numbers."""
    numeric = [name for name in names if NUMBER.fullmatch(name)]
    if len(names) > 2 and len(numeric) >= len(names) - 1 and (len(set(numeric)) < len(numeric) or any("." in name for name in numeric)):
        raise Refused("READ-032")


def few(items: Any, most: int = 5) -> str:
    """Return ``a, b, c, ... (n in all)``, unseen characters written out."""
    texts = [shown(str(item)) for item in items]
    return ", ".join(texts[:most]) + (f", ... ({len(texts)} in all)" if len(texts) > most else "")


def shown(text: str) -> str:
    """Return a text that cannot steer a terminal, at most 40 characters of it."""
    plain = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text[:41])
    return plain if len(text) <= 40 else plain[:40] + "..."
