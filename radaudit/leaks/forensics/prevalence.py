"""Does the test set hold more or fewer events than a random part of the table would?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics import oversampling
from radaudit.leaks.forensics.patients import normalised
from radaudit.leaks.forensics.state import Standing, State, missing

if TYPE_CHECKING:
    from radaudit.arrays import Bools
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "prevalence"
SUSPECT = 1e-4
EVEN = 0.001  # p-value that suffices when a test set of LEAST_EVEN rows holds exactly as many events as others, and training rows do not
LEAST_EVEN = 40
CLEAN = 0.2


def judge(given: Evidence) -> State:
    """Answer from the hypergeometric chance of a split as uneven as this one, in patients where patients have several rows."""
    if given.outcome is None:
        return missing(KIND, "the outcome")
    known = ~np.isnan(given.outcome) & _first_rows(given)
    event = (given.outcome == 1) & known
    n, m = int((known & given.holdout).sum()), int((known & given.training).sum())
    a, b = int((event & given.holdout).sum()), int((event & given.training).sum())
    if min(n, m) < 5 or a + b in (0, n + m):
        return missing(KIND, "both outcomes and at least five rows on each side")
    p = hypergeometric_p(a, n, a + b, n + m)
    facts = {"holdout": a / n, "training": b / m, "holdout_rows": n, "training_rows": m, "p": p}
    told = f"{a} of {n} test rows are events, {b} of {m} training rows (p = {p:.2g} for a random split)."
    even = 2 * a == n and n >= LEAST_EVEN and binomial_p(b, m) < EVEN
    if p < SUSPECT or (even and p < EVEN):
        if 2 * b == m and _oversampled(given):
            told += " The training rows were balanced with made rows, so their share of events says nothing about the test set."
            return State(kind=KIND, standing=Standing.NO_EVIDENCE, sentence=told, facts=facts)
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


def binomial_p(hits: int, rows: int) -> float:
    """Return the two-sided p-value of ``hits`` in ``rows`` under a chance of one half."""
    far = max(hits, rows - hits)
    return min(1.0, 2 * math.fsum(math.exp(_choose(rows, k) - rows * math.log(2)) for k in range(far, rows + 1)))


def _oversampled(given: Evidence) -> bool:
    """Return whether rows were made or copied on one side."""
    facts = oversampling.judge(given).facts
    return bool(facts.get("made_rows")) or facts.get("copies_within", 0) >= oversampling.LEAST_COPIES  # type: ignore[operator]


def _first_rows(given: Evidence) -> Bools:
    """Return the first row with an outcome of each patient, (n,), if the split is by patient; else all rows."""
    every = np.ones(len(given.training), dtype=bool)
    if given.patients is None or given.outcome is None:
        return every
    side: dict[str, bool] = {}
    first = np.zeros(len(every), dtype=bool)
    for i in np.flatnonzero(~np.isnan(given.outcome)).tolist():
        who, here = normalised(given.patients[i]), bool(given.training[i])
        first[i] = not who or who not in side
        if who and side.setdefault(who, here) != here:
            return every
    return first


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
