"""The table of synonyms: what columns are called, by role and by the world a clinical table comes from; data in ``synonyms.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

FILE = "synonyms.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointNames:
    """How a world writes one time to event: columns, the texts that mean the event, and the unit of time or the column that holds it."""

    time: tuple[str, ...]
    status: tuple[str, ...]
    event: tuple[str, ...]
    unit: str = ""
    unit_column: str = ""
    name_column: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One world of clinical tables; ``needed`` of its ``signs`` and all that are ``required`` stand in a table of it."""

    name: str
    signs: tuple[str, ...]
    needed: int
    reference: str
    required: tuple[str, ...] = ()
    roles: Mapping[str, tuple[str, ...]]
    never_endings: tuple[str, ...] = ()
    endpoints: tuple[EndpointNames, ...] = ()
    missing: tuple[str, ...] = ()
    note: str = ""

    def column(self, role: str, columns: Iterable[str]) -> str | None:
        """Return the column that this world gives a role, as it is written in the table."""
        return first_of(self.roles.get(role, ()), columns)

    def never(self, columns: Iterable[str]) -> list[str]:
        """Return columns that say nothing about a patient before the scan, or are made by the program."""
        names = {name.casefold() for name in self.roles.get("never", ())}
        return [one for one in columns if one.casefold() in names or one.casefold().endswith(self.never_endings or ("\0",))]


def first_of(wanted: Iterable[str], columns: Iterable[str]) -> str | None:
    """Return the first wanted name that a table has, as the table writes it; case and outer spaces do not count."""
    have = {name.strip().casefold(): name for name in reversed(list(columns))}
    return next((have[name.casefold()] for name in wanted if name.casefold() in have), None)


@cache
def _document() -> Mapping[str, Any]:
    return tomllib.loads(files("radaudit.study").joinpath(FILE).read_text(encoding="utf-8"))


@cache
def words_for(role: str) -> tuple[str, ...]:
    """Return the words for a role, the likeliest first."""
    return tuple(_document()["words"][role])


@cache
def worlds() -> tuple[World, ...]:
    """Return all worlds in the order of the table."""
    roles = ("subject", "site", "unit", "never")
    return tuple(
        World(
            name=one["name"],
            signs=tuple(one["signs"]),
            needed=one["needed"],
            reference=one["reference"],
            required=tuple(one.get("required", ())),
            roles={role: tuple(one.get(role, ())) for role in roles},
            never_endings=tuple(one.get("never_endings", ())),
            endpoints=tuple(
                EndpointNames(
                    time=tuple(end["time"]),
                    status=tuple(end["status"]),
                    event=tuple(end["event"]),
                    unit=end.get("unit", ""),
                    unit_column=end.get("unit_column", ""),
                    name_column=end.get("name_column", ""),
                )
                for end in one.get("endpoints", ())
            ),
            missing=tuple(one.get("missing", ())),
            note=one.get("note", ""),
        )
        for one in _document()["world"]
    )


def world_of(columns: Iterable[str]) -> tuple[World, tuple[str, ...]] | None:
    """Return the world a table comes from and the columns that show it, or None; most signs win, then the order of the table."""
    have = {name.strip().casefold(): name for name in columns}
    best: tuple[World, tuple[str, ...]] | None = None
    for world in worlds():
        found = tuple(have[sign.casefold()] for sign in world.signs if sign.casefold() in have)
        complete = len(found) >= world.needed and all(name.casefold() in have for name in world.required)
        if complete and (best is None or len(found) > len(best[1])):
            best = (world, found)
    return best
