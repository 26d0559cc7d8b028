"""Read a dossier from a folder or an archive, once, into memory: what is checked is what was read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from radaudit.errors import DossierError
from radaudit.findings import Finding
from radaudit.verify.archive import MOST_BYTES, MOST_FILES, unpack
from radaudit.verify.names import problem_of
from radaudit.verify.report import failed

MARK = "dossier.json"


def read_files(path: Path) -> tuple[dict[str, bytes], list[Finding]]:
    """Return the files by name, and a finding for every entry that is not a plain file (links, folders, devices are not followed).

    Raises DossierError: VERIFY-001 if there is no dossier, VERIFY-002 for another archive, VERIFY-004 if it is too large.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return _folder(path)
        if not stat.S_ISREG(mode):
            raise DossierError("VERIFY-001", "neither a folder nor an archive", at=path.name)
        if path.stat().st_size > MOST_BYTES + (1 << 20):
            raise DossierError("VERIFY-004", "too large for a dossier", at=path.name, found=f"{path.stat().st_size:,} bytes")
        return unpack(path.read_bytes()), []
    except OSError as error:
        raise DossierError("VERIFY-001", "there is no dossier here", at=path.name, found=error.strerror or str(error)) from error


def _folder(path: Path) -> tuple[dict[str, bytes], list[Finding]]:
    files: dict[str, bytes] = {}
    odd: list[Finding] = []
    total = 0
    with os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda item: item.name):
            problem = problem_of(entry.name, files)
            if problem or not entry.is_file(follow_symlinks=False):
                what = problem or "is no plain file (a link, folder or device)"
                shown = entry.name.encode("ascii", "backslashreplace").decode()[:80]
                odd.append(failed("VERIFY-003", f"An entry of the folder {what}.", shown))
                continue
            total += entry.stat(follow_symlinks=False).st_size
            if total > MOST_BYTES or len(files) >= MOST_FILES:
                raise DossierError("VERIFY-004", "too large for a dossier", at=path.name, found=f"{len(files)} files, {total:,} bytes")
            files[entry.name] = _bytes(path / entry.name)
    if MARK not in files and "manifest-sha256.txt" not in files:
        raise DossierError(
            "VERIFY-001", "not a dossier: it holds neither dossier.json nor a manifest", at=path.name, fix="give dossier/0001"
        )
    return files, odd


def _bytes(path: Path) -> bytes:
    # O_NOFOLLOW: an entry swapped for a link after the look is not followed
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as stream:
        return stream.read(MOST_BYTES + 1)
