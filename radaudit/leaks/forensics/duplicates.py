"""Do rows of the test set repeat rows of the training set? Missing values equal nothing, and filled-in rows are ghosts, not twins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.checks.row_profile import LEAST_INFORMATIVE, fingerprint
from radaudit.findings import Fact
from radaudit.leaks.forensics.imputation import filled
from radaudit.leaks.forensics.state import Standing, State

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "duplicates"
GHOST = 0.5  # share of missing or filled cells from which a row is a ghost
TELLING = 0.5  # share of distinct values from which a column tells rows apart
NEAR = 10  # nearest pairs that are ranked


def judge(given: Evidence) -> State:
    """Answer from equal rows across the split; the nearest other pairs are ranked in the facts and not judged."""
    telling = telling_columns(given.values)
    if int(telling.sum()) < LEAST_INFORMATIVE:
        told = f"Fewer than {LEAST_INFORMATIVE} columns tell rows apart: equal rows would prove nothing."
        return State(kind=KIND, standing=Standing.NOT_TESTABLE, sentence=told, facts={"needs": "columns of measurements"})
    ghosts = ghost_rows(given, telling)
    pairs, within = twins(given, ghosts, telling)
    facts: dict[str, Fact] = {"pairs": len(pairs), "within_one_part": within, "ghost_rows": int(ghosts.sum()), "rows": len(given.training)}
    facts["nearest_pairs"] = [*nearest(given, ghosts, telling)]
    beside = f" {int(ghosts.sum())} rows are mostly missing or filled in and were left out." if ghosts.any() else ""
    if pairs:
        told = f"{len({b for _, b in pairs})} test rows repeat a training row in every column that tells rows apart.{beside}"
        return State(kind=KIND, standing=Standing.PROVED_LEAK, sentence=told, facts=facts, local=_named(given, pairs))
    told = f"No test row repeats a training row; {within} rows repeat one on their own side.{beside}"
    standing = Standing.EVIDENCE_OF_CLEAN if ghosts.any() else Standing.PROVED_CLEAN
    return State(kind=KIND, standing=standing, sentence=told, facts=facts)


def telling_columns(x: Floats) -> Bools:
    """Return the columns whose values mostly differ, (p,)."""
    ordered = np.sort(x, axis=0)
    known = (~np.isnan(x)).sum(axis=0)
    distinct = (ordered[1:] > ordered[:-1]).sum(axis=0) + (known > 0)
    return np.asarray((distinct >= TELLING * known) & (distinct >= 3))


def ghost_rows(given: Evidence, telling: Bools) -> Bools:
    """Return rows without enough values of their own, (n,)."""
    own = ~(np.isnan(given.values) | filled(given))[:, telling]
    return np.asarray((own.sum(axis=1) < LEAST_INFORMATIVE) | (own.mean(axis=1) < 1 - GHOST))


def twins(given: Evidence, ghosts: Bools, telling: Bools) -> tuple[list[tuple[int, int]], int]:
    """Return pairs (training row, test row) that are equal, and the number of repeats within one part."""
    first: dict[bytes, dict[bool, int]] = {}
    pairs: list[tuple[int, int]] = []
    within = 0
    for i in np.flatnonzero(~ghosts).tolist():
        seen = first.setdefault(fingerprint(given.values[i][telling]), {})
        side = bool(given.training[i])
        within += side in seen
        seen.setdefault(side, i)
    for i in np.flatnonzero(~ghosts & given.holdout).tolist():
        seen = first[fingerprint(given.values[i][telling])]
        if True in seen:
            pairs.append((seen[True], i))
    return pairs, within


def nearest(given: Evidence, ghosts: Bools, telling: Bools) -> list[float]:
    """Return the smallest distances across the split as shares of the median nearest distance: a ranking for the eye, no verdict."""
    distance = nearest_distances(given.values[:, telling], given.training & ~ghosts, given.holdout & ~ghosts)
    if not len(distance):
        return []
    middle = float(np.median(distance)) or 1.0
    return [round(float(d) / middle, 3) for d in np.sort(distance)[:NEAR]]


def nearest_distances(x: Floats, these: Bools, those: Bools) -> Floats:
    """Return the distance of each row of ``those`` to the nearest of ``these`` over standardised columns, missing cells at the mean."""
    if not these.any() or not those.any():
        return np.zeros(0)
    z = standardised(x)
    a, b = z[these], z[those]
    square = (b**2).sum(axis=1)[:, None] + (a**2).sum(axis=1)[None, :] - 2 * b @ a.T
    return np.asarray(np.sqrt(np.maximum(square.min(axis=1), 0.0)))


def standardised(x: Floats) -> Floats:
    """Return columns with mean 0 and deviation 1, missing cells 0, constant columns 0."""
    known = ~np.isnan(x)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, x, 0.0).sum(axis=0) / count
    off = np.where(known, x - mean, 0.0)
    spread = np.sqrt((off**2).sum(axis=0) / count)
    return np.asarray(off / np.where(spread > 0, spread, 1.0))


def _named(given: Evidence, pairs: list[tuple[int, int]]) -> tuple[dict[str, str], ...]:
    if given.patients is None:
        return tuple({"training_row": str(a), "holdout_row": str(b)} for a, b in pairs)
    return tuple({"training": given.patients[a], "holdout": given.patients[b]} for a, b in pairs)
