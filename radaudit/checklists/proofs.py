"""Proofs: what a word of a rule needs, and the pointers with digests that have it. Kinds: A the run, M the form, H a person."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from radaudit.checklists.items import DATA
from radaudit.checklists.pointers import sealed
from radaudit.checklists.questions import ASKED, Evidence, Missing, ask, named
from radaudit.errors import PluginError

AUTOMATIC, FORM, PERSON = "A", "M", "H"
ANSWERS = "/reporting/answers/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One named proof: ``kind`` A if the run found it, M if study.yaml states it; every line of ``needs`` has to be answered."""

    name: str
    kind: str
    says: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A rule that holds: its kind, and its words, each of which has at least one pointer in the evidence."""

    kind: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """Evidence that is asked many times: what a word gave is kept."""

    evidence: Evidence
    kept: dict[str, tuple[Mapping[str, str], ...] | Missing] = field(default_factory=dict)


@cache
def proofs() -> Mapping[str, Proof]:
    """Return every proof by name. Raises PluginError (STUDY-152) if the file asks what no question answers."""
    document = tomllib.loads((DATA / "proofs.toml").read_text("utf-8"))
    found = {name: Proof(name=name, kind=str(p["kind"]), says=str(p["says"]), needs=tuple(p["needs"])) for name, p in document.items()}
    odd = [f"{p.name}: {line}" for p in found.values() for line in p.needs if line.split()[0] not in ASKED]
    odd += [p.name for p in found.values() if p.kind not in (AUTOMATIC, FORM) or not p.needs]
    if odd:
        raise PluginError("STUDY-152", f"proofs.toml asks what no question answers: {odd[0]}")
    return MappingProxyType(found)


def proof(word: str) -> Proof:
    """Return the proof a word stands for: a name, ``@field`` of the reporting form, or ``/pointer`` to what was looked at."""
    if word.startswith("@"):
        field = word[1:]
        return Proof(
            name=word, kind=FORM, says=f"study.yaml states reporting.{field}", needs=(f"filled /reporting/{field.replace('.', '/')}",)
        )
    if word.startswith("/"):
        return Proof(name=word, kind=_kind(word), says=f"{named(word)} as stated", needs=(f"present {word}",))
    return proofs()[word]


def _kind(pointer: str) -> str:
    """Return who stands behind what a pointer leads to."""
    return PERSON if pointer.startswith(ANSWERS) else FORM if pointer.startswith("/reporting/") else AUTOMATIC


def prove(case: Case, word: str) -> tuple[Mapping[str, str], ...] | Missing:
    """Return the pointers, with digests, that prove one word, never none; or why it is not proved."""
    if word not in case.kept:
        case.kept[word] = _proved(case.evidence, word)
    return case.kept[word]


def _proved(evidence: Evidence, word: str) -> tuple[Mapping[str, str], ...] | Missing:
    one = proof(word)
    found: dict[str, Mapping[str, str]] = {}
    for line in one.needs:
        answer = ask(evidence, line)
        if isinstance(answer, Missing):
            return Missing(
                f"study.yaml does not state reporting.{word[1:]}" if word.startswith("@") else f"{answer.reason} (asked for: {one.says})"
            )
        for pointer in answer:
            seal = sealed(evidence, pointer)
            if seal is None:
                return Missing(f"{one.says}: {pointer} cannot be digested")
            found[pointer] = seal
    return tuple(found.values()) if found else Missing(f"{one.says}: nothing is asked")


def show(case: Case, rule: str) -> Shown | Missing:
    """Return that a rule holds, all of its words, or why it does not."""
    words = tuple(rule.split())
    for word in words:
        found = prove(case, word)
        if isinstance(found, Missing):
            return found
    kinds = {proof(word).kind for word in words}
    return Shown(kind=FORM if FORM in kinds else AUTOMATIC, words=words) if words else Missing("nothing is asked")


def first_shown(case: Case, rules: Iterable[str]) -> Shown | Missing:
    """Return the first way that holds, or why the first one does not."""
    why: Missing | None = None
    for rule in rules:
        found = show(case, rule)
        if isinstance(found, Shown):
            return found
        why = why or found
    return why or Missing("no rule")


def words_of(rules: Iterable[str]) -> set[str]:
    """Return every word that rules use."""
    return {word for rule in rules for word in rule.split()}


def fields_of(rules: Iterable[str]) -> set[str]:
    """Return every field of the reporting form that rules use, through named proofs too."""
    found: set[str] = set()
    for word in words_of(rules):
        for line in proof(word).needs:
            found |= {part.removeprefix("/reporting/") for part in line.split() if part.startswith("/reporting/")}
    return found


def table(case: Case, words: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return for each word its kind, what it says, the pointers and digests that prove it. Raises ValueError if one is not."""
    made: dict[str, dict[str, Any]] = {}
    for word in sorted(set(words)):
        found = prove(case, word)
        if isinstance(found, Missing):
            raise ValueError(f"{word} is not proved: {found.reason}")
        one = proof(word)
        made[word] = {"kind": one.kind, "says": one.says, "evidence": [dict(seal) for seal in found]}
    return made
