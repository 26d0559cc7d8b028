"""The question about lost decimal marks: a spreadsheet of another country turned 6762.666667 into 6762666667 (FEAT-100)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253  (numeric module; checks/__init__ does not import it)

from radaudit.checks.wording import counted, failed, some
from radaudit.codes import answer
from radaudit.errors import listed
from radaudit.findings import Fact, Finding, Verdict

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats
    from radaudit.checks.profile import Profiles
    from radaudit.checks.rules import CheckRules
    from radaudit.tables import FeatureTable

LEAST = 5
FRACTIONS = 0.2
FACTOR = 1e3
SMALLEST = 1e4
BLOCK = 256


def lost_decimal_marks(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether whole numbers stand a thousand times above the fractions of their feature (FEAT-100).

    Unlike FEAT-055 (one factor at one site) and FEAT-057 (a few values far above), each cell may be off by another power of ten, and any
    share of a column may be: the factor depends on how many digits stood behind the mark. Takes what the other questions take.
    """
    if not table.features:
        return answer("FEAT-100", Verdict.NOT_APPLICABLE, "The table has no features.")
    hit = marks_lost(np.asarray(table.values))
    columns = np.flatnonzero(hit.any(axis=0)).tolist()
    rows, places = np.flatnonzero(hit.any(axis=1)).tolist(), np.argwhere(hit).tolist()
    sites = sorted({table.sites[i] for i in rows if table.sites[i]})
    cells = int(hit.sum())
    names = [table.features[j] for j in columns]
    sentence = (
        f"{counted(cells, 'cell')} of {len(names)} features are whole numbers a thousand times above all fractions of their feature"
        f"{': ' + listed(names) if names else ''}."
    )
    local = [{"patient": table.patients[i], "unit": table.units[i], "feature": table.features[j]} for i, j in places[:1000]]
    facts: dict[str, Fact] = {"cells": cells, "features": some(names), "count": len(names), "rows": len(rows), "sites": list(sites)}
    return answer("FEAT-100", failed(names), sentence, facts=facts, local=local, concerns=tuple(sites))


def marks_lost(values: Floats) -> Bools:
    """Return which cells of ``values`` (n, p) look like numbers that lost their decimal mark.

    A feature is asked if at least five values, and a fifth of all, have a fraction, and no whole number stands in between; a cell is hit
    if it is a whole number of at least 10,000 and 1,000 times the largest value with a fraction, and its last digit is no zero: numbers
    cut to a few digits (1.68e+10) have no fraction either, but end in zeros, and a long tail leaves no gap.
    """
    hit = np.zeros(values.shape, dtype=bool)
    for start in range(0, values.shape[1], BLOCK):
        block = values[:, start : start + BLOCK]
        finite = np.isfinite(block)
        broken = finite & (block != np.trunc(block))
        count = broken.sum(axis=0)
        asked = (count >= LEAST) & (count >= FRACTIONS * finite.sum(axis=0))
        if asked.any():
            top = np.where(broken, np.abs(block), 0.0).max(axis=0)
            size = np.where(finite & ~broken, np.abs(block), 0.0)
            far = size >= np.maximum(FACTOR * top, SMALLEST)
            between = ((size > top) & ~far).any(axis=0)
            hit[:, start : start + BLOCK] = far & asked & ~between & (np.fmod(size, 10.0) != 0)
    return hit
