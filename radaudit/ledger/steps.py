"""Step, Exposure and Ledger: one activity, what it saw, and all of them in order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from radaudit.digests import canonical, strict_json
from radaudit.errors import LedgerError, listed
from radaudit.ledger.ranges import as_numbers, as_ranges
from radaudit.tables.rows import Rows

ROLES = ("features", "outcome", "site", "batch", "covariates", "patient", "time")
NAME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """The rows a step has seen and which roles of them; ``rows`` carry the digest of the table they were cut from."""

    rows: Rows
    roles: tuple[str, ...]

    def __post_init__(self) -> None:
        unknown = [role for role in self.roles if role not in ROLES]
        if unknown:
            raise LedgerError(
                "LEDGER-012", f"unknown role(s) in an exposure: {listed(unknown)}", found=f"roles are {listed(ROLES, most=9)}"
            )
        object.__setattr__(self, "roles", tuple(role for role in ROLES if role in self.roles))

    def document(self) -> dict[str, object]:
        """Return the JSON form, rows as ranges."""
        return {"table": self.rows.table, "rows": as_ranges(self.rows), "roles": list(self.roles)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Exposure:
        """Return the exposure written by ``document``."""
        rows = Rows(str(document["table"]), as_numbers(str(document["rows"])))
        return cls(rows=rows, roles=tuple(map(str, document["roles"])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One activity: digests of what it ``used`` and ``made``, what it ``saw``, and facts that may be published.

    ``saw`` is None for a step that looks at no patient; a fit without exposure is a gap that leak checks report.
    Raises LedgerError (LEDGER-012) for a name that is not like ``model.fit`` and facts that are not JSON.
    """

    name: str
    used: Mapping[str, str] = field(default_factory=dict)
    made: Mapping[str, str] = field(default_factory=dict)
    saw: Exposure | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if NAME.fullmatch(self.name) is None:
            raise LedgerError("LEDGER-012", f'"{self.name}" is no name of a step', fix="lower-case words joined by dots, such as model.fit")
        for member in ("used", "made"):
            value = getattr(self, member)
            if not all(isinstance(key, str) and isinstance(item, str) for key, item in value.items()):
                raise LedgerError("LEDGER-012", f'step "{self.name}": {member} maps names to digests')
            object.__setattr__(self, member, MappingProxyType(dict(value)))
        try:
            # what is recorded and what is read back must be one value: tuples become lists, text becomes NFC
            facts = strict_json(canonical(dict(self.facts)))
        except (TypeError, ValueError) as error:
            raise LedgerError("LEDGER-012", f'facts of step "{self.name}" are not JSON', found=str(error)) from error
        object.__setattr__(self, "facts", MappingProxyType(facts))

    def document(self) -> dict[str, object]:
        """Return the payload of the ledger entry."""
        return {
            "event": self.name,
            "used": dict(self.used),
            "made": dict(self.made),
            "saw": None if self.saw is None else self.saw.document(),
            "facts": dict(self.facts),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Step:
        """Return the step written by ``document``; anything else raises LedgerError (LEDGER-007)."""
        try:
            saw = document["saw"]
            return cls(
                name=document["event"],
                used=document["used"],
                made=document["made"],
                saw=None if saw is None else Exposure.from_document(saw),
                facts=document["facts"],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise LedgerError("LEDGER-007", "a payload of the record is not a step", found=f"{type(error).__name__}: {error}") from error


@dataclass(frozen=True, slots=True)
class Ledger:
    """All steps in order; ``note`` returns a new ledger, so nothing recorded can be taken back."""

    steps: tuple[Step, ...] = ()

    def note(self, step: Step) -> Ledger:
        """Return this ledger with one more step."""
        return Ledger((*self.steps, step))

    def named(self, name: str) -> tuple[Step, ...]:
        """Return the steps of this name, in order."""
        return tuple(step for step in self.steps if step.name == name)

    def last(self, name: str) -> Step | None:
        """Return the newest step of this name, or None."""
        return next((step for step in reversed(self.steps) if step.name == name), None)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)
