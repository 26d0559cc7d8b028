"""What the study file says about the protocol: ``protocol``, what all sites agreed to and what was agreed for some vendors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field

from radaudit.study.columns import Names
from radaudit.study.problem import Path, Problem
from radaudit.study.terms import Number, Section, Text

if TYPE_CHECKING:
    from radaudit.checks.protocol import DeclaredProtocol, ProtocolRule
    from radaudit.study.plan import Plan


def _pair(value: object) -> object:
    return list(value) if isinstance(value, list | tuple) else value


class Rule(Section):
    """One rule: a column (or an extraction setting) lies between two numbers, is one of some texts, or is at least stated."""

    column: Text | None = Field(None, description="A column of any table: scanner, protocol, segmentation, reader.")
    setting: Text | None = Field(None, description="An extraction setting the tables state, such as binWidth.")
    between: Annotated[tuple[Number, Number], BeforeValidator(_pair)] | None = Field(None, description="Smallest and largest value.")
    one_of: Names = Field((), description="The texts that are allowed; without them and without between, the column has to be stated.")

    def value(self) -> ProtocolRule:
        """Return the rule as a value that can be judged."""
        from radaudit.checks.protocol import ProtocolRule

        name = self.setting if self.setting is not None else self.column
        return ProtocolRule(column=name or "", setting=self.setting is not None, between=self.between, one_of=self.one_of)


class Amended(Section):
    """Rules that replace those of the same column in some rows, such as those of one vendor."""

    when: dict[Text, Text] = Field(min_length=1, description="Column: pattern such as SIEMENS*; all of them have to match.")
    rules: tuple[Rule, ...] = Field(min_length=1, description="The rules that hold there instead.")
    because: Text | None = Field(None, description="Why it was agreed.")


class Protocol(Section):
    """The declared protocol."""

    name: Text | None = Field(None, description="Its name and version.")
    rules: tuple[Rule, ...] = Field(min_length=1, description="What holds for every row.")
    amendments: tuple[Amended, ...] = Field((), description="What was agreed for some vendors.")

    def value(self) -> DeclaredProtocol:
        """Return the protocol as a value that can be judged."""
        from radaudit.checks.protocol import Amendment, DeclaredProtocol

        amendments = tuple(Amendment(when=one.when, rules=tuple(rule.value() for rule in one.rules)) for one in self.amendments)
        return DeclaredProtocol(rules=tuple(rule.value() for rule in self.rules), amendments=amendments)


def protocol_contradictions(plan: Plan) -> Iterator[Problem]:
    """Yield STUDY-110 for rules that name no column or two, that allow nothing, or whose amendment replaces no rule."""
    if plan.protocol is None:
        return
    known = {(rule.column, rule.setting) for rule in plan.protocol.rules}
    rules: list[tuple[Path, Rule]] = [(("protocol", "rules", i), rule) for i, rule in enumerate(plan.protocol.rules)]
    for a, amendment in enumerate(plan.protocol.amendments):
        rules += [(("protocol", "amendments", a, "rules", i), rule) for i, rule in enumerate(amendment.rules)]
    for path, rule in rules:
        what = ""
        if (rule.column is None) == (rule.setting is None):
            what = "a rule names either a column or a setting"
        elif rule.between is not None and rule.one_of:
            what = "a rule has either between or one_of"
        elif rule.between is not None and rule.between[0] > rule.between[1]:
            what = "the smallest value is above the largest"
        elif (rule.column, rule.setting) not in known:
            what = f'no rule of the protocol speaks of "{rule.column or rule.setting}", so there is nothing to amend'
        if what:
            yield Problem(code="STUDY-110", path=path, what=what, fix="{column: SliceThickness, between: [1, 3]}")
