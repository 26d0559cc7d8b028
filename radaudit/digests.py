"""Canonical bytes and digests; standard library only.

Canonical JSON, version 1: UTF-8, text in NFC, keys sorted by code point, no white space, no duplicate keys, integers
as they are, finite floats in Python's shortest form that reads back to the same double (``-0.0`` becomes ``0.0``), no NaN
and no infinity (write null and say why), one newline at the end of a file. SHA-256 of these bytes is the digest.
"""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CHUNK = 1 << 20


def canonical(value: object) -> bytes:
    """Return the canonical JSON bytes of a value made of mappings, sequences, text, numbers, booleans and None.

    Raises ValueError for NaN, infinities and duplicate keys after NFC, TypeError for anything that is not JSON.
    """
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("utf-8")


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return unicodedata.normalize("NFC", str(value))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"canonical JSON holds no {value!r}: write null and say why")
        return float(value) + 0.0
    if isinstance(value, Mapping):
        plain: dict[str, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"canonical JSON keys are text, not {type(key).__name__}")
            name = unicodedata.normalize("NFC", key)
            if name in plain:
                raise ValueError(f"key {name!r} occurs twice")
            plain[name] = _plain(item)
        return plain
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"canonical JSON holds no {type(value).__name__}")


def strict_json(data: bytes) -> Any:
    """Parse JSON and refuse what two readers could read differently: duplicate keys, NaN, infinities, deep nesting, a BOM.

    Raises ValueError.
    """

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, item in items:
            if key in seen:
                raise ValueError(f"key {key!r} occurs twice")
            seen[key] = item
        return seen

    def no_constant(word: str) -> Any:
        raise ValueError(f"{word} is not JSON")

    def finite(text: str) -> float:
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(f"{text} is out of range")
        return number

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_constant=no_constant, parse_float=finite)
    except RecursionError:
        raise ValueError("nested too deep") from None


def sha256(data: bytes) -> str:
    """Return the SHA-256 of bytes in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def digest(value: object) -> str:
    """Return the SHA-256 of a value's canonical JSON."""
    return sha256(canonical(value))


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, read in chunks."""
    state = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            state.update(chunk)
    return state.hexdigest()
