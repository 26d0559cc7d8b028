"""Performance estimated on training rows: the whole way of building the signature, repeated inside resamples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError
from radaudit.findings import Fact
from radaudit.measures.estimate import Estimate, unknown
from radaudit.splits.resamples import Resample, folds_possible, leave_one_out, repeated_group_kfold
from radaudit.study.ends import End
from radaudit.study.frame import Frame, training_frame
from radaudit.study.plans import DevelopmentPlan, PipelinePlan, Unseen
from radaudit.study.repeated import averaged, fold_mean, people
from radaudit.study.resampling import Fold, RngOf, baseline_risks, by_repeat, fit_folds, leaky_preparer
from radaudit.study.transport import LeftOut, leave_each_out

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.tables.table import FeatureTable

NAMES = {"auc": "AUC", "c_index": "Harrell's C", "r2": "explained share"}

__all__ = ["BaselineRow", "Development", "DevelopmentPlan", "FoldRow", "Optimism", "develop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldRow:
    """One outer resample: its discrimination (None if its rows do not tell) and what tuning inside it believed."""

    label: str
    patients: int
    events: int
    discrimination: float | None
    inner_best: float | None
    features: int

    def document(self, measure: str = "auc") -> dict[str, Any]:
        """Return the JSON form, the discrimination under the name of its measure."""
        plain = ("label", "patients", "events", "inner_best", "features")
        return {**{name: getattr(self, name) for name in plain}, measure: self.discrimination}


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRow:
    """A baseline on the same folds."""

    name: str
    discrimination: Estimate
    error: Estimate

    def document(self, measure: str = "auc", error: str = "brier") -> dict[str, Any]:
        """Return the JSON form, its estimates under the names of their measures."""
        return {"name": self.name, measure: self.discrimination.document(), error: self.error.document()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimism:
    """What harmonising and selecting on all training rows before the folds would have reported, against the guarded way.

    ``pairs``: per repeat the naive and the guarded discrimination, on the same folds with the same seeds.
    """

    naive: Estimate
    guarded: Estimate
    pairs: tuple[tuple[float, float], ...]

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"naive": self.naive.document(), "guarded": self.guarded.document(), "pairs": [list(pair) for pair in self.pairs]}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Development:
    """What resampling of the training rows says.

    ``end`` names the measures: AUC, C-index or explained share, and so on. ``discrimination``: pooled out-of-fold predictions, averaged
    over repeats; ``discrimination_folds``: mean of the folds' own, corrected variance. ``inner_best``: the best that tuning saw,
    averaged over outer folds; ``outer``: mean of the outer folds; ``gap``: their
    difference, the optimism of reporting the tuned value. ``stability``: share of outer fits that selected a feature, falling.
    ``sites`` and ``batches``: each left out in turn. ``risks`` (n,): out-of-fold risks averaged over repeats, rows of the table.
    """

    end: End
    discrimination: Estimate
    repeats: tuple[float, ...]
    discrimination_folds: Estimate
    folds: tuple[FoldRow, ...]
    slope: Estimate
    error: Estimate
    inner_best: float | None
    outer: float | None
    gap: float | None
    baselines: tuple[BaselineRow, ...]
    stability: tuple[tuple[str, float], ...]
    configurations: int
    optimism: Optimism
    sites: tuple[LeftOut, ...]
    sites_unharmonised: tuple[LeftOut, ...]
    batches: tuple[LeftOut, ...]
    risks: Floats
    facts: Mapping[str, Fact]

    def document(self) -> dict[str, Any]:
        """Return the JSON form, without any patient's risk."""
        plain = ("repeats", "inner_best", "outer", "gap", "configurations")
        measure, error = self.end.discrimination, self.end.error
        return {
            "measure": measure,
            measure: self.discrimination.document(),
            f"{measure}_folds": self.discrimination_folds.document(),
            "slope": self.slope.document(),
            error: self.error.document(),
            **{name: list(value) if isinstance(value := getattr(self, name), tuple) else value for name in plain},
            "folds": [row.document(measure) for row in self.folds],
            "baselines": [row.document(measure, error) for row in self.baselines],
            "stability": [{"feature": feature, "share": share} for feature, share in self.stability],
            "optimism": self.optimism.document(),
            **{name: [row.document() for row in getattr(self, name)] for name in ("sites", "sites_unharmonised", "batches")},
            "facts": dict(self.facts),
        }


def develop(table: FeatureTable, plan: DevelopmentPlan, pipeline: PipelinePlan, rng_of: RngOf) -> Development:
    """Return what nested resampling of ``table`` (training rows only) says about this way of building a signature.

    In every fold everything is learned again, tuning included. ``rng_of`` gives a generator by name: folds are drawn from
    ``development``, tuning in each from its own. Folds are reduced to the smaller class (``facts`` says so). Raises DesignError
    SIZE-071, SIZE-072, those of ``training_frame`` and what a fit raises, with the resample as its place.
    """
    frame = training_frame(table, pipeline.preserve)
    pipeline = replace(pipeline, inner=plan.inner)
    resamples, unseen, made = _resamples(frame, plan, pipeline, rng_of)
    guarded = fit_folds(frame, resamples, pipeline, rng_of, unseen=unseen)
    leaky = fit_folds(frame, resamples, pipeline, rng_of, unseen=unseen, preparer=leaky_preparer(frame, pipeline))
    risks, naive = by_repeat(len(frame), guarded), by_repeat(len(frame), leaky)
    rows = tuple(_fold_row(frame, fold) for fold in guarded)
    own = [row.discrimination for row in rows if row.discrimination is not None]
    inner = [row.inner_best for row in rows if row.inner_best is not None]
    inner_best, outer = (float(np.mean(values)) if values else None for values in (inner, own))
    patients, events = people(frame.outcome, frame.patients)
    end = frame.end
    estimate = end.pooled(frame, risks)
    return Development(
        end=end,
        discrimination=estimate,
        repeats=tuple(_of_repeat(frame, risk) for risk in risks),
        discrimination_folds=fold_mean(
            own, ratio=_ratio(frame, resamples), patients=patients, events=events, method=f"{NAMES[end.discrimination]} within folds"
        ),
        folds=rows,
        slope=averaged(risks, lambda risk: end.slope(*_known(frame, risk))),
        error=averaged(risks, lambda risk: end.error_of(*_known(frame, risk))),
        inner_best=inner_best,
        outer=outer,
        gap=None if inner_best is None or outer is None else inner_best - outer,
        baselines=_baselines(frame, resamples),
        stability=_stability(guarded),
        configurations=pipeline.configurations,
        optimism=Optimism(
            naive=end.pooled(frame, naive),
            guarded=estimate,
            pairs=tuple((_of_repeat(frame, one), _of_repeat(frame, other)) for one, other in zip(naive, risks, strict=True)),
        ),
        **_left_out(frame, plan, pipeline, rng_of),
        risks=frozen(np.mean(np.stack(risks), axis=0)),
        facts={**made, **_facts(guarded)},
    )


def _resamples(
    frame: Frame, plan: DevelopmentPlan, pipeline: PipelinePlan, rng_of: RngOf
) -> tuple[tuple[Resample, ...], Unseen, dict[str, Fact]]:
    patients = frame.patients.astype(str)
    if plan.outer == "leave-one-site-out":
        policy: Unseen = "pass" if pipeline.harmonise is None else pipeline.harmonise.unseen_evaluation
        return leave_one_out(frame.sites.astype(str), patients), policy, {"outer": plan.outer, "repeats": 1}
    strata = frame.end.strata(frame)
    folds = folds_possible(patients, strata, plan.folds)
    made: dict[str, Fact] = {"outer": plan.outer, "folds": folds, "folds_asked": plan.folds, "repeats": plan.repeats}
    # a batch with too few rows in a fold is scored as it is and counted: refusing would say nothing about it
    return repeated_group_kfold(patients, strata, folds, plan.repeats, rng_of("development")), "pass", made


def _left_out(frame: Frame, plan: DevelopmentPlan, pipeline: PipelinePlan, rng_of: RngOf) -> dict[str, tuple[LeftOut, ...]]:
    found: dict[str, tuple[LeftOut, ...]] = {"sites": (), "sites_unharmonised": (), "batches": ()}
    if "site" in plan.leave_out:
        sites = frame.sites.astype(str).tolist()
        found["sites"] = leave_each_out(frame, sites, pipeline, rng_of, harmonised=True)
        found["sites_unharmonised"] = leave_each_out(frame, sites, pipeline, rng_of, harmonised=False)
    if "batch" in plan.leave_out:
        found["batches"] = leave_each_out(frame, frame.batches.astype(str).tolist(), pipeline, rng_of, harmonised=True, what="batch")
    return found


def _known(frame: Frame, risk: Floats) -> tuple[Frame, Floats]:
    known = ~np.isnan(risk)
    return frame.take(np.flatnonzero(known)), risk[known]


def _of_repeat(frame: Frame, risk: Floats) -> float:
    rows, known = _known(frame, risk)
    value = frame.end.single(rows, known)
    if value is None:
        raise DesignError(
            "OUT-074",
            "out-of-fold risks of both outcomes are needed",
            found=f"{len(rows)} rows were predicted",
            fix="harmonise.unseen: {evaluation: pass}   # if rows were refused; otherwise more patients of the smaller class",
        )
    return value


def _fold_row(frame: Frame, fold: Fold) -> FoldRow:
    rows = frame.take(fold.resample.assessment)
    patients, events = people(rows.outcome, rows.patients)
    inner = fold.tuning["inner_best"]
    return FoldRow(
        label=fold.resample.label,
        patients=patients,
        events=events,
        discrimination=frame.end.single(*_known(rows, fold.risks)),
        inner_best=inner if isinstance(inner, float) else None,
        features=len(fold.features),
    )


def _ratio(frame: Frame, resamples: Sequence[Resample]) -> float:
    """Return assessment over analysis patients, averaged over resamples."""
    names = frame.patients.astype(str)
    return float(np.mean([len(set(names[one.assessment])) / len(set(names[one.analysis])) for one in resamples]))


def _baselines(frame: Frame, resamples: Sequence[Resample]) -> tuple[BaselineRow, ...]:
    patients, events = people(frame.outcome, frame.patients)
    end = frame.end
    rows = []
    for name, (risks, reason) in baseline_risks(frame, resamples).items():
        if reason:
            none = unknown(reason, patients=patients, events=events)
            rows.append(BaselineRow(name=name, discrimination=none, error=none))
            continue
        error = averaged(risks, lambda risk: end.error_of(*_known(frame, risk)))
        # pooled over folds, prevalences run against the outcomes of the folds they are predicted for
        area = end.nothing(patients, events) if name == "prevalence" else end.pooled(frame, risks)
        rows.append(BaselineRow(name=name, discrimination=area, error=error))
    return tuple(rows)


def _stability(folds: Sequence[Fold]) -> tuple[tuple[str, float], ...]:
    counts = Counter(feature for fold in folds for feature in fold.features)
    return tuple((feature, count / len(folds)) for feature, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _facts(folds: Sequence[Fold]) -> dict[str, Fact]:
    """Return what had to be done differently in some folds."""

    def whole(fold: Fold, name: str) -> int:
        value = fold.tuning.get(name, 0)
        return value if isinstance(value, int) else 0

    return {
        "fits": len(folds),
        "rows_set_aside": sum(whole(fold, "set_aside_rows") for fold in folds),
        "fits_without_covariates": sum("covariates_left_out" in fold.tuning for fold in folds),
        "rows_scored_unharmonised": sum(fold.unharmonised_rows for fold in folds),
        "rows_refused": sum(fold.refused_rows for fold in folds),
        "inner_folds_least": min(whole(fold, "inner_folds") for fold in folds),
        "features_median": float(np.median([len(fold.features) for fold in folds])),
        "converged": all(bool(fold.tuning["converged"]) for fold in folds),
    }
