"""How much the site shows: variance explained per feature, tables of site and outcome, and differences between groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen, frozen_ints
from radaudit.errors import DesignError
from radaudit.measures.discrimination import expit, logit, newcombe_interval, placements
from radaudit.measures.estimate import Estimate
from radaudit.measures.normal import chi_squared_p, two_sided
from radaudit.measures.rows import codes_of, events_of, fraction, same_length, scored

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats, Ints

Scale = Literal["values", "ranks"]

LEAVE_PAIR_OUT = "leave-pair-out site prevalence"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEffect:
    """Per feature (p,): the share ``eta2`` of variance between sites, the test ``statistic`` with its ``p``, and the cells used.

    NaN where a feature has no variance, fewer than two sites or no degrees of freedom; sites that explain everything have F infinite and p
    0. ``statistic`` is F, or H of Kruskal-Wallis.
    """

    eta2: Floats
    statistic: Floats
    p: Floats
    cells: Ints
    sites: Ints
    method: str


def site_effect(x: ArrayLike, site: ArrayLike, *, scale: Scale = "values") -> SiteEffect:
    """Return how far ``site`` (n,) explains each column of x (n, p); missing cells (NaN) are left out feature by feature.

    ``values``: one-way analysis of variance, eta² = SS between / SS total. ``ranks``: Kruskal-Wallis with ties corrected; its eta² is the
    same ratio of the midranks, H / (n - 1). Raises PERF-001, PERF-002 for infinite cells, PERF-006, PERF-007.
    """
    from scipy.special import chdtrc, fdtrc

    if scale not in ("values", "ranks"):
        raise DesignError("PERF-006", "the scale of a site effect is values or ranks", at="scale", found=str(scale))
    table, codes = _table(x, site)
    present = np.isfinite(table)
    if scale == "ranks":
        table = midranks(table)
    sizes, between, total = _squares(table, present, codes)
    cells, sites = present.sum(axis=0), (sizes > 0).sum(axis=0)
    largest = np.where(present, np.abs(table), 0.0).max(axis=0, initial=0.0)
    varies = total > (1e-13 * largest) ** 2 * np.maximum(cells, 1)
    askable = varies & (sites > 1)
    eta2 = np.divide(np.minimum(between, total), total, out=np.full(total.shape, np.nan), where=askable)
    first, second = (sites - 1).astype(float), (cells - sites).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "ranks":
            statistic = np.where(askable, eta2 * (cells - 1), np.nan)
            p = np.where(askable, chdtrc(np.maximum(first, 1), np.nan_to_num(statistic)), np.nan)
        else:
            free = askable & (second > 0)
            statistic = np.where(free, (eta2 / first) / ((1 - eta2) / second), np.nan)
            p = np.where(free, fdtrc(np.maximum(first, 1), np.maximum(second, 1), np.nan_to_num(statistic, posinf=np.inf)), np.nan)
    method = "one-way analysis of variance" if scale == "values" else "Kruskal-Wallis, ties corrected"
    return SiteEffect(
        eta2=frozen(eta2), statistic=frozen(statistic), p=frozen(p), cells=frozen_ints(cells), sites=frozen_ints(sites), method=method
    )


def _table(x: ArrayLike, site: ArrayLike) -> tuple[Floats, Ints]:
    table = np.asarray(x, dtype=np.float64)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2:
        raise DesignError("PERF-001", f"x has shape {table.shape}, not (rows, features)", at="x")
    if np.isinf(table).any():
        raise DesignError("PERF-002", "x holds infinite values", at="x")
    codes = codes_of(site, "site")[1]
    same_length(x=table, site=codes)
    return table, codes


def _squares(table: Floats, present: Floats, codes: Ints) -> tuple[Floats, Floats, Floats]:
    """Return cells per site and feature (s, p), and sums of squares between and in total (p,), about each feature's own mean."""
    count = np.maximum(present.sum(axis=0), 1)
    filled = np.where(present, table, 0.0)
    centred = np.where(present, table - filled.sum(axis=0) / count, 0.0)
    centred = np.where(present, centred - centred.sum(axis=0) / count, 0.0)
    kinds = int(codes.max()) + 1 if codes.size else 0
    member = (codes[:, None] == np.arange(kinds)[None, :]).astype(np.float64)
    sizes, sums = member.T @ present, member.T @ centred
    between = np.divide(sums**2, sizes, out=np.zeros_like(sums), where=sizes > 0).sum(axis=0)
    return sizes, between, (centred**2).sum(axis=0)


def midranks(table: Floats) -> Floats:
    """Return the midranks (n, p) of each column among its present cells; missing cells stay NaN."""
    n, p = table.shape
    if n == 0:
        return table.copy()
    order = np.argsort(table, axis=0, kind="stable")
    ordered = np.take_along_axis(table, order, axis=0)
    new = np.ones((n, p), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    position = np.arange(n)[:, None]
    first = np.maximum.accumulate(np.where(new, position, 0), axis=0)
    ends = np.ones((n, p), dtype=bool)
    ends[:-1] = new[1:]
    last = np.minimum.accumulate(np.where(ends, position, n)[::-1], axis=0)[::-1]
    ranks = np.empty((n, p))
    np.put_along_axis(ranks, order, 0.5 * (first + last) + 1, axis=0)
    return np.asarray(np.where(np.isnan(table), np.nan, ranks))


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """Cramér's V of two labels, chi-squared without continuity correction, and the smallest expected count.

    ``corrected`` is Bergsma's V, which does not grow with the number of sites (J Korean Stat Soc 2013).
    """

    v: float | None
    corrected: float | None
    chi_squared: float | None
    degrees: int
    p: float | None
    smallest_expected: float
    patients: int
    reason: str | None = None

    def document(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


def cramers_v(first: ArrayLike, second: ArrayLike) -> Association:
    """Return how strongly two labels (n,), one row per patient, go together; below five expected the p-value is approximate.

    Raises PERF-001, PERF-007.
    """
    a, b = codes_of(first, "first")[1], codes_of(second, "second")[1]
    n = same_length(first=a, second=b)
    rows, columns = (int(codes.max()) + 1 if n else 0 for codes in (a, b))
    if min(rows, columns) < 2:
        reason = "no rows" if n == 0 else "one of the two labels is the same for everybody"
        return Association(v=None, corrected=None, chi_squared=None, degrees=0, p=None, smallest_expected=0.0, patients=n, reason=reason)
    counts = np.bincount(a * columns + b, minlength=rows * columns).reshape(rows, columns)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    statistic = float(((counts - expected) ** 2 / expected).sum())
    degrees = (rows - 1) * (columns - 1)
    unbiased = max(0.0, statistic / n - degrees / (n - 1))
    tight = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return Association(
        v=math.sqrt(statistic / n / (min(rows, columns) - 1)),
        corrected=math.sqrt(unbiased / tight) if tight > 0 else 0.0,
        chi_squared=statistic,
        degrees=degrees,
        p=chi_squared_p(statistic, degrees),
        smallest_expected=float(expected.min()),
        patients=n,
    )


def site_only_auc(outcome: ArrayLike, site: ArrayLike, level: float = 0.95) -> Estimate:
    """Return how well the site label alone tells events from non-events, one row per patient.

    Every pair of an event and a non-event is judged by the prevalences of their two sites *without that pair* (leave-pair-out, Airola
    2011); patients of one site tie. Leaving out only one patient at a time would push the AUC below one half where sites carry nothing, and
    using all rows pushes it above. Interval by the jackknife over patients. Raises PERF-001 to PERF-003, PERF-006, PERF-007.
    """
    fraction(level, "level")
    event = events_of(outcome)
    codes = codes_of(site, "site")[1]
    n = same_length(outcome=event, site=codes)
    kinds = int(codes.max()) + 1 if n else 0
    hits = np.bincount(codes[event], minlength=kinds).astype(np.float64)
    misses = np.bincount(codes[~event], minlength=kinds).astype(np.float64)
    method = f"{LEAVE_PAIR_OUT}, jackknife over patients"
    stated = partial(Estimate, patients=n, events=int(hits.sum()), level=level, method=method)
    if kinds < 2:
        return stated(value=None, reason="no rows" if n == 0 else "one site only")
    if min(hits.sum(), misses.sum()) == 0:
        return stated(value=None, reason="no events" if hits.sum() == 0 else "no rows without the event")
    value = _leave_pair_out(hits, misses)
    if min(hits.sum(), misses.sum()) < 2:
        return stated(value=value, reason="fewer than two events or non-events")
    left, times = [], []
    for side in (hits, misses):
        for k in np.flatnonzero(side > 0):
            times.append(side[k])
            side[k] -= 1
            left.append(_leave_pair_out(hits, misses))
            side[k] += 1
    values, mass = np.array(left), np.array(times)
    spread = float(mass @ (values - mass @ values / n) ** 2) * (n - 1) / n
    if not spread > 0:
        low, high = newcombe_interval(value, int(hits.sum()), int(misses.sum()), level)
        return stated(value=value, low=low, high=high, method=f"{LEAVE_PAIR_OUT}, Newcombe method 5: the jackknife has no variance here")
    half = two_sided(level) * math.sqrt(spread)
    return stated(value=value, low=max(0.0, value - half), high=min(1.0, value + half))


def _leave_pair_out(hits: Floats, misses: Floats) -> float:
    """Return the AUC of site prevalences over pairs, each pair left out of both; hits, misses (s,) per site."""
    size = hits + misses
    rest = np.maximum(size - 1, 1)
    # the site of an event without it, the site of a non-event without it; a site left empty is taken at the overall prevalence
    overall = (hits.sum() - 1) / max(hits.sum() + misses.sum() - 2, 1)
    with_event = np.where(size > 1, (hits - 1) / rest, overall)
    without = np.where(size > 1, hits / rest, overall)
    gap = with_event[:, None] - without[None, :]
    # prevalences are ratios of small counts: equal ones may differ by rounding only
    better = np.where(np.abs(gap) < 1e-12, 0.5, (gap > 0).astype(np.float64))
    np.fill_diagonal(better, 0.5)
    return float(hits @ better @ misses / (hits.sum() * misses.sum()))


def within_site_auc(outcome: ArrayLike, risk: ArrayLike, site: ArrayLike, level: float = 0.95) -> Estimate:
    """Return the AUC over pairs of patients of the same site: what the risk tells beyond knowing the site; one row per patient.

    Sites weigh by their pairs. The variance adds DeLong's of each site; in a site with one event (or one non-event) the placement is taken
    about the pooled AUC instead of its own mean. Interval on the logit scale. Raises PERF-001 to PERF-003, PERF-006, PERF-007.
    """
    fraction(level, "level")
    rows = scored(outcome, risk)
    codes = codes_of(site, "site")[1]
    same_length(outcome=rows.event, site=codes)
    method = "pairs within sites, DeLong by site, logit scale"
    stated = partial(Estimate, patients=rows.rows, events=rows.events, level=level, method=method)
    parts = [(rows.event[codes == k], rows.risk[codes == k]) for k in np.unique(codes)]
    parts = [(event, values) for event, values in parts if event.any() and not event.all()]
    if not parts:
        return stated(value=None, reason="no site has patients with and without the event")
    pairs = np.array([event.sum() * (~event).sum() for event, _ in parts], dtype=np.float64)
    judged = [placements(event, values) for event, values in parts]
    value = float(pairs @ np.array([a for a, _ in judged]) / pairs.sum())
    spread = 0.0
    for (event, _), (own, shares), weight in zip(parts, judged, pairs, strict=True):
        for mask in (event, ~event):
            count = int(mask.sum())
            about = (shares[mask] - (own if count > 1 else value)) ** 2
            spread += weight**2 * float(about.sum()) / (count * max(count - 1, 1))
    error = math.sqrt(spread) / pairs.sum()
    if not (error > 0 and 0 < value < 1):
        return stated(value=value, reason="the placements within sites have no variance")
    half = two_sided(level) * error / (value * (1 - value))
    return stated(value=value, low=expit(logit(value) - half), high=expit(logit(value) + half))


def standardised_difference(values: ArrayLike, group: ArrayLike) -> float | None:
    """Return the standardised mean difference of numbers (n,) between the second and first of two groups in sort order; NaN cells left out.

    (mean - mean) / sqrt((variance + variance) / 2); None if a group is empty or neither varies (Austin, Statist. Med. 2009).
    Raises PERF-001, PERF-007 unless there are two groups.
    """
    table, codes = _table(values, group)
    if codes.size == 0 or int(codes.max()) != 1:
        raise DesignError(
            "PERF-007", "a standardised difference compares two groups", at="group", found=f"{int(codes.max(initial=-1)) + 1}"
        )
    parts = [column[np.isfinite(column)] for column in (table[codes == 0, 0], table[codes == 1, 0])]
    if min(part.size for part in parts) < 2:
        return None
    spread = math.sqrt(0.5 * sum(float(part.var(ddof=1)) for part in parts))
    gap = float(parts[1].mean() - parts[0].mean())
    return gap / spread if spread > 0 else None


def standardised_difference_of_levels(labels: ArrayLike, group: ArrayLike) -> float | None:
    """Return the standardised difference of a label (n,) between two groups: Mahalanobis distance of its shares, never negative.

    For two levels |p1 - p0| / sqrt((p1(1-p1) + p0(1-p0)) / 2) (Yang and Dalton, SAS Global Forum 2012). None if all have one level, or if
    the levels part the groups completely. Raises PERF-001, PERF-007.
    """
    names, levels = codes_of(labels, "labels")
    codes = codes_of(group, "group")[1]
    same_length(labels=levels, group=codes)
    if codes.size == 0 or int(codes.max()) != 1:
        raise DesignError("PERF-007", "a standardised difference compares two groups", at="group")
    if len(names) < 2:
        return None
    share = np.stack([np.bincount(levels[codes == k], minlength=len(names)) / np.count_nonzero(codes == k) for k in (0, 1)])[:, 1:]
    gap = share[1] - share[0]
    spread = 0.5 * sum(np.diag(s) - np.outer(s, s) for s in share)
    weighed = float(gap @ np.linalg.pinv(spread, hermitian=True) @ gap)
    return math.sqrt(weighed) if weighed > 0 or not gap.any() else None
