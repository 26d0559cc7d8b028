"""Guesses about times to event: which column is the time, which tells event from censoring, and which text means the event.

A guess prints what speaks for it, and what against: times that are longer with the event than without it look like a reversed coding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from radaudit.study.guesses import PLAIN, Look, event_of, groups, looks_numeric, shown, words, world
from radaudit.study.synonyms import EndpointNames, first_of, words_for
from radaudit.tables.shown import few, inert

TIME = words_for("time")
STATUS = words_for("status")
ENDPOINT = words_for("endpoint")
UNKNOWN = frozenset(words_for("unknown_text"))
LONGER = 1.5
FEWEST = 5
MOST_STATES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointGuess:
    """A time to event: its columns, the text of the event and those of censoring, evidence, and what to doubt (codes with a sentence)."""

    file: str
    time: str
    status: str
    event: str
    censored: tuple[str, ...]
    evidence: str
    doubts: tuple[str, ...] = ()


def endpoints(looks: Sequence[Look]) -> list[EndpointGuess]:
    """Return times to event, those of a known world first, then pairs of columns whose names belong together."""
    known: list[EndpointGuess] = []
    others: list[EndpointGuess] = []
    for look in looks:
        found = world(look)
        pairs: dict[tuple[str, str], EndpointNames | None] = {}
        for names in found[0].endpoints if found else ():
            time, status = first_of(names.time, look.columns), first_of(names.status, look.columns)
            if time is not None and status is not None:
                pairs[time, status] = names
        known += [guess for pair, names in pairs.items() if (guess := _guess(look, pair, names))]
        others += [guess for pair in _pairs(look) if pair not in pairs and (guess := _guess(look, pair, None))]
    return known + others


def _pairs(look: Look) -> list[tuple[str, str]]:
    """Return (time, status) columns whose names are the same but for the word of their role: OS_time, OS_status."""
    alone = [name for name in look.columns if "".join(words(name)) in ENDPOINT]  # OS beside CNSR: times named for the endpoint
    times = [name for name in look.columns if name in alone or (_matches(name, TIME) and not _matches(name, STATUS))]
    states = [name for name in look.columns if _matches(name, STATUS)]
    return [(time, status) for time in times for status in states if (() if time in alone else _rest(time, TIME)) == _rest(status, STATUS)]


def _matches(name: str, synonyms: Sequence[str]) -> bool:
    return bool(set(words(name)) & set(synonyms))


def _rest(name: str, synonyms: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words(name) if word not in synonyms)


def _guess(look: Look, pair: tuple[str, str], names: EndpointNames | None) -> EndpointGuess | None:
    """Return a guess if the times are numbers and the status has two to four values, unknown ones not counted."""
    time, status = pair
    tally = groups(look, status)
    states = {text: count for text, count in tally.items() if text.casefold() not in UNKNOWN or len(tally) == 2}
    if not (looks_numeric(look.values(time)) and 2 <= len(states) <= MOST_STATES):
        return None
    event = next((text for text in names.event if text in states), None) if names else None
    event = event or event_of(states, status)[0]
    found = world(look)
    because = f"{found[0].name}; " if names and found else ""
    medians = _medians(look, time, status, event)
    unit = names.unit if names else ""
    if names and names.unit_column and (column := first_of([names.unit_column], look.columns)):
        unit = few(groups(look, column))
    told = f", in {unit}" if unit else ""
    told += f"; median time {medians[0]:.3g} with it, {medians[1]:.3g} without" if medians else ""
    if names and names.name_column and (column := first_of([names.name_column], look.columns)) and len(groups(look, column)) > 1:
        told += f"; {column} is {shown(groups(look, column))}: keep one"
    return EndpointGuess(
        file=look.file,
        time=time,
        status=status,
        event=event,
        censored=tuple(text for text in states if text != event),
        evidence=f"{because}{look.file}: {status} is {shown(tally)}{told}",
        doubts=_doubts(status, tally, event, medians),
    )


def _medians(look: Look, time: str, status: str, event: str) -> tuple[float, float] | None:
    """Return the median time with and without the event, if at least five patients have each."""
    pairs = [(float(t), s.strip()) for t, s in zip(look.columns[time], look.columns[status], strict=True) if _number(t) and s.strip()]
    with_it = [t for t, s in pairs if s == event]
    without = [t for t, s in pairs if s != event and s.casefold() not in UNKNOWN - {"0", "1"}]
    if min(len(with_it), len(without)) < FEWEST:
        return None
    return median(with_it), median(without)


def _number(text: str) -> bool:
    return PLAIN.fullmatch(text.strip()) is not None and "," not in text


def _doubts(status: str, tally: Mapping[str, int], event: str, medians: tuple[float, float] | None) -> tuple[str, ...]:
    found = []
    if medians and medians[0] > LONGER * medians[1]:
        found.append(
            f"OUT-020: times with {event} are {medians[0] / max(medians[1], 1e-9):.1f} times those without: is the coding reversed?"
        )
    unknown = [text for text in tally if text.casefold() in UNKNOWN and text != event and len(tally) > 2]
    if unknown:
        found.append(f"OUT-022: {few(unknown)} of {inert(status)} may mean unknown: leave those cells empty")
    return tuple(found)
