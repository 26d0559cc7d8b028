"""From a score to a risk, one row at a time and with the same bits in any company."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from radaudit.arrays import Floats


def linear_scores(z: Floats, coefficients: Floats, intercept: float) -> Floats:
    """Return intercept + c1 z1 + c2 z2 + ... (n,), summed in that order.

    No matrix product: BLAS sums in another order for one row than for many, and in another on other machines.
    """
    total: Floats = np.full(len(z), float(intercept))
    for j, coefficient in enumerate(coefficients.tolist()):
        total = total + coefficient * z[:, j]
    return total


def logistic(scores: Floats) -> Floats:
    """Return 1 / (1 + exp(-score)) (n,), NaN for NaN, with the C library's exp: a scorer in plain Python gets the same bits."""
    return np.array([_logistic(score) for score in scores.tolist()], dtype=np.float64)


def _logistic(score: float) -> float:
    if score != score:
        return math.nan
    if score >= 0:
        return 1.0 / (1.0 + math.exp(-score))
    grown = math.exp(score)
    return grown / (1.0 + grown)
