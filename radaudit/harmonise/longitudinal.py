"""Longitudinal ComBat: repeated visits of a patient share a random intercept (Beer et al., NeuroImage 220:117129, 2020).

y = grand mean + c beta + batch + b_patient + sigma e, fitted per feature by REML; the ratio theta = var(b) / sigma^2 is found
from sums over patients of equal numbers of visits, all features at once. Empirical Bayes then acts on residuals that keep
the patient's own level. The random intercept of a new patient is predicted from that patient's rows alone, so that no
patient's value is part of the frozen fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError, listed
from radaudit.harmonise.coding import CovariateCoding, Covariates, LevelPolicy, MissingPolicy
from radaudit.harmonise.combat import Frame, PriorGroups, estimates, prior_group_names
from radaudit.harmonise.effects import Method, SiteEffects, UnseenPolicy
from radaudit.harmonise.moments import as_labels, as_table, measure, positions
from radaudit.harmonise.priors import Stop
from radaudit.harmonise.random_intercept import fit_random_intercept
from radaudit.harmonise.regression import CONSTANT, regress

if TYPE_CHECKING:
    from radaudit.arrays import Floats

FORMAT = "radaudit-longitudinal-effects/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LongitudinalEffects:
    """Frozen longitudinal ComBat: ``combat`` with sigma of the residuals; raw batch effects ``offset`` (B, p) in the feature's unit.

    ``ratio`` (p,) is the variance of patients over that of residuals.
    """

    combat: SiteEffects
    offset: Floats
    ratio: Floats

    def __post_init__(self) -> None:
        for name in ("offset", "ratio"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def features(self) -> tuple[str, ...]:
        """The features, in the order of the fit."""
        return self.combat.features

    @property
    def batches(self) -> tuple[str, ...]:
        """The batches of the fit."""
        return self.combat.batches

    def apply(
        self,
        x: Any,
        batch: Sequence[str],
        covariates: Covariates | None = None,
        *,
        patient: Sequence[str],
        features: Sequence[str] | None = None,
        unseen: UnseenPolicy = "refuse",
        levels: LevelPolicy = "refuse",
        missing: MissingPolicy = "refuse",
    ) -> Floats:
        """Return harmonised rows; a patient's rows depend on no other patient's, but on the visits given together.

        ``patient`` (n,) names each row's patient. Raises what SiteEffects.apply raises.
        """
        names = self.features if features is None else tuple(features)
        effects = self.combat if features is None else self.combat.only(self._bound(names))
        table = np.asarray(as_table(x, names), dtype=np.float64)
        labels, people = as_labels(batch, len(table)), as_labels(patient, len(table))
        place = {name: i for i, name in enumerate(self.features)}
        order = np.array([place[name] for name in names], dtype=np.int64)
        means = effects.means if effects.column_means else None
        design = effects.coding.code(covariates, len(table), unseen=levels, missing=missing, means=means)
        own = np.array([self.batches.index(b) if b in self.batches else -1 for b in labels], dtype=np.int64)
        level = np.zeros_like(table)
        for rows in positions(people, sorted(set(people))):
            known = rows[own[rows] >= 0]
            if len(known):
                rest = table[known] - effects.grand_mean - self.offset[own[known]][:, order]
                for k in range(len(effects.coefficients)):
                    rest -= design[known, k : k + 1] * effects.coefficients[k]
                level[rows] = _predicted(rest, self.ratio[order])
        y = effects.apply(table - level, labels, covariates, unseen=unseen, levels=levels, missing=missing)
        y += level
        kept = (own < 0) if effects.reference is None else (own < 0) | (own == self.batches.index(effects.reference))
        y[kept] = table[kept]
        return y

    def _bound(self, names: tuple[str, ...]) -> tuple[str, ...]:
        if set(names) != set(self.features):
            raise DesignError(
                "HARM-013",
                "the columns are not the features of the fit",
                found=listed(sorted(set(names) ^ set(self.features))),
                fix="give all of them",
            )
        return names

    def document(self) -> dict[str, Any]:
        """Return a JSON-able description, complete."""
        return {"format": FORMAT, "combat": self.combat.document(), "offset": self.offset.tolist(), "ratio": self.ratio.tolist()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> LongitudinalEffects:
        """Return the effects written by ``document``. Raises DesignError HARM-018 for anything else."""
        if document.get("format") != FORMAT:
            raise DesignError(
                "HARM-018", "not a document of longitudinal effects", found=f"format {document.get('format')!r}", fix=f"format {FORMAT}"
            )
        try:
            combat = SiteEffects.from_document(document["combat"])
            offset = np.array(document["offset"], dtype=np.float64).reshape(combat.gamma.shape)
            return cls(combat=combat, offset=offset, ratio=np.array(document["ratio"], dtype=np.float64))
        except (KeyError, TypeError, ValueError) as error:
            raise DesignError(
                "HARM-018", "the document of longitudinal effects is damaged", found=f"{type(error).__name__}: {error}"
            ) from error


def _predicted(rest: Floats, ratio: Floats) -> Floats:
    """Return the best linear unbiased prediction of a patient's intercept from the measured cells of that patient's rows."""
    here = ~np.isnan(rest)
    total = np.zeros(rest.shape[1])
    for row, seen in zip(rest, here, strict=True):
        total += np.where(seen, row, 0.0)
    n = np.add.reduce(here, axis=0)
    predicted: Floats = ratio * total / (1.0 + n * ratio)
    return predicted


def fit_longitudinal(
    x: Any,
    batch: Sequence[str],
    patient: Sequence[str],
    covariates: Covariates | None = None,
    *,
    features: Sequence[str],
    coding: CovariateCoding | None = None,
    parametric: bool = True,
    eb: bool = True,
    mean_only: bool = False,
    stop: Stop = "converged",
    prior_groups: PriorGroups | None = None,
) -> LongitudinalEffects:
    """Return longitudinal ComBat fitted on training rows ``x`` (n, p) of repeated visits.

    Raises DesignError: HARM-001, -002, -009, -014, SIZE-001 as ``fit_combat``, HARM-023 for missing cells or if no patient
    has two rows.
    """
    table = np.asarray(as_table(x, features), dtype=np.float64)
    labels, people = as_labels(batch, len(table)), as_labels(patient, len(table))
    _refuse(table, people, features)
    moments = measure(table, labels, covariates, features=features, coding=coding)
    method = Method(parametric=parametric, eb=eb, mean_only=mean_only, stop=stop)
    plain = regress(moments)
    if len(moments.batches) < 2:
        raise DesignError("HARM-009", "harmonisation needs two batches", found=listed(moments.batches), fix="harmonise.method: none")
    if min(moments.counts.values()) < 2 and not mean_only:
        raise DesignError("SIZE-001", "a batch has one row: a variance needs two", fix="harmonise.drop or harmonise.merge")
    own = np.array([moments.batches.index(b) for b in labels], dtype=np.int64)
    indicator = (own[:, None] == np.arange(len(moments.batches))).astype(np.float64)
    design = plain.coding.code(covariates, len(table))
    fit = fit_random_intercept(table, np.hstack([indicator, design]), positions(people, sorted(set(people))))
    alpha, beta = fit.coefficients[: len(moments.batches)], fit.coefficients[len(moments.batches) :]
    grand = (plain.rows / plain.rows.sum()) @ alpha
    offset = alpha - grand
    touched = (fit.sigma > CONSTANT * np.abs(grand)) & ~plain.constant.all(axis=0)
    sigma = np.where(touched, fit.sigma, 0.0)
    rest = (table - grand - design @ beta - fit.intercepts) / np.where(touched, fit.sigma, 1.0)
    z = measure(rest, labels, features=features)
    gamma_hat = np.where(touched, np.array([b.mean for b in z.per_batch]), 0.0)
    delta_hat = np.where(touched, np.array([b.ss for b in z.per_batch]) / np.maximum(plain.n - 1, 1), 1.0)
    simple = plain.constant | (plain.n < 2) | (delta_hat <= 0)
    frame = Frame(gamma_hat=gamma_hat, delta_hat=delta_hat, n=plain.n, touched=touched, simple=simple)
    groups = prior_group_names(moments.features, prior_groups)
    gamma, delta, sd, priors, notes = estimates(moments, frame, groups, method, None)
    combat = SiteEffects(
        features=moments.features,
        batches=moments.batches,
        counts=plain.rows,
        grand_mean=grand,
        pooled_sd=sigma,
        gamma_hat=gamma_hat,
        delta_hat=delta_hat,
        gamma=gamma,
        delta=delta,
        gamma_sd=sd,
        coefficients=np.where(touched, beta, 0.0),
        coding=plain.coding,
        column_means=plain.column_means,
        method=method,
        groups=groups,
        priors=priors,
        notes=notes,
    )
    return LongitudinalEffects(combat=combat, offset=np.where(touched, offset, 0.0), ratio=np.where(touched, fit.ratio, 0.0))


def _refuse(table: Floats, people: Sequence[str], features: Sequence[str]) -> None:
    holes = np.flatnonzero(np.isnan(table).any(axis=0))
    if len(holes):
        names = [features[int(j)] for j in holes]
        raise DesignError(
            "HARM-023", f"longitudinal ComBat needs complete features; missing cells in {listed(names)}", fix="leave them out or impute"
        )
    if len(set(people)) == len(people):
        raise DesignError("HARM-023", "no patient has two rows", fix="harmonise.method: combat")
