"""Imputation and standardisation as frozen values: learned once, applied to any row on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints

STILL = 1e-10  # an SD this small against the largest value is rounding, not variation


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """Per feature (p,): the median put in place of a missing cell, then (value - mean) / sd. ``sd`` is the population SD, never 0."""

    median: Floats
    mean: Floats
    sd: Floats

    def __post_init__(self) -> None:
        for name in ("median", "mean", "sd"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def impute(self, x: Floats) -> Floats:
        """Return ``x`` (n, p) with the median in place of each missing cell."""
        return np.where(np.isnan(x), self.median, x)

    def apply(self, x: Floats) -> Floats:
        """Return imputed and standardised rows (n, p); elementwise, so that no row depends on another."""
        return (self.impute(x) - self.mean) / self.sd

    def of(self, at: Ints) -> Scaling:
        """Return the scaling of some features."""
        return Scaling(median=self.median[at], mean=self.mean[at], sd=self.sd[at])


def usable_features(x: Floats, missing_share: float) -> Bools:
    """Return which columns (p,) of ``x`` (n, p) can be used: at most this share missing, and not constant.

    Constant means that the SD after imputation is at rounding level against the largest value.
    """
    absent = np.isnan(x)
    fit = (absent.mean(axis=0) <= missing_share) & ~absent.all(axis=0)
    low = np.where(absent, np.inf, x).min(axis=0)
    high = np.where(absent, -np.inf, x).max(axis=0)
    with np.errstate(invalid="ignore"):
        moves = (high - low) > STILL * np.maximum(np.abs(high), np.abs(low))
    return np.asarray(fit & moves)


def learn_scaling(x: Floats) -> Scaling:
    """Return medians, means and SDs of the columns of ``x`` (n, p), the last two after imputation; every column must be usable."""
    median = np.nanmedian(x, axis=0) if np.isnan(x).any() else np.median(x, axis=0)
    whole = np.where(np.isnan(x), median, x)
    mean = np.add.reduce(whole, axis=0) / len(whole)
    centred = whole - mean
    return Scaling(median=median, mean=mean, sd=np.sqrt(np.add.reduce(centred * centred, axis=0) / len(whole)))
