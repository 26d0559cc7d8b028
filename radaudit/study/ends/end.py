"""End: all that fitting and resampling need to know about a kind of outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.measures.estimate import Estimate
    from radaudit.models.elastic_net import LinearFit
    from radaudit.models.link import Link
    from radaudit.models.losses import Loss
    from radaudit.models.threshold import Threshold, ThresholdPlan
    from radaudit.study.frame import Frame


class End(Protocol):
    """One kind of outcome. A prediction is a probability, the risk by the horizon, or a value, as its ``link`` says.

    ``discrimination``, ``error`` and ``level`` name the measures of the evidence (``auc``, ``brier``, ``citl``); ``chance`` is the
    discrimination of a model that knows nothing.
    """

    kind: str
    discrimination: str
    error: str
    level: str
    chance: float

    def require(self, frame: Frame) -> None:
        """Raise DesignError unless something can be fitted on these rows."""

    def fittable(self, frame: Frame) -> bool:
        """Return True if the rows of a resample can be fitted on."""

    def classes(self, frame: Frame) -> Floats:
        """Return 1.0 or 0.0 per row (n,), NaN for unknown: two groups whose difference harmonisation should keep."""

    def strata(self, frame: Frame) -> Floats:
        """Return 1.0 or 0.0 per row (n,): what folds spread evenly."""

    def separation(self, ranks: Floats, x: Floats, frame: Frame) -> Floats:
        """Return per column (p,) of ``x``, midranks ``ranks``, a value whose distance from 0.5 says how well it goes with the outcome."""

    def loss(self, frame: Frame) -> Loss:
        """Return what the model minimises on these rows."""

    def assessed(self, analysis: Frame, assessment: Frame, inside: Floats, ahead: Floats) -> tuple[Floats, Floats]:
        """Return loss and discrimination (g,) on assessment rows of g models, from their scores of both sides (g, n)."""

    def link(self, frame: Frame, scores: Floats) -> Link:
        """Return what turns scores into predictions, learned from the scores (n,) of the rows fitted on."""

    def threshold(self, frame: Frame, predictions: Floats, plan: ThresholdPlan) -> Threshold:
        """Return the threshold chosen on out-of-fold predictions (n,)."""

    def crosscheck(self, x: Floats, frame: Frame, fit: LinearFit) -> float | None:
        """Return the largest difference from another program's fit, None where there is no other program."""

    def baseline(self, frame: Frame, labels: Sequence[str] | None) -> Labelled:
        """Return the model of a label alone; None: of nothing at all."""

    def linked(self, frame: Frame) -> Callable[[Floats], Link]:
        """Return what makes a link from the scores of these rows."""

    def pooled(self, frame: Frame, predictions: Sequence[Floats]) -> Estimate:
        """Return the discrimination of out-of-fold predictions, each (n,), NaN where a row has none, averaged over repeats."""

    def single(self, frame: Frame, prediction: Floats) -> float | None:
        """Return the discrimination of one set of predictions without NaN, None where it is not defined."""

    def discriminated(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return the discrimination of one set of predictions without NaN, with its interval."""

    def slope(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return the calibration slope."""

    def error_of(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return the error of the predictions."""

    def level_of(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return whether predictions are too high or too low on the whole."""

    def nothing(self, patients: int, events: int) -> Estimate:
        """Return the discrimination of the same prediction for everybody, which is known without measuring."""


class Labelled(Protocol):
    """A model of labels: ``models.baselines.LabelPrevalence`` is one."""

    def risk(self, labels: Sequence[str]) -> Floats:
        """Return each row's prediction (n,)."""

    def document(self) -> dict[str, object]:
        """Return the JSON form."""


@cache
def end_of(kind: str) -> End:
    """Return the end of this name: ``binary``, ``survival`` or ``continuous``."""
    from radaudit.study.ends.binary import Binary
    from radaudit.study.ends.continuous import Continuous
    from radaudit.study.ends.survival import Survival

    ends: dict[str, End] = {"binary": Binary(), "survival": Survival(), "continuous": Continuous()}
    return ends[kind]
