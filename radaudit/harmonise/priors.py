"""Empirical Bayes across the features of a batch: Johnson, Li and Rabinovic, Biostatistics 8:118 (2007), section 3.2.

The moments of the priors are taken over *features within a batch*. Two stopping rules: ``golden`` is the published one of
sva and neuroCombat (all features of a batch together, relative change with signed denominators, 1e-4), ``converged``
carries every feature on its own to the fixed point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats

Stop = Literal["converged", "golden"]
GOLDEN_CHANGE = 1e-4
CONVERGED_CHANGE = 1e-13
MOST_ITERATIONS = 10_000
FEWEST_FEATURES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Normal prior of gamma (``gamma_bar``, ``tau2``) and inverse gamma prior of delta (``shape``, ``rate``).

    The latter from delta's mean and variance over features, ``delta_bar`` and ``delta_s2``.
    """

    gamma_bar: float
    tau2: float
    delta_bar: float
    delta_s2: float

    @classmethod
    def estimate(cls, gamma_hat: Floats, delta_hat: Floats) -> Prior:
        """Return the priors by the method of moments over features (sample variances)."""
        return cls(
            gamma_bar=float(gamma_hat.mean()),
            tau2=float(gamma_hat.var(ddof=1)),
            delta_bar=float(delta_hat.mean()),
            delta_s2=float(delta_hat.var(ddof=1)),
        )

    @property
    def shape(self) -> float:
        """lambda of the inverse gamma: (2 s2 + m^2) / s2."""
        return (2 * self.delta_s2 + self.delta_bar**2) / self.delta_s2

    @property
    def rate(self) -> float:
        """theta of the inverse gamma: (m s2 + m^3) / s2."""
        return (self.delta_bar * self.delta_s2 + self.delta_bar**3) / self.delta_s2


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What a loop over several batches reads of their priors, one value per cell: ``tau2``, ``gamma_bar``, ``shape``, ``rate`` (k,)."""

    tau2: Floats
    gamma_bar: Floats
    shape: Floats
    rate: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """Estimates of one batch over k features: ``gamma``, ``delta`` (k,) and the posterior standard deviation of gamma."""

    gamma: Floats
    delta: Floats
    gamma_sd: Floats


def shrink_mean(gamma_hat: Floats, prior: Prior | Stack, n: Floats, delta: Floats) -> Floats:
    """Return the posterior mean of gamma given delta."""
    return (prior.tau2 * n * gamma_hat + delta * prior.gamma_bar) / (prior.tau2 * n + delta)


def _mean_sd(prior: Prior, n: Floats, delta: Floats) -> Floats:
    return np.sqrt(delta * prior.tau2 / (prior.tau2 * n + delta))


def _shrink_variance(squares: Floats, gamma_hat: Floats, gamma: Floats, prior: Prior, n: Floats) -> Floats:
    return (0.5 * (squares + n * (gamma_hat - gamma) ** 2) + prior.rate) / (n / 2.0 + prior.shape - 1.0)


def parametric(gamma_hat: Floats, delta_hat: Floats, n: Floats, prior: Prior, stop: Stop) -> Posterior:
    """Return the parametric EB estimates of one batch.

    Raises DesignError HARM-016 if a feature does not reach the fixed point.
    """
    squares = (n - 1.0) * delta_hat
    if prior.delta_s2 == 0.0:
        delta = np.full_like(delta_hat, prior.delta_bar)
        gamma = shrink_mean(gamma_hat, prior, n, delta)
    elif stop == "golden":
        gamma, delta = _golden(gamma_hat, delta_hat, squares, n, prior)
    else:
        gamma, delta = _converged(gamma_hat, delta_hat, squares, n, prior)
    return Posterior(gamma=gamma, delta=delta, gamma_sd=_mean_sd(prior, n, delta))


def parametric_all(gamma_hat: Floats, delta_hat: Floats, n: Floats, own: Sequence[Prior]) -> list[Posterior]:
    """Return the converged parametric estimates of several batches (B, k), each with its prior: the bits of ``parametric``, in one loop.

    Raises DesignError HARM-016 if a feature does not reach the fixed point.
    """
    if any(prior.delta_s2 == 0.0 for prior in own):
        return [parametric(gamma_hat[b], delta_hat[b], n[b], prior, "converged") for b, prior in enumerate(own)]
    columns = {name: np.array([[getattr(prior, name)] for prior in own]) for name in ("tau2", "gamma_bar", "shape", "rate")}
    every = {name: np.broadcast_to(column, n.shape).ravel() for name, column in columns.items()}
    gamma, delta = _converged(gamma_hat.ravel(), delta_hat.ravel(), ((n - 1.0) * delta_hat).ravel(), n.ravel(), Stack(**every))
    gamma, delta = gamma.reshape(n.shape), delta.reshape(n.shape)
    return [Posterior(gamma=gamma[b], delta=delta[b], gamma_sd=_mean_sd(prior, n[b], delta[b])) for b, prior in enumerate(own)]


def _golden(gamma_hat: Floats, delta_hat: Floats, squares: Floats, n: Floats, prior: Prior) -> tuple[Floats, Floats]:
    gamma, delta = gamma_hat.copy(), delta_hat.copy()
    for _ in range(MOST_ITERATIONS):
        new_gamma = shrink_mean(gamma_hat, prior, n, delta)
        new_delta = _shrink_variance(squares, gamma_hat, new_gamma, prior, n)
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.nanmax(np.concatenate([np.abs(new_gamma - gamma) / gamma, np.abs(new_delta - delta) / delta]))
        gamma, delta = new_gamma, new_delta
        if not change > GOLDEN_CHANGE:
            return gamma, delta
    raise DesignError("HARM-016", "the published stopping rule does not end", fix='stop="converged"')


def _converged(gamma_hat: Floats, delta_hat: Floats, squares: Floats, n: Floats, prior: Prior | Stack) -> tuple[Floats, Floats]:
    """Return the fixed point of every feature; a feature that reached it is moved no more, whatever the others still need.

    Given delta, gamma_hat - gamma = (gamma_hat - gamma_bar) delta / (tau2 n + delta): the published pair of updates is one
    update of delta, least + reach (delta / (tau2 n + delta))^2, and gamma follows.
    """
    weight, free = prior.tau2 * n, n / 2.0 + prior.shape - 1.0
    least, reach = (0.5 * squares + prior.rate) / free, 0.5 * n * (gamma_hat - prior.gamma_bar) ** 2 / free
    delta, moving = delta_hat, np.ones(len(delta_hat), dtype=bool)
    for _ in range(MOST_ITERATIONS):
        share = delta / (weight + delta)
        new = least + reach * share * share
        step = np.abs(new - delta)
        delta = np.where(moving, new, delta)
        moving &= step > CONVERGED_CHANGE * new
        if not moving.any():
            return shrink_mean(gamma_hat, prior, n, delta), delta
    raise DesignError("HARM-016", f"empirical Bayes does not converge for {int(moving.sum())} feature(s)", fix="mean_only=True or eb=False")


def mean_only(gamma_hat: Floats, prior: Prior) -> Posterior:
    """Return the published mean-only estimates, whose shrinkage does not depend on n (sva: ``postmean(g.hat, g.bar, 1, 1, t2)``)."""
    one = np.ones_like(gamma_hat)
    return Posterior(gamma=shrink_mean(gamma_hat, prior, one, one), delta=one, gamma_sd=_mean_sd(prior, one, one))


def nonparametric(gamma_hat: Floats, delta_hat: Floats, n: Floats, donors: Bools, *, scale: bool = True) -> Posterior:
    """Return estimates averaged over the other features' estimates, weighted by each feature's likelihood under them.

    ``donors`` (k,) marks the features whose estimates serve as atoms of the prior; none is its own donor. With
    ``scale=False`` (mean-only) delta is one. The likelihood of feature j under atom i needs only n, mean and variance.
    """
    k = len(gamma_hat)
    atoms = np.flatnonzero(donors)
    g, d = gamma_hat[atoms], (delta_hat[atoms] if scale else np.ones(len(atoms)))
    gamma, delta, sd = np.empty(k), np.empty(k), np.empty(k)
    squares = (n - 1.0) * delta_hat
    for j in range(k):
        fit = (squares[j] + n[j] * (gamma_hat[j] - g) ** 2) / d
        log_weight = -0.5 * (n[j] * np.log(2.0 * np.pi * d) + fit)
        log_weight[atoms == j] = -np.inf
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        gamma[j] = np.add.reduce(weight * g)
        delta[j] = np.add.reduce(weight * d)
        sd[j] = np.sqrt(max(np.add.reduce(weight * (g - gamma[j]) ** 2), 0.0))
    return Posterior(gamma=gamma, delta=delta, gamma_sd=sd)
