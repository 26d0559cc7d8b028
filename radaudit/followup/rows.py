"""Rows with a time and whether it ended in the event, grouped by their distinct times once, summed for any resample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """Rows (n,): ``time`` of follow-up, ``event`` True if it ended in the event, ``patient`` the number of the row's patient.

    ``times`` (K,) are the distinct times, ``place`` (n,) the position of each row's own; ``order`` and ``starts`` sum rows by time.
    A resample is a row of counts (B, n); None stands for the rows as they are (B = 1).
    """

    time: Floats
    event: Bools
    patient: Ints
    clustered: bool
    times: Floats = field(repr=False)
    place: Ints = field(repr=False)
    order: Ints = field(repr=False)
    starts: Ints = field(repr=False)

    def __len__(self) -> int:
        return int(self.time.size)

    @property
    def patients(self) -> int:
        """The number of distinct patients."""
        return int(self.patient.max()) + 1 if len(self) else 0

    @property
    def events(self) -> int:
        """The number of patients with an event row."""
        return int(np.unique(self.patient[self.event]).size)

    def by_time(self, values: Floats) -> Floats:
        """Return the sums (..., K) of ``values`` (..., n) over rows of the same time."""
        found: Floats = np.add.reduceat(values[..., self.order], self.starts, axis=-1)
        return found

    def at_risk(self, counts: Floats | None = None) -> Floats:
        """Return how many rows (B, K) are followed up to each time or longer."""
        here = self.by_time(np.ones((1, len(self))) if counts is None else counts)
        found: Floats = np.cumsum(here[..., ::-1], axis=-1)[..., ::-1]
        return found

    def ended(self, counts: Floats | None = None, *, censored: bool = False) -> Floats:
        """Return how many events (B, K) happen at each time; ``censored``: how many rows are censored there."""
        own = np.asarray(~self.event if censored else self.event, dtype=np.float64)[None, :]
        return self.by_time(own if counts is None else np.asarray(own * counts))

    def take(self, at: Ints) -> Followed:
        """Return some rows; patients are numbered anew."""
        return followed(self.time[at], self.event[at], self.patient[at])


def followed(time: ArrayLike, event: ArrayLike, patients: ArrayLike | None = None) -> Followed:
    """Return the rows with times (n,) and events (n,), 1 or 0.

    Raises DesignError PERF-001 for arrays that do not fit together, PERF-120 for a time that is missing, infinite or negative, PERF-121 for
    an event that is neither 0 nor 1.
    """
    times, events = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=np.float64)
    owner = np.arange(times.size) if patients is None else np.unique(np.asarray(patients).astype(str), return_inverse=True)[1].reshape(-1)
    if times.ndim != 1 or events.shape != times.shape or owner.shape != times.shape:
        raise DesignError("PERF-001", "times, events and patients are one value per row each", found=f"{times.shape} and {events.shape}")
    bad = ~np.isfinite(times) | (times < 0)
    if bad.any():
        raise DesignError("PERF-120", f"{int(bad.sum())} of {times.size} times are missing, infinite or negative", at="time")
    if not np.isin(events, (0.0, 1.0)).all():
        raise DesignError("PERF-121", "an event is neither 0 nor 1", at="event")
    distinct, place = np.unique(times, return_inverse=True)
    place = place.reshape(-1).astype(np.int64)
    order = np.argsort(place, kind="stable").astype(np.int64)
    starts = np.searchsorted(place[order], np.arange(distinct.size)).astype(np.int64)
    people = int(owner.max()) + 1 if owner.size else 0
    return Followed(
        time=times,
        event=events == 1.0,
        patient=owner.astype(np.int64),
        clustered=people < times.size,
        times=distinct,
        place=place,
        order=order,
        starts=starts,
    )
