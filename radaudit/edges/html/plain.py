"""Text on its way into the page: nothing acts, nothing hides, nothing turns the reading order."""

from __future__ import annotations

import unicodedata

ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"}
HIDDEN = frozenset({"Cf", "Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
BLANK = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")
KEPT = frozenset("\n")


def visible(text: str) -> str:
    """Return the text with every control, format, bidi, private, unassigned and lone surrogate character written out as ⟦U+202E⟧.

    A new line stays; a tab becomes a space.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(letter) for letter in text)


def _shown(letter: str) -> str:
    if letter == "\t":
        return " "
    if letter in KEPT:
        return letter
    if letter in BLANK or unicodedata.category(letter) in HIDDEN or 0xFE00 <= ord(letter) <= 0xFE0F or 0xE0100 <= ord(letter) <= 0xE01EF:
        return f"⟦U+{ord(letter):04X}⟧"
    return letter


def escaped(text: str) -> str:
    """Return the text made visible and safe inside elements and quoted attributes."""
    shown = visible(text)
    return "".join(ESCAPES.get(letter, letter) for letter in shown) if any(letter in ESCAPES for letter in shown) else shown


def css_text(text: str, most: int = 80) -> str:
    """Return the text as the inside of a CSS string: all but plain letters, digits and spaces is written as a code point."""
    shown = visible(text).replace("\n", " ")
    shown = shown if len(shown) <= most else shown[: most - 1] + "…"
    return "".join(c if c == " " or (c.isascii() and c.isalnum()) else f"\\{ord(c):06x}" for c in shown)
