"""Repairs: for each kind of leak, what the model was fed as sent and what it would have been fed without the leak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.leaks.forensics import oversampling
from radaudit.leaks.forensics.duplicates import ghost_rows, telling_columns, twins
from radaudit.leaks.forensics.imputation import filled
from radaudit.leaks.forensics.patients import normalised
from radaudit.leaks.forensics.selectors import RANKINGS, chosen, top

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats
    from radaudit.leaks.forensics.evidence import Evidence


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fed:
    """What a model is fed: columns ``x (n, p)``, the rows it is fitted on and the test rows it is judged on, (n,) each."""

    x: Floats
    fitted: Bools
    judged: Bools
    standardise: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repair:
    """As sent and repaired, and how it was repaired."""

    sent: Fed
    repaired: Fed
    how: str


Facts = Mapping[str, Any]


def scaling(given: Evidence, facts: Facts) -> Repair:
    """Scale again by training rows: scaling composes, so that this is the scaling the training rows would have given."""
    sent = _signature(given)
    rows = sent[given.training]
    spread = np.nanstd(rows, axis=0)
    again = (sent - np.nanmean(rows, axis=0)) / np.where(spread > 0, spread, 1.0)
    return _same_rows(given, sent, again, "columns scaled again by training rows", standardise=False)


def imputation(given: Evidence, facts: Facts) -> Repair:
    """Fill again the cells that hold a repeated mean or median, by the means of training rows."""
    cells = filled(given)
    emptied = np.where(cells, np.nan, given.values)
    return _same_rows(
        given, _signature(given), _signature(given, emptied), f"{int(cells.sum())} filled cells filled again from training rows"
    )


def pca(given: Evidence, facts: Facts) -> Repair:
    """Turn the components so that they are those of the training rows: they span the same space."""
    sent = _signature(given)
    rows = np.nan_to_num(sent[given.training] - np.nanmean(sent[given.training], axis=0))
    turn = np.linalg.svd(rows, full_matrices=False)[2]
    centred = np.nan_to_num(sent - np.nanmean(sent[given.training], axis=0))
    return _same_rows(given, sent, centred @ turn.T, "components computed again from training rows", standardise=False)


def harmonisation(given: Evidence, facts: Facts) -> Repair | None:
    """Harmonise again by training rows: location and scale per site compose; empirical Bayes leaves a residue the repair inherits."""
    from radaudit.harmonise.combat import fit_combat
    from radaudit.harmonise.moments import measure

    if given.site is None:
        return None
    names = [f"f{j}" for j in range(given.values.shape[1])]
    labels = [str(code) for code in given.site.tolist()]
    train = np.flatnonzero(given.training)
    kept = np.flatnonzero(np.nanstd(given.values[given.training], axis=0) > 0)
    try:
        moments = measure(given.values[np.ix_(train, kept)], [labels[i] for i in train], features=[names[j] for j in kept])
        again = fit_combat(moments).apply(given.values[:, kept], labels, unseen="pass")
    except DesignError:
        return None
    values = given.values.copy()
    values[:, kept] = again
    return _same_rows(given, _signature(given), _signature(given, values), "harmonised again by training rows, without the outcome")


def oversampled(given: Evidence, facts: Facts) -> Repair | None:
    """Leave out the rows that were made: those on a line between two rows of their class, and copies of a row across the split."""
    made = np.zeros(len(given.training), dtype=bool)
    columns = oversampling._columns(given.values, given.binary())
    for rows in oversampling._classes(given):
        for one in oversampling.find_lines(given, rows, columns):
            made[one.middle] = True
    if not made.any():
        return duplicates(given, facts)
    x = _signature(given)
    sent = Fed(x=x, fitted=given.training, judged=given.holdout)
    return Repair(
        sent=sent,
        repaired=Fed(x=x, fitted=given.training & ~made, judged=given.holdout & ~made),
        how=f"{int(made.sum())} made rows left out",
    )


def duplicates(given: Evidence, facts: Facts) -> Repair | None:
    """Leave out the training rows that a test row repeats."""
    telling = telling_columns(given.values)
    pairs, _ = twins(given, ghost_rows(given, telling), telling)
    repeated = {given.values[a].tobytes() for a, _ in pairs}
    gone = np.array([bool(given.training[i]) and given.values[i].tobytes() in repeated for i in range(len(given.training))])
    return _without(given, gone, f"{int(gone.sum())} training rows that test rows repeat left out")


def patients(given: Evidence, facts: Facts) -> Repair | None:
    """Leave out the training rows of patients who stand in the test set as well."""
    if given.patients is None:
        return None
    ids = [normalised(who) for who in given.patients]
    tested = {who for who, held in zip(ids, given.holdout.tolist(), strict=True) if held and who}
    gone = np.array([who in tested for who in ids]) & given.training
    return _without(given, gone, f"{int(gone.sum())} training rows of test patients left out")


def selection(given: Evidence, facts: Facts) -> Repair | None:
    """Select again on training rows, as many columns, by the selector that the replay found."""
    family = facts.get("family_all")
    if given.selected is None or given.outcome is None or not family:
        return None
    count = len(given.selected)
    rows = given.training & ~np.isnan(given.outcome)
    x = np.where(np.isnan(given.values), np.nanmean(given.values[rows], axis=0), given.values)
    again = _selected_again(x[rows], given.outcome[rows], count, str(family))
    if not again:
        return None
    sent = given.values[:, given.selected]
    return _same_rows(given, sent, given.values[:, again], f"{len(again)} columns selected again on training rows by {family}")


def _selected_again(x: Floats, y: Floats, count: int, family: str) -> list[int]:
    """Return what a selector chooses on these rows; a ranking is computed alone, any other family with all the rest."""
    if family in RANKINGS:
        return sorted(top(RANKINGS[family](x, y), count))
    sets: list[set[int]] = chosen(x, y, count)[family]
    if not sets:
        return []
    nearest: set[int] = min(sets, key=lambda one: abs(len(one) - count))
    return sorted(nearest)


def proxy(given: Evidence, facts: Facts) -> Repair | None:
    """Leave out the columns that were made from the outcome."""
    names = {str(name) for name in facts.get("columns", ())}
    own: list[int] = list(range(given.values.shape[1])) if given.selected is None else given.selected.tolist()
    kept = [j for j in own if given.names[j] not in names]
    if not kept or len(kept) == len(own):
        return None
    return _same_rows(given, _signature(given), given.values[:, kept], f"{len(own) - len(kept)} columns left out")


REPAIRS: Mapping[str, Callable[[Evidence, Facts], Repair | None]] = {
    "scaling": scaling,
    "imputation": imputation,
    "pca": pca,
    "harmonisation": harmonisation,
    "oversampling": oversampled,
    "duplicates": duplicates,
    "patients": patients,
    "selection": selection,
    "proxy": proxy,
}


def _signature(given: Evidence, values: Floats | None = None) -> Floats:
    """Return the columns of the claimed signature; all columns if they are not known."""
    x = given.values if values is None else values
    return x if given.selected is None or not len(given.selected) else x[:, given.selected]


def _same_rows(given: Evidence, sent: Floats, again: Floats, how: str, *, standardise: bool = True) -> Repair:
    parts = {"fitted": given.training, "judged": given.holdout, "standardise": standardise}
    return Repair(sent=Fed(x=sent, **parts), repaired=Fed(x=again, **parts), how=how)  # type: ignore[arg-type]


def _without(given: Evidence, gone: Bools, how: str) -> Repair | None:
    if not gone.any():
        return None
    x = _signature(given)
    sent = Fed(x=x, fitted=given.training, judged=given.holdout)
    return Repair(sent=sent, repaired=Fed(x=x, fitted=given.training & ~gone, judged=given.holdout), how=how)
