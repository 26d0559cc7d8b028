"""Dates of accrual as day numbers: unambiguous spellings only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from radaudit.errors import DesignError

SPELLINGS = re.compile(r"^(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$|^(\d{4})(\d{2})(\d{2})$")


def accrual_day(column: str, cells: Sequence[str | None]) -> list[int]:
    """Return day numbers of ISO 8601 dates (``2024-03-05``, a time may follow) or DICOM dates (``20240305``).

    Raises DesignError READ-070 for missing dates and any other spelling: ``03/05/2024`` is two dates.
    """
    days = [_day(cell) for cell in cells]
    unread = [i for i, day in enumerate(days) if day is None]
    if unread:
        spelt = sum(cells[i] is not None for i in unread)
        raise DesignError(
            "READ-070",
            f'column "{column}" gives no accrual date in {len(unread)} row(s)',
            found=f"{spelt} in another spelling, {len(unread) - spelt} missing",
            fix="write dates as YYYY-MM-DD; rows without a date cannot be placed in accrual order",
            column=column,
            rows=tuple(unread),
        )
    return [day for day in days if day is not None]


def known_days(cells: Sequence[str | None]) -> list[int | None]:
    """Return day numbers of the dates that are spelt unambiguously, None for all other cells."""
    return [_day(cell) for cell in cells]


def _day(cell: str | None) -> int | None:
    found = SPELLINGS.match(cell.strip()) if cell is not None else None
    if not found:
        return None
    year, month, day = (int(part) for part in found.groups() if part is not None)
    try:
        return date(year, month, day).toordinal()
    except ValueError:
        return None
