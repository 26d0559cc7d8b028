"""The one clock: UTC, to the second, as text; SOURCE_DATE_EPOCH stops it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime

from radaudit.errors import LedgerError

Clock = Callable[[], str]
LAST_INSTANT = 253_402_300_799  # 9999-12-31T23:59:59Z


def utc_now() -> str:
    """Return the time as ``2026-11-23T08:00:00Z``; with SOURCE_DATE_EPOCH set, that time. Raises LedgerError (LEDGER-013)."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    if not fixed:
        return written(datetime.now(UTC))
    if not (fixed.isascii() and fixed.isdigit()) or int(fixed[:20]) > LAST_INSTANT:
        raise LedgerError(
            "LEDGER-013", "SOURCE_DATE_EPOCH is not a number of seconds", found=fixed[:40], fix="unset it, or export SOURCE_DATE_EPOCH=0"
        )
    return written(datetime.fromtimestamp(int(fixed), UTC))


def written(moment: datetime) -> str:
    """Return a UTC moment as text, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
