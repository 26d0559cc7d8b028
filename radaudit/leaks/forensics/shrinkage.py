"""The residue of empirical Bayes: how much smaller than chance the site deviations are on the rows a harmonisation was fitted on.

ComBat leaves of each site's standardised deviation d the share w = 1 / (1 + n tau^2), so its variance falls from 1/n (chance alone) to
n tau^2 / (1 + n tau^2)^2 / n, at most a quarter of it (Johnson et al. 2007, equations of the posterior mean). On rows it did not see,
deviations stay at 1/n or above. Three models of the deviations of training and test rows, per site and principal direction with
within-site variance lambda, are compared by likelihood:

raw       d = site effect + chance:    both parts share an effect of variance T >= 0, chance is lambda/n
pooled    the deviations of all rows have variance v + r lambda/n with r well below one, the contrast of the parts has chance or more
training  those of training rows have, test rows have chance or more

The same is asked of the squares of the within-site residuals: ComBat shrinks site variances as it does site means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints

EFFECTS = np.concatenate([[0.0], np.geomspace(1e-5, 30.0, 20)])  # variances v and T that are tried, in units of within-site variance
RESIDUES = np.array([0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3])
UNTOUCHED = np.array([1.0, 1.5, 2.5, 5.0, 15.0, 60.0])  # chance, or site effects that follow the directions of the table
FLAT = 1e-6  # share of the largest variance below which a direction is dust
ROWS_PER_DIRECTION = 3
MOST_DIRECTIONS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """Log-likelihoods of the three models, and what is left of the deviations of all and of training rows, where chance alone is 1."""

    raw: float
    pooled: float
    training: float
    left_pooled: float
    left_training: float

    @property
    def for_pooled(self) -> float:
        """How much better a fit on all rows explains the table than anything else, in nats."""
        return self.pooled - max(self.raw, self.training)

    @property
    def for_training(self) -> float:
        """How much better a fit on training rows explains the table than anything else, in nats."""
        return self.training - max(self.raw, self.pooled)

    @property
    def for_raw(self) -> float:
        """How much better site effects that were never removed explain the table, in nats."""
        return self.raw - max(self.pooled, self.training)

    def __add__(self, other: Fits) -> Fits:
        return Fits(
            raw=self.raw + other.raw,
            pooled=self.pooled + other.pooled,
            training=self.training + other.training,
            left_pooled=self.left_pooled,
            left_training=self.left_training,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Directions:
    """Scores ``(n, k)`` of the rows on principal directions within sites, and the within-site variance ``(k,)`` of each."""

    scores: Floats
    variance: Floats


def directions(x: Floats, site: Ints) -> Directions:
    """Return the principal directions of what varies within sites, of standardised columns; ``x (n, p)`` is complete."""
    sites = int(site.max()) + 1
    off = x - x.mean(axis=0)
    inside = within(off, site)
    spread = np.sqrt((inside**2).sum(axis=0) / max(len(x) - sites, 1))
    kept = spread > 1e-12 * np.maximum(np.abs(x).max(axis=0), 1e-300)
    off, inside = off[:, kept] / spread[kept], inside[:, kept] / spread[kept]
    most = min(max(len(x) // ROWS_PER_DIRECTION, 1), MOST_DIRECTIONS)
    if inside.shape[1] > len(inside):
        size, left = np.linalg.eigh(inside @ inside.T)
        size, left = size[::-1][:most], left[:, ::-1][:, :most]
        real = size > FLAT * size[0]
        axes = inside.T @ (left[:, real] / np.sqrt(size[real]))
    else:
        size, axes = np.linalg.eigh(inside.T @ inside)
        size, axes = size[::-1][:most], axes[:, ::-1][:, :most]
        real = size > FLAT * size[0]
        axes = axes[:, real]
    return Directions(scores=off @ axes, variance=size[real] / max(len(x) - sites, 1))


def within(x: Floats, site: Ints) -> Floats:
    """Return ``x`` without the mean of each row's site."""
    left = np.array(x)
    for s in range(int(site.max()) + 1):
        left[site == s] -= left[site == s].mean(axis=0)
    return left


def squares(x: Floats, site: Ints) -> Floats:
    """Return the squared residuals within sites over their mean: a table whose site means are the sites' variances."""
    square = within(x, site) ** 2
    return np.asarray(square / np.maximum(square.mean(axis=0), 1e-300))


def compare(found: Directions, site: Ints, training: Bools) -> Fits:
    """Return how well each model explains the site deviations along these directions."""
    part, rows = deviations(found.scores, site, training)
    other, others = deviations(found.scores, site, ~training)
    total = rows + others
    pooled = (rows[:, None] * part + others[:, None] * other) / total[:, None]
    contrast = _likelihood(part - other, found.variance, 1 / (1 / rows + 1 / others), UNTOUCHED)
    raw = _likelihood(pooled, found.variance, total, UNTOUCHED)
    whole = _likelihood(pooled, found.variance, total, RESIDUES)
    trained = _likelihood(part, found.variance, rows, RESIDUES)
    untouched = _likelihood(other, found.variance, others, UNTOUCHED)
    return Fits(
        raw=raw + contrast,
        pooled=whole + contrast,
        training=trained + untouched,
        left_pooled=_left(pooled, found.variance, total),
        left_training=_left(part, found.variance, rows),
    )


def _left(deviation: Floats, variance: Floats, rows: Floats) -> float:
    """Return the size of the deviations where chance alone would be 1: the mean over columns, as directions weigh by their variance."""
    return float((deviation**2 * rows[:, None]).sum() / (variance.sum() * len(rows)))


def deviations(scores: Floats, site: Ints, rows: Bools) -> tuple[Floats, Floats]:
    """Return each site's deviation from the mean of these rows, scaled to variance lambda/n, and the rows per site."""
    one_hot = (site[rows][None, :] == np.arange(int(site.max()) + 1)[:, None]).astype(np.float64)
    count = one_hot.sum(axis=1)
    means = one_hot @ scores[rows] / count[:, None]
    share = count / count.sum()
    return (means - share @ means) / np.sqrt(1 - share)[:, None], count


def _likelihood(deviation: Floats, variance: Floats, rows: Floats, shares: Floats) -> float:
    """Return the best log-likelihood of variance v + r lambda/n over the grids of v and of r (``shares``)."""
    chance = (variance[None, :] / rows[:, None]).ravel()
    spread = EFFECTS[:, None, None] + shares[None, :, None] * chance
    fit = -0.5 * ((deviation.ravel() ** 2) / spread + np.log(spread)).sum(axis=2)
    return float(fit.max())
