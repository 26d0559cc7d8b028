"""The kinds of leak: the question of each, its code, and its class in the two taxonomies of the field."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of leak; ``kapoor`` is the class of Kapoor and Narayanan 2023, ``roth`` that of Roth 2026 (arXiv 2604.04199)."""

    name: str
    code: str
    question: str
    kapoor: str
    roth: str


ESTIMATION, SELECTION, MEMORY, BOUNDARY = "I estimation", "II selection", "III memorisation", "IV boundary"

_KINDS = (
    Kind(name="scaling", code="LEAK-003", question="Was the scaling fitted on test rows?", kapoor="L1.2", roth=ESTIMATION),
    Kind(name="imputation", code="LEAK-006", question="Were missing values filled with test rows?", kapoor="L1.2", roth=ESTIMATION),
    Kind(name="pca", code="LEAK-100", question="Were components computed with test rows?", kapoor="L1.2", roth=ESTIMATION),
    Kind(name="harmonisation", code="LEAK-002", question="Was the harmonisation fitted on test rows?", kapoor="L1.2", roth=ESTIMATION),
    Kind(
        name="self_normalisation",
        code="LEAK-101",
        question="Were test rows normalised by themselves?",
        kapoor="L1.2",
        roth=ESTIMATION,
    ),
    Kind(name="oversampling", code="LEAK-102", question="Were rows made before the split?", kapoor="L1.2", roth=MEMORY),
    Kind(name="augmentation", code="LEAK-107", question="Do altered copies stand across the split?", kapoor="L1.4", roth=MEMORY),
    Kind(name="selection", code="LEAK-004", question="Were features selected with test rows?", kapoor="L1.3", roth=SELECTION),
    Kind(name="threshold", code="LEAK-008", question="Was the cut-off chosen on the test set?", kapoor="L1.1", roth=SELECTION),
    Kind(name="lottery", code="LEAK-103", question="Is the split the luckiest of many?", kapoor="L3.3", roth=SELECTION),
    Kind(name="duplicates", code="LEAK-012", question="Do test rows repeat training rows?", kapoor="L1.4", roth=MEMORY),
    Kind(name="patients", code="LEAK-001", question="Do patients stand on both sides?", kapoor="L3.2", roth=MEMORY),
    Kind(name="proxy", code="LEAK-104", question="Is a column made from the outcome?", kapoor="L2", roth=BOUNDARY),
    Kind(name="site", code="LEAK-013", question="Does the site stand in for the outcome?", kapoor="L3.3", roth=BOUNDARY),
    Kind(name="volume", code="LEAK-014", question="Does the signature stand in for volume?", kapoor="L2", roth=BOUNDARY),
    Kind(name="prevalence", code="LEAK-105", question="Is the test set enriched?", kapoor="L3.3", roth=BOUNDARY),
    Kind(name="time_order", code="LEAK-106", question="Is the test set later than the training set?", kapoor="L3.1", roth=BOUNDARY),
)

KINDS = MappingProxyType({kind.name: kind for kind in _KINDS})
