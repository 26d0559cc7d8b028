"""Control charts of a feature in the order of the scans: individuals with moving ranges, and cumulative sums.

Formulas of Montgomery, Introduction to Statistical Quality Control, 8th edition: 6.4 (individuals; sigma is the mean moving range over
1.128, limits three sigma) and 9.1 (tabular CUSUM with allowance k = 0.5 and decision interval h = 4.77 in sigma, which gives the 370 scans
between false alarms of an individuals chart). Centre and sigma come from the first 50 scans of the site, the baseline. A step of one
standard deviation is then found within 20 scans in 91 % of series, and one feature in control gives an alarm in 38 % of series of 100
further scans (``benchmarks/charts.py`` prints both): one feature is no evidence. A change of scanner or protocol moves many at once, so a
site is told if more than ``rules.chart_share`` of its features leave their limits within the same WINDOW scans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253  (numeric module; checks/__init__ does not import it)

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints

D2 = 1.128  # mean range of two normal values in sigma
D4 = 3.267  # upper limit of a moving range of two, in mean ranges
BASELINE = 50
LEAST_AFTER = 10
ALLOWANCE = 0.5
INTERVAL = 4.77
WINDOW = 20
LEAST_FEATURES = 5  # with fewer, a false alarm of one feature would speak for the site
SKEWED = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chart:
    """Charts of features ``(b,)`` at one site: centre and sigma of the baseline, scans ``(m, b)`` outside, and the first alarm (or -1)."""

    centre: Floats
    sigma: Floats
    individuals: Bools
    ranges: Bools
    upper: Floats
    lower: Floats
    first: Ints


def chart(x: Floats, *, baseline: int = BASELINE, allowance: float = ALLOWANCE, interval: float = INTERVAL) -> Chart:
    """Return the charts of ``x (m, b)``, scans in time order; the CUSUM starts after the baseline.

    A value that is missing, and a feature that does not vary in the baseline, give no alarm.
    """
    moving = np.abs(np.diff(x, axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        counted = np.maximum(np.isfinite(x[:baseline]).sum(axis=0), 1)
        centre = np.where(np.isfinite(x[:baseline]), x[:baseline], 0.0).sum(axis=0) / counted
        early = moving[: baseline - 1]
        mean_range = np.where(np.isfinite(early), early, 0.0).sum(axis=0) / np.maximum(np.isfinite(early).sum(axis=0), 1)
        sigma = mean_range / D2
        z = np.where(sigma > 0, (x - centre) / np.where(sigma > 0, sigma, 1.0), 0.0)
    z = np.where(np.isfinite(z), z, 0.0)
    upper, lower = _sums(z[baseline:], allowance), _sums(-z[baseline:], allowance)
    alarm = (upper > interval) | (lower > interval)
    first = np.where(alarm.any(axis=0), alarm.argmax(axis=0) + baseline, -1) if len(alarm) else np.full(x.shape[1], -1)
    ranges = np.zeros(x.shape, dtype=bool)
    ranges[1:] = np.where(np.isfinite(moving), moving > D4 * mean_range, False) & (sigma > 0)
    return Chart(centre=centre, sigma=sigma, individuals=np.abs(z) > 3, ranges=ranges, upper=upper, lower=lower, first=first)


def _sums(z: Floats, allowance: float) -> Floats:
    """Return the one-sided sums C(i) = max(0, C(i-1) + z(i) - k) of every column."""
    sums = np.zeros(z.shape)
    before = np.zeros(z.shape[1:])
    for i in range(len(z)):
        before = np.maximum(0.0, before + z[i] - allowance)
        sums[i] = before
    return sums


def chart_lines(values: Floats, sites: Sequence[str], days: Sequence[int | None]) -> list[dict[str, object]]:
    """Return one line per site: scans, features charted, the largest share that leaves its limits within WINDOW scans, and from which scan.

    Sites with fewer than BASELINE + LEAST_AFTER dated scans, or LEAST_FEATURES features, have no share. Skewed positive features are
    charted as logarithms.
    """
    where, lines = np.array(sites, dtype=object), []
    dated = np.array([day is not None for day in days], dtype=bool)
    for site in sorted(set(sites)):
        at = np.flatnonzero((where == site) & dated)
        at = at[np.argsort(np.array([days[i] or 0 for i in at.tolist()], dtype=np.int64), kind="stable")]
        line: dict[str, object] = {"site": site, "scans": len(at), "charted": 0}
        line |= dict.fromkeys(("share", "individuals_share", "first_scan"), np.nan)
        if len(at) >= BASELINE + LEAST_AFTER:
            line |= _line(values[at])
        lines.append(line)
    return lines


def _line(x: Floats) -> dict[str, object]:
    x = _unskewed(x)
    found = chart(x)
    charted = found.sigma > 0
    count = int(charted.sum())
    if count < LEAST_FEATURES:
        return {"charted": count}
    alarms = np.sort(found.first[(found.first >= 0) & charted])
    together = np.searchsorted(alarms, alarms + WINDOW) - np.arange(len(alarms))
    return {
        "charted": count,
        "share": float(together.max(initial=0) / count),
        "individuals_share": float(found.individuals[BASELINE:, charted].mean()),
        "first_scan": float(alarms[together.argmax()] + 1) if len(alarms) else np.nan,
    }


def _unskewed(x: Floats) -> Floats:
    """Return positive features with a skewness above SKEWED as logarithms, infinite values as missing."""
    x = np.where(np.isfinite(x), x, np.nan)
    known = np.isfinite(x)
    n = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, x, 0.0).sum(axis=0) / n
    away = np.where(known, x - mean, 0.0)
    scale = np.maximum(np.abs(away).max(axis=0, initial=0.0), np.finfo(np.float64).tiny)
    away = away / scale
    sd = np.sqrt((away**2).sum(axis=0) / n)
    skew = np.where(sd > 0, (away**3).sum(axis=0) / n / np.where(sd > 0, sd, 1.0) ** 3, 0.0)
    positive = (np.where(known, x, 1.0) > 0).all(axis=0)
    logs = positive & (skew > SKEWED)
    return np.where(logs, np.log(np.where(known & positive, x, 1.0)) + np.where(known, 0.0, np.nan), x)
