"""CovBat: site effects in mean, variance and covariance (Chen et al., Hum Brain Mapp 43:1179, 2022).

ComBat first; then principal components of its residuals, each feature scaled to unit variance, as many as explain the
asked share; their scores are harmonised by ComBat without empirical Bayes and turned back. The components need rows, not
moments; what is frozen is rotation, centre and scale, so a new row is still treated on its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError, listed
from radaudit.harmonise.coding import CovariateCoding, Covariates, LevelPolicy, MissingPolicy
from radaudit.harmonise.combat import PriorGroups, fit_combat
from radaudit.harmonise.effects import SiteEffects, UnseenPolicy
from radaudit.harmonise.moments import CHUNK_ROWS, as_table, measure
from radaudit.harmonise.priors import Stop

if TYPE_CHECKING:
    from radaudit.arrays import Floats

FORMAT = "radaudit-covbat-effects/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CovBatEffects:
    """Frozen CovBat: ``combat`` on p features, ``scores`` on k components of its residuals.

    The components are ``rotation`` (k, p) of residuals from ``centre`` (p,) in units of ``scale`` (p,).
    """

    combat: SiteEffects
    centre: Floats
    scale: Floats
    rotation: Floats
    scores: SiteEffects
    explained: float

    def __post_init__(self) -> None:
        for name in ("centre", "scale", "rotation"):
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
        features: Sequence[str] | None = None,
        unseen: UnseenPolicy = "refuse",
        levels: LevelPolicy = "refuse",
        missing: MissingPolicy = "refuse",
        out: Floats | None = None,
    ) -> Floats:
        """Return harmonised rows, each treated on its own; policies as SiteEffects.apply.

        Raises what SiteEffects.apply raises, and DesignError HARM-019 for a row with a missing cell.
        """
        table = as_table(x, self.features if features is None else features)
        _refuse_missing(table, self.features if features is None else features)
        policies: dict[str, Any] = {"levels": levels, "missing": missing}
        result = self.combat.apply(table, batch, covariates, features=features, unseen=unseen, out=out, **policies)
        names = self.features if features is None else tuple(features)
        place = {name: i for i, name in enumerate(names)}
        order = np.array([place[name] for name in self.features], dtype=np.int64)
        means = self.combat.means if self.combat.column_means else None
        design = self.combat.coding.code(covariates, len(table), unseen=levels, missing=missing, means=means)
        scores = np.empty((len(table), len(self.rotation)))
        for start in range(0, len(table), CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            scores[rows] = self._scores(np.take(result[rows], order, axis=1), design[rows])
        moved = self.scores.apply(scores, batch, unseen=unseen) - scores
        back = self.rotation * self.scale
        for start in range(0, len(table), CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            step = np.zeros((len(moved[rows]), len(self.features)))
            for k in range(len(back)):
                step += moved[rows, k : k + 1] * back[k]
            result[rows, order] += step
        return result

    def _scores(self, y: Floats, design: Floats) -> Floats:
        """Return the scores (n, k) of harmonised rows; sums along a row, so that no row knows another."""
        rest = np.ascontiguousarray(y) - self.combat.grand_mean  # the layout decides the order of summation
        for k in range(len(self.combat.coefficients)):
            rest -= design[:, k : k + 1] * self.combat.coefficients[k]
        rest -= self.centre
        rest /= self.scale
        scores = np.empty((len(y), len(self.rotation)))
        for k, direction in enumerate(self.rotation):
            scores[:, k] = np.add.reduce(rest * direction, axis=1)
        return scores

    def document(self) -> dict[str, Any]:
        """Return a JSON-able description, complete."""
        return {
            "format": FORMAT,
            "combat": self.combat.document(),
            "scores": self.scores.document(),
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
            "rotation": self.rotation.tolist(),
            "explained": self.explained,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> CovBatEffects:
        """Return the effects written by ``document``. Raises DesignError HARM-018 for anything else."""
        if document.get("format") != FORMAT:
            raise DesignError(
                "HARM-018", "not a document of CovBat effects", found=f"format {document.get('format')!r}", fix=f"format {FORMAT}"
            )
        try:
            combat = SiteEffects.from_document(document["combat"])
            return cls(
                combat=combat,
                scores=SiteEffects.from_document(document["scores"]),
                centre=np.array(document["centre"], dtype=np.float64),
                scale=np.array(document["scale"], dtype=np.float64),
                rotation=np.array(document["rotation"], dtype=np.float64).reshape(-1, len(combat.features)),
                explained=float(document["explained"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DesignError("HARM-018", "the document of CovBat effects is damaged", found=f"{type(error).__name__}: {error}") from error


def fit_covbat(
    x: Any,
    batch: Sequence[str],
    covariates: Covariates | None = None,
    *,
    features: Sequence[str],
    coding: CovariateCoding | None = None,
    variance: float = 0.95,
    parametric: bool = True,
    eb: bool = True,
    mean_only: bool = False,
    reference: str | None = None,
    stop: Stop = "converged",
    prior_groups: PriorGroups | None = None,
) -> CovBatEffects:
    """Return CovBat fitted on training rows ``x`` (n, p); components explain more than ``variance`` of the scaled residuals.

    Raises what ``fit_combat`` raises, and DesignError HARM-019 for missing cells or a share outside (0, 1).
    """
    if not 0 < variance < 1:
        raise DesignError("HARM-019", "the share of variance must lie between 0 and 1", found=str(variance), fix="variance=0.95")
    table = as_table(x, features)
    _refuse_missing(table, features)
    moments = measure(table, batch, covariates, features=features, coding=coding)
    combat = fit_combat(
        moments, parametric=parametric, eb=eb, mean_only=mean_only, reference=reference, stop=stop, prior_groups=prior_groups
    )
    rest = combat.apply(table, batch, covariates)
    rest -= combat.grand_mean
    rest -= combat.coding.code(covariates, len(table)) @ combat.coefficients
    centre, scale = rest.mean(axis=0), rest.std(axis=0, ddof=1)
    moving = combat.pooled_sd > 0
    if not moving.any():
        raise DesignError("HARM-004", "no feature varies", fix="leave constant features out")
    scale[~moving] = 1.0
    rest -= centre
    rest /= scale
    _, values, directions = np.linalg.svd(rest[:, moving], full_matrices=False)
    share = np.cumsum(values**2) / np.sum(values**2)
    count = int(np.argmax(share > variance)) + 1
    rotation = np.zeros((count, len(features)))
    rotation[:, moving] = _signed(directions[:count])
    names = [f"PC{k + 1}" for k in range(count)]
    draft = CovBatEffects(combat=combat, centre=centre, scale=scale, rotation=rotation, scores=combat, explained=float(share[count - 1]))
    scores = draft._scores(combat.apply(table, batch, covariates), combat.coding.code(covariates, len(table)))
    own = fit_combat(measure(scores, batch, features=names), eb=False, reference=reference)
    return CovBatEffects(combat=combat, centre=centre, scale=scale, rotation=rotation, scores=own, explained=float(share[count - 1]))


def _signed(directions: Floats) -> Floats:
    """Return directions whose largest loading is positive: the sign of a component is a convention."""
    largest = directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)]
    signed: Floats = directions * np.sign(largest)[:, None]
    return signed


def _refuse_missing(table: Any, features: Sequence[str]) -> None:
    holes = np.isnan(table).any(axis=0)
    if bool(holes.any()):
        names = [name for name, hole in zip(features, holes.tolist(), strict=True) if hole]
        raise DesignError(
            "HARM-019", f"CovBat needs complete rows; missing cells in {listed(names)}", fix="impute first, or harmonise.method: combat"
        )
