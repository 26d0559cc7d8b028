"""Is this split the luckiest of many? A model like the claimed one is refitted on random splits of the same sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.duplicates import standardised
from radaudit.leaks.forensics.state import Standing, State, missing
from radaudit.leaks.forensics.volume import spearman
from radaudit.models.ranks import midranks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from radaudit.arrays import Bools, Floats, Ints
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "lottery"
FIRST = 99  # splits of the first stage
SPLITS = 999  # of both stages, if at most PROMISING of the first ones are as good as the claimed one
MOST_CELLS = 4e8  # rows x columns x splits; larger tables get fewer splits, never fewer than LEAST_SPLITS
LEAST_SPLITS = 199
PROMISING = 0.06
RARE = 0.01  # share of splits as good as the claimed one from which luck is suspected
ORDINARY = 0.1
RIDGES = (1e-3, 1e-2, 1e-1, 1.0)  # penalties relative to the mean diagonal of the kernel
STRONGEST = (5, 10, 20)
ALIKE = 0.5  # rank correlation with the claimed predictions below which no refit stands for the claimed model
AVERAGED = 2
LEAST_CLASS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A model family: ridge regression on given columns (None: all), or on the ``strongest`` columns of the training rows."""

    ridge: float
    strongest: int = 0


def judge(given: Evidence) -> State:
    """Answer from the rank of the claimed split among random ones, for the refits that predict most like the claimed model."""
    if given.predictions is None or given.outcome is None:
        return missing(KIND, "predictions and the outcome")
    rows = np.flatnonzero(~np.isnan(given.outcome))
    y, training = given.outcome[rows], given.training[rows]
    claimed = given.predictions[rows]
    scored = ~training & ~np.isnan(claimed)
    if min(int((y[scored] == c).sum()) for c in (0, 1)) < LEAST_CLASS or min(int((y[training] == c).sum()) for c in (0, 1)) < LEAST_CLASS:
        return missing(KIND, f"predictions of at least {LEAST_CLASS} events and {LEAST_CLASS} others in the test set")
    if given.site is not None and _by_site(given.site[rows], training):
        told = "The split is by site: there is no other split like it."
        return State(kind=KIND, standing=Standing.NOT_TESTABLE, sentence=told, facts={"needs": "a random split"})
    z = standardised(given.values[rows])
    gram = z @ z.T / max(z.shape[1], 1)
    sizes = {*STRONGEST, len(given.selected)} if given.selected is not None and len(given.selected) else STRONGEST
    families = [Replay(ridge=ridge) for ridge in RIDGES] + [Replay(ridge=RIDGES[1], strongest=k) for k in sorted(sizes) if k < z.shape[1]]
    here = training[None, :]
    fitted = [(spearman(next(ridge_scores(f, z, gram, y, here))[scored[~training]], claimed[scored]), f) for f in families]
    fitted.sort(key=lambda pair: -pair[0])
    best = [f for rho, f in fitted[:AVERAGED] if rho >= ALIKE]
    if not best:
        told = f"No refit predicts like the claimed model (rank correlation {fitted[0][0]:.2f} at most): its split cannot be compared."
        return State(kind=KIND, standing=Standing.NO_EVIDENCE, sentence=told, facts={"alike": fitted[0][0]})
    return _ranked(given, rows, z, gram, y, training, best, fitted[0][0])


def _ranked(given: Evidence, rows: Ints, z: Floats, gram: Floats, y: Floats, training: Bools, best: list[Replay], alike: float) -> State:
    """Answer in two stages (Besag and Clifford 1991): a split that is no luckier than many of the first ones needs no finer p-value."""
    groups = None if given.patients is None else np.unique([given.patients[i] for i in rows], return_inverse=True)[1]
    most = int(np.clip(MOST_CELLS / max(z.size * len(best), 1), LEAST_SPLITS, SPLITS))
    rng = np.random.default_rng(20260102)
    aucs, p = np.zeros((0, len(best))), 1.0
    for splits in (FIRST, most):
        drawn = [] if len(aucs) else [training]
        drawn += [redrawn(y, training, groups, rng) for _ in range(splits + 1 - len(aucs) - len(drawn))]
        aucs = np.vstack([aucs, np.column_stack([_aucs(family, z, gram, y, np.array(drawn)) for family in best])])
        p = _share_as_good(aucs)
        if p > PROMISING:
            break
    middle = float(np.median(aucs[1:, 0]))
    facts = {"p": p, "splits": len(aucs) - 1, "auc_here": float(aucs[0, 0]), "auc_median": middle, "alike": alike}
    told = f"A refit has an AUC of {aucs[0, 0]:.2f} on this split and {middle:.2f} on the median of {len(aucs) - 1} others; "
    told += f"{p:.1%} are as good."
    standing = Standing.SUSPECTED if p <= RARE else Standing.EVIDENCE_OF_CLEAN if p > ORDINARY else Standing.NO_EVIDENCE
    return State(kind=KIND, standing=standing, sentence=told, facts=facts)


def _share_as_good(aucs: Floats) -> float:
    """Return the p-value of the first row of ``aucs (1 + s, families)`` among the others, each family in deviations of its own splits."""
    spread = np.maximum(aucs[1:].std(axis=0), 1e-9)
    luck = ((aucs - aucs[1:].mean(axis=0)) / spread).mean(axis=1)
    return float((1 + (luck[1:] > luck[0]).sum() + 0.5 * (luck[1:] == luck[0]).sum()) / len(luck))


def redrawn(y: Floats, training: Bools, groups: Ints | None, rng: np.random.Generator) -> Bools:
    """Return a random split with as many test events and others as this one, by patient if ``groups`` are given."""
    part = np.ones(len(y), dtype=bool)
    if groups is not None and len(np.unique(groups)) < len(y):
        wanted = int((~training).sum())
        for group in rng.permutation(int(groups.max()) + 1).tolist():
            if int((~part).sum()) >= wanted:
                break
            part[groups == group] = False
        return part if len(np.unique(y[~part])) == 2 and len(np.unique(y[part])) == 2 else training
    for c in (0.0, 1.0):
        here = np.flatnonzero(y == c)
        part[rng.permutation(here)[: int((~training[here]).sum())]] = False
    return part


def _aucs(family: Replay, z: Floats, gram: Floats, y: Floats, parts: Bools) -> Floats:
    """Return the test AUC of this family on each split ``parts (s, n)``."""
    return np.array([_auc(y[~part], score) for part, score in zip(parts, ridge_scores(family, z, gram, y, parts), strict=True)])


def ridge_scores(family: Replay, z: Floats, gram: Floats, y: Floats, parts: Bools) -> Iterator[Floats]:
    """Yield the scores of each split's test rows by ridge regression on its training rows, in the dual or, for few columns, the primal."""
    penalty = family.ridge * float(np.trace(gram)) / len(gram)
    columns = _strongest(z, y, parts, family.strongest) if family.strongest else None
    width = family.strongest or z.shape[1]
    for k, part in enumerate(parts):
        target = y[part] - y[part].mean()
        if columns is None and width > len(y) // 2:
            inner = gram[np.ix_(part, part)] + 1.0
            inner[np.diag_indices_from(inner)] += penalty
            yield (gram[np.ix_(~part, part)] + 1.0) @ np.linalg.solve(inner, target)
        else:
            used = z if columns is None else z[:, columns[k]]
            design = np.column_stack([used / np.sqrt(width), np.ones(len(y))])
            inner = design[part].T @ design[part]
            inner[np.diag_indices_from(inner)] += penalty
            yield design[~part] @ np.linalg.solve(inner, design[part].T @ target)


def _strongest(z: Floats, y: Floats, parts: Bools, count: int) -> Ints:
    """Return the columns with the largest Welch's t on each split's training rows, (s, count)."""
    square = z**2
    gap: Floats | float = 0.0
    noise: Floats | float = 0.0
    for c, sign in ((1.0, 1.0), (0.0, -1.0)):
        rows = (parts & (y == c)).astype(np.float64)
        size = rows.sum(axis=1, keepdims=True)
        mean = rows @ z / size
        gap = gap + sign * mean
        noise = noise + (rows @ square / size - mean**2) / size
    t = np.abs(gap) / np.sqrt(np.where(np.asarray(noise) > 1e-12, noise, np.inf))
    return np.asarray(np.argsort(-t, axis=1, kind="stable")[:, :count])


def _auc(y: Floats, score: Floats) -> float:
    ranks = midranks(score[:, None])[:, 0]
    events = float((y == 1).sum())
    return float((ranks[y == 1].sum() - events * (events + 1) / 2) / (events * (len(y) - events)))


def _by_site(site: Ints, training: Bools) -> bool:
    mixed = sum(len(np.unique(training[site == s])) == 2 for s in np.unique(site).tolist())
    return len(np.unique(site)) > 1 and mixed == 0
