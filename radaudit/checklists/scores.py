"""Scores, for the checklists that define one: METRICS (a share of weight, with conditions), and the points of RQS 1.0 and 2.0."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from radaudit.checklists.items import Checklist

BANDS = ((20.0, "very low"), (40.0, "low"), (60.0, "moderate"), (80.0, "good"))
BEST = "excellent"
# a condition that does not hold, and the condition that falls with it: without segmentation there is no automatic one
IMPLIED = {"automatic": "segmentation"}


def band(score: float) -> str:
    """Return the METRICS band of a score from 0 to 100 (Kocak 2024): below 20, 40, 60, 80, and the rest."""
    return next((word for limit, word in BANDS if score < limit), BEST)


def active(checklist: Checklist, conditions: Mapping[str, bool]) -> set[str]:
    """Return the ids of items whose conditions hold; one that is not stated counts as holding: nothing is excused unasked."""
    holds = {name: conditions.get(name, True) for _, name, _ in checklist.conditions}
    for name, needed in IMPLIED.items():
        if name in holds and not holds.get(needed, True):
            holds[name] = False
    return {item.id for item in checklist.items if not item.condition or holds.get(item.condition, True)}


def metrics_score(checklist: Checklist, yes: Collection[str], applicable: Collection[str]) -> float:
    """Return yes-weight / (yes + no)-weight x 100 over the items that apply; 0 if none does (Kocak 2024, Eq. of the online tool)."""
    counted = [item for item in checklist.items if item.id in applicable]
    whole = sum(item.weight for item in counted)
    return 100.0 * sum(item.weight for item in counted if item.id in yes) / whole if whole > 0 else 0.0
