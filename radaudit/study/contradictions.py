"""Contradictions: what each line of a study file allows and the lines together do not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from radaudit.errors import listed, nearest
from radaudit.study.contradictions_analysis import analysis_contradictions
from radaudit.study.problem import Path, Problem, dotted, two_roles
from radaudit.study.protocol import protocol_contradictions
from radaudit.study.reporting import reporting_problems

if TYPE_CHECKING:
    from radaudit.study.plan import Plan


# what Python's regular expressions have and those of browsers lack, or have with another meaning
OWN_SYNTAX = re.compile(r"\(\?(?!:)|\\[AZzpPGNUux0-9]|[*+?}]\+")


def contradictions(plan: Plan) -> Iterator[Problem]:
    """Yield every contradiction of a plan."""
    for question in (_files, _roles, _outcome, _leaks, _never, _preserved):
        yield from question(plan)
    yield from analysis_contradictions(plan)
    yield from reporting_problems(plan)
    yield from protocol_contradictions(plan)


def _files(plan: Plan) -> Iterator[Problem]:
    seen: dict[tuple[str, str | None], Path] = {}
    for role in ("features", "clinical", "acquisition"):
        for i, entry in enumerate(getattr(plan.tables, role)):
            path: Path = ("tables", role, i)
            if re.match(r"[A-Za-z]:|[/\\~]|[A-Za-z][A-Za-z0-9+.-]+://", entry.file):
                yield Problem(
                    code="STUDY-012",
                    path=(*path, "file"),
                    what=f'"{entry.file}" is not a path relative to the study file',
                    fix="copy the table into the study folder: an absolute path would name your machine in the dossier",
                )
            key = (entry.file.replace("\\", "/"), entry.sheet)
            if key in seen:
                yield Problem(
                    code="STUDY-013",
                    path=path,
                    what=f'"{entry.file}" is listed twice: its patients would be pooled twice',
                    found=f"also at {dotted(seen[key])}",
                    fix="remove one of the two lines, or name another sheet",
                )
            seen.setdefault(key, path)
            yield from _dialect(entry.delimiter, entry.decimal, entry.encoding, path)


def _dialect(delimiter: str | None, decimal: str | None, encoding: str | None, path: Path) -> Iterator[Problem]:
    if delimiter is not None and delimiter != "tab" and len(delimiter) != 1:
        yield Problem(
            code="STUDY-008", path=(*path, "delimiter"), what=f'a delimiter is one character, not "{delimiter}"', fix='delimiter: ";"'
        )
    if delimiter is not None and delimiter == decimal:
        yield Problem(
            code="STUDY-008",
            path=(*path, "delimiter"),
            what=f'"{delimiter}" cannot be both delimiter and decimal mark',
            fix='{delimiter: ";", decimal: ","}',
        )
    if encoding is not None:
        import codecs

        try:
            codecs.lookup(encoding)
        except (LookupError, ValueError):
            known = ("utf-8", "utf-16", "latin-1", "windows-1252", "iso-8859-15", "mac-roman", "cp850")
            yield Problem(
                code="STUDY-008",
                path=(*path, "encoding"),
                what=f'unknown encoding "{encoding}"',
                found=f"known are {listed(known, most=10)}",
                near=nearest(encoding, known),
                fix="encoding: windows-1252",
            )


def _roles(plan: Plan) -> Iterator[Problem]:
    columns = plan.columns
    single: list[tuple[str, Path]] = [(columns.subject.column, ("roles", "subject"))]
    if columns.unit:
        single.append((columns.unit, ("roles", "unit")))
    single += [(name, path) for name, path in _endpoint(plan)]
    if columns.site is not None and columns.site.pattern is None:
        single.append((columns.site.from_, ("roles", "site")))
    taken: dict[str, Path] = {}
    for name, path in single:
        if name in taken:
            yield two_roles(name, taken[name], path)
        taken.setdefault(name, path)
    site = plan.site_column
    for key in ("batch", "covariates", "clinical"):
        for i, name in enumerate(getattr(columns, key)):
            if name in taken and not (key != "covariates" and name == site):
                yield two_roles(name, taken[name], ("roles", key, i))
    for i, name in enumerate(columns.covariates):
        if name in columns.batch:
            yield two_roles(name, ("roles", "batch"), ("roles", "covariates", i))
    for path, pattern in _patterns(plan):
        try:
            re.compile(pattern)
        except re.error as error:
            yield Problem(code="STUDY-008", path=path, what=f"not a regular expression: {error}", fix=f'{path[-1]}: "^[A-Z0-9]+"')
    if columns.subject.pattern is not None and OWN_SYNTAX.search(columns.subject.pattern):
        yield Problem(
            code="STUDY-111",
            path=("roles", "subject", "pattern"),
            what=f"browsers do not read this part of the pattern, or read it otherwise: {OWN_SYNTAX.search(columns.subject.pattern)[0]}",  # type: ignore[index]
            fix='pattern: "[A-Z]{3}-[0-9]{4}"',
        )
    if plan.site_column is None and not columns.batch and plan.harmonise.method != "none":
        yield Problem(
            code="STUDY-028",
            path=("roles",),
            what="nothing says which site or batch a row comes from, and harmonisation removes site effects",
            fix="roles.site: <column>, or a site for each of tables.features, or harmonise.method: none",
        )


def _endpoint(plan: Plan) -> Iterator[tuple[str, Path]]:
    for key in ("column", "time", "status"):
        name = getattr(plan.columns.outcome, key)
        if name:
            yield name, ("roles", "outcome", key)


NEEDED = {"binary": ("column", "event"), "survival": ("time", "status", "event"), "continuous": ("column",)}
FOREIGN = {
    "binary": ("time", "status", "horizon", "competing"),
    "survival": ("column", "non_event"),
    "continuous": ("event", "non_event", "time", "status", "horizon", "competing"),
}


def _outcome(plan: Plan) -> Iterator[Problem]:
    end = plan.columns.outcome
    path: Path = ("roles", "outcome")
    needed = NEEDED[end.kind]
    missing = [key for key in needed if getattr(end, key) is None]
    if missing:
        yield Problem(
            code="STUDY-026",
            path=path,
            what=f"a {end.kind} outcome also needs {' and '.join(missing)}",
            fix=f"outcome: {{kind: {end.kind}, " + ", ".join(f"{key}: {getattr(end, key) or '...'}" for key in needed) + "}",
        )
    elif end.kind == "survival" and end.horizon is None:
        yield Problem(
            code="STUDY-130",
            path=path,
            what="a survival outcome needs the horizon: the time by which the risk of the event is predicted",
            fix=f"outcome: {{kind: survival, time: {end.time}, status: {end.status}, event: {end.event}, horizon: 730}}   # in the unit of "
            f"{end.time}",
        )
    for key in FOREIGN[end.kind]:
        if getattr(end, key) not in (None, ()):
            yield Problem(
                code="STUDY-026",
                path=(*path, key),
                what=f'"{key}" does not belong to a {end.kind} outcome',
                fix=f"remove {key}, or change kind",
            )
    for key, texts in (("non_event", (end.non_event,)), ("competing", end.competing)):
        if end.event is not None and end.event in texts:
            yield Problem(
                code="STUDY-026",
                path=(*path, key),
                what=f'"{end.event}" cannot mean both event and {"no event" if key == "non_event" else "another event"}',
                fix="state two different texts",
            )


def _leaks(plan: Plan) -> Iterator[Problem]:
    outcome = dict(_endpoint(plan))
    for i, name in enumerate(plan.harmonise.preserve):
        if name in outcome:
            others = [other for other in plan.harmonise.preserve if other not in outcome]
            yield Problem(
                code="LEAK-005",
                path=("harmonise", "preserve", i),
                what=f"preserve: [{name}] needs the outcome of new patients",
                found=f"{name} is {dotted(outcome[name])}",
                fix=f"preserve: [{', '.join(others)}]",
            )


def _never(plan: Plan) -> Iterator[Problem]:
    columns = plan.columns
    banned = set(columns.never)
    used: list[tuple[Path, str]] = [(("roles", "covariates", i), name) for i, name in enumerate(columns.covariates)]
    used += [(("roles", "clinical", i), name) for i, name in enumerate(columns.clinical)]
    used += [(("harmonise", "preserve", i), name) for i, name in enumerate(plan.harmonise.preserve)]
    used += [(("features", "include", i), name) for i, name in enumerate(plan.features.include)]
    if columns.volume:
        used.append((("roles", "volume"), columns.volume))
    for path, name in used:
        if name in banned:
            yield Problem(
                code="STUDY-015",
                path=path,
                what=f'column "{name}" stands under roles.never and under {dotted(path)}',
                fix=f'remove "{name}" from one of the two',
            )


def _preserved(plan: Plan) -> Iterator[Problem]:
    columns = plan.columns
    known = (*columns.covariates, *columns.clinical)
    outcome = dict(_endpoint(plan))
    for i, name in enumerate(plan.harmonise.preserve):
        path: Path = ("harmonise", "preserve", i)
        if name in columns.batch or name == plan.site_column:
            yield two_roles(name, ("roles", "batch") if name in columns.batch else ("roles", "site"), path)
        elif name not in known and name not in outcome and name not in columns.never:
            yield Problem(
                code="STUDY-016",
                path=path,
                what=f'"{name}" is preserved but is no covariate: new patients need its value when they are scored',
                found=f"covariates and clinical columns: {listed(known, most=20) or 'none'}",
                near=nearest(name, known),
                fix=f"roles.covariates: [{', '.join((*columns.covariates, name))}]",
            )


def _patterns(plan: Plan) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every regular expression of the study with its place."""
    if plan.columns.subject.pattern is not None:
        yield ("roles", "subject", "pattern"), plan.columns.subject.pattern
    if plan.columns.site is not None and plan.columns.site.pattern is not None:
        yield ("roles", "site", "pattern"), plan.columns.site.pattern
    for kind in ("features", "clinical", "acquisition"):
        for i, entry in enumerate(getattr(plan.tables, kind)):
            if entry.id_pattern is not None:
                yield ("tables", kind, i, "id_pattern"), entry.id_pattern
