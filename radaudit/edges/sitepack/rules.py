"""rules.json: what a table of one site has to be, taken from the study and from the tables of the other sites; no value of a patient."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.checks.extraction import VERSION
from radaudit.digests import digest
from radaudit.edges.joining.extraction import extractor
from radaudit.edges.joining.measured import Measured, measure
from radaudit.edges.joining.opened import Opened, entries, open_table, spoken_for
from radaudit.edges.suites import bounds_of, read_suites
from radaudit.errors import StudyError
from radaudit.tables.cells import PLAIN
from radaudit.tables.names import identities

if TYPE_CHECKING:
    from radaudit.study.columns import TableFile
    from radaudit.study.plan import Plan

SCHEMA = "radaudit/sitepack/1"
WILD = "*?["
MOST_LEVELS = 10  # more different numbers are a measurement, as in joining.covariates
ALWAYS = (
    "READ-001", "READ-003", "READ-004", "READ-005", "READ-031", "READ-032", "READ-033", "READ-034", "READ-035", "READ-036", "FEAT-008",
    "FEAT-010", "FEAT-030", "FEAT-032", "FEAT-056", "FEAT-058", "FEAT-143", "ID-001", "ID-004", "ID-032", "ID-033", "ID-035", "ID-050",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """The feature tables a delivery is compared with, and their features as numbers."""

    opened: tuple[Opened, ...]
    measured: tuple[Measured, ...]

    @property
    def extractor(self) -> str:
        """The extractor of all of them, empty if they come from several or none is known."""
        return extractor(self.opened) if self.opened else ""

    def features(self) -> dict[str, bool]:
        """Return the features all tables hold values of, in the order of the first, and whether each is constant."""
        import numpy as np

        found: dict[str, bool] = {}
        for name in self.measured[0].columns if self.measured else ():
            if all(name in one.columns for one in self.measured):
                values = np.concatenate([one.columns[name] for one in self.measured])
                known = values[np.isfinite(values)]
                if len(known):
                    found[name] = bool((known == known[0]).all())
        return found

    def texts(self, name: str) -> list[str]:
        """Return the cells of a column that are neither empty nor marked missing, of all tables that have it."""
        found = []
        for one in self.opened:
            lost = {text.strip() for text in one.entry.missing}
            found += [text for text in (one.raw.column(name).as_texts() if one.raw.has(name) else ()) if text.strip() not in ({""} | lost)]
        return found

    def settings(self) -> dict[str, str]:
        """Return the value most rows have of every extraction setting, the version among them."""
        tallies: dict[str, Counter[str]] = {}
        for row in (row for one in self.opened for row in one.raw.settings):
            for key, value in row.items():
                tallies.setdefault(key, Counter())[value] += 1
        return {key: min(tally, key=lambda value: (-tally[value], value)) for key, tally in sorted(tallies.items())}


Known = dict[int, tuple[Opened, Measured]]


def references(plan: Plan, folder: Path, site: str, known: Known) -> References:
    """Open the feature tables of the other sites (its own only if there is no other); files not yet there are left out.

    ``known`` keeps what was opened for the next site.
    """
    there = [(role, i, entry) for role, i, entry in entries(plan) if role == "features" and (folder / entry.file).is_file()]
    others = [one for one in there if one[2].site != site] or there
    for role, i, entry in others:
        if i not in known:
            opened = open_table(plan, role, i, entry, folder)
            known[i] = opened, measure(opened, plan)
    read = [known[i] for _, i, _ in others]
    return References(opened=tuple(one for one, _ in read), measured=tuple(one for _, one in read))


def rules_for(plan: Plan, folder: Path, site: str, opened: Known | None = None) -> dict[str, Any]:
    """Return the rules a table of ``site`` is checked by. Raises StudyError SITE-103 if nothing says which features it has to hold."""
    from radaudit.checks.rules import CheckRules

    known = references(plan, folder, site, {} if opened is None else opened)
    features = known.features() or {name: False for name in plan.features.include if not any(sign in name for sign in WILD)}
    if not features:
        raise StudyError("SITE-103", f'nothing says which features "{site}" has to send', at="features.include, tables.features")
    entry = next((one for wanted in (site, None) for one in plan.tables.features if one.site == wanted), None)
    roles = _roles(plan, known, entry, site)
    limits = CheckRules.of(plan.rules.model_dump(exclude_none=True))
    own = folder / "expectations"
    suites = read_suites(limits, own if own.is_dir() else None)
    codes = _words()
    dictionary = identities(list(features), extractor=known.extractor)
    bounds = {name: [one for one in found if one.code in codes] for name, found in bounds_of(suites, dictionary).items()}
    named = {name for one in known.opened for name in one.raw.features or ()} | set(plan.features.include)
    agreed = _settings(plan, known)
    protocol = _protocol(plan, known)
    rules = {
        "schema": SCHEMA,
        "study": plan.study,
        "title": plan.title or "",
        "site": site,
        "file": _file(entry),
        "id": {
            "column": (entry.id if entry else None) or plan.columns.subject.column,
            "pattern": plan.columns.subject.pattern,
            "normalise": plan.columns.subject.normalise,
        },
        "unit": (entry.unit if entry else None) or plan.columns.unit,
        **roles,
        "extractor": known.extractor,
        "features": [
            {
                "name": name,
                "named": name in named,
                "constant": constant,
                "bounds": [[b.code, b.low, b.high, b.open_low, b.open_high] for b in bounds.get(name, ())],
            }
            for name, constant in features.items()
        ],
        "settings": agreed,
        "limits": {"missing_share": limits.missing_share},
        "protocol": protocol,
        "words": codes,
    }
    rules["asked"] = sorted({*ALWAYS, *_conditional(rules)})
    return rules | {"digest": digest(rules)}


def _conditional(rules: Mapping[str, Any]) -> list[str]:
    """Return the codes that are asked of this study only."""
    asked = {
        "ID-036": rules["unit"],
        "ID-100": rules["id"]["pattern"],
        "SITE-030": rules["sites"]["column"],
        "SITE-101": rules["columns"],
        "OUT-002": rules["outcome"],
        "OUT-031": rules["times"],
        "FEAT-004": rules["settings"],
        "FEAT-033": VERSION in rules["settings"],
        "FEAT-170": rules["protocol"],
        "FEAT-171": rules["protocol"],
    }
    return [code for code, yes in asked.items() if yes] + [bound[0] for item in rules["features"] for bound in item["bounds"]]


def _file(entry: TableFile | None) -> dict[str, Any]:
    if entry is None:
        return {"delimiter": None, "decimal": None, "encoding": None, "missing": []}
    return {"delimiter": entry.delimiter, "decimal": entry.decimal, "encoding": entry.encoding, "missing": list(entry.missing)}


def _roles(plan: Plan, known: References, entry: TableFile | None, place: str) -> dict[str, Any]:
    """Return what is said of the columns with a role that stand in the feature tables of the others."""
    columns, end = plan.columns, plan.columns.outcome
    ids = {columns.subject.column, columns.unit, *(name for one in known.opened for name in (one.entry.id, one.entry.unit))}
    there = {name for one in known.opened for name in spoken_for(plan, one.entry) if one.raw.has(name)} - ids
    site = columns.site.from_ if columns.site is not None and columns.site.pattern is None and columns.site.from_ in there else None
    told = {site} if entry is not None and entry.site else set()
    column = end.column if end.kind == "binary" else end.status
    outcome = None
    if column in there and column is not None:
        others = sorted(set(known.texts(column)) - {end.event})
        non_event = end.non_event if end.non_event is not None else others[0] if len(others) == 1 else None
        outcome = None if non_event is None else {"column": column, "event": end.event, "non_event": non_event}
    measured = dict.fromkeys((*columns.covariates, *columns.clinical, *plan.harmonise.preserve))
    return {
        "sites": {"column": site, "value": place},
        "columns": sorted(name for name in there if name not in told),
        "known": sorted({name for name in (*ids, *there) if name}),
        "outcome": outcome,
        "times": [end.time] if end.kind == "survival" and end.time in there and end.time else [],
        "measurements": [name for name in measured if name in there and _is_measurement(known.texts(name))],
    }


def _is_measurement(texts: Sequence[str]) -> bool:
    plain = [text.strip() for text in texts if PLAIN.fullmatch(text.strip())]
    return len(set(plain)) > MOST_LEVELS and len(plain) == len(texts)


def _settings(plan: Plan, known: References) -> dict[str, str]:
    """Return the settings to extract with: those of the tables, and those the protocol fixes to one value."""
    declared = plan.declared_protocol()
    fixed = {rule.column: rule.one_of[0] for rule in (declared.rules if declared else ()) if rule.setting and len(rule.one_of) == 1}
    return {**known.settings(), **fixed}


def _protocol(plan: Plan, known: References) -> dict[str, Any] | None:
    """Return the rules of the protocol that a feature table can answer: its columns and its settings."""
    declared = plan.declared_protocol()
    if declared is None:
        return None
    here = {name for one in known.opened for name in one.raw.names}
    rules = [rule for rule in declared.rules if (known.settings() if rule.setting else rule.column in here)]
    if not rules:
        return None

    def said(rule: Any) -> dict[str, Any]:
        names = {"setting": rule.column, "column": None} if rule.setting else {"setting": None, "column": rule.column}
        between = list(rule.between) if rule.between is not None else None
        return {**names, "between": between, "one_of": list(rule.one_of), "label": rule.label}

    amendments = [{"when": dict(one.when), "rules": [said(rule) for rule in one.rules]} for one in declared.amendments]
    return {"rules": [said(rule) for rule in rules], "amendments": amendments}


def _words() -> dict[str, dict[str, str]]:
    """Return what each code says to a hospital."""
    found: dict[str, dict[str, str]] = json.loads(files("radaudit.sitepack").joinpath("words.json").read_text(encoding="utf-8"))
    return found


def sites_of(plan: Plan, folder: Path) -> list[str]:
    """Return every site the study names, or its tables hold."""
    found = {entry.site for entry in plan.tables.features if entry.site}
    asked = plan.columns.site
    for role, i, entry in entries(plan):
        if asked is None or not (folder / entry.file).is_file():
            continue
        one = open_table(plan, role, i, entry, folder)
        if one.raw.has(asked.from_):
            lost = {"", *(text.strip() for text in entry.missing)}
            texts = [text for text in one.raw.column(asked.from_).as_texts() if text.strip() not in lost]
            found |= {site for text in texts if (site := _cut(text, asked.pattern))}
    return sorted(found)


def _cut(text: str, pattern: str | None) -> str:
    if pattern is None:
        return text
    match = re.search(pattern, text)
    return "" if match is None else str(match[match.re.groups and 1] or "")
