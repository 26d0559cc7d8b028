"""The reference model: ridge regression of the outcome on training rows, in the dual, one solve; the same on both sides of a comparison.

The claimed model is not known, only what it was fed. What a leak is worth is measured with one plain model, fed as it was sent and fed
repaired: the difference of the two is the leak's, whatever the level of either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats

RIDGE = 40.0  # of standardised columns: about what a penalty of C = 0.1 does in logistic regression


def scores(x: Floats, outcome: Floats, fitted_on: Bools, *, standardise: bool = True) -> Floats:
    """Return the scores (n,) of all rows of ``x (n, p)`` by a ridge fit on the rows ``fitted_on (n,)``; missing cells at their mean."""
    rows = x[fitted_on]
    known = ~np.isnan(rows)
    mean = np.where(known, rows, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    filled = np.where(np.isnan(x), mean, x) - mean
    if standardise:
        spread = filled[fitted_on].std(axis=0)
        filled = filled / np.where(spread > 1e-12 * np.maximum(np.abs(mean), 1.0), spread, np.inf)
    y = outcome[fitted_on] - outcome[fitted_on].mean()
    inside = filled[fitted_on]
    if inside.shape[1] <= len(inside):
        weights = np.linalg.solve(inside.T @ inside + RIDGE * np.eye(inside.shape[1]), inside.T @ y)
        return np.asarray(filled @ weights)
    dual = np.linalg.solve(inside @ inside.T + RIDGE * np.eye(len(inside)), y)
    return np.asarray(filled @ (inside.T @ dual))
