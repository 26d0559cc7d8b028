"""Text from tables made inert before it reaches a spreadsheet: a cell that a spreadsheet would run is quoted."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def inert(text: str) -> str:
    """Return ``text`` with a leading apostrophe if a spreadsheet would read it as a formula; plain numbers stay as they are."""
    if not text.startswith(FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text
