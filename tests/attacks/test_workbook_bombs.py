"""RECORD 9, A7, A8 and C8 for workbooks: what unpacks to gigabytes, spans terabytes, lies about its size or calls out is refused.

Each is opened in a fresh process that may take one gibibyte of memory and ten seconds.
"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.attacks.workbook_parts import PARTS, SHEET, workbook

ROOT = Path(__file__).parents[2]
NAMESPACE = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))
from pathlib import Path
from radaudit.edges.readers.formats.raw import ReadOptions
from radaudit.edges.readers.registry import read_table
from radaudit.errors import RadauditError
try:
    table = read_table(Path(sys.argv[1]), ReadOptions())
    print("read", table.rows, len(table.columns))
except RadauditError as error:
    print(error.code)
"""


def outcome(path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert sorted(item.name for item in path.parent.iterdir()) == [path.name]
    return done.stdout.strip()


def cells(*places: str) -> bytes:
    body = b"".join(b'<row><c r="%s"><v>1</v></c></row>' % place.encode() for place in places)
    return b'<worksheet xmlns="' + NAMESPACE + b'"><sheetData>' + body + b"</sheetData></worksheet>"


def many(head: int, rows: int) -> bytes:
    wide = b"<row>" + b"<c><v>1</v></c>" * head + b"</row>"
    return b'<worksheet xmlns="' + NAMESPACE + b'"><sheetData>' + wide + b"<row><c><v>1</v></c></row>" * rows + b"</sheetData></worksheet>"


def packed(sheet: bytes) -> bytes:
    return workbook(sheet, method=zipfile.ZIP_DEFLATED)


def lying() -> bytes:
    """A sheet of 110 MiB whose size is given as 100 bytes, in the directory and before the data."""
    data = bytearray(packed(SHEET + b" " * (110 << 20)))
    size = struct.pack("<I", len(SHEET) + (110 << 20))
    assert data.count(size) == 2
    return bytes(data.replace(size, struct.pack("<I", 100)))


def entity() -> bytes:
    text = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + SHEET.split(b"?>", 1)[1]
    return workbook(text.replace(b"<t>P1</t>", b"<t>&a;</t>"))


def encrypted() -> bytes:
    return (
        workbook(SHEET)
        .replace(struct.pack("<4sHH", b"PK\x03\x04", 20, 0), struct.pack("<4sHH", b"PK\x03\x04", 20, 1))
        .replace(struct.pack("<4sHHH", b"PK\x01\x02", 0x314, 20, 0), struct.pack("<4sHHH", b"PK\x01\x02", 0x314, 20, 1))
    )


def binary() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("xl/workbook.bin", b"x")
    return sink.getvalue()


def repeated() -> bytes:
    sink = io.BytesIO()
    row = '<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="float" office:value="1" '
    row += 'table:number-columns-repeated="16384"><text:p>1</text:p></table:table-cell></table:table-row>'
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
        f'<office:body><office:spreadsheet><table:table table:name="a">{row}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    return sink.getvalue()


BOMBS: dict[str, tuple[str, Callable[[], bytes], set[str]]] = {
    "zeros": ("t.xlsx", lambda: packed(SHEET + b"\0" * (130 << 20)), {"READ-038"}),
    "far corner": ("t.xlsx", lambda: packed(cells("A1", "XFD1048576")), {"READ-038"}),
    "letters without end": ("t.xlsx", lambda: packed(cells("A1", "newB2")), {"READ-038"}),
    "far row": ("t.xlsx", lambda: packed(cells("A1", "ZZ99999")), {"READ-038"}),
    "one wide row and many short ones": ("t.xlsx", lambda: packed(many(16_000, 100_000)), {"READ-038"}),
    "cells without end": ("t.xlsx", lambda: packed(many(8_000_000, 1)), {"READ-038"}),
    "size lies": ("t.xlsx", lying, {"READ-038"}),
    "entity": ("t.xlsx", entity, {"READ-030", "read 2 2"}),
    "encrypted": ("t.xlsx", encrypted, {"READ-030"}),
    "binary": ("t.csv", binary, {"READ-030"}),
    "ods repeats": ("t.ods", repeated, {"READ-038"}),
    "no archive": ("t.xlsx", lambda: b"PK\x03\x04" + b"\0" * 100, {"READ-030"}),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_workbook_that_would_fill_the_memory_is_refused(tmp_path: Path, name: str) -> None:
    file, make, allowed = BOMBS[name]
    (tmp_path / file).write_bytes(make())
    assert outcome(tmp_path / file) in allowed


def test_a_sound_workbook_passes_the_same_door(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(packed(SHEET))
    assert outcome(tmp_path / "t.xlsx") == "read 2 2"
    assert set(PARTS)
