"""Cox's partial likelihood as a function of the rows' scores: value, slope, curvature and the baseline hazard, Efron's or Breslow's ties.

An event e at time u has the denominator S0(u) - f_e D(u): S0 sums exp(score) over rows at risk, D over the d events of that time. Breslow
(1974) takes f_e = 0, Efron (JASA 1977) f_e = 0, 1/d, ..., (d-1)/d; without ties they are the same. Everything else follows from that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from radaudit.arrays import Floats, Ints
    from radaudit.followup.rows import Followed

Ties = Literal["efron", "breslow"]
LEAST = -600.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartialLikelihood:
    """The partial likelihood of some rows; ``which`` (E,) are the times of the events, ``part`` (E,) their shares f of the tied.

    Scores given to it must not be changed in place: the sums of the last ones are kept.
    """

    rows: Followed
    ties: Ties
    which: Ints
    part: Floats
    shared: bool  # some f is not 0
    kept: list[tuple[Floats, Floats, float, Floats, Floats]] = field(default_factory=list, repr=False)

    @property
    def events(self) -> int:
        """The number of events."""
        return int(self.which.size)

    def value(self, score: Floats) -> float:
        """Return the log partial likelihood."""
        _, top, denominators, _ = self._sums(score)
        return float(score[self.rows.event].sum() - (np.log(denominators) + top).sum())

    def values(self, scores: Floats) -> Floats:
        """Return the log partial likelihood of each set of scores (G, n)."""
        return np.array([self.value(score) for score in scores])

    def slope(self, score: Floats) -> Floats:
        """Return the derivative (n,) of the log partial likelihood with respect to each row's score."""
        grown, _, _, own = self._sums(score)
        found: Floats = self.rows.event - own * grown
        return found

    def curvature(self, x: Floats, score: Floats) -> Floats:
        """Return minus the second derivative (k, k) along the columns of ``x`` (n, k): the information."""
        grown, _, denominators, own = self._sums(score)
        first = self._means(x, grown, denominators)
        return np.asarray(np.einsum("ij,ik->jk", x * (own * grown)[:, None], x) - np.einsum("ej,ek->jk", first, first))

    def residuals(self, x: Floats, score: Floats) -> Floats:
        """Return each row's score residuals (n, k), which add up to the slope along ``x`` (Breslow's form; ties share)."""
        grown, _, denominators, steps = self._sums(score)
        first = self._means(x, grown, denominators)
        moved = self._spread(first / denominators[:, None])
        centre = self._own_mean(first)
        return np.asarray(self.rows.event[:, None] * (x - centre) - grown[:, None] * (x * steps[:, None] - moved))

    def hazard(self, score: Floats) -> Floats:
        """Return the cumulative baseline hazard (K,) at the distinct times, for a score of 0."""
        _, top, denominators, _ = self._sums(score)
        jumps = np.bincount(self.which, weights=1.0 / denominators, minlength=self.rows.times.size)
        return np.asarray(np.cumsum(jumps) * np.exp(-top))

    def hazard_at(self, score: Floats, times: Floats) -> Floats:
        """Return the cumulative baseline hazard (k,) at any times."""
        led = np.concatenate([[0.0], self.hazard(score)])
        found: Floats = led[np.searchsorted(self.rows.times, times, side="right")]
        return found

    @staticmethod
    def _grown(score: Floats) -> tuple[Floats, float]:
        """Return exp(score - top) and top, so that exp does not overflow, nor the inverse of a sum of what is left of it."""
        top = float(score.max()) if score.size else 0.0
        return np.exp(np.maximum(score - top, LEAST)), top

    def _denominators(self, grown: Floats) -> Floats:
        rows = self.rows
        found: Floats = np.cumsum(rows.by_time(grown)[::-1])[::-1][self.which]
        if self.shared:
            found = found - self.part * rows.by_time(grown * rows.event)[self.which]
        return found

    def _sums(self, score: Floats) -> tuple[Floats, float, Floats, Floats]:
        """Return exp(score - top) (n,), top, the denominators (E,) and per row the sum of their inverses over events it was at risk at.

        They are kept for the last scores, as slope and curvature are asked in turn.
        """
        if self.kept and self.kept[0][0] is score:
            return self.kept[0][1:]
        grown, top = self._grown(score)
        denominators = self._denominators(grown)
        made = (score, grown, top, denominators, self._spread(1.0 / denominators))
        self.kept[:] = [made]
        return made[1:]

    def _spread(self, terms: Floats) -> Floats:
        """Return per row (n, ...) the sum of the events' terms (E, ...) up to its time, less f times those of its own time if it is one."""
        k = self.rows.times.size
        shape = (k, *terms.shape[1:])
        jumps = np.zeros(shape)
        np.add.at(jumps, self.which, terms)
        found: Floats = np.cumsum(jumps, axis=0)[self.rows.place]
        if self.shared:
            tied, wide = np.zeros(shape), [1] * (terms.ndim - 1)
            np.add.at(tied, self.which, terms * self.part.reshape(-1, *wide))
            found = found - self.rows.event.reshape(-1, *wide) * tied[self.rows.place]
        return found

    def _means(self, x: Floats, grown: Floats, denominators: Floats) -> Floats:
        """Return the weighted mean of ``x`` (E, k) among those at risk at each event."""
        rows = self.rows
        weighted = x * grown[:, None]
        total = np.cumsum(rows.by_time(weighted.T)[:, ::-1], axis=1)[:, ::-1][:, self.which]
        if self.shared:
            total = total - self.part * rows.by_time((weighted * rows.event[:, None]).T)[:, self.which]
        found: Floats = (total / denominators).T
        return found

    def _own_mean(self, first: Floats) -> Floats:
        """Return per row (n, k) the mean at its own time, averaged over the events tied there."""
        k = self.rows.times.size
        total, count = np.zeros((k, first.shape[1])), np.bincount(self.which, minlength=k)
        np.add.at(total, self.which, first)
        found: Floats = (total / np.maximum(count, 1)[:, None])[self.rows.place]
        return found


def partial_likelihood(rows: Followed, ties: Ties = "efron") -> PartialLikelihood:
    """Return the partial likelihood of these rows."""
    deaths = rows.ended()[0].astype(np.int64)
    which = np.repeat(np.arange(deaths.size), deaths)
    place = np.arange(which.size) - np.repeat(np.cumsum(deaths) - deaths, deaths)
    part = place / np.maximum(deaths[which], 1) if ties == "efron" else np.zeros(which.size)
    return PartialLikelihood(
        rows=rows, ties=ties, which=which.astype(np.int64), part=part.astype(np.float64), shared=bool((part > 0).any())
    )
