"""The ladder of evidence: which level a dossier reaches, which leg is missing for the next, with the code that explains it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from radaudit.checklists.items import DATA
from radaudit.checklists.pointers import at
from radaudit.checklists.proofs import Case, Shown, show
from radaudit.checklists.questions import diversity
from radaudit.codes import explained


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One thing a level needs: the code of what is missing, the question, the rule that answers it."""

    code: str
    asks: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level, or one trial scenario (``n`` is 0): its name, what reaching it means, its legs."""

    n: int
    name: str
    means: str
    legs: tuple[Leg, ...]


@cache
def _rungs() -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    data = tomllib.loads((DATA / "ladder.toml").read_text("utf-8"))
    return tuple(_level(row) for row in data["levels"]), tuple(_level(row) for row in data["scenarios"])


def _level(row: Mapping[str, Any]) -> Level:
    return Level(n=int(row.get("n", 0)), name=row["name"], means=row["means"], legs=tuple(Leg(**leg) for leg in row["legs"]))


def levels() -> tuple[Level, ...]:
    """Return the levels, lowest first."""
    return _rungs()[0]


def scenarios() -> tuple[Level, ...]:
    """Return the three trial scenarios of the founding paper."""
    return _rungs()[1]


def climb(case: Case) -> dict[str, Any]:
    """Return the level reached, every level with its legs, and what the next one needs; a pure function of the evidence."""
    rows = [_climbed(level, case) for level in levels()]
    reached = 0
    for row in rows:
        if not row["met"]:
            break
        reached = row["n"]
    name = next((row["name"] for row in rows if row["n"] == reached), "none")
    above = next((row for row in rows if row["n"] == reached + 1), None)
    lacking = [] if above is None else [leg for leg in above["legs"] if not leg["met"]]
    return {
        "level": reached,
        "of": len(rows),
        "name": name,
        "sentence": _sentence(reached, len(rows), name, case),
        "levels": rows,
        "next": None if above is None else {"name": above["name"], "means": above["means"], "needs": [_need(leg) for leg in lacking]},
        "scenario": _scenario(case),
        "diversity": [{"pointer": f"/evidence{pointer}", "effective": round(n, 6)} for pointer, n in diversity(case.evidence).items()],
    }


def _climbed(level: Level, case: Case) -> dict[str, Any]:
    legs = [_leg(leg, case) for leg in level.legs]
    return {"n": level.n, "name": level.name, "means": level.means, "met": all(leg["met"] for leg in legs), "legs": legs}


def _leg(leg: Leg, case: Case) -> dict[str, Any]:
    found = show(case, leg.rule)
    if isinstance(found, Shown):
        return {"code": leg.code, "asks": leg.asks, "met": True, "kind": found.kind, "proofs": list(found.words), "reason": ""}
    return {"code": leg.code, "asks": leg.asks, "met": False, "kind": "", "proofs": [], "reason": found.reason}


def _need(leg: Mapping[str, Any]) -> dict[str, str]:
    words = explained(str(leg["code"]))
    return {"code": words.code, "title": words.title, "reason": str(leg["reason"]), "fix": words.fix}


def _sentence(reached: int, of: int, name: str, case: Case) -> str:
    verdict = at(case.evidence, "/verdict/overall")
    said = f"; its primary claim: {verdict}" if isinstance(verdict, str) and at(case.evidence, "/verdict/claim") else ""
    if not reached:
        return f"The dossier reaches no level of evidence{said}."
    return f"The dossier reaches level {reached} of {of} of the evidence, {name}{said}."


def _scenario(case: Case) -> dict[str, Any] | None:
    asked = at(case.evidence, "/reporting/trial/scenario")
    found = next((row for row in scenarios() if row.name == asked), None)
    return None if found is None else _climbed(found, case)


def ladder_lines(found: Mapping[str, Any]) -> Sequence[str]:
    """Return the ladder for a terminal: the level, and for each missing leg its code and what would meet it."""
    lines = [str(found["sentence"])]
    above = found["next"]
    if above:
        lines.append(f"The next level, {above['name']}, needs:")
        lines += [f"{need['code']}  {need['title']}: {need['reason']}" for need in above["needs"]]
    return lines
