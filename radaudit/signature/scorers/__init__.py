"""Scorers to send along with a signature: ``score.R`` (base R and jsonlite) and ``score.py`` (standard library of Python)."""

from __future__ import annotations

from pathlib import Path

NAMES = ("score.R", "score.py")


def scorer_text(name: str) -> str:
    """Return the program of this name; ``score.py`` is the scorer that ``verify`` runs. Raises KeyError for another name."""
    package = Path(__file__).parents[2]
    return {"score.R": package / "signature" / "scorers" / "score.R", "score.py": package / "verify" / "scoring.py"}[name].read_text(
        "utf-8"
    )
