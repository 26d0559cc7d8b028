"""Nested ComBat: several batch variables (site, scanner, protocol) removed one after the other (Horng et al., Sci Rep 12:4493, 2022).

The order matters and is chosen on training rows only: of all orders the one that leaves the least between-batch variation,
the mean over batch variables of the median F statistic over features. What is frozen is the chain of fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError, listed
from radaudit.harmonise.coding import CovariateCoding, Covariates, LevelPolicy, MissingPolicy
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.effects import SiteEffects, UnseenPolicy
from radaudit.harmonise.moments import measure
from radaudit.harmonise.regression import between

if TYPE_CHECKING:
    from radaudit.arrays import Floats

FORMAT = "radaudit-nested-effects/1"
MOST_VARIABLES = 4
Batches = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedEffects:
    """A chain of frozen fits by batch variable; ``left`` holds for each order tried what between-batch variation it left."""

    steps: tuple[tuple[str, SiteEffects], ...]
    left: tuple[tuple[tuple[str, ...], float], ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """The features, in the order of the fit."""
        return self.steps[0][1].features

    @property
    def order(self) -> tuple[str, ...]:
        """The batch variables in the order of their removal."""
        return tuple(name for name, _ in self.steps)

    def apply(
        self,
        x: Any,
        batches: Batches,
        covariates: Covariates | None = None,
        *,
        features: Sequence[str] | None = None,
        unseen: UnseenPolicy = "refuse",
        levels: LevelPolicy = "refuse",
        missing: MissingPolicy = "refuse",
        out: Floats | None = None,
    ) -> Floats:
        """Return rows ``x`` (n, p) harmonised for every batch variable; ``batches`` maps each variable to n labels.

        Raises what SiteEffects.apply raises, and DesignError HARM-013 if a batch variable is not given.
        """
        _given(batches, self.order)
        y = x
        for i, (name, effects) in enumerate(self.steps):
            target = out if i == 0 else y
            y = effects.apply(y, batches[name], covariates, features=features, unseen=unseen, levels=levels, missing=missing, out=target)
        harmonised: Floats = y
        return harmonised

    def document(self) -> dict[str, Any]:
        """Return a JSON-able description, complete."""
        return {
            "format": FORMAT,
            "steps": [[name, effects.document()] for name, effects in self.steps],
            "left": [[list(order), value] for order, value in self.left],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> NestedEffects:
        """Return the effects written by ``document``. Raises DesignError HARM-018 for anything else."""
        if document.get("format") != FORMAT:
            raise DesignError(
                "HARM-018", "not a document of nested effects", found=f"format {document.get('format')!r}", fix=f"format {FORMAT}"
            )
        try:
            return cls(
                steps=tuple((str(name), SiteEffects.from_document(own)) for name, own in document["steps"]),
                left=tuple((tuple(map(str, order)), float(value)) for order, value in document["left"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DesignError("HARM-018", "the document of nested effects is damaged", found=f"{type(error).__name__}: {error}") from error


def fit_nested(
    x: Any,
    batches: Batches,
    covariates: Covariates | None = None,
    *,
    features: Sequence[str],
    coding: CovariateCoding | None = None,
    order: Sequence[str] | None = None,
    **options: Any,
) -> NestedEffects:
    """Return the chain fitted on training rows ``x`` (n, p); ``options`` as ``fit_combat``; without ``order`` the best is chosen.

    Raises what ``fit_combat`` raises, and DesignError HARM-013 (order does not match), HARM-022 (more than 4 variables to order).
    """
    names = sorted(batches)
    if not names:
        raise DesignError("HARM-009", "no batch variable is given", fix="name at least one")
    if order is not None:
        _given(batches, order)
        if sorted(order) != names:
            raise DesignError("HARM-013", "the order does not name every batch variable once", found=listed(order), fix=", ".join(names))
        return NestedEffects(steps=_chain(x, batches, covariates, features, coding, tuple(order), options)[0])
    if len(names) > MOST_VARIABLES:
        raise DesignError("HARM-022", f"{len(names)} batch variables have too many orders to try", fix="give the order")
    tried: list[tuple[float, tuple[str, ...]]] = []
    best: tuple[tuple[str, SiteEffects], ...] = ()
    for candidate in permutations(names):
        steps, y = _chain(x, batches, covariates, features, coding, candidate, options)
        left = _left(y, batches, covariates, features, coding)
        if not tried or left < min(value for value, _ in tried):
            best = steps
        tried.append((left, candidate))
    return NestedEffects(steps=best, left=tuple((candidate, value) for value, candidate in tried))


def _chain(
    x: Any,
    batches: Batches,
    covariates: Covariates | None,
    features: Sequence[str],
    coding: CovariateCoding | None,
    order: tuple[str, ...],
    options: Mapping[str, Any],
) -> tuple[tuple[tuple[str, SiteEffects], ...], Any]:
    y, steps = x, []
    for name in order:
        effects = fit_combat(measure(y, batches[name], covariates, features=features, coding=coding), **options)
        y = effects.apply(y, batches[name], covariates)
        steps.append((name, effects))
    return tuple(steps), y


def _left(y: Any, batches: Batches, covariates: Covariates | None, features: Sequence[str], coding: CovariateCoding | None) -> float:
    """Return the mean over batch variables of the median F statistic over features."""
    medians = []
    for name in sorted(batches):
        _, f = between(measure(y, batches[name], covariates, features=features, coding=coding))
        medians.append(float(np.median(f)) if len(f) else 0.0)
    return float(np.mean(medians))


def _given(batches: Batches, order: Iterable[str]) -> None:
    absent = [name for name in order if name not in batches]
    if absent:
        raise DesignError(
            "HARM-013",
            f"batch variable(s) {listed(absent)} are not given",
            found=listed(sorted(batches)),
            fix="give every variable of the fit",
        )
