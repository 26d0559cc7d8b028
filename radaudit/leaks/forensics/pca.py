"""Were principal or independent components computed with the test rows? Components are exactly uncorrelated on the rows of their fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.forms import LEAST_ROWS
from radaudit.leaks.forensics.state import Standing, State

if TYPE_CHECKING:
    from radaudit.arrays import Bools
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "pca"
CERTAIN = -6.0
LEAST_SHARE = 0.2  # of the pairs of columns among themselves exactly uncorrelated
FLAT = 1e-9  # relative spread below which a component is numerical dust
DISTINCT = 10
MOST_COLUMNS = 600  # more are never components of a table of this field; the first ones are looked at


def judge(given: Evidence) -> State:
    """Answer from exact zeros among the correlations of all rows and of training rows, with and without centring."""
    if int(given.training.sum()) < LEAST_ROWS or int(given.holdout.sum()) < 2:
        return State(kind=KIND, standing=Standing.NOT_TESTABLE, sentence="One side of the split is too small.", facts={"needs": "rows"})
    everything = np.ones(len(given.training), dtype=bool)
    for centred in (True, False):
        whole, chance_whole, columns = _zeros(given, everything, centred)
        part, chance_part, _ = _zeros(given, given.training, centred)
        facts = {"pooled": whole, "training": part, "columns": columns, "centred": centred}
        told = f"{whole} pairs of columns are exactly uncorrelated over all rows, {part} over training rows."
        if chance_whole <= CERTAIN and whole > 3 * part:
            return State(kind=KIND, standing=Standing.PROVED_LEAK, sentence=told, facts=facts)
        if chance_part <= CERTAIN and part > 3 * whole:
            return State(kind=KIND, standing=Standing.PROVED_CLEAN, sentence=told, facts=facts)
    if columns < 2:
        return State(
            kind=KIND, standing=Standing.NOT_TESTABLE, sentence="Fewer than two complete columns vary.", facts={"needs": "columns"}
        )
    return State(kind=KIND, standing=Standing.NO_EVIDENCE, sentence="No columns are exactly uncorrelated.", facts=facts)


def _zeros(given: Evidence, rows: Bools, centred: bool) -> tuple[int, float, int]:
    """Return the number of exactly uncorrelated pairs, the log10 chance of that many, and the number of columns looked at."""
    x = given.values[rows]
    complete = np.flatnonzero(~np.isnan(x).any(axis=0) & ~given.binary())[:MOST_COLUMNS]
    x = x[:, complete]
    quanta = given.precision.quanta(x, complete)
    off = x - x.mean(axis=0) if centred else x
    size = np.sqrt((off**2).sum(axis=0))
    ordered = np.sort(x, axis=0)
    distinct = (ordered[1:] > ordered[:-1]).sum(axis=0) + 1
    kept = (size > FLAT * size.max(initial=0.0)) & (distinct >= min(DISTINCT, len(x)))
    off, quanta, size = off[:, kept] / size[kept], quanta[:, kept], size[kept]
    if off.shape[1] < 2:
        return 0, 0.0, int(kept.sum())
    products = off.T @ off
    error = np.sqrt(((off**2).T @ quanta**2) / 3) / size
    room = 5 * np.sqrt(error**2 + error.T**2) + 1e-11 * size.max() / np.minimum.outer(size, size)
    upper = np.triu(np.ones(products.shape, dtype=bool), 1)
    tight = upper & (room < 0.3 / math.sqrt(len(x)))
    hits = tight & (np.abs(products) <= room)
    among = _mutual(hits | hits.T, tight | tight.T)
    count = int((hits & among[:, None] & among[None, :]).sum())
    if not count:
        return 0, 0.0, off.shape[1]
    expected = np.clip(room * math.sqrt(len(x)) * 0.8, 1e-9, 1.0)
    mean = float(expected[tight].sum())
    return count, _tail(count, mean), off.shape[1]


def _mutual(hits: Bools, tight: Bools) -> Bools:
    """Return the columns that are exactly uncorrelated with a good part of each other: the components, not an accident."""
    kept: Bools = np.asarray(hits.any(axis=0))
    for _ in range(5):
        share = hits[:, kept].sum(axis=1) / np.maximum(tight[:, kept].sum(axis=1), 1)
        now = kept & (share >= LEAST_SHARE)
        if (now == kept).all():
            break
        kept = np.asarray(now)
    return kept


def _tail(count: int, mean: float) -> float:
    """Return log10 of the Poisson chance of at least ``count`` when ``mean`` are expected (its leading term, an upper bound times 2)."""
    if count <= mean:
        return 0.0
    return (count * math.log(mean) - mean - math.lgamma(count + 1)) / math.log(10)
