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
from radaudit.measures.calibration import brier, calibration_slope
from radaudit.measures.discrimination import auc
from radaudit.measures.estimate import Estimate, unknown
from radaudit.splits.resamples import Resample, folds_possible, leave_one_out, repeated_group_kfold
from radaudit.study.frame import Frame, training_frame
from radaudit.study.plans import DevelopmentPlan, PipelinePlan, Unseen
from radaudit.study.repeated import averaged, fold_mean, people, pooled_auc
from radaudit.study.resampling import Fold, RngOf, baseline_risks, by_repeat, fit_folds, leaky_preparer
from radaudit.study.transport import LeftOut, leave_each_out

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.tables.table import FeatureTable

__all__ = ["BaselineRow", "Development", "DevelopmentPlan", "FoldRow", "Optimism", "develop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldRow:
    """One outer resample: its AUC (None if its rows hold one outcome) and what tuning inside it believed."""

    label: str
    patients: int
    events: int
    auc: float | None
    inner_best: float | None
    features: int

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRow:
    """A baseline on the same folds."""

    name: str
    auc: Estimate
    brier: Estimate

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"name": self.name, "auc": self.auc.document(), "brier": self.brier.document()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimism:
    """What harmonising and selecting on all training rows before the folds would have reported, against the guarded way.

    ``pairs``: per repeat the naive and the guarded AUC, on the same folds with the same seeds.
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

    ``auc``: pooled out-of-fold risks, averaged over repeats; ``auc_folds``: mean of the folds' own AUCs, corrected variance.
    ``inner_best``: the best AUC that tuning saw, averaged over outer folds; ``outer``: mean AUC of the outer folds; ``gap``: their
    difference, the optimism of reporting the tuned value. ``stability``: share of outer fits that selected a feature, falling.
    ``sites`` and ``batches``: each left out in turn. ``risks`` (n,): out-of-fold risks averaged over repeats, rows of the table.
    """

    auc: Estimate
    repeats: tuple[float, ...]
    auc_folds: Estimate
    folds: tuple[FoldRow, ...]
    slope: Estimate
    brier: Estimate
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
        return {
            "auc": self.auc.document(),
            "auc_folds": self.auc_folds.document(),
            "slope": self.slope.document(),
            "brier": self.brier.document(),
            **{name: list(value) if isinstance(value := getattr(self, name), tuple) else value for name in plain},
            **{name: [row.document() for row in getattr(self, name)] for name in ("folds", "baselines")},
            "stability": [{"feature": feature, "share": share} for feature, share in self.stability],
            "optimism": self.optimism.document(),
            **{name: [row.document() for row in getattr(self, name)] for name in ("sites", "sites_unharmonised", "batches")},
            "facts": dict(self.facts),
        }


def develop(table: FeatureTable, plan: DevelopmentPlan, pipeline: PipelinePlan, rng_of: RngOf) -> Development:
    """Return what nested resampling of ``table`` (training rows only) says about this way of building a signature.

    In every fold everything is learned again, tuning included. ``rng_of`` gives a generator by name: folds are drawn from
    ``development``, tuning in each from its own. Folds are reduced to the smaller class (``facts`` says so). Raises DesignError
    SIZE-071, SIZE-072, OUT-070, OUT-073 and what a fit raises, with the resample as its place.
    """
    frame = training_frame(table, pipeline.preserve)
    pipeline = replace(pipeline, inner=plan.inner)
    resamples, unseen, made = _resamples(frame, plan, pipeline, rng_of)
    guarded = fit_folds(frame, resamples, pipeline, rng_of, unseen=unseen)
    leaky = fit_folds(frame, resamples, pipeline, rng_of, unseen=unseen, preparer=leaky_preparer(frame, pipeline))
    risks, naive = by_repeat(len(frame), guarded), by_repeat(len(frame), leaky)
    rows = tuple(_fold_row(frame, fold) for fold in guarded)
    own = [row.auc for row in rows if row.auc is not None]
    inner = [row.inner_best for row in rows if row.inner_best is not None]
    inner_best, outer = (float(np.mean(values)) if values else None for values in (inner, own))
    patients, events = people(frame.outcome, frame.patients)
    estimate = pooled_auc(frame.outcome, risks, frame.patients)
    return Development(
        auc=estimate,
        repeats=tuple(_repeat_auc(frame, risk) for risk in risks),
        auc_folds=fold_mean(own, ratio=_ratio(frame, resamples), patients=patients, events=events),
        folds=rows,
        slope=averaged(risks, lambda risk: calibration_slope(*_known(frame, risk)[:2], patients=_known(frame, risk)[2])),
        brier=averaged(risks, lambda risk: brier(*_known(frame, risk)[:2], patients=_known(frame, risk)[2])),
        inner_best=inner_best,
        outer=outer,
        gap=None if inner_best is None or outer is None else inner_best - outer,
        baselines=_baselines(frame, resamples),
        stability=_stability(guarded),
        configurations=pipeline.configurations,
        optimism=Optimism(
            naive=pooled_auc(frame.outcome, naive, frame.patients),
            guarded=estimate,
            pairs=tuple((_repeat_auc(frame, one), _repeat_auc(frame, other)) for one, other in zip(naive, risks, strict=True)),
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
    folds = folds_possible(patients, frame.outcome, plan.folds)
    made: dict[str, Fact] = {"outer": plan.outer, "folds": folds, "folds_asked": plan.folds, "repeats": plan.repeats}
    # a batch with too few rows in a fold is scored as it is and counted: refusing would say nothing about it
    return repeated_group_kfold(patients, frame.outcome, folds, plan.repeats, rng_of("development")), "pass", made


def _left_out(frame: Frame, plan: DevelopmentPlan, pipeline: PipelinePlan, rng_of: RngOf) -> dict[str, tuple[LeftOut, ...]]:
    found: dict[str, tuple[LeftOut, ...]] = {"sites": (), "sites_unharmonised": (), "batches": ()}
    if "site" in plan.leave_out:
        sites = frame.sites.astype(str).tolist()
        found["sites"] = leave_each_out(frame, sites, pipeline, rng_of, harmonised=True)
        found["sites_unharmonised"] = leave_each_out(frame, sites, pipeline, rng_of, harmonised=False)
    if "batch" in plan.leave_out:
        found["batches"] = leave_each_out(frame, frame.batches.astype(str).tolist(), pipeline, rng_of, harmonised=True, what="batch")
    return found


def _known(frame: Frame, risk: Floats) -> tuple[Floats, Floats, Any]:
    known = ~np.isnan(risk)
    return frame.outcome[known], risk[known], frame.patients.astype(str)[known]


def _repeat_auc(frame: Frame, risk: Floats) -> float:
    outcome, known, _ = _known(frame, risk)
    if not 0 < outcome.sum() < len(outcome):
        raise DesignError(
            "OUT-074",
            "out-of-fold risks of both outcomes are needed",
            found=f"{len(outcome)} rows were predicted",
            fix="harmonise.unseen: {evaluation: pass}   # if rows were refused; otherwise more patients of the smaller class",
        )
    return auc(outcome, known)


def _fold_row(frame: Frame, fold: Fold) -> FoldRow:
    rows = frame.take(fold.resample.assessment)
    known = ~np.isnan(fold.risks)
    patients, events = people(rows.outcome, rows.patients)
    both = 0 < rows.outcome[known].sum() < known.sum()
    inner = fold.tuning["inner_auc_best"]
    return FoldRow(
        label=fold.resample.label,
        patients=patients,
        events=events,
        auc=auc(rows.outcome[known], fold.risks[known]) if both else None,
        inner_best=inner if isinstance(inner, float) else None,
        features=len(fold.features),
    )


def _ratio(frame: Frame, resamples: Sequence[Resample]) -> float:
    """Return assessment over analysis patients, averaged over resamples."""
    names = frame.patients.astype(str)
    return float(np.mean([len(set(names[one.assessment])) / len(set(names[one.analysis])) for one in resamples]))


def _baselines(frame: Frame, resamples: Sequence[Resample]) -> tuple[BaselineRow, ...]:
    patients, events = people(frame.outcome, frame.patients)
    rows = []
    for name, (risks, reason) in baseline_risks(frame, resamples).items():
        if reason:
            none = unknown(reason, patients=patients, events=events)
            rows.append(BaselineRow(name=name, auc=none, brier=none))
            continue
        score = averaged(risks, lambda risk: brier(*_known(frame, risk)[:2], patients=_known(frame, risk)[2]))
        area = pooled_auc(frame.outcome, risks, frame.patients)
        if name == "prevalence":
            # pooled over folds, prevalences run against the outcomes of the folds they are predicted for
            why = "one risk for everybody does not discriminate: 0.5 by definition"
            area = Estimate(value=0.5, patients=patients, events=events, method="by definition", reason=why)
        rows.append(BaselineRow(name=name, auc=area, brier=score))
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
