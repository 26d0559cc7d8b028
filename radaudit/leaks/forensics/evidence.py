"""Evidence: what a reviewer was given. A finished table, its split, and whatever else was supplied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253  (numeric module; leaks/__init__ does not import it)

from radaudit.arrays import floats, frozen
from radaudit.leaks.forensics.precision import Precision, precision_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """``values (n, p)`` with NaN where missing, ``training (n,)`` true for training rows; the rest is None where it was not supplied.

    ``outcome (n,)`` is 0 or 1 (NaN where unknown), ``site (n,)`` codes of sites (-1 where unknown), ``patients`` the ids as written,
    ``predictions (n,)`` the claimed risks (NaN where there are none), ``selected`` positions of the signature's columns, ``threshold`` the
    claimed cut-off on the predictions, ``dates (n,)`` days (NaN where unknown). ``precision`` says how exactly each column was written.
    """

    values: Floats
    names: tuple[str, ...]
    training: Bools
    precision: Precision
    outcome: Floats | None = None
    site: Ints | None = None
    patients: tuple[str, ...] | None = None
    predictions: Floats | None = None
    selected: Ints | None = None
    threshold: float | None = None
    dates: Floats | None = None

    @property
    def holdout(self) -> Bools:
        """Rows that are not training rows, (n,)."""
        return ~self.training

    def binary(self) -> Bools:
        """Columns with at most two values, (p,)."""
        low, high = bounds(self.values)
        middle = (self.values != low) & (self.values != high) & ~np.isnan(self.values)
        return np.asarray(~middle.any(axis=0))


def evidence(
    values: ArrayLike,
    training: ArrayLike,
    *,
    names: Sequence[str] = (),
    outcome: ArrayLike | None = None,
    site: Sequence[object] | None = None,
    patients: Sequence[str] | None = None,
    predictions: ArrayLike | None = None,
    selected: Sequence[int] | None = None,
    threshold: float | None = None,
    dates: ArrayLike | None = None,
) -> Evidence:
    """Return the Evidence of these arrays; infinite values count as missing, sites may be any labels (None or NaN where unknown)."""
    table = np.array(floats(values))
    table[np.isinf(table)] = np.nan
    return Evidence(
        values=frozen(table),
        names=tuple(names) or tuple(f"column {j}" for j in range(table.shape[1])),
        training=np.asarray(training, dtype=bool),
        precision=precision_of(table),
        outcome=None if outcome is None else frozen(outcome),
        site=None if site is None else _codes(site),
        patients=None if patients is None else tuple(patients),
        predictions=None if predictions is None else frozen(predictions),
        selected=None if selected is None else np.asarray(list(selected), dtype=np.int64),
        threshold=threshold,
        dates=None if dates is None else frozen(dates),
    )


def bounds(x: Floats) -> tuple[Floats, Floats]:
    """Return the least and the greatest value of each column of ``x (n, p)``, infinite where there is none."""
    absent = np.isnan(x)
    return np.where(absent, np.inf, x).min(axis=0, initial=np.inf), np.where(absent, -np.inf, x).max(axis=0, initial=-np.inf)


def _codes(site: Sequence[object]) -> Ints:
    labels = ["" if label is None or label != label else str(label).strip() for label in site]
    known = {label: k for k, label in enumerate(sorted(set(labels) - {""}))}
    return np.array([known.get(label, -1) for label in labels], dtype=np.int64)
