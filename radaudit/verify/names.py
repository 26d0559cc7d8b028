"""File names a dossier may hold: flat, plain ASCII, the same on every system."""

from __future__ import annotations

import re
from collections.abc import Iterable

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


def problem_of(name: str, others: Iterable[str] = ()) -> str:
    """Return what is wrong with a file name beside others, as ``is called ...``; empty if nothing is."""
    if PLAIN.fullmatch(name) is None or name.endswith(".") or name.split(".")[0].casefold() in RESERVED:
        return f"is called {name[:60]!r}"
    if name.casefold() in {other.casefold() for other in others}:
        return f"is called {name!r} like another one"
    return ""
