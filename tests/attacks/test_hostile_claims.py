"""Received archives that no honest sender makes: each is refused with STUDY-123 before anything is written, and quickly."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from radaudit.edges.received import files as received
from radaudit.edges.received.files import receive, store
from radaudit.errors import StudyError

TABLE = b"id,x\nP1,1.5\nP2,2.5\n"


def archive(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as made:
        for name, body in members:
            made.writestr(name, body)
    return data.getvalue()


def with_attributes(name: str, mode: int, body: bytes = b"/etc/passwd") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        made.writestr(info, body)
    return data.getvalue()


def patched(data: bytes, place: bytes, offset: int, value: bytes) -> bytes:
    """Return the archive with bytes changed at ``offset`` behind the first ``place``."""
    at = data.index(place) + offset
    return data[:at] + value + data[at + len(value) :]


def duplicated() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        made.writestr("features.csv", TABLE)
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("features.csv", TABLE + b"P3,9\n")
    return data.getvalue()


def overlapping() -> bytes:
    """Two directory entries for one body: the way a small archive claims to be huge."""
    one = archive(("features.csv", TABLE), method=zipfile.ZIP_STORED)
    start, end = one.index(b"PK\x01\x02"), one.index(b"PK\x05\x06")
    entry = one[start:end]
    other = entry.replace(b"features.csv", b"clinical.csv")
    tail = one[end:]
    tail = tail[:8] + struct.pack("<HHI", 2, 2, 2 * len(entry)) + tail[16:]
    return one[:start] + entry + other + tail


ATTACKS: dict[str, Callable[[], bytes]] = {
    "a path that climbs out": lambda: archive(("../features.csv", TABLE)),
    "a path that climbs out deep inside": lambda: archive(("data/../../features.csv", TABLE)),
    "an absolute path": lambda: archive(("/tmp/features.csv", TABLE)),
    "a drive letter": lambda: archive(("C:features.csv", TABLE)),
    "backslashes": lambda: archive(("a\\..\\features.csv", TABLE)),
    "a symbolic link": lambda: with_attributes("features.csv", stat.S_IFLNK | 0o777),
    "a device": lambda: with_attributes("features.csv", stat.S_IFCHR | 0o666, TABLE),
    "a named pipe": lambda: with_attributes("features.csv", stat.S_IFIFO | 0o666, TABLE),
    "one name twice": duplicated,
    "names equal but for case": lambda: archive(("features.csv", TABLE), ("Features.CSV", TABLE)),
    "names equal but for their Unicode form": lambda: archive(("caf\u00e9.csv", TABLE), ("cafe\u0301.csv", TABLE)),
    "a bomb": lambda: archive(("features.csv", b"0" * 60_000_000)),
    "more members than a claim has": lambda: archive(*((f"f{i}.csv", b"") for i in range(1200))),
    "encryption": lambda: patched(archive(("features.csv", TABLE)), b"PK\x01\x02", 8, b"\x01\x00"),
    "a method that is not read": lambda: archive(("features.csv", TABLE), method=zipfile.ZIP_LZMA),
    "a size that lies": lambda: patched(archive(("features.csv", TABLE)), b"PK\x01\x02", 24, struct.pack("<I", 5)),
    "a checksum that lies": lambda: patched(archive(("features.csv", TABLE)), b"PK\x01\x02", 16, b"\0\0\0\0"),
    "another name in the member's own header": lambda: patched(archive(("features.csv", TABLE)), b"PK\x03\x04", 30, b"Xeatures"),
    "overlapping members": overlapping,
    "bytes before the archive": lambda: b"#!/bin/sh\n" + archive(("features.csv", TABLE)),
    "bytes behind the archive": lambda: archive(("features.csv", TABLE)) + b"<script>",
    "a comment that hides another archive": lambda: archive(("features.csv", TABLE)) + archive(("clinical.csv", TABLE)),
    "a name that Windows keeps for a device": lambda: archive(("aux.csv", TABLE)),
    "a name with a trailing dot": lambda: archive(("features.csv.", TABLE)),
    "a name that reads backwards": lambda: archive(("features\u202evsc.exe", TABLE)),
    "a control character in a name": lambda: archive(("features\n.csv", TABLE)),
    "a name that is too long": lambda: archive(("f" * 300 + ".csv", TABLE)),
    "a folder too deep": lambda: archive(("a/" * 40 + "f.csv", TABLE)),
    "an archive cut short": lambda: archive(("features.csv", TABLE))[:-30],
    "a directory that points nowhere": lambda: patched(archive(("features.csv", TABLE)), b"PK\x05\x06", 16, b"\xff\xff\xff\x7f"),
    "a tar archive": lambda: b"features.csv" + b"\0" * 500,
    "an empty archive": lambda: archive(),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_archive_is_refused_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    claim = tmp_path / "claim.zip"
    claim.write_bytes(ATTACKS[name]())
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StudyError) as caught:
        receive(claim)
    assert caught.value.code == "STUDY-123"
    assert sorted(tmp_path.rglob("*")) == before


def test_an_archive_inside_the_archive_is_named_and_not_opened(tmp_path: Path) -> None:
    claim = tmp_path / "claim.zip"
    claim.write_bytes(archive(("features.csv", TABLE), ("more.zip", archive(("bomb.csv", b"0" * 1000)))))
    found = receive(claim)
    assert list(found.files) == ["features.csv"]
    assert found.skipped == (("more.zip", "an archive inside the archive, not opened"),)


def test_honest_archives_of_several_programs_are_read(tmp_path: Path) -> None:
    stored, deflated = (
        archive(("data/features.csv", TABLE), method=zipfile.ZIP_STORED),
        archive(("data/features.csv", TABLE), ("data/", b"")),
    )
    streamed = io.BytesIO()

    class Pipe(io.RawIOBase):
        """A stream that cannot seek: the writer puts sizes behind the data."""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            return streamed.write(data)  # type: ignore[arg-type]

    with zipfile.ZipFile(Pipe(), "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("data/features.csv", TABLE)
    for number, data in enumerate((stored, deflated, streamed.getvalue())):
        claim = tmp_path / f"claim{number}.zip"
        claim.write_bytes(data)
        found = receive(claim)
        assert found.files == {"data/features.csv": TABLE}
        store(found, tmp_path / f"out{number}")
        assert (tmp_path / f"out{number}" / "data" / "features.csv").read_bytes() == TABLE


def test_links_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "claim"
    folder.mkdir()
    (folder / "features.csv").write_bytes(TABLE)
    (tmp_path / "secret.csv").write_bytes(b"id\nsecret\n")
    os.symlink(tmp_path / "secret.csv", folder / "linked.csv")
    os.symlink(tmp_path, folder / "loop")
    found = receive(folder)
    assert list(found.files) == ["features.csv"]
    assert [name for name, _ in found.skipped] == ["linked.csv", "loop"]


def test_a_folder_larger_than_a_claim_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "claim"
    folder.mkdir()
    for number in range(3):
        (folder / f"f{number}.csv").write_bytes(TABLE)
    monkeypatch.setattr(received, "MOST_FILES", 2)
    with pytest.raises(StudyError) as caught:
        receive(folder)
    assert caught.value.code == "STUDY-123"


def test_nothing_there_is_said_with_what_is(tmp_path: Path) -> None:
    (tmp_path / "claims.zip").write_bytes(archive(("features.csv", TABLE)))
    with pytest.raises(StudyError) as caught:
        receive(tmp_path / "claim.zip")
    assert (caught.value.code, caught.value.near) == ("STUDY-124", "claims.zip")
