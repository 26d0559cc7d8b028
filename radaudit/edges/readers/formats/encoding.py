"""Encoding of a text table: a byte-order mark, then strict UTF-8, then windows-1252; stated encodings are taken at their word.

A file of an old Mac has other letters at the same bytes: if every foreign byte is a letter in both readings and stands inside a word, the
file has two readings and is refused; if windows-1252 has no letter there, the message says what mac-roman gives.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from radaudit.errors import TableError, nearest
from radaudit.tables.shown import quoted

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

ENCODINGS = ("utf-8", "utf-16", "windows-1252", "latin-1", "mac-roman", "windows-1250", "windows-1251", "shift-jis", "gb18030")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The content as UTF-8 bytes without a mark, the encoding it had, how that is known, and how many characters depend on it."""

    body: bytes
    encoding: str
    how: str
    foreign: int = 0


def decode(data: bytes, *, stated: str | None, label: str) -> Decoded:
    """Return the content as UTF-8; raises TableError READ-033 if the stated or any known encoding does not fit."""
    if stated is not None:
        return _stated(data, stated, label)
    for mark, name in MARKS:
        if data.startswith(mark):
            body = data[len(mark) :] if name == "utf-8-sig" else _strict(data, name, label, "byte-order mark").encode()
            if name == "utf-8-sig":
                _strict(body, "utf-8", label, "byte-order mark")
            return Decoded(body=body, encoding=name, how="byte-order mark")
    wide = _without_mark(data)
    if wide:
        return Decoded(body=_strict(data, wide, label, "zero bytes").encode(), encoding=wide, how="likely: every other byte is zero")
    if b"\0" in data:
        raise TableError("READ-030", f"{label} is not a text table: it holds zero bytes", fix="export it as CSV, XLSX or Parquet")
    try:
        if not data.isascii():
            data.decode("utf-8")
    except UnicodeDecodeError:
        _refuse_mac(data, label)
        text = _strict(data, "cp1252", label, "not UTF-8")
        foreign = sum(1 for char in text if not char.isascii())
        return Decoded(body=text.encode(), encoding="windows-1252", how="likely: not UTF-8", foreign=foreign)
    return Decoded(body=data, encoding="utf-8", how="certain")


def _refuse_mac(data: bytes, label: str) -> None:
    """Raise READ-104 if mac-roman makes words of the foreign bytes at least as well as windows-1252 does."""
    letters = data.translate(None, bytes(range(0x80)))
    foreign = sorted(set(letters))
    mac = bytes(foreign).decode("mac-roman")
    windows = bytes(foreign).decode("cp1252", "replace")
    if foreign[-1] > 0x9F or not all(char.isalpha() for char in mac) or not all(char.isalpha() or char == "\ufffd" for char in windows):
        return
    at = data.index(letters[:1])
    start = max(data.rfind(mark, 0, at) for mark in b' ,;\t\r\n"|') + 1
    word = data[start : at + 12].split(b"\n")[0].split(b",")[0].split(b";")[0].split(b"\t")[0]
    raise TableError(
        "READ-104",
        f"letters of {label} fit two encodings: {quoted(word.decode('mac-roman'))} or {quoted(word.decode('cp1252', 'replace'))}",
        found=f"{len(letters)} letters are not ASCII, and the file is not UTF-8",
        fix=f"{{file: {label}, encoding: mac-roman}}   # or windows-1252",
    )


def _stated(data: bytes, stated: str, label: str) -> Decoded:
    try:
        name = codecs.lookup(stated).name
        b"".decode(name)
    except LookupError:
        raise TableError(
            "READ-033", f"there is no encoding {quoted(stated)}", near=nearest(stated, ENCODINGS), fix="encoding: utf-8   # or windows-1252"
        ) from None
    if name == "utf-8" and data.startswith(codecs.BOM_UTF8):
        name = "utf-8-sig"
    text = _strict(data, name, label, "stated in the study")
    return Decoded(body=text.removeprefix("\ufeff").encode(), encoding=stated, how="stated")


def _strict(data: bytes, name: str, label: str, why: str) -> str:
    try:
        return data.decode(name)
    except UnicodeError as problem:
        at = getattr(problem, "start", 0)
        raise TableError(
            "READ-033",
            f"{label} cannot be read as {name} ({why})",
            found=f"byte {at} is {quoted(repr(data[at : at + 1]))}",
            fix="{file: ..., encoding: windows-1252}   # or the encoding it really has",
        ) from None


def _without_mark(data: bytes) -> str | None:
    start = data[:400]
    if len(start) < 4 or (len(start) % 2 and len(data) < 400):
        return None
    if start[1::2].count(0) > 0.9 * len(start[1::2]) and start[0::2].count(0) == 0:
        return "utf-16-le"
    if start[0::2].count(0) > 0.9 * len(start[0::2]) and start[1::2].count(0) == 0:
        return "utf-16-be"
    return None
