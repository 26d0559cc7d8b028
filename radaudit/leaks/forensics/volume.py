"""Does the signature stand in for volume? Many radiomic features measure how large the region is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.state import Standing, State, missing
from radaudit.measures.discrimination import auc
from radaudit.models.ranks import midranks

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "volume"
SAME = 0.95  # rank correlation from which the predictions are the volume
LIMIT = 0.9  # the same if the predictions separate the outcome no better than volume: that of a published signature (Welch 2019)
ADDS = 0.02  # AUC by which predictions that hold more than volume are ahead of it
LEAST_ROWS = 10
WHAT, UNIT = "(mesh|voxel|tumou?r|lesion|gross|approximate)?", "([ _.-]?(mm3|cm3|ml|cc|mesh|voxel))?"
VOLUME = re.compile(rf"(^|[^a-z]){WHAT}[ _.-]?(volume|gtv|mtv){UNIT}([^a-z]|$)")
RATIO = re.compile(r"density|ratio|fraction|surface|histogram|relative|normali[sz]ed|percent|intensity")


def judge(given: Evidence) -> State:
    """Answer from the rank correlation of the predictions with the table's volume column."""
    columns = [j for j, name in enumerate(given.names) if is_volume(name)]
    if not columns or given.predictions is None:
        return missing(KIND, "predictions" if columns else "a column of volumes and predictions")
    best: tuple[float, int, int] | None = None
    for j in columns:
        both = ~np.isnan(given.values[:, j]) & ~np.isnan(given.predictions)
        if int(both.sum()) < LEAST_ROWS:
            continue
        rho = spearman(given.values[both, j], given.predictions[both])
        if best is None or abs(rho) > abs(best[0]):
            best = rho, j, int(both.sum())
    if best is None:
        return missing(KIND, f"{LEAST_ROWS} rows with volume and prediction")
    rho, j, count = best
    aucs = _aucs(given, j)
    facts: dict[str, float | int | str] = {"rho": rho, "limit": SAME, "rows": count, "column": given.names[j], **aucs}
    told = f"The rank correlation of predictions and {given.names[j]} is {rho:.2f} in {count} rows; "
    told += f"{SAME} and more is a stand-in, {LIMIT} and more if volume separates the outcome as well."
    standing = Standing.EVIDENCE_OF_CLEAN if abs(rho) < 0.5 else Standing.NO_EVIDENCE
    no_better = bool(aucs) and aucs["volume_auc"] >= aucs["auc"] - ADDS
    if abs(rho) >= SAME or (abs(rho) >= LIMIT and no_better):
        standing = Standing.SUSPECTED
    return State(kind=KIND, standing=standing, sentence=told, facts=facts)


def is_volume(name: str) -> bool:
    """Return whether a column is named like the volume of the region."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return bool(VOLUME.search(plain)) and not RATIO.search(plain)


def spearman(a: Floats, b: Floats) -> float:
    """Return the rank correlation; 0 if one side does not vary."""
    ranks = midranks(np.column_stack([a, b]))
    if (ranks.std(axis=0) == 0).any():
        return 0.0
    return float(np.clip(np.asarray(np.corrcoef(ranks.T))[0, 1], -1.0, 1.0))


def _aucs(given: Evidence, j: int) -> dict[str, float]:
    if given.outcome is None or given.predictions is None:
        return {}
    rows = given.holdout & ~np.isnan(given.predictions) & ~np.isnan(given.values[:, j]) & ~np.isnan(given.outcome)
    if len(np.unique(given.outcome[rows])) < 2:
        return {}
    own = auc(given.outcome[rows], given.values[rows, j])
    return {"volume_auc": max(own, 1 - own), "auc": auc(given.outcome[rows], given.predictions[rows])}
