"""Were the features selected on all rows? The same selector on all rows gives exactly these columns, on training rows others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.selectors import chosen
from radaudit.leaks.forensics.state import Standing, State, missing

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "selection"
LEAST_OTHER = 3  # columns that were not selected: without them there is nothing to replay
LEAST_SELECTED = 3
EXACT = 0.999
CLOSE = 0.75
MARGIN = 0.15
LEAST_CLASS = 3


def judge(given: Evidence) -> State:
    """Answer from the replay of selector families on all rows and on training rows."""
    if given.selected is None or given.outcome is None:
        return missing(KIND, "the selected columns and the outcome")
    if len(given.selected) < 1 or given.values.shape[1] - len(given.selected) < LEAST_OTHER:
        return missing(KIND, "the columns that were not selected")
    rows = np.flatnonzero(~np.isnan(given.outcome))
    y, training = given.outcome[rows], given.training[rows]
    if min(int((y[training] == c).sum()) for c in (0, 1)) < LEAST_CLASS:
        return missing(KIND, f"{LEAST_CLASS} training rows of each outcome")
    x = _filled(given.values[rows])
    mine = set(given.selected.tolist())
    whole, part = chosen(x, y, len(mine)), chosen(x[training], y[training], len(mine))
    pooled = {name: _overlap(sets, mine) for name, sets in whole.items()}
    trained = {name: _overlap(sets, mine) for name, sets in part.items()}
    return _decided(pooled, trained, len(mine))


def _decided(pooled: dict[str, float], trained: dict[str, float], count: int) -> State:
    on_all = max(pooled, key=lambda name: pooled[name])
    on_part = max(trained, key=lambda name: trained[name])
    facts: dict[str, float | str] = {"selected": count, "families": len(pooled), "on_all": pooled[on_all], "on_training": trained[on_part]}
    facts |= {"family_all": on_all, "family_training": on_part}
    ahead, whole, part = pooled[on_all] - trained[on_part], f"{pooled[on_all]:.0%}", f"{trained[on_part]:.0%}"
    if pooled[on_all] >= EXACT and ahead > 0 and count >= LEAST_SELECTED:
        told = f"{on_all} on all rows selects exactly these {count} columns; no selector does on training rows ({part} at best)."
        return State(kind=KIND, standing=Standing.PROVED_LEAK, sentence=told, facts=facts)
    if trained[on_part] >= EXACT and ahead < 0 and count >= LEAST_SELECTED:
        told = f"{on_part} on training rows selects exactly these {count} columns; no selector does on all rows ({whole} at best)."
        return State(kind=KIND, standing=Standing.PROVED_CLEAN, sentence=told, facts=facts)
    if pooled[on_all] >= CLOSE and ahead >= MARGIN:
        told = f"{on_all} on all rows selects nearly these columns ({whole}), no selector on training rows ({part})."
        return State(kind=KIND, standing=Standing.SUSPECTED, sentence=told, facts=facts)
    if trained[on_part] >= CLOSE and ahead <= -MARGIN:
        told = f"{on_part} on training rows selects nearly these columns ({part}), no selector on all rows ({whole})."
        return State(kind=KIND, standing=Standing.EVIDENCE_OF_CLEAN, sentence=told, facts=facts)
    told = f"No selector tells all rows from training rows ({whole} and {part} of the columns at best)."
    return State(kind=KIND, standing=Standing.NO_EVIDENCE, sentence=told, facts=facts)


def _overlap(sets: list[set[int]], mine: set[int]) -> float:
    """Return the best Jaccard index of these sets with the selected columns."""
    return max((len(one & mine) / len(one | mine) for one in sets), default=0.0)


def _filled(x: Floats) -> Floats:
    known = ~np.isnan(x)
    mean = np.where(known, x, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.asarray(np.where(known, x, mean))
