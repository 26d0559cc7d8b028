"""Natural cubic splines on fixed knots, for covariates whose effect is not a line (ComBat-GAM, Pomponio et al. 2020).

The cardinal basis (Wood, Generalized Additive Models, 2nd ed., section 5.3.1; ``bs="cr"`` in mgcv): column j is the natural
cubic spline that is 1 at knot j and 0 at the others. The columns sum to one, so the first is left out beside an intercept.
Knots are part of the frozen fit and shared by all features: the same rows give the same columns, today and elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError

if TYPE_CHECKING:
    from radaudit.arrays import Floats

Outside = Literal["refuse", "clamp", "linear"]


def knots_at_quantiles(values: Sequence[float], count: int) -> tuple[float, ...]:
    """Return ``count`` knots at evenly spaced quantiles, first and last at the extremes. Raises DesignError HARM-020."""
    if count < 3:
        raise DesignError("HARM-020", "a spline needs at least 3 knots", found=str(count), fix="5 knots suit most covariates")
    knots = tuple(float(k) for k in np.quantile(np.asarray(values, dtype=np.float64), np.linspace(0, 1, count)))
    return checked(knots)


def checked(knots: Sequence[float]) -> tuple[float, ...]:
    """Return the knots if they are at least three, finite and increasing. Raises DesignError HARM-020."""
    own = tuple(float(k) for k in knots)
    if len(own) < 3 or not np.isfinite(own).all() or any(b <= a for a, b in pairwise(own)):
        raise DesignError(
            "HARM-020",
            "knots must be at least three finite numbers in increasing order",
            found=str(own),
            fix="fewer knots, or distinct ones",
        )
    return own


def columns(values: Floats, knots: Sequence[float], outside: Outside, name: str) -> Floats:
    """Return the basis without its first column, (n, knots - 1), each row from its own value; NaN stays NaN.

    Beyond the knots ``linear`` continues the tangent, ``clamp`` the value at the last knot; ``refuse`` raises DesignError
    HARM-021.
    """
    k = np.asarray(knots, dtype=np.float64)
    beyond = (values < k[0]) | (values > k[-1])
    if outside == "refuse" and bool(beyond.any()):
        raise DesignError(
            "HARM-021",
            f'covariate "{name}" lies outside the knots of its spline in {int(beyond.sum())} row(s)',
            found=f"knots from {k[0]:g} to {k[-1]:g}",
            fix='outside="linear" or "clamp", stated before the fit',
            rows=tuple(np.flatnonzero(beyond).tolist()),
        )
    inside = np.clip(values, k[0], k[-1])
    at = np.clip(np.searchsorted(k, np.nan_to_num(inside, nan=k[0]), side="right") - 1, 0, len(k) - 2)
    h = k[at + 1] - k[at]
    left, right = k[at + 1] - inside, inside - k[at]
    curve = second_derivatives(knots)
    rows = np.arange(len(values))
    basis = ((left**3 / h - h * left) / 6)[:, None] * curve[at] + ((right**3 / h - h * right) / 6)[:, None] * curve[at + 1]
    basis[rows, at] += left / h
    basis[rows, at + 1] += right / h
    if outside == "linear":
        basis += np.minimum(values - k[0], 0.0)[:, None] * _slope(k, curve, 0) + np.maximum(values - k[-1], 0.0)[:, None] * _slope(
            k, curve, -1
        )
    return np.ascontiguousarray(basis[:, 1:])


def _slope(k: Floats, curve: Floats, end: int) -> Floats:
    """Return the slope of every basis function at the first or last knot, where the second derivative is zero."""
    a, b = (0, 1) if end == 0 else (len(k) - 2, len(k) - 1)
    h = k[b] - k[a]
    slope = np.zeros(len(k))
    slope[a], slope[b] = -1 / h, 1 / h
    bend: Floats = -h / 6 * curve[b] if end == 0 else h / 6 * curve[a]
    return slope + bend


def second_derivatives(knots: Sequence[float]) -> Floats:
    """Return the second derivatives (knots, basis) at the knots: Wood's F, from the tridiagonal system solved by elimination."""
    k = [float(v) for v in knots]
    m = len(k)
    h = [b - a for a, b in pairwise(k)]
    right = np.zeros((m - 2, m))
    for i in range(m - 2):
        right[i, i], right[i, i + 1], right[i, i + 2] = 1 / h[i], -1 / h[i] - 1 / h[i + 1], 1 / h[i + 1]
    diagonal = [(h[i] + h[i + 1]) / 3 for i in range(m - 2)]
    for i in range(1, m - 2):
        factor = (h[i] / 6) / diagonal[i - 1]
        diagonal[i] -= factor * (h[i] / 6)
        right[i] -= factor * right[i - 1]
    curve = np.zeros((m, m))
    for i in reversed(range(m - 2)):
        follow = (h[i + 1] / 6) * curve[i + 2] if i < m - 3 else 0.0
        curve[i + 1] = (right[i] - follow) / diagonal[i]
    return curve
