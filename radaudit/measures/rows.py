"""What rows a measure accepts: outcomes that are 0 or 1, finite risks, and one patient per row or several rows per patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError, listed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Floats, Ints


def vector(values: ArrayLike, name: str) -> Floats:
    """Return a 1-d float array (n,) without a copy if possible; PERF-001 if it is not 1-d, PERF-002 if a value is not finite."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DesignError("PERF-002", f"{name} holds something that is not a number", at=name) from error
    if array.ndim != 1:
        raise DesignError("PERF-001", f"{name} has shape {array.shape}, not one value per row", at=name)
    bad = int(array.size - np.count_nonzero(np.isfinite(array)))
    if bad:
        raise DesignError(
            "PERF-002",
            f"{name} is missing or infinite in {bad} of {array.size} rows",
            at=name,
            fix="refuse or impute these rows before the measure; a measure never drops rows by itself",
            rows=bad,
        )
    return array


def events_of(outcome: ArrayLike) -> Bools:
    """Return the outcome as booleans (n,), True for an event; PERF-003 unless every value is 0 or 1."""
    array = vector(outcome, "outcome")
    strange = np.unique(array[(array != 0) & (array != 1)])
    if strange.size:
        raise DesignError("PERF-003", "an outcome is neither 0 nor 1", at="outcome", found=listed(strange.tolist()))
    return np.asarray(array == 1)


def same_length(**arrays: ArrayLike) -> int:
    """Return the common number of rows; PERF-001 if they differ."""
    sizes = {name: int(np.shape(array)[0]) if np.ndim(array) else 0 for name, array in arrays.items()}
    if len(set(sizes.values())) > 1:
        raise DesignError("PERF-001", "the arrays have different numbers of rows", found=listed(f"{k}: {v}" for k, v in sizes.items()))
    return next(iter(sizes.values()))


def codes_of(labels: ArrayLike, name: str) -> tuple[list[object], Ints]:
    """Return the sorted distinct labels and, per row, the number of its label; PERF-007 for missing labels."""
    array = np.asarray(labels)
    if array.ndim != 1:
        raise DesignError("PERF-001", f"{name} has shape {array.shape}, not one label per row", at=name)
    if array.dtype.kind == "O":
        if any(label is None or label != label for label in array.tolist()):
            raise DesignError("PERF-007", f"{name} is missing in some rows", at=name)
        array = array.astype(str)
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise DesignError("PERF-007", f"{name} is missing in some rows", at=name)
    names, codes = np.unique(array, return_inverse=True)
    return names.tolist(), codes.astype(np.int64).reshape(-1)


def fraction(value: float, name: str) -> float:
    """Return ``value`` if it lies strictly between 0 and 1; PERF-006 otherwise."""
    if not 0.0 < value < 1.0:
        raise DesignError("PERF-006", f"{name} must lie strictly between 0 and 1", at=name, found=str(value))
    return float(value)


def at_least(value: int, least: int, name: str) -> int:
    """Return ``value`` if it is no smaller than ``least``; PERF-006 otherwise."""
    if value < least:
        raise DesignError("PERF-006", f"{name} must be at least {least}", at=name, found=str(value))
    return int(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Rows with an outcome (n,), a risk (n,) and the number of the patient each row belongs to (n,).

    ``clustered`` is False when each row is its own patient. ``patients`` counts patients, ``events`` those with an event row.
    """

    event: Bools
    risk: Floats
    patient: Ints
    clustered: bool

    @property
    def rows(self) -> int:
        """The number of rows."""
        return int(self.event.size)

    @property
    def patients(self) -> int:
        """The number of distinct patients."""
        return int(self.patient.max()) + 1 if self.rows else 0

    @property
    def events(self) -> int:
        """The number of patients with at least one event row."""
        return int(np.unique(self.patient[self.event]).size) if self.clustered else int(np.count_nonzero(self.event))

    @property
    def one_sided(self) -> str | None:
        """Why discrimination cannot be asked of these rows, or None."""
        return lacking(self.event)


def lacking(event: Bools) -> str | None:
    """Return what keeps these outcomes from having two classes, or None."""
    if event.size == 0:
        return "no rows"
    if not event.any():
        return "no events"
    return "no rows without the event" if event.all() else None


def scored(outcome: ArrayLike, risk: ArrayLike, patients: ArrayLike | None = None, *, probability: bool = False) -> Scored:
    """Return the rows as ``Scored``; PERF-001 to PERF-003 for unusable arrays, PERF-005 if ``probability`` and a risk leaves 0 to 1."""
    event, values = events_of(outcome), vector(risk, "risk")
    same_length(outcome=event, risk=values, **({} if patients is None else {"patients": patients}))
    if probability:
        outside = int(np.count_nonzero((values < 0) | (values > 1)))
        if outside:
            raise DesignError("PERF-005", f"{outside} of {values.size} risks lie outside 0 to 1", at="risk", rows=outside)
    if patients is None:
        return Scored(event=event, risk=values, patient=np.arange(values.size, dtype=np.int64), clustered=False)
    names, codes = codes_of(patients, "patients")
    return Scored(event=event, risk=values, patient=codes, clustered=len(names) < values.size)


def two_classes(rows: Scored) -> Scored:
    """Return ``rows``; PERF-004 if one of the two classes is absent."""
    reason = rows.one_sided
    if reason:
        raise DesignError("PERF-004", f"discrimination needs rows with and without the event: {reason}", at="outcome")
    return rows
