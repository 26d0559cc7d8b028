"""Concordance of a score with follow-up: do those with the higher score have the event earlier?

A pair is comparable if one row has the event and the other is followed longer (or is censored at the same time; two events at one time
are not compared). Harrell (JAMA 1982) counts every pair once, score ties half. Uno (Stat Med 2011) weights a pair by 1/G(t-)^2 at the
earlier time t, so that the result does not depend on how patients were censored; pairs whose earlier time exceeds ``tau`` are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.followup.product_limit import product_limit
from radaudit.measures.estimate import Comparison, Estimate, unknown
from radaudit.measures.normal import normal_p, two_sided
from radaudit.measures.resampling import blocks, bootstrap_estimate, draw_counts
from radaudit.measures.rows import fraction, same_length, vector

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats, Ints
    from radaudit.followup import Followed

Weights = Literal["harrell", "uno"]
NAMES = {"harrell": "Harrell's C", "uno": "Uno's C, weights 1/G(t-)^2"}
FEW_ROWS = 150
MOST_ROWS = 3000  # above this many rows a table of all pairs is too large, and the interval is the closed one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Per row (n,), summed over comparable pairs it is the earlier or the later of: ``right`` (score ties half) and ``all``."""

    right: Floats
    all: Floats

    @property
    def c(self) -> float:
        """The concordance; NaN without a comparable pair."""
        total = float(self.all.sum())
        return float(self.right.sum()) / total if total > 0 else math.nan

    @property
    def pull(self) -> Floats:
        """How far each row moves the concordance (n,): the infinitesimal jackknife, each pair counted for both its rows."""
        half = float(self.all.sum()) / 2
        found: Floats = (self.right - self.c * self.all) / half
        return found


def pairs_of(rows: Followed, score: ArrayLike, weights: Weights = "harrell", tau: float | None = None) -> Pairs:
    """Return the pairs of rows and scores (n,), counted in O(n log^2 n) without a table of pairs. Raises PERF-001, -002, -006."""
    values = vector(score, "score")
    same_length(time=rows.time, score=values)
    own = _weights(rows, weights, tau)
    # later than i: followed longer, or censored at the time of an event
    key = 2 * rows.place + (~rows.event)
    rank = np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.int64)
    one = np.ones(len(rows))
    later = _beyond(key, one)
    lower, level = _dominated(key, rank, one), _level(key, rank, one)
    right = own * (lower + level / 2)
    every = own * later
    # the same pairs, seen from the later row: weights are those of the earlier one
    high, same = _dominated(-key, -rank, own), _level(-key, rank, own)
    return Pairs(right=right + high + same / 2, all=every + _beyond(-key, own))


def _weights(rows: Followed, weights: Weights, tau: float | None) -> Floats:
    """Return the weight (n,) of a pair by its earlier row: 0 for the censored."""
    if weights not in NAMES:
        raise DesignError("PERF-006", "weights of a concordance are harrell or uno", at="weights", found=str(weights))
    own = rows.event.astype(np.float64)
    if tau is not None:
        own = own * (rows.time <= tau)
    if weights == "uno":
        free = product_limit(rows, censoring=True).before(rows.time)[0]
        own = np.divide(own, free**2, out=np.zeros_like(own), where=free > 0)
    return own


def _beyond(key: Ints, weight: Floats) -> Floats:
    """Return per row the sum of weights of rows with a larger key."""
    order = np.argsort(key, kind="stable")
    led = np.concatenate([[0.0], np.cumsum(weight[order])])
    found: Floats = led[-1] - led[np.searchsorted(key[order], key, side="right")]
    return found


def _level(key: Ints, rank: Ints, weight: Floats) -> Floats:
    """Return per row the sum of weights of rows of the same rank with a larger key."""
    order = np.lexsort((key, rank))
    low = int(key.min()) if key.size else 0
    span = int(key.max()) - low + 2 if key.size else 1
    joint = rank * span + (key - low)
    led = np.concatenate([[0.0], np.cumsum(weight[order])])
    ordered = joint[order]
    end = np.searchsorted(ordered, (rank + 1) * span - 1, side="right")
    found: Floats = led[end] - led[np.searchsorted(ordered, joint, side="right")]
    return found


def _dominated(key: Ints, rank: Ints, weight: Floats) -> Floats:
    """Return per row the sum of weights of rows with a larger key and a smaller rank: a merge sort, level by level."""
    n = key.size
    found = np.zeros(n)
    # rows of one key rise in rank, so that none of them lies behind another with a smaller rank
    order = np.lexsort((rank, key))
    low = int(rank.min()) if n else 0
    ranks, weights = rank[order] - low, weight[order]
    span = int(ranks.max()) + 1 if n else 1
    place, size = np.arange(n), 1
    sums = np.zeros(n)
    while size < n:
        block, right = place // (2 * size), (place // size) % 2 == 1
        # in a block by rank, left rows before right ones of the same rank: those counted so far are strictly smaller
        joint = (block * span + ranks) * 2 + right
        merged = np.argsort(joint, kind="stable")
        led = np.cumsum(np.where(right[merged], weights[merged], 0.0))
        first = np.flatnonzero(np.diff(block[merged], prepend=-1))
        start = np.concatenate([[0.0], led])[first][block[merged]]
        mine = ~right[merged]
        sums[merged[mine]] += (led - start)[mine]
        size *= 2
    found[order] = sums
    return found


def concordances(rows: Followed, scores: Floats) -> Floats:
    """Return Harrell's C (g,) of several scores (g, n), NaN without a comparable pair: one table of pairs where there are few rows."""
    if len(rows) > FEW_ROWS:
        return np.array([pairs_of(rows, score).c for score in scores])
    key, at = 2 * rows.place + (~rows.event), np.flatnonzero(rows.event)
    first, second = np.nonzero(key[at][:, None] < key[None, :])
    ahead, behind = scores[:, at[first]], scores[:, second]
    total = first.size
    right = (ahead > behind).sum(axis=1) + 0.5 * (ahead == behind).sum(axis=1)
    return np.asarray(right / total if total else np.full(len(scores), np.nan))


def c_index(
    rows: Followed,
    score: ArrayLike,
    level: float = 0.95,
    *,
    weights: Weights = "harrell",
    tau: float | None = None,
) -> Estimate:
    """Return the concordance with its interval on the logit scale from the infinitesimal jackknife by patient, as R's survival has it.

    The weights of Uno's C are taken as known, as in R; ``c_index_bootstrap`` lets them vary. Raises PERF-001, -002, -006.
    """
    fraction(level, "level")
    found = pairs_of(rows, score, weights, tau)
    name = NAMES[weights] + (f" up to {tau:g}" if tau is not None else "")
    if not found.all.sum() > 0:
        return unknown("no comparable pair", patients=rows.patients, events=rows.events, level=level, method=name)
    value, variance = found.c, _variance(rows, found.pull)
    method = f"{name}; infinitesimal jackknife{' by patient' if rows.clustered else ''}, logit scale"
    if not (variance > 0 and 0 < value < 1):
        why = "the concordance has no variance here"
        return Estimate(value=value, level=level, patients=rows.patients, events=rows.events, method=method, reason=why)
    half = two_sided(level) * math.sqrt(variance) / (value * (1 - value))
    middle = math.log(value / (1 - value))
    low, high = (1 / (1 + math.exp(-(middle + side * half))) for side in (-1, 1))
    return Estimate(value=value, low=low, high=high, level=level, patients=rows.patients, events=rows.events, method=method)


def _variance(rows: Followed, pull: Floats) -> float:
    by_patient = np.bincount(rows.patient, weights=pull)
    return float((by_patient**2).sum())


def c_error(rows: Followed, score: ArrayLike, *, weights: Weights = "harrell", tau: float | None = None) -> float:
    """Return the standard error of the concordance by the infinitesimal jackknife. Raises PERF-001, -002, -006."""
    return math.sqrt(_variance(rows, pairs_of(rows, score, weights, tau).pull))


def c_difference(
    rows: Followed,
    score: ArrayLike,
    other: ArrayLike,
    level: float = 0.95,
    *,
    weights: Weights = "harrell",
    tau: float | None = None,
) -> Comparison:
    """Return C(score) - C(other) on the same rows, with the paired test and plain interval. Raises PERF-001, -002, -006."""
    fraction(level, "level")
    one, two = (pairs_of(rows, each, weights, tau) for each in (score, other))
    method = f"difference of {NAMES[weights]}; paired infinitesimal jackknife{' by patient' if rows.clustered else ''}"
    if not one.all.sum() > 0:
        none = unknown("no comparable pair", patients=rows.patients, events=rows.events, level=level, method=method)
        return Comparison(difference=none, statistic=None, degrees=None, p=None)
    value, variance = one.c - two.c, _variance(rows, one.pull - two.pull)
    if not variance > 1e-16:
        why = "the two have no variance to compare them with"
        same = Estimate(value=value, level=level, patients=rows.patients, events=rows.events, method=method, reason=why)
        return Comparison(difference=same, statistic=None, degrees=None, p=None)
    error = math.sqrt(variance)
    low, high = (max(-1.0, min(1.0, value + side * two_sided(level) * error)) for side in (-1, 1))
    estimate = Estimate(value=value, low=low, high=high, level=level, patients=rows.patients, events=rows.events, method=method)
    return Comparison(difference=estimate, statistic=value / error, degrees=None, p=normal_p(value / error))


def c_of_counts(rows: Followed, score: ArrayLike, counts: Floats, weights: Weights = "harrell", tau: float | None = None) -> Floats:
    """Return the concordance (B,) of each resample, a row of counts (B, n); one table of pairs serves them all. Raises PERF-136."""
    values = vector(score, "score")
    if len(rows) > MOST_ROWS:
        raise DesignError("PERF-136", f"a table of all pairs of {len(rows)} rows is too large", fix="take the closed interval: c_index")
    key = 2 * rows.place + (~rows.event)
    at = np.flatnonzero(_weights(rows, "harrell", tau))
    later = (key[at][:, None] < key[None, :]).astype(np.float64)
    right = later * ((values[at][:, None] > values[None, :]) + 0.5 * (values[at][:, None] == values[None, :]))
    made = np.full(len(counts), np.nan)
    for start, stop in blocks(len(counts), len(rows)):
        drawn = counts[start:stop].astype(np.float64)
        own = drawn[:, at]
        if weights == "uno":
            free = product_limit(rows, drawn, censoring=True).before(rows.time[at])
            own = np.divide(own, free**2, out=np.zeros_like(own), where=free > 0)
        total = (own * (drawn @ later.T)).sum(axis=1)
        np.divide((own * (drawn @ right.T)).sum(axis=1), total, out=made[start:stop], where=total > 0)
    return made


def c_index_bootstrap(
    rows: Followed,
    score: ArrayLike,
    *,
    resamples: int,
    rng: Generator,
    level: float = 0.95,
    weights: Weights = "harrell",
    tau: float | None = None,
) -> Estimate:
    """Return the concordance with its percentile interval over resamples of patients; Uno's weights are estimated in each.

    Raises PERF-001, -002, -006, -136.
    """
    found = pairs_of(rows, score, weights, tau)
    counts = draw_counts(len(rows), resamples, rng, patients=rows.patient)
    replicates = c_of_counts(rows, score, counts.astype(np.float64), weights, tau)
    value = None if math.isnan(found.c) else found.c
    return bootstrap_estimate(value, replicates, level=level, patients=rows.patients, events=rows.events, what="patients")
