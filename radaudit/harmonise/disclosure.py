"""What a sum may say about one patient: the rules under which moments leave a hospital.

Counts: every group whose sum is written (a batch, the measured rows of a feature, a level of a covariate, and what remains of
them when one sum is taken from another) holds no patient or at least ``minimum``. Leverage: sums can be combined; the weight a
combination can put on one patient is the leverage of that patient in the span of all sums, h = max over w of (w_i^2 / |w|^2). At
h = 1 the patient's row is solved for exactly; the error of the best linear attack is sqrt((1 - h) / h) standard deviations of the
feature, no better than a guess from mean and SD while h < 1/2. A lone patient (h = 1) and a pair (h = 1/2) are therefore refused
however they were cut out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints
    from radaudit.harmonise.coding import CovariateCoding
    from radaudit.harmonise.moments import BatchMoments

MINIMUM = 10
LEAST_MINIMUM = 5
TOGETHER = 3  # patients who share two levels: the count alone is written, no sum over them
LEVERAGE = 0.5
RANK = 1e-10  # singular values below this share of the largest are rounding

Kind = Literal["batch", "level", "feature", "levels together", "combination"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """A group that is too small: what it is, in words, its patients, and the positions of the features that would have to go."""

    kind: Kind
    what: str
    patients: int
    features: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The rows (n,) of one level of a covariate."""

    name: str
    what: str
    rows: Bools


def risks_in_rows(missing: Bools, full: Floats, patients: Ints, coding: CovariateCoding, minimum: int) -> list[Risk]:
    """Return what the moments of one batch would give away.

    ``missing`` (n, p) marks empty cells, ``full`` (n, q) holds all columns of the coding, ``patients`` (n,) numbers the patients.
    """
    everyone = np.ones(len(patients), dtype=bool)
    if _people(patients, everyone) < minimum:
        return [Risk(kind="batch", what="the batch", patients=_people(patients, everyone))]
    groups = _groups(full, coding)
    found = list(_levels(groups, patients, minimum))
    patterns, member = np.unique(missing, axis=1, return_inverse=True)
    hollow: list[Bools] = []
    for k in range(patterns.shape[1]):
        gone = patterns[:, k]
        at = tuple(np.flatnonzero(member.ravel() == k).tolist())
        risk = _incomplete(gone, groups if coding.names else None, patients, minimum, at)
        if risk is not None:
            found.append(risk)
        elif gone.any():
            hollow.append(gone)
    if not coding.names or any(risk.kind != "feature" for risk in found):
        return found
    alone = _leverage([everyone], full, patients)
    if alone >= LEVERAGE:
        return [*found, Risk(kind="combination", what=f"of the covariates (leverage {alone:.2f})", patients=1)]
    together = _leverage([everyone, *(~gone for gone in hollow)], full, patients) if hollow else 0.0
    if together >= LEVERAGE:
        at = tuple(np.flatnonzero(np.any([missing[:, j] for j in range(missing.shape[1])], axis=1)).tolist())
        found.append(Risk(kind="combination", what=f"of the measured rows (leverage {together:.2f})", patients=1, features=at))
    return found


def risks_in_moments(own: BatchMoments, patients: int, coding: CovariateCoding, minimum: int) -> list[Risk]:
    """Return what can be seen to be too small in moments alone, rows counted as patients; combinations cannot be seen."""
    if min(patients, own.rows) < minimum:
        return [Risk(kind="batch", what="the batch", patients=min(patients, own.rows))]
    found = []
    counts = np.rint(own.c_mean * own.rows).astype(np.int64)
    for column, name, level in _indicators(coding):
        if not _enough(int(counts[column]), minimum) or not _enough(own.rows - int(counts[column]), minimum):
            found.append(Risk(kind="level", what=f"{name}={level}", patients=int(min(counts[column], own.rows - counts[column]))))
    joint = np.rint(own.c_cross + np.outer(own.c_mean, own.c_mean) * own.rows).astype(np.int64)
    found += [
        Risk(kind="levels together", what=f"{a}={x} and {b}={y}", patients=int(joint[j, k]))
        for j, a, x in _indicators(coding)
        for k, b, y in _indicators(coding)
        if a < b and not _enough(int(joint[j, k]), TOGETHER)
    ]
    few = np.flatnonzero((own.n > 0) & (own.n < minimum))
    found += [Risk(kind="feature", what="measured", patients=int(own.n[j]), features=(int(j),)) for j in few]
    if coding.names:
        gap = own.rows - own.n
        few = np.flatnonzero((gap > 0) & (gap < minimum))
        found += [Risk(kind="feature", what="missing", patients=int(gap[j]), features=(int(j),)) for j in few]
        found += _levels_of_incomplete(own, counts, coding, minimum)
    return found


def _levels_of_incomplete(own: BatchMoments, counts: Ints, coding: CovariateCoding, minimum: int) -> Iterator[Risk]:
    for j, mean in zip(own.partial.tolist(), own.partial_c_mean, strict=True):
        here = np.rint(mean * own.n[j]).astype(np.int64)
        for column, name, level in _indicators(coding):
            left = int(here[column]), int(counts[column] - here[column])
            if not all(_enough(count, minimum) for count in left):
                yield Risk(kind="feature", what=f"measured where {name}={level}", patients=min(left), features=(j,))


def _levels(groups: Sequence[Group], patients: Ints, minimum: int) -> Iterator[Risk]:
    for own in groups:
        sizes = _people(patients, own.rows), _people(patients, ~own.rows)
        if not all(_enough(size, minimum) for size in sizes):
            few = min(size for size in sizes if size)
            yield Risk(kind="level", what=own.what if sizes[0] == few else f"all of {own.name} but {own.what}", patients=few)
    for one, other in _pairs(groups):
        both = _people(patients, one.rows & other.rows)
        if not _enough(both, TOGETHER):
            yield Risk(kind="levels together", what=f"{one.what} and {other.what}", patients=both)


def _incomplete(gone: Bools, groups: Sequence[Group] | None, patients: Ints, minimum: int, features: tuple[int, ...]) -> Risk | None:
    """Return the smallest group that the sums of these features would show; ``gone`` (n,) are the rows where they are missing."""
    measured = _people(patients, ~gone)
    if not _enough(measured, minimum):
        return Risk(kind="feature", what="measured", patients=measured, features=features)
    if groups is None or not gone.any():
        return None  # without covariates nothing is written about the rows that are missing
    absent = _people(patients, gone)
    if not _enough(absent, minimum):
        return Risk(kind="feature", what="missing", patients=absent, features=features)
    for own in groups:
        left = _people(patients, own.rows & ~gone), _people(patients, own.rows & gone)
        if not all(_enough(size, minimum) for size in left):
            return Risk(kind="feature", what=f"measured where {own.what}", patients=min(filter(None, left)), features=features)
    for one, other in _pairs(groups):
        both = _people(patients, one.rows & other.rows & ~gone)
        if not _enough(both, TOGETHER):
            return Risk(kind="feature", what=f"measured where {one.what} and {other.what}", patients=both, features=features)
    return None


def _leverage(groups: Sequence[Bools], full: Floats, patients: Ints) -> float:
    """Return the largest leverage of a patient in the span of every column, ones included, summed over each group of rows."""
    columns = np.column_stack([np.ones(len(full)), full])
    stacked = np.column_stack([columns * group[:, None] for group in groups])
    size = np.sqrt(np.add.reduce(stacked * stacked, axis=0))
    stacked = stacked[:, size > 0] / size[size > 0]
    if stacked.shape[1] >= len(stacked):
        return 1.0
    basis, values, _ = np.linalg.svd(stacked, full_matrices=False)
    basis = basis[:, values > RANK * values[0]]
    order = np.argsort(patients, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(patients[order]) > 0])
    ends = [*starts[1:].tolist(), len(order)]
    largest = float((basis * basis).sum(axis=1).max())
    for start, end in zip(starts.tolist(), ends, strict=True):
        if end - start > 1:  # a patient with several rows: the best weights over all of them
            largest = max(largest, float(np.linalg.norm(basis[order[start:end]], 2)) ** 2)
    return largest + RANK


def _indicators(coding: CovariateCoding) -> list[tuple[int, str, str]]:
    """Return position, covariate and level of every column that marks a level."""
    return [(own.start + i, own.name, level) for own in coding.blocks for i, level in enumerate(own.levels)]


def _groups(full: Floats, coding: CovariateCoding) -> list[Group]:
    """Return the rows of each level; a number that takes two values in these rows has two levels."""
    found = [Group(name=name, what=f"{name}={level}", rows=full[:, column] > 0) for column, name, level in _indicators(coding)]
    for own in coding.blocks:
        values = np.unique(full[:, own.start]) if own.kind == "number" else np.zeros(0)
        if len(values) == 2:
            found += [Group(name=own.name, what=f"{own.name}={value:g}", rows=full[:, own.start] == value) for value in values.tolist()]
    return found


def _pairs(groups: Sequence[Group]) -> Iterator[tuple[Group, Group]]:
    return ((one, other) for one in groups for other in groups if one.name < other.name)


def _people(patients: Ints, rows: Bools) -> int:
    return len(np.unique(patients[rows]))


def _enough(count: int, minimum: int) -> bool:
    return count == 0 or count >= minimum
