"""Does the answer depend on the choice: the same study under other splits and under other admissible pipelines.

The lottery deals the patients anew, with as many in the test set as before, and builds the signature again: one test set is one draw,
and a draw far above the others was lucky or chosen. The multiverse keeps the split and changes what the plan might as well have said.
Both look at the test set, so they come after it was opened, change nothing, and are on record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np  # noqa: TID253

from radaudit.codes import answer
from radaudit.errors import DesignError
from radaudit.findings import Finding, Verdict
from radaudit.measures.discrimination import auc
from radaudit.splits.resamples import Resample, shuffled_holdouts
from radaudit.study.frame import Frame, training_frame
from radaudit.study.pipeline import fit_frame
from radaudit.study.plans import PipelinePlan, Unseen

if TYPE_CHECKING:
    from radaudit.splits import Split
    from radaudit.study.resampling import RngOf
    from radaudit.tables.table import FeatureTable

SPLITS = 200
LUCKY = 0.975  # percentile from which a result is one that hardly another split, or pipeline, gives
REDUNDANCIES = (0.8, 0.95)
SCREENS = ((10,), (20,))
MIXINGS = ((1.0,), (0.5,))
SIZES = (5, 20)


class Mapper(Protocol):
    """Runs one function on many values, in order: ``map``, or a pool of processes."""

    def __call__(self, function: Callable[[Any], Any], values: Sequence[Any], /) -> Iterable[Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One re-split or pipeline: its AUC on its test rows (None: why not), the features it chose, and what was chosen for it."""

    label: str
    auc: float | None
    features: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    reason: str = ""

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "label": self.label,
            "auc": self.auc,
            "features": list(self.features),
            "choices": dict(self.choices),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """All that one draw needs: the rows, which to fit on and which to score, the plan, and the stream of its random numbers."""

    frame: Frame
    resample: Resample
    plan: PipelinePlan
    rng: np.random.Generator
    unseen: Unseen
    choices: tuple[tuple[str, str], ...] = ()


def draw(task: Task) -> Draw:
    """Return one draw; a pipeline that cannot be fitted on its rows has no AUC and the code of the reason."""
    analysis, assessment = task.frame.take(task.resample.analysis), task.frame.take(task.resample.assessment)
    label = task.resample.label
    try:
        fitted = fit_frame(analysis, task.plan, task.rng)
    except DesignError as error:
        return Draw(label=label, auc=None, choices=task.choices, reason=error.code)
    risk = fitted.risk_of(assessment, task.unseen, lenient=True)
    known = ~np.isnan(risk)
    outcome = assessment.outcome[known]
    if not 0 < outcome.sum() < len(outcome):
        return Draw(label=label, auc=None, features=fitted.features, choices=task.choices, reason="OUT-074")
    return Draw(label=label, auc=auc(outcome, risk[known]), features=fitted.features, choices=task.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What the draws say together: median, 5 % to 95 %, and where the ``observed`` AUC stands among them (0 to 1, ties half)."""

    draws: tuple[Draw, ...]
    observed: float

    @property
    def values(self) -> tuple[float, ...]:
        """The AUCs that could be had."""
        return tuple(one.auc for one in self.draws if one.auc is not None)

    @property
    def percentile(self) -> float | None:
        """Share of draws below the observed AUC, ties half; None without draws."""
        values = np.array(self.values)
        return float(((values < self.observed) + 0.5 * (values == self.observed)).mean()) if len(values) else None

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        values = np.array(self.values)
        low, middle, high = np.quantile(values, (0.05, 0.5, 0.95)).tolist() if len(values) else (None, None, None)
        return {
            "observed": self.observed,
            "draws": [one.document() for one in self.draws],
            "done": len(values),
            "asked": len(self.draws),
            "median": middle,
            "low": low,
            "high": high,
            "percentile": self.percentile,
        }


def lottery(
    table: FeatureTable, split: Split, plan: PipelinePlan, observed: float, rng_of: RngOf, *, splits: int, mapper: Mapper
) -> Spread:
    """Return the AUC of ``splits`` other test sets of whole patients, as many as the study's, each with a signature built again.

    Raises DesignError SIZE-071 if a class has too few patients to deal.
    """
    frame = training_frame(table, plan.preserve)
    patients = frame.patients.astype(str)
    held = len({table.patients[i] for i in split.holdout})
    resamples = shuffled_holdouts(patients, frame.outcome, held, splits, rng_of("lottery"))
    tasks = [Task(frame=frame, resample=one, plan=plan, rng=rng_of(f"lottery/{one.label}"), unseen="pass") for one in resamples]
    return Spread(draws=tuple(mapper(draw, tasks)), observed=observed)


def admissible(plan: PipelinePlan) -> list[tuple[PipelinePlan, tuple[tuple[str, str], ...]]]:
    """Return the pipelines the plan might as well have stated, each with its choices in words; the plan's own values come first."""
    ways: list[tuple[str, list[tuple[str, dict[str, Any]]]]] = []
    harmonising: list[tuple[str, dict[str, Any]]] = [("as planned", {})]
    if plan.harmonise is not None:
        harmonising.append(("none", {"harmonise": None}))
    ways.append(("harmonise", harmonising))
    redundancies = [plan.redundancy, *(r for r in REDUNDANCIES if r != plan.redundancy)]
    ways.append(("redundancy", [(f"{r:g}", {"redundancy": r}) for r in redundancies]))
    ways.append(("screen", [(f"{s[0]} features", {"screen": s}) for s in SCREENS]))
    ways.append(("penalty", [("lasso" if m == (1.0,) else "elastic net", {"mixings": m}) for m in MIXINGS]))
    sizes = [plan.max_features, *(size for size in SIZES if size != plan.max_features)][:2]
    ways.append(("at most", [(f"{size} features", {"max_features": size}) for size in sizes]))
    found = []
    for combination in product(*(options for _, options in ways)):
        changes: dict[str, Any] = {}
        for _, change in combination:
            changes |= change
        words = tuple((name, word) for (name, _), (word, _) in zip(ways, combination, strict=True))
        found.append((replace(plan, **changes), words))
    return found


def multiverse(
    table: FeatureTable, split: Split, plan: PipelinePlan, observed: float, rng_of: RngOf, *, unseen: Unseen, mapper: Mapper
) -> Spread:
    """Return the AUC of every admissible pipeline, fitted on the training rows and scored on the study's own test set."""
    frame = training_frame(table, plan.preserve)
    cut = Resample(analysis=np.array(list(split.training)), assessment=np.array(list(split.holdout)), label="")
    tasks = []
    for i, (own, words) in enumerate(admissible(plan)):
        label = f"pipeline {i + 1}"
        policy: Unseen = "pass" if own.harmonise is None or unseen == "refuse" else unseen
        tasks.append(
            Task(frame=frame, resample=replace(cut, label=label), plan=own, rng=rng_of("multiverse"), unseen=policy, choices=words)
        )
    return Spread(draws=tuple(mapper(draw, tasks)), observed=observed)


def findings(by_split: Spread, by_pipeline: Spread) -> tuple[Finding, ...]:
    """Return PERF-160 (the split) and PERF-161 (the pipeline): is the result one that hardly another choice gives?"""
    said = []
    for code, spread, what in (("PERF-160", by_split, "re-splits"), ("PERF-161", by_pipeline, "admissible pipelines")):
        found = spread.document()
        at = found["percentile"]
        if at is None:
            said.append(answer(code, Verdict.NOT_APPLICABLE, f"None of {found['asked']} {what} could be fitted."))
            continue
        sentence = (
            f"The AUC of {spread.observed:.2f} stands at {at:.0%} of {found['done']} {what} "
            f"(median {found['median']:.2f}, 5 to 95 %: {found['low']:.2f} to {found['high']:.2f})."
        )
        facts = {name: found[name] for name in ("percentile", "median", "low", "high", "done", "asked", "observed")}
        said.append(answer(code, Verdict.FAILED if at >= LUCKY else Verdict.PASSED, sentence, facts=facts))
    return tuple(said)
