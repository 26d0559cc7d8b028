"""Does the test set hold more or fewer events than a random part of the table would?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.state import Standing, State, missing

if TYPE_CHECKING:
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "prevalence"
SUSPECT = 0.001
EVEN = 0.01  # p-value that suffices when the test set holds exactly as many events as non-events
CLEAN = 0.2


def judge(given: Evidence) -> State:
    """Answer from the hypergeometric chance of a split as uneven as this one."""
    if given.outcome is None:
        return missing(KIND, "the outcome")
    known = ~np.isnan(given.outcome)
    event = given.outcome == 1
    n, m = int((known & given.holdout).sum()), int((known & given.training).sum())
    a, b = int((event & given.holdout).sum()), int((event & given.training).sum())
    if min(n, m) < 5 or a + b in (0, n + m):
        return missing(KIND, "both outcomes and at least five rows on each side")
    p = hypergeometric_p(a, n, a + b, n + m)
    facts = {"holdout": a / n, "training": b / m, "holdout_rows": n, "training_rows": m, "p": p}
    told = f"{a} of {n} test rows are events, {b} of {m} training rows (p = {p:.2g} for a random split)."
    even = 2 * a == n and n >= 10
    if p < SUSPECT or (even and p < EVEN and 2 * b != m):
        return State(kind=KIND, standing=Standing.SUSPECTED, sentence=told, facts=facts)
    standing = Standing.EVIDENCE_OF_CLEAN if p >= CLEAN else Standing.NO_EVIDENCE
    return State(kind=KIND, standing=standing, sentence=told, facts=facts)


def hypergeometric_p(hits: int, drawn: int, events: int, rows: int) -> float:
    """Return the two-sided p-value: the chance of all draws no likelier than the one seen (Fisher's exact test)."""
    low, high = max(0, drawn + events - rows), min(drawn, events)

    def logs(k: int) -> float:
        return _choose(events, k) + _choose(rows - events, drawn - k)

    terms = [logs(k) - _choose(rows, drawn) for k in range(low, high + 1)]
    seen = logs(hits) - _choose(rows, drawn)
    return min(1.0, math.fsum(math.exp(term) for term in terms if term <= seen + 1e-9))


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
