"""Resamples of the training rows, whole patients each: repeated stratified k-fold and leave-one-label-out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from radaudit.arrays import frozen_ints
from radaudit.errors import DesignError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resample:
    """Row numbers to fit on and row numbers to assess; no patient is in both."""

    analysis: Ints
    assessment: Ints
    label: str
    repeat: int = 0


def folds_possible(groups: Sequence[str] | ArrayLike, outcome: ArrayLike, folds: int) -> int:
    """Return ``folds``, or the size in patients of the smaller class if that is less; below 2 no fold can be made."""
    _, _, event = _patients(groups, outcome)
    return int(min(folds, event.sum(), (~event).sum()))


def repeated_group_kfold(
    groups: Sequence[str] | ArrayLike,
    outcome: ArrayLike,
    folds: int,
    repeats: int,
    rng: np.random.Generator,
    *,
    balance: Sequence[str] | ArrayLike | None = None,
) -> tuple[Resample, ...]:
    """Return ``repeats`` times ``folds`` resamples in which every patient is assessed once per repeat.

    Patients, sorted by id and shuffled by ``rng``, are ordered by class (any row with the event) and dealt to the folds in turn:
    folds differ by at most one patient in size and in events. Depends on the set of rows, not their order. ``balance`` (a label per
    row, such as the batch) also spreads labels evenly within a class: right where folds serve harmonisation, wrong where they serve
    the outcome, since folds that repeat the whole table's share of events per site show any model that knows the site its chance
    association again (with permuted outcomes the site alone then reached an AUC of 0.57).
    Raises DesignError SIZE-071 if a class has fewer patients than folds.
    """
    import numpy as np

    names, member, event = _patients(groups, outcome)
    possible = int(min(event.sum(), (~event).sum()))
    if folds < 2 or folds > possible:
        raise DesignError(
            "SIZE-071",
            f"{folds} folds cannot be made: the smaller class has {possible} patients",
            found=f"{int(event.sum())} patients with the event, {int((~event).sum())} without",
            fix=f"split.development.folds: {possible}" if possible >= 2 else "too few patients of one class to resample",
            folds=folds,
            possible=possible,
        )
    labels = _first_label(balance, member, len(names))
    resamples = []
    for repeat in range(repeats):
        shuffled = rng.permutation(len(names))
        order = shuffled[np.lexsort((labels[shuffled], ~event[shuffled]))]
        fold = np.empty(len(names), dtype=np.int64)
        fold[order] = (np.arange(len(names)) + rng.integers(folds)) % folds
        of_row = fold[member]
        for k in range(folds):
            label = f"repeat {repeat + 1} fold {k + 1}"
            resamples.append(_resample(of_row != k, of_row == k, label, repeat))
    return tuple(resamples)


def shuffled_holdouts(
    groups: Sequence[str] | ArrayLike, outcome: ArrayLike, held: int, repeats: int, rng: np.random.Generator
) -> tuple[Resample, ...]:
    """Return ``repeats`` resamples that assess ``held`` patients drawn anew, both classes in the table's proportion (rounded).

    Patients are sorted by id before ``rng`` shuffles them: the order of rows does not matter. Raises DesignError SIZE-071 if a class would
    have no patient on one side.
    """
    import numpy as np

    names, member, event = _patients(groups, outcome)
    events = int(event.sum())
    wanted = min(max(round(held * events / len(names)), 1), events - 1)
    others = min(max(held - wanted, 1), len(names) - events - 1)
    if events < 2 or len(names) - events < 2:
        raise DesignError(
            "SIZE-071",
            "the patients cannot be dealt anew: a class needs two of them",
            found=f"{events} patients with the event, {len(names) - events} without",
            fix="too few patients of one class to resample",
            folds=2,
            possible=min(events, len(names) - events),
        )
    resamples = []
    for repeat in range(repeats):
        drawn = np.zeros(len(names), dtype=bool)
        drawn[rng.permutation(np.flatnonzero(event))[:wanted]] = True
        drawn[rng.permutation(np.flatnonzero(~event))[:others]] = True
        of_row = drawn[member]
        resamples.append(_resample(~of_row, of_row, f"split {repeat + 1}", repeat))
    return tuple(resamples)


def leave_one_out(labels: Sequence[str] | ArrayLike, groups: Sequence[str] | ArrayLike) -> tuple[Resample, ...]:
    """Return one resample per label, in sorted order: its rows are assessed, all rows of its patients kept out of the analysis.

    Raises DesignError SIZE-072 if there are fewer than two labels.
    """
    import numpy as np

    label_names, label = np.unique(np.asarray(labels), return_inverse=True)
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    if len(label_names) < 2:
        raise DesignError(
            "SIZE-072", "leave-one-out needs at least two labels", found=f"{len(label_names)}", fix="one site cannot be left out of one"
        )
    resamples = []
    for k, name in enumerate(label_names.tolist()):
        inside = label == k
        assessed = np.zeros(int(member.max()) + 1, dtype=bool)
        assessed[member[inside]] = True
        resamples.append(_resample(~assessed[member], inside, str(name), 0))
    return tuple(resamples)


def _patients(groups: Sequence[str] | ArrayLike, outcome: ArrayLike) -> tuple[list[str], Ints, Bools]:
    """Return sorted patient names, each row's patient number, and each patient's class."""
    import numpy as np

    names, member = np.unique(np.asarray(groups), return_inverse=True)
    result = np.asarray(outcome, dtype=np.float64)
    if result.shape != member.shape or not np.isin(result, (0.0, 1.0)).all():
        raise DesignError(
            "OUT-073", "every row to resample needs an outcome of 0 or 1", found=f"{int((~np.isin(result, (0.0, 1.0))).sum())} rows without"
        )
    event = np.zeros(len(names), dtype=bool)
    event[member[result == 1]] = True
    return [str(name) for name in names], member.astype(np.int64), event


def _first_label(balance: Sequence[str] | ArrayLike | None, member: Ints, patients: int) -> Ints:
    """Return each patient's smallest label, so that the order of rows does not matter."""
    import numpy as np

    if balance is None:
        return np.zeros(patients, dtype=np.int64)
    _, code = np.unique(np.asarray(balance), return_inverse=True)
    labels = np.full(patients, np.iinfo(np.int64).max, dtype=np.int64)
    np.minimum.at(labels, member, code)
    return labels


def _resample(analysis: Bools, assessment: Bools, label: str, repeat: int) -> Resample:
    import numpy as np

    return Resample(
        analysis=frozen_ints(np.flatnonzero(analysis)), assessment=frozen_ints(np.flatnonzero(assessment)), label=label, repeat=repeat
    )
