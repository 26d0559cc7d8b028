"""The two halves of LeakBench, fixed before anything was judged: thresholds are set on one, rates are reported on the other.

A table belongs to the judging half if the first byte of the SHA-256 of ``leakbench NAME`` is even. Nothing else decides. This file was
committed before the first run on the judging half; cuts of one table share its name and with it its half.
"""

from __future__ import annotations

import hashlib

JUDGING, DEVELOPMENT = "judging", "development"


def half(table: str) -> str:
    """Return the half this table belongs to."""
    return DEVELOPMENT if hashlib.sha256(f"leakbench {table}".encode()).digest()[0] & 1 else JUDGING
