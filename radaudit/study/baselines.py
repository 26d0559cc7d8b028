"""The four models every signature is compared with, fitted on the same rows: prevalence, site, volume, clinical columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.models.baselines import Cells, ColumnModel, fit_columns_by
from radaudit.study.ends.end import Labelled
from radaudit.study.frame import Frame, frame_of, training_frame

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.tables.table import FeatureTable

NAMES = ("prevalence", "site", "volume", "clinical")
VOLUME = "volume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One fitted baseline, or None and the reason."""

    name: str
    model: Labelled | ColumnModel | None
    reason: str = ""

    def risk_of(self, frame: Frame, clinical: Mapping[str, Cells] | None = None) -> Floats:
        """Return the risk of rows at hand (n,), NaN without a model."""
        if self.model is None:
            return np.full(len(frame), np.nan)
        if not isinstance(self.model, ColumnModel):
            return self.model.risk(frame.sites.tolist())
        if self.name == VOLUME:
            return self.model.risk({VOLUME: [] if frame.volume is None else frame.volume.tolist()})
        return self.model.risk(clinical if clinical is not None else {name: column.tolist() for name, column in frame.clinical.items()})

    def risk(self, table: FeatureTable) -> Floats:
        """Return the risk of each row of any table (n,); what training did not know is treated as the reference or the median."""
        # texts as they stand: whether a column is a number was decided in training
        clinical = {name: table.fact(name) for name in table.roles.clinical} if self.name == "clinical" else None
        return self.risk_of(frame_of(table), clinical)

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"name": self.name, "model": None if self.model is None else self.model.document(), "reason": self.reason}


def fit_baselines(table: FeatureTable) -> tuple[Baseline, ...]:
    """Return the four baselines fitted on all rows of ``table`` (training rows only). Raises DesignError as ``training_frame``."""
    return baselines_of(training_frame(table, ()))


def baselines_of(frame: Frame) -> tuple[Baseline, ...]:
    """Return the four baselines fitted on these rows."""
    return (
        Baseline(name="prevalence", model=frame.end.baseline(frame, None)),
        _site(frame),
        _volume(frame),
        _clinical(frame),
    )


def _site(frame: Frame) -> Baseline:
    labels: Sequence[str] = frame.sites.tolist()
    if len(set(labels)) < 2:
        return Baseline(name="site", model=None, reason="there is only one site")
    return Baseline(name="site", model=frame.end.baseline(frame, labels))


def _volume(frame: Frame) -> Baseline:
    if frame.volume is None:
        return Baseline(name=VOLUME, model=None, reason="the study names no volume column of numbers (roles.volume)")
    model = _columns(frame, {VOLUME: frame.volume.tolist()}, logarithm=True)
    return Baseline(name=VOLUME, model=model, reason="" if model else "the volume does not vary")


def _clinical(frame: Frame) -> Baseline:
    if not frame.clinical:
        return Baseline(name="clinical", model=None, reason="the study names no clinical columns (roles.clinical)")
    model = _columns(frame, {name: column.tolist() for name, column in frame.clinical.items()})
    return Baseline(name="clinical", model=model, reason="" if model else "the clinical columns do not vary")


def _columns(frame: Frame, cells: Mapping[str, Cells], *, logarithm: bool = False) -> ColumnModel | None:
    return fit_columns_by(cells, frame.end.loss(frame), linked=frame.end.linked(frame), logarithm=logarithm)
