"""What the study file says about the analysis: ``split``, ``harmonise``, ``model``, ``threshold``, ``claims``, ``rules``, ``tracking``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from radaudit.study.columns import Names
from radaudit.study.terms import Number, Section, Several, Share, Shorthand, Text, Truth, Whole, as_text


class HeldOut(Section):
    """How the test set is cut off, once, by whole patients."""

    by: Literal["random", "column", "site", "date"] = Field(
        description="The rule: keyed hash of the patient, a column, sites, or accrual date."
    )
    fraction: Share | None = Field(None, description="random: approximate share of patients; date: share of the latest patients.")
    column: Text | None = Field(None, description="column: the column that names the part.")
    test: Names = Field((), description="column: the values that mean test set; without it, the value test.")
    training: Names = Field((), description="column: the values that mean training; needed if there are several others.")
    sites: Names = Field((), description="site: the held-out sites.")


class Development(Section):
    """How performance is estimated on the training rows."""

    folds: Annotated[Whole, Field(ge=2, le=50)] = Field(5, description="Outer folds, by whole patients.")
    repeats: Annotated[Whole, Field(ge=1, le=200)] = Field(5, description="How often the outer folds are drawn.")
    inner: Annotated[Whole, Field(ge=2, le=50)] = Field(5, description="Folds inside each outer fold, for tuning.")
    outer: Literal["k-fold", "leave-one-site-out"] = Field("k-fold", description="What an outer fold is: a random part, or a site.")


class Split(Section):
    """The two splits: the guarded one, and the resamples inside the training rows."""

    test: HeldOut = Field(description="The test set: cut off once, sealed until evaluate.")
    development: Development = Field(Development(), description="The resampling inside the training rows.")


class Unseen(Section):
    """What happens to rows of a batch that harmonisation was not fitted on."""

    evaluation: Literal["refuse", "reference", "pass", "adapt"] = Field("refuse", description="Rows of the test set, and left-out sites.")
    scoring: Literal["refuse", "reference", "pass"] = Field(
        "refuse", description="New patients, one by one; adapt needs a group of patients, so it is for evaluation only."
    )


class Harmonise(Section):
    """How site effects are removed."""

    method: Literal["combat", "none"] = Field("combat", description="ComBat, or no harmonisation.")
    preserve: Names = Field((), description="Covariates whose effect is kept; they are then needed when scoring.")
    parametric: Truth = Field(True, description="Parametric priors of the empirical Bayes step; false: non-parametric ones.")
    eb: Truth = Field(True, description="Borrow strength over features (empirical Bayes).")
    mean_only: Truth = Field(False, description="Correct location only, not scale.")
    reference: Text | None = Field(None, description="The batch all others are brought to.")
    merge: dict[Text, Names] = Field({}, description="New batch: the batches it is made of.")
    drop: Names = Field((), description="Batches whose rows leave the study.")
    keep: Names = Field((), description="Batches whose rows stay as they are.")
    unseen: Annotated[Unseen, Shorthand("evaluation", "scoring")] = Field(Unseen(), description="Rows of a batch the fit does not know.")


class Model(Section):
    """The model and the selection before it."""

    kind: Literal["elastic-net"] = Field(
        "elastic-net", description="Regression with an elastic-net penalty: logistic, Cox or linear, as the outcome asks."
    )
    max_features: Annotated[Whole, Field(ge=1, le=1000)] = Field(8, description="Most features the signature may hold.")
    redundancy: Annotated[Number, Field(gt=0, le=1)] = Field(0.9, description="Largest absolute rank correlation of two kept features.")
    screen: Annotated[tuple[Annotated[Whole, Field(ge=1)], ...], Several()] = Field((), description="Feature counts to try after ranking.")


class Threshold(Section):
    """How the threshold on the risk is chosen, on training rows only."""

    rule: Literal["youden", "fixed", "sensitivity"] = Field(
        "youden", description="Largest sensitivity plus specificity, a fixed risk, or at least a stated sensitivity."
    )
    value: Share | None = Field(None, description="fixed: the risk; sensitivity: the sensitivity to reach.")


def _pair(value: object) -> object:
    return list(value) if isinstance(value, list | tuple) else value


class Claim(Section):
    """What is asserted about the signature before the test set is opened: exactly one limit."""

    id: Text = Field(description="Short name, such as C1.")
    primary: Truth = Field(False, description="The verdict on the study is the worst verdict of its primary claims.")
    measure: Literal[
        "auc", "calibration_slope", "calibration_intercept", "brier", "sensitivity", "specificity", "delta_auc",
        "c_index", "c_index_uno", "auc_at", "brier_at", "ipa", "observed_expected", "delta_c_index",
        "r2", "rmse", "mae", "delta_r2",
    ] = Field(
        description="What is measured; sensitivity and specificity at the locked threshold. Survival: c_index (Harrell), c_index_uno, "
        "auc_at, brier_at, ipa and observed_expected at the horizon, delta_c_index. Continuous: r2, rmse, mae, delta_r2."
    )  # fmt: skip
    on: Literal["test", "new_site"] = Field(
        "test", description="The test set, or a site not seen before (prediction interval over left-out sites)."
    )
    against: Literal["clinical", "volume", "site", "prevalence"] | None = Field(
        None, description="delta_auc, delta_c_index, delta_r2: the model the gain is over."
    )
    at_least: Number | None = Field(None, description="Smallest value that is acceptable.")
    at_most: Number | None = Field(None, description="Largest value that is acceptable.")
    above: Number | None = Field(None, description="The value must be larger than this.")
    below: Number | None = Field(None, description="The value must be smaller than this.")
    between: Annotated[tuple[Number, Number], BeforeValidator(_pair)] | None = Field(
        None, description="Smallest and largest acceptable value."
    )
    text: Text | None = Field(None, description="The claim in words, as registered.")

    @property
    def limits(self) -> dict[str, float | tuple[float, float]]:
        """The limits that are stated, by key."""
        keys = ("at_least", "at_most", "above", "below", "between")
        return {key: getattr(self, key) for key in keys if getattr(self, key) is not None}


class Rules(Section):
    """Numbers the checks compare with."""

    patients_per_site: Annotated[Whole, Field(ge=0)] = Field(20, description="A smaller site is reported (SIZE-002).")
    events_per_site: Annotated[Whole, Field(ge=0)] = Field(10, description="A site with fewer events is reported (SIZE-002).")
    patients_per_batch: Annotated[Whole, Field(ge=2)] = Field(
        10, description="A smaller batch is reported (SIZE-002); below two rows it is refused."
    )
    test_openings: Annotated[Whole, Field(ge=0, le=100)] = Field(1, description="How often the test set may be opened without --amend.")
    missing_share: Annotated[Number, Field(ge=0, le=1)] = Field(0.2, description="A feature that is emptier is reported and not used.")


class Tracking(Section):
    """Where the record is mirrored: plumbing, not science."""

    mlflow: Text | None = Field(None, description="Tracking store, such as sqlite:///mlruns/mlflow.db.")


STUDY_NAME = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
StudyName = Annotated[str, BeforeValidator(as_text), Field(pattern=STUDY_NAME), WithJsonSchema({"type": "string", "pattern": STUDY_NAME})]
