"""radaudit: harmonisation, validation and audit of imaging biomarkers, with provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from radaudit.edges.estimator import ComBat as ComBat

__version__ = "0.1.0"
__all__ = ["ComBat", "__version__"]


def __getattr__(name: str) -> Any:
    """Load the scikit-learn estimator on first use: importing radaudit alone stays light."""
    if name == "ComBat":
        from radaudit.edges.estimator import ComBat

        return ComBat
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
