"""Whether features go together in the same way in every group: covariances of the first components, against shuffled groups.

What ComBat leaves and CovBat is made for (Chen et al., Hum Brain Mapp 43:1179, 2022). Features are centred and scaled within each group
first, so that neither means nor variances count here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.measures.permutation import Permuted, permuted, unpermuted
from radaudit.measures.rows import at_least, codes_of, same_length
from radaudit.measures.withinslopes import centred_within

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats, Ints

COMPONENTS = 5
METHOD = "squared difference of group covariances in the first components over the squared pooled covariance"


def covariance_difference(
    x: ArrayLike,
    group: ArrayLike,
    *,
    rng: Generator,
    patients: ArrayLike | None = None,
    components: int = COMPONENTS,
    permutations: int = 200,
) -> Permuted:
    """Return how far covariances differ between groups (n,) of x (n, p), and how far when rows are shuffled among groups.

    Missing cells count as their group's mean. If a patient has rows in several groups, rows are shuffled within patients. Answers without
    value if fewer than two groups have more rows than components. Raises PERF-001, PERF-006.
    """
    at_least(components, 1, "components")
    at_least(permutations, 1, "permutations")
    codes = codes_of(group, "group")[1]
    table = np.asarray(x, dtype=np.float64)
    owner = np.arange(codes.size) if patients is None else codes_of(patients, "patients")[1]
    same_length(x=table, group=codes, patients=owner)
    large = np.flatnonzero(np.bincount(codes) > components) if codes.size else np.empty(0, dtype=np.int64)
    rows = np.flatnonzero(np.isin(codes, large))
    if large.size < 2:
        return unpermuted(f"fewer than two groups have more than {components} rows", METHOD)
    codes, owner = np.searchsorted(large, codes[rows]), owner[rows]
    scores = _scores(table[rows], codes, components)
    outer = (scores[:, :, None] * scores[:, None, :]).reshape(len(scores), -1)
    crossed = len(set(zip(owner.tolist(), codes.tolist(), strict=True))) > len(set(owner.tolist()))
    value = _difference(outer, codes)
    null = np.array([_difference(outer, codes[_shuffled(owner, crossed, rng)]) for _ in range(permutations)])
    kind = "rows shuffled within patients" if crossed else "rows shuffled among groups"
    found = permuted(value, null, f"{METHOD}, {kind}")
    return replace(found, method=f"{METHOD}, {components} components, {kind}, {permutations} permutations")


def _scores(x: Floats, codes: Ints, components: int) -> Floats:
    centred = centred_within(x, codes)
    for code in np.unique(codes):
        rows = codes == code
        sd = np.sqrt((centred[rows] ** 2).mean(axis=0))
        centred[rows] = np.divide(centred[rows], sd, out=np.zeros_like(centred[rows]), where=sd > 1e-12 * np.abs(x[rows]).max(initial=0.0))
    left, size, _ = np.linalg.svd(centred, full_matrices=False)
    kept = min(components, len(size))
    return np.asarray(left[:, :kept] * size[:kept])


def _difference(outer: Floats, codes: Ints) -> float:
    member = (codes[:, None] == np.arange(int(codes.max()) + 1)).astype(np.float64)
    n = member.sum(axis=0)
    own = member.T @ outer / n[:, None]
    pooled = outer.mean(axis=0)
    return float((n[:, None] * (own - pooled) ** 2).sum() / (n.sum() * (pooled**2).sum()))


def _shuffled(owner: Ints, crossed: bool, rng: Generator) -> Ints:
    """Return an order of rows: any, or one that moves rows within their patient only."""
    order = rng.permutation(owner.size)
    if not crossed:
        return order
    place = np.empty(owner.size, dtype=np.int64)
    place[np.argsort(owner, kind="stable")] = order[np.argsort(owner[order], kind="stable")]
    return place
