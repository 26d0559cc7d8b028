"""The outcome: from texts to 1.0, 0.0 and NaN, only where the study says what each text means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import TYPE_CHECKING

from radaudit.codes import answer
from radaudit.edges.joining.facts import Facts
from radaudit.errors import TableError, nearest
from radaudit.findings import Verdict
from radaudit.tables.cells import PLAIN
from radaudit.tables.shown import counted, few, inert, quoted

if TYPE_CHECKING:
    from radaudit.findings import Fact, Finding
    from radaudit.study.plan import Plan

CENSORING = "CNSR"
UNKNOWN = float("nan")
# days to months is 30, months to years 12: real centres do not differ tenfold
SAME_UNIT = 10.0
FEWEST = 3


def outcomes(plan: Plan, facts: Facts) -> list[float]:
    """Return the outcome of every row: 1.0 event, 0.0 none (or another event), NaN unknown; a continuous outcome's value.

    For survival NaN too where the time is missing. Raises TableError OUT-030 (no such column), OUT-002 (a text nobody explained), OUT-004
    (a censoring flag taken for an event), OUT-031 (times that are not numbers of at least zero), OUT-104 (values that are no numbers).
    """
    asked = plan.columns.outcome
    column = (asked.status if asked.kind == "survival" else asked.column) or ""
    texts = _column(facts, column, f"roles.outcome.{'status' if asked.kind == 'survival' else 'column'}")
    if asked.kind == "continuous":
        return _quantities(texts, column)
    event = asked.event or ""
    if column.upper() == CENSORING and event.strip() == "1":
        raise TableError(
            "OUT-004",
            f"column {inert(column)} is a censoring flag (CDISC: 1 = censored). You declared event: 1",
            at="roles.outcome",
            found=counted(Counter(text for text in texts if text is not None), mark=" "),
            near="0 = the event was observed",
            fix="roles.outcome: {..., event: 0}",
        )
    others = set(asked.competing)
    coded = code([None if text in others else text for text in texts], column, event, asked.non_event)
    coded = [0.0 if text in others else value for text, value in zip(texts, coded, strict=True)]
    if asked.kind == "survival":
        times = _times(facts, asked.time or "")
        coded = [UNKNOWN if time is None else value for value, time in zip(coded, times, strict=True)]
    return coded


def _quantities(texts: Sequence[str | None], column: str) -> list[float]:
    odd = [text for text in texts if text is not None and not PLAIN.fullmatch(text.strip())]
    if odd:
        raise TableError(
            "OUT-104",
            f"{len(odd)} values of {inert(column)} are not numbers: {counted(Counter(odd))}",
            at="roles.outcome.column",
            fix="correct the table, or add the text to `missing:` if it means unknown",
            count=len(odd),
        )
    return [UNKNOWN if text is None else float(text) for text in texts]


def code(texts: Sequence[str | None], column: str, event: str, non_event: str | None) -> list[float]:
    """Return event 1.0, non-event 0.0, missing NaN; raises TableError OUT-002 for any other text, with counts and the nearest."""
    tally = Counter(text for text in texts if text is not None)
    others = [text for text in tally if text != event]
    meant = non_event if non_event is not None else (others[0] if len(others) == 1 else None)
    strange = [text for text in others if text != meant]
    if event not in tally or strange:
        raise _unexplained(tally, column, event, non_event, strange)
    return [UNKNOWN if text is None else float(text == event) for text in texts]


def _unexplained(tally: Counter[str], column: str, event: str, non_event: str | None, strange: Sequence[str]) -> TableError:
    missing_event = event not in tally
    target = event if missing_event else (strange[0] if strange else event)
    pool = [text for text in tally if text != target]
    near = _near(target, pool)
    if missing_event:
        fix = f"roles: {{outcome: {{column: {inert(column)}, event: {quoted(near) if near else 'VALUE'}}}}}"
    elif non_event is None:
        stated = f"column: {inert(column)}, event: {quoted(event)}, non_event: {quoted(strange[-1])}"
        fix = f"roles: {{outcome: {{{stated}}}}}   # and missing: [...] for the rest"
    else:
        unknown = ", ".join(quoted(text) for text in strange[:5])
        fix = f"{{file: ..., missing: [{unknown}]}}   # if they mean unknown; otherwise correct the table"
    what = f"event: {quoted(event)} is not among them" if missing_event else "state which is which"
    return TableError(
        "OUT-002",
        f"{inert(column)} holds {counted(tally)}; {what}",
        at="roles.outcome",
        found=f"{len(tally)} different values; declared event {quoted(event)}" + (f", non_event {quoted(non_event)}" if non_event else ""),
        near=f"{quoted(near)} for {quoted(target)}" if near else None,
        fix=fix,
        values=dict(tally),
    )


def _near(text: str, pool: Sequence[str]) -> str | None:
    """Return the value most like ``text``: the same but for case and spaces, the same number, or the nearest spelling."""
    for other in pool:
        if other.strip().casefold() == text.strip().casefold():
            return other
        if PLAIN.fullmatch(other.strip()) and PLAIN.fullmatch(text.strip()) and float(other) == float(text):
            return other
        if other.partition(":")[0].strip() == text.strip() and ":" in other:
            return other
    return nearest(text, pool)


def time_units(plan: Plan, facts: Facts, sites: Sequence[str | None]) -> Iterator[Finding]:
    """Yield OUT-006 if the median time of a site is to that of another as days are to months or years, or months to years."""
    asked = plan.columns.outcome
    if asked.kind != "survival":
        return
    by_site: dict[str, list[float]] = {}
    for site, time in zip(sites, _times(facts, asked.time or ""), strict=True):
        if site and time:
            by_site.setdefault(site, []).append(time)
    medians = {site: median(times) for site, times in by_site.items() if len(times) >= FEWEST}
    if len(medians) < 2:
        return
    low, high = min(medians, key=medians.__getitem__), max(medians, key=medians.__getitem__)
    ratio = medians[high] / medians[low]
    if ratio >= SAME_UNIT:
        sentence = (
            f"The median of {inert(asked.time or '')} is {medians[low]:.3g} at {inert(low)} and {medians[high]:.3g} at {inert(high)}."
        )
        medians_of: dict[str, Fact] = {site: medians[site] for site in sorted(medians)}
        yield answer("OUT-006", Verdict.FAILED, sentence, facts={"column": asked.time, "ratio": ratio, "medians": medians_of})


def _times(facts: Facts, column: str) -> list[float | None]:
    texts = _column(facts, column, "roles.outcome.time")
    odd = [text for text in texts if text is not None and not (PLAIN.fullmatch(text.strip()) and float(text) >= 0)]
    if odd:
        raise TableError(
            "OUT-031",
            f"{len(odd)} times of {inert(column)} are not numbers of at least zero: {counted(Counter(odd))}",
            at="roles.outcome.time",
            fix="correct the table, or add the text to `missing:` if it means unknown",
            count=len(odd),
        )
    return [None if text is None else float(text) for text in texts]


def _column(facts: Facts, name: str, at: str) -> list[str | None]:
    if name not in facts.columns:
        near = nearest(name, facts.columns)
        raise TableError(
            "OUT-030",
            f"the outcome column {quoted(name)} is in no table",
            at=f"{at}: {inert(name)}",
            found=few(facts.columns, most=20),
            near=near and f"{inert(near)}  ({counted(Counter(t for t in facts.columns[near] if t is not None), most=4, mark=' ')})",
            fix=f"{at}: {inert(near) if near else 'NAME'}",
        )
    return facts.columns[name]
