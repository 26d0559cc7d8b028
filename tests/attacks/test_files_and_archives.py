"""RECORD 9, group A: what an archive or a folder can hide. Nothing is followed, nothing unpacked to disk, nothing guessed."""

import hashlib
import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from radaudit.errors import DossierError
from radaudit.verify import verify, verify_files
from radaudit.verify.archive import pack, unpack
from tests.attacks.small_dossier import good, named, refused

MANIFEST = "manifest-sha256.txt"


def as_zip(change: Callable[[zipfile.ZipFile], None], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in sorted(good().items()):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)
        change(archive)
    return buffer.getvalue()


def member(name: str, data: bytes = b"x", mode: int = 0) -> Callable[[zipfile.ZipFile], None]:
    def add(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        info.external_attr = mode << 16
        archive.writestr(info, data)

    return add


BOMB = b"\0" * (64 << 20)
ARCHIVES = {
    "climbs out": as_zip(member("../x")),
    "absolute": as_zip(member("/abs")),
    "windows drive": as_zip(member("C:\\x")),
    "backslash": as_zip(member("a\\..\\b")),
    "link": as_zip(member("link", b"/etc/passwd", stat.S_IFLNK | 0o777)),
    "folder": as_zip(member("folder/")),
    "case twice": as_zip(member("DOSSIER.json")),
    "reserved": as_zip(member("nul.txt")),
    "trailing dot": as_zip(member("x.")),
    "right to left": as_zip(member("x\u202egpj.exe")),
    "control": as_zip(member("x\ny")),
    "long": as_zip(member("x" * 300)),
    "bomb": as_zip(member("bomb", BOMB), zipfile.ZIP_DEFLATED),
    "compressed": as_zip(lambda _: None, zipfile.ZIP_DEFLATED),
    "comment": as_zip(lambda archive: setattr(archive, "comment", b"hello")),
    "tail": pack(good()) + b"tail",
    "head": b"#!/bin/sh\n" + pack(good()),
    "cut": pack(good())[:-30],
    "many": b"".join(struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 0, 0, 0x21, 0, 0, 0, 5, 0) + b"%05d" % i for i in range(5000)),
    "sizes lie": pack(good()).replace(struct.pack("<II", *[len(good()["study.yaml"])] * 2), struct.pack("<II", 1, 2), 1),
    "tar": b"dossier.json".ljust(257, b"\0") + b"ustar\x0000",
    "gzip": b"\x1f\x8b\x08" + b"\0" * 60,
    "nothing": b"",
    "encrypted": pack(good()).replace(struct.pack("<4sHH", b"PK\x03\x04", 20, 0), struct.pack("<4sHH", b"PK\x03\x04", 20, 1), 1),
    "directory differs": pack(good())[::-1].replace(b"lmay.yduts", b"lmax.yduts", 1)[::-1],
}


@pytest.mark.parametrize("what", ARCHIVES)
def test_an_archive_with_two_readings_is_refused(what: str, tmp_path: Path) -> None:
    path = tmp_path / "dossier.zip"
    path.write_bytes(ARCHIVES[what])
    with pytest.raises(DossierError) as caught:
        verify(path)
    assert caught.value.code == "VERIFY-002"
    assert caught.value.exit_code == 3
    assert sorted(item.name for item in tmp_path.iterdir()) == ["dossier.zip"]


def test_a_member_twice_is_refused() -> None:
    data = pack({"a": b"1"})
    body, rest = data[: data.index(b"PK\x01\x02")], data[data.index(b"PK\x01\x02") :]
    with pytest.raises(DossierError) as caught:
        unpack(body + body + rest)
    assert caught.value.code == "VERIFY-002"


def test_too_much_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from radaudit.verify import archive, reading

    monkeypatch.setattr(reading, "MOST_BYTES", 1000)
    monkeypatch.setattr(archive, "MOST_BYTES", 1000)
    (tmp_path / "dossier.json").write_bytes(b"x" * 1001)
    sparse = tmp_path / "x.zip"
    with sparse.open("wb") as stream:
        stream.truncate((1 << 20) + 2000)
    for path in (tmp_path, sparse):
        with pytest.raises(DossierError) as caught:
            verify(path)
        assert caught.value.code == "VERIFY-004"
    with pytest.raises(DossierError) as caught:
        pack({"a": b"x" * 1001})
    assert caught.value.code == "VERIFY-004"


def on_disk(folder: Path) -> Path:
    for name, data in good().items():
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("kind", ["link", "folder", "pipe", "hidden", "odd name"])
def test_a_folder_holds_plain_files_only(kind: str, tmp_path: Path) -> None:
    folder = on_disk(tmp_path)
    target = folder / "extra"
    if kind == "link":
        target.symlink_to("/etc/passwd")
    elif kind == "folder":
        target.mkdir()
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        (folder / (".hidden" if kind == "hidden" else "x\u202egpj.exe")).write_bytes(b"x")
    report = verify(folder)
    assert report.exit_code == 1
    assert "VERIFY-003" in {finding.code for finding in report.findings if finding.failed}


def test_a_listed_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    folder = on_disk(tmp_path)
    (tmp_path / "study.yaml").rename(tmp_path.parent / "elsewhere.yaml")
    (folder / "study.yaml").symlink_to(tmp_path.parent / "elsewhere.yaml")
    assert {"VERIFY-003", "VERIFY-012"} <= {finding.code for finding in verify(folder).findings if finding.failed}


def test_what_is_no_dossier_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("x")
    for path in (tmp_path, tmp_path / "nothing", Path("/dev/null")):
        with pytest.raises(DossierError) as caught:
            verify(path)
        assert caught.value.code == "VERIFY-001"


def test_missing_added_and_empty_files_are_named() -> None:
    for name in good():
        left = {key: data for key, data in good().items() if key != name}
        report = verify_files(left)
        assert report.exit_code == 1
        assert name in named(report)
    refused({**good(), "readme.txt": b"trust me"}, "VERIFY-013", "readme.txt")
    refused({**good(), "fetch.txt": b"http://x"}, "VERIFY-013", "fetch.txt")
    refused({**good(), "dossier.html": b""}, "VERIFY-011", "dossier.html")


EMPTY = hashlib.sha256(b"").hexdigest()
LINES = good()[MANIFEST].decode().splitlines(keepends=True)


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "".join(LINES)[:-1],
        "".join(LINES).upper(),
        "".join(reversed(LINES)),
        "".join(LINES) + LINES[-1],
        "".join(LINES).replace("  ", " "),
        "".join(LINES).replace("\n", "\r\n"),
        "".join(line[:32] + line[64:] for line in LINES),
        "".join(LINES) + f"{EMPTY}  ../x\n",
        "".join(LINES) + f"{EMPTY}  /etc/passwd\n",
        f"{EMPTY}  DOSSIER.JSON\n" + "".join(LINES),
        "".join(LINES) + f"{EMPTY}  z\\x\n",
        f"{EMPTY}  manifest-sha256.txt\n" + "".join(LINES),
    ],
)
def test_a_manifest_has_one_form(manifest: str) -> None:
    refused({**good(), MANIFEST: manifest.encode()}, "VERIFY-010", MANIFEST)


def test_a_manifest_covers_every_part_and_no_empty_file() -> None:
    from tests.attacks.small_dossier import reseal

    without = {name: data for name, data in good().items() if name != "payloads.jsonl"}
    refused(reseal(without), "VERIFY-015", "payloads.jsonl")
    refused(reseal({**good(), "empty.txt": b""}), "VERIFY-014", "empty.txt")
