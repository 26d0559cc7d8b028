"""Rank features one by one by how well they go with the outcome: all AUCs, log-rank statistics or correlations at once from midranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.models.ranks import midranks
from radaudit.models.redundancy import DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats, Ints
    from radaudit.followup import Followed


def univariate_aucs(x: Floats, outcome: ArrayLike, *, ranks: Floats | None = None) -> Floats:
    """Return each column's AUC (p,) = (R - m(m+1)/2) / (mn), R the rank sum of the m events among its measured rows (Hanley 1982).

    Missing cells are left out column by column; a column without measured events or non-events has NaN.
    """
    event = np.asarray(outcome, dtype=np.float64) == 1
    placed = midranks(x) if ranks is None else ranks
    measured = ~np.isnan(placed)
    hits = measured[event].sum(axis=0).astype(np.float64)
    misses = measured[~event].sum(axis=0).astype(np.float64)
    total = np.where(measured[event], placed[event], 0.0).sum(axis=0)
    pairs = hits * misses
    found: Floats = np.full(placed.shape[1], np.nan)
    np.divide(total - hits * (hits + 1) / 2, pairs, out=found, where=pairs > 0)
    return found


def strongest(aucs: Floats, most: int, *, names: Sequence[str]) -> Ints:
    """Return up to ``most`` positions by falling |AUC - 1/2|, ties by name; features without an AUC are never chosen."""
    strength = np.round(np.abs(aucs - 0.5), DIGITS)
    order = np.lexsort((np.argsort(np.argsort(np.asarray(names, dtype=object))), np.where(np.isnan(strength), np.inf, -strength)))
    return order[~np.isnan(strength[order])][:most].astype(np.int64)


def log_rank_scores(ranks: Floats, rows: Followed) -> Floats:
    """Return the standardised score statistic (p,) of Cox's model on each column's midranks (n, p): the log-rank test of a rank.

    A missing rank counts as the column's mean; a column that does not vary among those at risk has NaN. Positive: higher values fail
    earlier.
    """
    whole = np.where(np.isnan(ranks), np.nanmean(ranks, axis=0), ranks)
    centred = whole - whole.mean(axis=0)
    risk, gone = rows.at_risk()[0], rows.ended()[0]
    sums = np.cumsum(rows.by_time(centred.T)[:, ::-1], axis=1)[:, ::-1]
    squares = np.cumsum(rows.by_time((centred * centred).T)[:, ::-1], axis=1)[:, ::-1]
    mean = sums / risk
    score = centred[rows.event].sum(axis=0) - (mean * gone).sum(axis=1)
    variance = ((squares / risk - mean * mean) * gone).sum(axis=1)
    found: Floats = np.full(ranks.shape[1], np.nan)
    np.divide(score, np.sqrt(np.maximum(variance, 0.0)), out=found, where=variance > 1e-9 * rows.events)
    return found


def rank_correlations(ranks: Floats, values: ArrayLike) -> Floats:
    """Return Spearman's correlation (p,) of each column's midranks (n, p) with the ranks of ``values`` (n,); NaN where one does not vary.

    A missing rank counts as the column's mean.
    """
    whole = np.where(np.isnan(ranks), np.nanmean(ranks, axis=0), ranks)
    own = midranks(np.asarray(values, dtype=np.float64)[:, None])[:, 0]
    centred, other = whole - whole.mean(axis=0), own - own.mean()
    size = np.sqrt((centred * centred).sum(axis=0) * float(other @ other))
    found: Floats = np.full(ranks.shape[1], np.nan)
    np.divide(other @ centred, size, out=found, where=size > 0)
    return found
