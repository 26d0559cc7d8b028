"""What a workbook unpacks to and how far its sheets reach, looked at before a library opens it: a small file can ask for terabytes."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from radaudit.errors import TableError

LARGEST = 1 << 30
PLAIN_BYTES = 96 << 20
MOST_RATIO = 50
STEP = 1 << 20
MOST_MEMBERS = 10_000
MOST_CELLS = 100_000_000
SPARSE_CELLS = 20_000_000
MOST_COLUMNS = 16_384
MOST_REPEATED = 10_000
ROW = re.compile(rb"<(?:\w+:)?row\b")
CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
LETTERS = re.compile(rb'\br="([A-Za-z]{1,9})[0-9]')
DIGITS = [re.compile(rb'\br="[A-Za-z]{0,9}([0-9]{%d,})"' % count) for count in range(10, 0, -1)]
REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="([0-9]{1,12})"')


def refuse_bombs(path: Path, label: str) -> None:
    """Raise TableError: READ-030 for a workbook that is no sound archive, READ-038 if it unpacks to too much or spans too many cells.

    Sizes in the archive are not believed: every member is unpacked once, block by block, and counted. The limit is 1 GiB, or 96 MiB and
    fifty times the size of the file.
    """
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as stream:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS or any(member.flag_bits & 1 for member in members):
                raise TableError("READ-030", f"{label} is encrypted, or not a workbook ({len(members)} parts)", fix="save it as .xlsx")
            if any(member.filename == "xl/workbook.bin" for member in members):
                raise TableError("READ-030", f"{label} is a binary workbook (.xlsb)", fix="save it as .xlsx")
            limit, total = min(LARGEST, max(PLAIN_BYTES, MOST_RATIO * path.stat().st_size)), 0
            for member in members:
                total += _unpacked(stream, member, limit - total)
                if total > limit:
                    raise TableError("READ-038", f"{label} unpacks to more than {limit >> 20} MiB", fix="export it as Parquet or CSV")
            for member in members:
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", member.filename):
                    _refuse_span(archive.read(member), label)
                elif member.filename == "content.xml":
                    _refuse_repeats(archive.read(member), label)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, ValueError, EOFError, RuntimeError, KeyError) as problem:
        if isinstance(problem, TableError):
            raise
        raise TableError(
            "READ-030", f"{label} is not a spreadsheet that can be opened: the archive is damaged", fix="save it again as .xlsx or .csv"
        ) from None


def _unpacked(stream, member: zipfile.ZipInfo, most: int) -> int:  # type: ignore[no-untyped-def]
    """Return how many bytes a member unpacks to; counting stops beyond ``most``."""
    stream.seek(member.header_offset)
    head = stream.read(30)
    if len(head) < 30 or head[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile("no local header")
    stream.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), 1)
    if member.compress_type == zipfile.ZIP_STORED:
        return member.compress_size
    if member.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile("a way of packing that no spreadsheet writes")
    engine, left, total = zlib.decompressobj(-15), member.compress_size, 0
    while not engine.eof and total <= most:
        data = engine.unconsumed_tail
        if not data:
            data = stream.read(min(STEP, left))
            left -= len(data)
            if not data:
                break
        total += len(engine.decompress(data, STEP))
    return total


def _refuse_span(data: bytes, label: str) -> None:
    """Raise READ-038 if the corners of a sheet are so far apart that the cells between them fill the memory."""
    rows = ROW.split(data)
    wide = max((len(CELL.findall(row)) for row in rows[1:]), default=0)
    cells = sum(1 for _ in CELL.finditer(data))
    columns = max(wide, max((_number(letters) for letters in set(LETTERS.findall(data))), default=0))
    far = next((max(map(int, found)) for pattern in DIGITS if (found := set(pattern.findall(data)))), 0)
    span = max(len(rows) - 1, far) * columns
    if columns > MOST_COLUMNS or span > MOST_CELLS or (span > SPARSE_CELLS and span > 4 * cells):
        raise TableError("READ-038", f"{label} spans {max(len(rows) - 1, far)} x {columns} cells", fix="export the table as Parquet or CSV")


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _refuse_repeats(data: bytes, label: str) -> None:
    """Raise READ-038 if an OpenDocument sheet repeats a row or cell with content so often that it fills the memory."""
    for row in data.split(b"<table:table-row")[1:]:
        if b"<text:p" not in row and b"office:value" not in row:
            continue
        tag, *cells = row.split(b"<table:table-cell")
        filled = [cell for cell in cells if b"<text:p" in cell or b"office:value" in cell]
        counts = [int(match[1]) for part in (tag, *filled) for match in REPEATED.finditer(part.split(b">")[0])]
        if any(count > MOST_REPEATED for count in counts):
            raise TableError("READ-038", f"{label} repeats a row or cell {max(counts)} times", fix="export the table as Parquet or CSV")
