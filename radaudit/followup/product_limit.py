"""The product-limit estimator (Kaplan and Meier, JASA 1958), of events and of censoring, for any number of resamples at once.

At a time shared by events and censorings the events come first: who is censored then was still at risk of the event, and who has the
event was no longer at risk of censoring. So the censoring distribution G has Y - d at risk, as in R's survival and prodlim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats
    from radaudit.followup.rows import Followed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """A step function (B, K) that falls at ``times`` (K,), continuous from the right, 1 before the first."""

    times: Floats
    values: Floats

    def at(self, when: ArrayLike) -> Floats:
        """Return the value at each time (B, k)."""
        return self._picked(np.searchsorted(self.times, np.atleast_1d(when), side="right"))

    def before(self, when: ArrayLike) -> Floats:
        """Return the value just before each time (B, k)."""
        return self._picked(np.searchsorted(self.times, np.atleast_1d(when), side="left"))

    def _picked(self, upto: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Floats:
        led = np.concatenate([np.ones((self.values.shape[0], 1)), self.values], axis=1)
        found: Floats = led[:, upto]
        return found


def product_limit(rows: Followed, counts: Floats | None = None, *, censoring: bool = False) -> Steps:
    """Return the share without the event (``censoring``: without being censored) at each time, per resample."""
    risk, gone = rows.at_risk(counts), rows.ended(counts)
    if censoring:
        risk, gone = risk - gone, rows.ended(counts, censored=True)
    kept = np.ones_like(risk)
    np.divide(gone, risk, out=kept, where=risk > 0)
    kept = np.where(risk > 0, 1.0 - kept, 1.0)
    return Steps(times=rows.times, values=np.asarray(np.cumprod(kept, axis=-1), dtype=np.float64))


def inverse_weights(rows: Followed, horizon: float, counts: Floats | None = None) -> tuple[Floats, Floats]:
    """Return the weights (B, n) of rows with the event by the horizon, 1/G(T-), and of rows followed beyond it, 1/G(horizon); else 0.

    Rows censored by the horizon have no weight: others like them stand in (Gerds and Schumacher, Biom J 2006).
    """
    free = product_limit(rows, counts, censoring=True)
    case, control = rows.event & (rows.time <= horizon), rows.time > horizon
    own, late = free.before(rows.time), free.at(horizon)
    cases, controls = np.zeros_like(own), np.zeros_like(own)
    np.divide(1.0, own, out=cases, where=case[None, :] & (own > 0))
    np.divide(1.0, np.broadcast_to(late, own.shape), out=controls, where=control[None, :] & (late > 0))
    return cases, controls
