"""Gzip around one text table: unpacked in memory up to a limit, with the digest of the file as it came staying the one on record."""

from __future__ import annotations

import zlib
from pathlib import Path

from radaudit.errors import TableError
from radaudit.tables.shown import inert

MAGIC = b"\x1f\x8b"
STEP = 1 << 20
MOST_BYTES = 4 << 30
PLAIN_BYTES = 256 << 20
MOST_RATIO = 100


def content(path: Path, label: str, *, most: int | None = None) -> bytes:
    """Return the bytes of a file, unpacked if they are gzip's; ``most`` stops after so many bytes.

    Raises TableError: READ-030 (broken gzip, or a tar archive inside), READ-038 (unpacks to more than 4 GiB, or to more than 256 MiB and
    a hundred times its size).
    """
    with path.open("rb") as stream:
        start = stream.read(len(MAGIC))
        if start != MAGIC:
            return start + stream.read(-1 if most is None else max(most - len(start), 0))
    return _unpacked(path, label, most)


def _unpacked(path: Path, label: str, most: int | None) -> bytes:
    size = path.stat().st_size
    limit = min(MOST_BYTES, max(PLAIN_BYTES, MOST_RATIO * size))
    found, total = [], 0
    engine = zlib.decompressobj(wbits=31)
    try:
        with path.open("rb") as stream:
            waiting = b""
            while most is None or total < most:
                waiting = waiting or stream.read(STEP)
                if not waiting:
                    if not engine.eof:
                        raise zlib.error("the file ends early")
                    break
                if engine.eof:
                    engine = zlib.decompressobj(wbits=31)
                part = engine.decompress(waiting, STEP)
                waiting = engine.unconsumed_tail or engine.unused_data
                found.append(part)
                total += len(part)
                if total > limit:
                    raise TableError(
                        "READ-038", f"{inert(label)} unpacks to more than {limit >> 20} MiB", fix="unpack and split it by site"
                    )
    except zlib.error as problem:
        raise TableError("READ-030", f"{inert(label)} cannot be unpacked: {problem}", fix="pack it again, or send it unpacked") from None
    data = b"".join(found)
    if data[257:262] == b"ustar":
        raise TableError("READ-030", f"{inert(label)} is an archive of files, not one table", fix="unpack it and name the tables in it")
    return data if most is None else data[:most]
