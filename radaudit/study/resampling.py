"""The outer loop: fit on analysis rows, predict assessment rows, keep what the summary needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.findings import Fact
from radaudit.splits.resamples import Resample
from radaudit.study.baselines import NAMES, baselines_of
from radaudit.study.frame import Frame
from radaudit.study.pipeline import FittedPipeline, fit_frame
from radaudit.study.plans import PipelinePlan, Unseen
from radaudit.study.preparation import prepare
from radaudit.study.tuning import Prepare

if TYPE_CHECKING:
    from radaudit.arrays import Floats, Ints

RngOf = Callable[[str], np.random.Generator]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fold:
    """One resample done: the risks of its assessment rows (NaN: refused), the selected features, the facts of the fit."""

    resample: Resample
    risks: Floats
    features: tuple[str, ...]
    tuning: Mapping[str, Fact]
    unharmonised_rows: int
    refused_rows: int


def fit_folds(
    frame: Frame,
    resamples: Sequence[Resample],
    plan: PipelinePlan,
    rng_of: RngOf,
    *,
    unseen: Unseen = "pass",
    preparer: Prepare | None = None,
    stream: str = "development",
) -> tuple[Fold, ...]:
    """Return each resample fitted and predicted; generators are named ``stream/label``, so that two arms can share their folds.

    A DesignError of one fold is raised again with the fold's label as its place.
    """
    return tuple(_fold(frame, resample, plan, rng_of(f"{stream}/{resample.label}"), unseen, preparer) for resample in resamples)


def _fold(frame: Frame, resample: Resample, plan: PipelinePlan, rng: np.random.Generator, unseen: Unseen, preparer: Prepare | None) -> Fold:
    analysis, assessment = frame.take(resample.analysis), frame.take(resample.assessment)
    try:
        fitted = fit_frame(analysis, plan, rng, preparer=preparer)
        risks = fitted.risk_of(assessment, unseen, lenient=True)
    except DesignError as error:
        error.at = error.at or f"resample {resample.label}"
        raise
    return Fold(
        resample=resample,
        risks=risks,
        features=fitted.features,
        tuning=fitted.tuning,
        unharmonised_rows=_unharmonised(fitted, assessment),
        refused_rows=int(np.isnan(risks).sum()),
    )


def _unharmonised(fitted: FittedPipeline, assessment: Frame) -> int:
    """Return how many assessment rows are scored as they are although the plan harmonises."""
    if fitted.plan.harmonise is None or fitted.plan.harmonise.method == "none":
        return 0
    if fitted.effects is None:
        return len(assessment)
    known = (*fitted.effects.batches, *fitted.plan.harmonise.keep)
    return int((~np.isin(assessment.batches.astype(str), known)).sum())


def leaky_preparer(frame: Frame, plan: PipelinePlan) -> Prepare:
    """Return everything before the model learned once on ALL rows, assessment rows and their outcomes included.

    This is the common mistake (harmonise and select first, then cross-validate), made on purpose to show what it is worth.
    """
    learned, _, _ = prepare(frame, plan)

    def reuse(rows: Frame) -> tuple[Any, Floats, Ints]:
        return learned, learned.ready(rows), np.arange(len(rows))

    return reuse


def by_repeat(rows: int, folds: Sequence[Fold]) -> tuple[Floats, ...]:
    """Return the out-of-fold risks (n,) of each repeat, NaN where a row was not predicted."""
    found = {fold.resample.repeat: np.full(rows, np.nan) for fold in folds}
    for fold in folds:
        found[fold.resample.repeat][fold.resample.assessment] = fold.risks
    return tuple(found[repeat] for repeat in sorted(found))


def baseline_risks(frame: Frame, resamples: Sequence[Resample]) -> dict[str, tuple[tuple[Floats, ...], str]]:
    """Return per baseline the out-of-fold risks of each repeat, and why there are none if there are none."""
    repeats = 1 + max(resample.repeat for resample in resamples)
    risks = {name: [np.full(len(frame), np.nan) for _ in range(repeats)] for name in NAMES}
    reasons = dict.fromkeys(NAMES, "")
    for resample in resamples:
        assessment = frame.take(resample.assessment)
        for baseline in baselines_of(frame.take(resample.analysis)):
            risks[baseline.name][resample.repeat][resample.assessment] = baseline.risk_of(assessment)
            reasons[baseline.name] = reasons[baseline.name] or baseline.reason
    return {name: (tuple(risks[name]), reasons[name]) for name in NAMES}
