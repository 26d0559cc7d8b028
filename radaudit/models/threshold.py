"""The cut on the risk, chosen on out-of-fold risks of training rows; positive means risk >= threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats

Rule = Literal["youden", "fixed", "sensitivity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdPlan:
    """The rule: ``youden`` (largest sensitivity + specificity), ``fixed`` (the risk ``value``), ``sensitivity`` (at least ``value``)."""

    rule: Rule = "youden"
    value: float | None = None

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"rule": self.rule, "value": self.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The chosen risk and what it reached on the rows it was chosen on (None for a fixed one without rows)."""

    value: float
    rule: Rule
    sensitivity: float | None
    specificity: float | None

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"value": self.value, "rule": self.rule, "sensitivity": self.sensitivity, "specificity": self.specificity}


def choose_threshold(outcome: ArrayLike, risk: ArrayLike, plan: ThresholdPlan, *, weights: ArrayLike | None = None) -> Threshold:
    """Return the threshold by the plan's rule from outcomes (n,) and out-of-fold risks (n,), rows without a risk left out.

    ``weights`` (n,) count rows: where some are censored before a horizon, those like them that were followed on stand in (weight 0: the
    row says nothing). Candidates are the midpoints between neighbouring distinct risks, and the smallest risk itself. Youden ties go to
    the lower threshold (the higher sensitivity). Raises DesignError OUT-074 if a class is absent, STUDY-071 for a rule without its value.
    """
    result, values = np.asarray(outcome, dtype=np.float64), np.asarray(risk, dtype=np.float64)
    known = ~np.isnan(values)
    weight = None if weights is None else np.asarray(weights, dtype=np.float64)
    if weight is not None:
        known &= weight > 0
        weight = weight[known]
    event, values = result[known] == 1, values[known]
    if plan.rule not in ("youden", "fixed", "sensitivity"):
        raise DesignError("STUDY-071", f'no threshold rule "{plan.rule}"', fix="threshold.rule: youden | fixed | sensitivity")
    if plan.rule != "youden" and (plan.value is None or not 0.0 < plan.value <= 1.0):
        raise DesignError(
            "STUDY-071", f'rule "{plan.rule}" needs a value between 0 and 1', found=str(plan.value), fix="threshold.value: 0.5"
        )
    if not event.any() or event.all():
        raise DesignError(
            "OUT-074", "a threshold needs out-of-fold risks of both outcomes", found=f"{int(event.sum())} of {event.size} events"
        )
    cuts = _candidates(values)
    if plan.rule == "fixed":
        cut = float(plan.value or 0.0)
    else:
        sensitivity, specificity = _shares(event, values, cuts, weight)
        if plan.rule == "youden":
            best = int(np.argmax(np.round(sensitivity + specificity, 12)))
        else:
            best = int(np.flatnonzero(sensitivity >= float(plan.value or 0.0) - 1e-12)[-1])
        cut = float(cuts[best])
    reached = _shares(event, values, np.array([cut]), weight)
    return Threshold(value=cut, rule=plan.rule, sensitivity=float(reached[0][0]), specificity=float(reached[1][0]))


def _candidates(values: Floats) -> Floats:
    """Return ascending cuts; the first calls every row positive."""
    levels = np.unique(values)
    return np.concatenate([levels[:1], levels[:-1] + 0.5 * (levels[1:] - levels[:-1])])


def _shares(
    event: np.ndarray[tuple[int], np.dtype[np.bool_]], values: Floats, cuts: Floats, weight: Floats | None
) -> tuple[Floats, Floats]:
    """Return sensitivity and specificity (k,) at each cut."""
    if weight is not None:
        below = [_weighed_below(values[part], weight[part], cuts) for part in (event, ~event)]
        return 1.0 - below[0], below[1]
    hits, misses = np.sort(values[event]), np.sort(values[~event])
    below_hits = np.searchsorted(hits, cuts, side="left")
    below_misses = np.searchsorted(misses, cuts, side="left")
    return 1.0 - below_hits / hits.size, below_misses / misses.size


def _weighed_below(values: Floats, weight: Floats, cuts: Floats) -> Floats:
    order = np.argsort(values, kind="stable")
    led = np.concatenate([[0.0], np.cumsum(weight[order])])
    found: Floats = led[np.searchsorted(values[order], cuts, side="left")] / led[-1]
    return found
