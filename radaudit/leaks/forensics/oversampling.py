"""Were rows made before the split? A SMOTE row lies on the straight line between two rows of its class; copies repeat one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.duplicates import ghost_rows, standardised, telling_columns, twins
from radaudit.leaks.forensics.state import Standing, State

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radaudit.arrays import Bools, Floats, Ints
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "oversampling"
LEAST_COLUMNS = 4
MOST_COLUMNS = 24  # a line in all columns is a line in some: so many, little related, are searched
RELATED = 0.95
STRAIGHT = 1e-3  # 1 + cosine of the angle at the middle row, a filter before the exact test
TRIED = 12  # straightest pairs per row that are tested exactly
PASSING = 0.97  # share of columns in which the middle row must lie on the line within the rounding
SPARE = 4.0  # powers of ten between the number of triples looked at and the chance of one
LEAST_COPIES = 3
SURE, LIKELY = 1e-4, 0.05  # chance that all rows of the lines found stand in the training set though they were made before the split
MOST_ROWS = 1200  # of one class; larger classes are thinned for the search


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row that lies between two others; ``log_chance`` is log10 of the chance of it."""

    middle: int
    ends: tuple[int, int]
    log_chance: float


def judge(given: Evidence) -> State:
    """Answer from rows on lines between rows, and from copies of one class."""
    columns = _columns(given.values, given.binary())
    if len(columns) < LEAST_COLUMNS:
        told = f"Fewer than {LEAST_COLUMNS} complete and little related columns vary."
        return State(kind=KIND, standing=Standing.NOT_TESTABLE, sentence=told, facts={"needs": "columns of measurements"})
    lines = [line for rows in _classes(given) for line in find_lines(given, rows, columns)]
    if lines:
        return _lines(given, lines)
    return _copies(given)


def _lines(given: Evidence, lines: list[Line]) -> State:
    across = [line for line in lines if len({bool(given.training[i]) for i in (line.middle, *line.ends)}) == 2]
    made = len({line.middle for line in lines})
    in_test = len({line.middle for line in lines if not given.training[line.middle]})
    facts: dict[str, float] = {
        "made_rows": made,
        "in_test": in_test,
        "across": len({line.middle for line in across}),
        "rows": len(given.training),
    }
    if across:
        told = f"{made} rows lie exactly between two rows of their class, {facts['across']} of them across the split: made before it."
        return State(kind=KIND, standing=Standing.PROVED_LEAK, sentence=told, facts=facts)
    if in_test:
        told = f"{made} rows lie exactly between two rows of their class, {in_test} of them in the test set."
        return State(kind=KIND, standing=Standing.SUSPECTED, sentence=told, facts=facts)
    involved = len({i for line in lines for i in (line.middle, *line.ends)})
    chance = float(given.training.mean()) ** involved
    facts["chance_all_in_training"] = chance
    standing = Standing.PROVED_CLEAN if chance <= SURE else Standing.EVIDENCE_OF_CLEAN if chance <= LIKELY else Standing.NO_EVIDENCE
    told = f"{made} rows lie exactly between two rows of their class, all of them and their parents in the training set."
    return State(kind=KIND, standing=standing, sentence=told, facts=facts)


def _copies(given: Evidence) -> State:
    telling = telling_columns(given.values)
    pairs, within = twins(given, ghost_rows(given, telling), telling)
    tested = sorted({b for _, b in pairs})
    classes = {float(given.outcome[i]) for pair in pairs for i in pair} if given.outcome is not None else set()
    facts = {"made_rows": 0, "copies_across": len(tested), "copies_within": within}
    if len(tested) >= LEAST_COPIES and len(classes) <= 1:
        told = f"{len(tested)} test rows are copies of training rows" + (", all of one class." if classes else ".")
        standing = Standing.PROVED_LEAK if classes else Standing.SUSPECTED
        return State(kind=KIND, standing=standing, sentence=told, facts=facts)
    if within >= LEAST_COPIES and not tested:
        told = f"{within} rows are copies of a row on their own side, none of a row on the other."
        return State(kind=KIND, standing=Standing.EVIDENCE_OF_CLEAN, sentence=told, facts=facts)
    told = "No row lies between two others and no class is full of copies."
    return State(kind=KIND, standing=Standing.NO_EVIDENCE, sentence=told, facts=facts)


def _columns(x: Floats, binary: Bools) -> Ints:
    """Return up to MOST_COLUMNS complete columns, spread over the table, no two related more than RELATED."""
    complete = np.flatnonzero(~np.isnan(x).any(axis=0) & ~binary)
    z = standardised(x[:, complete])
    order = np.argsort((np.arange(len(complete)) * 0.6180339887498949) % 1.0, kind="stable")  # golden ratio: spread, and always the same
    kept: list[int] = []
    for j in order.tolist():
        if len(kept) == MOST_COLUMNS:
            break
        if not kept or float(np.abs(z[:, kept].T @ z[:, j]).max()) / len(z) < RELATED:
            kept.append(j)
    return complete[kept]


def _classes(given: Evidence) -> list[Ints]:
    """Return the rows of each class, smaller first; all rows if the outcome is unknown."""
    if given.outcome is None:
        return [np.arange(len(given.training))]
    groups = [np.flatnonzero(given.outcome == value) for value in (0.0, 1.0)]
    return sorted((group for group in groups if len(group) >= 3), key=len)


def find_lines(given: Evidence, rows: Ints, columns: Ints) -> list[Line]:
    """Return the rows of ``rows`` that lie on the line between two others, found over ``columns`` and tested over all complete ones."""
    rows = rows[:: max(1, math.ceil(len(rows) / MOST_ROWS))]
    z = standardised(given.values[:, columns])[rows].astype(np.float32)
    tested = np.flatnonzero(~np.isnan(given.values[rows]).any(axis=0) & ~given.binary())
    x = given.values[np.ix_(rows, tested)]
    room = given.precision.quanta(x, tested) + 1e-10 * x.std(axis=0)
    searched = np.isin(tested, columns)
    needed = -(3 * math.log10(len(rows)) + SPARE)
    found: list[Line] = []
    for s in range(len(rows)):
        best: Line | None = None
        for a, b in _straight(z, s):
            chance = _on_line(x, room, searched, (s, a, b))
            if chance <= needed and (best is None or chance < best.log_chance):
                best = Line(middle=int(rows[s]), ends=(int(rows[a]), int(rows[b])), log_chance=chance)
        if best is not None:
            found.append(best)
    return found


def _straight(z: NDArray[np.float32], s: int) -> list[tuple[int, int]]:
    """Return the pairs of rows that row ``s`` lies between, nearly."""
    off = z - z[s]
    length = np.sqrt((off**2).sum(axis=1))
    apart = np.flatnonzero(length > 1e-6)
    units = off[apart] / length[apart, None]
    cosine = units @ units.T
    partner = cosine.argmin(axis=1)
    least = cosine[np.arange(len(apart)), partner]
    near = np.flatnonzero(least < STRAIGHT - 1)
    near = near[np.argsort(least[near], kind="stable")][: 2 * TRIED]
    pairs = {(int(min(i, partner[i])), int(max(i, partner[i]))) for i in near.tolist()}
    return [(int(apart[a]), int(apart[b])) for a, b in sorted(pairs)]


def _on_line(x: Floats, room: Floats, searched: Bools, triple: tuple[int, int, int]) -> float:
    """Return log10 of the chance that a row lies on this line within the rounding by accident; 0 if it does not."""
    s, a, b = triple
    whole, part = x[b] - x[a], x[s] - x[a]
    weight = 1.0 / (room[s] + room[a] + room[b]) ** 2
    scale = float((weight * whole**2).sum())
    if scale == 0.0:
        return 0.0
    u = float((weight * whole * part).sum()) / scale
    if not 0.0 < u < 1.0:
        return 0.0
    allowed = 1.2 * (room[s] + (1 - u) * room[a] + u * room[b]) + 3 * np.abs(whole) / math.sqrt(scale)
    if float((np.abs(part - u * whole) <= allowed).mean()) < PASSING:
        return 0.0
    lever = np.minimum(np.abs(part), np.abs(whole - part))[searched]
    odds = np.sort(np.log10(np.clip(2 * allowed[searched] / np.where(lever > 0, lever, 1e-300), 1e-9, 1.0)))
    return float(odds[1:].sum()) if int((odds < -0.5).sum()) >= LEAST_COLUMNS else 0.0
