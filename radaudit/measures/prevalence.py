"""The same model where the outcome is more or less common: Bayes' rule for risks, the prevalence of unlabelled patients, and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.rows import at_least, events_of, fraction, lacking, vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats


def _risks(risk: ArrayLike) -> Floats:
    values = vector(risk, "risk")
    if values.size and (values.min() < 0 or values.max() > 1):
        raise DesignError("PERF-005", "a risk lies outside 0 to 1", at="risk")
    return values


def shifted_risk(risk: ArrayLike, *, source: float, target: float) -> Floats:
    """Return risks (n,) of a model made where the prevalence is ``source``, for patients among whom it is ``target``.

    Bayes' rule under label shift: the odds are multiplied by target odds over source odds; ranks do not change. Raises PERF-002, PERF-005,
    PERF-006.
    """
    values = _risks(risk)
    fraction(source, "source")
    fraction(target, "target")
    hit, miss = values * target / source, (1 - values) * (1 - target) / (1 - source)
    return np.asarray(hit / (hit + miss))


def estimated_prevalence(risk: ArrayLike, *, source: float, rounds: int = 10_000) -> float:
    """Return the prevalence among unlabelled patients, from the risks (n,) a calibrated model of prevalence ``source`` gives them.

    Expectation maximisation of Saerens, Latinne and Decaestecker (Neural Comput 2002), to 1e-12. It believes the model: under another shift
    than that of the prevalence it is wrong. Raises PERF-002, PERF-004 for no rows, PERF-005, PERF-006.
    """
    values = _risks(risk)
    fraction(source, "source")
    at_least(rounds, 1, "rounds")
    if values.size == 0:
        raise DesignError("PERF-004", "there are no patients to estimate a prevalence from", at="risk")
    share = source
    for _ in range(rounds):
        hit, miss = values * share / source, (1 - values) * (1 - share) / (1 - source)
        both = hit + miss
        following = float(np.divide(hit, both, out=np.zeros_like(hit), where=both > 0).mean())
        if abs(following - share) < 1e-12:
            return following
        share = following
    return share


def prevalence_weights(outcome: ArrayLike, *, target: float) -> Floats:
    """Return weights (n,) of mean 1 that give these rows the prevalence ``target``: for enriched or case-control samples.

    Raises PERF-001 to PERF-003, PERF-004 for one class, PERF-006.
    """
    event = events_of(outcome)
    fraction(target, "target")
    reason = lacking(event)
    if reason:
        raise DesignError("PERF-004", f"rows cannot be weighted to a prevalence: {reason}", at="outcome")
    return np.asarray(np.where(event, target / event.mean(), (1 - target) / (~event).mean()))
