"""A binary outcome: logistic regression, AUC, Brier score, calibration in the large."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.calibration import brier, calibration_in_the_large, calibration_slope
from radaudit.measures.discrimination import auc, auc_estimate
from radaudit.measures.estimate import Estimate
from radaudit.models.baselines import LabelPrevalence, fit_label_prevalence
from radaudit.models.elastic_net import LinearFit, crosscheck
from radaudit.models.link import Link, Logistic
from radaudit.models.losses import LogLoss, Loss
from radaudit.models.screen import univariate_aucs
from radaudit.models.threshold import Threshold, ThresholdPlan, choose_threshold
from radaudit.study.repeated import pooled_auc

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.study.frame import Frame


class Binary:
    """Event or not."""

    kind, discrimination, error, level, chance = "binary", "auc", "brier", "citl", 0.5

    def require(self, frame: Frame) -> None:
        """Raise DesignError OUT-073 for rows without an outcome, OUT-070 if a class is absent."""
        unknown = int((~np.isin(frame.outcome, (0.0, 1.0))).sum())
        if unknown:
            raise DesignError("OUT-073", f"{unknown} training row(s) have no outcome of 0 or 1", fix="leave them out at intake")
        if not self.fittable(frame):
            found = f"{int(frame.outcome.sum())} events in {len(frame)} rows"
            raise DesignError("OUT-070", "the training rows hold only one outcome", found=found)

    def fittable(self, frame: Frame) -> bool:
        """Return True if both classes are there."""
        return bool(0 < frame.outcome.sum() < len(frame))

    def classes(self, frame: Frame) -> Floats:
        """Return the outcome."""
        return frame.outcome

    def strata(self, frame: Frame) -> Floats:
        """Return the outcome."""
        return frame.outcome

    def separation(self, ranks: Floats, x: Floats, frame: Frame) -> Floats:
        """Return each column's AUC."""
        return univariate_aucs(x, frame.outcome, ranks=ranks)

    def loss(self, frame: Frame) -> Loss:
        """Return the log-loss."""
        return LogLoss(y=frame.outcome)

    def assessed(self, analysis: Frame, assessment: Frame, inside: Floats, ahead: Floats) -> tuple[Floats, Floats]:
        """Return mean log-loss and AUC on the assessment rows."""
        y = assessment.outcome
        return (np.logaddexp(0.0, ahead) - ahead * y).mean(axis=1), univariate_aucs(np.ascontiguousarray(ahead.T), y)

    def link(self, frame: Frame, scores: Floats) -> Link:
        """Return the logistic function."""
        return Logistic()

    def linked(self, frame: Frame) -> Callable[[Floats], Link]:
        """Return the logistic function for any scores."""
        return lambda _: Logistic()

    def threshold(self, frame: Frame, predictions: Floats, plan: ThresholdPlan) -> Threshold:
        """Return the threshold by the plan's rule."""
        return choose_threshold(frame.outcome, predictions, plan)

    def crosscheck(self, x: Floats, frame: Frame, fit: LinearFit) -> float | None:
        """Return the difference from scikit-learn's LogisticRegression."""
        return crosscheck(x, frame.outcome, fit)

    def baseline(self, frame: Frame, labels: Sequence[str] | None) -> LabelPrevalence:
        """Return the share of events per label."""
        return fit_label_prevalence(labels, frame.outcome)

    def pooled(self, frame: Frame, predictions: Sequence[Floats]) -> Estimate:
        """Return the pooled AUC, DeLong."""
        return pooled_auc(frame.outcome, predictions, frame.patients)

    def single(self, frame: Frame, prediction: Floats) -> float | None:
        """Return the AUC, None with one class."""
        return auc(frame.outcome, prediction) if self.fittable(frame) else None

    def discriminated(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return the AUC, DeLong."""
        return auc_estimate(frame.outcome, prediction, patients=frame.patients.astype(str))

    def slope(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return the calibration slope."""
        return calibration_slope(frame.outcome, prediction, patients=frame.patients.astype(str))

    def error_of(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return the Brier score."""
        return brier(frame.outcome, prediction, patients=frame.patients.astype(str))

    def level_of(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return calibration in the large."""
        return calibration_in_the_large(frame.outcome, prediction, patients=frame.patients.astype(str))

    def nothing(self, patients: int, events: int) -> Estimate:
        """Return 0.5."""
        why = "one risk for everybody does not discriminate: 0.5 by definition"
        return Estimate(value=0.5, patients=patients, events=events, method="by definition", reason=why)
