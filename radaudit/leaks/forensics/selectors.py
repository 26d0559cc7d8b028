"""Selector families of the field, replayed: each gives the columns it would choose on some rows, for a number of columns.

Student's t (the same ranking as the F test of two groups and Pearson's r), Welch's t, Mann-Whitney (AUC, Kruskal-Wallis), signal to noise
(Golub 1999), Kolmogorov-Smirnov, mutual information (nearest neighbours: Ross 2014; and ten bins), correlation pruning before or after a
ranking, mRMR (difference and quotient: Ding and Peng 2005), the LASSO (least squares and logistic), ReliefF (Kononenko 1994), and spread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.duplicates import standardised
from radaudit.models.ranks import midranks

if TYPE_CHECKING:
    from radaudit.arrays import Floats, Ints

PRUNED = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99)
BINS = 10
NEIGHBOURS = 3  # of the mutual information, as scikit-learn has it
ROUNDED = 3  # neighbours by which the rounding of a sum may be off
RELIEF = (10, 1)
MOST_RELIEF = 1.5e9  # rows squared x columns
MOST_COLUMNS = 2500  # of the correlation matrix
GRID = 16
SCREENED = 150  # columns most related to the outcome that the logistic LASSO is given: the first ones to enter are among them
WIDE = 0.01  # smallest penalty tried, as a share of the largest

Chosen = Mapping[str, list[set[int]]]


def chosen(x: Floats, y: Floats, count: int) -> dict[str, list[set[int]]]:
    """Return for each family the sets of ``count`` columns (for the LASSO: as near to that as its path comes) of ``x (n, p)``."""
    z = standardised(x)
    ranks = midranks(x)
    scores = {name: score(x, y) for name, score in RANKINGS.items()}
    scores["Mann-Whitney"] = _auc_strength(ranks, y)
    scores["Mann-Whitney, ties"] = _rank_sum(x, ranks, y)
    found = {name: [top(score, count)] for name, score in scores.items()}
    if len(x) ** 2 * x.shape[1] <= MOST_RELIEF:
        for neighbours in RELIEF:
            found[f"ReliefF, {neighbours} neighbours"] = [top(relief(x, y, neighbours), count)]
    if x.shape[1] <= MOST_COLUMNS:
        found |= _pruned(z, ranks, scores, count)
        found |= _mrmr(z, scores["Student's t"], count)
    found["LASSO"], reached = lasso(z, y, count)
    found["logistic LASSO"] = logistic_lasso(z, y, count, reached)
    return found


def top(score: Floats, count: int) -> set[int]:
    """Return the positions of the ``count`` highest scores."""
    return set(np.argsort(-score, kind="stable")[:count].tolist())


def _groups(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    return x[y == 1], x[y == 0]


def student(x: Floats, y: Floats) -> Floats:
    """Return |t| with pooled variance, (p,)."""
    a, b = _groups(x, y)
    pooled = (a.var(axis=0) * len(a) + b.var(axis=0) * len(b)) / max(len(y) - 2, 1)
    return _ratio(np.abs(a.mean(axis=0) - b.mean(axis=0)), np.sqrt(pooled))


def welch(x: Floats, y: Floats) -> Floats:
    """Return |t| with each group's variance and degrees of freedom, as a normal deviate (Wallace 1959): the ranking of its p-values."""
    a, b = _groups(x, y)
    of_a, of_b = a.var(axis=0, ddof=1) / len(a), b.var(axis=0, ddof=1) / len(b)
    t = _ratio(np.abs(a.mean(axis=0) - b.mean(axis=0)), np.sqrt(of_a + of_b))
    degrees = np.maximum(_ratio((of_a + of_b) ** 2, of_a**2 / max(len(a) - 1, 1) + of_b**2 / max(len(b) - 1, 1)), 1.0)
    return np.asarray((8 * degrees + 1) / (8 * degrees + 3) * np.sqrt(degrees * np.log1p(t**2 / degrees)))


def signal_to_noise(x: Floats, y: Floats) -> Floats:
    """Return |mean difference| over the sum of deviations."""
    a, b = _groups(x, y)
    return _ratio(np.abs(a.mean(axis=0) - b.mean(axis=0)), a.std(axis=0, ddof=1) + b.std(axis=0, ddof=1))


def kolmogorov(x: Floats, y: Floats) -> Floats:
    """Return the largest distance of the two distributions of each column."""
    order = np.argsort(x, axis=0, kind="stable")
    ordered = np.take_along_axis(x, order, axis=0)
    event = (y == 1)[order]
    steps = np.cumsum(event, axis=0) / max(int((y == 1).sum()), 1) - np.cumsum(~event, axis=0) / max(int((y == 0).sum()), 1)
    last = np.ones(x.shape, dtype=bool)
    last[:-1] = ordered[1:] != ordered[:-1]
    return np.asarray(np.where(last, np.abs(steps), 0.0).max(axis=0))


def spread(x: Floats, y: Floats) -> Floats:
    """Return the variance: selection without the outcome."""
    return np.asarray(x.var(axis=0))


def binned_information(x: Floats, y: Floats) -> Floats:
    """Return the mutual information of outcome and tenths of each column's ranks."""
    ranks = np.argsort(np.argsort(x, axis=0, kind="stable"), axis=0, kind="stable")
    tenth = ranks * BINS // len(x)
    found = np.zeros(x.shape[1])
    for k in range(BINS):
        here = tenth == k
        for c in (0.0, 1.0):
            joint = (here & (y == c)[:, None]).mean(axis=0)
            alone = here.mean(axis=0) * float((y == c).mean())
            found += np.where(joint > 0, joint * np.log(np.where(joint > 0, joint, 1.0) / alone), 0.0)
    return found


def neighbour_information(x: Floats, y: Floats) -> Floats:
    """Return the mutual information of a discrete outcome and each column by Ross's nearest-neighbour estimate, constant terms left out.

    The radius of a row is the distance to its third neighbour of its own class; all rows within it are counted.
    """
    spread_of = x.std(axis=0)
    scaled = x / np.where(spread_of > 0, spread_of, 1.0)
    # ties are broken as scikit-learn breaks them with random_state=0, the state that scripts give
    noise = np.random.RandomState(0).standard_normal(size=x.shape)
    scaled = scaled + 1e-10 * np.maximum(1.0, np.abs(scaled).mean(axis=0)) * noise
    total = np.zeros(x.shape[1])
    ordered = np.sort(scaled, axis=0)
    for c in (0.0, 1.0):
        own = np.sort(scaled[y == c], axis=0)
        k = min(NEIGHBOURS, len(own) - 1)
        if k < 1:
            continue
        radius = np.nextafter(_kth(own, k), 0.0)  # the third neighbour itself is not within
        for j in range(x.shape[1]):
            total[j] -= _digamma(_within(ordered[:, j], own[:, j], radius[:, j])).sum()
    return total / len(y)


def _within(ordered: Floats, centre: Floats, radius: Floats) -> Ints:
    """Return how many of ``ordered (n,)`` lie within each radius, by their differences: a rounded sum would misjudge broken ties."""
    last = len(ordered) - 1
    high = np.searchsorted(ordered, centre + radius, side="right")
    low = np.searchsorted(ordered, centre - radius, side="left")
    for _ in range(ROUNDED):
        high += (high <= last) & (ordered[np.minimum(high, last)] - centre <= radius)
        high -= (high > 0) & (ordered[np.maximum(high - 1, 0)] - centre > radius)
        low -= (low > 0) & (centre - ordered[np.maximum(low - 1, 0)] <= radius)
        low += (low <= last) & (centre - ordered[np.minimum(low, last)] > radius)
    return np.asarray(np.maximum(high - low, 1))


def _kth(ordered: Floats, k: int) -> Floats:
    """Return the distance of each cell of sorted columns to its ``k``-th neighbour in the column."""
    n = len(ordered)
    padded = np.concatenate([np.full((k, ordered.shape[1]), -np.inf), ordered, np.full((k, ordered.shape[1]), np.inf)])
    # the k nearest of a sorted value are a window of k + 1 around it: the k-th distance is the least over windows of their larger end
    ends = [np.maximum(ordered - padded[i : i + n], padded[i + k : i + k + n] - ordered) for i in range(k + 1)]
    return np.asarray(np.minimum.reduce(ends))


def _digamma(count: Ints) -> Floats:
    """Return digamma of whole numbers by the asymptotic series after a shift of six."""
    n = count.astype(np.float64)
    shift = sum(1.0 / (n + k) for k in range(6))
    m = n + 6
    return np.asarray(np.log(m) - 1 / (2 * m) - 1 / (12 * m**2) + 1 / (120 * m**4) - 1 / (252 * m**6) - shift)


def _auc_strength(ranks: Floats, y: Floats) -> Floats:
    events = float((y == 1).sum())
    others = len(y) - events
    return np.asarray(np.abs((ranks[y == 1].sum(axis=0) - events * (events + 1) / 2) / (events * others) - 0.5))


def _rank_sum(x: Floats, ranks: Floats, y: Floats) -> Floats:
    """Return |z| of the rank sum with its corrections for continuity and ties: the ranking of its p-values (Lehmann 1975)."""
    events, n = float((y == 1).sum()), len(y)
    pairs = events * (n - events)
    ordered = np.sort(x, axis=0)
    ties = np.zeros(x.shape[1])
    same = np.zeros(x.shape[1])
    for k in range(1, n):  # the t-th of a run of equal values adds t^3 - (t-1)^3 - 1 = 3 t (t-1)
        same = np.where(ordered[k] == ordered[k - 1], same + 1, 0.0)
        ties += 3 * same * (same + 1)
    variance = pairs / 12 * (n + 1 - ties / (n * (n - 1)))
    return _ratio(np.maximum(_auc_strength(ranks, y) * pairs - 0.5, 0.0), np.sqrt(np.maximum(variance, 0.0)))


def relief(x: Floats, y: Floats, neighbours: int) -> Floats:
    """Return ReliefF weights: differences to near rows of the other class less those to near rows of the same, on ranges of one."""
    low, high = x.min(axis=0), x.max(axis=0)
    scaled = ((x - low) / np.where(high > low, high - low, 1.0)).astype(np.float32)
    n = len(y)
    weights = np.zeros(x.shape[1])
    for i in range(n):
        off = np.abs(scaled - scaled[i])
        distance = off.sum(axis=1)
        distance[i] = np.inf
        for c in (0.0, 1.0):
            rows = np.flatnonzero((y == c) & np.isfinite(distance))
            near = rows[np.argsort(distance[rows], kind="stable")[:neighbours]]
            if len(near):
                weights += (-1.0 if c == y[i] else 1.0) * off[near].mean(axis=0)
    return weights / n


def _ratio(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.where(b > 0, a / np.where(b > 0, b, 1.0), 0.0))


def _pruned(z: Floats, ranks: Floats, scores: Mapping[str, Floats], count: int) -> dict[str, list[set[int]]]:
    """Return selections that skip columns related to an earlier one: in order of a ranking, or in order of the table before it."""
    found: dict[str, list[set[int]]] = {}
    for how, close in (("Pearson", np.abs(z.T @ z) / len(z)), ("Spearman", np.abs(np.corrcoef(ranks.T)))):
        np.fill_diagonal(close, 0.0)
        for limit in PRUNED:
            first = np.flatnonzero(~(np.triu(close, 1) > limit).any(axis=0))
            for base in ("Student's t", "Mann-Whitney"):
                score = scores[base]
                found[f"{base}, pruned at {how} {limit}"] = [_greedy(score, close, limit, count)]
                kept = first[np.argsort(-score[first], kind="stable")[:count]]
                found[f"{base} after pruning at {how} {limit}"] = [set(kept.tolist())]
    return found


def _greedy(score: Floats, close: Floats, limit: float, count: int) -> set[int]:
    kept: list[int] = []
    blocked = np.zeros(len(score), dtype=bool)
    for j in np.argsort(-score, kind="stable").tolist():
        if not blocked[j]:
            kept.append(j)
            blocked |= close[j] > limit
        if len(kept) == count:
            break
    return set(kept)


def _mrmr(z: Floats, score: Floats, count: int) -> dict[str, list[set[int]]]:
    """Return the greedy choices that trade F against the mean |r| with what is chosen already."""
    relevance = score**2
    names = {"mRMR, quotient": True, "mRMR, difference": False}
    found = {}
    for name, quotient in names.items():
        kept: list[int] = []
        total = np.zeros(z.shape[1])
        for _ in range(min(count, z.shape[1])):
            mean = total / max(len(kept), 1)
            value = relevance / np.maximum(mean, 1e-3) if quotient and kept else relevance - mean * (0.0 if quotient else 1.0)
            value = np.array(value)
            value[kept] = -np.inf
            j = int(value.argmax())
            kept.append(j)
            total += np.abs(z.T @ z[:, j]) / len(z)
        found[name] = [set(kept)]
    return found


def lasso(z: Floats, y: Floats, count: int) -> tuple[list[set[int]], float]:
    """Return the supports of ``count`` columns on the least-squares path (homotopy of Osborne 2000, with drops).

    The second value is the penalty at which the path reaches them, as a share of the largest.
    """
    target = y - y.mean()
    fit = np.zeros(z.shape[1])
    gradient = z.T @ target / len(y)
    active: list[int] = []
    most = level = reached = float(np.abs(gradient).max())
    active.append(int(np.abs(gradient).argmax()))
    near: list[set[int]] = []
    for _ in range(4 * count + 10):
        if len(active) == count:
            near.append(set(active))
        if len(active) <= count:
            reached = level
        if len(active) > count + 2 or level < 1e-6:
            break
        inside = z[:, active]
        sign = np.sign(gradient[active])
        try:
            step = np.linalg.solve(inside.T @ inside / len(y), sign)
        except np.linalg.LinAlgError:
            break
        slope = z.T @ (inside @ step) / len(y)
        level, change = _next(gradient, slope, fit, step, active, level)
        fit[active] += (change[1]) * step
        gradient = gradient - change[1] * slope
        if change[0] in active:
            fit[change[0]] = 0.0
            active.remove(change[0])
        elif change[0] >= 0:
            active.append(change[0])
        else:
            break
    return near or [set(active)], reached / most if most else 1.0


def _next(gradient: Floats, slope: Floats, fit: Floats, step: Floats, active: list[int], level: float) -> tuple[float, tuple[int, float]]:
    """Return the new level of the penalty, and which column enters or leaves after what length of step."""
    best, who = level, -1
    outside = np.ones(len(gradient), dtype=bool)
    outside[active] = False
    with np.errstate(divide="ignore", invalid="ignore"):
        for towards in (1.0, -1.0):
            reach = (level - towards * gradient) / (1.0 - towards * slope)
            reach[~outside | ~(reach > 1e-12)] = np.inf
            j = int(reach.argmin())
            if reach[j] < best:
                best, who = float(reach[j]), j
        leave = -fit[active] / step
    leave[~(leave > 1e-12)] = np.inf
    j = int(leave.argmin())
    if leave[j] < best:
        best, who = float(leave[j]), active[j]
    return level - best, (who, best)


def logistic_lasso(z: Floats, y: Floats, count: int, reached: float) -> list[set[int]]:
    """Return the supports nearest to ``count`` columns on the path of the logistic LASSO, looked for around the share ``reached``."""
    from radaudit.models.elastic_net import elastic_net_path, largest_penalty
    from radaudit.models.losses import LogLoss

    strength = np.abs(z.T @ (y - y.mean()))
    screened = np.sort(np.argsort(-strength, kind="stable")[: max(SCREENED, 10 * count)])
    z = z[:, screened]
    loss = LogLoss(y=y)
    most = largest_penalty(z, loss, 1.0)
    found: dict[int, list[set[int]]] = {}
    shares = np.geomspace(min(0.98, 1.15 * reached), max(WIDE, 0.6 * reached), GRID)
    for fit in elastic_net_path(z, loss, most * shares, 1.0, stationary=1e-5):
        support = set(screened[np.flatnonzero(fit.coefficients)].tolist())
        found.setdefault(abs(len(support) - count), []).append(support)
    return found[min(found)]


RANKINGS: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "Student's t": student,
    "Welch's t": welch,
    "signal to noise": signal_to_noise,
    "Kolmogorov-Smirnov": kolmogorov,
    "mutual information, neighbours": neighbour_information,
    "mutual information, tenths": binned_information,
    "spread": spread,
}
