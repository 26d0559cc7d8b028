"""Problem: one thing that is wrong with a study file, and where."""

from __future__ import annotations

from dataclasses import dataclass, field

DERIVED_SITE = "site"
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: where in the document (keys and positions), and what an error needs to say."""

    code: str
    path: Path
    what: str
    found: str | None = None
    near: str | None = None
    fix: str | None = None
    facts: dict[str, object] = field(default_factory=dict)


def dotted(path: Path) -> str:
    """Return a path as people write it: ``roles.site``, ``claims[1].measure``."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def two_roles(name: str, first: Path, second: Path) -> Problem:
    """Return the problem of a column that was given two roles which exclude each other."""
    return Problem(
        code="STUDY-014",
        path=second,
        what=f'column "{name}" cannot be both {dotted(first)} and {dotted(second)}',
        fix=f'remove "{name}" from one of the two',
    )
