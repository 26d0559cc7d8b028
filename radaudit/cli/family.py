"""Family: commands that share a first word, ``radaudit federate summarise | combine | apply``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """A first word, what it is for, and its commands in the order of use."""

    name: str
    about: str
    commands: tuple[Callable[..., int], ...]

    @property
    def __name__(self) -> str:
        """The first word, as a function has its name."""
        return self.name
