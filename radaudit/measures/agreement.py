"""Do two methods give the same number: Lin's concordance and the limits of agreement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from radaudit.errors import DesignError
from radaudit.measures.estimate import Estimate
from radaudit.measures.normal import t_two_sided, two_sided
from radaudit.measures.rows import fraction, same_length, vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats

CccInterval = Literal["z", "plain"]


def _pair(first: ArrayLike, second: ArrayLike, least: int) -> tuple[Floats, Floats]:
    a, b = vector(first, "first"), vector(second, "second")
    if same_length(first=a, second=b) < least:
        raise DesignError("PERF-008", f"agreement takes at least {least} pairs", at="first", found=str(a.size))
    return a, b


@dataclass(frozen=True, slots=True, kw_only=True)
class Concordance:
    """Lin's ``ccc`` = correlation times accuracy ``cb``; ``scale`` is sd(second)/sd(first), ``location`` the shift over the mean sd."""

    ccc: Estimate
    correlation: float | None
    cb: float | None
    scale: float | None
    location: float | None


def concordance(first: ArrayLike, second: ArrayLike, level: float = 0.95, *, interval: CccInterval = "z") -> Concordance:
    """Return Lin's concordance correlation coefficient of two measurements (n,) with its interval by Fisher's z, or plain.

    Moments over n; variance of Lin (Biometrics 1989, corrected 2000). Measurements that do not vary give an Estimate without value.
    Raises PERF-001, PERF-002, PERF-006, PERF-008 below three pairs.
    """
    fraction(level, "level")
    if interval not in ("z", "plain"):
        raise DesignError("PERF-006", "the interval of a concordance is z or plain", at="interval", found=str(interval))
    a, b = _pair(first, second, 3)
    method = f"Lin's concordance, {'Fisher z' if interval == 'z' else 'asymptotic'} interval"
    stated = partial(Estimate, level=level, patients=int(a.size), method=method)
    va, vb, shift = float(a.var()), float(b.var()), float(b.mean() - a.mean())
    if va == 0 or vb == 0:
        return Concordance(
            ccc=stated(value=None, reason="one measurement does not vary"), correlation=None, cb=None, scale=None, location=None
        )
    covariance = float(((a - a.mean()) * (b - b.mean())).mean())
    r, p = covariance / math.sqrt(va * vb), 2 * covariance / (va + vb + shift**2)
    u = shift / (va * vb) ** 0.25
    parts = {"correlation": r, "cb": p / r if r else None, "scale": math.sqrt(vb / va), "location": u}
    if p == 0 or 1 - abs(p) < 1e-15:
        reason = "the measurements are identical" if p > 0 else "no linear relation" if p == 0 else "the measurements mirror each other"
        return Concordance(ccc=stated(value=p, reason=reason), **parts)
    spread = (1 - r**2) * p**2 * (1 - p**2) / r**2 + 2 * p**3 * (1 - p) * u**2 / r - 0.5 * p**4 * u**4 / r**2
    error = math.sqrt(max(spread, 0.0) / (a.size - 2))
    half = two_sided(level) * error
    if interval == "plain":
        return Concordance(ccc=stated(value=p, low=p - half, high=p + half), **parts)
    half /= 1 - p**2
    return Concordance(ccc=stated(value=p, low=math.tanh(math.atanh(p) - half), high=math.tanh(math.atanh(p) + half)), **parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsOfAgreement:
    """The mean difference second - first (``bias``) and the limits that hold ``coverage`` of the differences, each with its interval."""

    bias: Estimate
    lower: Estimate
    upper: Estimate
    sd: float
    coverage: float


def limits_of_agreement(first: ArrayLike, second: ArrayLike, level: float = 0.95, *, coverage: float = 0.95) -> LimitsOfAgreement:
    """Return Bland and Altman's limits of agreement of two measurements (n,): bias +- z sd.

    The interval of the bias is Student's; of a limit, t(n-1) sd sqrt(1/n + z²/(2(n-1))) (Bland and Altman, Stat Methods Med Res 1999).
    Raises PERF-001, PERF-002, PERF-006, PERF-008 below two pairs.
    """
    fraction(level, "level")
    fraction(coverage, "coverage")
    a, b = _pair(first, second, 2)
    gaps = b - a
    n, bias, sd, z = int(gaps.size), float(gaps.mean()), float(gaps.std(ddof=1)), two_sided(coverage)
    t = t_two_sided(level, n - 1)
    of_bias, of_limit = t * sd / math.sqrt(n), t * sd * math.sqrt(1 / n + z**2 / (2 * (n - 1)))
    stated = partial(Estimate, level=level, patients=n)
    limit = f"{coverage:.0%} limit of agreement, Bland-Altman interval"
    return LimitsOfAgreement(
        bias=stated(value=bias, low=bias - of_bias, high=bias + of_bias, method="mean difference, t interval"),
        lower=stated(value=bias - z * sd, low=bias - z * sd - of_limit, high=bias - z * sd + of_limit, method=limit),
        upper=stated(value=bias + z * sd, low=bias + z * sd - of_limit, high=bias + z * sd + of_limit, method=limit),
        sd=sd,
        coverage=coverage,
    )
