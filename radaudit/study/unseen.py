"""Rows harmonised by fits that saw none of them: the only rows on which a harmonisation can be judged.

A fold's fit is the whole's moments less the fold's, so repeats cost little. Rows of one part were harmonised by one fit. Only rows of
the same part may be compared: across parts each row's own value has moved the other's correction the other way, which makes batches look
more alike than they are (without empirical Bayes their pooled means come out exactly equal).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen, frozen_ints
from radaudit.errors import DesignError
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.effects import SiteEffects
from radaudit.harmonise.moments import SiteMoments, measure, measure_parts
from radaudit.study.plans import HarmonisePlan

if TYPE_CHECKING:
    from numpy.random import Generator

    from radaudit.arrays import Floats, Ints

FEWEST = 2
ALIASED = ("HARM-001", "HARM-002")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """Harmonised rows ``after`` (n, p) and the ``part`` (n,) whose fit saw none of that part; -1 marks rows that are not judged.

    ``folds`` is the number of parts of the same rows, 1 for a holdout.
    """

    after: Floats
    part: Ints
    folds: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "after", frozen(self.after))
        object.__setattr__(self, "part", frozen_ints(self.part))


def holdout(after: Floats) -> Unseen:
    """Return rows of a holdout that one fit harmonised without having seen them."""
    return Unseen(after=after, part=np.zeros(len(after), dtype=np.int64))


def harmonised_unseen(
    x: Floats,
    batch: Sequence[str],
    patients: Sequence[str],
    covariates: Mapping[str, Sequence[Any]],
    plan: HarmonisePlan,
    rng: Generator,
    *,
    folds: int,
    repeats: int,
) -> tuple[Unseen, ...]:
    """Return ``repeats`` times the rows x (n, p), each harmonised by a fit on the other ``folds`` - 1 folds of whole patients.

    Patients are dealt to the folds batch by batch. A row whose batch the other folds hold fewer than two rows of is not judged.
    Raises what ``measure`` raises.
    """
    features = [f"f{j}" for j in range(x.shape[1])]
    labels, people = np.asarray(batch, dtype=str), np.asarray(patients, dtype=str)
    found = []
    for _ in range(repeats):
        part = _dealt(people, labels, folds, rng)
        rows = np.flatnonzero(~np.isin(labels, plan.keep))
        own = {name: [values[int(i)] for i in rows] for name, values in covariates.items()}
        parts = measure_parts(x[rows], labels[rows].tolist(), part[rows].tolist(), own, features=features)
        found.append(_one(x, labels, covariates, plan, part, parts, folds))
    return tuple(found)


def _one(
    x: Floats,
    labels: Any,
    covariates: Mapping[str, Sequence[Any]],
    plan: HarmonisePlan,
    part: Ints,
    parts: Mapping[int, SiteMoments],
    folds: int,
) -> Unseen:
    whole = _total(list(parts.values()))
    after, judged = x.copy(), np.full(len(x), -1, dtype=np.int64)
    for number, moments in parts.items():
        rest = whole - moments
        rest = rest.without([name for name, n in rest.counts.items() if n < FEWEST])
        if len(rest.batches) < 2:
            continue
        effects = _fitted(rest, plan, x, labels, np.flatnonzero((part != number) & np.isin(labels, rest.batches)))
        at = np.flatnonzero((part == number) & np.isin(labels, effects.batches))
        own = {name: [covariates[name][int(i)] for i in at] for name in effects.coding.names}
        after[at] = effects.apply(x[at], labels[at].tolist(), own, levels="mean")
        judged[at] = number
    return Unseen(after=after, part=judged, folds=folds)


def _total(parts: Sequence[SiteMoments]) -> SiteMoments:
    whole = parts[0]
    for own in parts[1:]:
        whole = whole + own
    return whole


def _fitted(rest: SiteMoments, plan: HarmonisePlan, x: Floats, labels: Any, rows: Ints) -> SiteEffects:
    """Return the fit of a fold; where chance makes a covariate an alias of a batch, the fold preserves none."""
    reference = plan.reference if plan.reference in rest.batches else None

    def fit(moments: SiteMoments) -> SiteEffects:
        return fit_combat(moments, parametric=plan.parametric, eb=plan.eb, mean_only=plan.mean_only, reference=reference)

    try:
        return fit(rest)
    except DesignError as error:
        if error.code not in ALIASED:
            raise
        return fit(measure(x[rows], labels[rows].tolist(), None, features=rest.features))


def _dealt(people: Any, labels: Any, folds: int, rng: Generator) -> Ints:
    """Return the fold of each row: patients, shuffled, dealt in turn batch by batch (a patient's first batch in sorted order)."""
    names, first, member = np.unique(people, return_index=True, return_inverse=True)
    member = member.reshape(-1)
    code = np.unique(labels, return_inverse=True)[1].reshape(-1)
    home = np.full(len(names), code.max(), dtype=np.int64)
    np.minimum.at(home, member, code)
    shuffled = rng.permutation(len(names))
    order = shuffled[np.argsort(home[shuffled], kind="stable")]
    fold = np.empty(len(first), dtype=np.int64)
    fold[order] = (np.arange(len(names)) + rng.integers(folds)) % folds
    return np.asarray(fold[member])
