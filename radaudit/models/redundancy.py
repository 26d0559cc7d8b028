"""Leave out features that say what another one says: greedy, by rank correlation, without looking at the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.models.ranks import midranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radaudit.arrays import Floats, Ints

DIGITS = 10  # decisions are made on rounded correlations, so that the order of columns and of summation cannot turn them


def rank_correlations(ranks: Floats) -> Floats:
    """Return |Spearman| (p, p) of columns of midranks (n, p) without missing cells, rounded; a constant column correlates with nothing."""
    centred = ranks - ranks.mean(axis=0)
    length = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    unit = centred / np.where(length > 0, length, 1.0)
    close: Floats = np.round(np.abs(unit.T @ unit), DIGITS)
    return close


def keep_representatives(
    x: Floats, threshold: float, *, names: Sequence[str], missing: Ints | None = None, ranks: Floats | None = None
) -> Ints:
    """Return the positions of features to keep, ascending: no two have |Spearman| above ``threshold``.

    Walks through the features and keeps each that is not too close to one kept before. The order is outcome-free and does not
    depend on the order of columns: fewest missing cells first (``missing`` (p,)), then smallest mean |Spearman| with all
    features (the one that caret's findCorrelation would not drop; Kuhn, J Stat Softw 2008), then the name. ``x`` (n, p) holds
    no missing cell; ``ranks`` are its midranks if they are at hand.
    """
    close = rank_correlations(midranks(x) if ranks is None else ranks)
    p = close.shape[0]
    if p == 0:
        return np.zeros(0, dtype=np.int64)
    absent = np.zeros(p, dtype=np.int64) if missing is None else missing
    # whole numbers add without rounding: the mean of a feature must not depend on where its neighbours stand
    mean = np.round(np.rint(close * 10.0**DIGITS).sum(axis=0) / (p * 10.0**DIGITS), DIGITS)
    order = np.lexsort((np.argsort(np.argsort(np.asarray(names, dtype=object))), mean, absent))
    near = close > threshold
    np.fill_diagonal(near, False)
    blocked = np.zeros(p, dtype=bool)
    kept = []
    for j in order.tolist():
        if not blocked[j]:
            kept.append(j)
            blocked |= near[j]
    return np.sort(np.array(kept, dtype=np.int64))
