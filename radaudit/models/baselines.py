"""What every signature is compared with: the prevalence, a label such as the site, and a few columns known without imaging."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.followup import Followed
from radaudit.followup.partial_likelihood import partial_likelihood
from radaudit.models.elastic_net import ridge
from radaudit.models.link import Link, Logistic, hazard_risk
from radaudit.models.logistic import linear_scores
from radaudit.models.losses import LogLoss, Loss

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats

PRIOR_PATIENTS = 2.0  # rows at the overall prevalence that each label's own share is shrunk with
RIDGE = 0.1  # penalty times rows: weak, it only keeps separable columns finite
MISSING = "(missing)"
Cells = Sequence[str | float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPrevalence:
    """The shrunken share of events (or mean) per label; an unknown label has the overall one. Without labels: that alone."""

    labels: tuple[str, ...]
    shares: tuple[float, ...]
    overall: float

    def risk(self, labels: Sequence[str]) -> Floats:
        """Return each row's risk (n,)."""
        known = dict(zip(self.labels, self.shares, strict=True))
        return np.array([known.get(str(label), self.overall) for label in labels], dtype=np.float64)

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"labels": list(self.labels), "shares": list(self.shares), "overall": self.overall}


def fit_label_prevalence(labels: Sequence[str] | None, outcome: ArrayLike) -> LabelPrevalence:
    """Return (events + 2 overall) / (rows + 2) per label, as if each had two more rows at the overall prevalence; None: no labels."""
    y = np.asarray(outcome, dtype=np.float64)
    overall = float(y.mean())
    if labels is None:
        return LabelPrevalence(labels=(), shares=(), overall=overall)
    names, code = np.unique(np.asarray([str(label) for label in labels]), return_inverse=True)
    rows = np.bincount(code, minlength=len(names))
    events = np.bincount(code, weights=y, minlength=len(names))
    shares = (events + PRIOR_PATIENTS * overall) / (rows + PRIOR_PATIENTS)
    return LabelPrevalence(labels=tuple(names.tolist()), shares=tuple(shares.tolist()), overall=overall)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelHazard:
    """The shrunken hazard ratio per label, and the cumulative ``hazard`` of all rows at the horizon; an unknown label has the ratio 1."""

    labels: tuple[str, ...]
    ratios: tuple[float, ...]
    hazard: float

    def risk(self, labels: Sequence[str]) -> Floats:
        """Return each row's risk by the horizon (n,)."""
        known = dict(zip(self.labels, self.ratios, strict=True))
        return np.array([hazard_risk(math.log(known.get(str(label), 1.0)), self.hazard) for label in labels], dtype=np.float64)

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"labels": list(self.labels), "ratios": list(self.ratios), "hazard": self.hazard}


def fit_label_hazard(labels: Sequence[str] | None, rows: Followed, horizon: float) -> LabelHazard:
    """Return (events + 2) / (expected + 2) per label, expected events from the hazard of all rows; None: no labels."""
    likelihood = partial_likelihood(rows, "breslow")
    everyone = np.zeros(len(rows))
    hazard = float(likelihood.hazard_at(everyone, np.array([horizon]))[0])
    if labels is None:
        return LabelHazard(labels=(), ratios=(), hazard=hazard)
    names, code = np.unique(np.asarray([str(label) for label in labels]), return_inverse=True)
    expected = np.bincount(code, weights=likelihood.hazard_at(everyone, rows.time), minlength=len(names))
    events = np.bincount(code, weights=rows.event, minlength=len(names))
    ratios = (events + PRIOR_PATIENTS) / (expected + PRIOR_PATIENTS)
    return LabelHazard(labels=tuple(names.tolist()), ratios=tuple(ratios.tolist()), hazard=hazard)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How one column becomes numbers: standardised with its median for missing, or one indicator per training level but the first."""

    name: str
    kind: Literal["number", "category"]
    levels: tuple[str, ...] = ()
    logarithm: bool = False
    median: float = 0.0
    mean: float = 0.0
    sd: float = 1.0

    def code(self, cells: Cells) -> Floats:
        """Return (n, 1) or (n, levels - 1); what training did not know is the first level, or the median."""
        if self.kind == "category":
            texts = [_text(cell) for cell in cells]
            return np.array([[float(text == level) for level in self.levels[1:]] for text in texts]).reshape(len(texts), -1)
        values = np.array([_number(cell, self.logarithm) for cell in cells], dtype=np.float64).reshape(-1, 1)
        coded: Floats = (np.where(np.isnan(values), self.median, values) - self.mean) / self.sd
        return coded


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnModel:
    """A ridge model of a few columns: logistic unless the ``link`` says otherwise."""

    columns: tuple[Column, ...]
    coefficients: Floats
    intercept: float
    converged: bool
    link: Link = Logistic()  # noqa: RUF009

    def __post_init__(self) -> None:
        object.__setattr__(self, "coefficients", frozen(self.coefficients))

    def risk(self, cells: Mapping[str, Cells]) -> Floats:
        """Return each row's risk (n,), row by row."""
        design = _design(self.columns, cells)
        return self.link.risk(linear_scores(design, self.coefficients, self.intercept))

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        columns = [
            {"name": c.name, "kind": c.kind, "levels": list(c.levels), "log": c.logarithm, "median": c.median, "mean": c.mean, "sd": c.sd}
            for c in self.columns
        ]
        numbers = {"coefficients": self.coefficients.tolist(), "intercept": self.intercept, "converged": self.converged}
        return {"columns": columns, **numbers, **({} if isinstance(self.link, Logistic) else {"link": self.link.step()})}


def fit_columns(cells: Mapping[str, Cells], outcome: ArrayLike, *, logarithm: bool = False) -> ColumnModel | None:
    """Return the ridge-logistic model of these columns, as ``fit_columns_by``. Raises DesignError OUT-070."""
    return fit_columns_by(cells, LogLoss(y=np.asarray(outcome, dtype=np.float64)), logarithm=logarithm)


def fit_columns_by(
    cells: Mapping[str, Cells], loss: Loss, *, linked: Callable[[Floats], Link] = lambda _: Logistic(), logarithm: bool = False
) -> ColumnModel | None:
    """Return the ridge model of these columns for a loss, or None if none of them varies; ``linked`` makes the link from its scores (n,).

    Numbers are standardised (as logarithms if ``logarithm`` and all are positive), text is one indicator per level, a missing
    text is a level of its own. The ridge (penalty 0.1/n) keeps separable columns finite. Raises what the loss raises.
    """
    columns = tuple(column for name in cells if (column := _learn(name, cells[name], logarithm)) is not None)
    if not columns:
        return None
    design = _design(columns, cells)
    fit = ridge(design, loss, RIDGE / len(design))
    link = linked(linear_scores(design, fit.coefficients, fit.intercept))
    return ColumnModel(columns=columns, coefficients=fit.coefficients, intercept=fit.intercept, converged=fit.converged, link=link)


def _design(columns: Sequence[Column], cells: Mapping[str, Cells]) -> Floats:
    return np.concatenate([column.code(cells[column.name]) for column in columns], axis=1)


def _learn(name: str, cells: Cells, logarithm: bool) -> Column | None:
    if any(isinstance(cell, str) for cell in cells):
        levels = tuple(sorted({_text(cell) for cell in cells}))
        return Column(name=name, kind="category", levels=levels) if len(levels) > 1 else None
    plain = np.array([_number(cell, False) for cell in cells], dtype=np.float64)
    use_log = logarithm and bool((plain[~np.isnan(plain)] > 0).all())
    values = np.array([_number(cell, use_log) for cell in cells], dtype=np.float64)
    measured = values[~np.isnan(values)]
    if not measured.size or np.ptp(measured) == 0:
        return None
    median = float(np.median(measured))
    whole = np.where(np.isnan(values), median, values)
    return Column(name=name, kind="number", logarithm=use_log, median=median, mean=float(whole.mean()), sd=float(whole.std()))


def _text(cell: str | float | None) -> str:
    return MISSING if cell is None or cell != cell else str(cell)


def _number(cell: str | float | None, logarithm: bool) -> float:
    try:
        value = math.nan if cell is None else float(cell)
    except ValueError:
        return math.nan
    if logarithm:
        return math.log(value) if value > 0 else math.nan
    return value
