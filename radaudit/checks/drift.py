"""Drift: how far the values of a feature at one site lie from those at all other sites, by two distances between distributions.

Kolmogorov-Smirnov D is the largest difference of the two distribution functions. The population stability index compares shares p of the
site with shares q of the others in tenths of the others, sum (p - q) ln(p / q), with half a value added to each tenth (Siddiqi, Credit Risk
Scorecards, 2006, where 0.1 to 0.25 is called a moderate and more a major shift). A difference that chance makes too, at a family-wise level
over all sites and features, is not told: D by Kolmogorov's limit, the index by chi-squared with nine degrees, times 1/n + 1/m
(Yurdakul and Naranjo, J Risk Model Validation 14, 2020).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253  (numeric module; checks/__init__ does not import it)

from radaudit.checks.association import chi_squared_tail

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints

TENTHS = 10
MOST_ROWS = 3000  # of all sites together; beyond, each site gives an even sample of its rows (for magnitudes too)
LEAST_ROWS = 10  # finite values at the site and elsewhere


def sampled(sizes: Ints) -> Ints:
    """Return positions of rows sorted by site, at most MOST_ROWS: of larger sites rows at even distances."""
    if int(sizes.sum()) <= MOST_ROWS:
        return np.arange(int(sizes.sum()))
    share = max(LEAST_ROWS, MOST_ROWS // len(sizes))
    starts = np.append(0, np.cumsum(sizes)[:-1])
    picks = [
        start + (np.arange(min(size, share)) * size) // min(size, share)
        for start, size in zip(starts.tolist(), sizes.tolist(), strict=True)
    ]
    return np.concatenate(picks)


def distances(x: Floats, codes: Ints, sites: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return D, index, and finite values here and elsewhere, each ``(s, b)``, of ``x (b, m)``; ``codes (m,)`` are sites from 0.

    NaN where either side has fewer than LEAST_ROWS finite values.
    """
    b, m = x.shape
    order = np.argsort(x, axis=1)  # values that are not finite come last
    ranked = np.take_along_axis(x, order, axis=1)
    finite = np.isfinite(ranked)
    last = np.ones((b, m), dtype=bool)
    last[:, :-1] = ranked[:, 1:] != ranked[:, :-1]
    where = codes[order]
    n = finite.sum(axis=1)
    whole = np.cumsum(finite, axis=1)
    tables = [np.full((sites, b), np.nan) for _ in range(4)]
    for k in range(sites):
        here = (where == k) & finite
        ours = np.cumsum(here, axis=1)
        mine = ours[:, -1] if m else np.zeros(b, dtype=np.int64)
        others = n - mine
        fits = np.flatnonzero((mine >= LEAST_ROWS) & (others >= LEAST_ROWS))
        tables[2][k], tables[3][k] = mine, others
        if len(fits):
            theirs = (whole - ours)[fits]
            tables[0][k, fits] = _largest_gap(ours[fits], theirs, last[fits], mine[fits], others[fits])
            tables[1][k, fits] = _index(here[fits], finite[fits], theirs, last[fits], mine[fits], others[fits])
    return tables[0], tables[1], tables[2], tables[3]


def _largest_gap(ours: Ints, theirs: Ints, last: Bools, mine: Ints, others: Ints) -> Floats:
    gap = np.abs(ours / mine[:, None] - theirs / others[:, None])
    return np.asarray(np.where(last, gap, 0.0).max(axis=1))


def _index(here: Bools, finite: Bools, theirs: Ints, last: Bools, mine: Ints, others: Ints) -> Floats:
    """Return the index; the tenth of a value is that of the others' values below it."""
    rows = len(here)
    below = np.zeros(theirs.shape, dtype=np.int64)
    below[:, 1:] = np.maximum.accumulate(np.where(last[:, :-1], theirs[:, :-1], 0), axis=1)
    tenth = np.minimum(below * TENTHS // others[:, None], TENTHS - 1) + TENTHS * np.arange(rows)[:, None]
    p = np.bincount(tenth[here], minlength=rows * TENTHS).reshape(rows, TENTHS)
    q = np.bincount(tenth[finite & ~here], minlength=rows * TENTHS).reshape(rows, TENTHS)
    p, q = (p + 0.5) / (mine + TENTHS / 2)[:, None], (q + 0.5) / (others + TENTHS / 2)[:, None]
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=1))


def beyond_chance(d: Floats, index: Floats, here: Floats, elsewhere: Floats, level: float) -> tuple[Floats, Floats]:
    """Return both distances, 0 where chance at family-wise ``level`` over all of them makes as much; NaN where they are NaN."""
    tests = max(int(np.isfinite(d).sum()), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = 1 / here + 1 / elsewhere
        told_d = np.where(d > math.sqrt(-math.log(level / tests / 2) / 2) * np.sqrt(noise), d, 0.0)
        told_index = np.where(index > _quantile(TENTHS - 1, level / tests) * noise, index, 0.0)
    return np.where(np.isfinite(d), told_d, np.nan), np.where(np.isfinite(index), told_index, np.nan)


def _quantile(freedom: int, tail: float) -> float:
    """Return the value that a chi-squared variable exceeds with probability ``tail``."""
    low, high = 0.0, 1.0
    while chi_squared_tail(high, freedom) > tail:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if chi_squared_tail(middle, freedom) > tail else (low, middle)
    return high
