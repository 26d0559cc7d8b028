"""The linear model under harmonisation, from moments: batch intercepts, covariate coefficients, residual sums of squares.

Least squares of y on batch indicators and covariates needs only within-batch moments: beta = (sum G_b)^-1 sum K_b and
alpha_b = mean_b - c_mean_b beta (Frisch-Waugh-Lovell); an incomplete feature is solved with its own covariate moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError, listed
from radaudit.harmonise.batch_moments import covariates_of
from radaudit.harmonise.coding import CovariateCoding
from radaudit.harmonise.moments import SiteMoments

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints

ALIASED = 1e-10  # share of a covariate's variation left within batches and beside the other covariates
INFLATION_REFUSED = 1000.0  # variance inflation of a covariate beyond which site effects are not estimable in practice
CONSTANT = 1e-13  # relative spread below which cells differ by rounding only
RESIDUAL = 1e-13  # share of a feature's within-batch variation that covariates must leave


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """How far a design column can be told from batches and other columns: its variance inflation, and what it runs along with."""

    column: str
    inflation: float
    along_with: tuple[str, ...]

    @property
    def aliased(self) -> bool:
        """True if nothing of the column is left."""
        return not self.inflation < 1.0 / ALIASED


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """Batch intercepts ``alpha`` (B, p), coefficients ``beta`` (q, p), residual sums of squares ``rss`` and cells ``n`` (B, p)."""

    coding: CovariateCoding
    alpha: Floats
    beta: Floats
    rss: Floats
    n: Ints
    rows: Ints
    constant: Bools
    column_means: tuple[float, ...]


def trimmed(moments: SiteMoments) -> CovariateCoding:
    """Return the coding without levels that no row of these moments holds (a fold may lack one)."""
    counts = sum((np.rint(own.c_mean * own.rows) for own in moments.per_batch), np.zeros(len(moments.coding.full_columns)))
    kept = [column for column, count in zip(moments.coding.full_columns, counts.tolist(), strict=True) if count > 0]
    return moments.coding.keeping(kept)


def design_cross(moments: SiteMoments, coding: CovariateCoding) -> tuple[Floats, Floats]:
    """Return the design's cross-products within batches and in all, both (q, q), columns as ``coding.columns``."""
    at = _at(moments, coding)
    q = len(at)
    within, total, rows = np.zeros((q, q)), np.zeros((q, q)), 0
    mean = np.zeros(q)
    for own in moments.per_batch:
        cross = own.c_cross[np.ix_(at, at)]
        step = own.c_mean[at] - mean
        total += cross + np.outer(step, step) * (rows * (own.rows / (rows + own.rows)))
        within += cross
        mean = mean + step * (own.rows / (rows + own.rows))
        rows += own.rows
    return within, total


def overlaps(moments: SiteMoments) -> list[Overlap]:
    """Return each design column's overlap with batches and the other columns, from the moments alone."""
    coding = trimmed(moments)
    within, total = design_cross(moments, coding)
    return overlaps_of(coding.columns, within, total)


def overlaps_of(columns: Sequence[str], within: Floats, total: Floats) -> list[Overlap]:
    """Return the overlap of each column given its cross-products within batches and in all."""
    own = np.diag(total).copy()
    scale = np.sqrt(np.where(own > 0, own, 1.0))
    scaled = within / np.outer(scale, scale)
    found: list[Overlap] = []
    for k, column in enumerate(columns):
        if own[k] <= 0:
            found.append(Overlap(column=column, inflation=np.inf, along_with=("the intercept",)))
            continue
        rest = [j for j in range(len(columns)) if j != k]
        alone = float(scaled[k, k])
        weights = np.linalg.pinv(scaled[np.ix_(rest, rest)], rcond=ALIASED, hermitian=True) @ scaled[rest, k] if rest else np.zeros(0)
        left = alone - float(scaled[rest, k] @ weights) if rest else alone
        inflation = 1.0 / left if left > ALIASED else np.inf
        with_batch = ("the batch",) if alone < 0.5 else ()
        others = (
            tuple(columns[j] for j, w in zip(rest, weights, strict=True) if w * w * scaled[j, j] > 0.1 * max(alone, ALIASED))
            if left < 0.5 * alone
            else ()
        )
        found.append(Overlap(column=column, inflation=inflation, along_with=with_batch + others))
    return found


def refuse_overlap(found: Sequence[Overlap]) -> None:
    """Raise DesignError HARM-001 for aliased columns, HARM-002 for nearly aliased ones."""
    aliased = [o for o in found if o.aliased]
    near = [o for o in found if o.inflation >= INFLATION_REFUSED]
    for code, bad, word in (("HARM-001", aliased, "cannot"), ("HARM-002", near, "can hardly")):
        if bad:
            name = bad[0].column.split("[")[0]
            raise DesignError(
                code,
                f"covariate column(s) {listed(o.column for o in bad)} {word} be told apart from the rest of the design",
                found="; ".join(
                    f"{o.column} runs along with {listed(o.along_with) or 'the rest'} (inflation {o.inflation:.3g})" for o in bad[:5]
                ),
                fix=f"harmonise.preserve without {name}; or merge batches so that {name} varies within each",
                columns=tuple(o.column for o in bad),
            )


def regress(moments: SiteMoments) -> Regression:
    """Return the least-squares fit of every feature on batches and covariates.

    Raises DesignError HARM-001 or HARM-002 if covariates and batches cannot be told apart, in all rows or in the measured
    rows of one feature.
    """
    coding = trimmed(moments)
    at = _at(moments, coding)
    within, total = design_cross(moments, coding)
    if len(at) and _inverses(within[None], total[None])[1][0]:
        refuse_overlap(overlaps_of(coding.columns, within, total))
    kx = sum((own.cx[at] for own in moments.per_batch), np.zeros((len(at), len(moments.features))))
    beta = _solved(within, kx)
    _solve_incomplete(moments, at, coding.columns, kx, beta)
    alpha, rss = _by_batch(moments, at, beta)
    scale = np.maximum.reduce([np.abs(own.mean) for own in moments.per_batch])
    n = np.array([own.n for own in moments.per_batch])
    ss = np.array([own.ss for own in moments.per_batch])
    constant = np.sqrt(ss) <= np.sqrt(n) * CONSTANT * scale
    rss[rss <= RESIDUAL * ss] = 0.0
    rows = np.array([own.rows for own in moments.per_batch], dtype=np.int64)
    weights = rows / rows.sum()
    means = sum((w * own.c_mean for w, own in zip(weights, moments.per_batch, strict=True)), np.zeros(len(moments.coding.full_columns)))
    place = {column: i for i, column in enumerate(moments.coding.full_columns)}
    column_means = tuple(float(means[place[column]]) for column in coding.full_columns)
    return Regression(coding=coding, alpha=alpha, beta=beta, rss=rss, n=n, rows=rows, constant=constant, column_means=column_means)


def _at(moments: SiteMoments, coding: CovariateCoding) -> Ints:
    place = {column: i for i, column in enumerate(moments.coding.full_columns)}
    return np.array([place[column] for column in coding.columns], dtype=np.int64)


def _solved(within: Floats, kx: Floats) -> Floats:
    """Return within^-1 kx, scaled to unit diagonal, row by row so that the bits of a feature depend on no other feature."""
    if not len(within):
        return np.zeros_like(kx)
    scale = 1.0 / np.sqrt(np.diag(within))
    inverse = np.linalg.inv(within * np.outer(scale, scale)) * np.outer(scale, scale)
    beta = np.zeros_like(kx)
    for k in range(len(within)):
        beta += inverse[:, k][:, None] * kx[k]
    return beta


def _solve_incomplete(moments: SiteMoments, at: Ints, columns: Sequence[str], kx: Floats, beta: Floats) -> None:
    """Overwrite the coefficients of incomplete features with those from their own measured rows, all in one stack of equations."""
    features = np.unique(np.concatenate([own.partial for own in moments.per_batch]))
    if not len(at) or not len(features):
        return
    n = np.array([own.n[features] for own in moments.per_batch], dtype=np.float64)
    means, crosses = zip(*(covariates_of(own, features) for own in moments.per_batch), strict=True)
    within = np.add.reduce([cross[:, at][:, :, at] for cross in crosses], axis=0)
    mean = np.add.reduce([m[:, at] * k[:, None] for m, k in zip(means, n, strict=True)], axis=0)
    mean /= np.maximum(np.add.reduce(n, axis=0), 1.0)[:, None]
    gaps = [m[:, at] - mean for m in means]
    total = within + np.add.reduce([k[:, None, None] * gap[:, :, None] * gap[:, None, :] for gap, k in zip(gaps, n, strict=True)], axis=0)
    inverse, doubtful = _inverses(within, total)
    for i in np.flatnonzero(doubtful).tolist():
        try:
            refuse_overlap(overlaps_of(columns, within[i], total[i]))
        except DesignError as error:
            error.at = f'feature "{moments.features[features[i]]}", over its {int(n[:, i].sum())} measured rows'
            raise
    own = np.zeros((len(features), len(at)))
    for k in range(len(at)):
        own += inverse[:, :, k] * kx[k, features][:, None]
    beta[:, features] = own.T


def _inverses(within: Floats, total: Floats) -> tuple[Floats, Bools]:
    """Return the inverses of a stack (m, q, q) and which of them are to be looked at closely; a singular one is left at zero.

    Beside the other columns, the variance inflation of a column is its diagonal entry of the inverse times that of ``total``.
    """
    spread = np.diagonal(within, axis1=1, axis2=2)
    usable: Bools = np.logical_and.reduce(spread > 0, axis=1)
    inverse = np.zeros_like(within)
    scale = 1.0 / np.sqrt(spread[usable])
    outer = scale[:, :, None] * scale[:, None, :]
    try:
        inverse[usable] = np.linalg.inv(within[usable] * outer) * outer
    except np.linalg.LinAlgError:
        for i in np.flatnonzero(usable).tolist():
            one = scale[np.count_nonzero(usable[:i])]
            with suppress(np.linalg.LinAlgError):
                inverse[i] = np.linalg.inv(within[i] * np.outer(one, one)) * np.outer(one, one)
    inflation = np.diagonal(inverse, axis1=1, axis2=2) * np.diagonal(total, axis1=1, axis2=2)
    sound: Bools = np.logical_and.reduce((inflation > 0) & (inflation < 0.5 * INFLATION_REFUSED), axis=1)
    return inverse, ~sound


def _by_batch(moments: SiteMoments, at: Ints, beta: Floats) -> tuple[Floats, Floats]:
    """Return intercepts and residual sums of squares (B, p): every batch at once, then the incomplete features of each."""
    ss, mean = (np.array([getattr(own, name) for own in moments.per_batch]) for name in ("ss", "mean"))
    if not len(at):
        return mean, np.maximum(ss, 0.0)
    c_mean = np.array([own.c_mean[at] for own in moments.per_batch])
    cross = np.array([own.c_cross[np.ix_(at, at)] for own in moments.per_batch])
    shift, along, quadratic = np.zeros_like(ss), np.zeros_like(ss), np.zeros_like(ss)
    for k in range(len(at)):
        shift += c_mean[:, k, None] * beta[k]
        along += beta[k] * np.array([own.cx[at[k]] for own in moments.per_batch])
        row = cross[:, k, k, None] * beta[k]
        for j in range(k + 1, len(at)):
            row += (2.0 * cross[:, k, j])[:, None] * beta[j]
        quadratic += row * beta[k]
    for b, own in enumerate(moments.per_batch):
        few = own.partial
        if len(few):
            shift[b, few] = np.add.reduce(own.partial_c_mean[:, at].T * beta[:, few], axis=0)
            own_cross = own.partial_c_cross[:, at][:, :, at]
            quadratic[b, few] = np.einsum("km,mkj,jm->m", beta[:, few], own_cross, beta[:, few])
    return mean - shift, np.maximum(ss - 2.0 * along + quadratic, 0.0)


def residual_moments(moments: SiteMoments, coding: CovariateCoding, beta: Floats) -> tuple[Floats, Floats, Ints, Bools]:
    """Return mean and centred sum of squares of y - c beta, the cells and the constant cells, all (B, p), for given coefficients."""
    mean, rss = _by_batch(moments, _at(moments, coding), beta)
    n = np.array([own.n for own in moments.per_batch])
    ss = np.array([own.ss for own in moments.per_batch])
    own_mean = np.array([own.mean for own in moments.per_batch])
    return mean, rss, n, np.sqrt(ss) <= np.sqrt(n) * CONSTANT * np.abs(own_mean)


def between(moments: SiteMoments) -> tuple[Floats, Floats]:
    """Return per varying feature the largest gap of a batch mean (pooled SDs) and the F statistic of batches."""
    fit = regress(moments)
    n = fit.n.astype(np.float64)
    total, rss = n.sum(axis=0), fit.rss.sum(axis=0)
    free = total - len(moments.batches) - len(fit.beta)
    usable = (rss > 0) & (free > 0) & (fit.n > 0).all(axis=0)
    n, alpha, rss, free = n[:, usable], fit.alpha[:, usable], rss[usable], free[usable]
    grand = (n * alpha).sum(axis=0) / total[usable]
    sigma = np.sqrt(rss / free)
    f = (n * (alpha - grand) ** 2).sum(axis=0) / (len(moments.batches) - 1) / sigma**2
    return np.abs(alpha - grand).max(axis=0) / sigma, f
