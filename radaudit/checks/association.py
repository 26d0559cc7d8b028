"""How strongly two classifications go together: bias-corrected Cramér's V with its chi-squared probability, and a classifier's AUC."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radaudit.arrays import Bools, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """Cramér's V, plain and bias-corrected, with the chi-squared statistic, degrees of freedom and probability."""

    v: float
    corrected: float
    statistic: float
    freedom: int
    p: float


def association(counts: Sequence[Sequence[int]]) -> Association | None:
    """Return the association of a table of ``counts`` (rows, columns), or None with fewer than two rows or columns that are not empty.

    Bias correction: Bergsma, J Korean Stat Soc 42:323, 2013, equations 5 to 7.
    """
    rows = [list(row) for row in counts if sum(row)]
    used = [j for j in range(len(counts[0]) if counts else 0) if sum(row[j] for row in rows)]
    r, c = len(rows), len(used)
    if r < 2 or c < 2:
        return None
    n = sum(map(sum, rows))
    down = [sum(row[j] for row in rows) for j in used]
    statistic = sum(
        (row[j] - sum(row) * total / n) ** 2 / (sum(row) * total / n) for row in rows for j, total in zip(used, down, strict=True)
    )
    phi2 = statistic / n
    freedom = (r - 1) * (c - 1)
    less = max(0.0, phi2 - freedom / (n - 1))
    short, wide = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    least = min(short, wide) - 1
    return Association(
        v=math.sqrt(phi2 / min(r - 1, c - 1)),
        corrected=math.sqrt(less / least) if least > 0 else 0.0,
        statistic=statistic,
        freedom=freedom,
        p=chi_squared_tail(statistic, freedom),
    )


def chi_squared_tail(x: float, freedom: int) -> float:
    """Return P(chi-squared with ``freedom`` degrees > x), in closed form (Abramowitz and Stegun 26.4.4, 26.4.5)."""
    if x <= 0:
        return 1.0
    half = x / 2
    if freedom % 2:
        total, term = math.erfc(math.sqrt(half)), math.exp(-half) * math.sqrt(half / math.pi) * 2
        orders = range(3, freedom + 1, 2)
    else:
        total, term = math.exp(-half), math.exp(-half) * half
        orders = range(4, freedom + 1, 2)
    for k in orders:
        total += term
        term *= x / k
    return min(1.0, total)


def separation(values: Floats, event: Bools) -> float:
    """Return the AUC of ``values (n,)`` for ``event (n,)``, ties halved, turned so that it is at least 0.5; NaN if a class is empty."""
    import numpy as np

    known = np.isfinite(values)
    x, y = values[known], event[known]
    events, others = int(y.sum()), int((~y).sum())
    if not events or not others:
        return math.nan
    _, at, size = np.unique(x, return_inverse=True, return_counts=True)
    rank = np.cumsum(size) - (size - 1) / 2
    auc = (rank[at][y].sum() - events * (events + 1) / 2) / (events * others)
    return float(max(auc, 1 - auc))


def site_only_auc(sites: Sequence[str], outcome: Floats) -> float:
    """Return the AUC of ranking people by the event rate of their own site, apparent, so at least 0.5; NaN if a class is empty."""
    import numpy as np

    known = np.isfinite(outcome)
    names = np.array(sites, dtype=object)[known]
    event = outcome[known] == 1.0
    rate = {site: float(event[names == site].mean()) for site in set(names.tolist())}
    return separation(np.array([rate[site] for site in names.tolist()], dtype=np.float64), event)
