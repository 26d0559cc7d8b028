"""Association of two classifications, and the chi-square tail it needs; numbers only, no scipy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from radaudit.arrays import Floats


def cramers_v(table: Floats) -> tuple[float, float, float]:
    """Return Cramér's V, V corrected for chance (Bergsma, J Korean Stat Soc 42:323, 2013) and the chi-square p of counts (r, c).

    Rows and columns without a count must not occur; needs at least two of each.
    """
    n = float(table.sum())
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    chi2 = float(((table - expected) ** 2 / expected).sum())
    r, c = table.shape
    phi2 = chi2 / n
    raw = math.sqrt(phi2 / (min(r, c) - 1))
    less = max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
    rr, cc = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    room = min(rr, cc) - 1
    return min(raw, 1.0), min(math.sqrt(less / room), 1.0) if room > 0 else 0.0, chi_square_tail(chi2, (r - 1) * (c - 1))


def chi_square_tail(x: float, df: int) -> float:
    """Return P(chi-square with ``df`` degrees of freedom > x): the regularised upper incomplete gamma function of df/2 at x/2."""
    a, z = df / 2.0, x / 2.0
    if z <= 0:
        return 1.0
    front = math.exp(a * math.log(z) - z - math.lgamma(a))
    return 1.0 - front * _series(a, z) if z < a + 1 else front * _fraction(a, z)


def _series(a: float, z: float) -> float:
    term = total = 1.0 / a
    k = a
    while abs(term) > abs(total) * 1e-17:
        k += 1
        term *= z / k
        total += term
    return total


def _fraction(a: float, z: float) -> float:
    """Return the continued fraction of the upper incomplete gamma function by Lentz's method."""
    b = z + 1 - a
    c, d = 1e300, 1.0 / b
    h = d
    for i in range(1, 10_000):
        step = -i * (i - a)
        b += 2
        d = 1.0 / (step * d + b)
        c = b + step / c
        h *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return h
