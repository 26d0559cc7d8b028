"""A survival outcome: Cox's model, Harrell's C, and the risk of the event by the horizon of the plan.

Everything about the horizon weighs rows by the inverse of the chance to be followed that long. Intervals are by patient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.followup import Followed, followed
from radaudit.followup.partial_likelihood import partial_likelihood
from radaudit.followup.product_limit import inverse_weights
from radaudit.measures.concordance import c_index, concordances, pairs_of
from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.horizon import brier_of_counts, jackknifed
from radaudit.measures.survival_calibration import complementary_log_log, observed_over_expected, survival_slope
from radaudit.models.baselines import LabelHazard, fit_label_hazard
from radaudit.models.elastic_net import LinearFit
from radaudit.models.link import BaselineHazard, Link
from radaudit.models.losses import CoxLoss, Loss
from radaudit.models.screen import log_rank_scores
from radaudit.models.threshold import Threshold, ThresholdPlan, choose_threshold
from radaudit.study.repeated import pooled_c

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.study.frame import Frame

STEPS = 12  # evenly spaced times up to the horizon at which the signature's baseline is kept
LEAST_BEYOND = 1


def rows_of(frame: Frame) -> Followed:
    """Return the follow-up of these rows. Raises DesignError PERF-120, PERF-121."""
    assert frame.time is not None
    return followed(frame.time, frame.outcome, frame.patients.astype(str))


class Survival:
    """Time to the event, or to censoring."""

    kind, discrimination, error, level, chance = "survival", "c_index", "brier_at", "observed_expected", 0.5

    def require(self, frame: Frame) -> None:
        """Raise DesignError OUT-073 for rows without follow-up, OUT-101 without events, OUT-102 if nobody outlasts the horizon."""
        assert frame.time is not None
        unknown_rows = int((~np.isin(frame.outcome, (0.0, 1.0)) | ~np.isfinite(frame.time)).sum())
        if unknown_rows:
            raise DesignError("OUT-073", f"{unknown_rows} training row(s) have no time or no status", fix="leave them out at intake")
        early = int(((frame.time <= frame.horizon) & (frame.outcome == 1)).sum())
        late = int((frame.time > frame.horizon).sum())
        if not early:
            raise DesignError("OUT-101", "no training row has the event by the horizon", found=f"horizon {frame.horizon:g}")
        if late < LEAST_BEYOND:
            raise DesignError(
                "OUT-102",
                f"no training row is followed beyond the horizon of {frame.horizon:g}",
                found=f"longest follow-up {float(frame.time.max()):g}",
                fix=f"roles.outcome.horizon: {float(np.quantile(frame.time, 0.5)):.3g}",
            )

    def fittable(self, frame: Frame) -> bool:
        """Return True if there are events to order."""
        return bool(frame.outcome.sum() > 0)

    def classes(self, frame: Frame) -> Floats:
        """Return event by the horizon or followed beyond it; censored before it is unknown."""
        assert frame.time is not None
        case = (frame.outcome == 1) & (frame.time <= frame.horizon)
        found: Floats = np.where(case, 1.0, np.where(frame.time > frame.horizon, 0.0, np.nan))
        return found

    def strata(self, frame: Frame) -> Floats:
        """Return whether the event happened early: by the median time of those who have it; so every fold holds events to order."""
        assert frame.time is not None
        event = frame.outcome == 1
        middle = float(np.median(frame.time[event])) if event.any() else 0.0
        found: Floats = (event & (frame.time <= middle)).astype(np.float64)
        return found

    def separation(self, ranks: Floats, x: Floats, frame: Frame) -> Floats:
        """Return 0.5 plus the log-rank statistic of each column's ranks."""
        return 0.5 + log_rank_scores(ranks, rows_of(frame))

    def loss(self, frame: Frame) -> Loss:
        """Return minus the partial likelihood, Efron's ties."""
        return CoxLoss(likelihood=partial_likelihood(rows_of(frame)))

    def assessed(self, analysis: Frame, assessment: Frame, inside: Floats, ahead: Floats) -> tuple[Floats, Floats]:
        """Return the cross-validated partial likelihood of Verweij and van Houwelingen (Stat Med 1993), per event with its sign turned, and
        the concordance on the assessment rows."""
        assert analysis.time is not None
        assert assessment.time is not None
        both = followed(np.concatenate([analysis.time, assessment.time]), np.concatenate([analysis.outcome, assessment.outcome]))
        whole, part = partial_likelihood(both), partial_likelihood(rows_of(analysis))
        events = max(1.0, float(assessment.outcome.sum()))
        gained = whole.values(np.concatenate([inside, ahead], axis=1)) - part.values(inside)
        rows = rows_of(assessment)
        return -gained / events, concordances(rows, ahead)

    def link(self, frame: Frame, scores: Floats) -> Link:
        """Return the baseline hazard up to the horizon."""
        times = np.linspace(0.0, frame.horizon, STEPS + 1)[1:]
        hazard = partial_likelihood(rows_of(frame)).hazard_at(scores, times)
        return BaselineHazard(times=tuple(times.tolist()), hazard=tuple(hazard.tolist()))

    def linked(self, frame: Frame) -> Callable[[Floats], Link]:
        """Return the baseline hazard for any scores of these rows."""
        return lambda scores: self.link(frame, scores)

    def threshold(self, frame: Frame, predictions: Floats, plan: ThresholdPlan) -> Threshold:
        """Return the threshold by the plan's rule for the event by the horizon."""
        rows = rows_of(frame)
        cases, controls = inverse_weights(rows, frame.horizon)
        return choose_threshold((cases[0] > 0).astype(np.float64), predictions, plan, weights=cases[0] + controls[0])

    def crosscheck(self, x: Floats, frame: Frame, fit: LinearFit) -> float | None:
        """Return None: no permissively licensed program fits this model."""
        return None

    def baseline(self, frame: Frame, labels: Sequence[str] | None) -> LabelHazard:
        """Return the hazard ratio per label."""
        return fit_label_hazard(labels, rows_of(frame), frame.horizon)

    def pooled(self, frame: Frame, predictions: Sequence[Floats]) -> Estimate:
        """Return Harrell's C, infinitesimal jackknife by patient."""
        return pooled_c(rows_of(frame), predictions)

    def single(self, frame: Frame, prediction: Floats) -> float | None:
        """Return Harrell's C, None without a comparable pair."""
        value = pairs_of(rows_of(frame), prediction).c if len(frame) else float("nan")
        return None if value != value else value

    def discriminated(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return Harrell's C."""
        return c_index(rows_of(frame), prediction)

    def slope(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return the coefficient of log(-log(1 - risk)) in Cox's model."""
        return survival_slope(rows_of(frame), complementary_log_log(prediction))

    def error_of(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return the Brier score at the horizon, jackknife by patient."""
        rows = rows_of(frame)
        if not (rows.time > frame.horizon).any():
            return unknown("nobody is followed beyond the horizon", patients=rows.patients, events=rows.events)
        return jackknifed(
            rows,
            lambda counts: brier_of_counts(rows, prediction, frame.horizon, counts),
            scale="log",
            what=f"Brier score at {frame.horizon:g}, inverse probability of censoring weights",
        )

    def level_of(self, frame: Frame, prediction: Floats) -> Estimate:
        """Return observed over expected at the horizon."""
        return observed_over_expected(rows_of(frame), prediction, frame.horizon)

    def nothing(self, patients: int, events: int) -> Estimate:
        """Return 0.5."""
        why = "one risk for everybody does not discriminate: 0.5 by definition"
        return Estimate(value=0.5, patients=patients, events=events, method="by definition", reason=why)
