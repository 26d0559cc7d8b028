"""Cox regression by Newton's method on the partial likelihood, with model-based and robust covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.followup.partial_likelihood import Ties, partial_likelihood

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.followup.rows import Followed

STEPS = 60
HALVINGS = 40
STATIONARY = 1e-10  # largest slope per event, columns standardised
FAR = 20.0  # most that a step may move the scores apart
RUNAWAY = 200.0  # scores so far apart have left every maximum behind
FLAT = 1e-10  # smallest eigenvalue of the standardised information, per event, that still says something


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxFit:
    """Coefficients (k,) with ``covariance`` (k, k) from the information and ``robust`` (k, k) from score residuals summed by patient.

    ``likelihood`` is the log partial likelihood without and with the covariates. ``converged`` is False where it has no maximum.
    """

    coefficients: Floats
    covariance: Floats
    robust: Floats
    likelihood: tuple[float, float]
    score_test: float
    converged: bool
    steps: int

    def __post_init__(self) -> None:
        for name in ("coefficients", "covariance", "robust"):
            object.__setattr__(self, name, frozen(getattr(self, name)))


def fit_cox(rows: Followed, x: Floats, *, ties: Ties = "efron") -> CoxFit:
    """Return the Cox regression of follow-up on the columns of ``x`` (n, k); a column that does not vary has coefficient 0.

    Where a coefficient runs away (a column separates early from late events) or columns repeat, ``converged`` is False.
    """
    shift, scale = x.mean(axis=0), x.std(axis=0)
    moves = scale > 0
    z = (x - shift) / np.where(moves, scale, 1.0)
    likelihood = partial_likelihood(rows, ties)
    beta = np.zeros(x.shape[1])
    start = here = likelihood.value(z @ beta)
    slope = likelihood.slope(z @ beta) @ z
    information = likelihood.curvature(z, z @ beta)
    test = float(slope @ _solve(information, slope))
    steps, done = 0, likelihood.events == 0
    while not done and steps < STEPS:
        steps += 1
        move = _solve(information, slope)
        length = min(1.0, FAR / max(float(np.ptp(z @ move)), 1e-300))
        for _ in range(HALVINGS):
            there = likelihood.value(z @ (beta + length * move))
            if there >= here - 1e-12 * abs(here):
                break
            length *= 0.5
        beta, here = beta + length * move, there
        slope, information = likelihood.slope(z @ beta) @ z, likelihood.curvature(z, z @ beta)
        if np.ptp(z @ beta) > RUNAWAY:
            break
        done = bool(np.abs(slope).max(initial=0.0) <= STATIONARY * max(1, likelihood.events))
    inverse = np.linalg.pinv(information, hermitian=True)
    residuals = likelihood.residuals(z, z @ beta)
    by_patient = np.zeros((rows.patients, x.shape[1]))
    np.add.at(by_patient, rows.patient, residuals)
    robust = inverse @ (by_patient.T @ by_patient) @ inverse
    smallest = float(np.linalg.eigvalsh(information[np.ix_(moves, moves)]).min()) if moves.any() else 1.0
    unit = np.where(moves, scale, 1.0)
    return CoxFit(
        coefficients=np.where(moves, beta / unit, 0.0),
        covariance=inverse / np.outer(unit, unit),
        robust=robust / np.outer(unit, unit),
        likelihood=(start, here),
        score_test=test,
        converged=done and likelihood.events > 0 and smallest > FLAT * likelihood.events,
        steps=steps,
    )


def _solve(information: Floats, slope: Floats) -> Floats:
    found: Floats = np.linalg.pinv(information, hermitian=True) @ slope
    return found
