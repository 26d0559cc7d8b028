"""Do altered copies of training rows stand in the test set? Then many test rows have a neighbour far nearer than rows of this table do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.duplicates import ghost_rows, nearest_distances, standardised, telling_columns
from radaudit.leaks.forensics.state import Standing, State

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "augmentation"
CLOSE = 0.05  # share of the median distance between neighbours
LEAST_PAIRS = 5
LEAST_SHARE = 0.1
LEAST_COLUMNS = 5
MOST_ROWS = 400


def judge(given: Evidence) -> State:
    """Answer from the distances of test rows to their nearest training rows; suspicion at most, a phantom or a repeat scan is as near."""
    telling = telling_columns(given.values)
    if int(telling.sum()) < LEAST_COLUMNS:
        return State(kind=KIND, standing=Standing.NOT_TESTABLE, sentence="Too few columns tell rows apart.", facts={"needs": "columns"})
    ghosts = ghost_rows(given, telling)
    distance = nearest_distances(given.values[:, telling], given.training & ~ghosts, given.holdout & ~ghosts)
    usual = usual_distance(given.values[~ghosts][:, telling])
    if len(distance) < 2 * LEAST_PAIRS or usual == 0.0:
        return State(kind=KIND, standing=Standing.NOT_TESTABLE, sentence="The test set is too small.", facts={"needs": "test rows"})
    close = int(((distance > 0) & (distance < CLOSE * usual)).sum())
    facts = {"close": close, "rows": len(distance), "nearest": float(distance.min() / usual), "limit": CLOSE}
    told = f"{close} of {len(distance)} test rows have a training row within {CLOSE:.0%} of the usual distance, without being equal to it."
    if close >= max(LEAST_PAIRS, LEAST_SHARE * len(distance)):
        return State(kind=KIND, standing=Standing.SUSPECTED, sentence=told, facts=facts)
    return State(kind=KIND, standing=Standing.NO_EVIDENCE, sentence=told, facts=facts)


def usual_distance(x: Floats) -> float:
    """Return the median distance between two rows over standardised columns, of up to MOST_ROWS rows."""
    z = standardised(x)[:: max(1, len(x) // MOST_ROWS)]
    square = (z**2).sum(axis=1)[:, None] + (z**2).sum(axis=1)[None, :] - 2 * z @ z.T
    return float(np.sqrt(np.median(np.maximum(square[np.triu_indices(len(z), 1)], 0.0)))) if len(z) > 2 else 0.0
