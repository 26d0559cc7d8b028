"""A number that travels with its uncertainty, its people and its method."""

from __future__ import annotations

import math
from dataclasses import dataclass

from radaudit.errors import DesignError


def _number(name: str, value: float | None) -> float | None:
    """Return a plain float or None; refuse what JSON and readers cannot hold."""
    if value is None:
        return None
    plain = float(value)
    if not math.isfinite(plain):
        raise DesignError("PERF-009", f"an estimate's {name} is {plain}; say None and give the reason", at=f"Estimate.{name}")
    return plain


def _text(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One measured quantity with its interval at ``level``, the patients and events behind it, and how it was made.

    ``value``, ``low`` and ``high`` are finite or None; where one is None, ``reason`` says why. ``method`` is text for readers,
    for example ``DeLong, logit scale``. Raises PERF-009 if the parts contradict each other.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    patients: int | None = None
    events: int | None = None
    method: str = ""
    reason: str | None = None

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            object.__setattr__(self, name, _number(name, getattr(self, name)))
        for name in ("patients", "events"):
            count = getattr(self, name)
            object.__setattr__(self, name, None if count is None else int(count))
        object.__setattr__(self, "level", float(self.level))
        problem = self._contradiction()
        if problem:
            raise DesignError("PERF-009", f"an estimate contradicts itself: {problem}", at="Estimate")

    def _contradiction(self) -> str | None:
        if not 0.0 < self.level < 1.0:
            return f"level {self.level} is not between 0 and 1"
        if (self.low is None) != (self.high is None):
            return "one end of the interval is missing"
        if self.value is None and self.low is not None:
            return "an interval without a value"
        if self.low is None and not self.reason:
            return "no interval and no reason"
        if self.low is not None and self.high is not None and self.low > self.high:
            return f"the interval runs from {self.low} down to {self.high}"
        return None

    @property
    def known(self) -> bool:
        """True if there is a value."""
        return self.value is not None

    @property
    def bounded(self) -> bool:
        """True if there is a value with an interval."""
        return self.low is not None

    def __str__(self) -> str:
        people = [] if self.patients is None else [f"{self.patients} patient{'' if self.patients == 1 else 's'}"]
        if self.value is None:
            return f"not estimable ({'; '.join([str(self.reason), *people])})"
        if self.low is None or self.high is None:
            return f"{_text(self.value)} ({'; '.join([f'no interval: {self.reason}', *people])})"
        label = "" if abs(self.level - 0.95) < 1e-12 else f"{100 * self.level:g} % interval "
        return f"{_text(self.value)} ({'; '.join([f'{label}{_text(self.low)} to {_text(self.high)}', *people])})"

    def document(self) -> dict[str, float | int | str | None]:
        """Return the eight parts as plain JSON values."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "level": self.level,
            "patients": self.patients,
            "events": self.events,
            "method": self.method,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A difference with its test: ``statistic`` (z, or t with ``degrees`` of freedom) and two-sided ``p``; None where undefined."""

    difference: Estimate
    statistic: float | None
    degrees: float | None
    p: float | None

    def document(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {"difference": self.difference.document(), "statistic": self.statistic, "degrees": self.degrees, "p": self.p}


def unknown(reason: str, *, patients: int | None = None, events: int | None = None, level: float = 0.95, method: str = "") -> Estimate:
    """Return an estimate without a value, so that a table can still show the row and say why it is empty."""
    return Estimate(value=None, level=level, patients=patients, events=events, method=method, reason=reason)
