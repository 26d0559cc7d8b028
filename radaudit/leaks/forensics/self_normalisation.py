"""Were the test rows normalised with their own statistics? A patient who comes alone cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.forms import LEAST_ROWS, Marks, marks
from radaudit.leaks.forensics.state import Standing, State, missing

if TYPE_CHECKING:
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "self_normalisation"


def judge(given: Evidence) -> State:
    """Answer from the marks of scaling on the test rows alone."""
    everything = np.ones(len(given.training), dtype=bool)
    alone, training, pooled = (marks(given, rows) for rows in (given.holdout, given.training, everything))
    if not alone or not training:
        return missing(KIND, f"at least {LEAST_ROWS} rows on each side of the split")
    for found, part, whole in zip(alone, training, pooled, strict=True):
        if found.certain and _own(found, part, whole):
            hits, columns = int(found.hit.sum()), int(found.usable.sum())
            told = f"{hits} of {columns} columns have {found.form} over the test rows alone."
            return State(
                kind=KIND, standing=Standing.PROVED_LEAK, sentence=told, facts={"form": found.form, "hits": hits, "columns": columns}
            )
    scaled = [found for found in training if found.certain]
    if scaled:
        told = f"Training rows have {scaled[0].form}, test rows do not: they were not scaled by themselves."
        return State(kind=KIND, standing=Standing.EVIDENCE_OF_CLEAN, sentence=told, facts={"form": scaled[0].form})
    return State(kind=KIND, standing=Standing.NO_EVIDENCE, sentence="The test rows alone carry no mark of a scaling.")


def _own(found: Marks, part: Marks, whole: Marks) -> bool:
    """Return whether the mark is the test rows' own: extreme values of all rows may stand in the test set, in related columns at once."""
    if found.form.startswith("mean"):
        return True
    hits = int(found.hit.sum())
    if hits < max(3, 0.9 * int(found.usable.sum())):
        return False
    return int((found.hit & part.hit).sum()) >= 0.9 * hits or int((found.hit & whole.hit).sum()) <= 0.1 * hits
