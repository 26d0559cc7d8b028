"""Slopes of features on covariates within strata, before and after something was done to the rows, and how far they changed.

Least squares after centring features and covariates within each stratum (Frisch-Waugh-Lovell), so that nothing that is constant within a
stratum can pass for a slope. The change is the slope of the difference after - before; its standard error is the sandwich with residuals
over 1 - leverage (HC3; MacKinnon and White, J Econometrics 29:305, 1985), summed over the rows of a patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError
from radaudit.measures.normal import t_p, t_two_sided
from radaudit.measures.rows import same_length

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats, Ints

ALIASED = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeChange:
    """Per column and feature (q, p): the slopes ``before`` and ``after``, and the ``change`` with ``low``, ``high`` and ``p``.

    In units of the feature's standard deviation within strata before; ``p_before`` tests that there was a slope. NaN where a feature or
    a column does not vary within strata.
    """

    before: Floats
    after: Floats
    change: Floats
    low: Floats
    high: Floats
    p: Floats
    p_before: Floats

    def __post_init__(self) -> None:
        for name in self.__slots__:
            object.__setattr__(self, name, frozen(getattr(self, name)))


def centred_within(values: Floats, stratum: Ints) -> Floats:
    """Return values (n, k) less the mean of their stratum; missing cells become nought, which is the stratum's mean."""
    kinds = int(stratum.max()) + 1 if stratum.size else 0
    member = (stratum[:, None] == np.arange(kinds)).astype(np.float64)
    present = np.isfinite(values)
    filled = np.where(present, values, 0.0)
    count = np.maximum(member.T @ present, 1.0)
    return np.where(present, filled - member @ (member.T @ filled / count), 0.0)


def projector(design: Floats, stratum: Ints) -> Floats:
    """Return D (n, q) with slopes = D' x for x centred within strata; a column that does not vary there gets nought (minimum norm)."""
    own = centred_within(np.asarray(design, dtype=np.float64), stratum)
    if not own.size:
        return own
    size = np.sqrt((own**2).sum(axis=0))
    live = size > ALIASED * np.maximum(1.0, np.abs(design).max(axis=0, initial=0.0)) * np.sqrt(len(own))
    unit = np.divide(own, size, out=np.zeros_like(own), where=live)
    inverse = np.linalg.pinv(unit, rcond=1e-8)
    return np.asarray(np.divide(inverse.T, size, out=np.zeros_like(own), where=live))


def without_slopes(x: ArrayLike, design: ArrayLike, stratum: Ints) -> Floats:
    """Return x (n, p) less design times its slopes within strata: rows as if all had the mean of the design's columns."""
    table, columns = np.asarray(x, dtype=np.float64), np.asarray(design, dtype=np.float64)
    if not columns.shape[1]:
        return table
    slopes = projector(columns, stratum).T @ centred_within(table, stratum)
    return np.asarray(table - (columns - columns.mean(axis=0)) @ slopes)


def slope_changes(
    before: ArrayLike, after: ArrayLike, design: ArrayLike, stratum: ArrayLike, patient: ArrayLike, *, level: float = 0.95
) -> SlopeChange:
    """Return the slopes of before and after (n, p) on ``design`` (n, q) within ``stratum`` codes (n,), and their changes.

    Raises PERF-001 for shapes that do not fit or too few rows.
    """
    x, y, columns = (np.asarray(v, dtype=np.float64) for v in (before, after, design))
    strata, people = np.asarray(stratum, dtype=np.int64), np.unique(np.asarray(patient), return_inverse=True)[1].reshape(-1)
    same_length(before=x, after=y, design=columns, stratum=strata, patient=people)
    free = len(x) - len(np.unique(strata)) - columns.shape[1]
    if x.shape != y.shape or free < 2:
        raise DesignError("PERF-001", "too few rows, or two tables of other shapes", at="design", found=f"{x.shape} and {y.shape}")
    x, y = centred_within(x, strata), centred_within(y, strata)
    sd = np.sqrt((x**2).sum(axis=0) / free)
    varies = sd > 1e-12 * np.abs(np.asarray(before, dtype=np.float64)).max(axis=0, initial=0.0, where=np.isfinite(before))
    x, y = (np.divide(v, sd, out=np.full_like(v, np.nan), where=varies) for v in (x, y))
    operator = projector(columns, strata)
    own = centred_within(columns, strata)
    leverage = np.minimum((own * operator).sum(axis=1) + 1.0 / np.bincount(strata)[strata], 1.0 - 1e-6)
    dead = ~(np.abs(operator).sum(axis=0) > 0)
    slopes = [_slopes(v, operator, own, leverage, people, dead) for v in (x, y, y - x)]
    reach = t_two_sided(level, free)
    (b, b_se), (a, _), (d, d_se) = slopes
    return SlopeChange(
        before=b, after=a, change=d, low=d - reach * d_se, high=d + reach * d_se, p=_p(d, d_se, free), p_before=_p(b, b_se, free)
    )


def _slopes(x: Floats, operator: Floats, own: Floats, leverage: Floats, people: Ints, dead: Floats) -> tuple[Floats, Floats]:
    slopes = operator.T @ x
    residual = (x - own @ slopes) / (1.0 - leverage)[:, None]
    square = np.zeros_like(slopes)
    for k in range(operator.shape[1]):
        score = np.zeros((int(people.max()) + 1, x.shape[1]))
        np.add.at(score, people, operator[:, k : k + 1] * residual)
        square[k] = (score**2).sum(axis=0)
    slopes[dead] = np.nan
    square[dead] = np.nan
    return slopes, np.sqrt(square)


def _p(slope: Floats, spread: Floats, free: int) -> Floats:
    ratio = np.divide(slope, spread, out=np.where(slope == 0, 0.0, np.inf), where=spread > 0)
    flat = [t_p(float(value), free) if np.isfinite(value) else (0.0 if np.isinf(value) else np.nan) for value in ratio.ravel()]
    found = np.array(flat).reshape(ratio.shape)
    return np.where(np.isnan(slope), np.nan, found)
