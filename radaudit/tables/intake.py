"""What came in: the feature table of a study, the files it was made from, and an account of every cell that was not plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radaudit.findings import Finding
    from radaudit.tables.names import FeatureIdentity
    from radaudit.tables.table import FeatureTable

ROLES = ("features", "clinical", "acquisition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file as it was read: ``file`` relative to the study, its digest and size, and how its text was understood.

    ``rows`` and ``columns`` count what was read, before anything was joined or left out.
    """

    file: str
    role: str
    sha256: str
    bytes: int
    rows: int
    columns: int
    reader: str
    dialect: Mapping[str, str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "dialect", MappingProxyType(dict(self.dialect)))

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        names = ("file", "role", "sha256", "bytes", "rows", "columns", "reader")
        return {name: getattr(self, name) for name in names} | {"dialect": dict(self.dialect)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounted:
    """Cells, columns or rows that were not plain, by kind and count; ``what`` is a marker or a rule, never a value of a patient."""

    file: str
    column: str
    kind: str
    what: str
    count: int

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"file": self.file, "column": self.column, "kind": self.kind, "what": self.what, "count": self.count}


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStep:
    """One step from what was supplied to what is analysed: ``supplied`` and ``analysed`` count what is there, the others what left."""

    label: str
    patients: int
    rows: int
    reason: str = ""

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"label": self.label, "patients": self.patients, "rows": self.rows, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Intake:
    """Everything reading a study gives: the table, its sources, the account, the flow, findings, and what each feature is."""

    table: FeatureTable
    sources: tuple[Source, ...]
    accounting: tuple[Accounted, ...]
    flow: tuple[FlowStep, ...]
    findings: tuple[Finding, ...]
    dictionary: tuple[FeatureIdentity, ...]
