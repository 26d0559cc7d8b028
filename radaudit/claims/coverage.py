"""Coverage: how many of the checks could run, and what was missing for the rest. Silence is not a pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from radaudit.findings import Finding, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """``possible`` of ``total`` checks could run; ``missing`` maps what was not supplied to the codes that needed it."""

    possible: int
    total: int
    missing: Mapping[str, tuple[str, ...]]

    @property
    def sentence(self) -> str:
        """The coverage line."""
        if not self.missing:
            return f"{self.possible} of {self.total} checks could run."
        gaps = ", ".join(f"{what} ({len(codes)})" for what, codes in sorted(self.missing.items()))
        return f"{self.possible} of {self.total} checks could run; not possible without: {gaps}."


def coverage(findings: Iterable[Finding]) -> Coverage:
    """Count checks by code: one code counts once, as possible if any of its answers is one."""
    ran: set[str] = set()
    silent: dict[str, str] = {}
    for finding in findings:
        if finding.verdict is Verdict.NOT_RUN:
            silent[finding.code] = str(finding.facts.get("needs") or "what it needs")
        else:
            ran.add(finding.code)
    missing: dict[str, list[str]] = {}
    for code, needs in silent.items():
        if code not in ran:
            missing.setdefault(needs, []).append(code)
    gaps = {what: tuple(sorted(codes)) for what, codes in missing.items()}
    return Coverage(possible=len(ran), total=len(ran) + sum(map(len, gaps.values())), missing=gaps)
