"""What any check says: a Finding, with its verdict, severity, sentence and facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

Fact = None | bool | int | float | str | tuple["Fact", ...] | list["Fact"] | Mapping[str, "Fact"]


class Verdict(StrEnum):
    """The answer to one question. ``NOT_RUN`` is a gap, never an alibi."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"
    WAIVED = "waived"


class Severity(StrEnum):
    """How much a failed finding weighs. Only ``BLOCKING`` stops a claim or a command."""

    BLOCKING = "blocking"
    MAJOR = "major"
    MINOR = "minor"
    NOTE = "note"


RANK = {Severity.BLOCKING: 0, Severity.MAJOR: 1, Severity.MINOR: 2, Severity.NOTE: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One answer of one check.

    ``facts`` are numbers and names that may be published. ``local`` holds what is about patients (ids, rows,
    cell values): it goes to the terminal and to ``out/findings/CODE.csv`` and never further; ``public()`` leaves it out.
    ``concerns`` names the evidence the finding bears on: a claim id, a site, a stage; empty means the whole study.
    """

    code: str
    verdict: Verdict
    severity: Severity
    sentence: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    title: str = ""
    why: str = ""
    fix: str = ""
    scope: str = ""
    concerns: tuple[str, ...] = ()
    local: tuple[Mapping[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))

    @property
    def failed(self) -> bool:
        """True if the question was asked and the answer is one we dislike."""
        return self.verdict is Verdict.FAILED

    @property
    def blocking(self) -> bool:
        """True if it failed and stops what depends on it."""
        return self.failed and self.severity is Severity.BLOCKING

    def waived(self, because: str) -> Finding:
        """Return this finding as accepted by a recorded decision."""
        return replace(self, verdict=Verdict.WAIVED, facts={**self.facts, "decision": because})

    def public(self) -> dict[str, Fact]:
        """Return what may leave this machine: everything but ``local``."""
        return {
            "code": self.code,
            "verdict": str(self.verdict),
            "severity": str(self.severity),
            "title": self.title,
            "sentence": self.sentence,
            "facts": dict(self.facts),
            "why": self.why,
            "fix": self.fix,
            "scope": self.scope,
            "concerns": list(self.concerns),
        }


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings worst first: failed before the rest, then severity, code and scope."""
    order = [Verdict.FAILED, Verdict.WAIVED, Verdict.NOT_RUN, Verdict.PASSED, Verdict.NOT_APPLICABLE]
    return sorted(findings, key=lambda f: (order.index(f.verdict), RANK[f.severity], f.code, f.scope))


def from_public(document: Mapping[str, Fact]) -> Finding:
    """Return the finding that ``public()`` wrote; ``local`` stays empty."""
    facts, concerns = document.get("facts"), document.get("concerns")
    return Finding(
        code=str(document["code"]),
        verdict=Verdict(str(document["verdict"])),
        severity=Severity(str(document["severity"])),
        sentence=str(document["sentence"]),
        facts=facts if isinstance(facts, Mapping) else {},
        title=str(document.get("title", "")),
        why=str(document.get("why", "")),
        fix=str(document.get("fix", "")),
        scope=str(document.get("scope", "")),
        concerns=tuple(map(str, concerns)) if isinstance(concerns, list | tuple) else (),
    )
