"""Linear models with one random intercept per group, by REML, for many outcomes on one design.

V = I + theta Z Z' per unit of sigma^2, so that every product with V^-1 is a plain product minus weights theta / (1 + m theta)
times sums over groups of m rows. The profiled criterion (n - k) log RSS + log|V| + log|X'V^-1X| (Bates et al., J Stat Softw
67(1), 2015, eq. 39-42) is minimised over theta >= 0: bracketed on a grid, then by bisection of its derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from radaudit.arrays import Floats, Ints

GRID = 49
HALVINGS = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomIntercept:
    """Per outcome: ``coefficients`` (k, p), residual SD ``sigma`` (p,), ``ratio`` (p,) of variances, predicted ``intercepts`` (n, p)."""

    coefficients: Floats
    sigma: Floats
    ratio: Floats
    intercepts: Floats


class _Sums:
    """Cross-products of design and residuals, in all and by group size."""

    def __init__(self, design: Floats, rest: Floats, groups: Sequence[Ints]) -> None:
        self.n, self.k = design.shape
        self.sizes = sorted({len(rows) for rows in groups})
        self.groups = {m: [rows for rows in groups if len(rows) == m] for m in self.sizes}
        self.xx, self.xy, self.yy = design.T @ design, design.T @ rest, np.einsum("ij,ij->j", rest, rest)
        sums = {
            m: (np.array([design[r].sum(axis=0) for r in own]), np.array([rest[r].sum(axis=0) for r in own]))
            for m, own in self.groups.items()
        }
        self.gxx = np.array([x.T @ x for x, _ in sums.values()])
        self.gxy = np.array([x.T @ y for x, y in sums.values()])
        self.gyy = np.array([(y * y).sum(axis=0) for _, y in sums.values()])
        self.m = np.array(self.sizes, dtype=np.float64)
        self.count = np.array([len(own) for own in self.groups.values()], dtype=np.float64)

    def solve(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Return coefficients (p, k), weighted residual sum of squares (p,) and the inverse of X'V^-1X (p, k, k)."""
        w = theta[:, None] / (1.0 + self.m * theta[:, None])
        inverse = np.linalg.inv(self.xx - np.einsum("pm,mkl->pkl", w, self.gxx))
        right = self.xy.T - np.einsum("pm,mkp->pk", w, self.gxy)
        b = np.einsum("pkl,pl->pk", inverse, right)
        rss = self.yy - np.einsum("pm,mp->p", w, self.gyy) - np.einsum("pk,pk->p", b, right)
        return b, np.maximum(rss, 0.0), inverse

    def criterion(self, theta: Floats) -> Floats:
        """Return the profiled REML criterion (p,)."""
        _, rss, inverse = self.solve(theta)
        log_v = (self.count * np.log1p(self.m * theta[:, None])).sum(axis=1)
        value: Floats = (self.n - self.k) * np.log(rss) + log_v - np.linalg.slogdet(inverse)[1]
        return value

    def slope(self, theta: Floats) -> Floats:
        """Return the derivative of the criterion (p,)."""
        b, rss, inverse = self.solve(theta)
        u = 1.0 / (1.0 + self.m * theta[:, None]) ** 2
        level = self.gyy.T - 2 * np.einsum("pk,mkp->pm", b, self.gxy) + np.einsum("pk,mkl,pl->pm", b, self.gxx, b)
        trace = np.einsum("pkl,mlk->pm", inverse, self.gxx)
        log_v = (self.count * self.m / (1.0 + self.m * theta[:, None])).sum(axis=1)
        value: Floats = -(self.n - self.k) * (u * level).sum(axis=1) / rss + log_v - (u * trace).sum(axis=1)
        return value


def fit_random_intercept(y: Floats, design: Floats, groups: Sequence[Ints]) -> RandomIntercept:
    """Return the REML fit of every column of ``y`` (n, p) on ``design`` (n, k) of full rank, groups given as row positions."""
    scale = np.sqrt((design**2).mean(axis=0))
    unit = design / scale
    plain = np.linalg.lstsq(unit, y, rcond=None)[0]
    rest = y - unit @ plain
    spread = rest.std(axis=0)
    moving = spread > 0
    size = np.where(moving, spread, 1.0)
    sums = _Sums(unit, np.where(moving, rest / size, np.random.default_rng(0).standard_normal((len(y), 1))), groups)
    ratio = _ratio(sums, y.shape[1])
    b, rss, _ = sums.solve(ratio)
    coefficients = plain + np.where(moving, b.T * size, 0.0)
    sigma = np.where(moving, np.sqrt(rss / (sums.n - sums.k)) * size, 0.0)
    ratio = np.where(moving, ratio, 0.0)
    left = y - unit @ coefficients
    intercepts = np.zeros_like(y)
    for rows in groups:
        intercepts[rows] = ratio * left[rows].sum(axis=0) / (1.0 + len(rows) * ratio)
    return RandomIntercept(coefficients=coefficients / scale[:, None], sigma=sigma, ratio=ratio, intercepts=intercepts)


def _ratio(sums: _Sums, p: int) -> Floats:
    """Return the minimising ratio (p,), searched over theta / (1 + theta) in [0, 1)."""
    grid = np.linspace(0.0, 1.0, GRID + 1)[:-1] ** 1.5
    values = np.array([sums.criterion(np.full(p, g / (1 - g))) for g in grid])
    best = values.argmin(axis=0)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, GRID - 1)]
    at_zero = (best == 0) & (sums.slope(np.zeros(p)) >= 0)
    high = np.where(best == GRID - 1, 1.0 - 1e-9, high)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        rising = sums.slope(middle / (1 - middle)) > 0
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    middle = 0.5 * (low + high)
    return np.where(at_zero, 0.0, middle / (1 - middle))
