"""State: what the forensics of one kind of leak say, with the numbers behind it. Five states and one gap; never pass or fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from radaudit.findings import Fact


class Standing(StrEnum):
    """How sure one may be, from a proved leak to a proved clean step; the last one is a gap, never an alibi."""

    PROVED_LEAK = "proved leak"
    SUSPECTED = "suspected"
    NO_EVIDENCE = "no evidence"
    EVIDENCE_OF_CLEAN = "evidence of clean"
    PROVED_CLEAN = "proved clean"
    NOT_TESTABLE = "not testable with what was supplied"

    @property
    def leak(self) -> bool:
        """True if a leak is proved or suspected."""
        return self in (Standing.PROVED_LEAK, Standing.SUSPECTED)

    @property
    def clean(self) -> bool:
        """True if the step is proved clean or there is evidence that it is."""
        return self in (Standing.PROVED_CLEAN, Standing.EVIDENCE_OF_CLEAN)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The standing of one kind, one sentence, and facts that may be published (numbers and column names, never patients).

    ``code`` replaces the code of the kind where the trace answers a more particular question.
    """

    kind: str
    standing: Standing
    sentence: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    code: str = ""
    local: tuple[Mapping[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))


def missing(kind: str, what: str) -> State:
    """Return the gap: this kind cannot be asked about without ``what``."""
    return State(kind=kind, standing=Standing.NOT_TESTABLE, sentence=f"Needs {what}.", facts={"needs": what})
