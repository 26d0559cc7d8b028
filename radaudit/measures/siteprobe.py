"""The site probe: how often the site of a patient can be guessed from the features, against how often by luck.

The classifier is ridge regression of the site indicators on standardised features in closed form, so that one linear operator per fold
serves the true sites and every permutation of them. The guess is the site whose predicted share exceeds its training share by the largest
factor: no site is favoured for being large.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.discrimination import placements
from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.permutation import Permuted, permuted, unpermuted
from radaudit.measures.proportions import proportion
from radaudit.measures.rows import at_least, codes_of, fraction, same_length

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats, Ints

RIDGE = 0.1
LEAST_PATIENTS = 5
CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteProbe:
    """Balanced accuracy of guessing the site, its permutation null, recall per site and one-against-rest AUCs.

    ``chance`` is one over the number of ``sites``; ``left_out`` names sites with too few patients.
    """

    accuracy: Estimate
    null: Permuted
    chance: float | None
    sites: tuple[str, ...]
    recalls: tuple[Estimate, ...]
    aucs: tuple[float, ...]
    left_out: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {
            "accuracy": self.accuracy.document(),
            "null": self.null.document(),
            "chance": self.chance,
            "sites": list(self.sites),
            "recalls": [recall.document() for recall in self.recalls],
            "aucs": list(self.aucs),
            "left_out": list(self.left_out),
        }


def site_probe(
    x: ArrayLike,
    site: ArrayLike,
    *,
    rng: Generator,
    patients: ArrayLike | None = None,
    folds: int = 5,
    permutations: int = 200,
    ridge: float = RIDGE,
    least_patients: int = LEAST_PATIENTS,
    level: float = 0.95,
    crossed: bool = False,
) -> SiteProbe:
    """Return how well ``site`` (n,) is guessed from x (n, p) by cross-validation over patients.

    Folds are drawn without regard to the site, so that under the null all shuffles of the sites among patients are alike. Features are
    centred, scaled and filled (missing cells at the mean) from the other folds. The penalty is ``ridge`` times the mean eigenvalue of their
    Gram matrix. Fewer than two sites with ``least_patients`` give an answer without value. ``crossed``: patients have rows from several
    sites (the same regions through several extractors), and sites are shuffled within patients. Raises PERF-001, PERF-002, PERF-006,
    PERF-007 if a patient has rows from several sites and the design is not ``crossed``.
    """
    fraction(level, "level")
    for value, least, name in ((folds, 2, "folds"), (permutations, 0, "permutations"), (least_patients, 2, "least_patients")):
        at_least(value, least, name)
    if not ridge > 0:
        raise DesignError("PERF-006", "the ridge must be above 0", at="ridge", found=str(ridge))
    table = np.asarray(x, dtype=np.float64)
    if table.ndim != 2 or np.isinf(table).any():
        raise DesignError("PERF-001" if table.ndim != 2 else "PERF-002", "x must be finite or missing, (rows, features)", at="x")
    names, codes = codes_of(site, "site")
    owner = np.arange(codes.size) if patients is None else codes_of(patients, "patients")[1]
    same_length(x=table, site=codes, patients=owner)
    if crossed:
        return _crossed(table, [str(name) for name in names], codes, owner, rng, folds, permutations, ridge, least_patients, level)
    home = _home(codes, owner)
    kept = np.flatnonzero(np.bincount(home, minlength=len(names)) >= least_patients)
    left_out = tuple(str(name) for k, name in enumerate(names) if k not in kept)
    if kept.size < 2:
        return _unasked(codes, owner, left_out, level, least_patients)
    rows = np.flatnonzero(np.isin(codes, kept))
    people, owner_kept = np.unique(owner[rows], return_inverse=True)
    sites = np.searchsorted(kept, home[people])
    owner_kept = owner_kept.reshape(-1)
    labels = np.vstack([sites, *(rng.permutation(sites) for _ in range(permutations))])
    fold = (rng.permutation(people.size) % folds)[owner_kept]
    guesses, scores = _guess(table[rows], labels[:, owner_kept], fold, kept.size, ridge)
    return _answer(guesses, scores, labels[:, owner_kept], owner_kept, tuple(str(names[k]) for k in kept), left_out, level, permutations)


def _crossed(
    x: Floats,
    names: list[str],
    codes: Ints,
    owner: Ints,
    rng: Generator,
    folds: int,
    permutations: int,
    ridge: float,
    least: int,
    level: float,
) -> SiteProbe:
    """Return the probe of rows whose sites are shuffled within patients; a site counts the patients that have a row there."""
    people = np.bincount(np.unique(np.column_stack([codes, owner]), axis=0)[:, 0], minlength=len(names)) if codes.size else np.empty(0)
    kept = np.flatnonzero(people >= least)
    left_out = tuple(name for k, name in enumerate(names) if k not in kept)
    if kept.size < 2:
        return _unasked(codes, owner, left_out, level, least)
    rows = np.flatnonzero(np.isin(codes, kept))
    sites, own = np.searchsorted(kept, codes[rows]), np.unique(owner[rows], return_inverse=True)[1].reshape(-1)
    labels = [sites]
    for _ in range(permutations):
        order, shuffled = rng.permutation(own.size), np.empty_like(sites)
        shuffled[np.argsort(own, kind="stable")] = sites[order[np.argsort(own[order], kind="stable")]]
        labels.append(shuffled)
    fold = (rng.permutation(int(own.max()) + 1) % folds)[own]
    guesses, scores = _guess(x[rows], np.vstack(labels), fold, kept.size, ridge)
    answer = _answer(guesses, scores, np.vstack(labels), own, tuple(names[k] for k in kept), left_out, level, permutations)
    return replace(answer, null=replace(answer.null, method=answer.null.method.replace("among patients", "within patients")))


def _home(codes: Ints, owner: Ints) -> Ints:
    """Return the site of each patient; PERF-007 if rows of one patient come from several."""
    first = np.unique(owner, return_index=True)[1]
    home = codes[first]
    mixed = int(np.unique(owner[codes != home[owner]]).size)
    if mixed:
        raise DesignError(
            "PERF-007", f"{mixed} patient(s) have rows from several sites; sites cannot be shuffled among patients", at="site"
        )
    return np.asarray(home)


def _unasked(codes: Ints, owner: Ints, left_out: tuple[str, ...], level: float, least: int) -> SiteProbe:
    reason = f"fewer than two sites have {least} patients" if codes.size else "no rows"
    method = "site probe"
    accuracy = unknown(reason, patients=int(np.unique(owner).size), level=level, method=method)
    return SiteProbe(accuracy=accuracy, null=unpermuted(reason, method), chance=None, sites=(), recalls=(), aucs=(), left_out=left_out)


def standardiser(x: Floats) -> tuple[Floats, Floats]:
    """Return mean and 1/sd (p,) of the present cells; 0 for columns that are constant or empty."""
    present = np.isfinite(x)
    cells = present.sum(axis=0)
    filled = np.where(present, x, 0.0)
    mean = filled.sum(axis=0) / np.maximum(cells, 1)
    spread = np.sqrt((np.where(present, x - mean, 0.0) ** 2).sum(axis=0) / np.maximum(cells - 1, 1))
    steady = spread <= 1e-12 * np.abs(filled).max(axis=0, initial=0.0)
    return mean, np.divide(1.0, spread, out=np.zeros_like(spread), where=~steady)


def _guess(x: Floats, labels: Ints, fold: Ints, kinds: int, ridge: float) -> tuple[Ints, Floats]:
    """Return guessed sites (B, n) for each row of ``labels`` (B, n), and the scores (n, kinds) under the first of them."""
    guesses = np.zeros(labels.shape, dtype=np.int64)
    scores = np.zeros((x.shape[0], kinds))
    for number in np.unique(fold):
        inside, outside = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        mean, scale = standardiser(x[inside])
        z = np.where(np.isfinite(x), (x - mean) * scale, 0.0)
        gram = z[inside] @ z[inside].T
        penalty = ridge * max(float(np.trace(gram)) / inside.size, 1e-12)
        operator = np.linalg.solve(gram + penalty * np.eye(inside.size), z[inside] @ z[outside].T).T
        step = max(1, CELLS_AT_ONCE // (inside.size * kinds))
        for start in range(0, labels.shape[0], step):
            block = labels[start : start + step, inside]
            target = (block[:, :, None] == np.arange(kinds)).astype(np.float64)
            share = target.mean(axis=1, keepdims=True)
            rise = np.einsum("on,bns->bos", operator, target - share, optimize=True)
            with np.errstate(divide="ignore", invalid="ignore"):
                lift = np.where(share > 0, rise / share, -np.inf)
            guesses[start : start + step, outside] = lift.argmax(axis=2)
            if start == 0:
                scores[outside] = lift[0]
    return guesses, scores


def _answer(
    guesses: Ints,
    scores: Floats,
    labels: Ints,
    owner: Ints,
    sites: tuple[str, ...],
    left_out: tuple[str, ...],
    level: float,
    permutations: int,
) -> SiteProbe:
    kinds = len(sites)
    right = guesses == labels
    balanced = np.stack([(right & (labels == k)).sum(axis=1) / (labels == k).sum(axis=1) for k in range(kinds)]).mean(axis=0)
    recalls = tuple(proportion(right[0, labels[0] == k], owner=owner[labels[0] == k], level=level) for k in range(kinds))
    value = float(balanced[0])
    below = math.sqrt(sum((float(r.value or 0) - float(r.low or 0)) ** 2 for r in recalls)) / kinds
    above = math.sqrt(sum((float(r.high or 0) - float(r.value or 0)) ** 2 for r in recalls)) / kinds
    method = f"balanced accuracy of a ridge classifier, {kinds} sites, cross-validated by patient, MOVER interval of Wilson's"
    accuracy = Estimate(
        value=value,
        low=max(0.0, value - below),
        high=min(1.0, value + above),
        level=level,
        patients=int(np.unique(owner).size),
        method=method,
    )
    null = permuted(value, balanced[1:], "sites shuffled among patients") if permutations else unpermuted("no permutations", "site probe")
    finite = np.where(np.isfinite(scores), scores, np.finfo(np.float64).min)
    aucs = tuple(placements(labels[0] == k, finite[:, k])[0] for k in range(kinds))
    return SiteProbe(accuracy=accuracy, null=null, chance=1 / kinds, sites=sites, recalls=recalls, aucs=aucs, left_out=left_out)
