"""From a score to what is predicted: a probability, the risk by a horizon, or the score itself; row by row, the same bits everywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np  # noqa: TID253

from radaudit.models.logistic import logistic

if TYPE_CHECKING:
    from radaudit.arrays import Floats

CERTAIN = 700.0  # a score above this overflows exp; the risk is 1 to the last bit long before


class Link(Protocol):
    """The last step of a signature."""

    def risk(self, scores: Floats) -> Floats:
        """Return the prediction of each score (n,), NaN for NaN."""

    def step(self) -> dict[str, Any]:
        """Return the step as the signature file holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logistic:
    """1 / (1 + exp(-score))."""

    def risk(self, scores: Floats) -> Floats:
        """Return the probability (n,)."""
        return logistic(scores)

    def step(self) -> dict[str, Any]:
        """Return the step as the signature file holds it."""
        return {"op": "logistic"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The score itself, of a continuous outcome."""

    def risk(self, scores: Floats) -> Floats:
        """Return the scores."""
        return scores

    def step(self) -> dict[str, Any]:
        """Return the step as the signature file holds it."""
        return {"op": "identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineHazard:
    """1 - exp(-H exp(score)), H the cumulative baseline hazard at the horizon: the last of ``hazard`` at the last of ``times``.

    ``times`` are evenly spaced up to the horizon, so that no patient's own time is in the file.
    """

    times: tuple[float, ...]
    hazard: tuple[float, ...]

    @property
    def horizon(self) -> float:
        """The time by which the risk is predicted."""
        return self.times[-1]

    def risk(self, scores: Floats) -> Floats:
        """Return the risk by the horizon (n,), with the C library's exp and expm1."""
        return np.array([hazard_risk(score, self.hazard[-1]) for score in scores.tolist()], dtype=np.float64)

    def step(self) -> dict[str, Any]:
        """Return the step as the signature file holds it."""
        return {"op": "cox", "horizon": self.horizon, "times": list(self.times), "cumulative_hazard": list(self.hazard)}


def hazard_risk(score: float, hazard: float) -> float:
    """Return 1 - exp(-hazard exp(score)), NaN for NaN."""
    if score != score:
        return math.nan
    if score > CERTAIN:
        return 1.0 if hazard > 0 else 0.0
    return -math.expm1(-hazard * math.exp(score))
