"""The moments of one batch, and what is done with two of them: add, take out, reorder, widen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radaudit.arrays import Floats, Ints

CANCELLED = 1e-12  # a difference this small against what it was taken from is rounding, not variation


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMoments:
    """The moments of one batch: ``rows`` rows, p features, q covariate columns, m incomplete features.

    ``n``, ``mean``, ``ss`` (p,); ``c_mean`` (q,), ``c_cross`` (q, q); ``cx`` (q, p); ``partial`` (m,) positions of the
    features with a missing cell, ``partial_c_mean`` (m, q), ``partial_c_cross`` (m, q, q) over their measured rows.
    """

    rows: int
    n: Ints
    mean: Floats
    ss: Floats
    c_mean: Floats
    c_cross: Floats
    cx: Floats
    partial: Ints
    partial_c_mean: Floats
    partial_c_cross: Floats

    def __post_init__(self) -> None:
        for name in self.__slots__[1:]:
            getattr(self, name).flags.writeable = False

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {name: getattr(self, name) for name in self.__slots__[1:]}


def covariates_of(own: BatchMoments, features: Ints) -> tuple[Floats, Floats]:
    """Return covariate means (m, q) and cross-products (m, q, q) over the measured rows of these features."""
    q = len(own.c_mean)
    mean = np.broadcast_to(own.c_mean, (len(features), q)).copy()
    cross = np.broadcast_to(own.c_cross, (len(features), q, q)).copy()
    if len(own.partial):
        place = np.minimum(np.searchsorted(own.partial, features), len(own.partial) - 1)
        here = own.partial[place] == features
        mean[here], cross[here] = own.partial_c_mean[place[here]], own.partial_c_cross[place[here]]
    return mean, cross


def joined(a: BatchMoments, b: BatchMoments) -> BatchMoments:
    """Return the moments of both sets of rows of one batch: Chan's update."""
    n = a.n + b.n
    total = np.maximum(n, 1)
    step, share = b.mean - a.mean, b.n / total
    harmonic = a.n * share
    rows = a.rows + b.rows
    c_step, c_harmonic = b.c_mean - a.c_mean, a.rows * (b.rows / rows)
    partial = np.union1d(a.partial, b.partial)
    cx = a.cx + b.cx + c_step[:, None] * step * harmonic
    pc_mean, pc_cross = np.zeros((len(partial), len(c_step))), np.zeros((len(partial), len(c_step), len(c_step)))
    if len(partial):
        (am, ac), (bm, bc) = covariates_of(a, partial), covariates_of(b, partial)
        own = bm - am
        pc_mean = am + own * share[partial][:, None]
        pc_cross = ac + bc + own[:, :, None] * own[:, None, :] * harmonic[partial][:, None, None]
        cx[:, partial] = a.cx[:, partial] + b.cx[:, partial] + own.T * step[partial] * harmonic[partial]
    return BatchMoments(
        rows=rows,
        n=n,
        mean=a.mean + step * share,
        ss=a.ss + b.ss + step * step * harmonic,
        c_mean=a.c_mean + c_step * (b.rows / rows),
        c_cross=a.c_cross + b.c_cross + np.outer(c_step, c_step) * c_harmonic,
        cx=cx,
        partial=partial,
        partial_c_mean=pc_mean,
        partial_c_cross=pc_cross,
    )


def remaining(whole: BatchMoments, out: BatchMoments) -> BatchMoments:
    """Return the moments of the rows of ``whole`` that are not in ``out``: Chan's update backwards."""
    n = whole.n - out.n
    total = np.maximum(n, 1)
    step, share = whole.mean - out.mean, out.n / total
    mean = np.where(n > 0, whole.mean + step * share, 0.0)
    harmonic = n * (out.n / np.maximum(whole.n, 1))
    gap = mean - out.mean
    ss = _difference(whole.ss, out.ss + gap * gap * harmonic)
    ss[n == 0] = 0.0
    rows = whole.rows - out.rows
    c_mean = whole.c_mean + (whole.c_mean - out.c_mean) * (out.rows / rows)
    c_gap = c_mean - out.c_mean
    c_cross = whole.c_cross - out.c_cross - np.outer(c_gap, c_gap) * (rows * (out.rows / whole.rows))
    cx = whole.cx - out.cx - c_gap[:, None] * gap * harmonic
    partial = np.union1d(whole.partial, out.partial)
    pc_mean, pc_cross = np.zeros((len(partial), len(c_gap))), np.zeros((len(partial), len(c_gap), len(c_gap)))
    if len(partial):
        (wm, wc), (om, oc) = covariates_of(whole, partial), covariates_of(out, partial)
        left = (n[partial] > 0)[:, None]
        pc_mean = np.where(left, wm + (wm - om) * share[partial][:, None], 0.0)
        own = pc_mean - om
        pc_cross = np.where(left[:, :, None], wc - oc - own[:, :, None] * own[:, None, :] * harmonic[partial][:, None, None], 0.0)
        cx[:, partial] = np.where(left.T, whole.cx[:, partial] - out.cx[:, partial] - own.T * gap[partial] * harmonic[partial], 0.0)
    return BatchMoments(
        rows=rows,
        n=n,
        mean=mean,
        ss=ss,
        c_mean=c_mean,
        c_cross=c_cross,
        cx=cx,
        partial=partial,
        partial_c_mean=pc_mean,
        partial_c_cross=pc_cross,
    )


def _difference(whole: Floats, taken: Floats) -> Floats:
    rest = whole - taken
    rest[rest < CANCELLED * whole] = 0.0
    return rest


def reordered(own: BatchMoments, order: Ints) -> BatchMoments:
    """Return the moments of the features at these positions."""
    place = {int(j): i for i, j in enumerate(own.partial)}
    partial = np.array([i for i, j in enumerate(order.tolist()) if j in place], dtype=np.int64)
    at = np.array([place[int(order[i])] for i in partial], dtype=np.int64)
    return BatchMoments(
        rows=own.rows,
        n=own.n[order],
        mean=own.mean[order],
        ss=own.ss[order],
        c_mean=own.c_mean,
        c_cross=own.c_cross,
        cx=np.ascontiguousarray(own.cx[:, order]),
        partial=partial,
        partial_c_mean=own.partial_c_mean[at],
        partial_c_cross=own.partial_c_cross[at],
    )


def spread(own: BatchMoments, at: Ints, q: int) -> BatchMoments:
    """Return the moments with covariate columns moved to positions ``at`` of ``q``; the other columns are zero."""

    def wide(array: Floats, axes: Sequence[int]) -> Floats:
        shape = [q if axis in axes else size for axis, size in enumerate(array.shape)]
        out = np.zeros(shape)
        out[np.ix_(*[at if axis in axes else np.arange(size) for axis, size in enumerate(array.shape)])] = array
        return out

    return BatchMoments(
        rows=own.rows,
        n=own.n,
        mean=own.mean,
        ss=own.ss,
        c_mean=wide(own.c_mean, [0]),
        c_cross=wide(own.c_cross, [0, 1]),
        cx=wide(own.cx, [0]),
        partial=own.partial,
        partial_c_mean=wide(own.partial_c_mean, [1]),
        partial_c_cross=wide(own.partial_c_cross, [1, 2]),
    )
