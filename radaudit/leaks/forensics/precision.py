"""How exactly a table was written: rounding to significant digits or to decimals, or single precision, estimated column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints

FULL = 15  # significant digits from which a column counts as written in full
ROWS = 120  # rows looked at: the chance that all of them happen to end in zero is nil
SAME = 4e-15  # relative: decimal numbers survive the trip through binary within this


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Precision:
    """``digits (p,)`` significant digits, ``decimals (p,)`` digits after the point, ``single (p,)`` true for columns of 32-bit floats."""

    digits: Ints
    decimals: Ints
    single: Bools

    def quanta(self, x: Floats, columns: Ints | Bools | slice = slice(None)) -> Floats:
        """Return the largest rounding error of each value of ``x (n, k)``, the columns ``columns`` of the table.

        Half a unit of the last digit written: the coarser of the last significant digit and the last decimal, which is right for
        tables rounded either way; for columns written in full half a unit in the last binary place.
        """
        size = np.abs(np.where(np.isnan(x), 1.0, x))
        power = np.floor(np.log10(np.where(size > 0, size, 1e-300)))
        digits, decimals, single = self.digits[columns], self.decimals[columns], self.single[columns]
        written = np.maximum(0.5 * 10.0 ** (power - digits + 1), 0.5 * 10.0 ** (-decimals.astype(np.float64)))
        binary = np.where(single, 2.0**-24, 2.0**-53) * size
        return np.asarray(np.where(digits < FULL, written, binary))


def precision_of(x: Floats) -> Precision:
    """Estimate the precision of each column of ``x (n, p)`` from up to ROWS rows spread over the table."""
    sample = x[np.unique(np.linspace(0, len(x) - 1, min(ROWS, len(x))).astype(int))] if len(x) else x
    known = ~np.isnan(sample)
    value = np.where(known, sample, 0.0)
    size = np.abs(value)
    power = np.floor(np.log10(np.where(size > 0, size, 1.0)))
    digits = np.full(x.shape[1], FULL + 1)
    decimals = np.full(x.shape[1], FULL + 3)
    near = SAME * size
    for d in range(FULL, 0, -1):
        step = 10.0 ** (power - d + 1)
        digits[(np.abs(np.rint(value / step) * step - value) <= near).all(axis=0)] = d
    for k in range(FULL + 2, -1, -1):
        fits = (np.abs(np.rint(value * 10.0**k) / 10.0**k - value) <= near).all(axis=0)
        decimals[fits] = k
    with np.errstate(over="ignore"):
        single = (value.astype(np.float32).astype(np.float64) == value).all(axis=0) & (digits > 9)
    return Precision(digits=np.where(single, FULL + 1, digits), decimals=decimals, single=single)
