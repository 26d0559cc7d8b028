"""Node: one object of the dossier document, read by type, so that a strange document is refused and never drawn by accident."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from radaudit.errors import DossierError

NO_REASON = "This dossier does not hold it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One Estimate as the document holds it: value, interval at ``level``, patients, events, method, reason."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    patients: int | None = None
    events: int | None = None
    method: str = ""
    reason: str = ""

    @property
    def known(self) -> bool:
        """True if there is a value."""
        return self.value is not None

    @property
    def bounded(self) -> bool:
        """True if there is a value with an interval."""
        return self.value is not None and self.low is not None and self.high is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One JSON object and where it stands; null and absent members read as empty, and ``why`` says the reason given beside them."""

    path: str = ""
    members: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    def __bool__(self) -> bool:
        return bool(self.members)

    def wrong(self, name: str, wanted: str) -> DossierError:
        """Return the error for a member of another type."""
        return DossierError(
            "VERIFY-081",
            f"{self.path}/{name} should be {wanted}",
            found=type(self.members.get(name)).__name__,
            fix="make the dossier again with: radaudit report",
        )

    def has(self, name: str) -> bool:
        """True if the member is there and not null."""
        return self.members.get(name) is not None

    def why(self, name: str) -> str:
        """Return the reason written beside a null member."""
        return self.text(f"{name}_reason") or self.reason or NO_REASON

    def text(self, name: str) -> str:
        """Return a text member; numbers are written out, null is empty."""
        value = self.members.get(name)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, str | int | float):
            return str(value)
        raise self.wrong(name, "text")

    def flag(self, name: str) -> bool:
        """Return a boolean member; null is False."""
        value = self.members.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.wrong(name, "true or false")

    def number(self, name: str) -> float | None:
        """Return a number or None."""
        return self._number(name, self.members.get(name))

    def count(self, name: str) -> int | None:
        """Return a whole number or None."""
        value = self.number(name)
        return None if value is None else round(value)

    def _number(self, name: str, value: object) -> float | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300 or not math.isfinite(value):
            raise self.wrong(name, "a number")
        return float(value)

    def items(self, name: str) -> list[Any]:
        """Return a list member; null is empty."""
        value = self.members.get(name)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise self.wrong(name, "a list")

    def numbers(self, name: str) -> tuple[float | None, ...]:
        """Return a list of numbers and Nones."""
        return tuple(self._number(name, value) for value in self.items(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(Node(path=f"{self.path}/{name}", members={str(i): v}).text(str(i)) for i, v in enumerate(self.items(name)))

    def pairs(self, name: str) -> tuple[tuple[float | None, ...], ...]:
        """Return a list of lists of numbers."""
        rows = self.items(name)
        if not all(isinstance(row, list) for row in rows):
            raise self.wrong(name, "a list of lists")
        return tuple(tuple(self._number(name, value) for value in row) for row in rows)

    def node(self, name: str) -> Node:
        """Return an object member; null is empty and keeps its reason."""
        value = self.members.get(name)
        if value is None:
            return Node(path=f"{self.path}/{name}", reason=self.text(f"{name}_reason") or self.reason)
        if isinstance(value, dict):
            return Node(path=f"{self.path}/{name}", members=value)
        raise self.wrong(name, "an object")

    def nodes(self, name: str) -> tuple[Node, ...]:
        """Return a list of objects."""
        rows = self.items(name)
        if not all(isinstance(row, dict) for row in rows):
            raise self.wrong(name, "a list of objects")
        return tuple(Node(path=f"{self.path}/{name}/{i}", members=row) for i, row in enumerate(rows))

    def mapping(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return an object as pairs of key and text, sorted by key; nested values are written as ``key: value``."""
        value = self.members.get(name)
        if value is None:
            return ()
        if not isinstance(value, dict):
            raise self.wrong(name, "an object")
        return tuple((str(key), flat(value[key])) for key in sorted(value))

    def quantity(self, name: str) -> Quantity:
        """Return an Estimate; null gives one without value that carries the reason."""
        value = self.members.get(name)
        if value is None:
            return Quantity(reason=self.why(name))
        if not isinstance(value, dict):
            raise self.wrong(name, "an estimate")
        inner = Node(path=f"{self.path}/{name}", members=value)
        level = inner.number("level")
        return Quantity(
            value=inner.number("value"),
            low=inner.number("low"),
            high=inner.number("high"),
            level=0.95 if level is None else level,
            patients=inner.count("patients"),
            events=inner.count("events"),
            method=inner.text("method"),
            reason=inner.text("reason"),
        )


def flat(value: object) -> str:
    """Return any JSON value on one line."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {flat(value[key])}" for key in sorted(value))
    if isinstance(value, list):
        return ", ".join(flat(item) for item in value)
    return str(value)


def known(values: tuple[float | None, ...]) -> tuple[float, ...]:
    """Return the values that are there."""
    return tuple(value for value in values if value is not None)
