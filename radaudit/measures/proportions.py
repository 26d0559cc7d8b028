"""Intervals for a proportion: Wilson, Clopper-Pearson, and Wilson on an effective size when rows repeat patients."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.estimate import Estimate
from radaudit.measures.normal import two_sided
from radaudit.measures.rows import fraction

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Ints

ProportionInterval = Literal["wilson", "clopper-pearson"]


def wilson(hits: float, size: float, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval of ``hits`` out of ``size`` (JASA 1927), without continuity correction; sizes need not be whole."""
    z2 = two_sided(level) ** 2
    share = hits / size
    middle = (share + z2 / (2 * size)) / (1 + z2 / size)
    half = math.sqrt(z2 * share * (1 - share) / size + z2**2 / (4 * size**2)) / (1 + z2 / size)
    return (0.0 if hits == 0 else max(0.0, middle - half)), (1.0 if hits == size else min(1.0, middle + half))


def clopper_pearson(hits: int, size: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact binomial interval of ``hits`` out of ``size`` (Biometrika 1934)."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, size - hits + 1, tail))
    high = 1.0 if hits == size else float(betaincinv(hits + 1, size - hits, 1 - tail))
    return low, high


def proportion(
    hit: Bools,
    *,
    owner: Ints | None = None,
    level: float = 0.95,
    interval: ProportionInterval = "wilson",
    events: int | None = None,
    nothing: str = "no rows",
) -> Estimate:
    """Return the share of ``hit`` (n,) rows with its interval; ``owner`` (n,) numbers the patient of each row.

    When patients repeat, rows are not independent: the size is divided by the design effect of the ratio mean (Rao and Scott, 1992),
    never below 1, and Wilson's interval is taken at that size. No rows gives an Estimate without value, reason ``nothing``.
    Raises PERF-006 for an unknown interval, or Clopper-Pearson with repeated patients.
    """
    fraction(level, "level")
    if interval not in ("wilson", "clopper-pearson"):
        raise DesignError("PERF-006", "a proportion's interval is wilson or clopper-pearson", at="interval", found=str(interval))
    patients = hit.size if owner is None else int(np.unique(owner).size)
    stated = partial(Estimate, level=level, patients=patients, events=events)
    if hit.size == 0:
        return stated(value=None, method=interval, reason=nothing)
    hits, size = int(np.count_nonzero(hit)), int(hit.size)
    value = hits / size
    if patients == size:
        low, high = wilson(hits, size, level) if interval == "wilson" else clopper_pearson(hits, size, level)
        name = "Wilson" if interval == "wilson" else "Clopper-Pearson"
        return stated(value=value, low=low, high=high, method=name)
    if interval != "wilson":
        raise DesignError("PERF-006", "Clopper-Pearson takes rows as independent; patients repeat", at="interval", fix="interval: wilson")
    effective = size / max(1.0, design_effect(hit, np.asarray(owner)))
    low, high = wilson(value * effective, effective, level)
    method = "Wilson, effective size by patient (Rao-Scott)"
    return stated(value=value, low=min(low, value), high=max(high, value), method=method)


def design_effect(hit: Bools, owner: Ints) -> float:
    """Return the variance of the share of ``hit`` by patient over its variance if rows were independent.

    Where the share is 0 or 1 the design effect cannot be seen; then the mean number of rows per patient is returned, the most it can be.
    """
    _, codes = np.unique(owner, return_inverse=True)
    codes = codes.reshape(-1)
    people, size, share = int(codes.max()) + 1, hit.size, float(hit.mean())
    if people < 2 or share in (0.0, 1.0):
        return size / people
    residuals = np.bincount(codes, weights=hit - share, minlength=people)
    by_patient = float((residuals**2).sum()) * people / (people - 1) / size**2
    return by_patient / (share * (1 - share) / size)
