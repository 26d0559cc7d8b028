"""Old workbooks (.xls), before and beside the library: it gives error cells as empty ones, and an unsound file can make it take all memory.

Chains of sectors that run in circles, cells beyond the last column and tables of texts longer than the file are refused before it is
asked. Only what is needed of the compound file [MS-CFB] and of the records BOUNDSHEET, BOOLERR and FORMULA [MS-XLS].
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LAST = 0xFFFFFFFA
ENTRY, MINI, STREAM = 128, 64, 2
MOST_ROWS, MOST_COLUMNS = 65_536, 256
SST, DIMENSIONS = 0xFC, 0x200
CELLS = frozenset({0x06, 0xBD, 0xBE, 0xD6, 0xFD, 0x201, 0x203, 0x204, 0x205, 0x27E})
BOUNDSHEET, BOOLERR, FORMULA, EOF = 0x85, 0x205, 0x06, 0x0A
ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}


def error_cells(data: bytes, sheet: str) -> dict[tuple[int, int], str]:
    """Return the error cells of a sheet by 0-based row and column; raises ValueError for a file that is not sound."""
    try:
        book, old = _workbook(data)
        start = next((offset for name, offset in _sheets(book, old) if name == sheet), None)
        if start is None:
            raise ValueError("the sheet is not in it")
        return dict(_errors(book, start))
    except (struct.error, IndexError, UnicodeDecodeError) as problem:
        raise ValueError(f"not a sound workbook: {problem}") from None


def _workbook(data: bytes) -> tuple[bytes, bool]:
    """Return the stream ``Workbook``, or ``Book`` of a version before 1997, of a compound file, and whether it is the old one."""
    if not data.startswith(MAGIC):
        raise ValueError("not a compound file")
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    directory, cutoff, mini = struct.unpack_from("<I", data, 48)[0], *struct.unpack_from("<II", data, 56)
    more = struct.unpack_from("<I", data, 68)[0]
    if size not in (512, 4096):
        raise ValueError("a sector size that is none")

    def sector(number: int) -> bytes:
        return data[(number + 1) * size : (number + 2) * size]

    tables = list(struct.unpack_from("<109I", data, 76))
    most = len(data) // size
    while more < LAST and len(tables) <= most:
        *further, more = struct.unpack(f"<{size // 4}I", sector(more))
        tables += further
    fat = [
        number for table in tables[:most] if table < LAST for number in struct.unpack(f"<{size // 4}I", sector(table).ljust(size, b"\xff"))
    ]

    def chain(number: int, links: list[int]) -> Iterator[int]:
        seen: set[int] = set()
        while number < LAST:
            if number in seen:
                raise ValueError("sectors run in circles")
            seen.add(number)
            yield number
            number = links[number]

    def stream(number: int) -> bytes:
        return b"".join(map(sector, chain(number, fat)))

    entries = stream(directory)
    root = struct.unpack_from("<I", entries, 116)[0]
    small, short = stream(root), stream(mini)
    links = list(struct.unpack(f"<{len(short) // 4}I", short))
    found: tuple[bytes, bool] | None = None
    for at in range(0, len(entries), ENTRY):
        length = struct.unpack_from("<H", entries, at + 64)[0]
        name = entries[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le")
        kind, (start, long) = entries[at + 66], struct.unpack_from("<II", entries, at + 116)
        if kind != STREAM or not long:
            continue
        if long >= cutoff:
            body = stream(start)[:long]
        else:
            body = b"".join(small[one * MINI : (one + 1) * MINI] for one in chain(start, links))[:long]
        if found is None and name in ("Workbook", "Book"):
            found = body, name == "Book"
    if found is None:
        raise ValueError("no workbook in it")
    return found


def refuse_unsound(data: bytes) -> None:
    """Raise ValueError for a file whose sectors, cells or texts cannot be what they say."""
    try:
        book, _old = _workbook(data)
        at = 0
        while at + 4 <= len(book):
            kind, length = struct.unpack_from("<HH", book, at)
            body = book[at + 4 : at + 4 + length]
            if kind in CELLS and len(body) >= 4 and struct.unpack_from("<H", body, 2)[0] >= MOST_COLUMNS:
                raise ValueError("a cell beyond the last column")
            if kind == SST and struct.unpack_from("<I", body, 4)[0] > len(book):
                raise ValueError("more texts than bytes")
            if kind == DIMENSIONS and len(body) >= 12:
                rows, columns = struct.unpack_from("<I", body, 4)[0], struct.unpack_from("<H", body, 10)[0]
                if rows > MOST_ROWS or columns > MOST_COLUMNS:
                    raise ValueError("a sheet beyond the last row or column")
            at += 4 + length
    except (struct.error, IndexError, UnicodeDecodeError) as problem:
        raise ValueError(f"not a sound workbook: {problem}") from None


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + length]
        if kind == EOF:
            return
        at += 4 + length


def _sheets(book: bytes, old: bool) -> Iterator[tuple[str, int]]:
    for kind, body in _records(book, 0):
        if kind == BOUNDSHEET:
            count, wide, at = body[6], 0 if old else body[7] & 1, 7 if old else 8
            yield body[at : at + count * (1 + wide)].decode("utf-16-le" if wide else "latin-1"), struct.unpack_from("<I", body)[0]


def _errors(book: bytes, start: int) -> Iterator[tuple[tuple[int, int], str]]:
    for kind, body in _records(book, start):
        if kind == BOOLERR and body[7]:
            yield struct.unpack_from("<HH", body), ERRORS.get(body[6], "#ERROR!")
        elif kind == FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2:
            yield struct.unpack_from("<HH", body), ERRORS.get(body[8], "#ERROR!")
