"""The places of a page that never change: section ids, figure ids, and which figures show which measure."""

from __future__ import annotations

SECTIONS = {
    "verdict": ("1", "Verdict"),
    "findings": ("2", "Findings"),
    "cohort": ("3", "Cohort and sites"),
    "features": ("4", "Features"),
    "harmonisation": ("5", "Harmonisation"),
    "leakage": ("6", "Leakage"),
    "performance": ("7", "Performance"),
    "transportability": ("8", "Transportability"),
    "signature": ("9", "Locked signature"),
    "access": ("10", "Test-set access"),
    "checklists": ("11", "Checklists"),
    "provenance": ("12", "Provenance"),
    "sign-off": ("13", "Traceability, sign-off"),
    "appendix": ("A", "Verify, glossary"),
}

FIGURES = {
    "FIG-03-1": "Flow of patients",
    "FIG-03-2": "Sites and the event",
    "FIG-03-3": "Missing values by site and feature family",
    "FIG-04-1": "Features by family",
    "FIG-04-2": "Repeatability of the features",
    "FIG-05-1": "Principal components before and after",
    "FIG-05-2": "Batch effect per feature",
    "FIG-05-3": "Association with the outcome before and after",
    "FIG-05-4": "Guessing the batch from the features",
    "FIG-05-5": "What was removed per batch",
    "FIG-06-1": "Optimism of the naive pipeline",
    "FIG-06-2": "What each leak adds",
    "FIG-07-1": "ROC curve",
    "FIG-07-2": "Calibration",
    "FIG-07-3": "Decision curve",
    "FIG-07-4": "Confusion table",
    "FIG-07-5": "Permutation null",
    "FIG-07-6": "Comparisons",
    "FIG-07-7": "What the training data promised",
    "FIG-07-8": "Discrimination over time",
    "FIG-07-9": "Survival by risk group",
    "FIG-07-10": "Observed and predicted values",
    "FIG-08-1": "Leave-one-site-out forest",
    "FIG-08-2": "Test set by site",
    "FIG-08-3": "Leave-one-site-out with and without harmonisation",
    "FIG-08-4": "Other splits",
    "FIG-08-5": "Other pipelines",
    "FIG-09-1": "Coefficients",
    "FIG-09-2": "Selection stability",
    "FIG-10-1": "Access strip",
    "FIG-11-1": "Checklists",
    "FIG-12-1": "Provenance graph",
}

# section 7 by kind of outcome; FIG-07-7 is of the training data and stands in all of them
PERFORMANCE = {
    "binary": ("FIG-07-1", "FIG-07-2", "FIG-07-3", "FIG-07-4", "FIG-07-5", "FIG-07-6"),
    "survival": ("FIG-07-8", "FIG-07-9", "FIG-07-2", "FIG-07-3", "FIG-07-5", "FIG-07-6"),
    "continuous": ("FIG-07-10", "FIG-07-6"),
}
DEVELOPMENT = ("FIG-07-7",)

SHOWN = {
    ("auc", "test"): ("FIG-07-1", "FIG-07-5"),
    ("calibration_slope", "test"): ("FIG-07-2",),
    ("calibration_intercept", "test"): ("FIG-07-2",),
    ("brier", "test"): ("FIG-07-2",),
    ("sensitivity", "test"): ("FIG-07-4", "FIG-07-1"),
    ("specificity", "test"): ("FIG-07-4", "FIG-07-1"),
    ("delta_auc", "test"): ("FIG-07-6",),
    ("c_index", "test"): ("FIG-07-8", "FIG-07-5"),
    ("c_index_uno", "test"): ("FIG-07-8",),
    ("auc_at", "test"): ("FIG-07-8",),
    ("brier_at", "test"): ("FIG-07-2",),
    ("ipa", "test"): ("FIG-07-2",),
    ("observed_expected", "test"): ("FIG-07-2",),
    ("delta_c_index", "test"): ("FIG-07-6",),
    ("r2", "test"): ("FIG-07-10",),
    ("rmse", "test"): ("FIG-07-10",),
    ("mae", "test"): ("FIG-07-10",),
    ("delta_r2", "test"): ("FIG-07-6",),
}

SECTION_OF = {
    "READ": "cohort",
    "ID": "cohort",
    "SITE": "cohort",
    "OUT": "cohort",
    "SIZE": "cohort",
    "FEAT": "features",
    "HARM": "harmonisation",
    "CONF": "harmonisation",
    "LEAK": "leakage",
    "PERF": "performance",
    "SCORE": "signature",
    "GUARD": "access",
    "LEDGER": "provenance",
    "VERIFY": "provenance",
    "PRIV": "provenance",
}


def evidence_figures(measure: str, on: str) -> tuple[str, ...]:
    """Return the figures that show a measure on the test set, or at a new site."""
    return ("FIG-08-1",) if on == "new_site" else SHOWN.get((measure, on), ())


ALIASES = {"transport": "transportability", "leaks": "leakage", "test-set": "access"}


def figures_of(section: str) -> tuple[str, ...]:
    """Return the figures of a section, by its two-digit number."""
    return tuple(name for name in FIGURES if name[4:6] == section)


def figures_for(kind: str) -> tuple[str, ...]:
    """Return the figures of the page of a kind of outcome, in the order in which they stand."""
    before = tuple(name for name in FIGURES if name < "FIG-07")
    return (*before, *PERFORMANCE[kind], *DEVELOPMENT, *(name for name in FIGURES if name > "FIG-08"))


def section_of(code: str) -> str:
    """Return the section a code belongs to."""
    return SECTION_OF.get(code.split("-", 1)[0], "findings")
