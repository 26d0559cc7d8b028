"""Pointers into the evidence: what stands there, whether it says anything, and its digest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from radaudit.digests import digest

# what people write where they have nothing to say
PLACEHOLDERS = frozenset(
    {
        "-",
        "–",
        "—",
        "?",
        ".",
        "...",
        "…",
        "n/a",
        "na",
        "nan",
        "none",
        "null",
        "nil",
        "unknown",
        "undefined",
        "unclear",
        "not known",
        "not stated",
        "not defined",
        "not available",
        "not recognised",
        "not stated in the table",
        "todo",
        "to do",
        "tbd",
        "tba",
        "tbc",
        "to be done",
        "to be defined",
        "xxx",
        "pending",
        "missing",
    }
)


def at(evidence: object, pointer: str) -> Any:
    """Return what a JSON pointer (RFC 6901) leads to, None if it leads nowhere."""
    value: Any = evidence
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, Sequence) and not isinstance(value, str) and key.isdecimal() and key.isascii() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def filled(value: object) -> bool:
    """Return True if a value says something: a finite number, a text that is no placeholder, a collection with such a member.

    False says nothing: a form that denies a thing is no evidence for it.
    """
    if value is None or value is False:
        return False
    if isinstance(value, bool):
        return True
    if isinstance(value, int | float):
        return math.isfinite(value)
    if isinstance(value, str):
        words = value.strip().strip(".…?").strip().casefold()
        return bool(words) and words not in PLACEHOLDERS and value.strip().casefold() not in PLACEHOLDERS
    if isinstance(value, Mapping):
        return any(filled(item) for item in value.values())
    if isinstance(value, Sequence):
        return any(filled(item) for item in value)
    return False


def number(value: object) -> float | None:
    """Return a finite number, else None; a truth value is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def sealed(evidence: object, pointer: str) -> dict[str, str] | None:
    """Return the pointer from the root of ``dossier.json`` with the SHA-256 of what stands there; None if that cannot be digested."""
    try:
        return {"pointer": f"/evidence{pointer}", "sha256": digest(at(evidence, pointer))}
    except (TypeError, ValueError):
        return None
