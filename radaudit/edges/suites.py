"""Suites of expectations as data: found, read strictly, and their ``$name`` replaced by the rules of the study.

A suite is ``expectations/<what>/<suite>.json`` in the format of Great Expectations without its ids: a name, a meta and a list of
expectations. ``what`` says which profile it judges. In each expectation's meta stand ``code``, ``why`` and ``says``, the sentence of a
failure, in which ``$count``, ``$judged``, ``$names`` and every rule may be used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radaudit.checks.profile import KINDS
from radaudit.checks.ranges import RANGES, Bound, Known, matching
from radaudit.checks.rules import CheckRules
from radaudit.codes import all_codes
from radaudit.digests import strict_json
from radaudit.edges.shipped import shipped
from radaudit.errors import StudyError, listed, nearest
from radaudit.findings import Severity

OWN_CODE = "FEAT-069"
TYPE = re.compile(r"expect_(column|table|compound|multicolumn|select)_[a-z_]+")
BETWEEN = "expect_column_values_to_be_between"
REFUSED = ("row_condition", "condition_parser", "query", "template_dict")  # text that would be run as code
RULE = re.compile(r"(-?)\$([a-z_]+)")
SEVERITIES = {"critical": Severity.BLOCKING, "warning": Severity.MINOR, "info": Severity.NOTE}
KEYS = ("type", "kwargs", "meta", "severity", "notes", "description")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One expectation with the numbers of this study: its type and arguments, the code it answers and the sentence of a failure."""

    type: str
    arguments: Mapping[str, Any]
    code: str
    says: str
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What one file expects of one profile; ``scope`` names the file without a path of this machine."""

    what: str
    scope: str
    expected: tuple[Expected, ...]


def read_suites(rules: CheckRules, folder: Path | None = None) -> list[Suite]:
    """Read the shipped suites and those of the study's own ``folder``; raises StudyError (STUDY-053, -054, -057)."""
    suites = _read_folder(shipped("expectations"), "expectations", rules, ours=True)
    if folder is not None and folder.is_dir():
        suites += _read_folder(folder, "study/expectations", rules, ours=False)
    return suites


def bounds_of(suites: Iterable[Suite], dictionary: Sequence[Known]) -> dict[str, list[Bound]]:
    """Return by feature the ranges that range suites state for it, in the order of the suites."""
    found: dict[str, list[Bound]] = {}
    for suite in suites:
        for item in suite.expected if suite.what in RANGES else ():
            if item.type == BETWEEN:
                one = item.arguments
                bound = Bound(
                    code=item.code,
                    low=one.get("min_value"),
                    high=one.get("max_value"),
                    open_low=bool(one.get("strict_min")),
                    open_high=bool(one.get("strict_max")),
                )
                for i in matching(suite.what, str(one["column"]), dictionary):
                    found.setdefault(dictionary[i].name, []).append(bound)
    return found


def _read_folder(folder: Path, label: str, rules: CheckRules, *, ours: bool) -> list[Suite]:
    suites = []
    for file in sorted(folder.glob("**/*.json")):
        place = file.relative_to(folder)
        if len(place.parts) != 2 or place.parts[0] not in KINDS:
            near = nearest(place.parts[0], KINDS)
            raise StudyError(
                "STUDY-053",
                f"{label}/{place.as_posix()} is not at a place for suites",
                found=listed(KINDS, most=9),
                near=near,
                fix=f"{label}/{near or 'feature_profile'}/{file.name}",
            )
        suites.append(_suite(file, place.parts[0], f"{label}/{place.with_suffix('').as_posix()}", rules, ours=ours))
    return suites


def _suite(file: Path, what: str, scope: str, rules: CheckRules, *, ours: bool) -> Suite:
    try:
        document = strict_json(file.read_bytes())
        items = document["expectations"]
        expected = tuple(_expected(item, f"{scope} expectation {i + 1}", rules, ours=ours) for i, item in enumerate(items))
    except StudyError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, json.JSONDecodeError) as problem:
        raise StudyError("STUDY-053", f"{scope} is not a suite", found=f"{type(problem).__name__}: {problem}") from None
    return Suite(what=what, scope=scope, expected=expected)


def _expected(item: Mapping[str, Any], at: str, rules: CheckRules, *, ours: bool) -> Expected:
    odd = [name for name in item if name not in KEYS]
    kwargs = dict(item["kwargs"])
    refused = [name for name in kwargs if name in REFUSED]
    if odd or refused or not TYPE.fullmatch(str(item["type"])):
        found = listed([*odd, *refused]) or str(item["type"])
        raise StudyError("STUDY-053", "this expectation is not one that radaudit judges", at=at, found=found, fix=listed(KEYS, most=9))
    meta = item.get("meta") or {}
    code = str(meta.get("code") or OWN_CODE)
    if code not in all_codes():
        raise StudyError("STUDY-057", f'no code "{code}" is explained', at=at, near=nearest(code, all_codes()))
    arguments = {name: _filled(value, rules, at) for name, value in kwargs.items()}
    says = RULE.sub(lambda match: _spoken(match, rules), str(meta.get("says") or item.get("notes") or "")).strip()
    severity = None if ours or code != OWN_CODE else SEVERITIES.get(str(item.get("severity") or ""))
    return Expected(type=str(item["type"]), arguments=arguments, code=code, says=says, severity=severity)


def _filled(value: object, rules: CheckRules, at: str) -> object:
    """Replace ``$name`` and ``-$name`` by a rule; any other value is taken as it is."""
    match = RULE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    try:
        number = rules.parameter(match[2])
    except StudyError as problem:
        problem.at = at
        raise
    return -number if match[1] else number


def _spoken(match: re.Match[str], rules: CheckRules) -> str:
    numbers = rules.parameters()
    return f"{match[1]}{numbers[match[2]]:g}" if match[2] in numbers else match[0]
