"""One row per row of the table: what is missing, and which rows repeat another; and the fingerprint of a row's feature values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253  (numeric module; checks/__init__ does not import it)

from radaudit.arrays import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radaudit.arrays import Bools, Floats, Ints

LEAST_INFORMATIVE = 3  # equal values of fewer varying features are no evidence that two images are one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowProfile:
    """Columns ``(n,)`` of one row per table row; ``copy_of`` is the number of an earlier row with the same features, or -1.

    ``copies_patient`` is 1 if that earlier row is another patient's, ``repeats_patient`` is 1 if an earlier row has the same patient
    (and the same unit, if the study has units).
    """

    missing: Ints
    missing_share: Floats
    infinite: Ints
    copy_of: Ints
    copies_patient: Ints
    repeats_patient: Ints

    def columns(self) -> dict[str, object]:
        """Return the profile as columns; rows are named by number, never by patient."""
        named = {"row": np.arange(len(self.missing)), "missing": self.missing, "missing_share": self.missing_share}
        return {**named, "infinite": self.infinite, "copies_patient": self.copies_patient, "repeats_patient": self.repeats_patient}


def profile_rows(values: Floats, patients: Sequence[str], units: Sequence[str], varies: Bools) -> RowProfile:
    """Profile the rows of ``values (n, p)``; ``varies (p,)`` says which features have more than one value."""
    absent = np.isnan(values)
    missing = absent.sum(axis=1)
    copies = copied_rows(values, varies)
    others = [int(at >= 0 and patients[at] != patients[i]) for i, at in enumerate(copies.tolist())]
    first: dict[tuple[str, str], int] = {}
    repeats = [int(first.setdefault(key, i) < i) for i, key in enumerate(zip(patients, units, strict=True))]
    return RowProfile(
        missing=_counts(missing),
        missing_share=frozen(missing / max(values.shape[1], 1)),
        infinite=_counts(np.isinf(values).sum(axis=1)),
        copy_of=_counts(copies),
        copies_patient=_counts(others),
        repeats_patient=_counts(repeats),
    )


def copied_rows(values: Floats, varies: Bools) -> Ints:
    """Return for each row the number of the first row with the same features, or -1.

    Missing values must be missing in both; rows with fewer than LEAST_INFORMATIVE values of varying features are never copies, so that
    rows without any value (ghost rows) are not taken for one another.
    """
    telling = (~np.isnan(values[:, varies])).sum(axis=1) >= LEAST_INFORMATIVE
    first: dict[bytes, int] = {}
    copies = np.full(len(values), -1, dtype=np.int64)
    for i in np.flatnonzero(telling).tolist():
        at = first.setdefault(fingerprint(values[i]), i)
        copies[i] = at if at < i else -1
    return copies


def fingerprint(row: Floats) -> bytes:
    """Return the SHA-256 of one row of features ``(p,)``; all NaN are one missing value and -0.0 is 0.0."""
    return hashlib.sha256((np.where(np.isnan(row), np.nan, row) + 0.0).tobytes()).digest()


def _counts(values: Ints | Sequence[int]) -> Ints:
    whole: Ints = np.array(values, dtype=np.int64)
    whole.flags.writeable = False
    return whole
