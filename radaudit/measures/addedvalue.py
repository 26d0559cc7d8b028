"""What a new model adds to an old one: likelihood ratio of nested models, and reclassification figures for those who ask for them.

Prefer the difference in AUC (discrimination), in net benefit (utility) and the likelihood ratio. NRI and IDI are given because journals ask
for them: both can favour a model that is merely miscalibrated (Hilden and Gerds, Statist. Med. 2014; Pepe et al., Stat Biosci 2015).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.estimate import Comparison, Estimate, unknown
from radaudit.measures.logistic import fit_logistic
from radaudit.measures.normal import chi_squared_p, normal_p, two_sided
from radaudit.measures.rows import events_of, fraction, lacking, same_length, scored

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Floats

WARNING = "can favour a miscalibrated model; read with the likelihood ratio and net benefit"


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodRatio:
    """Twice the gain in log likelihood, its degrees of freedom and p; None with a ``reason`` where a model has no maximum."""

    statistic: float | None
    degrees: int
    p: float | None
    reason: str | None = None

    def document(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


def likelihood_ratio_of(outcome: ArrayLike, old: ArrayLike, new: ArrayLike) -> LikelihoodRatio:
    """Return the test that columns ``new`` (n, q) add nothing to columns ``old`` (n, p) in logistic regression, both refitted on these
    rows.

    Raises PERF-001, PERF-002, PERF-003.
    """
    event = events_of(outcome)
    base, more = _columns(old, "old"), _columns(new, "new")
    same_length(outcome=event, old=base, new=more)
    degrees = int(more.shape[1])
    reason = lacking(event)
    if reason:
        return LikelihoodRatio(statistic=None, degrees=degrees, p=None, reason=reason)
    small = np.column_stack([np.ones(event.size), base])
    fits = [fit_logistic(_scaled(design), event) for design in (small, np.column_stack([small, more]))]
    reason = next((fit.reason for fit in fits if fit.reason), None)
    if reason:
        return LikelihoodRatio(statistic=None, degrees=degrees, p=None, reason=reason)
    statistic = max(0.0, fits[0].deviance - fits[1].deviance)
    return LikelihoodRatio(statistic=statistic, degrees=degrees, p=chi_squared_p(statistic, degrees))


def _columns(values: ArrayLike, name: str) -> Floats:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2:
        raise DesignError("PERF-001", f"{name} has shape {table.shape}, not (rows, columns)", at=name)
    if not np.isfinite(table).all():
        raise DesignError("PERF-002", f"{name} holds missing or infinite values", at=name)
    return table


def _scaled(design: Floats) -> Floats:
    """Return the design with columns of root mean square 1: the deviance is the same, the arithmetic safer."""
    size = np.sqrt((design**2).mean(axis=0))
    return np.asarray(design / np.where(size > 0, size, 1.0))


def net_reclassification(outcome: ArrayLike, risk: ArrayLike, other: ArrayLike, level: float = 0.95) -> dict[str, Comparison]:
    """Return the continuous NRI of ``risk`` over ``other``: ``all`` = ``events`` + ``non_events``, each with its z test.

    Events: share that moved up minus share that moved down; non-events: the reverse (Pencina 2011; variances as Hmisc's improveProb).
    Raises PERF-001 to PERF-003, PERF-005, PERF-006.
    """
    fraction(level, "level")
    rows, moved = _moves(outcome, risk, other)
    method = f"continuous NRI; {WARNING}"
    reason = lacking(rows)
    if reason:
        none = unknown(reason, patients=rows.size, events=int(rows.sum()), level=level, method=method)
        return dict.fromkeys(("all", "events", "non_events"), Comparison(difference=none, statistic=None, degrees=None, p=None))
    step = np.sign(moved)
    parts: dict[str, tuple[float, float]] = {}
    for name, mask, turn in (("events", rows, 1.0), ("non_events", ~rows, -1.0)):
        up, down, size = float((step[mask] > 0).mean()), float((step[mask] < 0).mean()), int(mask.sum())
        parts[name] = turn * (up - down), (up + down - (up - down) ** 2) / size
    parts["all"] = tuple(np.add(parts["events"], parts["non_events"]).tolist())
    return {name: _z(value, spread, rows, level, method) for name, (value, spread) in parts.items()}


def integrated_discrimination(outcome: ArrayLike, risk: ArrayLike, other: ArrayLike, level: float = 0.95) -> Comparison:
    """Return the IDI of ``risk`` over ``other``: the mean rise of risk in events minus that in non-events, with its z test (Pencina 2008).

    Raises PERF-001 to PERF-003, PERF-005, PERF-006.
    """
    fraction(level, "level")
    rows, moved = _moves(outcome, risk, other)
    method = f"IDI; {WARNING}"
    reason = lacking(rows)
    if reason:
        none = unknown(reason, patients=rows.size, events=int(rows.sum()), level=level, method=method)
        return Comparison(difference=none, statistic=None, degrees=None, p=None)
    groups = moved[rows], moved[~rows]
    spread = sum(float(group.var(ddof=1)) / group.size if group.size > 1 else 0.0 for group in groups)
    return _z(float(groups[0].mean() - groups[1].mean()), spread, rows, level, method)


def _moves(outcome: ArrayLike, risk: ArrayLike, other: ArrayLike) -> tuple[Bools, Floats]:
    one, two = scored(outcome, risk, probability=True), scored(outcome, other, probability=True)
    return one.event, np.asarray(one.risk - two.risk)


def _z(value: float, spread: float, event: Bools, level: float, method: str) -> Comparison:
    people = int(event.size), int(event.sum())
    if not spread > 0:
        none = Estimate(
            value=value, level=level, patients=people[0], events=people[1], method=method, reason="nobody's risk moved differently"
        )
        return Comparison(difference=none, statistic=None, degrees=None, p=None)
    error = math.sqrt(spread)
    half = two_sided(level) * error
    made = Estimate(value=value, low=value - half, high=value + half, level=level, patients=people[0], events=people[1], method=method)
    return Comparison(difference=made, statistic=value / error, degrees=None, p=normal_p(value / error))
