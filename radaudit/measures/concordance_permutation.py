"""The concordance among its values when follow-up is shuffled among patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.measures.concordance import pairs_of
from radaudit.measures.permutation import Permuted, permuted, unpermuted
from radaudit.measures.rows import at_least, vector

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.followup import Followed

METHOD = "Harrell's C, follow-up shuffled among patients"
MOST_CELLS = 300_000_000  # pairs looked at in all; with many rows fewer shuffles are made, but never below LEAST
LEAST = 200


def c_permutation(rows: Followed, score: ArrayLike, *, permutations: int, rng: Generator) -> Permuted:
    """Return Harrell's C against its null; time and event of a patient move as a whole and must be the same in all rows of the patient.

    At most ``permutations`` shuffles, fewer (at least 200) where there are many rows. It tells whether order and score are associated; it
    is not a test for leakage. Raises PERF-001, PERF-002, PERF-006.
    """
    at_least(permutations, 1, "permutations")
    values = vector(score, "score")
    found = pairs_of(rows, values)
    if not found.all.sum() > 0:
        return unpermuted("no comparable pair", METHOD)
    first = np.unique(rows.patient, return_index=True)[1]
    key = 2 * rows.place + (~rows.event)
    if (key != key[first][rows.patient]).any():
        return unpermuted("follow-up differs between rows of one patient, so that it cannot be shuffled among patients", METHOD)
    shuffles = min(permutations, max(min(LEAST, permutations), MOST_CELLS // len(rows) ** 2))
    higher = (values[:, None] > values[None, :]) + 0.5 * (values[:, None] == values[None, :])
    own_key, own_event = key[first], rows.event[first]
    null = np.empty(shuffles)
    for i in range(shuffles):
        moved = rng.permutation(first.size)
        k, event = own_key[moved][rows.patient], own_event[moved][rows.patient]
        at = np.flatnonzero(event)
        later = k[at][:, None] < k[None, :]
        total = np.count_nonzero(later)
        null[i] = (higher[at] * later).sum() / total if total else 0.5
    return permuted(found.c, null, METHOD, centre=0.5)
