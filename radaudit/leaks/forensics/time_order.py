"""Were test patients seen after the training patients? Only a table with dates can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.state import Standing, State, missing

if TYPE_CHECKING:
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "time_order"


def judge(given: Evidence) -> State:
    """Answer from the dates: a test set wholly after the training set is clean, wholly before it is a leak from the future."""
    if given.dates is None or np.isnan(given.dates).all():
        return missing(KIND, "dates")
    before, after = given.dates[given.training], given.dates[given.holdout]
    before, after = before[~np.isnan(before)], after[~np.isnan(after)]
    if not len(before) or not len(after):
        return missing(KIND, "dates on both sides of the split")
    early = float((after <= before.max()).mean())
    facts = {"test_rows_before_last_training_row": early, "dated_rows": len(before) + len(after)}
    if after.min() > before.max():
        told = "Every dated test row is later than every dated training row."
        return State(kind=KIND, standing=Standing.PROVED_CLEAN, sentence=told, facts=facts)
    if after.max() < before.min():
        told = "Every test row is earlier than every training row: the model was trained on the future of its test."
        return State(kind=KIND, standing=Standing.SUSPECTED, sentence=told, facts=facts)
    told = f"{early:.0%} of test rows are not later than the last training row: the split is not by time."
    return State(kind=KIND, standing=Standing.NO_EVIDENCE, sentence=told, facts=facts)
