"""Claim: a measure, where it is measured, and the limit it has to keep; Decision: what became of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

LABELS = {
    "auc": "AUC",
    "calibration_slope": "calibration slope",
    "calibration_intercept": "calibration intercept",
    "brier": "Brier score",
    "sensitivity": "sensitivity at the locked threshold",
    "specificity": "specificity at the locked threshold",
    "delta_auc": "gain in AUC",
    "c_index": "C-index",
    "c_index_uno": "C-index (Uno)",
    "auc_at": "AUC at the horizon",
    "brier_at": "Brier score at the horizon",
    "ipa": "index of prediction accuracy at the horizon",
    "observed_expected": "observed over expected risk at the horizon",
    "delta_c_index": "gain in C-index",
    "r2": "R\u00b2",
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
    "delta_r2": "gain in R\u00b2",
}
PLACES = {"test": "in the test set", "new_site": "at a new site (95% prediction interval)"}


def limit(value: float) -> str:
    """Return a limit as registered: at least two decimals, as many as it has."""
    short = f"{value:.2f}"
    return short if float(short) == value else f"{value:g}"


class Answer(StrEnum):
    """The three verdicts a claim can get, in the words every view prints."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    UNDETERMINED = "cannot be determined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim: ``lowest`` and ``highest`` bound what is acceptable; ``strict`` if the bound itself is not."""

    id: str
    measure: str
    on: str
    primary: bool = False
    against: str = ""
    lowest: float = -math.inf
    highest: float = math.inf
    strict: bool = False
    text: str = ""

    @property
    def label(self) -> str:
        """The measure in words."""
        name = LABELS.get(self.measure, self.measure)
        return f"{name} over the {self.against} model" if self.against else name

    @property
    def required(self) -> str:
        """The requirement as printed: ``>= 0.70``, ``0.8 to 1.2``."""
        if math.isfinite(self.lowest) and math.isfinite(self.highest):
            return f"{limit(self.lowest)} to {limit(self.highest)}"
        if math.isfinite(self.lowest):
            return f"{'>' if self.strict else '≥'} {limit(self.lowest)}"
        return f"{'<' if self.strict else '≤'} {limit(self.highest)}"

    @property
    def limit(self) -> float:
        """The bound that a figure draws: the lower one if there is one."""
        return self.lowest if math.isfinite(self.lowest) else self.highest

    @property
    def sentence(self) -> str:
        """The claim as registered, or in plain words if the study gave none."""
        return self.text or f"{self.label} {self.required} {PLACES.get(self.on, self.on)}"

    def holds(self, value: float) -> bool:
        """Return True if one value keeps the limit."""
        if self.strict:
            return self.lowest < value < self.highest
        return self.lowest <= value <= self.highest


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict on one claim: which step of the rule decided, the sentence, at most three reasons, and what it would take."""

    claim: Claim
    answer: Answer
    step: int
    sentence: str
    reasons: tuple[tuple[str, str], ...] = field(default=())  # (sentence, finding code or "")
    post_hoc: bool = False
    needed: str = ""
