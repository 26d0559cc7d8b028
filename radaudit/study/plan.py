"""Plan: all that is scientific about a study, as stated in its file, with its digest and its streams of random numbers.

Attribute names are the keys of the file, but for ``schema_`` (schema), ``columns`` (roles) and ``received`` (audit): ``plan.roles()``
gives the ``Roles`` of the tables. Read one with ``edges.study_file.load_study`` or, from a mapping, with ``Plan.of``.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from radaudit.digests import digest
from radaudit.study.analysis import Claim, Harmonise, Model, Rules, Split, StudyName, Threshold, Tracking
from radaudit.study.columns import Columns, Features, Tables
from radaudit.study.problem import DERIVED_SITE
from radaudit.study.protocol import Protocol
from radaudit.study.received import Received
from radaudit.study.reporting import Reporting
from radaudit.study.terms import Section, Text, Whole

if TYPE_CHECKING:
    import numpy as np

    from radaudit.checks.protocol import DeclaredProtocol
    from radaudit.claims.claim import Claim as ClaimValue
    from radaudit.splits import HoldoutPlan
    from radaudit.study.plans import DevelopmentPlan, HarmonisePlan, PipelinePlan
    from radaudit.tables.roles import Roles

SCHEMA = "radaudit/study/1"


class Plan(Section):
    """The frozen analysis plan. Raises pydantic's errors; ``Plan.of`` raises ours and looks for contradictions too."""

    schema_: Literal["radaudit/study/1"] = Field(alias="schema", description="The format of this file.")
    study: StudyName = Field(description="Short name: letters, digits, dot, dash, underscore.")
    title: Text | None = Field(None, description="One line for the head of the dossier.")
    question: Text | None = Field(None, description="What the study asks, in one sentence.")
    tables: Tables = Field(description="The files.")
    columns: Columns = Field(alias="roles", description="What columns mean.")
    features: Features = Field(Features(), description="Which columns are features.")
    split: Split = Field(description="Test set and resampling.")
    harmonise: Harmonise = Field(Harmonise(), description="How site effects are removed.")
    model: Model = Field(Model(), description="Selection and model.")
    threshold: Threshold = Field(Threshold(), description="The cut on the risk.")
    claims: tuple[Claim, ...] = Field((), description="Written before the test set is opened.")
    rules: Rules = Field(Rules(), description="Numbers the checks compare with.")
    protocol: Protocol | None = Field(None, description="How images are acquired, segmented and extracted; deviations are listed by site.")
    received: Received | None = Field(None, alias="audit", description="Only in an audit: what someone else sent.")
    seed: Annotated[Whole, Field(ge=0, le=2**63 - 1)] = Field(1, description="Start of every stream of random numbers.")
    tracking: Tracking = Field(Tracking(), description="Where the record is mirrored; not part of the plan's digest.")
    reporting: Reporting | None = Field(None, description="What no table knows, for checklists; not part of the plan's digest.")

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Plan:
        """Return the plan of a mapping such as ``document()``; raises StudyError with every problem found."""
        from radaudit.study.reading import read_plan

        return read_plan(document)

    def document(self) -> dict[str, Any]:
        """Return the science of the study as JSON: defaults spelled out, ``tracking`` and ``reporting`` left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"tracking", "reporting"})

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical ``document()``: comments, order and plumbing do not change it."""
        return digest(self.document())

    def rng(self, name: str) -> np.random.Generator:
        """Return the stream of random numbers of one step: adding a step never shifts another step's stream."""
        import numpy as np

        return np.random.default_rng([self.seed, *name.encode()])

    def split_key(self) -> bytes:
        """Return the key (32 bytes) of the patient hash: it depends on the study's name and seed only, so that patients never move."""
        return hashlib.sha256(f"radaudit/split/v1\n{self.study}\n{self.seed}".encode()).digest()

    @property
    def site_column(self) -> str | None:
        """The column that names the site; ``site`` if a pattern or the file gives it, None if nothing does."""
        site = self.columns.site
        if site is not None:
            return DERIVED_SITE if site.pattern else site.from_
        return DERIVED_SITE if all(entry.site for entry in self.tables.features) else None

    def roles(self) -> Roles:
        """Return what columns mean; ``covariates`` are the declared ones and those harmonisation preserves."""
        from radaudit.tables.roles import Outcome, Roles

        columns = self.columns
        end = columns.outcome
        column = end.status if end.kind == "survival" else end.column
        return Roles(
            patient=columns.subject.column,
            unit=columns.unit,
            site=self.site_column,
            batch=columns.batch,
            outcome=Outcome(
                kind=end.kind,
                column=column or "",
                event=end.event or "",
                non_event=end.non_event,
                time=end.time,
                horizon=end.horizon,
                competing=end.competing,
            ),
            covariates=tuple(dict.fromkeys((*columns.covariates, *self.harmonise.preserve))),
            clinical=columns.clinical,
            volume=columns.volume,
            never=columns.never,
        )

    def declared_protocol(self) -> DeclaredProtocol | None:
        """Return the protocol as a value that can be judged, None if the study declares none."""
        return None if self.protocol is None else self.protocol.value()

    def holdout(self) -> HoldoutPlan:
        """Return how the test set is cut off."""
        from radaudit.splits import HoldoutPlan

        test = self.split.test
        return HoldoutPlan(
            by=test.by,
            fraction=test.fraction,
            column=self.columns.date if test.by == "date" else test.column,
            values=(test.test or ("test",)) if test.by == "column" else (),
            training_values=test.training,
            sites=test.sites,
            key=self.split_key(),
        )

    def harmoniser(self) -> HarmonisePlan | None:
        """Return how site effects are removed, None for method ``none``."""
        from radaudit.study.plans import HarmonisePlan

        asked = self.harmonise
        if asked.method == "none":
            return None
        return HarmonisePlan(
            method=asked.method,
            preserve=asked.preserve,
            parametric=asked.parametric,
            eb=asked.eb,
            mean_only=asked.mean_only,
            reference=asked.reference,
            keep=asked.keep,
            unseen_evaluation=asked.unseen.evaluation,
            unseen_scoring=asked.unseen.scoring,
            patients_per_batch=self.rules.patients_per_batch,
        )

    def pipeline(self) -> PipelinePlan:
        """Return how a signature is built from training rows."""
        from radaudit.models.threshold import ThresholdPlan
        from radaudit.study.plans import SCREEN, PipelinePlan

        return PipelinePlan(
            harmonise=self.harmoniser(),
            max_features=self.model.max_features,
            redundancy=self.model.redundancy,
            screen=self.model.screen or SCREEN,
            threshold=ThresholdPlan(rule=self.threshold.rule, value=self.threshold.value),
            inner=self.split.development.inner,
            missing_share=self.rules.missing_share,
        )

    def development(self) -> DevelopmentPlan:
        """Return how performance is estimated on training rows."""
        from radaudit.study.plans import DevelopmentPlan

        asked = self.split.development
        leave_out = ("site",) if self.site_column else ()
        return DevelopmentPlan(folds=asked.folds, repeats=asked.repeats, inner=asked.inner, outer=asked.outer, leave_out=leave_out)

    def claimed(self) -> tuple[ClaimValue, ...]:
        """Return the claims as values that can be decided."""
        from radaudit.claims.claim import Claim as ClaimValue

        return tuple(
            ClaimValue(
                id=claim.id,
                measure=claim.measure,
                on=claim.on,
                primary=claim.primary,
                against=claim.against or "",
                lowest=_bound(claim, ("at_least", "above"), 0, -math.inf),
                highest=_bound(claim, ("at_most", "below"), 1, math.inf),
                strict=claim.above is not None or claim.below is not None,
                text=claim.text or "",
            )
            for claim in self.claims
        )


def _bound(claim: Claim, keys: tuple[str, ...], side: int, otherwise: float) -> float:
    if claim.between is not None:
        return claim.between[side]
    return next((value for key in keys if (value := getattr(claim, key)) is not None), otherwise)
