"""How the features were extracted: settings and versions per row, compared across sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from radaudit.codes import answer
from radaudit.edges.joining.opened import Opened
from radaudit.edges.joining.pool import Pool
from radaudit.findings import Verdict
from radaudit.tables.shown import few, inert

if TYPE_CHECKING:
    from radaudit.findings import Fact, Finding

VERSION = "version"
NOT_COMPARED = frozenset({VERSION, "imageTypes", "sigma"})


def about_settings(pool: Pool, sites: Sequence[str | None]) -> Iterator[Finding]:
    """Yield FEAT-004 for settings that differ between rows, FEAT-033 for several versions of the extractor; NOT_RUN if none is stated."""
    stated = [i for i, row in enumerate(pool.settings) if row]
    if not stated:
        yield answer(
            "FEAT-004", Verdict.NOT_RUN, "The tables do not say how features were extracted.", facts={"needs": "extraction settings"}
        )
        yield answer("FEAT-033", Verdict.NOT_RUN, "The tables do not say by which version.", facts={"needs": "extractor version"})
        return
    differing = set()
    for key in sorted({key for i in stated for key in pool.settings[i]} - (NOT_COMPARED - {VERSION})):
        where: dict[str, list[str]] = {}
        for i in stated:
            where.setdefault(pool.settings[i].get(key, "not stated"), []).append(sites[i] or pool.files[i].label)
        if len(where) < 2:
            continue
        most = sorted(where, key=lambda value: (-len(where[value]), value))
        shown = ", ".join(f"{inert(value)} at {few(sorted(set(where[value])), most=3)} ({len(where[value])} rows)" for value in most)
        facts: dict[str, Fact] = {"setting": key, "values": {inert(value): len(where[value]) for value in most}}
        code = "FEAT-033" if key == VERSION else "FEAT-004"
        differing.add(code)
        other = sorted({site for value in most[1:] for site in where[value]} & {site for site in sites if site})
        yield answer(code, Verdict.FAILED, f"{key} is {shown}.", facts=facts, scope=key, concerns=other)
    for code, what in (("FEAT-004", "settings"), ("FEAT-033", "version of the extractor")):
        if code not in differing:
            yield answer(code, Verdict.PASSED, f"All {len(stated)} rows that state it have the same {what}.")


def common(settings: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """Return the settings all rows share."""
    stated = [row for row in settings if row]
    if not stated or len(stated) < len(settings):
        return {}
    return {key: value for key, value in stated[0].items() if all(row.get(key) == value for row in stated)}


def extractor(features: Sequence[Opened]) -> str:
    """Return the extractor of all feature tables, empty if they come from several."""
    readers = {one.raw.reader for one in features}
    return readers.pop() if len(readers) == 1 else ""


def in_words(settings: Mapping[str, str]) -> str:
    """Return settings as one text, in the order of their names."""
    return "; ".join(f"{key}={value}" for key, value in sorted(settings.items()))
