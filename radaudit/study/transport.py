"""How the way of building the signature travels: each site (or batch) left out in turn, with and without harmonisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.estimate import Estimate, unknown
from radaudit.splits.resamples import Resample, leave_one_out
from radaudit.study.frame import Frame
from radaudit.study.plans import PipelinePlan, Unseen
from radaudit.study.repeated import people
from radaudit.study.resampling import RngOf, fit_folds

if TYPE_CHECKING:
    from radaudit.arrays import Floats

REFUSED = "the fit without {name} does not know its batch, and harmonise.unseen.evaluation is refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """One site predicted by a signature built without it: rows that were ``refused`` are not in the estimates.

    ``names`` are those of discrimination and level for this kind of outcome: ``auc`` and ``citl`` for a binary one.
    """

    name: str
    patients: int
    events: int
    refused: int
    discrimination: Estimate
    level: Estimate
    names: tuple[str, str] = ("auc", "citl")

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "site": self.name,
            "patients": self.patients,
            "events": self.events,
            "refused": self.refused,
            self.names[0]: self.discrimination.document(),
            self.names[1]: self.level.document(),
        }


def leave_each_out(
    frame: Frame, labels: Sequence[str], plan: PipelinePlan, rng_of: RngOf, *, harmonised: bool, what: str = "site"
) -> tuple[LeftOut, ...]:
    """Return one row per label, in sorted order: fitted without its patients, then predicted; () for fewer than two labels.

    Rows whose batch the fit does not know follow ``harmonise.unseen.evaluation``. Where nothing can be fitted or predicted
    the estimates hold the reason.
    """
    if len(set(labels)) < 2:
        return ()
    own = plan if harmonised else replace(plan, harmonise=None)
    policy: Unseen = "pass" if own.harmonise is None else own.harmonise.unseen_evaluation
    resamples = leave_one_out([str(label) for label in labels], frame.patients.astype(str))
    return tuple(_left_out(frame, resample, own, policy, rng_of, what) for resample in resamples)


def _left_out(frame: Frame, resample: Resample, plan: PipelinePlan, policy: Unseen, rng_of: RngOf, what: str) -> LeftOut:
    rows = frame.take(resample.assessment)
    patients, events = people(rows.outcome, rows.patients)
    try:
        # both arms use the same stream: they differ by harmonisation alone
        risks = fit_folds(frame, [resample], plan, rng_of, unseen=policy, stream=f"leave one {what} out")[0].risks
        reason = REFUSED.format(name=resample.label) if bool(np.isnan(risks).all()) else ""
    except DesignError as error:
        risks, reason = np.full(len(rows), np.nan), f"{error.code}: {error.what}"
    discrimination, level = _estimates(rows, risks, reason, patients, events)
    return LeftOut(
        name=resample.label,
        patients=patients,
        events=events,
        refused=int(np.isnan(risks).sum()),
        discrimination=discrimination,
        level=level,
        names=(rows.end.discrimination, rows.end.level),
    )


def _estimates(rows: Frame, risks: Floats, reason: str, patients: int, events: int) -> tuple[Estimate, Estimate]:
    known = ~np.isnan(risks)
    if reason:
        none = unknown(reason, patients=patients, events=events)
        return none, none
    seen, scored = rows.take(np.flatnonzero(known)), risks[known]
    return rows.end.discriminated(seen, scored), rows.end.level_of(seen, scored)
