"""What the study file says about the analysis: ``split``, ``harmonise``, ``model``, ``threshold``, ``claims``, ``rules``, ``tracking``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from radaudit.study.columns import Names
from radaudit.study.terms import Number, Section, Several, Share, Shorthand, Text, Truth, Whole, as_text


class HeldOut(Section):
    """How the test set is cut off, once, by whole patients."""

    by: Literal["random", "column", "site", "date"]
    fraction: Share | None = Field(None, description="random: approximate share of patients; date: share of the latest patients.")
    column: Text | None = Field(None, description="column: the column that names the part.")
    test: Names = Field((), description="column: the values that mean test set; without it, the value test.")
    training: Names = Field((), description="column: the values that mean training; needed if there are several others.")
    sites: Names = Field((), description="site: the held-out sites.")


class Development(Section):
    """How performance is estimated on the training rows."""

    folds: Annotated[Whole, Field(ge=2, le=50)] = 5
    repeats: Annotated[Whole, Field(ge=1, le=200)] = 5
    inner: Annotated[Whole, Field(ge=2, le=50)] = 5
    outer: Literal["k-fold", "leave-one-site-out"] = "k-fold"


class Split(Section):
    """The two splits: the guarded one, and the resamples inside the training rows."""

    test: HeldOut
    development: Development = Development()


class Unseen(Section):
    """What happens to rows of a batch that harmonisation was not fitted on."""

    evaluation: Literal["refuse", "reference", "pass", "adapt"] = "refuse"
    scoring: Literal["refuse", "reference", "pass"] = Field("refuse", description="adapt needs a group of patients: evaluation only.")


class Harmonise(Section):
    """How site effects are removed."""

    method: Literal["combat", "none"] = "combat"
    preserve: Names = Field((), description="Covariates whose effect is kept; they are then needed when scoring.")
    parametric: Truth = True
    eb: Truth = Field(True, description="Borrow strength over features (empirical Bayes).")
    mean_only: Truth = Field(False, description="Correct location only, not scale.")
    reference: Text | None = Field(None, description="The batch all others are brought to.")
    merge: dict[Text, Names] = Field({}, description="New batch: the batches it is made of.")
    drop: Names = Field((), description="Batches whose rows leave the study.")
    keep: Names = Field((), description="Batches whose rows stay as they are.")
    unseen: Annotated[Unseen, Shorthand("evaluation", "scoring")] = Unseen()


class Model(Section):
    """The model and the selection before it."""

    kind: Literal["elastic-net"] = "elastic-net"
    max_features: Annotated[Whole, Field(ge=1, le=1000)] = 8
    redundancy: Annotated[Number, Field(gt=0, le=1)] = Field(0.9, description="Largest absolute rank correlation of two kept features.")
    screen: Annotated[tuple[Annotated[Whole, Field(ge=1)], ...], Several()] = Field((), description="Feature counts to try after ranking.")


class Threshold(Section):
    """How the threshold on the risk is chosen, on training rows only."""

    rule: Literal["youden", "fixed", "sensitivity"] = "youden"
    value: Share | None = Field(None, description="fixed: the risk; sensitivity: the sensitivity to reach.")


def _pair(value: object) -> object:
    return list(value) if isinstance(value, list | tuple) else value


class Claim(Section):
    """What is asserted about the signature before the test set is opened: exactly one limit."""

    id: Text
    primary: Truth = False
    measure: Literal["auc", "calibration_slope", "calibration_intercept", "brier", "sensitivity", "specificity", "delta_auc"]
    on: Literal["test", "new_site"] = "test"
    against: Literal["clinical", "volume", "site", "prevalence"] | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    below: Number | None = None
    between: Annotated[tuple[Number, Number], BeforeValidator(_pair)] | None = None
    text: Text | None = Field(None, description="The claim in words, as registered.")

    @property
    def limits(self) -> dict[str, float | tuple[float, float]]:
        """The limits that are stated, by key."""
        keys = ("at_least", "at_most", "above", "below", "between")
        return {key: getattr(self, key) for key in keys if getattr(self, key) is not None}


class Rules(Section):
    """Numbers the checks compare with."""

    patients_per_site: Annotated[Whole, Field(ge=0)] = 20
    events_per_site: Annotated[Whole, Field(ge=0)] = 10
    patients_per_batch: Annotated[Whole, Field(ge=2)] = 10
    test_openings: Annotated[Whole, Field(ge=0, le=100)] = 1
    missing_share: Annotated[Number, Field(ge=0, le=1)] = 0.2


class Tracking(Section):
    """Where the record is mirrored: plumbing, not science."""

    mlflow: Text | None = Field(None, description="Tracking store, such as sqlite:///mlruns/mlflow.db.")


STUDY_NAME = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
StudyName = Annotated[str, BeforeValidator(as_text), Field(pattern=STUDY_NAME), WithJsonSchema({"type": "string", "pattern": STUDY_NAME})]
