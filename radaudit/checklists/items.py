"""Items of checklists: data, one TOML file per checklist in ``data/``, transcribed or paraphrased as its licence allows, never invented."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from radaudit.errors import PluginError, StudyError, listed, nearest

DATA = Path(__file__).parent / "data"
FILES = (
    "clear",
    "metrics",
    "tripod_ai",
    "trial_inclusion",
    "rqs",
    "rqs2",
    "probast_ai",
    "reforms",
    "claim",
    "stard_ai",
    "remark",
    "ibsi",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """Points of a scored item and what earns them: each entry of ``proof`` is one way, all of its words are needed."""

    points: int
    proof: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item. Without ``text`` the primary text could not be read; ``paraphrase`` says that the words are ours.

    ``proof``: ways to a yes, each a list of words that are all needed: names of proofs, ``@field`` of the reporting form. An item without
    one needs a person. ``na`` is a proof that makes the item not applicable, ``condition`` and ``only`` what it presupposes.
    """

    id: str
    section: str
    text: str = ""
    topic: str = ""
    applies: str = ""
    paraphrase: bool = False
    verified: bool = False
    proof: tuple[str, ...] = ()
    grades: tuple[Grade, ...] = ()
    add: bool = False
    otherwise: int = 0
    points: int = 0
    weight: float = 0.0
    condition: str = ""
    only: tuple[str, ...] = ()
    na: str = ""
    na_why: str = ""

    @property
    def most(self) -> int:
        """The most points it can give."""
        earned = [grade.points for grade in self.grades]
        return max(self.points, sum(earned) if self.add else max(earned, default=0))

    @property
    def number(self) -> str:
        """The item it is a part of: 12 for 12a, D2 for D2.1."""
        found = re.fullmatch(r"(\d+)[a-z]?|([A-Z]\d+)[.]\d+", self.id)
        return (found[1] or found[2]) if found else self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """A checklist: where it comes from, under which licence, how its text was verified, and its items in order."""

    name: str
    title: str
    version: str
    doi: str
    reference: str
    licence: str
    source: str
    verbatim: bool
    verified: bool
    doi_verified: bool = True
    score: str = ""
    items: tuple[Item, ...] = ()
    conditions: tuple[tuple[str, str, str], ...] = ()

    def item(self, name: str) -> Item:
        """Return an item. Raises StudyError (STUDY-151) with the nearest if there is none."""
        found = next((item for item in self.items if item.id == name), None)
        if found is None:
            ids = [item.id for item in self.items]
            raise StudyError("STUDY-151", f'{self.name} has no item "{name}"', found=f"{len(ids)} items", near=nearest(name, ids))
        return found


@cache
def shelf() -> Mapping[str, Checklist]:
    """Return every checklist by name, in the order they are shown."""
    found = {made.name: made for made in (read_checklist(DATA / f"{name}.toml") for name in FILES)}
    return MappingProxyType(found)


def named(name: str) -> Checklist:
    """Return a checklist by name, whatever its case. Raises StudyError (STUDY-150) with the nearest if there is none."""
    names = shelf()
    found = next((known for known in names if known.casefold() == name.casefold()), None)
    if found is None:
        near = nearest(name.upper(), names) or nearest(name, names)
        raise StudyError("STUDY-150", f'there is no checklist "{name}"', found=listed(names, most=20), near=near)
    return names[found]


def read_checklist(file: Path) -> Checklist:
    """Read one file. Raises PluginError (STUDY-152) if it is not a checklist: an unknown key, an item twice, a word that is no proof."""
    try:
        document = tomllib.loads(file.read_text("utf-8"))
        rows = document.pop("items")
        conditions = tuple((str(c["id"]), str(c["name"]), str(c["text"])) for c in document.pop("conditions", ()))
        head = Checklist(**document)
        items = tuple(_item(row, head) for row in rows)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as problem:
        raise PluginError("STUDY-152", f"{file.name} is not a checklist: {problem}") from None
    twice = sorted({item.id for item in items if [other.id for other in items].count(item.id) > 1})
    if twice:
        raise PluginError("STUDY-152", f"{file.name} holds {listed(twice)} twice")
    return Checklist(**document, items=items, conditions=conditions)


def _item(row: Mapping[str, Any], head: Checklist) -> Item:
    given = dict(row)
    grades = tuple(Grade(points=int(g["points"]), proof=tuple(g["proof"])) for g in given.pop("grades", ()))
    text = str(given.get("text", ""))
    return Item(
        **{
            **given,
            "paraphrase": bool(given.get("paraphrase", bool(text) and not head.verbatim)),
            "verified": bool(given.get("verified", head.verified)) and bool(text),
            "proof": tuple(given.get("proof", ())),
            "only": tuple(str(given.get("only", "")).split()),
            "grades": grades,
        }
    )
