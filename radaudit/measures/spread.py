"""Whether groups differ in spread: Brown and Forsythe's test, and Levene's, for every feature at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.rows import codes_of, same_length
from radaudit.measures.siteeffect import SiteEffect, site_effect

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Centre = Literal["median", "mean"]


def spread_effect(x: ArrayLike, group: ArrayLike, *, centre: Centre = "median") -> SiteEffect:
    """Return how far ``group`` (n,) explains the distance of each cell of x (n, p) from the centre of its group; NaN cells are left out.

    The analysis of variance of |x - centre of its group|: with ``median`` Brown and Forsythe (JASA 69:364, 1974), which heavy tails and
    skewness hardly disturb, with ``mean`` Levene (1960). Raises what ``site_effect`` raises.
    """
    if centre not in ("median", "mean"):
        raise DesignError("PERF-006", "the centre of a spread test is the median or the mean", at="centre", found=str(centre))
    table = np.asarray(x, dtype=np.float64)
    if table.ndim == 1:
        table = table[:, None]
    codes = codes_of(group, "group")[1]
    same_length(x=table, group=codes)
    apart = np.full(table.shape, np.nan)
    for code in range(int(codes.max()) + 1 if codes.size else 0):
        rows = np.flatnonzero(codes == code)
        own = table[rows]
        measured = np.flatnonzero(np.isfinite(own).any(axis=0))
        middle = np.nanmedian(own[:, measured], axis=0) if centre == "median" else np.nanmean(own[:, measured], axis=0)
        apart[np.ix_(rows, measured)] = np.abs(own[:, measured] - middle)
    name = "Brown-Forsythe (Levene about the median)" if centre == "median" else "Levene (about the mean)"
    return replace(site_effect(apart, group), method=name)
