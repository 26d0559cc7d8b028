"""A new batch onboarded from patients without outcomes, against everything frozen; applied only if that is expected to help.

n-rule: fewer than 2 patients are refused; 2 to 4 correct the mean only; below 10 no spread is corrected without empirical Bayes.
Estimates are those of a new draw from the frozen batches: prior mean and variance of gamma and delta over the batches' priors, less the
sampling noise that those hold, plus the spread of the batches' own means (Johnson et al. 2007, section 3.2, with the target fixed).
Where the new site lies beyond twice the rms of that prior, the prior of gamma is widened to what its own patients show: frozen sites say
nothing about such a site, and shrinking it to them would leave most of its effect.
Gate: harmonising a site that needs none hurts, so a correction is applied only if
(1) the expected rms error after it lies at least ``NEEDED`` pooled SDs below the estimated rms site effect, and
(2) the gain measured on patients left out, 2 z g - g^2 with g from the others (its mean is theta^2 - (theta - g)^2), less what the error
of the spread costs, is above nought beyond chance (one-sided 99 %, jackknife over patients): the default is to leave things alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError, listed
from radaudit.harmonise.coding import Covariates
from radaudit.harmonise.effects import SiteEffects
from radaudit.harmonise.moments import as_table
from radaudit.harmonise.priors import Posterior, Prior, parametric, shrink_mean

if TYPE_CHECKING:
    from radaudit.arrays import Floats, Ints

FEWEST, SPREAD_FROM, RAW_SPREAD_FROM = 2, 5, 10
BEYOND = 4.0  # squared site effect over the prior's mean square beyond which the prior is widened
NEEDED = 0.05  # pooled SDs by which the expected rms error must fall
LEVEL = 0.99
LEAVE_TWO_OUT = 400  # patients up to which the jackknife is exact; beyond, the spread of the gains themselves serves


@dataclass(frozen=True, slots=True, kw_only=True)
class Onboarding:
    """What was found about a new batch; ``effects`` are the frozen ones with the batch appended, whether or not it is ``applied``.

    ``rms_effect`` and ``rms_after`` in pooled SDs, ``gain`` and its lower bound ``gain_low`` in squared ones, over the ``judged`` features.
    """

    name: str
    patients: int
    method: str
    judged: int
    rms_effect: float
    rms_after: float
    gain: float
    gain_low: float
    widened: bool
    applied: bool
    reason: str
    effects: SiteEffects

    def document(self) -> dict[str, Any]:
        """Return plain JSON values, without the effects."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "effects"}


def onboard(
    effects: SiteEffects,
    x: Any,
    patients: Sequence[str],
    covariates: Covariates | None = None,
    *,
    name: str,
    features: Sequence[str],
    minimum: int = FEWEST,
) -> Onboarding:
    """Return the corrections of the new batch ``name`` from its rows x (n, p) and whether to apply them; no outcome is asked for.

    Features of the fit that ``features`` lacks keep their values and are not judged. A patient's rows are averaged first.
    Raises DesignError SITE-080 (fewer than 2 patients), SITE-081 (fewer than ``minimum``), SITE-084 (known batch), HARM-011, -012, -013,
    -014 as ``SiteEffects.apply``.
    """
    people = sorted(set(patients))
    _refuse(effects, people, name, minimum)
    own = effects.only(tuple(features))
    z, squares, cells = _standardised(own, x, patients, people, covariates)
    judged = (own.pooled_sd > 0) & (cells > 0)
    gamma_hat = np.where(judged, np.nansum(np.where(np.isfinite(z), z, 0.0), axis=0) / np.maximum(cells, 1), 0.0)
    delta_hat = np.where(judged & (squares > 0), squares, 1.0)
    scaled = _scaled(effects, len(people))
    at = np.flatnonzero(judged)
    if not len(at):
        raise DesignError("SITE-082", "no feature of the fit was measured in the new batch", fix="give the features of the signature")
    filled = np.where(np.isfinite(z), z, gamma_hat)[:, at]
    square = _mean_square(filled)
    known = new_batch_priors(own)
    wide = {group: replace(prior, tau2=square) for group, prior in known.items() if square > BEYOND * (prior.tau2 + prior.gamma_bar**2)}
    posterior, relative = _posterior(own, judged, gamma_hat, delta_hat, cells.astype(np.float64), known | wide, scaled)
    shrink = np.divide(posterior.gamma_sd**2 * cells, posterior.delta, out=np.zeros_like(gamma_hat), where=judged)
    offset = posterior.gamma[at] - shrink[at] * gamma_hat[at]
    cost = float((relative[at] / 4.0).mean())
    after = float(((posterior.gamma_sd[at] ** 2 / posterior.delta[at]) + relative[at] / 4.0).mean())
    gain, low = _gain(filled, shrink[at], offset, cost)
    effect = math.sqrt(max(square, 0.0))
    applied, reason = _gate(effect, math.sqrt(after), gain, low)
    return Onboarding(
        name=name,
        patients=len(people),
        method="mean and spread" if scaled else "mean only",
        judged=len(at),
        rms_effect=effect,
        rms_after=math.sqrt(after),
        gain=gain,
        gain_low=low,
        widened=bool(wide),
        applied=applied,
        reason=reason,
        effects=_appended(effects, own, name, len(people), gamma_hat, delta_hat, posterior),
    )


def _refuse(effects: SiteEffects, people: Sequence[str], name: str, minimum: int) -> None:
    if name in effects.batches:
        raise DesignError("SITE-084", f'"{name}" is in the fit already', found=listed(effects.batches), fix="score its rows as they are")
    if len(people) < FEWEST:
        raise DesignError("SITE-080", f"{len(people)} patient(s): a new batch needs at least {FEWEST}", fix="wait for more patients")
    if len(people) < minimum:
        raise DesignError(
            "SITE-081",
            f"{len(people)} patients of {name}, {minimum} were asked for",
            fix=f"wait for more patients, or --min {len(people)}: below 5 patients only means are corrected",
        )


def _scaled(effects: SiteEffects, patients: int) -> bool:
    return not effects.method.mean_only and patients >= (SPREAD_FROM if effects.priors else RAW_SPREAD_FROM)


def _standardised(
    own: SiteEffects, x: Any, patients: Sequence[str], people: Sequence[str], covariates: Covariates | None
) -> tuple[Floats, Floats, Ints]:
    """Return patients' mean residuals in pooled SDs (u, p), the variance of rows (p,) and the patients measured (p,)."""
    table = np.asarray(as_table(x, own.features), dtype=np.float64)
    if len(patients) != len(table):
        raise DesignError("HARM-014", f"{len(patients)} patients for {len(table)} rows", fix="give one patient per row")
    if bool(np.isinf(table).any()):
        raise DesignError(
            "HARM-006", "infinite cells cannot be harmonised", fix="correct them, or leave them empty to treat them as missing"
        )
    design = own.coding.code(covariates, len(table))
    unit = np.where(own.pooled_sd > 0, own.pooled_sd, np.nan)
    rows = (table - own.grand_mean - design @ own.coefficients) / unit
    place = {name: i for i, name in enumerate(people)}
    member = np.array([[place[patient] == i for i in range(len(people))] for patient in patients], dtype=np.float64)
    present = np.isfinite(rows)
    counts = member.T @ present
    z = np.divide(member.T @ np.where(present, rows, 0.0), counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    cells = (counts > 0).sum(axis=0)
    mean = np.where(present, rows, 0.0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
    squares = (np.where(present, rows - mean, 0.0) ** 2).sum(axis=0) / np.maximum(present.sum(axis=0) - 1, 1)
    return z, np.where(present.sum(axis=0) > 1, squares, 0.0), cells.astype(np.int64)


def _posterior(
    own: SiteEffects, judged: Any, gamma_hat: Floats, delta_hat: Floats, n: Floats, known: Mapping[str, Prior], scaled: bool
) -> tuple[Posterior, Floats]:
    """Return the estimates (p,) and the relative variance of delta (p,), nought where the spread is left alone."""
    p = len(gamma_hat)
    gamma, delta, sd, relative = np.zeros(p), np.ones(p), np.zeros(p), np.zeros(p)
    groups = own.groups or ("",) * p
    for group in sorted(set(groups)):
        at = np.flatnonzero(judged & (np.array(groups) == group))
        prior, m = known.get(group), n[at]
        if prior is None:
            delta[at] = delta_hat[at] if scaled else 1.0
            gamma[at], sd[at] = gamma_hat[at], np.sqrt(delta_hat[at] / m)
            relative[at] = 2.0 / np.maximum(m - 1, 1) if scaled else 0.0
        elif scaled:
            found = parametric(gamma_hat[at], delta_hat[at], m, prior, "converged")
            gamma[at], delta[at], sd[at] = found.gamma, found.delta, found.gamma_sd
            relative[at] = 1.0 / (m / 2.0 + prior.shape - 2.0) if prior.delta_s2 > 0 else 0.0
        else:
            one = np.ones(len(at))
            gamma[at] = shrink_mean(gamma_hat[at], prior, m, one)
            sd[at] = np.sqrt(prior.tau2 / (prior.tau2 * m + 1.0))
    return Posterior(gamma=gamma, delta=delta, gamma_sd=sd), relative


def new_batch_priors(effects: SiteEffects) -> dict[str, Prior]:
    """Return the prior of a batch not seen yet, by prior group: variances over features less their sampling noise, plus those of batches.

    The variance of gamma_hat over features holds delta / n of noise, that of delta_hat about 2 delta^2 / (n - 1).
    """
    rows = dict(zip(effects.batches, effects.counts.tolist(), strict=True))
    out: dict[str, Prior] = {}
    for group in sorted({g for _, g, _ in effects.priors}):
        own = [(prior, rows[batch]) for batch, g, prior in effects.priors if g == group]
        bars, deltas = np.array([p.gamma_bar for p, _ in own]), np.array([p.delta_bar for p, _ in own])
        spread = (float(bars.var(ddof=1)), float(deltas.var(ddof=1))) if len(own) > 1 else (0.0, 0.0)
        tau2 = float(np.mean([max(p.tau2 - p.delta_bar / n, 0.0) for p, n in own]))
        delta_s2 = float(np.mean([max(p.delta_s2 - 2 * p.delta_bar**2 / max(n - 1, 1), 0.0) for p, n in own]))
        out[group] = Prior(
            gamma_bar=float(bars.mean()), tau2=tau2 + spread[0], delta_bar=float(deltas.mean()), delta_s2=delta_s2 + spread[1]
        )
    return out


def _mean_square(z: Floats) -> float:
    """Return the mean over features of theta^2, unbiased: the mean product of two different patients of z (u, p)."""
    u = len(z)
    total = z.sum(axis=0)
    return float(((total**2 - (z**2).sum(axis=0)) / (u * (u - 1))).mean())


def _left_out_gain(z: Floats, shrink: Floats, offset: Floats) -> Floats:
    """Return each patient's gain (u,) with the correction offset + shrink * mean of the others."""
    u = len(z)
    g = offset + shrink * ((z.sum(axis=0) - z) / (u - 1))
    return np.asarray((2 * z * g - g**2).mean(axis=1))


def _gain(z: Floats, shrink: Floats, offset: Floats, cost: float) -> tuple[float, float]:
    u = len(z)
    own = _left_out_gain(z, shrink, offset)
    value = float(own.mean())
    if u == 2:
        return value - cost, -math.inf
    if u <= LEAVE_TWO_OUT:
        left = np.array([_left_out_gain(np.delete(z, i, axis=0), shrink, offset).mean() for i in range(u)])
        spread = math.sqrt((u - 1) / u * float(((left - left.mean()) ** 2).sum()))
    else:
        spread = float(own.std(ddof=1)) / math.sqrt(u)
    return value - cost, value - cost - t_quantile(LEVEL, u - 1) * spread


def t_quantile(level: float, degrees: int) -> float:
    """Return the quantile of Student's t by the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5)."""
    z = NormalDist().inv_cdf(level)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + first / degrees + second / degrees**2 + third / degrees**3 + fourth / degrees**4


def _gate(effect: float, after: float, gain: float, low: float) -> tuple[bool, str]:
    text = f"the site effect is {effect:.2f} SD (rms over features), the error expected after correction {after:.2f} SD"
    if effect - after < NEEDED:
        return False, f"declined: {text}; a fall of at least {NEEDED} SD is needed"
    if not low > 0:
        seen = f"{gain:.3f}, 99% bound {low:.3f}" if math.isfinite(low) else f"{gain:.3f}, no bound from two patients"
        return False, f"declined: {text}, but the gain on patients left out is not beyond chance ({seen})"
    return True, f"applied: {text}; the gain on patients left out is {gain:.3f} SD² (99% bound {low:.3f})"


def _appended(
    effects: SiteEffects, own: SiteEffects, name: str, patients: int, gamma_hat: Floats, delta_hat: Floats, posterior: Posterior
) -> SiteEffects:
    """Return the frozen effects with one more batch; what was not measured is left alone there."""
    place = {feature: j for j, feature in enumerate(effects.features)}
    at = np.array([place[feature] for feature in own.features], dtype=np.int64)

    def with_row(name: str, values: Floats, absent: float) -> Floats:
        whole = np.full((1, len(effects.features)), absent)
        whole[0, at] = values
        return frozen(np.vstack([getattr(effects, name), whole]))

    return replace(
        effects,
        batches=(*effects.batches, name),
        counts=np.append(effects.counts, patients),
        gamma_hat=with_row("gamma_hat", gamma_hat, 0.0),
        delta_hat=with_row("delta_hat", delta_hat, 1.0),
        gamma=with_row("gamma", posterior.gamma, 0.0),
        delta=with_row("delta", posterior.delta, 1.0),
        gamma_sd=with_row("gamma_sd", posterior.gamma_sd, 0.0),
        notes=(*effects.notes, f"batch {name} onboarded from {patients} patients without outcomes"),
    )
