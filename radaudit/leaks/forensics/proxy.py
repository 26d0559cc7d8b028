"""Is a column made from the outcome, or known only after it? It separates events too well, alone among its relatives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.findings import Fact
from radaudit.leaks.forensics.duplicates import standardised
from radaudit.leaks.forensics.lottery import RIDGES, Replay, ridge_scores
from radaudit.leaks.forensics.state import Standing, State, missing
from radaudit.measures.discrimination import auc
from radaudit.models.ranks import midranks
from radaudit.models.screen import univariate_aucs

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "proxy"
TOO_GOOD = 0.99  # AUC that no measured column reaches by itself
BY_GAP = 0.97  # the same of which cells are missing
HIGH = 0.90
GAP = 0.05  # by which a column made from the outcome stands out from the strongest measured one
STANDARD_ERRORS = 4.5  # above one half, so that the best of thousands of columns in a small table is not one
LEAST_OTHERS = 30  # columns: among a few released ones every strong column stands alone
SHUFFLES = 199
FOLDS = 5
ORDINARY = 0.01  # share of shuffled copies as related as the column from which it is as unrelated as noise
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
    odd = [j for j in np.flatnonzero(strength > max(HIGH, floor)).tolist() if strength[j] >= TOO_GOOD or _alone(x, y, j, strength)]
    odd += np.flatnonzero(by_gap > max(BY_GAP, floor)).tolist()
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


def _alone(x: Floats, y: Floats, j: int, strength: Floats) -> bool:
    """Return whether a column stands out from all others, alone and together, and is unrelated to every one of them given the outcome.

    A strong measured column still goes with its relatives among events and among others; the outcome with noise on it goes with none.
    The largest rank correlation within outcomes is compared with those of copies shuffled within outcomes.
    """
    others = np.arange(len(strength)) != j
    if int(others.sum()) < LEAST_OTHERS or float(strength[others].max(initial=0.5)) > strength[j] - GAP:
        return False
    classes = [np.flatnonzero(y == c) for c in (0.0, 1.0)]
    within = np.zeros(x.shape)
    for rows in classes:
        within[rows] = standardised(midranks(x[rows]))
    rng = np.random.default_rng(20260103)
    copies = np.empty((len(y), 1 + SHUFFLES))
    for rows in classes:
        own = np.repeat(within[rows, j][:, None], SHUFFLES, axis=1)
        copies[rows] = np.column_stack([within[rows, j], rng.permuted(own, axis=0)])
    largest = np.abs(within[:, others].T @ copies).max(axis=0)
    return bool((largest[1:] >= largest[0]).mean() > ORDINARY) and _together(x[:, others], y) < strength[j] - GAP


def _together(x: Floats, y: Floats) -> float:
    """Return the AUC that all these columns reach together, by ridge regression in FOLDS folds, at the best of the lottery's penalties."""
    z = standardised(midranks(x))
    gram = z @ z.T / z.shape[1]
    fold = np.empty(len(y), dtype=int)
    for c in (0.0, 1.0):
        fold[y == c] = np.arange(int((y == c).sum())) % FOLDS
    parts = np.array([fold != k for k in range(FOLDS)])
    return max(
        float(np.mean([auc(y[~part], risk) for part, risk in zip(parts, ridge_scores(Replay(ridge=r), z, gram, y, parts), strict=True)]))
        for r in RIDGES
    )
