"""Row numbers as text: ``0-4,7`` is 0, 1, 2, 3, 4 and 7."""

from __future__ import annotations

import re
from collections.abc import Iterable

from radaudit.errors import LedgerError

RANGE = re.compile(r"(0|[1-9][0-9]{0,15})(?:-([1-9][0-9]{0,15}))?", re.ASCII)
MOST_ROWS = 100_000_000


def as_ranges(numbers: Iterable[int]) -> str:
    """Return the one text for a set of row numbers: sorted, without repeats, runs joined; the empty set is the empty text."""
    parts: list[str] = []
    first = last = -1
    for number in sorted(set(numbers)):
        if number < 0:
            raise LedgerError("LEDGER-012", f"row numbers start at 0, not {number}")
        if parts and number == last + 1:
            last = number
            parts[-1] = f"{first}-{last}"
        else:
            first = last = number
            parts.append(str(number))
    return ",".join(parts)


def as_numbers(text: str) -> tuple[int, ...]:
    """Return the row numbers of a text that ``as_ranges`` wrote; any other spelling raises LedgerError (LEDGER-012)."""
    numbers: list[int] = []
    for part in text.split(",") if text else ():
        match = RANGE.fullmatch(part)
        if match is None:
            raise LedgerError("LEDGER-012", "row ranges cannot be read", found=part[:40], fix="write them as 0-4,7")
        low = int(match[1])
        high = int(match[2] or low)
        if high - low + len(numbers) >= MOST_ROWS:
            raise LedgerError("LEDGER-012", f"row ranges name more than {MOST_ROWS:,} rows", found=part[:40])
        numbers.extend(range(low, high + 1))
    if as_ranges(numbers) != text:
        raise LedgerError("LEDGER-012", "row ranges are not sorted, overlap, or are not joined", found=text[:80], fix="write them as 0-4,7")
    return tuple(numbers)
