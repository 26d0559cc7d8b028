"""The outcome of a first study file: a binary column to confirm, times to event as alternatives, what speaks for and against each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence, Set

from radaudit.errors import StudyError, listed
from radaudit.study import guesses
from radaudit.study.endpoint_guesses import EndpointGuess, endpoints
from radaudit.study.guesses import Guess, Look
from radaudit.study.synonyms import first_of
from radaudit.tables.shown import inert

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_./+-]*")
WIDTH = 44
LONGEST = 240
MOST = 5
FIELD, CHOICES = ("Variable / Field Name", "field_name"), ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations")


def scalar(text: str) -> str:
    """Return a text as a YAML scalar that reads back as it is."""
    plain = WORD.fullmatch(text) and text.lower() not in ("true", "false", "null", "yes", "no", "on", "off")
    return text if plain else json.dumps(text, ensure_ascii=False)


def line(text: str, comment: str = "") -> str:
    """Return a line with its comment, which cannot break out of it."""
    return f"{text:<{WIDTH}}  # {inert(comment, longest=LONGEST)}" if comment else text


def outcome_guesses(looks: Sequence[Look], clinical: Sequence[Look], used: Set[str]) -> list[Guess]:
    """Return binary outcomes, the likeliest first. Raises StudyError: STUDY-032 (none), STUDY-100 (none, but a time to event)."""
    found = guesses.outcomes(looks, used)
    if found:
        return found
    timed = endpoints(looks)
    if timed:
        raise StudyError(
            "STUDY-100",
            "no column holds a binary outcome, but there is a time to event",
            found=timed[0].evidence,
            near="; ".join(timed[0].doubts) or None,
            fix=f"add a binary column to the table, or write study.yaml with outcome: {_survival(timed[0])}",
        )
    raise StudyError(
        "STUDY-032",
        "no column holds exactly two values, as a binary outcome does",
        found=listed((inert(name) for look in clinical for name in look.columns), most=12),
        fix="add a column with the outcome, such as relapse_2y with 0 and 1, to the clinical table",
    )


def outcome_lines(looks: Sequence[Look], found: Sequence[Guess], dictionary: Look | None) -> list[str]:
    """Return the lines of the outcome: the first guess to confirm, the others and every time to event as comments."""
    lines = []
    timed = endpoints(looks)
    for place, guess in enumerate(found[:MOST]):
        look = next(look for look in looks if look.file == guess.file)
        labels = choices(dictionary, guess.column)
        event, none = _event(look, guess, timed, labels)
        text = f"outcome: {{kind: binary, column: {scalar(guess.column)}, event: {json.dumps(event)}, non_event: {json.dumps(none)}}}"
        meant = f"; the dictionary says {', '.join(f'{key} = {label}' for key, label in labels.items())}" if labels else ""
        beside = next((one for one in timed if (one.file, one.status) == (guess.file, guess.column)), None)
        follow = f"; with {beside.time} it is a time to event, see below" if beside else ""
        evidence = f"{guess.evidence}{meant}{follow}"
        lines.append(line(f"  {text}", f"CONFIRM column and event: {evidence}") if place == 0 else line(f"  # {text}", evidence))
    for one in timed[:MOST]:
        lines.append(line(f"  # outcome: {_survival(one)}", one.evidence))
        lines += [line("  #   doubt", doubt) for doubt in one.doubts]
    return lines


def _event(look: Look, guess: Guess, timed: Sequence[EndpointGuess], labels: Mapping[str, str]) -> tuple[str, str]:
    """Return the event and the other text: as a time to event of the column says, else by labels of the dictionary, else by words."""
    tally = guesses.groups(look, guess.column)
    one = next((one for one in timed if (one.file, one.status) == (guess.file, guess.column)), None)
    if one is not None and one.event in tally:
        return one.event, next(text for text in sorted(tally) if text != one.event)
    told = [text for text in tally if labels.get(text, "").casefold() in guesses.EVENTS]
    if len(told) == 1:
        return told[0], next(text for text in sorted(tally) if text != told[0])
    return guesses.event_of(tally, guess.column)


def _survival(one: EndpointGuess) -> str:
    return f"{{kind: survival, time: {scalar(one.time)}, status: {scalar(one.status)}, event: {json.dumps(one.event)}}}"


def choices(dictionary: Look | None, column: str) -> dict[str, str]:
    """Return what the numbers of a column mean, from a REDCap data dictionary: ``0, No | 1, Yes``."""
    if dictionary is None:
        return {}
    named, coded = first_of(FIELD, dictionary.columns), first_of(CHOICES, dictionary.columns)
    if named is None or coded is None:
        return {}
    for name, text in zip(dictionary.columns[named], dictionary.columns[coded], strict=True):
        if name.strip().casefold() == column.casefold():
            pairs = (item.partition(",") for item in text.split("|") if "," in item)
            return {key.strip(): label.strip() for key, _, label in pairs}
    return {}
