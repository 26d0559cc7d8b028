"""Were missing values filled with the test rows? A filled value repeats, and equals the mean or median of the rows it was computed from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.forms import FLOOR, LEAST_ROWS, SIGMAS
from radaudit.leaks.forensics.state import Standing, State

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "imputation"
LEAST_COLUMNS = 3
LEAST_SHARE = 0.05  # of the columns with a repeated value
MOST_REPEATED = 3  # the commonest repeated values of a column that are tried
CONTINUOUS = 0.8  # share of distinct values among the rest
CERTAIN = -9.0  # log10 of the chance that fewer than LEAST_COLUMNS columns agree by accident
HINT = -5.0
RULES = ("mean", "median")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A repeated value of one column: which rows it could have been computed from, and the log10 chance of each agreement."""

    column: int
    value: float
    agrees: dict[tuple[str, str], float]


def judge(given: Evidence) -> State:
    """Answer from repeated values of otherwise continuous columns, compared with the mean and median of the other rows."""
    fills = candidates(given)
    columns = len({fill.column for fill in fills})
    if not columns:
        return State(kind=KIND, standing=Standing.NO_EVIDENCE, sentence="No continuous column repeats a value: nothing looks filled in.")
    best: dict[str, tuple[str, int, float]] = {}
    for source in ("pooled", "training", "holdout"):
        tallies = [(rule, *_tally(fills, source, rule)) for rule in RULES]
        best[source] = max(tallies, key=lambda tally: (tally[1], -tally[2]))
    facts = {"columns": columns, **{source: hits for source, (_, hits, _) in best.items()}}
    for source, standing in (("pooled", Standing.PROVED_LEAK), ("holdout", Standing.PROVED_LEAK), ("training", Standing.PROVED_CLEAN)):
        rule, hits, chance = best[source]
        if hits <= max(found for other, (_, found, _) in best.items() if other != source):
            continue
        where = {"pooled": "all rows", "training": "training rows", "holdout": "test rows"}[source]
        told = f"In {hits} of {columns} columns with a repeated value it is the {rule} of {where} and of no other part."
        enough = hits >= max(LEAST_COLUMNS, LEAST_SHARE * columns) and chance <= HINT
        if enough or chance <= CERTAIN:
            return State(kind=KIND, standing=standing, sentence=told, facts={**facts, "rule": rule})
        if chance <= HINT and hits >= LEAST_SHARE * columns:
            weaker = Standing.EVIDENCE_OF_CLEAN if source == "training" else Standing.SUSPECTED
            return State(kind=KIND, standing=weaker, sentence=told, facts={**facts, "rule": rule})
    return State(kind=KIND, standing=Standing.NO_EVIDENCE, sentence="Repeated values are no mean or median of either part.", facts=facts)


def _tally(fills: list[Fill], source: str, rule: str) -> tuple[int, float]:
    """Return in how many columns a value agrees with this part alone, and the log10 chance of that many."""
    chances: dict[int, float] = {}
    tried = {fill.column: 0 for fill in fills}
    for fill in fills:
        tried[fill.column] += 1
        others = [chance for (where, how), chance in fill.agrees.items() if how == rule and where != source]
        if (source, rule) in fill.agrees and not others:
            chances[fill.column] = min(fill.agrees[source, rule], chances.get(fill.column, 0.0))
    if not chances:
        return 0, 0.0
    columns, hits = len(tried), len(chances)
    ways = math.lgamma(columns + 1) - math.lgamma(hits + 1) - math.lgamma(columns - hits + 1)
    return hits, sum(chances.values()) + ways / math.log(10) + hits * math.log10(max(tried.values()))


@lru_cache(maxsize=1)
def candidates(given: Evidence) -> list[Fill]:
    """Return the repeated values of columns that are continuous otherwise, with the parts whose mean or median they are."""
    x = given.values
    ordered = np.sort(x, axis=0)
    repeats = (ordered[1:] == ordered[:-1]).any(axis=0)
    found: list[Fill] = []
    for j in np.flatnonzero(repeats).tolist():
        column = x[:, j]
        values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
        if len(values) < LEAST_ROWS:
            continue
        for at in np.argsort(-counts, kind="stable")[:MOST_REPEATED].tolist():
            if counts[at] >= 2 and len(values) - 1 >= CONTINUOUS * (counts.sum() - counts[at]) and 0 < at < len(values) - 1:
                fill = _fill(given, j, column, float(values[at]))
                if fill is not None:
                    found.append(fill)
    return found


def _fill(given: Evidence, j: int, column: Floats, value: float) -> Fill | None:
    copies = column == value
    rest = ~copies & ~np.isnan(column)
    parts = {"pooled": rest, "training": rest & given.training, "holdout": rest & given.holdout}
    quanta = given.precision.quanta(column[:, None], np.array([j]))[:, 0]
    own = float(quanta[copies][0])
    agrees: dict[tuple[str, str], float] = {}
    for where, rows in parts.items():
        if int(rows.sum()) < LEAST_ROWS:
            continue
        known = column[rows]
        chance = _mean_agrees(known, quanta[rows], own, value)
        if chance is not None:
            agrees[where, "mean"] = chance
        chance = _median_agrees(known, own, value)
        if chance is not None:
            agrees[where, "median"] = chance
    return Fill(column=j, value=value, agrees=agrees)


def _mean_agrees(known: Floats, quanta: Floats, own: float, value: float) -> float | None:
    spread = float(known.std())
    if spread == 0.0:
        return None
    size = float(np.abs(known).max())
    room = own * 1.01 + SIGMAS * float(np.sqrt((quanta**2).sum() / 3)) / len(known) + FLOOR * spread + 1e-14 * size
    if abs(float(known.mean()) - value) > room or room > 0.05 * spread:
        return None
    return math.log10(max(1e-9, min(1.0, 2 * room * 0.5 / spread)))


def _median_agrees(known: Floats, own: float, value: float) -> float | None:
    """A filled median has as many values below as above; it lies midway, unless it is the middle value of an odd number itself."""
    below, above = known[known < value], known[known > value]
    if len(below) != len(above) or not len(below):
        return None
    midway = abs((float(below.max()) + float(above.min())) / 2 - value) <= 2 * own + 1e-12 * abs(value)
    gap = float(above.min() - below.max())
    exact = max(1e-6, min(1.0, 4 * own / gap)) if midway and gap > 0 else 1.0
    return math.log10(exact / len(known))


def filled(given: Evidence) -> Bools:
    """Return which cells ``(n, p)`` hold a repeated value that is the mean or median of some part: probably filled in."""
    cells = np.zeros(given.values.shape, dtype=bool)
    for fill in candidates(given):
        if fill.agrees:
            cells[:, fill.column] |= given.values[:, fill.column] == fill.value
    return cells
