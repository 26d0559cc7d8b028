"""Compare what a pipeline gave on a variant with what it gave on the table as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats
    from radaudit.leaks.metamorphic.variants import Variant

TOLERANCE = 1e-8  # of the spread of the predictions: a matrix product of other shape may differ in its last digits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outputs:
    """What one run gave: ``risk (m, k)`` of each row of its table, NaN where none, and other numbers by name (threshold, coefficients)."""

    risk: Floats
    others: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "others", MappingProxyType(dict(self.others)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How many outputs changed: of training rows, of holdout rows, and which others; ``largest`` change in units of the spread.

    ``answered`` is False if not even the rows with garbage features changed: then the pipeline did not look at the table it was given.
    """

    training: int
    training_of: int
    holdout: int
    holdout_of: int
    others: tuple[str, ...] = ()
    largest: float = 0.0
    answered: bool = True

    @property
    def any(self) -> bool:
        """True if anything changed that must not."""
        return bool(self.training or self.holdout or self.others)

    @property
    def compared(self) -> int:
        """How many rows could be compared."""
        return self.training_of + self.holdout_of


def difference(base: Outputs, other: Outputs, variant: Variant, holdout: Bools, tolerance: float = TOLERANCE) -> Difference:
    """Return what differs between the outputs of the baseline and of ``variant``; ``holdout (n,)`` marks rows of the baseline's table.

    A row that lost or gained its prediction has changed; rows without one in both are not counted.
    """
    at = variant.comparable
    rows = variant.source[at]
    before, after = base.risk[rows], other.risk[at]
    spread = _spread(base.risk)
    if before.shape[1] != after.shape[1]:
        gap = np.full(len(rows), np.inf)
    else:
        both = np.isnan(before) & np.isnan(after)
        gap = np.where(both, 0.0, np.nan_to_num(np.abs(before - after), nan=np.inf)).max(axis=1, initial=0.0) / spread
    counted = ~np.isnan(before).all(axis=1) | ~np.isnan(after).all(axis=1)
    changed = (gap > tolerance) & counted
    held = holdout[rows]
    names = sorted({*base.others, *other.others})
    return Difference(
        training=int((changed & ~held).sum()),
        training_of=int((counted & ~held).sum()),
        holdout=int((changed & held).sum()),
        holdout_of=int((counted & held).sum()),
        others=tuple(name for name in names if _moved(base.others.get(name), other.others.get(name), tolerance)),
        largest=float(gap[counted].max(initial=0.0)),
        answered=_answered(base, other, variant),
    )


def _answered(base: Outputs, other: Outputs, variant: Variant) -> bool:
    at = np.flatnonzero(variant.garbage & ~variant.new)
    if not len(at) or base.risk.shape[1] != other.risk.shape[1]:
        return True
    return not np.array_equal(base.risk[variant.source[at]], other.risk[at], equal_nan=True)


def _spread(risk: Floats) -> float:
    known = risk[~np.isnan(risk)]
    wide = float(known.max() - known.min()) if len(known) else 0.0
    return wide if wide > 0 else max(1.0, float(np.abs(known).max(initial=0.0)))


def _moved(before: Floats | None, after: Floats | None, tolerance: float) -> bool:
    if before is None or after is None or before.shape != after.shape:
        return True
    size = max(1e-300, float(np.nanmax(np.abs(before), initial=0.0)))
    return not np.allclose(before, after, rtol=0.0, atol=tolerance * size, equal_nan=True)
