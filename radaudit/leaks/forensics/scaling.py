"""Was the table scaled with the test rows? The scaled rows themselves say which rows the scaling was fitted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.findings import Fact
from radaudit.leaks.forensics.forms import Marks, marks
from radaudit.leaks.forensics.state import Standing, State

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "scaling"
LEAST_COLUMNS = 3
CLEARLY = 3  # times as many columns must carry the mark on one set of rows alone as on the other alone
MULTISET = 0.9  # share of columns without ties that must hold the same values for a rank transform


def judge(given: Evidence) -> State:
    """Answer from the marks of scaling on all rows, on the training rows and on the test rows."""
    everything = np.ones(len(given.training), dtype=bool)
    pooled, training, holdout = (marks(given, rows) for rows in (everything, given.training, given.holdout))
    if not training or not holdout:
        return State(kind=KIND, standing=Standing.NOT_TESTABLE, sentence="One side of the split is too small.", facts={"needs": "rows"})
    for whole, part, other in zip(pooled, training, holdout, strict=True):
        found = _compare(whole, part, other)
        if found is not None:
            return found
    return _ranks(given)


def _compare(whole: Marks, part: Marks, other: Marks) -> State | None:
    only_whole, only_part = int((whole.hit & ~part.hit).sum()), int((part.hit & ~whole.hit).sum())
    facts: dict[str, Fact] = {
        "form": whole.form,
        "columns": int(whole.usable.sum()),
        "pooled": int(whole.hit.sum()),
        "training": int(part.hit.sum()),
    }
    told = f"{facts['pooled']} of {facts['columns']} columns have {whole.form} over all rows, {facts['training']} over training rows."
    if whole.certain and only_whole > CLEARLY * only_part:
        return State(kind=KIND, standing=Standing.PROVED_LEAK, sentence=told, facts=facts)
    if part.certain and only_part > CLEARLY * only_whole:
        if other.certain and int(other.hit.sum()) >= 0.5 * int(part.hit.sum()):
            told += " The test rows have the same mark: each part was scaled by itself."
            return State(kind=KIND, standing=Standing.NO_EVIDENCE, sentence=told, facts=facts)
        return State(kind=KIND, standing=Standing.PROVED_CLEAN, sentence=told, facts=facts)
    return None


def _ranks(given: Evidence) -> State:
    """Rank transforms leave the same set of values in every column of the rows they were fitted on."""
    pooled = _same_values(given.values)
    training = _same_values(given.values[given.training])
    facts: dict[str, Fact] = {"form": "ranks", "columns": pooled[1], "pooled": pooled[0], "training": training[0]}
    if pooled[0] >= max(LEAST_COLUMNS, MULTISET * pooled[1]):
        told = f"{pooled[0]} of {pooled[1]} columns without ties hold the same values over all rows: ranks of all rows."
        return State(kind=KIND, standing=Standing.PROVED_LEAK, sentence=told, facts=facts)
    if training[0] >= max(LEAST_COLUMNS, MULTISET * training[1]):
        told = f"{training[0]} of {training[1]} columns without ties hold the same values over training rows: ranks of training rows."
        return State(kind=KIND, standing=Standing.PROVED_CLEAN, sentence=told, facts=facts)
    return State(kind=KIND, standing=Standing.NO_EVIDENCE, sentence="No scaling has left an exact mark.", facts={"columns": pooled[1]})


def _same_values(x: Floats) -> tuple[int, int]:
    """Return how many columns without ties share one set of values, and how many columns are without ties."""
    ordered = np.sort(x, axis=0)
    rising = np.asarray((ordered[1:] > ordered[:-1]).all(axis=0) if len(x) > 1 else np.zeros(x.shape[1], dtype=bool))
    untied: Bools = np.asarray(rising & ~np.isnan(x).any(axis=0))
    if int(untied.sum()) < LEAST_COLUMNS:
        return 0, int(untied.sum())
    kept = ordered[:, untied]
    reach = np.maximum(np.abs(kept).max(axis=0), 1e-300)
    middle = np.median(kept, axis=1)[:, None]
    return int((np.abs(kept - middle) <= 1e-4 * reach + 1e-9).all(axis=0).sum()), int(untied.sum())
