"""A continuous outcome: linear regression, share of explained variation, root mean squared error, mean error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.regression import mean_error, regression_line, regression_measure
from radaudit.models.baselines import LabelPrevalence, fit_label_prevalence
from radaudit.models.elastic_net import LinearFit, crosscheck_linear
from radaudit.models.link import Identity, Link
from radaudit.models.losses import Loss, SquaredLoss
from radaudit.models.screen import rank_correlations
from radaudit.models.threshold import Threshold, ThresholdPlan
from radaudit.study.repeated import averaged

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.study.frame import Frame


class Continuous:
    """A quantity."""

    kind, discrimination, error, level, chance = "continuous", "r2", "rmse", "mean_error", 0.0

    def require(self, frame: Frame) -> None:
        """Raise DesignError OUT-073 for rows without a value, OUT-100 if it does not vary."""
        unknown_rows = int((~np.isfinite(frame.outcome)).sum())
        if unknown_rows:
            raise DesignError("OUT-073", f"{unknown_rows} training row(s) have no value of the outcome", fix="leave them out at intake")
        if not self.fittable(frame):
            raise DesignError("OUT-100", "the outcome of the training rows does not vary", found=f"{len(frame)} rows")

    def fittable(self, frame: Frame) -> bool:
        """Return True if the outcome varies."""
        return len(frame) > 2 and bool(np.ptp(frame.outcome) > 0)

    def classes(self, frame: Frame) -> Floats:
        """Return whether the outcome lies above its median."""
        return self.strata(frame)

    def strata(self, frame: Frame) -> Floats:
        """Return whether the outcome lies above its median."""
        found: Floats = (frame.outcome > np.median(frame.outcome)).astype(np.float64)
        return found

    def separation(self, ranks: Floats, x: Floats, frame: Frame) -> Floats:
        """Return 0.5 plus half the rank correlation of each column."""
        return 0.5 + 0.5 * rank_correlations(ranks, frame.outcome)

    def loss(self, frame: Frame) -> Loss:
        """Return half the squared error."""
        return SquaredLoss(y=frame.outcome)

    def assessed(self, analysis: Frame, assessment: Frame, inside: Floats, ahead: Floats) -> tuple[Floats, Floats]:
        """Return the mean squared error over the variance of the analysis rows, and 1 less its share of the assessment rows' own."""
        y = assessment.outcome
        lost = ((ahead - y) ** 2).mean(axis=1)
        spread = float(y.var())
        own = 1.0 - lost / spread if spread > 0 else np.full(len(ahead), np.nan)
        return lost / float(analysis.outcome.var()), own

    def link(self, frame: Frame, scores: Floats) -> Link:
        """Return the score itself."""
        return Identity()

    def linked(self, frame: Frame) -> Callable[[Floats], Link]:
        """Return the score itself for any scores."""
        return lambda _: Identity()

    def threshold(self, frame: Frame, predictions: Floats, plan: ThresholdPlan) -> Threshold:
        """Return the plan's fixed value, or the median prediction: groups of a continuous outcome are not decisions."""
        known = predictions[~np.isnan(predictions)]
        value = float(plan.value) if plan.rule == "fixed" and plan.value is not None else float(np.median(known))
        return Threshold(value=value, rule="fixed", sensitivity=None, specificity=None)

    def crosscheck(self, x: Floats, frame: Frame, fit: LinearFit) -> float | None:
        """Return the difference from scikit-learn's ElasticNet."""
        return crosscheck_linear(x, frame.outcome, fit)

    def baseline(self, frame: Frame, labels: Sequence[str] | None) -> LabelPrevalence:
        """Return the mean per label."""
        return fit_label_prevalence(labels, frame.outcome)

    def pooled(self, frame: Frame, predictions: Sequence[Floats]) -> Estimate:
        """Return the explained share, jackknife by patient, averaged over repeats."""

        def one(prediction: Floats) -> Estimate:
            known = ~np.isnan(prediction)
            return regression_measure("r2", frame.outcome[known], prediction[known], patients=frame.patients.astype(str)[known])

        return averaged(predictions, one)

    def single(self, frame: Frame, prediction: Floats) -> float | None:
        """Return the explained share, None where the outcome does not vary."""
        return regression_measure("r2", frame.outcome, prediction).value if self.fittable(frame) else None

    def discriminated(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return the explained share."""
        return regression_measure("r2", frame.outcome, prediction, patients=frame.patients.astype(str))

    def slope(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return the slope of the outcome on the predictions."""
        return regression_line(frame.outcome, prediction, patients=frame.patients.astype(str))[1]

    def error_of(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return the root mean squared error."""
        return regression_measure("rmse", frame.outcome, prediction, patients=frame.patients.astype(str))

    def level_of(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return the mean error."""
        return mean_error(frame.outcome, prediction, patients=frame.patients.astype(str))

    def nothing(self, patients: int, events: int) -> Estimate:
        """Return no value: one prediction for everybody explains nothing, but may still be measured as worse."""
        return unknown("one prediction for everybody explains nothing", patients=patients, events=None)
