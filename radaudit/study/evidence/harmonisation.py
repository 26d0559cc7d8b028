"""Section 5, harmonisation: did it help, did it harm. Judged on training rows by effects that were fitted without them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.effects import SiteEffects
from radaudit.harmonise.moments import measure
from radaudit.measures.discrimination import auc
from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.siteeffect import site_effect
from radaudit.splits.resamples import folds_possible, repeated_group_kfold
from radaudit.study.frame import Frame
from radaudit.study.harmonisation_verdict import judge_training
from radaudit.study.plans import HarmonisePlan

if TYPE_CHECKING:
    from numpy.random import Generator

    from radaudit.arrays import Floats
    from radaudit.harmonise.crosscheck import CrossCheck

FOLDS = 5
FEWEST = 2
LEVEL = 0.05


def harmonisation(
    frame: Frame,
    effects: SiteEffects | None,
    plan: HarmonisePlan | None,
    merged: dict[str, list[str]],
    check: CrossCheck | None,
    rng: Callable[[str], Generator],
) -> dict[str, Any] | None:
    """Return section 5 for training rows, None if the plan does not harmonise.

    "After" is out of fold: each row is harmonised by effects fitted on the other folds, because rows a harmoniser was fitted on
    always look clean (HARMONISATION.md 6 A).
    """
    if effects is None or plan is None:
        return None
    names = effects.features
    before = np.ascontiguousarray(frame.x[:, frame.columns(names)])
    after = out_of_fold(frame, before, names, plan, rng("harmonise-folds"))
    labels = frame.batches.astype(str)
    known = ~np.isin(labels, plan.keep)
    own = [site_effect(x[known], labels[known]) for x in (before, after)]
    people: list[str] = frame.patients.astype(str).tolist()
    classes = frame.end.classes(frame)
    judged = judge_training(before, labels.tolist(), people, frame.preserved(), classes, plan, rng("harmonisation-verdict"), features=names)
    judgement = judged.document()
    probe = _probed(judgement["verdict_numbers"].get("probe") or {})
    return {
        **judgement,
        "method": _method(effects),
        "preserve": list(plan.preserve),
        "batches": _batches(frame, effects),
        "merged": merged,
        "kept": list(plan.keep),
        "unseen": {"evaluation": plan.unseen_evaluation, "scoring": plan.unseen_scoring},
        "crosscheck": None if check is None else {**check.document(), "status": str(check.verdict)},
        "site_effect": [
            {"feature": name, "eta2_before": _number(b), "eta2_after": _number(a), "p_before": _number(pb), "p_after": _number(pa)}
            for name, b, a, pb, pa in zip(names, own[0].eta2, own[1].eta2, own[0].p, own[1].p, strict=True)
        ],
        "probe": probe,
        "pca": _components(before, after, labels),
        "outcome_association": [
            {"feature": name, "before": _auc(classes, before[:, j]), "after": _auc(classes, after[:, j])} for j, name in enumerate(names)
        ],
        "sentence": _sentence(own[0].eta2, own[1].eta2, probe["sentence"]),
    }


def out_of_fold(frame: Frame, x: Floats, names: tuple[str, ...], plan: HarmonisePlan, rng: Generator) -> Floats:
    """Return x (n, p) with every row harmonised by effects fitted on the other folds; moments of a fold are subtracted, not refitted.

    Rows of a batch that the other folds hold fewer than two rows of stay as they are.
    """
    patients, labels = frame.patients.astype(str), frame.batches.astype(str)
    covariates = frame.preserved()

    def moments(at: Any) -> Any:
        return measure(x[at], labels[at].tolist(), {k: [v[i] for i in at] for k, v in covariates.items()}, features=names)

    rows = np.flatnonzero(~np.isin(labels, plan.keep))
    whole = measure(x[rows], labels[rows].tolist(), {k: [v[i] for i in rows] for k, v in covariates.items()}, features=names)
    result = x.copy()
    strata = frame.end.strata(frame)
    for fold in repeated_group_kfold(patients, strata, folds_possible(patients, strata, FOLDS), 1, rng, balance=labels):
        at = np.intersect1d(fold.assessment, rows)
        if not len(at):
            continue
        rest = whole - moments(at)
        rest = rest.without([batch for batch, n in rest.counts.items() if n < FEWEST])
        if len(rest.batches) < 2:
            continue
        reference = plan.reference if plan.reference in rest.batches else None
        effects = fit_combat(rest, parametric=plan.parametric, eb=plan.eb, mean_only=plan.mean_only, reference=reference)
        own = {k: [v[i] for i in at] for k, v in covariates.items()}
        result[at] = effects.apply(x[at], labels[at].tolist(), own, unseen="pass", levels="mean")
    return result


def _probed(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the probe of the verdict: trained again on rows that one fit had not seen, beside what shuffled labels give."""
    if found.get("before") is None or found.get("after") is None:
        none = unknown(str(found.get("reason") or "too few patients per batch"))
        said = f"The batch could not be guessed: {none.reason}."
        return {"before": none.document(), "after": none.document(), "chance": None, "sentence": said}
    method = "balanced accuracy of a ridge classifier, cross-validated by patient within rows that one fit had not seen"
    why = "no interval; the shaded band is what shuffled batch labels give"
    before, after = (Estimate(value=found[name], method=method, reason=why).document() for name in ("before", "after"))
    text = f"The batch is guessed with a balanced accuracy of {found['before']:.2f} before and {found['after']:.2f} after"
    return {
        "before": before,
        "after": after,
        "chance": found["chance"],
        "null_low": found["null_low"],
        "null_high": found["null_high"],
        "sentence": f"{text} (chance {found['chance']:.2f}), on rows the harmoniser had not seen.",
    }


def _sentence(before: Floats, after: Floats, probe: str) -> str:
    text = f"The batch explains a median {np.nanmedian(before):.1%} of a feature's variance before and {np.nanmedian(after):.1%} after"
    return f"{text}, out of fold. {probe}"


def _method(effects: SiteEffects) -> str:
    own = effects.method
    parts = ["parametric" if own.parametric else "non-parametric", "empirical Bayes"] if own.eb else ["without empirical Bayes"]
    if own.mean_only:
        parts.append("location only")
    if effects.reference:
        parts.append(f"reference {effects.reference}")
    return f"ComBat ({', '.join(parts)})"


def _batches(frame: Frame, effects: SiteEffects) -> list[dict[str, Any]]:
    patients: Counter[str] = Counter()
    events: Counter[str] = Counter()
    seen: set[str] = set()
    for patient, batch, outcome in zip(frame.patients.astype(str), frame.batches.astype(str), frame.outcome.tolist(), strict=True):
        if patient not in seen:
            seen.add(patient)
            patients[batch] += 1
            events[batch] += outcome == 1.0
    rows = []
    for batch in sorted(patients):
        row: dict[str, Any] = {"batch": batch, "patients": patients[batch], "events": int(events[batch])}
        if batch in effects.batches:
            k = effects.batches.index(batch)
            low, middle, high = np.quantile(effects.gamma[k], [0.25, 0.5, 0.75])
            row |= {
                "shift": float(middle),
                "shift_low": float(low),
                "shift_high": float(high),
                "scale": float(np.median(np.sqrt(effects.delta[k]))),
            }
        else:
            row |= {"shift": None, "shift_low": None, "shift_high": None, "scale": None, "shift_reason": "left as it is"}
        rows.append(row)
    return rows


def _components(before: Floats, after: Floats, labels: Any) -> dict[str, Any]:
    """Return both tables on the first two principal components of the raw one (standardised; missing cells at the mean)."""
    names, index = np.unique(labels, return_inverse=True)
    mean = np.nanmean(before, axis=0)
    sd = np.nanstd(before, axis=0)
    use = sd > 0
    scaled = [np.nan_to_num((x[:, use] - mean[use]) / sd[use]) for x in (before, after)]
    _, _, directions = np.linalg.svd(scaled[0] - scaled[0].mean(axis=0), full_matrices=False)
    axes = directions[:2]
    # the sign of a component is arbitrary: the largest loading is made positive
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    placed = [x @ axes.T for x in scaled]
    total = [float(((x - x.mean(axis=0)) ** 2).sum()) for x in scaled]
    return {
        "before": np.round(placed[0], 2).tolist(),
        "after": np.round(placed[1], 2).tolist(),
        "batch": index.reshape(-1).tolist(),
        "batches": names.tolist(),
        "explained_before": [round(float(((p - p.mean()) ** 2).sum()) / total[0], 4) for p in placed[0].T],
        "explained_after": [round(float(((p - p.mean()) ** 2).sum()) / total[1], 4) for p in placed[1].T],
    }


def _auc(outcome: Floats, column: Floats) -> float | None:
    """Return the AUC of one feature, at least one half: the direction does not matter here."""
    known = ~np.isnan(column) & np.isfinite(outcome)
    if not 0 < outcome[known].sum() < known.sum():
        return None
    value = auc(outcome[known], column[known])
    return max(value, 1.0 - value)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
