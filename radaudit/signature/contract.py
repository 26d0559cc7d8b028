"""What a signature asks of a row: its features, covariates and batch; and what it says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One measured input: ``low`` and ``high`` are its range in training, ``aliases`` other spellings of its column.

    ``missing`` is ``value`` (the impute step replaces it and the row is flagged) or ``error`` (the row is refused).
    """

    name: str
    low: float
    high: float
    ibsi: str = ""
    unit: str = ""
    missing: str = "value"
    aliases: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "kind": "feature",
            "ibsi": self.ibsi,
            "unit": self.unit,
            "min": self.low,
            "max": self.high,
            "levels": [],
            "missing": self.missing,
            "aliases": list(self.aliases),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariate:
    """One covariate that harmonisation keeps: ``levels`` of a category, or the range of a number; never missing."""

    name: str
    levels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    unit: str = ""
    aliases: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "kind": "covariate",
            "ibsi": "",
            "unit": self.unit,
            "min": self.low,
            "max": self.high,
            "levels": list(self.levels),
            "missing": "error",
            "aliases": list(self.aliases),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Where a row's batch comes from: its columns joined by ``separator``, then ``merge`` (new name: old names)."""

    columns: tuple[str, ...]
    separator: str = " | "
    merge: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unseen: str = "refuse"
    keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """The rows the signature was fitted on: their content digest and numbers; no patient."""

    digest: str
    patients: int
    rows: int
    events: int

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"digest": self.digest, "patients": self.patients, "rows": self.rows, "events": self.events}


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns a table of new patients is expected to name them by: the patient, and the site if it is one column."""

    subject: str
    site: str | None = None

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"subject": self.subject, "site": self.site}


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What the signature is for, and what it must not be used for."""

    intended_use: str = ""
    limits: tuple[str, ...] = ()
