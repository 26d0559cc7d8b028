"""Midranks of all columns at once; missing cells have no rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from radaudit.arrays import Floats


def midranks(x: Floats) -> Floats:
    """Return the midranks 1..m of each column of ``x`` (n, p) among its m measured cells; ties share the mean rank, NaN stays NaN."""
    n, p = x.shape
    order = np.argsort(x, axis=0, kind="stable")
    ordered = np.take_along_axis(x, order, axis=0)
    new = np.ones((n, p), dtype=bool)
    # NaN sorts last and differs from itself; its ranks are erased below
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    place = np.arange(n)[:, None]
    first = np.maximum.accumulate(np.where(new, place, 0), axis=0)
    ends = np.ones((n, p), dtype=bool)
    ends[:-1] = new[1:]
    last = np.minimum.accumulate(np.where(ends, place, n)[::-1], axis=0)[::-1]
    ranks = np.empty((n, p))
    np.put_along_axis(ranks, order, 0.5 * (first + last) + 1.0, axis=0)
    ranks[np.isnan(x)] = np.nan
    return ranks
