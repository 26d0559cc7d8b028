"""The signature as a value: fitted on training rows only, applied to any row on its own, with the same bits in any company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.digests import digest
from radaudit.findings import Fact
from radaudit.harmonise.combat import adapt
from radaudit.harmonise.effects import SiteEffects
from radaudit.harmonise.moments import measure
from radaudit.models.link import Link
from radaudit.models.logistic import linear_scores
from radaudit.models.scaling import Scaling
from radaudit.models.threshold import Threshold, ThresholdPlan
from radaudit.study.frame import Frame, frame_of, training_frame
from radaudit.study.plans import HarmonisePlan, PipelinePlan, Unseen
from radaudit.study.preparation import harmonised, prepare
from radaudit.study.tuning import Prepare, tune

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.tables.table import FeatureTable

__all__ = ["FittedPipeline", "HarmonisePlan", "PipelinePlan", "ThresholdPlan", "fit_frame", "fit_pipeline"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedPipeline:
    """Everything a risk needs, as numbers: the selected ``features`` (k,) by name, and per feature what happens to it in turn.

    ``effects`` are the site effects of all harmonised features (None: not harmonised); then the ``median`` in place of a missing
    cell, (value - ``mean``) / ``sd``, the sum intercept + coefficients in the order of ``features``, the ``link``.
    ``threshold`` is the risk from which on a patient is called positive. ``ranges`` are the raw training minima and maxima of
    the features. ``steps`` names each fitted step with the roles it saw; ``tuning`` holds what may be published about the fit.
    """

    plan: PipelinePlan
    features: tuple[str, ...]
    effects: SiteEffects | None
    median: Floats
    mean: Floats
    sd: Floats
    coefficients: Floats
    intercept: float
    threshold: float
    reached: Threshold
    ranges: tuple[tuple[float, float], ...]
    tuning: Mapping[str, Fact]
    steps: tuple[tuple[str, tuple[str, ...]], ...]
    link: Link

    def __post_init__(self) -> None:
        for name in ("median", "mean", "sd", "coefficients"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def risk(self, table: FeatureTable, unseen: Unseen | None = None) -> Floats:
        """Return each row's prediction (n,), a probability, risk by the horizon or value; NaN where the row is refused (see ``refusals``).

        ``unseen`` is the policy for batches the fit does not know, by default the plan's for scoring. Every policy but ``adapt``
        treats a row without looking at the others: any subset of rows has the same bits. Raises TableError FEAT-002, READ-021.
        """
        return self.risk_of(self._frame(table), unseen)

    def score(self, table: FeatureTable, unseen: Unseen | None = None) -> Floats:
        """Return each row's linear predictor (n,), NaN where the row is refused."""
        return self._scored(self._frame(table), unseen)[0]

    def refusals(self, table: FeatureTable, unseen: Unseen | None = None) -> tuple[str, ...]:
        """Return per row "" or why it is refused: SCORE-001 (batch), -003 (covariate missing), -005 (infinite), -007 (covariate level)."""
        return self._scored(self._frame(table), unseen)[1]

    def risk_of(self, frame: Frame, unseen: Unseen | None = None, *, lenient: bool = False) -> Floats:
        """Return the risk of rows at hand; ``lenient`` (resamples only) codes an unknown covariate level as the training mean."""
        return self.link.risk(self._scored(frame, unseen, lenient=lenient)[0])

    def adapted(self, frame: Frame) -> FittedPipeline:
        """Return this pipeline with the frame's unknown batches added from their own rows, without outcomes (transductive).

        Raises DesignError SIZE-001 for a batch of one row.
        """
        keep = () if self.plan.harmonise is None else self.plan.harmonise.keep
        if self.effects is None:
            return self
        strange = ~np.isin(frame.batches.astype(str), (*self.effects.batches, *keep))
        if not strange.any():
            return self
        rows = frame.take(np.flatnonzero(strange))
        names = self.effects.features
        moments = measure(rows.x[:, rows.columns(names)], rows.batches.tolist(), rows.preserved(), features=names)
        return replace(self, effects=adapt(self.effects, moments))

    def _frame(self, table: FeatureTable) -> Frame:
        kinds = {} if self.effects is None else dict(zip(self.effects.coding.names, self.effects.coding.kinds, strict=True))
        return frame_of(table, preserve=() if self.effects is None else self.plan.preserve, kinds=kinds)

    def _scored(self, frame: Frame, unseen: Unseen | None, *, lenient: bool = False) -> tuple[Floats, tuple[str, ...]]:
        harmonise = self.plan.harmonise
        policy = unseen or ("pass" if harmonise is None else harmonise.unseen_scoring)
        if policy == "adapt":
            return self.adapted(frame)._scored(frame, "refuse", lenient=lenient)
        effects = None if self.effects is None else self.effects.only(self.features)
        x = frame.x[:, frame.columns(self.features)]
        cells, codes = harmonised(frame, x, effects, keep=() if harmonise is None else harmonise.keep, unseen=policy, lenient=lenient)
        z = Scaling(median=self.median, mean=self.mean, sd=self.sd).apply(cells)
        scores = linear_scores(z, self.coefficients, self.intercept)
        scores[np.array(codes) != ""] = np.nan
        return scores, codes

    def document(self) -> dict[str, Any]:
        """Return the JSON form, complete: two pipelines with the same document give the same risks."""
        return {
            "plan": self.plan.document(),
            "features": list(self.features),
            "effects": None if self.effects is None else self.effects.document(),
            "median": self.median.tolist(),
            "mean": self.mean.tolist(),
            "sd": self.sd.tolist(),
            "coefficients": self.coefficients.tolist(),
            "intercept": self.intercept,
            "threshold": self.threshold,
            "reached": self.reached.document(),
            "ranges": [list(pair) for pair in self.ranges],
            "tuning": dict(self.tuning),
            "steps": [[name, list(roles)] for name, roles in self.steps],
            "link": self.link.step(),
        }

    @property
    def digest(self) -> str:
        """The SHA-256 of the document."""
        return digest(self.document())


def fit_pipeline(table: FeatureTable, plan: PipelinePlan, rng: np.random.Generator) -> FittedPipeline:
    """Return the pipeline fitted on all rows of ``table``, which must be training rows only.

    Batches that cannot be harmonised are refused here (SIZE-001), not set aside as in a resample. ``tuning`` holds the largest
    difference from scikit-learn's fit, where it has the model, under ``crosscheck``. Raises DesignError OUT-070, OUT-073, OUT-100 to
    -102, SIZE-071, SIZE-073, FEAT-070, STUDY-071 and what harmonisation raises.
    """
    frame = training_frame(table, plan.preserve)
    return fit_frame(frame, plan, rng, strict=True)


def fit_frame(
    frame: Frame, plan: PipelinePlan, rng: np.random.Generator, *, strict: bool = False, preparer: Prepare | None = None
) -> FittedPipeline:
    """Return the pipeline fitted on these rows; ``preparer`` replaces everything before the model (used to show what leaking costs)."""
    inside = preparer or partial(prepare, plan=plan)
    outside = partial(prepare, plan=plan, strict=True) if strict and preparer is None else inside
    tuned = tune(frame, plan, rng, outside, inside)
    facts = dict(tuned.facts) | dict(tuned.preparation.facts) | _small_batches(frame, plan)
    rows = frame.take(tuned.used)
    if strict and (gap := frame.end.crosscheck(tuned.standardised, rows, tuned.fit)) is not None:
        facts["crosscheck"] = gap
    kept = np.flatnonzero(tuned.fit.coefficients)
    names = [tuned.preparation.features[j] for j in kept.tolist()]
    order = sorted(range(len(kept)), key=lambda i: names[i])
    at = kept[order]
    features = tuple(names[i] for i in order)
    scaling = tuned.preparation.scaling.of(at)
    reached = frame.end.threshold(frame, tuned.risks, plan.threshold)
    scores = linear_scores(tuned.standardised[:, at], tuned.fit.coefficients[at], tuned.fit.intercept)
    raw = frame.x[:, frame.columns(features)]
    return FittedPipeline(
        plan=plan,
        features=features,
        effects=tuned.preparation.effects,
        median=scaling.median,
        mean=scaling.mean,
        sd=scaling.sd,
        coefficients=tuned.fit.coefficients[at],
        intercept=tuned.fit.intercept,
        threshold=reached.value,
        reached=reached,
        ranges=tuple((float(low), float(high)) for low, high in zip(np.nanmin(raw, axis=0), np.nanmax(raw, axis=0), strict=True)),
        tuning=facts,
        steps=_steps(tuned.preparation.effects, plan),
        link=frame.end.link(rows, scores),
    )


def _steps(effects: SiteEffects | None, plan: PipelinePlan) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the fitted steps in order with the roles of the rows they saw, under the names of the ledger."""
    sites: tuple[str, ...] = () if effects is None else ("batch", *(("covariates",) if plan.preserve else ()))
    fits: tuple[tuple[str, tuple[str, ...]], ...] = () if effects is None else (("harmonise.fit", ("features", *sites)),)
    everything = ("features", "outcome", *sites, "patient")
    return (
        *fits,
        ("impute.fit", ("features", *sites)),
        ("scale.fit", ("features", *sites)),
        ("select.fit", ("features", "outcome", *sites)),
        ("tune", everything),
        ("model.fit", ("features", "outcome", *sites)),
        ("threshold.fit", everything),
    )


def _small_batches(frame: Frame, plan: PipelinePlan) -> dict[str, Fact]:
    """Return the batches with fewer patients than the plan asks for."""
    if plan.harmonise is None:
        return {}
    people = {(str(batch), str(patient)) for batch, patient in zip(frame.batches, frame.patients, strict=True)}
    counts: dict[str, int] = {}
    for batch, _ in people:
        counts[batch] = counts.get(batch, 0) + 1
    small = {batch: n for batch, n in sorted(counts.items()) if n < plan.harmonise.patients_per_batch}
    return {"small_batches": small}
