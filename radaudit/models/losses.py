"""What a penalised model minimises: the loss of an outcome as a function of the rows' scores, with its slope and curvature.

Sums run through einsum, so that the bits do not depend on the number of BLAS threads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.followup import followed
from radaudit.followup.partial_likelihood import PartialLikelihood, Ties, partial_likelihood

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats


class Loss(Protocol):
    """A loss summed over rows; ``size`` is what its mean is taken over, ``start`` the intercept of a model without features, ``null_slope``
    its slope.

    Without an ``intercept`` the design has a column of zeros in its place.
    """

    @property
    def size(self) -> int: ...
    @property
    def intercept(self) -> bool: ...
    @property
    def start(self) -> float: ...
    def null_slope(self) -> Floats: ...
    def mean(self, score: Floats) -> float: ...
    def slope(self, score: Floats) -> Floats: ...
    def curvature(self, design: Floats, score: Floats) -> Floats: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogLoss:
    """Minus the log-likelihood of a binary outcome ``y`` (n,)."""

    y: Floats
    intercept: bool = True

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self.y)

    @property
    def start(self) -> float:
        """The log-odds of the event. Raises DesignError OUT-070 if a class is absent."""
        share = float(self.y.mean()) if len(self.y) else 0.0
        if not 0.0 < share < 1.0:
            found = f"{int(self.y.sum())} events in {len(self.y)} rows"
            raise DesignError("OUT-070", "a model needs rows with and without the event", found=found)
        return float(np.log(share / (1.0 - share)))

    def null_slope(self) -> Floats:
        """Return the derivative (n,) of a model without features."""
        return np.asarray(self.y.mean() - self.y)

    def mean(self, score: Floats) -> float:
        """Return the mean loss."""
        return float(np.logaddexp(0.0, score).mean() - (score * self.y).mean())

    def slope(self, score: Floats) -> Floats:
        """Return the derivative (n,) by each row's score."""
        return _risks(score) - self.y

    def curvature(self, design: Floats, score: Floats) -> Floats:
        """Return the second derivative (k, k) along the columns of ``design``."""
        risks = _risks(score)
        return np.asarray(np.einsum("ij,ik->jk", design * (risks * (1.0 - risks))[:, None], design))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SquaredLoss:
    """Half the squared error of a continuous outcome ``y`` (n,)."""

    y: Floats
    intercept: bool = True

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self.y)

    @property
    def start(self) -> float:
        """The mean. Raises DesignError OUT-100 if the outcome does not vary."""
        if len(self.y) < 2 or not np.ptp(self.y) > 0:
            raise DesignError("OUT-100", "a continuous outcome that does not vary cannot be predicted", found=f"{len(self.y)} rows")
        return float(self.y.mean())

    def null_slope(self) -> Floats:
        """Return the derivative (n,) of a model without features."""
        return np.asarray(self.y.mean() - self.y)

    def mean(self, score: Floats) -> float:
        """Return the mean loss."""
        return float(((score - self.y) ** 2).mean() / 2)

    def slope(self, score: Floats) -> Floats:
        """Return the derivative (n,) by each row's score."""
        return score - self.y

    def curvature(self, design: Floats, score: Floats) -> Floats:
        """Return the second derivative (k, k) along the columns of ``design``."""
        return np.asarray(np.einsum("ij,ik->jk", design, design))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxLoss:
    """Minus Cox's log partial likelihood, per row (Simon et al., J Stat Softw 2011)."""

    likelihood: PartialLikelihood = field(repr=False)
    intercept: bool = False
    start: float = 0.0

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self.likelihood.rows)

    def null_slope(self) -> Floats:
        """Return the derivative (n,) of a model without features."""
        return self.slope(np.zeros(self.size))

    def mean(self, score: Floats) -> float:
        """Return the loss over rows."""
        return -self.likelihood.value(score) / self.size

    def slope(self, score: Floats) -> Floats:
        """Return the derivative (n,) by each row's score."""
        return -self.likelihood.slope(score)

    def curvature(self, design: Floats, score: Floats) -> Floats:
        """Return the second derivative (k, k) along the columns of ``design``."""
        return self.likelihood.curvature(design, score)


def cox_loss(time: ArrayLike, event: ArrayLike, ties: Ties = "efron") -> CoxLoss:
    """Return the loss of times (n,) and events (n,). Raises DesignError PERF-120, PERF-121, OUT-101 without any event."""
    rows = followed(time, event)
    if not rows.event.any():
        raise DesignError("OUT-101", "a survival model needs rows with the event", found=f"0 events in {len(rows)} rows")
    return CoxLoss(likelihood=partial_likelihood(rows, ties))


def _risks(score: Floats) -> Floats:
    with np.errstate(over="ignore"):
        found: Floats = 1.0 / (1.0 + np.exp(-score))
    return found
