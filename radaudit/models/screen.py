"""Rank features one by one by how well they separate events from non-events: all AUCs at once from midranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.models.ranks import midranks
from radaudit.models.redundancy import DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats, Ints


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
