"""Elastic-net regression (logistic, linear, Cox), solved exactly: no random order, no tolerance that moves the selection.

Minimises mean loss + penalty (mixing |w|_1 + (1 - mixing)/2 |w|_2^2), intercept free (Friedman, Hastie and Tibshirani, J Stat
Softw 2010, eq. 9). On the active set, with signs fixed, this is smooth and Newton's method ends at rounding level; features
enter and leave by the optimality conditions: |gradient_j| <= penalty mixing for every feature outside. The final fit is also
made with scikit-learn's LogisticRegression and the difference is reported (``crosscheck``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError
from radaudit.models.losses import Loss

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Floats

STATIONARY = 1e-10  # largest gradient of the active set at a solution
OUTSIDE = 1e-8  # relative slack of the conditions on features outside
STEPS = 1000  # Newton steps of one problem; a handful is usual
HALVINGS = 40
SMALL_STEP = 0.01  # squared Newton decrement below which a full step descends


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinearFit:
    """Coefficients (k,) and intercept at one penalty and mixing.

    ``converged``: the optimality conditions hold; ``residual``: by how much they fail.
    """

    coefficients: Floats
    intercept: float
    penalty: float
    mixing: float
    converged: bool
    residual: float
    steps: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "coefficients", frozen(self.coefficients))

    @property
    def chosen(self) -> int:
        """How many coefficients are not zero."""
        return int(np.count_nonzero(self.coefficients))


def largest_penalty(x: Floats, loss: Loss, mixing: float) -> float:
    """Return the smallest penalty at which every coefficient is zero: max_j |x_j' slope of the null model| / (n mixing)."""
    if x.shape[1] == 0:
        return 0.0
    return float(np.abs(np.einsum("ij,i->j", x, loss.null_slope())).max() / (loss.size * mixing))


def elastic_net_path(
    x: Floats, loss: Loss, penalties: Iterable[float], mixing: float, *, stationary: float = STATIONARY
) -> tuple[LinearFit, ...]:
    """Return one fit per penalty, in the given order (falling is fastest), each started from the one before; ``x`` (n, k) standardised.

    ``stationary`` is the largest gradient allowed on the active set; tuning can do with less than the final fit.
    Raises DesignError STUDY-072 for a mixing outside (0, 1] or a penalty that is not positive, and what the loss raises (OUT-070, -100,
    -101).
    """
    intercept = loss.start
    if not 0.0 < mixing <= 1.0:
        raise DesignError("STUDY-072", "the mixing of an elastic net lies above 0 and at most at 1", found=str(mixing))
    problem = _Problem(x, loss, mixing, stationary)
    weights = np.zeros(x.shape[1])
    fits = []
    for penalty in penalties:
        if not penalty > 0:
            raise DesignError("STUDY-072", "a penalty must be positive", found=str(penalty))
        weights, intercept, steps, done = problem.solve(float(penalty), weights, intercept)
        fits.append(
            LinearFit(
                coefficients=weights,
                intercept=intercept,
                penalty=float(penalty),
                mixing=mixing,
                converged=done,
                residual=problem.residual(float(penalty), weights, intercept),
                steps=steps,
            )
        )
    return tuple(fits)


def ridge(x: Floats, loss: Loss, penalty: float) -> LinearFit:
    """Return the fit with penalty/2 |w|_2^2 on standardised ``x`` (n, k), every coefficient in. Raises as ``elastic_net_path``."""
    start = loss.start
    problem = _Problem(x, loss, 0.0, STATIONARY)
    everyone = np.ones(x.shape[1], dtype=bool)
    weights = np.zeros(x.shape[1])
    intercept, steps, done = problem.settle(penalty, weights, start, everyone, np.zeros(x.shape[1]), 0)
    slope = problem.gradient(weights, intercept)
    slope[1:] += penalty * weights
    residual = float(np.abs(slope).max())
    return LinearFit(coefficients=weights, intercept=intercept, penalty=penalty, mixing=0.0, converged=done, residual=residual, steps=steps)


class _Problem:
    """One table of rows and one mixing; einsum throughout, so that the bits do not depend on the number of BLAS threads."""

    def __init__(self, x: Floats, loss: Loss, mixing: float, stationary: float) -> None:
        self.design = np.concatenate([np.full((len(x), 1), float(loss.intercept)), x], axis=1)
        self.loss = loss
        self.mixing = mixing
        self.stationary = stationary

    def gradient(self, weights: Floats, intercept: float) -> Floats:
        """Return the gradient of the mean loss (1 + k,), intercept first."""
        score = np.einsum("ij,j->i", self.design, np.concatenate([[intercept], weights]))
        found: Floats = np.einsum("ij,i->j", self.design, self.loss.slope(score)) / self.loss.size
        return found

    def residual(self, penalty: float, weights: Floats, intercept: float) -> float:
        """Return by how much the optimality conditions fail."""
        slope = self.gradient(weights, intercept)
        inside = weights != 0
        smooth = slope[1:] + penalty * (1.0 - self.mixing) * weights
        kept = np.abs(smooth + penalty * self.mixing * np.sign(weights))[inside]
        left = np.maximum(np.abs(smooth) - penalty * self.mixing, 0.0)[~inside]
        return float(np.concatenate([np.abs(slope[:1]), kept, left]).max())

    def solve(self, penalty: float, start: Floats, intercept: float) -> tuple[Floats, float, int, bool]:
        """Return weights, intercept, Newton steps and whether the conditions hold."""
        weights, signs = start.copy(), np.sign(start)
        active, steps, done = signs != 0, 0, False
        while not done and steps < STEPS:
            intercept, steps, settled = self.settle(penalty, weights, intercept, active, signs, steps)
            if settled:
                done = not self._admit(penalty, weights, intercept, active, signs)
        return weights, intercept, steps, done

    def _admit(self, penalty: float, weights: Floats, intercept: float, active: Bools, signs: Floats) -> bool:
        """Let the feature outside that violates its condition most become active; return whether there was one."""
        slope = self.gradient(weights, intercept)[1:]
        excess = np.where(active, -np.inf, np.abs(slope) - penalty * self.mixing * (1.0 + OUTSIDE))
        if not excess.size or excess.max() <= 0:
            return False
        j = int(np.argmax(excess))
        active[j], signs[j] = True, -np.sign(slope[j])
        return True

    def settle(
        self, penalty: float, weights: Floats, intercept: float, active: Bools, signs: Floats, steps: int
    ) -> tuple[float, int, bool]:
        """Minimise over the active set; stop early (False) when a weight reaches zero and leaves it."""
        at = np.flatnonzero(active)
        design = self.design[:, np.concatenate([[0], at + 1])]
        ridge = np.concatenate([[0.0], np.full(at.size, penalty * (1.0 - self.mixing))])
        pull = np.concatenate([[0.0], penalty * self.mixing * signs[at]])
        theta = np.concatenate([[intercept], weights[at]])
        while steps < STEPS:
            steps += 1
            score = np.einsum("ij,j->i", design, theta)
            slope = np.einsum("ij,i->j", design, self.loss.slope(score)) / self.loss.size + ridge * theta + pull
            if np.abs(slope).max() <= self.stationary:
                weights[at] = theta[1:]
                return float(theta[0]), steps, True
            move = self._newton(design, score, ridge, slope)
            crossing = (theta[1:] - move[1:]) * signs[at] < 0
            if crossing.any():
                theta, gone = _to_the_border(theta, move, crossing)
                weights[at] = theta[1:]
                weights[at[gone]], signs[at[gone]], active[at[gone]] = 0.0, 0.0, False
                return float(theta[0]), steps, False
            theta = self._descend(design, ridge, pull, theta, move, slope)
        weights[at] = theta[1:]
        return float(theta[0]), steps, False

    def _newton(self, design: Floats, score: Floats, ridge: Floats, slope: Floats) -> Floats:
        curved: Floats = np.asarray(self.loss.curvature(design, score) / self.loss.size)
        # a whisper of ridge keeps the step defined where columns repeat; the stopping rule does not see it
        curved.flat[:: len(ridge) + 1] += ridge + 1e-13 * max(1.0, float(curved.trace()))
        return np.asarray(np.linalg.solve(curved, slope), dtype=np.float64)

    def _descend(self, design: Floats, ridge: Floats, pull: Floats, theta: Floats, move: Floats, slope: Floats) -> Floats:
        """Return theta after the longest of the steps 1, 1/2, 1/4, ... that lowers the objective enough (Armijo)."""
        gain, length = float((slope * move).sum()), 1.0
        if gain < SMALL_STEP:
            return theta - move

        def objective(at: Floats) -> float:
            score = np.einsum("ij,j->i", design, at)
            return self.loss.mean(score) + float((0.5 * ridge * at * at + pull * at).sum())

        here = objective(theta)
        for _ in range(HALVINGS):
            if objective(theta - length * move) <= here - 1e-4 * length * gain:
                break
            length *= 0.5
        return theta - length * move


def _to_the_border(theta: Floats, move: Floats, crossing: Bools) -> tuple[Floats, int]:
    """Return theta moved until the first weight reaches zero, and which one that is."""
    ratio = np.full(crossing.size, np.inf)
    np.divide(theta[1:], move[1:], out=ratio, where=crossing)
    gone = int(np.argmin(ratio))
    moved = theta - max(0.0, float(ratio[gone])) * move
    moved[1 + gone] = 0.0
    return moved, gone


def crosscheck(x: Floats, outcome: ArrayLike, fit: LinearFit, *, tolerance: float = 1e-9) -> float:
    """Return the largest difference between ``fit`` and scikit-learn's LogisticRegression (solver saga), intercept included.

    scikit-learn minimises C times the summed log-loss plus the penalty, so C = 1 / (n penalty).
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    y = np.asarray(outcome, dtype=np.float64)
    peer = LogisticRegression(
        solver="saga", l1_ratio=fit.mixing, C=1.0 / (len(y) * fit.penalty), tol=tolerance, max_iter=20_000, random_state=0
    )
    with warnings.catch_warnings():
        # not converged shows in the returned difference
        warnings.simplefilter("ignore", ConvergenceWarning)
        peer.fit(x, y)
    return float(max(np.abs(peer.coef_[0] - fit.coefficients).max(), abs(float(peer.intercept_[0]) - fit.intercept)))


def crosscheck_linear(x: Floats, outcome: ArrayLike, fit: LinearFit) -> float:
    """Return the largest difference between ``fit`` and scikit-learn's ElasticNet, intercept included."""
    from sklearn.linear_model import ElasticNet

    peer = ElasticNet(alpha=fit.penalty, l1_ratio=fit.mixing, tol=1e-12, max_iter=100_000)
    peer.fit(x, np.asarray(outcome, dtype=np.float64))
    return float(max(np.abs(peer.coef_ - fit.coefficients).max(initial=0.0), abs(float(peer.intercept_) - fit.intercept)))
