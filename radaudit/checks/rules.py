"""CheckRules: every limit a check compares with, in one place, for the questions here and for the suites in expectations/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from radaudit.errors import StudyError, listed, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRules:
    """Limits; the first four come from ``rules`` of the study file, the others are fixed here.

    ``scale_decades`` is the factor 10**x from which two sites are said to use different units: real site effects of radiomic features stay
    below a factor of about 30, unit and decimal-mark accidents start at 1,000 (2.7 leaves room for noise in a mean of logarithms).
    ``drift_ks`` and ``drift_psi`` are the distances between a site and the others from which a feature is said to drift, ``chart_share``
    is the share of features that leaves its control limits at once. ``separation`` is the AUC of a single feature from which it is taken
    for a copy of the outcome (VALIDATION.md 3.2, L2).
    """

    patients_per_site: int = 20
    events_per_site: int = 10
    patients_per_batch: int = 10
    missing_share: float = 0.2
    least_patients: int = 20
    least_events: int = 10
    zero_share: float = 0.95
    scale_decades: float = 2.7
    tail_decades: float = 3.0
    tail_share: float = 0.05
    standardised_share: float = 0.9
    separation: float = 0.97
    association: float = 0.1
    chance: float = 0.05
    drift_ks: float = 0.3
    drift_psi: float = 0.25
    chart_share: float = 0.5

    @staticmethod
    def of(rules: Mapping[str, float]) -> CheckRules:
        """Take the limits named in ``rules``; names no check uses (test_openings) are left alone, raises StudyError for bad values."""
        known = {field.name: field for field in fields(CheckRules)}
        chosen = {name: value for name, value in rules.items() if name in known}
        bad = [name for name, value in chosen.items() if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0]
        if bad:
            raise StudyError("STUDY-054", f"rules must be numbers of at least 0: {listed(bad)}", fix="rules: {missing_share: 0.2}")
        limits: dict[str, Any] = {name: int(value) if known[name].type == "int" else float(value) for name, value in chosen.items()}
        return CheckRules(**limits)

    def parameters(self) -> dict[str, float]:
        """Return the values a suite may name as ``$name``."""
        return asdict(self)

    def parameter(self, name: str) -> float:
        """Return one of them; raises StudyError (STUDY-054) with the nearest name if there is none."""
        values = self.parameters()
        if name not in values:
            raise StudyError("STUDY-054", f'there is no rule "${name}"', found=listed(values, most=20), near=nearest(name, values))
        return values[name]
