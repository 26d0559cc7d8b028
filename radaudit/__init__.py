"""radaudit: harmonisation, validation and audit of imaging biomarkers, with provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from radaudit.edges.estimator import ComBat as ComBat
    from radaudit.edges.guarding.frames import guard as guard
    from radaudit.edges.leakage import leakage_report as leakage_report

__version__ = "0.1.0"
__all__ = ["ComBat", "__version__", "guard", "leakage_report"]


def __getattr__(name: str) -> Any:
    """Load what needs scikit-learn or pandas on first use: importing radaudit alone stays light."""
    if name == "ComBat":
        from radaudit.edges.estimator import ComBat

        return ComBat
    if name == "guard":
        from radaudit.edges.guarding.frames import guard

        return guard
    if name == "leakage_report":
        from radaudit.edges.leakage import leakage_report

        return leakage_report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
