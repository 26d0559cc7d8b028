"""Is a column made from the outcome, or known only after it? It separates events too well, alone among its relatives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.findings import Fact
from radaudit.leaks.forensics.duplicates import standardised
from radaudit.leaks.forensics.state import Standing, State, missing
from radaudit.models.screen import univariate_aucs

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "proxy"
TOO_GOOD = 0.97
HIGH = 0.90
RELATED = 0.8  # correlation from which another column tells the same story
GAP = 0.05  # by which a column made from the outcome stands out from the strongest measured one
STANDARD_ERRORS = 4.5  # above one half, so that the best of thousands of columns in a small table is not one
LEAST_OTHERS = 30  # columns: among a few released ones every strong column stands alone
NAMED = 5


def judge(given: Evidence) -> State:
    """Answer from each column's own AUC, from copies of the outcome, and from columns that are missing by outcome."""
    if given.outcome is None:
        return missing(KIND, "the outcome")
    known = ~np.isnan(given.outcome)
    y, x = given.outcome[known], given.values[known]
    events = int(y.sum())
    if min(events, len(y) - events) < 5:
        return missing(KIND, "at least five events and five others")
    aucs = np.nan_to_num(univariate_aucs(x, y), nan=0.5)
    gaps = np.isnan(x).astype(np.float64)
    absent = np.nan_to_num(univariate_aucs(gaps, y), nan=0.5) if gaps.any() else np.full(x.shape[1], 0.5)
    strength, by_gap = np.maximum(aucs, 1 - aucs), np.maximum(absent, 1 - absent)
    floor = 0.5 + STANDARD_ERRORS * math.sqrt((len(y) + 1) / (12 * events * (len(y) - events)))
    copies = [j for j in np.flatnonzero(strength == 1.0).tolist() if len(np.unique(x[~np.isnan(x[:, j]), j])) == 2]
    odd = [j for j in np.flatnonzero(strength > max(HIGH, floor)).tolist() if strength[j] > TOO_GOOD or _alone(x, j, strength)]
    odd += np.flatnonzero(by_gap > max(TOO_GOOD, floor)).tolist()
    best = int(np.argmax(strength))
    facts: dict[str, Fact] = {"highest": float(strength[best]), "column": given.names[best], "suspects": len(odd), "copies": len(copies)}
    if copies:
        names = ", ".join(given.names[j] for j in copies[:NAMED])
        told = f"{len(copies)} columns are the outcome itself: {names}."
        return State(kind=KIND, standing=Standing.PROVED_LEAK, sentence=told, facts={**facts, "columns": [given.names[j] for j in copies]})
    if odd:
        names = ", ".join(f"{given.names[j]} ({max(strength[j], by_gap[j]):.2f})" for j in odd[:NAMED])
        told = f"{len(odd)} columns separate the outcome too well to be measured before it: {names}."
        return State(kind=KIND, standing=Standing.SUSPECTED, sentence=told, facts={**facts, "columns": [given.names[j] for j in odd]})
    standing = Standing.EVIDENCE_OF_CLEAN if strength[best] < HIGH - 0.05 else Standing.NO_EVIDENCE
    told = f"The strongest single column has an AUC of {strength[best]:.2f}."
    return State(kind=KIND, standing=standing, sentence=told, facts=facts)


def _alone(x: Floats, j: int, strength: Floats) -> bool:
    """Return whether no other column tells the same story: none is related to this one, and none comes near its AUC."""
    z = standardised(x)
    relation = np.abs(z.T @ z[:, j]) / len(z)
    others = np.arange(len(strength)) != j
    if int(others.sum()) < LEAST_OTHERS:
        return False
    return float(relation[others].max(initial=0.0)) < RELATED and float(strength[others].max(initial=0.5)) <= strength[j] - GAP
