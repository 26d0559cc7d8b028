"""Are batches more alike than samples of one population would be? Asked over all features at once, their correlation included."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.harmonise.moments import as_labels, measure
from radaudit.harmonise.regression import between

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.harmonise.coding import Covariates

WIDEST = 1000  # features looked at; of a wider table as many, evenly spaced: more would add time and hardly evidence
STEPS = 200


def alikeness(x: Any, batch: Sequence[str], covariates: Covariates | None, *, features: Sequence[str]) -> tuple[float, float]:
    """Return the mean F statistic of batches over features and the probability that chance gives one as small; (nan, 1) if none varies.

    ``x`` (n, p). If batches were drawn from one population, the sum over features of chi-square variables with correlation matrix R
    is a sum of independent ones weighted by the eigenvalues of R. R is that of rows about their batch means; its sampling
    error spreads the eigenvalues, which errs on the side of "chance". Raises what ``measure`` raises, and HARM-001 and -002.
    """
    table = np.asarray(x, dtype=np.float64)
    step = max(1, -(-table.shape[1] // WIDEST))
    table, names = table[:, ::step], list(features)[::step]
    moments = measure(table, batch, covariates, features=names)
    _, f = between(moments)
    if not len(f):
        return math.nan, 1.0
    free = len(moments.batches) - 1
    mean = float(np.mean(f))
    return mean, below(mean, correlation_weights(table, as_labels(batch, len(table))), free)


def correlation_weights(x: Floats, batch: Sequence[str]) -> Floats:
    """Return the eigenvalues, summing to one, of the correlation matrix of ``x`` (n, p) within batches; a missing cell is the mean."""
    labels = np.asarray(batch)
    z = np.array(x)
    for label in sorted(set(labels.tolist())):
        own = labels == label
        known = np.maximum((~np.isnan(z[own])).sum(axis=0), 1)
        z[own] -= np.nansum(z[own], axis=0) / known
    z = np.nan_to_num(z, nan=0.0)
    largest = np.abs(z).max(axis=0)
    z = z[:, largest > 0] / largest[largest > 0]
    z /= np.sqrt((z**2).sum(axis=0))
    product = z @ z.T if z.shape[0] < z.shape[1] else z.T @ z
    values = np.linalg.eigvalsh(product)
    values = values[values > values.max(initial=0.0) * 1e-12]
    weights: Floats = values / values.sum()
    return weights


def below(value: float, weights: Floats, free: int) -> float:
    """Return P(S < ``value``) of S = sum of ``weights`` times independent chi-square variables with ``free`` degrees, over ``free``.

    Saddlepoint approximation (Kuonen, Biometrika 86:929, 1999, eq. 3), for values below the mean, which is 1; else 1.
    """
    if value >= 1 - 1e-6 or not len(weights):
        return 1.0
    if value <= 0:
        return 0.0
    scaled = 2.0 * weights / free
    low = -1.0
    while _slope(low, weights, scaled) > value:
        low *= 2.0
    high = 0.0
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if _slope(middle, weights, scaled) > value else (middle, high)
    t = (low + high) / 2.0
    log_mgf = -free / 2.0 * float(np.log1p(-t * scaled).sum())
    curvature = float((weights * scaled / (1.0 - t * scaled) ** 2).sum())
    w = -math.sqrt(max(2.0 * (t * value - log_mgf), 0.0))
    if w == 0.0:
        return 1.0
    at = w + math.log(t * math.sqrt(curvature) / w) / w
    return 0.5 * math.erfc(-at / math.sqrt(2.0))


def _slope(t: float, weights: Floats, scaled: Floats) -> float:
    return float((weights / (1.0 - t * scaled)).sum())
