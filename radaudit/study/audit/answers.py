"""Answers of a person to what was guessed: another column, another event, a limit; each is checked against what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from radaudit.errors import StudyError, listed, nearest
from radaudit.study import guesses
from radaudit.study.audit.recognise import Question, Recognised
from radaudit.study.audit.told import CLAIMABLE, claims_of
from radaudit.study.audit.words import said
from radaudit.tables.shown import inert

LIMIT = re.compile(
    r"(?:(?P<measure>[A-Za-z_ ]+?)\s*)?(?P<sign>>=|≥|>|at least|above|<=|≤|at most)?\s*(?P<value>\d*[.,]?\d+)", re.IGNORECASE
)
NONE = ("none", "no", "-")


def answered(found: Recognised, answers: Mapping[str, str]) -> Recognised:
    """Return what was recognised with the answers in place. Raises StudyError (STUDY-122) for an answer that nothing sent can be."""
    made = found
    for key, text in answers.items():
        if not text.strip():
            continue
        if key == "subject" and text.strip().casefold().endswith("as written"):
            made = replace(made, normalise="", questions=_said(made, key, f"{made.subject}, as written"))
        elif key in ("subject", "site"):
            chosen = "" if key == "site" and text.strip().casefold() in NONE else _column(found, text.strip())
            made = replace(made, **{key: chosen, "questions": _said(made, key, chosen or "none")})  # type: ignore[arg-type]
            if key == "subject":
                ids = {file: chosen if file == made.features[0].file else column for file, column in made.ids.items()}
                made = replace(made, ids=ids)
        elif key == "outcome":
            made = _outcome(made, text)
        elif key == "claim":
            claim = limit_of(text)
            told = replace(made.told, claims=() if claim is None else (claim,))
            made = replace(made, told=told, questions=_said(made, key, text.strip()))
    return made


def _said(found: Recognised, key: str, text: str) -> tuple[Question, ...]:
    return tuple(replace(q, value=text, shown=f"{inert(text)}  (answered)", sure=True) if q.key == key else q for q in found.questions)


def _column(found: Recognised, name: str) -> str:
    names = [column for look in (*found.features, *found.others) for column in look.columns]
    if name not in names:
        raise StudyError(
            "STUDY-122", f'no table has a column "{inert(name)}"', found=listed(map(inert, names), most=12), near=nearest(name, names)
        )
    return name


def _outcome(found: Recognised, text: str) -> Recognised:
    """Take ``relapse == yes``, or a column alone."""
    name, _, event = (part.strip() for part in text.partition("=="))
    column = _column(found, name)
    look = next(look for look in (*found.others, *found.features) if column in look.columns)
    tally = guesses.groups(look, column)
    if len(tally) != 2:
        raise StudyError(
            "STUDY-122", f'"{inert(column)}" does not hold two values', found=guesses.shown(tally), fix="outcome: a binary column"
        )
    if event and event not in tally:
        raise StudyError(
            "STUDY-122", f'"{inert(column)}" holds no "{inert(event)}"', found=guesses.shown(tally), near=nearest(event, tally)
        )
    chosen = event or guesses.event_of(tally, column)[0]
    other = next(value for value in tally if value != chosen)
    shown = f"{column} == {chosen}"
    return replace(found, outcome=column, event=chosen, non_event=other, questions=_said(found, "outcome", shown))


def limit_of(text: str) -> dict[str, Any] | None:
    """Return the claim of an answer such as ``0.75``, ``auc >= 0.75`` or ``none``. Raises StudyError (STUDY-122)."""
    if text.strip().casefold() in NONE:
        return None
    words = claims_of(said(text))
    if words:
        return dict(words[0])
    match = LIMIT.fullmatch(text.strip())
    measure = "_".join((match["measure"] or "auc").strip().casefold().split()) if match else ""
    if match is None or measure not in CLAIMABLE:
        raise StudyError("STUDY-122", f'"{inert(text)}" is no requirement', near=nearest(measure, CLAIMABLE), fix="auc >= 0.75")
    sign = (match["sign"] or "at least").casefold()
    key = {">": "above", "above": "above", "<=": "at_most", "≤": "at_most", "at most": "at_most"}.get(sign, "at_least")
    return {"id": "C1", "primary": True, "measure": measure, "on": "test", key: float(match["value"].replace(",", "."))}
