"""Bootstrap resamples as counts, and the intervals made of them.

A resample is a row of ``counts`` (B, n): how often each row was drawn. Measures that take counts need no re-sorting, several
models compared on the same counts are paired, and patients with several rows are drawn whole.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.rows import at_least, codes_of, fraction, same_length

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats, Ints

Interval = Literal["percentile", "bca"]

CELLS_AT_ONCE = 60_000
LEAST_SHARE = 0.95


def blocks(total: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) so that a block of (stop - start, width) stays within ``CELLS_AT_ONCE`` cells."""
    step = max(1, CELLS_AT_ONCE // max(1, width))
    for start in range(0, total, step):
        yield start, min(total, start + step)


def draw_counts(
    rows: int,
    resamples: int,
    rng: Generator,
    *,
    patients: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> Ints:
    """Return how often each row is drawn in each resample, counts (resamples, rows).

    Patients are drawn with replacement and bring all their rows; without ``patients`` every row is a patient. With ``strata`` (rows,)
    as many patients are drawn in each stratum as it has; a patient with rows in several strata belongs to the last of them in sort
    order (with outcomes as strata: to the events). Raises PERF-001, PERF-006, PERF-007.
    """
    at_least(resamples, 1, "resamples")
    owner = np.arange(rows, dtype=np.int64) if patients is None else codes_of(patients, "patients")[1]
    same_length(rows=np.empty(rows), patients=owner)
    people = int(owner.max()) + 1 if rows else 0
    stratum = np.zeros(people, dtype=np.int64)
    if strata is not None:
        codes = codes_of(strata, "strata")[1]
        same_length(rows=np.empty(rows), strata=codes)
        np.maximum.at(stratum, owner, codes)
    drawn = np.zeros((resamples, people), dtype=np.int64)
    for level in np.unique(stratum):
        members = np.flatnonzero(stratum == level)
        for start, stop in blocks(resamples, members.size):
            picks = rng.integers(0, members.size, size=(stop - start, members.size))
            picks += np.arange(stop - start)[:, None] * members.size
            tally = np.bincount(picks.ravel(), minlength=(stop - start) * members.size)
            drawn[start:stop, members] = tally.reshape(stop - start, members.size)
    return drawn if patients is None else drawn[:, owner]


def leave_one_out_counts(owner: Ints) -> Ints:
    """Return counts (patients, rows): row i of the result leaves all rows of patient i out."""
    return np.asarray(np.arange(int(owner.max()) + 1)[:, None] != owner[None, :], dtype=np.int64)


def percentile_interval(replicates: Floats, level: float) -> tuple[float, float]:
    """Return the percentile interval of finite replicates (B,)."""
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bca_interval(value: float, replicates: Floats, jackknife: Floats, level: float) -> tuple[float, float] | None:
    """Return Efron's bias-corrected and accelerated interval, or None if all replicates lie on one side of ``value``.

    ``replicates`` (B,) are bootstrap values, ``jackknife`` (patients,) the values with one patient left out (Efron, JASA 1987;
    the share of replicates below counts equal ones half, as scipy does).
    """
    from scipy.special import ndtr, ndtri

    share = (np.count_nonzero(replicates < value) + np.count_nonzero(replicates <= value)) / (2 * replicates.size)
    if not 0 < share < 1:
        return None
    bias = float(ndtri(share))
    pull = jackknife.mean() - jackknife
    spread = float((pull**2).sum())
    acceleration = float((pull**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0
    tails = bias + ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    low, high = np.quantile(replicates, ndtr(bias + tails / (1 - acceleration * tails)))
    return float(low), float(high)


def bootstrap_estimate(
    value: float | None,
    replicates: Floats,
    *,
    level: float,
    patients: int,
    events: int | None,
    what: str,
    interval: Interval = "percentile",
    jackknife: Callable[[], Floats] | None = None,
) -> Estimate:
    """Return ``value`` with the interval of its bootstrap ``replicates`` (B,).

    Replicates that are not finite are left out and counted in the method; when more than one in twenty is, there is no interval.
    """
    fraction(level, "level")
    if value is None:
        return unknown("not estimable on these rows", patients=patients, events=events, level=level, method=what)
    kept = replicates[np.isfinite(replicates)]
    name = {"percentile": "percentile bootstrap", "bca": "BCa bootstrap"}.get(interval)
    if name is None:
        raise DesignError("PERF-006", "the interval of a bootstrap is percentile or bca", at="interval", found=str(interval))
    lost = replicates.size - kept.size
    method = f"{name}, {replicates.size} resamples of {what}" + (f", {lost} without a value left out" if lost else "")
    stated = partial(Estimate, level=level, patients=patients, events=events, method=method)
    if kept.size < LEAST_SHARE * replicates.size:
        return stated(value=value, reason=f"{lost} of {replicates.size} resamples have no value")
    bounds = percentile_interval(kept, level) if interval == "percentile" else None
    if interval == "bca":
        if jackknife is None:
            raise DesignError("PERF-006", "a BCa interval needs the jackknife values", at="jackknife")
        left = jackknife()
        bounds = bca_interval(value, kept, left[np.isfinite(left)], level)
    if bounds is None:
        return stated(value=value, reason="all resamples lie on one side of the value")
    return stated(value=value, low=bounds[0], high=bounds[1])
