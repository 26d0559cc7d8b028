"""All rows of all feature tables before any leaves, and what there is to say about their columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from radaudit.codes import answer
from radaudit.edges.joining import patients
from radaudit.edges.joining.measured import Measured
from radaudit.edges.joining.opened import Opened, spoken_for
from radaudit.errors import TableError, nearest
from radaudit.findings import Verdict
from radaudit.tables.shown import few, inert, quoted

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.findings import Fact, Finding
    from radaudit.study.plan import Plan


@dataclass(kw_only=True)
class Pool:
    """All rows of all feature tables before any leaves: parallel lists, and ``values`` (n, p)."""

    ids: list[str]
    units: list[str]
    files: list[Opened]
    where: list[str]
    names: list[str]
    values: Floats
    settings: list[Mapping[str, str]]
    images: list[str]

    def places(self) -> list[str]:
        """Where each row stands: file and row number."""
        return self.where


def pooled(plan: Plan, features: Sequence[Opened], measured: Sequence[Measured]) -> Pool:
    """Return all rows of the feature tables one below the other, columns matched by name.

    Raises TableError: FEAT-002 (nothing of that name), FEAT-030 (names equal but for case), ID-032, ID-033, ID-036 (ids and regions).
    """
    import numpy as np

    names = list(dict.fromkeys(name for one in measured for name in one.columns))
    _expect_features(plan, names, features)
    rows = sum(one.raw.rows for one in features)
    # feature by feature, so that columns are copied whole; the table turns it round once
    stack = np.full((len(names), rows), np.nan)
    place = {name: j for j, name in enumerate(names)}
    start = 0
    for opened, one in zip(features, measured, strict=True):
        stop = start + opened.raw.rows
        for name, column in one.columns.items():
            stack[place[name], start:stop] = column
        start = stop
    return Pool(
        ids=[text for one in features for text in patients.patient_ids(one, plan)],
        units=[text for one in features for text in _units(plan, one)],
        files=[one for one in features for _ in range(one.raw.rows)],
        where=[place for one in features for place in one.raw.places],
        names=names,
        values=stack.T,
        settings=[row for one in features for row in (one.raw.settings or ({},) * one.raw.rows)],
        images=[image for one in features for image in (one.raw.images or ("",) * one.raw.rows)],
    )


def _units(plan: Plan, opened: Opened) -> Sequence[str]:
    wanted = opened.entry.unit or plan.columns.unit
    if wanted is None:
        return ("",) * opened.raw.rows
    if not opened.raw.has(wanted):
        names = opened.raw.names
        near = nearest(wanted, names)
        raise TableError(
            "ID-036",
            f"the region column {quoted(wanted)} is not in {opened.label}",
            at=f"{opened.at}, roles.unit",
            found=few(names, most=12),
            near=near and inert(near),
            fix=f"{{file: {opened.label}, unit: {inert(near) if near else 'NAME'}}}",
        )
    return opened.raw.column(wanted).as_texts()


def _expect_features(plan: Plan, names: Sequence[str], features: Sequence[Opened]) -> None:
    """Raise FEAT-002 if a pattern or the volume names no feature or nothing is left, FEAT-030 if names differ only by case."""
    present = [name for one in features for name in one.raw.names if name not in spoken_for(plan, one.entry)]
    lost = [pattern for pattern in plan.features.include if not any(fnmatchcase(name, pattern) for name in names)]
    volume = plan.columns.volume
    at = "features.include"
    if not lost and volume is not None and volume not in names and volume not in present:
        lost, at = [volume], "roles.volume"
    if lost or not names:
        near = nearest(lost[0].strip("*"), present) if lost else None
        what = f"{len(lost)} of the features asked for are in no feature table: {few(lost)}"
        raise TableError(
            "FEAT-002",
            what if lost else "no column of the feature tables is a feature",
            at=at,
            found=few(present, most=8),
            near=near and inert(near),
            fix=f"{at}: {inert(near) if near else '[NAME]'}",
        )
    folded = Counter(name.casefold() for name in names)
    alike = [name for name in names if folded[name.casefold()] > 1]
    if alike:
        raise TableError(
            "FEAT-030",
            f"{len(alike)} feature names are equal but for case: {few(alike)}",
            at="tables.features",
            fix=f"features: {{exclude: [{inert(alike[-1])}]}}   # or rename the columns",
        )


def about_columns(names: Sequence[str], tables: Sequence[tuple[str, str, Container[str]]]) -> Iterator[Finding]:
    """Yield FEAT-032 for features not in every file, FEAT-001 for several extractors, FEAT-031 for names with unseen characters.

    ``tables`` holds the label, the reader and the features of each table.
    """
    if len(tables) > 1:
        lacking = {label: [name for name in names if name not in columns] for label, _, columns in tables}
        gone = {label: len(lost) for label, lost in lacking.items() if lost}
        if gone:
            partly = len({name for lost in lacking.values() for name in lost})
            sentence = f"{partly} of {len(names)} features are not in every feature table; they are missing there."
            rewritten = _rewritten({name for lost in lacking.values() for name in lost})
            fix = ""
            if rewritten:
                sentence += f" {len(rewritten)} of them are other spellings of each other, as R writes names."
                fix = f"write the table again with check.names = FALSE: {few(rewritten, most=2)}"
            facts: dict[str, Fact] = {"features": partly, "shared": len(names) - partly, "respelt": len(rewritten), "files": dict(gone)}
            yield answer("FEAT-032", Verdict.FAILED, sentence, facts=facts, fix=fix)
        readers = sorted({reader for _, reader, _ in tables})
        if len(readers) > 1:
            sentence = f"The feature tables come from {len(readers)} extractors: {', '.join(readers)}."
            yield answer("FEAT-001", Verdict.FAILED, sentence, facts={"extractors": list(readers)})
    unseen = [name for name in names if not name.isprintable()]
    if unseen:
        sentence = f"{len(unseen)} feature names hold characters that cannot be seen."
        yield answer("FEAT-031", Verdict.FAILED, sentence, facts={"features": len(unseen), "names": [inert(name) for name in unseen[:5]]})


def lacking_roles(plan: Plan, features: Sequence[Opened], others: Sequence[Opened]) -> Iterator[Finding]:
    """Yield SITE-101 for every feature table that lacks a column with a role which another one has and no side table gives."""
    elsewhere = {name for one in others for name in one.raw.names}
    known = {one.entry.id or plan.columns.subject.column for one in features} | {one.entry.unit or plan.columns.unit for one in features}
    for one in features:
        told = {plan.site_column} if one.entry.site else set()
        roles = spoken_for(plan, one.entry) - elsewhere - known - told
        lost = sorted(name for name in roles if not one.raw.has(name) and any(other.raw.has(name) for other in features))
        if lost:
            sentence = f"{len(lost)} columns with a role are in other feature tables and not in {one.label}: {few(lost)}."
            facts: dict[str, Fact] = {"file": one.label, "columns": list(lost), "count": len(lost)}
            sites = (one.entry.site,) if one.entry.site else ()
            yield answer("SITE-101", Verdict.FAILED, sentence, facts=facts, scope=one.label, concerns=sites)


def _rewritten(names: set[str]) -> list[str]:
    """Return the names that become equal to another one if every sign but letters, digits and underscores is a point."""
    plain = Counter(re.sub(r"[^\w]", ".", name) for name in names)
    return sorted(name for name in names if plain[re.sub(r"[^\w]", ".", name)] > 1)
