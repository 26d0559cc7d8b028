"""How much further apart rows of different groups lie than rows of the same group: an energy distance, feature by feature, averaged.

For two groups a, b and one feature the energy distance is 2 E|x_a - x_b| - E|x_a - x_a'| - E|x_b - x_b'|: never negative, nought only if
the two distributions are equal, so it sees shifts, scales and shapes alike (Székely and Rizzo, J Stat Plan Inference 143:1249, 2013). Its
U-statistic is unbiased, hence it may fall below nought by chance, and far below only if the groups were made alike on these very rows.
Pairs are formed within strata only (rows that one fit harmonised, patients of one site) and never within one patient; patients are the
sampling unit of the jackknife (Efron and Stein, Ann Stat 9:586, 1981), so features may be correlated and patients may have several rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError
from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.normal import t_two_sided
from radaudit.measures.rows import same_length

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Floats, Ints

CELLS_AT_ONCE = 1_000_000
METHOD = "excess distance between groups over that within, U-statistic, jackknife over patients"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Sums of distances ``sums`` and numbers of pairs ``counts`` (m, g, g): per patient, from own group to the other row's group.

    Values of the same patients and groups add, say over repeated partitions.
    """

    sums: Floats
    counts: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "sums", frozen(self.sums))
        object.__setattr__(self, "counts", frozen(self.counts))

    def __add__(self, other: Pairs) -> Pairs:
        return Pairs(sums=self.sums + other.sums, counts=self.counts + other.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """The excess ``before`` and ``after`` something was done to the same rows, and the ``fall`` from before to after."""

    before: Estimate
    after: Estimate
    fall: Estimate


def pair_sums(x: ArrayLike, group: ArrayLike, stratum: ArrayLike, patient: ArrayLike, *, scale: ArrayLike | None = None) -> Pairs:
    """Return the sums over pairs of rows of x (n, p) in one stratum: codes ``group``, ``stratum``, ``patient`` (n,) count from 0.

    Each feature is first divided by the mean distance of its pairs within groups, separately for each code of ``scale`` (n,): by default
    one for the whole table; with the site, any change of location and scale per site leaves the result as it was. A pair's distance is
    the mean over the features present in both rows; features without variation are left out. Rows of a negative stratum form no pair.
    Raises PERF-001, PERF-002.
    """
    table = np.asarray(x, dtype=np.float64)
    if table.ndim != 2 or np.isinf(table).any():
        raise DesignError("PERF-001" if table.ndim != 2 else "PERF-002", "x must be finite or missing, (rows, features)", at="x")
    groups, strata, patients = (np.asarray(codes, dtype=np.int64) for codes in (group, stratum, patient))
    scales = np.zeros(len(table), dtype=np.int64) if scale is None else np.asarray(scale, dtype=np.int64)
    same_length(x=table, group=groups, stratum=strata, patient=patients, scale=scales)
    members = int(patients.max()) + 1 if patients.size else 0
    kinds = int(groups.max()) + 1 if groups.size else 0
    blocks = [np.flatnonzero(strata == code) for code in np.unique(strata) if code >= 0]
    unit = table * _inverse_scales(table, blocks, groups, patients, scales)[scales]
    sums, counts = np.zeros((members, kinds, kinds)), np.zeros((members, kinds, kinds))
    for rows in blocks:
        apart, shared = _apart(unit[rows])
        other = patients[rows][:, None] != patients[rows][None, :]
        use = other & (shared > 0)
        mean = np.divide(apart, shared, out=np.zeros_like(apart), where=use)
        member = (groups[rows][:, None] == np.arange(kinds)).astype(np.float64)
        np.add.at(sums, (patients[rows], groups[rows]), mean @ member)
        np.add.at(counts, (patients[rows], groups[rows]), use @ member)
    return Pairs(sums=sums, counts=counts)


def _apart(x: Floats) -> tuple[Floats, Floats]:
    """Return summed absolute differences and the number of features present in both, each (m, m); NaN cells and columns drop out."""
    present = np.isfinite(x)
    filled = np.where(present, x, 0.0)
    whole = bool(present.all())
    m, p = x.shape
    apart = np.zeros((m, m))
    step = max(1, CELLS_AT_ONCE // max(m * m, 1))
    for start in range(0, p, step):
        part = filled[:, start : start + step]
        gaps = np.abs(part[:, None, :] - part[None, :, :])
        if not whole:
            own = present[:, start : start + step]
            gaps *= own[:, None, :] & own[None, :, :]
        apart += gaps.sum(axis=2)
    shared = present.astype(np.float64) @ present.T.astype(np.float64)
    return apart, shared


def _inverse_scales(table: Floats, blocks: list[Ints], groups: Ints, patients: Ints, scales: Ints) -> Floats:
    """Return 1 over the mean distance within groups (s, p) of each feature and scale code; NaN where nothing varies."""
    kinds, p = (int(scales.max()) + 1 if scales.size else 1), table.shape[1]
    total, pairs = np.zeros((kinds, p)), np.zeros((kinds, p))
    for rows in blocks:
        for g in np.unique(groups[rows]):
            for s in np.unique(scales[rows]):
                at = rows[(groups[rows] == g) & (scales[rows] == s)]
                add, count = _mean_gaps(table[at], patients[at])
                total[s] += add
                pairs[s] += count
    largest = np.nanmax(np.abs(np.where(np.isfinite(table), table, 0.0)), axis=0, initial=0.0)
    varies = total > 1e-12 * largest * np.maximum(pairs, 1)
    return np.asarray(np.divide(pairs, total, out=np.full((kinds, p), np.nan), where=varies))


def _mean_gaps(x: Floats, patients: Ints) -> tuple[Floats, Floats]:
    """Return per feature the sum of |x_i - x_j| over ordered pairs of different patients, and how many pairs were measured."""
    m, p = x.shape
    total, pairs = np.zeros(p), np.zeros(p)
    step = max(1, CELLS_AT_ONCE // max(m * m, 1))
    other = patients[:, None] != patients[None, :]
    for start in range(0, p, step):
        part = x[:, start : start + step]
        gaps = np.abs(part[:, None, :] - part[None, :, :])
        use = other[:, :, None] & np.isfinite(gaps)
        total[start : start + step] = np.where(use, gaps, 0.0).sum(axis=(0, 1))
        pairs[start : start + step] = use.sum(axis=(0, 1))
    return total, pairs


def contrast(before: Pairs, after: Pairs, *, level: float = 0.95) -> Contrast:
    """Return the excess of both and its fall, with jackknife intervals over patients (t with one degree per patient less one).

    ``before`` and ``after`` hold the same patients and groups. The excess is a share: 0.05 means that rows of different groups differ by
    5 % more in a feature than rows of the same group. Raises PERF-001 if they do not fit.
    """
    if before.sums.shape != after.sums.shape:
        raise DesignError("PERF-001", "pairs of other patients or groups", found=f"{before.sums.shape} and {after.sums.shape}")
    weights = _group_weights(before)
    values = [_excess(pairs, weights) for pairs in (before, after)]
    present = before.counts.sum(axis=(1, 2)) > 0
    people = int(present.sum())
    if any(np.isnan(v[0]) for v in values) or people < 3:
        none = unknown("fewer than two groups have two patients in one stratum", patients=people, level=level, method=METHOD)
        return Contrast(before=none, after=none, fall=none)
    (b, bs), (a, as_) = values
    made = [_estimate(v, own[present], people, level) for v, own in ((b, bs), (a, as_), (b - a, bs - as_))]
    return Contrast(before=made[0], after=made[1], fall=made[2])


def _group_weights(pairs: Pairs) -> Floats:
    """Return the weight of each pair of groups (g, g): the product of their patients; none for a group without a pair of its own."""
    size = (pairs.counts.sum(axis=2) > 0).sum(axis=0).astype(np.float64)
    able: Bools = np.einsum("mgg->g", pairs.counts) > 0
    weight = np.outer(size * able, size * able)
    np.fill_diagonal(weight, 0.0)
    met = pairs.counts.sum(axis=0) > 0
    return np.asarray(weight * met)


def _excess(pairs: Pairs, weight: Floats) -> tuple[float, Floats]:
    """Return the excess and its values without each patient (m,)."""
    sums, counts = pairs.sums.sum(axis=0), pairs.counts.sum(axis=0)
    left_sums = sums - pairs.sums - np.swapaxes(pairs.sums, 1, 2)
    left_counts = counts - pairs.counts - np.swapaxes(pairs.counts, 1, 2)
    whole = _share(sums[None], counts[None], weight)
    return float(whole[0]), _share(left_sums, left_counts, weight)


def _share(sums: Floats, counts: Floats, weight: Floats) -> Floats:
    mean = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0.5)
    own = np.einsum("mgg->mg", mean)
    within = 0.5 * (own[:, :, None] + own[:, None, :])
    usable = np.isfinite(mean) & np.isfinite(within) & (weight > 0)
    w = np.where(usable, weight, 0.0)
    gap = (w * np.where(usable, mean - within, 0.0)).sum(axis=(1, 2))
    base = (w * np.where(usable, within, 0.0)).sum(axis=(1, 2))
    return np.asarray(np.divide(gap, base, out=np.full(base.shape, np.nan), where=base > 0))


def _estimate(value: float, left: Floats, people: int, level: float) -> Estimate:
    known = left[np.isfinite(left)]
    spread = float(np.sqrt((people - 1) / people * ((known - known.mean()) ** 2).sum()))
    reach = t_two_sided(level, people - 1) * spread
    return Estimate(value=value, low=value - reach, high=value + reach, level=level, patients=people, method=METHOD)


def upper_bound(estimate: Estimate, level: float) -> float | None:
    """Return the one-sided upper bound at ``level`` of an estimate of this module, None without an interval."""
    if estimate.value is None or estimate.high is None or estimate.patients is None:
        return None
    degrees = estimate.patients - 1
    spread = (estimate.high - estimate.value) / t_two_sided(estimate.level, degrees)
    return estimate.value + t_two_sided(2 * level - 1, degrees) * spread
