"""How a signature is built and how its performance is estimated: values that the study file is turned into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from radaudit.models.threshold import ThresholdPlan

Unseen = Literal["refuse", "reference", "pass", "adapt"]
Outer = Literal["k-fold", "leave-one-site-out"]

SCREEN = (10, 20)
PENALTIES = (0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08, 0.05)
MIXINGS = (0.5, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmonisePlan:
    """How site effects are removed; ``keep`` names batches whose rows stay as they are.

    ``unseen_evaluation`` and ``unseen_scoring`` say what becomes of rows of a batch the fit does not know. A batch below
    ``patients_per_batch`` is harmonised (empirical Bayes shrinks it) and named in the facts; below two rows it is refused.
    """

    method: Literal["combat", "none"] = "combat"
    preserve: tuple[str, ...] = ()
    parametric: bool = True
    eb: bool = True
    mean_only: bool = False
    reference: str | None = None
    keep: tuple[str, ...] = ()
    unseen_evaluation: Unseen = "refuse"
    unseen_scoring: Unseen = "refuse"
    patients_per_batch: int = 10

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "method": self.method,
            "preserve": list(self.preserve),
            "parametric": self.parametric,
            "eb": self.eb,
            "mean_only": self.mean_only,
            "reference": self.reference,
            "keep": list(self.keep),
            "unseen_evaluation": self.unseen_evaluation,
            "unseen_scoring": self.unseen_scoring,
            "patients_per_batch": self.patients_per_batch,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelinePlan:
    """From features to a risk: harmonise, impute, standardise, redundancy filter, screen, elastic net, threshold.

    ``screen``: how many features to try after ranking; ``penalties``: shares of the smallest penalty that empties the model;
    ``mixings``: 1 is the lasso. The grid is their product, tuned by ``inner`` folds times ``inner_repeats``; a point is
    admissible if it keeps 1 to ``max_features`` features on all rows it is fitted on. Features missing in more than
    ``missing_share`` of these rows, or constant, are left out. An empty ``screen`` means the default.
    """

    harmonise: HarmonisePlan | None = None
    max_features: int = 8
    redundancy: float = 0.9
    screen: tuple[int, ...] = SCREEN
    penalties: tuple[float, ...] = PENALTIES
    mixings: tuple[float, ...] = MIXINGS
    threshold: ThresholdPlan = field(default_factory=ThresholdPlan)
    inner: int = 5
    inner_repeats: int = 2
    missing_share: float = 0.2

    def __post_init__(self) -> None:
        if not self.screen:
            object.__setattr__(self, "screen", SCREEN)

    @property
    def configurations(self) -> int:
        """The size of the grid."""
        return len(self.screen) * len(self.penalties) * len(self.mixings)

    @property
    def preserve(self) -> tuple[str, ...]:
        """The covariates the harmoniser needs."""
        return () if self.harmonise is None else self.harmonise.preserve

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "harmonise": None if self.harmonise is None else self.harmonise.document(),
            "max_features": self.max_features,
            "redundancy": self.redundancy,
            "screen": list(self.screen),
            "penalties": list(self.penalties),
            "mixings": list(self.mixings),
            "threshold": self.threshold.document(),
            "inner": self.inner,
            "inner_repeats": self.inner_repeats,
            "missing_share": self.missing_share,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DevelopmentPlan:
    """How performance is estimated on training rows: ``repeats`` times ``folds``, ``inner`` folds for tuning; or by leaving sites out.

    ``leave_out`` names what is also left out one at a time: ``site``, ``batch``.
    """

    folds: int = 5
    repeats: int = 5
    inner: int = 5
    outer: Outer = "k-fold"
    leave_out: tuple[str, ...] = ("site",)

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "folds": self.folds,
            "repeats": self.repeats,
            "inner": self.inner,
            "outer": self.outer,
            "leave_out": list(self.leave_out),
        }
