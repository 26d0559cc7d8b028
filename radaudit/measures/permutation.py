"""A statistic among its values under shuffling: the permutation p-value and the null it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen

if TYPE_CHECKING:
    from radaudit.arrays import Floats

Side = Literal["greater", "two-sided"]

BINS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Permuted:
    """A statistic, its values ``null`` (B,) under B shuffles in increasing order, and p = (1 + k) / (1 + B).

    ``value`` and ``p`` are None, with the ``reason``, where the question cannot be asked.
    """

    value: float | None
    p: float | None
    null: Floats
    method: str
    reason: str | None = None

    @property
    def permutations(self) -> int:
        """How often was shuffled."""
        return int(self.null.size)

    def bounds(self, level: float = 0.95) -> tuple[float, float] | None:
        """Return the central ``level`` of the null, or None without one."""
        if not self.permutations:
            return None
        low, high = np.quantile(self.null, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def document(self) -> dict[str, object]:
        """Return plain JSON values: the null as a histogram of ``BINS`` equal bins, with its mean and central 95 %."""
        counts, edges = np.histogram(self.null, bins=BINS) if self.permutations else (np.empty(0), np.empty(0))
        low, high = self.bounds() or (None, None)
        return {
            "observed": self.value,
            "p": self.p,
            "repeats": self.permutations,
            "edges": edges.tolist(),
            "counts": [int(count) for count in counts],
            "null_mean": float(self.null.mean()) if self.permutations else None,
            "null_low": low,
            "null_high": high,
            "method": self.method,
            "reason": self.reason,
        }


def unpermuted(reason: str, method: str) -> Permuted:
    """Return a permutation answer without a value, and why."""
    return Permuted(value=None, p=None, null=frozen([]), method=method, reason=reason)


def permuted(value: float, null: Floats, method: str, *, side: Side = "greater", centre: float = 0.0) -> Permuted:
    """Return the permutation answer for ``value`` among ``null`` (B,); ties count as extreme (Phipson and Smyth, SAGMB 2010).

    Two-sided compares distances from ``centre``. A margin of 1e-12 keeps ties tied whatever the order of summation.
    """
    observed, values = (value, null) if side == "greater" else (abs(value - centre), np.abs(null - centre))
    extreme = int(np.count_nonzero(values >= observed - 1e-12))
    text = f"{method}, {null.size} permutations, {side}, p = (1 + k) / (1 + B)"
    return Permuted(value=float(value), p=(1 + extreme) / (1 + null.size), null=frozen(np.sort(null)), method=text)
