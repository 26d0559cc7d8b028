"""The Merkle tree hash of RFC 9162, section 2.1.1: one digest for a whole log."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def merkle_root(leaves: Sequence[bytes]) -> str:
    """Return the tree hash in hex: SHA-256(0x00 || leaf), SHA-256(0x01 || left || right), split at the largest power of two below n.

    Folding neighbours level by level and carrying an odd last node up gives the same tree.
    """
    if not leaves:
        return hashlib.sha256(b"").hexdigest()
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0].hex()
