"""RepeatabilityPlan: what was measured more than once, and what follows; the file ``repeatability.yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from radaudit.digests import digest
from radaudit.study.analysis import StudyName
from radaudit.study.columns import Features, Files, TableFile
from radaudit.study.problem import Problem
from radaudit.study.terms import Number, Section, Several, Share, Shorthand, Text

if TYPE_CHECKING:
    from radaudit.measures.reliability import Form

SCHEMA = "radaudit/repeatability/1"


class Cut(Section):
    """A column, or the part of it that a regular expression matches (its first group, if it has one)."""

    column: Text = Field(description="The column.")
    pattern: Text | None = Field(None, description="Regular expression; its match is the value.")


Cuts = Annotated[tuple[Annotated[Cut, Shorthand("column")], ...], Several()]
Table = Annotated[TableFile, Shorthand("file")]


class Variant(Section):
    """The same readings extracted twice, under other settings: which features do not care?"""

    name: Text = Field(description="What differs, such as: bin width 10 and 40.")
    first: Table = Field(description="The table under the first settings.")
    second: Table = Field(description="The table under the second settings.")


class Score(Section):
    """A linear score of features, and the cut-off on it: how its error follows from theirs."""

    name: Text = Field(description="What the score is called.")
    intercept: Number = Field(0.0, description="Added to the weighted sum.")
    coefficients: dict[Text, Number] = Field(min_length=1, description="Feature: weight, in the unit of the table.")
    threshold: Number | None = Field(None, description="The cut-off on the score.")


class RepeatabilityPlan(Section):
    """What was measured twice, by whom or when, and how much agreement is asked for."""

    schema_: Literal["radaudit/repeatability/1"] = Field(alias="schema", description="The format of this file.")
    study: StudyName = Field(description="Short name: letters, digits, dot, dash, underscore.")
    title: Text | None = Field(None, description="One line.")
    kind: Literal["test-retest", "readers", "phantom"] = Field(
        "test-retest",
        description="test-retest: readings are put in order within a target; readers: every reader reads every target; "
        "phantom: as test-retest, but no evidence about patients.",
    )
    tables: Files = Field(min_length=1, description="Tables with one row per target and reading.")
    patient: Annotated[Cut, Shorthand("column")] = Field(description="The patient.")
    target: Cuts = Field((), description="What tells the regions of one patient apart; without it, one region per patient.")
    reading: Annotated[Cut, Shorthand("column")] = Field(description="The visit, scan or reader.")
    form: Literal["ICC(1,1)", "ICC(2,1)", "ICC(3,1)"] = Field("ICC(2,1)", description="ICC(2,1) is absolute agreement of a single reading.")
    at_least: Share = Field(0.75, description="The ICC a feature needs.")
    bound: Literal["value", "low"] = Field(
        "value", description="What is compared with at_least: the ICC, or the lower end of its interval."
    )
    features: Features = Field(Features(), description="Which columns are features.")
    variants: Annotated[tuple[Variant, ...], Several()] = Field((), description="Pairs of tables of the same readings.")
    score: Score | None = Field(None, description="A score made of the features.")

    def document(self) -> dict[str, Any]:
        """Return the plan as JSON, defaults spelled out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical ``document()``."""
        return digest(self.document())

    @property
    def icc(self) -> Form:
        """The form of the ICC."""
        return self.form


def contradictions(plan: RepeatabilityPlan) -> Iterator[Problem]:
    """Find what no single key shows: STUDY-170 for readers that are put in order by nothing but the one-way form."""
    if plan.kind == "readers" and plan.form == "ICC(1,1)":
        yield Problem(
            code="STUDY-170",
            path=("form",),
            what="ICC(1,1) forgets who the readers are, but kind is readers",
            fix="form: ICC(2,1)   # or ICC(3,1) if these readers are the only ones of interest",
        )


def read_repeatability(document: dict[str, Any], source: Any = None) -> RepeatabilityPlan:
    """Return the plan of a document; raises StudyError as ``read_plan`` does."""
    from radaudit.study.reading import read_section

    return read_section(document, RepeatabilityPlan, source, contradictions)
