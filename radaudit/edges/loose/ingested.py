"""``radaudit ingest FILES...``: what tables hold that no study names: rows, patients, features, extractor, settings, findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.checks.extraction import VERSION, about_declared
from radaudit.edges.joining.pool import about_columns
from radaudit.edges.loose import findings as ask
from radaudit.edges.loose.arguments import Loaded, load
from radaudit.edges.loose.columns import feature_columns, times_in_names
from radaudit.edges.loose.measured import Measured, measure, stacked
from radaudit.edges.loose.people import People, people
from radaudit.edges.params_file import read_params
from radaudit.edges.readers.diagnostics import MATTERS
from radaudit.errors import StudyError
from radaudit.findings import Finding, Verdict, ranked
from radaudit.study.guesses import Look as Seen
from radaudit.study.guesses import world
from radaudit.study.table_kinds import kind_of
from radaudit.tables.intake import Accounted
from radaudit.tables.roles import Roles
from radaudit.tables.shown import inert
from radaudit.tables.table import FeatureTable

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.edges.readers.formats.raw import RawTable
    from radaudit.study.plan import Plan

MOST_VALUES = 12
DECLARED = ("pyradiomics", "slicer")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """One loose table: its content, whose rows it holds, its features as numbers, and the columns that are neither."""

    loaded: Loaded
    features: frozenset[str]
    people: People
    measured: Measured
    others: tuple[str, ...]

    @property
    def label(self) -> str:
        """The name of the table."""
        return self.loaded.raw.label

    @property
    def patients(self) -> tuple[str, ...]:
        """The ids of the rows; none if the table has no features and no column that names a patient."""
        return self.people.ids if self.features or self.people.known else ()

    @property
    def files(self) -> tuple[str, ...]:
        """The file of each row."""
        return self.loaded.raw.files or (self.label,) * self.loaded.raw.rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ingested:
    """What loose files hold; ``findings`` are those that failed, ``unasked`` the questions that could not be asked."""

    looks: tuple[Look, ...]
    names: tuple[str, ...]
    findings: tuple[Finding, ...]
    unasked: tuple[Finding, ...]
    asked: int

    @property
    def measured(self) -> tuple[Look, ...]:
        """The tables with features; all tables if none has any."""
        return tuple(look for look in self.looks if look.features) or self.looks

    @property
    def rows(self) -> int:
        """Rows of the tables with features."""
        return sum(look.loaded.raw.rows for look in self.measured)

    @property
    def patients(self) -> int:
        """Different patients in these rows."""
        return len({text for look in self.measured for text in look.patients})

    @property
    def settings(self) -> Mapping[str, str | list[str]]:
        """Settings the rows state: one text if all that state it agree, else the different ones."""
        return _told(self.measured)

    def document(self) -> dict[str, Any]:
        """Return the JSON form, without anything about patients."""
        readers = list(dict.fromkeys(look.loaded.raw.reader for look in self.measured))
        settings = dict(self.settings)
        cells: Counter[str] = Counter()
        for look in self.looks:
            cells.update(look.measured.cells)
        accounted: Counter[str] = Counter()
        for look in self.looks:
            for note in look.loaded.raw.accounting:
                accounted[note.kind] += note.count
        return {
            "rows": self.rows,
            "patients": self.patients,
            "features": len(self.names),
            "extractor": readers[0] if len(readers) == 1 else readers,
            "version": settings.pop(VERSION, None),
            "settings": settings,
            "cells": dict(cells),
            "accounted": dict(accounted),
            "tables": [_table(look) for look in self.looks],
            "files": [source.document() | {"role": _role(look)} for look in self.looks for source in look.loaded.sources],
            "asked": self.asked,
            "unasked": [{"code": finding.code, "sentence": finding.sentence} for finding in self.unasked],
        }


def ingest_files(arguments: Sequence[str], *, plan: Plan | None = None, folder: Path = Path()) -> Ingested:
    """Read files, folders and patterns; ``plan`` states how the files it names are read.

    Raises StudyError STUDY-033 if nothing was named, TableError as the readers do, READ-003 and READ-004 for commas with two readings.
    """
    if not arguments:
        raise StudyError("STUDY-033", "no tables were named", fix="radaudit ingest data/features.csv")
    stated = {text: read_params(Path(text)) for text in arguments if _parameters(text)}
    loaded = load([text for text in arguments if text not in stated], plan=plan, folder=folder)
    looks = tuple(_look(one) for one in _with(loaded, stated))
    measured = [look for look in looks if look.features]
    names: tuple[str, ...] = ()
    found = list(ask.about_tables(looks))
    if measured:
        names, values = stacked([look.measured for look in measured], [look.loaded.raw.rows for look in measured])
        found += ask.about_values(_table_of(measured, names, values))
        found += ask.about_names(ask.extractions(measured))
        columns = [(look.label, look.loaded.raw.reader, look.measured.columns) for look in measured]
        found += (finding for finding in about_columns(names, columns) if finding.code != "FEAT-001")
    found += ask.about_rows(measured or looks)
    # against what the tables say, not against what was just taken from the file
    said = ask.extractions([replace(look, loaded=one) for look, one in zip(looks, loaded, strict=True) if look.features])
    found += (about_declared(settings, said) for settings in stated.values())
    return Ingested(
        looks=looks,
        names=names,
        findings=tuple(ranked(finding for finding in found if finding.verdict is Verdict.FAILED)),
        unasked=tuple(finding for finding in found if finding.verdict is Verdict.NOT_RUN),
        asked=sum(finding.verdict in (Verdict.PASSED, Verdict.FAILED) for finding in found),
    )


def _parameters(text: str) -> bool:
    return text.casefold().endswith((".yaml", ".yml")) and Path(text).is_file()


def _with(loaded: Sequence[Loaded], stated: Mapping[str, Mapping[str, str]]) -> tuple[Loaded, ...]:
    """Return the tables with the settings of one parameter file where they state none; of several, none is taken."""
    if len(stated) != 1:
        return tuple(loaded)
    [(name, settings)] = stated.items()
    ours = {key: text for key, text in settings.items() if key in MATTERS}
    return tuple(
        one if one.raw.settings or one.raw.reader not in DECLARED else replace(one, raw=_declared(one.raw, ours, Path(name).name))
        for one in loaded
    )


def _declared(raw: RawTable, settings: Mapping[str, str], name: str) -> RawTable:
    note = Accounted(file=raw.label, column="", kind="settings", what=f"from {inert(name)}", count=raw.rows)
    return replace(raw, settings=(settings,) * raw.rows).noting(note)


def _look(loaded: Loaded) -> Look:
    features = feature_columns(loaded.raw, loaded.entry, loaded.taken)
    who = people(loaded.raw, loaded.entry, features)
    features -= {who.column, who.site, *who.units}
    return Look(
        loaded=loaded,
        features=features,
        people=who,
        measured=measure(loaded, features),
        others=tuple(name for name in loaded.raw.names if name not in features),
    )


def _table_of(looks: Sequence[Look], names: tuple[str, ...], values: Floats) -> FeatureTable:
    """Return the rows as a table to be asked about; no study will use it, so that its rows stay in order and it has no content digest."""
    import numpy as np

    sites = tuple(text or (look.label if len(looks) > 1 else "") for look in looks for text in look.people.sites)
    return FeatureTable(
        roles=_roles(looks),
        patients=tuple(text for look in looks for text in look.people.ids),
        units=tuple(text for look in looks for text in look.people.regions),
        sites=sites,
        batches=sites,
        features=names,
        values=values,
        outcome=np.full(len(values), np.nan),
        facts={},
        digest="loose",
    )


def _roles(looks: Sequence[Look]) -> Roles:
    units = [name for look in looks for name in look.people.units]
    return Roles(patient=looks[0].people.column or "row", unit=units[0] if units else None, site="site")


def _told(looks: Sequence[Look]) -> Mapping[str, str | list[str]]:
    found: dict[str, dict[str, None]] = {}
    for look in looks:
        for row in look.loaded.raw.settings:
            for key, text in row.items():
                found.setdefault(key, {})[text] = None
    return {key: next(iter(texts)) if len(texts) == 1 else sorted(texts)[:MOST_VALUES] for key, texts in sorted(found.items())}


def _role(look: Look) -> str:
    return "features" if look.features else "other"


def _table(look: Look) -> dict[str, Any]:
    raw, who = look.loaded.raw, look.people
    return {
        "table": look.label,
        "role": _role(look),
        "reader": raw.reader,
        "rows": raw.rows,
        "columns": len(raw.columns),
        "features": len(look.measured.columns),
        "files": len(look.loaded.sources),
        "id": {"column": who.column or None, "how": who.how, "evidence": who.evidence, "pattern": who.pattern or None},
        "patients": len(set(look.patients)),
        "units": list(who.units),
        "timepoint": who.timepoint or None,
        "timepoints": len(set(raw.column(who.timepoint).as_texts())) if who.timepoint else None,
        "times_in_names": list(times_in_names(tuple(look.measured.columns))),
        "site": who.site or None,
        "sites": len({site for site in who.sites if site}),
        **_clinical(look),
    }


def _clinical(look: Look) -> dict[str, str | None]:
    """Return the world a table without features comes from, such as REDCap, and what it is for, such as overlaps of segmentations."""
    if look.features:
        return {"world": None, "kind": None}
    raw = look.loaded.raw
    columns = {column.name: column.as_texts() for column in raw.columns}
    seen = Seen(file=look.label, rows=raw.rows, columns=columns, reader=raw.reader)
    home, kind = world(seen), kind_of(seen)
    return {"world": home[0].name if home else None, "kind": kind.title if kind else None}


def lines(found: Ingested) -> list[str]:
    """Return what was read as plain lines."""
    document = found.document()
    said = []
    for table in document["tables"]:
        files = f", {table['files']} files" if table["files"] > 1 else ""
        said.append(f"read      {table['table']}: {table['rows']} x {table['columns']}, {table['reader']}{files}")
        ident = table["id"]
        where = f"column {ident['column']}" if ident["column"] else ident["how"]
        said.append(f"  ids     {table['patients']} patients by {where} ({ident['evidence']})")
        if table["units"]:
            said.append(f"  rows    told apart by {', '.join(table['units'])}")
        told = [text for text in (table["world"], table["kind"]) if text]
        if told:
            said.append(f"  looks   like {', '.join(told)}")
        if table["site"]:
            said.append(f"  sites   {table['sites']} by column {table['site']}")
    version = document["version"]
    by = f"{document['extractor']}" + (f" {version}" if version else "")
    said.append(f"table     {found.rows} rows, {found.patients} patients, {len(found.names)} features, {by}")
    if document["settings"]:
        said.append("settings  " + "; ".join(f"{key} {_words(text)}" for key, text in document["settings"].items()))
    said.append("cells     " + (", ".join(f"{count} {kind}" for kind, count in sorted(document["cells"].items())) or "none of features"))
    said.append(
        f"asked     {found.asked} questions, {len(found.findings)} findings"
        + (f", {len(found.unasked)} could not be asked" if found.unasked else "")
    )
    return said


def _words(text: str | list[str]) -> str:
    return text if isinstance(text, str) else " | ".join(text)
