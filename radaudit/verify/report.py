"""Report: what was asked of a dossier and what the answers are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from radaudit.codes import answer
from radaudit.findings import Fact, Finding, Severity, Verdict, ranked

VALID, INVALID, UNCHECKED = 0, 1, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The findings of one verification, worst first; ``fingerprint`` is the key that signed, empty if no signature holds."""

    findings: tuple[Finding, ...]
    files: int = 0
    fingerprint: str = ""
    evidence_sha256: str = ""

    @property
    def valid(self) -> bool:
        """True if nothing was found that a dossier must not have."""
        return not any(finding.blocking for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 valid, 1 invalid, 5 valid but something could not be checked."""
        if not self.valid:
            return INVALID
        gaps = any(finding.verdict is Verdict.NOT_RUN and finding.severity is not Severity.NOTE for finding in self.findings)
        return UNCHECKED if gaps else VALID

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "valid": self.valid,
            "exit_code": self.exit_code,
            "files": self.files,
            "fingerprint": self.fingerprint,
            "evidence_sha256": self.evidence_sha256,
            "findings": [finding.public() for finding in ranked(self.findings)],
        }


def failed(code: str, sentence: str, file: str, **facts: Fact) -> Finding:
    """Return a failed finding about one file."""
    return answer(code, Verdict.FAILED, sentence, facts={"file": file, **facts}, scope=file)


def passed(code: str, sentence: str, file: str = "", **facts: Fact) -> Finding:
    """Return the answer that something holds; its severity is a note."""
    return answer(code, Verdict.PASSED, sentence, facts={"file": file, **facts}, severity=Severity.NOTE, scope=file)


def not_run(
    code: str, sentence: str, file: str = "", *, severity: Severity = Severity.MINOR, facts: Mapping[str, Fact] | None = None
) -> Finding:
    """Return a question that could not be asked."""
    return answer(code, Verdict.NOT_RUN, sentence, facts={"file": file, **(facts or {})}, severity=severity, scope=file)
