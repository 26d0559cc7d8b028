"""What happened over time: Kaplan-Meier curves with Greenwood's intervals, their difference, their mean, and competing events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError
from radaudit.followup.product_limit import product_limit
from radaudit.measures.estimate import Comparison, Estimate, unknown
from radaudit.measures.normal import chi_squared_p, normal_p, two_sided
from radaudit.measures.rows import codes_of, fraction, same_length

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats
    from radaudit.followup import Followed

Transform = Literal["log-log", "log", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KaplanMeier:
    """The share without the event at the distinct ``times`` (K,), its ``error`` and bounds (NaN: undefined), and who was ``at_risk``."""

    times: Floats
    share: Floats
    error: Floats
    low: Floats
    high: Floats
    at_risk: Floats
    events: Floats
    level: float
    method: str

    def at(self, when: float) -> tuple[float, float | None, float | None]:
        """Return the share at a time with its bounds, None where undefined."""
        k = int(np.searchsorted(self.times, when, side="right")) - 1
        if k < 0:
            return 1.0, None, None
        bounds = tuple(float(v) if math.isfinite(v) else None for v in (self.low[k], self.high[k]))
        return float(self.share[k]), bounds[0], bounds[1]

    def followed(self, when: float) -> int:
        """Return how many rows are still followed at a time."""
        k = int(np.searchsorted(self.times, when, side="left"))
        return int(self.at_risk[k]) if k < self.times.size else 0

    @property
    def median(self) -> float | None:
        """The first time at which half or fewer are without the event."""
        below = np.flatnonzero(self.share <= 0.5 + 1e-12)
        return float(self.times[below[0]]) if below.size else None


def kaplan_meier(rows: Followed, level: float = 0.95, *, transform: Transform = "log-log") -> KaplanMeier:
    """Return the Kaplan-Meier curve with pointwise Greenwood intervals, on the log-log scale unless asked otherwise; rows as they are.

    Raises PERF-006.
    """
    fraction(level, "level")
    if transform not in ("log-log", "log", "plain"):
        raise DesignError("PERF-006", "the scale of the interval is log-log, log or plain", at="transform", found=str(transform))
    risk, gone = rows.at_risk()[0], rows.ended()[0]
    share = product_limit(rows).values[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.sqrt(np.cumsum(np.where(gone > 0, gone / (risk * (risk - gone)), 0.0)))
        low, high = _interval(share, relative, two_sided(level), transform)
        error = np.where(share > 0, share * relative, np.nan)
    return KaplanMeier(
        times=rows.times,
        share=frozen(share),
        error=frozen(error),
        low=frozen(low),
        high=frozen(high),
        at_risk=frozen(risk),
        events=frozen(gone),
        level=level,
        method=f"Kaplan-Meier, Greenwood, {transform} scale",
    )


def _interval(share: Floats, relative: Floats, z: float, transform: Transform) -> tuple[Floats, Floats]:
    if transform == "plain":
        return np.maximum(share - z * share * relative, 0.0), np.minimum(share + z * share * relative, 1.0)
    if transform == "log":
        return share * np.exp(-z * relative), np.minimum(share * np.exp(z * relative), 1.0)
    log = np.log(share)
    half = z * relative / log
    known = (share > 0) & (share < 1)
    low, high = share ** np.exp(-half), share ** np.exp(half)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def log_rank(rows: Followed, groups: ArrayLike) -> tuple[float, int, float]:
    """Return the log-rank statistic, its degrees of freedom and p-value (Mantel 1966; rho = 0 of R's survdiff).

    Rows count as independent. Raises PERF-001, PERF-007; PERF-123 for fewer than two groups or no events.
    """
    names, code = codes_of(groups, "groups")
    same_length(time=rows.time, groups=code)
    if len(names) < 2 or not rows.event.any():
        raise DesignError("PERF-123", "a log-rank test compares at least two groups in which events happen", found=f"{len(names)} group(s)")
    member = (code[None, :] == np.arange(len(names))[:, None]).astype(np.float64)
    risk, gone = rows.at_risk(member), rows.ended(member)
    all_risk, all_gone = risk.sum(axis=0), gone.sum(axis=0)
    expected = (risk / all_risk * all_gone).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(all_risk > 1, all_gone * (all_risk - all_gone) / (all_risk - 1), 0.0)
    share = risk / all_risk
    variance = np.diag((share * spread).sum(axis=1)) - np.einsum("ak,bk,k->ab", share, share, spread)
    gap = (gone.sum(axis=1) - expected)[:-1]
    statistic = float(gap @ np.linalg.pinv(variance[:-1, :-1]) @ gap)
    return statistic, len(names) - 1, chi_squared_p(statistic, len(names) - 1)


def restricted_mean(rows: Followed, horizon: float, level: float = 0.95) -> Estimate:
    """Return the mean time without the event up to the horizon, the area under the curve, with Greenwood's variance (Klein 2003)."""
    fraction(level, "level")
    name = f"restricted mean up to {horizon:g}, Greenwood"
    if not (rows.time >= horizon).any():
        return unknown("nobody is followed up to the horizon", patients=rows.patients, events=rows.events, level=level, method=name)
    curve = kaplan_meier(rows, level)
    inside = curve.times < horizon
    edges = np.concatenate([[0.0], curve.times[inside], [horizon]])
    heights = np.concatenate([[1.0], curve.share[inside]])
    pieces = heights * np.diff(edges)
    value = float(pieces.sum())
    rest = value - np.cumsum(pieces)[:-1] if inside.any() else np.zeros(0)
    risk, gone = curve.at_risk[inside], curve.events[inside]
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where((gone > 0) & (risk > gone), rest**2 * gone / (risk * (risk - gone)), 0.0)
    half = two_sided(level) * math.sqrt(float(terms.sum()))
    return Estimate(value=value, low=value - half, high=value + half, level=level, patients=rows.patients, events=rows.events, method=name)


def restricted_mean_difference(first: Followed, second: Followed, horizon: float, level: float = 0.95) -> Comparison:
    """Return the difference of two groups' restricted means, with a normal test."""
    one, two = restricted_mean(first, horizon, level), restricted_mean(second, horizon, level)
    people, events = first.patients + second.patients, first.events + second.events
    method = f"difference of restricted means up to {horizon:g}"
    if one.value is None or two.value is None or one.high is None or two.high is None:
        none = unknown(one.reason or two.reason or "", patients=people, events=events, level=level, method=method)
        return Comparison(difference=none, statistic=None, degrees=None, p=None)
    value, half = one.value - two.value, math.hypot(one.high - one.value, two.high - two.value)
    if not half > 0:
        same = Estimate(value=value, level=level, patients=people, events=events, method=method, reason="no variance")
        return Comparison(difference=same, statistic=None, degrees=None, p=None)
    z = value / half * two_sided(level)
    estimate = Estimate(value=value, low=value - half, high=value + half, level=level, patients=people, events=events, method=method)
    return Comparison(difference=estimate, statistic=z, degrees=None, p=normal_p(z))


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidence:
    """The cumulative incidence of each cause (C, K) at the distinct ``times`` (K,), with its variance by the delta method."""

    times: Floats
    causes: tuple[str, ...]
    share: Floats
    variance: Floats

    def at(self, when: float) -> Floats:
        """Return the share of every cause (C,) at a time."""
        k = int(np.searchsorted(self.times, when, side="right")) - 1
        return np.asarray(self.share[:, k] if k >= 0 else np.zeros(len(self.causes)))


def cumulative_incidence(rows: Followed, cause: Sequence[str]) -> Incidence:
    """Return Aalen and Johansen's cumulative incidence (Scand J Stat 1978) of each cause; ``cause`` (n,) is not read where censored.

    ``rows.event`` is True for an event of any cause. Variance: delta method on the hazards (Marubini and Valsecchi 1995, eq. 10.12).
    Raises PERF-001.
    """
    same_length(time=rows.time, cause=np.asarray(cause))
    names = tuple(sorted({str(c) for c, e in zip(cause, rows.event.tolist(), strict=True) if e}))
    kind = np.array([str(c) for c in cause])
    risk, gone = rows.at_risk()[0], rows.ended()[0]
    free = product_limit(rows).values[0]
    before = np.concatenate([[1.0], free[:-1]])
    shares, variances = [], []
    for name in names:
        own = rows.ended((kind == name)[None, :].astype(np.float64))[0]
        share = np.cumsum(before * own / risk)
        shares.append(share)
        variances.append(_delta(share, before, risk, gone, own))
    k = (len(names), rows.times.size)
    return Incidence(times=rows.times, causes=names, share=frozen(np.reshape(shares, k)), variance=frozen(np.reshape(variances, k)))


def _delta(share: Floats, before: Floats, risk: Floats, gone: Floats, own: Floats) -> Floats:
    """Return the variance at each time: sums of [F(t) - F(u)]^2 d/(Y(Y-d)) + S(u-)^2 (Y-d1) d1/Y^3 - 2 [F(t) - F(u)] S(u-) d1/Y^2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.where(risk > gone, gone / (risk * (risk - gone)), 0.0)
    b = before**2 * (risk - own) * own / risk**3
    c = before * own / risk**2
    squares = share**2 * np.cumsum(a) - 2 * share * np.cumsum(share * a) + np.cumsum(share**2 * a)
    found: Floats = squares + np.cumsum(b) - 2 * (share * np.cumsum(c) - np.cumsum(share * c))
    return found
