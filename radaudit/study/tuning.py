"""Choose penalty, mixing and number of candidates by inner resampling, everything before the model learned again in each fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.findings import Fact
from radaudit.models.elastic_net import LinearFit, elastic_net_path, largest_penalty
from radaudit.splits.resamples import Resample, folds_possible, repeated_group_kfold
from radaudit.study.frame import Frame
from radaudit.study.preparation import Preparation

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints
    from radaudit.models.losses import Loss
    from radaudit.study.plans import PipelinePlan

STRICTER = (0.85, 0.95, 0.99, 0.999)  # tried only if every penalty of the grid keeps too many features
DIGITS = 6  # points whose losses agree so far are the same; what tells them apart is rounding
ENOUGH = 1e-7  # gradient at which an inner fit stops

Prepare = Callable[[Frame], tuple[Preparation, "Floats", "Ints"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One number of candidates and one mixing with its falling penalties and the fits on all rows."""

    candidates: int
    mixing: float
    shares: tuple[float, ...]
    fits: tuple[LinearFit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """The chosen fit on all rows, what prepared them, out-of-fold risks of these rows (n,) (NaN: set aside) and the facts."""

    preparation: Preparation
    fit: LinearFit
    candidates: int
    standardised: Floats
    used: Ints
    risks: Floats
    facts: Mapping[str, Fact]


def tune(frame: Frame, plan: PipelinePlan, rng: np.random.Generator, prepare: Prepare, prepare_inside: Prepare | None = None) -> Tuned:
    """Return the elastic net chosen by inner resampling of ``frame``.

    The criterion is the loss of the inner assessment rows (log-loss; cross-validated partial likelihood; squared error), averaged over
    folds. Parsimony: of all points not worse than
    the best by more than one standard error, the one with the fewest features on all rows, then the smallest loss. This is the
    one-standard-error rule (Breiman et al. 1984) with two changes: the error is that of the paired difference over folds, not of
    the level, which folds share; and features are counted, not the penalty, since a heavier penalty only shrinks risks together.
    ``prepare_inside`` prepares the inner analysis rows (default ``prepare``). Folds are reduced to the smaller class.
    Raises DesignError SIZE-071 (fewer than two patients in a class), SIZE-073 (no admissible point).
    """
    preparation, z, used = prepare(frame)
    rows = frame.take(used) if len(used) < len(frame) else frame
    lanes, admissible = _admissible(z, rows.end.loss(rows), plan)
    strata = rows.end.strata(rows)
    folds = folds_possible(rows.patients.astype(str), strata, plan.inner)
    resamples = repeated_group_kfold(rows.patients.astype(str), strata, folds, plan.inner_repeats, rng)
    inner = [_inside(rows, lanes, resample, prepare_inside or prepare) for resample in resamples]
    found = [rows.end.assessed(one.analysis, one.assessment, one.inside, one.ahead) for one in inner]
    losses, reached = (np.stack([each[k] for each in found], axis=1) for k in (0, 1))
    best, chosen, spread = _parsimonious(losses, _sizes(lanes), admissible)
    lane, share, fit = [(lane, share, fit) for lane in lanes for share, fit in zip(lane.shares, lane.fits, strict=True)][chosen]
    risks = np.full(len(frame), np.nan)
    risks[used] = _out_of_fold(len(rows), resamples, inner, chosen)
    facts: dict[str, Fact] = {
        "inner_folds": folds,
        "inner_repeats": plan.inner_repeats,
        "configurations": plan.configurations,
        "admissible": int(admissible.sum()),
        "candidates": lane.candidates,
        "mixing": lane.mixing,
        "penalty": fit.penalty,
        "penalty_share": share,
        "features": fit.chosen,
        "loss": float(losses[chosen].mean()),
        "loss_best": float(losses[best].mean()),
        "loss_se_of_difference": spread,
        "inner": _known_mean(reached[chosen]),
        "inner_best": max((mean for c in np.flatnonzero(admissible) if (mean := _known_mean(reached[c])) is not None), default=None),
        "converged": fit.converged,
        "residual": fit.residual,
    }
    return Tuned(
        preparation=preparation,
        fit=fit,
        candidates=lane.candidates,
        standardised=z[:, : lane.candidates],
        used=used,
        risks=risks,
        facts=facts,
    )


def _admissible(z: Floats, loss: Loss, plan: PipelinePlan) -> tuple[tuple[Lane, ...], Bools]:
    """Return the lanes of the grid and which points (in lane order) keep 1 to ``max_features`` features and converged."""
    for shares in (plan.penalties, (*STRICTER[::-1], *plan.penalties)):
        lanes = _lanes(z, loss, plan, tuple(sorted(shares, reverse=True)))
        sizes = _sizes(lanes)
        sound = np.array([fit.converged for lane in lanes for fit in lane.fits])
        admissible: Bools = (sizes >= 1) & (sizes <= plan.max_features) & sound
        if admissible.any():
            return _trimmed(lanes, admissible)
    raise DesignError(
        "SIZE-073",
        f"no point of the grid keeps between 1 and {plan.max_features} features",
        found=f"{int(sizes.min())} to {int(sizes.max())} features",
        fix="model.max_features: a larger number, or features that are related to the outcome",
    )


def _trimmed(lanes: tuple[Lane, ...], admissible: Bools) -> tuple[tuple[Lane, ...], Bools]:
    """Return the lanes without the penalties below their last admissible one: no need to fit those in every fold."""
    kept, marks, start = [], [], 0
    for lane in lanes:
        own = admissible[start : start + len(lane.fits)]
        start += len(lane.fits)
        length = int(np.flatnonzero(own)[-1]) + 1 if own.any() else 0
        if length:
            kept.append(replace(lane, shares=lane.shares[:length], fits=lane.fits[:length]))
            marks.append(own[:length])
    return tuple(kept), np.concatenate(marks)


def _lanes(z: Floats, loss: Loss, plan: PipelinePlan, shares: tuple[float, ...]) -> tuple[Lane, ...]:
    lanes = []
    for candidates in sorted({min(k, z.shape[1]) for k in plan.screen}):
        x = np.ascontiguousarray(z[:, :candidates])
        for mixing in plan.mixings:
            largest = largest_penalty(x, loss, mixing)
            if largest > 0:
                fits = elastic_net_path(x, loss, [share * largest for share in shares], mixing)
                lanes.append(Lane(candidates=candidates, mixing=mixing, shares=shares, fits=fits))
    if not lanes:
        raise DesignError("SIZE-073", "no candidate is related to the outcome in these rows", fix="there is nothing to fit")
    return tuple(lanes)


def _sizes(lanes: tuple[Lane, ...]) -> Ints:
    return np.array([fit.chosen for lane in lanes for fit in lane.fits], dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Inner:
    """One inner resample: the rows on both sides and the scores (points, rows) of the grid on each."""

    analysis: Frame
    assessment: Frame
    inside: Floats
    ahead: Floats


def _inside(rows: Frame, lanes: tuple[Lane, ...], resample: Resample, prepare: Prepare) -> _Inner:
    """Return the scores of the grid fitted on the analysis rows, with the penalties of the fit on all rows."""
    analysis, assessment = rows.take(resample.analysis), rows.take(resample.assessment)
    preparation, z, used = prepare(analysis)
    analysis = analysis.take(used) if len(used) < len(analysis) else analysis
    loss = analysis.end.loss(analysis)
    ready = preparation.ready(assessment)
    inside, ahead = [], []
    for lane in lanes:
        k = min(lane.candidates, z.shape[1])
        fits = elastic_net_path(np.ascontiguousarray(z[:, :k]), loss, [fit.penalty for fit in lane.fits], lane.mixing, stationary=ENOUGH)
        weights = np.stack([fit.coefficients for fit in fits])
        start = np.array([[fit.intercept] for fit in fits])
        inside.append(np.einsum("gk,nk->gn", weights, z[:, :k]) + start)
        ahead.append(np.einsum("gk,nk->gn", weights, ready[:, :k]) + start)
    return _Inner(analysis=analysis, assessment=assessment, inside=np.concatenate(inside), ahead=np.concatenate(ahead))


def _parsimonious(losses: Floats, sizes: Ints, admissible: Bools) -> tuple[int, int, float]:
    """Return the best point, the chosen one, and the standard error of the difference between the two."""
    mean = np.where(admissible, np.round(losses.mean(axis=1), DIGITS), np.inf)
    best = int(np.argmin(mean))
    spread = (losses - losses[best]).std(axis=1, ddof=1) / np.sqrt(losses.shape[1])
    within = np.flatnonzero(admissible & (mean <= mean[best] + np.round(spread, DIGITS)))
    chosen = int(within[np.lexsort((within, mean[within], sizes[within]))[0]])
    return best, chosen, float(spread[chosen])


def _out_of_fold(rows: int, resamples: tuple[Resample, ...], inner: list[_Inner], chosen: int) -> Floats:
    total = np.zeros(rows)
    for resample, one in zip(resamples, inner, strict=True):
        link = one.analysis.end.link(one.analysis, one.inside[chosen])
        total[resample.assessment] += link.risk(one.ahead[chosen])
    return total / (1 + max(resample.repeat for resample in resamples))


def _known_mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None
