"""Ask every kind of leak about one finished table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from radaudit.codes import answer
from radaudit.findings import Finding, Severity, Verdict, ranked
from radaudit.leaks.forensics import (
    augmentation,
    duplicates,
    harmonisation,
    imputation,
    lottery,
    oversampling,
    patients,
    pca,
    prevalence,
    proxy,
    scaling,
    selection,
    self_normalisation,
    site,
    threshold,
    time_order,
    volume,
)
from radaudit.leaks.forensics.kinds import KINDS
from radaudit.leaks.forensics.state import Standing, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from radaudit.leaks.forensics.evidence import Evidence

JUDGES = MappingProxyType(
    {
        module.KIND: module.judge
        for module in (
            scaling,
            imputation,
            pca,
            harmonisation,
            self_normalisation,
            oversampling,
            augmentation,
            selection,
            threshold,
            lottery,
            duplicates,
            patients,
            proxy,
            site,
            volume,
            prevalence,
            time_order,
        )
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The State of each kind by its name, and the Findings that go into a dossier, worst first."""

    by_kind: Mapping[str, State]
    findings: tuple[Finding, ...]

    @property
    def leaks(self) -> tuple[State, ...]:
        """The states that prove or suspect a leak."""
        return tuple(state for state in self.by_kind.values() if state.standing.leak)


def examine(given: Evidence, kinds: Iterable[str] | None = None) -> Examined:
    """Return the state of each kind of leak (all, or those named)."""
    wanted = tuple(JUDGES) if kinds is None else tuple(kinds)
    states = {name: JUDGES[name](given) for name in wanted}
    return Examined(by_kind=MappingProxyType(states), findings=tuple(ranked(finding_of(state) for state in states.values())))


def finding_of(state: State) -> Finding:
    """Return the Finding of a state: FAILED if a leak is proved or suspected (then no more than major), NOT_RUN if it could not be asked.

    A state of no evidence passes with that state in its facts: nothing was found, which does not say that nothing is there.
    """
    kind = KINDS[state.kind]
    facts = {"kind": state.kind, "state": str(state.standing), "question": kind.question, "kapoor": kind.kapoor, "roth": kind.roth}
    verdict = Verdict.FAILED if state.standing.leak else Verdict.PASSED
    if state.standing is Standing.NOT_TESTABLE:
        verdict = Verdict.NOT_RUN
    code = state.code or kind.code
    severity = Severity.MAJOR if state.standing is Standing.SUSPECTED else None
    found = answer(code, verdict, state.sentence, facts={**facts, **state.facts}, severity=severity, local=state.local)
    if found.severity is Severity.MAJOR and answer(code, verdict, "").severity in (Severity.MINOR, Severity.NOTE):
        return answer(code, verdict, state.sentence, facts={**facts, **state.facts}, local=state.local)
    return found
