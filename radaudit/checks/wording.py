"""Words shared by the questions: a verdict from a truth value, names for facts, counts with their noun."""

from __future__ import annotations

from collections.abc import Iterable

from radaudit.findings import Fact, Verdict

MOST_NAMES = 20  # facts name at most so many; the rest stands in the local file of the finding


def failed(truth: object) -> Verdict:
    """Return FAILED if the truth is one we dislike, else PASSED."""
    return Verdict.FAILED if truth else Verdict.PASSED


def some(names: Iterable[str]) -> list[Fact]:
    """Return at most MOST_NAMES of the names, in order."""
    return [*list(names)[:MOST_NAMES]]


def counted(number: int, one: str, many: str = "") -> str:
    """Return ``1 patient`` or ``3 patients``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
