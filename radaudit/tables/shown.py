"""Text from a table, shown so that it cannot steer a terminal: control, bidirectional and other unseen characters are written out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

LONGEST = 60


def inert(value: str, *, longest: int = LONGEST) -> str:
    """Return ``value`` with every character that does not print written as an escape, cut after ``longest`` characters."""
    text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in value[: longest + 1])
    return text if len(value) <= longest else f"{text[:longest]}..."


def quoted(value: str) -> str:
    """Return ``value`` inert and in double quotes."""
    return f'"{inert(value)}"'


def counted(tally: Mapping[str, int], *, most: int = 5, mark: str = " x") -> str:
    """Return ``"a" x3, "b" x1, ...``, the most frequent first, never more than ``most``."""
    items = sorted(tally.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{quoted(value)}{mark}{count}" for value, count in items[:most])
    return shown if len(items) <= most else f"{shown}, ... ({len(items)} different)"


def few(values: Iterable[str], *, most: int = 5) -> str:
    """Return names inert and separated by commas, never more than ``most``."""
    items = [inert(value) for value in values]
    return ", ".join(items[:most]) if len(items) <= most else f"{', '.join(items[:most])}, ... ({len(items)} in all)"
