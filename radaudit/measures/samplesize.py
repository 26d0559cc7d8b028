"""How many patients a model needs: to be developed (Riley) and to be validated (Riley, Archer).

Development: Riley et al., Statist. Med. 2019;38:1262 and 1276, BMJ 2020;368:m441. Validation: Riley et al., Statist. Med. 2021;40:4230.
Every answer names the criterion that asks for most. Where those papers simulate, this file integrates: the same input gives the same
number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.logistic import probability
from radaudit.measures.normal import quantile, t_two_sided, two_sided
from radaudit.measures.rows import at_least, fraction

if TYPE_CHECKING:
    from collections.abc import Callable

    from radaudit.arrays import Floats

MOST = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """Patients (and events, where there are any) needed by each criterion, and by all of them together."""

    criteria: dict[str, int]
    events: int | None
    method: str

    @property
    def patients(self) -> int:
        """The largest of the criteria."""
        return max(self.criteria.values())

    @property
    def binding(self) -> str:
        """The criterion that asks for most."""
        return max(self.criteria, key=lambda name: self.criteria[name])

    def document(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {
            "patients": self.patients,
            "events": self.events,
            "binding": self.binding,
            "criteria": dict(self.criteria),
            "method": self.method,
        }


def _up(value: float) -> int:
    """Return the next whole number; a value within rounding of a whole one is that one."""
    return math.ceil(value - 1e-9)


def _positive(value: float, name: str) -> float:
    if not (math.isfinite(value) and value > 0):
        raise DesignError("PERF-006", f"{name} must be a positive number", at=name, found=str(value))
    return value


def shrinkage_size(parameters: int, r2: float, shrinkage: float) -> int:
    """Return the n at which the expected uniform shrinkage is ``shrinkage``: p / ((S-1) ln(1 - R²/S)). Raises PERF-006."""
    at_least(parameters, 1, "parameters")
    fraction(shrinkage, "shrinkage")
    if not 0 < r2 < shrinkage:
        raise DesignError("PERF-006", "R² must lie above 0 and below the shrinkage asked for", at="r2", found=str(r2))
    return _up(parameters / ((shrinkage - 1) * math.log(1 - r2 / shrinkage)))


def highest_r2_binary(prevalence: float) -> float:
    """Return the largest Cox-Snell R² a binary outcome of this prevalence allows. Raises PERF-006."""
    fraction(prevalence, "prevalence")
    return 1 - math.exp(2 * (prevalence * math.log(prevalence) + (1 - prevalence) * math.log(1 - prevalence)))


def r2_from_c(c: float, prevalence: float) -> float:
    """Return the Cox-Snell R² a model with this C-statistic would have, linear predictors normal with equal variance in both classes.

    R² = 1 - exp(-2 (E log likelihood - that of the prevalence)), integrated over the two normals (Riley et al., Statist. Med. 2021;40:859
    simulate the same). Raises PERF-006.
    """
    fraction(prevalence, "prevalence")
    if not 0.5 < c < 1:
        raise DesignError("PERF-006", "a C-statistic to plan with lies above 0.5 and below 1", at="c", found=str(c))
    gap = math.sqrt(2) * quantile(c)
    z, mass = _normal_grid()
    base = math.log(prevalence / (1 - prevalence)) - gap**2 / 2
    with_event = -np.logaddexp(0, -(base + gap * (z + gap)))
    without = -np.logaddexp(0, base + gap * z)
    gained = prevalence * float(mass @ with_event) + (1 - prevalence) * float(mass @ without)
    alone = prevalence * math.log(prevalence) + (1 - prevalence) * math.log(1 - prevalence)
    return 1 - math.exp(-2 * (gained - alone))


def _normal_grid() -> tuple[Floats, Floats]:
    """Return points and weights that integrate smooth functions of a standard normal to 1e-12 (the trapezoid rule is exact enough)."""
    z = np.linspace(-10, 10, 4001)
    mass = np.exp(-0.5 * z**2)
    return z, mass / mass.sum()


def development_binary(
    parameters: int, prevalence: float, *, r2: float | None = None, c: float | None = None, shrinkage: float = 0.9, margin: float = 0.05
) -> SampleSize:
    """Return the size to develop a logistic model with ``parameters`` candidate parameters.

    Criteria: expected shrinkage of ``shrinkage``; apparent and adjusted Nagelkerke R² differ by ``margin`` at most; the overall risk is
    known to within ``margin``. Give the Cox-Snell ``r2`` expected, or the ``c`` it follows from. Raises PERF-006.
    """
    expected = _r2(r2, c, prevalence)
    fraction(margin, "margin")
    highest = highest_r2_binary(prevalence)
    if expected >= highest:
        raise DesignError("PERF-006", "this R² is more than the prevalence allows", at="r2", found=f"{expected} of {highest:.4f}")
    size = SampleSize(
        criteria={
            "shrinkage": shrinkage_size(parameters, expected, shrinkage),
            "optimism in R²": shrinkage_size(parameters, expected, expected / (expected + margin * highest)),
            "overall risk": _up((two_sided(0.95) / margin) ** 2 * prevalence * (1 - prevalence)),
        },
        events=None,
        method=f"Riley 2019, {parameters} parameters, prevalence {prevalence:g}, Cox-Snell R² {expected:.4g}",
    )
    return SampleSize(criteria=size.criteria, events=_up(size.patients * prevalence), method=size.method)


def _r2(r2: float | None, c: float | None, prevalence: float) -> float:
    if (r2 is None) == (c is None):
        raise DesignError("PERF-006", "give either r2 or c", at="r2")
    if r2 is not None:
        return fraction(r2, "r2")
    return r2_from_c(float(c or 0.0), prevalence)


def development_survival(
    parameters: int, r2: float, rate: float, timepoint: float, mean_follow_up: float, *, shrinkage: float = 0.9, margin: float = 0.05
) -> SampleSize:
    """Return the size to develop a time-to-event model: ``rate`` events per person-year, risk of interest at ``timepoint`` years.

    Criteria as for a binary outcome; the third asks that the risk at ``timepoint`` under an exponential is known to within ``margin``.
    Raises PERF-006.
    """
    for value, name in ((rate, "rate"), (timepoint, "timepoint"), (mean_follow_up, "mean_follow_up")):
        _positive(value, name)
    fraction(margin, "margin")
    per_patient = rate * mean_follow_up
    highest = 1 - math.exp(2 * per_patient * (math.log(per_patient) - 1))
    if not 0 < r2 < highest:
        raise DesignError("PERF-006", "this R² is more than the event rate allows", at="r2", found=f"{r2} of {highest:.4f}")
    z, risk = two_sided(0.95), 1 - math.exp(-rate * timepoint)

    def too_wide(n: int) -> bool:
        half = z * math.sqrt(rate / (n * mean_follow_up))
        return max(1 - math.exp(-(rate + half) * timepoint) - risk, risk - 1 + math.exp(-(rate - half) * timepoint)) > margin

    criteria = {
        "shrinkage": shrinkage_size(parameters, r2, shrinkage),
        "optimism in R²": shrinkage_size(parameters, r2, r2 / (r2 + margin * highest)),
        "overall risk": _smallest(too_wide),
    }
    method = f"Riley 2019, {parameters} parameters, {rate:g} events per person-year, Cox-Snell R² {r2:.4g}"
    return SampleSize(criteria=criteria, events=_up(max(criteria.values()) * per_patient), method=method)


def development_continuous(
    parameters: int, r2: float, mean: float, sd: float, *, shrinkage: float = 0.9, margin: float = 0.05
) -> SampleSize:
    """Return the size to develop a linear model of an outcome with this ``mean`` and ``sd``.

    Criteria: expected shrinkage; apparent and adjusted R² differ by ``margin`` at most; the residual sd is known to within a factor 1.1;
    the mean outcome is known to within a tenth of itself. Raises PERF-006.
    """
    at_least(parameters, 1, "parameters")
    fraction(r2, "r2")
    fraction(shrinkage, "shrinkage")
    fraction(margin, "margin")
    _positive(sd, "sd")
    if not math.isfinite(mean) or mean == 0:
        raise DesignError("PERF-006", "the mean outcome must be finite and not 0", at="mean", found=str(mean))

    def shrinks(n: int) -> bool:
        if n < parameters + 2:
            return True
        inner = 1 - (r2 * (n - parameters - 1) + parameters) / (n - 1)
        return inner <= 0 or 1 + (parameters - 2) / (n * math.log(inner)) < shrinkage

    def loose(n: int) -> bool:
        if n < parameters + 2:
            return True
        return t_two_sided(0.95, n - parameters - 1) * sd * math.sqrt((1 - r2) / n) > 0.1 * abs(mean)

    criteria = {
        "shrinkage": _smallest(shrinks),
        "optimism in R²": _up(1 + parameters * (1 - r2) / margin),
        "residual sd": 234 + parameters,
        "mean outcome": _smallest(loose),
    }
    return SampleSize(criteria=criteria, events=None, method=f"Riley 2019, {parameters} parameters, R² {r2:.4g}")


def _smallest(lacking: Callable[[int], bool]) -> int:
    """Return the smallest n for which ``lacking`` is False, for a question that stays answered as n grows; PERF-006 beyond 1e9."""
    low, high = 0, 1
    while lacking(high):
        low, high = high, 2 * high
        if high > MOST:
            raise DesignError("PERF-006", "no sample of a thousand million patients is large enough for this precision")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if lacking(middle) else (low, middle)
    return high


def validation_binary(
    prevalence: float,
    c: float,
    score_mean: float,
    score_sd: float,
    *,
    width_oe: float = 0.2,
    width_slope: float = 0.2,
    width_c: float = 0.1,
    sensitivity: float | None = None,
    specificity: float | None = None,
    threshold: float | None = None,
    width_net_benefit: float = 0.2,
) -> SampleSize:
    """Return the size to validate a logistic model whose linear predictor is normal with ``score_mean`` and ``score_sd`` in the new
    patients.

    Criteria: 95 % intervals of observed/expected, calibration slope (both 1 in truth), C-statistic and, when ``sensitivity``,
    ``specificity`` and ``threshold`` are given, standardised net benefit are no wider than asked. Raises PERF-006.
    """
    fraction(prevalence, "prevalence")
    fraction(c, "c")
    for width, name in ((width_oe, "width_oe"), (width_slope, "width_slope"), (width_c, "width_c"), (score_sd, "score_sd")):
        _positive(width, name)
    z = two_sided(0.95)
    # the interval of O/E is exp(-z se) to exp(z se) about 1: its width is 2 sinh(z se)
    criteria = {
        "observed/expected": _up((1 - prevalence) / (prevalence * (math.asinh(width_oe / 2) / z) ** 2)),
        "calibration slope": _up(_slope_variance(score_mean, score_sd) / (width_slope / (2 * z)) ** 2),
        "C-statistic": _smallest(lambda n: 2 * z * math.sqrt(newcombe_variance(c, n, prevalence)) > width_c),
    }
    if sensitivity is not None and specificity is not None and threshold is not None:
        fraction(threshold, "threshold")
        unit = _net_benefit_variance(sensitivity, specificity, threshold, prevalence)
        criteria["net benefit"] = _up(unit / (_positive(width_net_benefit, "width_net_benefit") / (2 * z)) ** 2)
    elif (sensitivity, specificity, threshold) != (None, None, None):
        raise DesignError("PERF-006", "net benefit takes sensitivity, specificity and threshold together", at="threshold")
    method = f"Riley 2021, prevalence {prevalence:g}, C {c:g}, linear predictor N({score_mean:g}, {score_sd:g}²)"
    return SampleSize(criteria=criteria, events=_up(max(criteria.values()) * prevalence), method=method)


def _slope_variance(mean: float, sd: float) -> float:
    """Return the variance of the calibration slope of one patient, from the expected information over a normal linear predictor."""
    z, mass = _normal_grid()
    score = mean + sd * z
    risk = probability(score)
    spread = mass * risk * (1 - risk)
    i00, i01, i11 = float(spread.sum()), float(spread @ score), float(spread @ score**2)
    return i00 / (i00 * i11 - i01**2)


def newcombe_variance(c: float, n: float, prevalence: float) -> float:
    """Return the variance of a C-statistic from n patients (Newcombe, Statist. Med. 2006, method 4)."""
    pull = (n / 2 - 1) * ((1 - c) / (2 - c) + c / (1 + c))
    return c * (1 - c) * max(1 + pull, 0.0) / (n**2 * prevalence * (1 - prevalence))


def _net_benefit_variance(sensitivity: float, specificity: float, threshold: float, prevalence: float) -> float:
    """Return the variance of one patient's standardised net benefit (Marsh et al., Stat Biopharm Res 2020)."""
    for share, name in ((sensitivity, "sensitivity"), (specificity, "specificity")):
        if not 0 <= share <= 1:
            raise DesignError("PERF-006", f"{name} must lie within 0 to 1", at=name, found=str(share))
    weight = (1 - prevalence) / prevalence * threshold / (1 - threshold)
    false = 1 - specificity
    return (
        sensitivity * (1 - sensitivity) / prevalence
        + weight**2 * specificity * false / (1 - prevalence)
        + weight**2 * false**2 / (prevalence * (1 - prevalence))
    )
