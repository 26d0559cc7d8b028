"""Take the files out of a received folder or ZIP, into memory, and refuse what an honest sender would not have made.

Every rule is about what two programs could read differently, or what could write outside, fill the disk or never end: see the codes
STUDY-123 and STUDY-124. Nothing is written here; ``store`` writes plain files below one new folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from radaudit.digests import canonical, sha256
from radaudit.errors import StudyError, listed
from radaudit.tables.shown import inert

MOST_FILES = 500
MOST_BYTES = 1 << 30
MOST_RATIO = 200  # tables of numbers deflate 2 to 10 times; 200 is a bomb
SMALL = 1 << 16  # a ratio says nothing about a small file
DEEPEST, LONGEST = 8, 120
STORED, DEFLATED = 0, 8
CLUTTER = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$|~\$|\.git/)")
RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})
EOCD = b"PK\x05\x06"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The files by name (``data/features.csv``), what was left out and why, and the SHA-256 of the whole."""

    name: str
    files: Mapping[str, bytes]
    skipped: tuple[tuple[str, str], ...]
    sha256: str


def receive(path: Path) -> Received:
    """Return what was sent. Raises StudyError: STUDY-123 for a hostile or broken archive, STUDY-124 if there is nothing to read."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            found = _folder(path)
        elif stat.S_ISREG(mode):
            found = _archive(path)
        else:
            raise _nothing(path, "neither a folder nor a file")
    except OSError as error:
        raise _nothing(path, error.strerror or type(error).__name__) from error
    if not found.files:
        raise _nothing(path, "no file in it can be read")
    return found


def store(received: Received, folder: Path) -> None:
    """Write the files below ``folder``, which holds nothing else; names were checked by ``receive``."""
    for name, data in received.files.items():
        target = folder.joinpath(*PurePosixPath(name).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file() or target.read_bytes() != data:
            target.write_bytes(data)


def problem_of(name: str, seen: Mapping[str, str]) -> str:
    """Return what is wrong with a member's name beside those seen (by folded name); empty if nothing is."""
    parts = name.split("/")
    if not name or name.startswith("/") or "\\" in name or re.match(r"[A-Za-z]:", name):
        return "has an absolute or foreign path"
    if any(part in ("", ".", "..") for part in parts) or len(parts) > DEEPEST:
        return "climbs out of its folder, or lies too deep"
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") for char in name):
        return "has a name with invisible characters"
    if any(len(part.encode()) > LONGEST or part[-1] in ". " or part.split(".")[0].casefold() in RESERVED for part in parts):
        return "has a name that not every system can hold"
    folded = unicodedata.normalize("NFC", name).casefold()
    if folded in seen:
        return f"has the name of another one ({inert(seen[folded])})"
    return ""


def _folder(path: Path) -> Received:
    files: dict[str, bytes] = {}
    skipped: list[tuple[str, str]] = []
    seen: dict[str, str] = {}
    total = 0
    for name, entry in _walk(path, ""):
        if CLUTTER.search(name):
            continue
        if not entry.is_file(follow_symlinks=False):
            skipped.append((name, "a link or device, not followed"))
            continue
        problem = problem_of(name, seen)
        if problem:
            raise _refused(path, f"{inert(name)} {problem}")
        total += entry.stat(follow_symlinks=False).st_size
        if total > MOST_BYTES or len(files) >= MOST_FILES:
            raise _refused(path, f"more than {MOST_FILES} files or {MOST_BYTES >> 20} MB")
        seen[unicodedata.normalize("NFC", name).casefold()] = name
        files[name] = _bytes(Path(entry.path))
    listing = {name: sha256(data) for name, data in sorted(files.items())}
    return Received(name=path.resolve().name, files=files, skipped=tuple(skipped), sha256=hashlib.sha256(canonical(listing)).hexdigest())


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        name = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            if name.count("/") < DEEPEST:
                yield from _walk(Path(entry.path), name + "/")
        else:
            yield name, entry


def _bytes(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as stream:
        return stream.read(MOST_BYTES + 1)


def _archive(path: Path) -> Received:
    if path.stat().st_size > MOST_BYTES:
        raise _refused(path, f"larger than {MOST_BYTES >> 20} MB")
    data = path.read_bytes()
    if not data.startswith(b"PK\x03\x04"):
        kind = "an empty ZIP" if data.startswith(EOCD) else "no ZIP: other archives are not opened"
        raise _refused(path, kind, fix="send a ZIP or a folder")
    try:
        with zipfile.ZipFile(path) as archive:
            files, skipped = _members(path, archive, data)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, struct.error, UnicodeError, RuntimeError, ValueError) as error:
        raise _refused(path, f"the archive is broken: {error}"[:160]) from None
    return Received(name=path.name, files=files, skipped=tuple(skipped), sha256=sha256(data))


def _members(path: Path, archive: zipfile.ZipFile, data: bytes) -> tuple[dict[str, bytes], list[tuple[str, str]]]:
    """Return the files of an archive whose every byte and name has one reading."""
    infos = archive.infolist()
    if len(infos) > MOST_FILES * 2:
        raise _refused(path, f"{len(infos):,} members")
    _whole(path, infos, data, len(archive.comment))
    seen: dict[str, str] = {}
    for info in infos:
        _plain(path, info, seen)
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise _refused(path, f"it would unpack to {sum(info.file_size for info in infos) >> 20:,} MB")
    files: dict[str, bytes] = {}
    skipped: list[tuple[str, str]] = []
    for info in infos:
        if info.is_dir() or CLUTTER.search(info.filename):
            continue
        with archive.open(info) as stream:
            body = stream.read(info.file_size + 1)
        if len(body) != info.file_size:
            raise _refused(path, f"{inert(info.filename)} is not as long as it says")
        if body.startswith(b"PK\x03\x04") and PurePosixPath(info.filename).suffix.lower() not in (".xlsx", ".xlsm", ".ods"):
            skipped.append((info.filename, "an archive inside the archive, not opened"))
            continue
        files[info.filename] = body
    return files, skipped


def _plain(path: Path, info: zipfile.ZipInfo, seen: dict[str, str]) -> None:
    """Refuse a member with a bad name, kind, method or size."""
    name = info.filename.removesuffix("/") if info.is_dir() else info.filename
    if info.orig_filename != info.filename and "\x00" in info.orig_filename:
        raise _refused(path, "a member has a name with a zero byte")
    problem = problem_of(name, seen)
    if problem:
        raise _refused(path, f"{inert(name)} {problem}")
    seen[unicodedata.normalize("NFC", name).casefold()] = name
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(path, f"{inert(name)} is a link or a device")
    if info.flag_bits & 0x1 or info.flag_bits & 0x40:
        raise _refused(path, f"{inert(name)} is encrypted", fix="ask for an archive without a password")
    if info.compress_type not in (STORED, DEFLATED):
        raise _refused(path, f"{inert(name)} is packed by a method that is not read")
    if info.file_size > SMALL and info.file_size > MOST_RATIO * max(info.compress_size, 1):
        raise _refused(path, f"{inert(name)} would grow {info.file_size // max(info.compress_size, 1):,} times")


def _whole(path: Path, infos: list[zipfile.ZipInfo], data: bytes, comment: int) -> None:
    """Refuse members that overlap, local headers that say something else than the directory, and bytes no member accounts for."""
    place = 0
    for info in sorted(infos, key=lambda one: one.header_offset):
        start = info.header_offset
        if start != place or data[start : start + 4] != b"PK\x03\x04":
            raise _refused(path, "members overlap, or bytes lie between them")
        flags, method, _, _, _, _, _, name_length, extra = struct.unpack_from("<HHHHIIIHH", data, start + 6)
        own = data[start + 30 : start + 30 + name_length]
        spelt = info.orig_filename.encode("utf-8" if flags & 0x800 else "cp437", "replace")
        if own != spelt or method != info.compress_type:
            raise _refused(path, f"{inert(info.filename)} is called otherwise in its own header")
        place = start + 30 + name_length + extra + info.compress_size
        if flags & 0x8:
            place += _descriptor(data, place, info)
    if data[place : place + 4] not in (b"PK\x01\x02", EOCD) or data.rfind(EOCD) + 22 + comment != len(data):
        raise _refused(path, "bytes that no member accounts for")


def _descriptor(data: bytes, place: int, info: zipfile.ZipInfo) -> int:
    """Return the length of the data descriptor behind a member."""
    head = 4 if data[place : place + 4] == b"PK\x07\x08" else 0
    sizes = struct.unpack_from("<II", data, place + head + 4)
    if sizes == (info.compress_size & 0xFFFFFFFF, info.file_size & 0xFFFFFFFF):
        return head + 12
    return head + 20  # ZIP64 sizes


def _refused(path: Path, found: str, fix: str = "unpack it with a program you trust and audit the folder") -> StudyError:
    return StudyError("STUDY-123", "the archive is not one an honest sender makes", at=path.name, found=found, fix=fix)


def _nothing(path: Path, found: str) -> StudyError:
    beside = listed(sorted(entry.name for entry in path.parent.glob("*.zip"))) if path.parent.is_dir() else ""
    return StudyError(
        "STUDY-124", "there is nothing to audit here", at=path.name, found=found, near=beside or None, fix="radaudit audit claim.zip"
    )
