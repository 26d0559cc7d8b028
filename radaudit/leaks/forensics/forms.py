"""The exact marks a scaling leaves on the rows it was fitted on: mean 0 and deviation 1, least 0 and greatest 1, median 0 and spread 1.

Each mark is tested within the rounding of the export, and each hit carries the chance that an unscaled column shows it, so that one
rule serves full precision and four digits, two thousand columns and ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats
    from radaudit.leaks.forensics.evidence import Evidence

FLOOR = 1e-9  # relative rounding of the arithmetic itself, with room for columns far from zero before they were scaled
SIGMAS = 6.0
FINE = 1e-11  # relative rounding below which ties do not matter
LEAST_ROWS = 5
CERTAIN = -6.0  # log10 of the chance below which a mark is no accident
LEAST_SHARE = 0.2  # of the columns that could carry the mark


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Marks:
    """One form on one set of rows: columns that carry it (p,), the log10 chance of each, and whether they are enough to call it."""

    form: str
    hit: Bools
    chance: Floats
    usable: Bools

    @property
    def certain(self) -> bool:
        """True if so many columns carry the mark that chance is no explanation."""
        hits = int(self.hit.sum())
        return hits > 0 and hits >= LEAST_SHARE * int(self.usable.sum()) and float(self.chance[self.hit].sum()) <= CERTAIN


def marks(given: Evidence, rows: Bools) -> tuple[Marks, ...]:
    """Return the marks of every form on these rows; none if the rows are fewer than LEAST_ROWS."""
    x = given.values[rows]
    if len(x) < LEAST_ROWS:
        return ()
    quanta = given.precision.quanta(x)
    ordered = np.sort(x, axis=0)
    known = (~np.isnan(x)).sum(axis=0)
    usable = (known >= LEAST_ROWS) & ~given.binary()
    with np.errstate(invalid="ignore", divide="ignore"):
        return (_z(x, quanta, ordered, known, usable), *_range(ordered, quanta, usable), *_robust(ordered, quanta, known, usable))


def mean_error(x: Floats, quanta: Floats, ordered: Floats) -> Floats:
    """Return the standard error of each column's mean that the rounding of its cells causes; equal cells are rounded alike."""
    square = np.where(np.isnan(x), 0.0, quanta) ** 2
    known = np.maximum((~np.isnan(x)).sum(axis=0), 1)
    ties = np.sqrt(1.0 + _mean_run(ordered, quanta))
    return np.asarray(np.sqrt(square.sum(axis=0) / 3) / known * ties)


def _mean_run(ordered: Floats, quanta: Floats) -> Floats:
    """Return how many further cells an average cell of a sorted column equals, (p,); 0 where the rounding is too fine to matter."""
    total = np.zeros(ordered.shape[1])
    if not len(ordered):
        return total
    size = np.where(np.isnan(ordered), 0.0, np.abs(ordered)).max(axis=0)
    coarse = np.flatnonzero(np.where(np.isnan(quanta), 0.0, quanta).max(axis=0) > FINE * size)
    same = ordered[1:, coarse] == ordered[:-1, coarse]
    tied = same.any(axis=0)
    coarse, same = coarse[tied], same[:, tied]
    run = np.zeros(len(coarse))
    for row in same.astype(np.float64):
        run = (run + 1) * row
        total[coarse] += 2 * run
    return total / len(ordered)


def _z(x: Floats, quanta: Floats, ordered: Floats, known: Floats, usable: Bools) -> Marks:
    mean = np.nansum(x, axis=0) / np.maximum(known, 1)
    off = np.where(np.isnan(x), 0.0, x - mean)
    sums = (off**2).sum(axis=0)
    spread = np.sqrt(sums / np.maximum(known, 1))
    error = mean_error(x, quanta, ordered)
    most = np.maximum(np.abs(ordered[0]), np.nanmax(np.abs(x), axis=0, initial=0.0))
    room_mean = SIGMAS * error + FLOOR * np.maximum(spread, 1e-3 * most)
    weighted = np.sqrt((off**2 * np.where(np.isnan(x), 0.0, quanta) ** 2).sum(axis=0) / 3) / np.maximum(known * spread, 1e-300)
    bias = np.where(np.isnan(x), 0.0, quanta**2).sum(axis=0) / 6 / np.maximum(known * spread, 1e-300)
    room_sd = SIGMAS * weighted * (1 + np.sqrt(_mean_run(ordered, quanta))) + 2 * bias + FLOOR
    sample = np.sqrt(sums / np.maximum(known - 1, 1))
    unit = np.minimum(np.abs(spread - 1), np.abs(sample - 1)) <= room_sd
    hit = usable & (np.abs(mean) <= room_mean) & unit & (room_mean < 0.05) & (room_sd < 0.05)
    loose = np.sqrt(known) * 1.6
    chance = np.log10(np.clip(room_mean * loose, 1e-9, 1.0)) + np.log10(np.clip(room_sd * loose * 2, 1e-9, 1.0))
    return Marks(form="mean 0, deviation 1", hit=hit, chance=chance, usable=usable)


def _range(ordered: Floats, quanta: Floats, usable: Bools) -> tuple[Marks, ...]:
    low, high = ordered[0], np.nanmax(ordered, axis=0, initial=-np.inf)
    distinct = np.isfinite(low) & np.isfinite(high) & usable
    room = FLOOR + np.where(np.isfinite(quanta), quanta, 0.0).max(axis=0, initial=0.0)
    room = np.minimum(room, 2e-3)
    chance = np.full(low.shape, -2.5)
    return tuple(
        Marks(
            form=f"least {a}, greatest {b}",
            hit=distinct & (np.abs(low - a) <= room) & (np.abs(high - b) <= room),
            chance=chance,
            usable=usable,
        )
        for a, b in ((0, 1), (-1, 1))
    )


def _robust(ordered: Floats, quanta: Floats, known: Floats, usable: Bools) -> tuple[Marks, ...]:
    median, lower, upper = (quantile(ordered, known, q) for q in (0.5, 0.25, 0.75))
    room = np.minimum(FLOOR + 2 * np.where(np.isfinite(quanta), quanta, 0.0).max(axis=0, initial=0.0), 2e-3)
    centred = usable & (np.abs(median) <= room)
    middle = np.abs(ordered - median)
    deviation = quantile(np.sort(middle, axis=0), known, 0.5)
    chance = np.log10(np.clip(room * np.sqrt(known), 1e-9, 0.1)) - 1.0
    found = [("median 0, interquartile range 1", np.abs(upper - lower - 1) <= 2 * room)]
    found.append(
        ("median 0, absolute deviation 1", np.minimum(np.abs(deviation - 1), np.abs(deviation * 1.482602218505602 - 1)) <= 2 * room)
    )
    return tuple(Marks(form=form, hit=centred & unit, chance=chance, usable=usable) for form, unit in found)


def quantile(ordered: Floats, known: Floats, share: float) -> Floats:
    """Return the linear-interpolation quantile (type 7) of each sorted column, missing values last."""
    at = share * np.maximum(known - 1, 0)
    below = np.floor(at).astype(int)
    above = np.minimum(below + 1, np.maximum(known - 1, 0)).astype(int)
    columns = np.arange(ordered.shape[1])
    a, b = ordered[below, columns], ordered[above, columns]
    return np.asarray(a + (b - a) * (at - below))
