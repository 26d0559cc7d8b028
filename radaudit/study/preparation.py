"""From raw features to ranked, standardised candidates: harmonise, impute, standardise, redundancy filter, screen.

Learned on analysis rows, applied to any row on its own. What a small or absent batch means in a resample: a batch with fewer
than two analysis rows cannot be harmonised there, so its analysis rows are set aside (they are on another scale) and its
assessment rows are scored as they are, like ``unseen: pass``; where chance makes a covariate an alias of a batch among the
analysis rows, the resample preserves none. All of it is counted in the facts. The final fit on all training rows knows no such
leniency: there the batch (SIZE-001) or the covariate (HARM-001, HARM-002) is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.findings import Fact
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.effects import SiteEffects
from radaudit.harmonise.moments import measure
from radaudit.models.ranks import midranks
from radaudit.models.redundancy import keep_representatives
from radaudit.models.scaling import Scaling, learn_scaling, usable_features
from radaudit.models.screen import strongest
from radaudit.study.frame import CATEGORY, Frame

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints
    from radaudit.study.plans import HarmonisePlan, PipelinePlan, Unseen

FEWEST_ROWS = 2
ALIASED = ("HARM-001", "HARM-002")
WIDE = 2000  # above this many usable features only the WIDE strongest ones (in these rows) enter the redundancy filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What was learned: ``features`` are the candidates, strongest first; ``effects`` all harmonised features, or None."""

    features: tuple[str, ...]
    effects: SiteEffects | None
    narrow: SiteEffects | None
    keep: tuple[str, ...]
    scaling: Scaling
    facts: Mapping[str, Fact]

    def ready(self, frame: Frame) -> Floats:
        """Return standardised candidates (n, k) of rows of a resample, leniently: no row is refused."""
        x = frame.x[:, frame.columns(self.features)]
        cells, _ = harmonised(frame, x, self.narrow, keep=self.keep, unseen="pass", lenient=True)
        return self.scaling.apply(cells)


def harmonised(
    frame: Frame, x: Floats, effects: SiteEffects | None, *, keep: tuple[str, ...], unseen: Unseen, lenient: bool = False
) -> tuple[Floats, tuple[str, ...]]:
    """Return ``x`` (n, k), its columns the features of ``effects``, without site effects, and per row "" or why it is refused.

    SCORE-001: its batch is unknown and the policy is ``refuse``; SCORE-003: a covariate is missing; SCORE-005: an infinite cell;
    SCORE-007: a covariate level is unknown (``lenient``: coded as the training mean). A refused row is NaN. Row by row.
    """
    result = np.array(x, dtype=np.float64)
    codes = np.full(len(frame), "", dtype="<U9")
    codes[np.isinf(x).any(axis=1)] = "SCORE-005"
    if effects is not None:
        known = np.isin(frame.batches.astype(str), effects.batches)
        if unseen == "refuse":
            codes[~known & ~np.isin(frame.batches.astype(str), keep)] = "SCORE-001"
        for i in np.flatnonzero(known & (codes == "")):
            codes[i] = _covariate_refusal(frame, effects, int(i), lenient)
        at = np.flatnonzero(known & (codes == ""))
        if len(at):
            rows = frame.take(at)
            result[at] = effects.apply(x[at], rows.batches.tolist(), rows.preserved(), levels="mean" if lenient else "refuse")
    result[codes != ""] = np.nan
    return result, tuple(codes.tolist())


def _covariate_refusal(frame: Frame, effects: SiteEffects, row: int, lenient: bool) -> str:
    coding = effects.coding
    for name, kind, levels in zip(coding.names, coding.kinds, coding.levels, strict=True):
        value = frame.covariates[name][row]
        if value is None or value != value or (isinstance(value, str) and not value.strip()):
            return "SCORE-003"
        if kind == CATEGORY and not lenient and value not in levels:
            return "SCORE-007"
    return ""


def prepare(frame: Frame, plan: PipelinePlan, *, strict: bool = False) -> tuple[Preparation, Floats, Ints]:
    """Return what was learned on these rows, the standardised candidates (m, k) and the rows (m,) they belong to.

    ``strict`` refuses batches that cannot be harmonised; otherwise their rows are set aside. Raises DesignError FEAT-070 if no
    feature is left, OUT-070 if only one outcome is left, and what fit_combat raises.
    """
    fit = np.flatnonzero(usable_features(frame.x, plan.missing_share))
    if not len(fit):
        raise _nothing_left(len(frame.features))
    names = tuple(frame.features[j] for j in fit.tolist())
    x = np.ascontiguousarray(frame.x[:, fit])
    effects, used, facts = _fit_effects(frame, x, names, plan.harmonise, strict)
    if len(used) < len(frame):
        frame, x = frame.take(used), x[used]
    if not frame.end.fittable(frame):
        raise DesignError("OUT-070", "the rows to fit on hold only one outcome", found=f"{int(frame.outcome.sum())} of {len(frame)} rows")
    keep = () if plan.harmonise is None else plan.harmonise.keep
    cells, _ = harmonised(frame, x, effects, keep=keep, unseen="pass", lenient=True)
    chosen, scaling, counts = _candidates(cells, names, frame, plan)
    features = tuple(names[j] for j in chosen.tolist())
    prepared = Preparation(
        features=features,
        effects=effects,
        narrow=None if effects is None else effects.only(features),
        keep=keep,
        scaling=scaling,
        facts={**facts, "unusable_features": len(frame.features) - len(fit), **counts},
    )
    return prepared, scaling.apply(cells[:, chosen]), used


def _fit_effects(
    frame: Frame, x: Floats, names: tuple[str, ...], plan: HarmonisePlan | None, strict: bool
) -> tuple[SiteEffects | None, Ints, dict[str, Fact]]:
    """Return the site effects, the rows that stay in the fit, and what was left out."""
    everyone = np.arange(len(frame))
    if plan is None or plan.method == "none":
        return None, everyone, {}
    labels = frame.batches.astype(str)
    batches, rows = np.unique(labels, return_counts=True)
    single = [] if strict else [b for b, n in zip(batches.tolist(), rows.tolist(), strict=True) if n < FEWEST_ROWS and b not in plan.keep]
    aside = np.isin(labels, single)
    fit: Bools = ~aside & ~np.isin(labels, plan.keep)
    facts: dict[str, Fact] = {"set_aside_rows": int(aside.sum()), "set_aside_batches": single}
    used = np.flatnonzero(~aside)
    if not strict and len(np.unique(labels[fit])) < 2:
        return None, used, {**facts, "unharmonised": "fewer than two batches"}
    reference = plan.reference if strict or plan.reference in labels[fit] else None
    part = frame.take(np.flatnonzero(fit))

    def fitted(covariates: dict[str, Any]) -> SiteEffects:
        moments = measure(x[fit], part.batches.tolist(), covariates, features=names)
        return fit_combat(moments, parametric=plan.parametric, eb=plan.eb, mean_only=plan.mean_only, reference=reference)

    try:
        return fitted(part.preserved()), used, facts
    except DesignError as error:
        if strict or error.code not in ALIASED:
            raise
        return fitted({}), used, {**facts, "covariates_left_out": error.code}


def _nothing_left(features: int) -> DesignError:
    return DesignError(
        "FEAT-070",
        "no feature is left to fit on",
        found=f"{features} features in the training rows, all constant or missing too often",
        fix="features that vary and are measured; rules.missing_share says what is too often",
    )


def _candidates(cells: Floats, names: tuple[str, ...], frame: Frame, plan: PipelinePlan) -> tuple[Ints, Scaling, dict[str, Fact]]:
    """Return the strongest representatives (k,), their scaling, and how many features each step left."""
    usable = np.flatnonzero(usable_features(cells, plan.missing_share))
    if not len(usable):
        raise _nothing_left(len(names))
    missing = np.isnan(cells[:, usable]).sum(axis=0)
    whole = learn_scaling(cells[:, usable]).impute(cells[:, usable])
    ranks = midranks(whole)
    if len(usable) > WIDE:
        separate = frame.end.separation(ranks, whole, frame)
        first = np.sort(strongest(separate, WIDE, names=[names[j] for j in usable.tolist()]))
        usable, missing, whole, ranks = usable[first], missing[first], whole[:, first], np.ascontiguousarray(ranks[:, first])
    own = [names[j] for j in usable.tolist()]
    kept = keep_representatives(whole, plan.redundancy, names=own, missing=missing, ranks=ranks)
    separate = frame.end.separation(ranks[:, kept], whole[:, kept], frame)
    top = kept[strongest(separate, max(plan.screen), names=[own[j] for j in kept.tolist()])]
    chosen = usable[top]
    counts: dict[str, Fact] = {"usable_features": len(usable), "representatives": len(kept), "candidates": len(chosen)}
    return chosen, learn_scaling(np.ascontiguousarray(cells[:, chosen])), counts
