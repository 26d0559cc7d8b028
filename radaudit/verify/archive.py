"""One dossier in one file: a ZIP of stored members with one spelling, so that the archive is a function of its files.

Two programs can read one ZIP differently (names twice, two directories, hidden bytes, lying sizes). Here there is nothing to
read differently: ``unpack`` takes the members in sequence, packs them again and refuses an archive of any other bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from radaudit.errors import DossierError
from radaudit.verify.names import problem_of

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
LOCAL_HEAD = struct.Struct("<4sHHHHHIIIHH")
CENTRAL_HEAD = struct.Struct("<4sHHHHHHIIIHHHHHII")
END_HEAD = struct.Struct("<4sHHHHIIH")
NEEDS, MADE_BY, FIRST_DAY, PLAIN_FILE = 20, (3 << 8) | 20, 0x21, 0o100644 << 16  # version 2.0, Unix, 1980-01-01, rw-r--r--
MOST_FILES = 1000
MOST_BYTES = 512 << 20


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of these files, by name; the same files give the same bytes. Raises DossierError (VERIFY-004)."""
    if len(files) > MOST_FILES or sum(map(len, files.values())) > MOST_BYTES:
        raise DossierError("VERIFY-004", "too large for a dossier", found=f"{len(files)} files, {sum(map(len, files.values())):,} bytes")
    body, directory = bytearray(), bytearray()
    for name in sorted(files):
        data, spelt = files[name], name.encode("ascii")
        numbers = (zlib.crc32(data), len(data), len(data))
        directory += CENTRAL_HEAD.pack(CENTRAL, MADE_BY, NEEDS, 0, 0, 0, FIRST_DAY, *numbers, len(spelt), 0, 0, 0, 0, PLAIN_FILE, len(body))
        directory += spelt
        body += LOCAL_HEAD.pack(LOCAL, NEEDS, 0, 0, 0, FIRST_DAY, *numbers, len(spelt), 0) + spelt + data
    end = END_HEAD.pack(END, 0, 0, len(files), len(files), len(directory), len(body), 0)
    return bytes(body + directory + end)


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the files of an archive that ``pack`` wrote; anything else raises DossierError (VERIFY-002), nothing is written anywhere."""
    files: dict[str, bytes] = {}
    place = 0
    while data[place : place + 4] == LOCAL:
        if len(files) >= MOST_FILES or place + LOCAL_HEAD.size > len(data):
            raise _refused("too many files, or cut short")
        _, _, flags, method, _, _, _, size, full, name_length, extra = LOCAL_HEAD.unpack_from(data, place)
        if flags or method or size != full or extra:
            raise _refused("a member is compressed, encrypted or padded")
        start = place + LOCAL_HEAD.size + name_length
        name = data[place + LOCAL_HEAD.size : start].decode("ascii", errors="replace")
        if problem := problem_of(name, files):
            raise _refused(f"a member {problem}")
        files[name] = data[start : start + size]
        place = start + size
    if not files or pack(files) != data:
        raise _refused("bytes that no member accounts for, or members in another order")
    return files


def _refused(found: str) -> DossierError:
    return DossierError(
        "VERIFY-002",
        "not an archive as radaudit writes it",
        found=found,
        fix="unpack it with a program you trust and verify the folder",
    )
