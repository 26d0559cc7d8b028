"""From the files a study names to one feature table, with an account of everything that was not plain.

The way: open every file; feature columns to numbers; patients matched as text; facts, sites, batches and the outcome; rows that cannot be
analysed leave and are counted. Nothing is guessed: what has two readings is refused, what is suspicious becomes a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from radaudit.codes import answer
from radaudit.edges.joining import endpoint, patients, places
from radaudit.edges.joining.facts import Facts, gather
from radaudit.edges.joining.measured import Measured, measure
from radaudit.edges.joining.opened import Opened, open_tables, spoken_for
from radaudit.errors import TableError, nearest
from radaudit.findings import Verdict, ranked
from radaudit.tables.intake import FlowStep, Intake
from radaudit.tables.names import identities
from radaudit.tables.shown import few, inert, quoted
from radaudit.tables.table import FeatureTable

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.findings import Finding
    from radaudit.study.plan import Plan

SETTINGS = "extraction settings"
VERSION = "version"
NOT_COMPARED = frozenset({VERSION, "imageTypes", "sigma"})


@dataclass(kw_only=True)
class Pool:
    """All rows of all feature tables before any leaves: parallel lists, and ``values`` (n, p)."""

    ids: list[str]
    units: list[str]
    files: list[Opened]
    numbers: list[int]
    names: list[str]
    values: Floats
    settings: list[Mapping[str, str]]
    images: list[str]

    @property
    def places(self) -> list[str]:
        """Where each row stands: file and row number."""
        return [f"{opened.label} row {number}" for opened, number in zip(self.files, self.numbers, strict=True)]


def read_study(plan: Plan, folder: Path) -> Intake:
    """Return the table of a study and how it came about.

    Raises TableError with the code of what cannot be read or joined: READ, ID, SITE, FEAT and OUT (see ``radaudit explain``).
    """
    opened = open_tables(plan, folder)
    features = [one for one in opened if one.role == "features"]
    others = [one for one in opened if one.role != "features"]
    measured = [measure(one, plan) for one in features]
    findings = [finding for one in opened for finding in one.raw.findings]
    pool = _pool(plan, features, measured, findings)
    facts = gather(features, others, pool.ids, plan)
    _expect_columns(plan, facts)
    sites = places.sites(plan, facts, pool.ids, pool.files)
    raw_batches = places.batches(plan, facts, sites)
    batches = places.merged(plan, raw_batches, _known_batches(plan, facts, raw_batches))
    outcome = endpoint.outcomes(plan, facts)
    flow, kept = _flow(plan, pool, facts, batches, outcome, findings)
    findings += facts.findings
    findings += _about_people(plan, pool)
    if plan.columns.site is not None or any(opened.entry.site for opened in pool.files):
        places.refuse_missing(plan, [sites[i] for i in kept], [pool.files[i] for i in kept], [pool.places[i] for i in kept])
    findings += places.spelt_alike("site", [sites[i] or "" for i in kept if sites[i]])
    if plan.columns.batch and plan.columns.batch != (plan.site_column,):
        findings += places.spelt_alike("batch", [batches[i] or "" for i in kept if batches[i]])
    findings += _about_settings(pool, sites)
    table = _table(plan, pool, facts, sites, batches, outcome, kept)
    accounting = [note for one in opened for note in one.raw.accounting] + [note for one in measured for note in one.accounting]
    return Intake(
        table=table,
        sources=tuple(one.source for one in opened),
        accounting=(*accounting, *facts.accounting),
        flow=flow,
        findings=tuple(ranked(findings)),
        dictionary=identities(table.features, extractor=_extractor(features), settings=_common(pool.settings)),
    )


def _pool(plan: Plan, features: Sequence[Opened], measured: Sequence[Measured], findings: list[Finding]) -> Pool:
    import numpy as np

    names = list(dict.fromkeys(name for one in measured for name in one.columns))
    _expect_features(plan, names, features)
    findings += _about_columns(names, features, measured)
    rows = sum(one.raw.rows for one in features)
    values = np.full((rows, len(names)), np.nan)
    place = {name: j for j, name in enumerate(names)}
    start = 0
    for opened, one in zip(features, measured, strict=True):
        stop = start + opened.raw.rows
        if one.columns:
            values[start:stop, [place[name] for name in one.columns]] = np.stack(list(one.columns.values()), axis=1)
        start = stop
    return Pool(
        ids=[text for one in features for text in patients.patient_ids(one, plan)],
        units=[text for one in features for text in _units(plan, one)],
        files=[one for one in features for _ in range(one.raw.rows)],
        numbers=[number for one in features for number in one.raw.numbers],
        names=names,
        values=values,
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
    from fnmatch import fnmatchcase

    present = [name for one in features for name in one.raw.names if name not in spoken_for(plan, one.entry)]
    lost = [pattern for pattern in plan.features.include if not any(fnmatchcase(name, pattern) for name in names)]
    volume = plan.columns.volume
    at = "features.include"
    if not lost and volume is not None and volume not in names and volume not in present:
        lost, at = [volume], "roles.volume"
    if lost or not names:
        near = nearest(lost[0].strip("*"), present) if lost else None
        what = (
            f"{len(lost)} of the features asked for are in no feature table: {few(lost)}"
            if lost
            else "no column of the feature tables is a feature"
        )
        raise TableError(
            "FEAT-002", what, at=at, found=few(present, most=8), near=near and inert(near), fix=f"{at}: {inert(near) if near else '[NAME]'}"
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


def _about_columns(names: Sequence[str], features: Sequence[Opened], measured: Sequence[Measured]) -> Iterator[Finding]:
    """Yield FEAT-032 for features not in every file, FEAT-001 for several extractors, FEAT-031 for names with unseen characters."""
    if len(features) > 1:
        lacking = {one.label: [name for name in names if name not in found.columns] for one, found in zip(features, measured, strict=True)}
        gone = {label: len(lost) for label, lost in lacking.items() if lost}
        if gone:
            shared = len(names) - len({name for lost in lacking.values() for name in lost})
            sentence = f"{len(names) - shared} of {len(names)} features are not in every feature table; they are missing there."
            yield answer(
                "FEAT-032", Verdict.FAILED, sentence, facts={"features": len(names) - shared, "shared": shared, "files": dict(gone)}
            )
        readers = sorted({one.raw.reader for one in features})
        if len(readers) > 1:
            sentence = f"The feature tables come from {len(readers)} extractors: {', '.join(readers)}."
            yield answer("FEAT-001", Verdict.FAILED, sentence, facts={"extractors": list(readers)})
    unseen = [name for name in names if not name.isprintable()]
    if unseen:
        sentence = f"{len(unseen)} feature names hold characters that cannot be seen."
        yield answer("FEAT-031", Verdict.FAILED, sentence, facts={"features": len(unseen), "names": [inert(name) for name in unseen[:5]]})


def _expect_columns(plan: Plan, facts: Facts) -> None:
    """Raise READ-021 for a covariate, clinical or date column in no table."""
    columns = plan.columns
    split = plan.split.test
    date = columns.date if split.by == "date" else None
    named = {
        "roles.covariates": columns.covariates,
        "roles.clinical": columns.clinical,
        "harmonise.preserve": plan.harmonise.preserve,
        "roles.date": (date,) if date else (),
        "split.test.column": (split.column,) if split.by == "column" and split.column else (),
    }
    derived = plan.site_column
    for at, names in named.items():
        lost = [name for name in names if name not in facts.columns and name != derived]
        if lost:
            near = nearest(lost[0], facts.columns)
            what = (
                f"there is no column {quoted(lost[0])} in the tables"
                if len(lost) == 1
                else f"{len(lost)} columns are in no table: {few(lost)}"
            )
            raise TableError(
                "READ-021",
                what,
                at=at,
                found=few(facts.columns, most=20),
                near=near and inert(near),
                fix=f"{at}: [{inert(near) if near else 'NAME'}]",
            )


def _known_batches(plan: Plan, facts: Facts, found: Sequence[str | None]) -> Counter[str]:
    """Count every batch that occurs, in rows of patients without features too."""
    known: Counter[str] = Counter(text for text in found if text is not None)
    if len(plan.columns.batch) == 1:
        for text, count in facts.levels.get(plan.columns.batch[0], Counter()).items():
            known[text] = max(known[text], count)
    return known


def _flow(
    plan: Plan, pool: Pool, facts: Facts, batches: Sequence[str | None], outcome: Sequence[float], findings: list[Finding]
) -> tuple[tuple[FlowStep, ...], list[int]]:
    """Return the steps from supplied to analysed, and the rows that stay."""
    import numpy as np

    hollow = np.isnan(pool.values).all(axis=1).tolist()
    dropped = set(plan.harmonise.drop)
    reasons = (
        ("without features", "the extraction failed: every feature is empty", lambda i: hollow[i]),
        ("without clinical row", "not in any clinical table", lambda i: not facts.clinical[i]),
        ("without outcome", "the outcome is missing", lambda i: outcome[i] != outcome[i]),
        (
            "without batch",
            "the batch column is empty or has no row for them",
            lambda i: bool(plan.columns.batch) and not (batches[i] or "").strip(),
        ),
        ("dropped batch", "harmonise.drop", lambda i: batches[i] in dropped),
    )
    everyone = list(range(len(pool.ids)))
    steps = [_step("supplied", everyone, pool, "rows of the feature tables")]
    if facts.extra:
        steps.append(FlowStep(label="clinical row only", patients=facts.extra, rows=0, reason="in a clinical table, without features"))
    kept = everyone
    for label, reason, leaves in reasons:
        gone = [i for i in kept if leaves(i)]
        kept = [i for i in kept if not leaves(i)]
        if gone:
            steps.append(_step(label, gone, pool, reason))
        if gone and label == "without features":
            findings.append(_failed_cases(gone, pool))
        if gone and label == "without batch":
            findings.append(places.without_batch(plan, gone, pool.ids, pool.places))
    if not kept:
        shown = "; ".join(f"{step.label}: {step.rows} rows" for step in steps)
        raise TableError("READ-044", "no row is left to analyse", found=shown, fix="correct the outcome, `missing:` or harmonise.drop")
    return (*steps, _step("analysed", kept, pool, "")), kept


def _step(label: str, rows: Sequence[int], pool: Pool, reason: str) -> FlowStep:
    return FlowStep(label=label, patients=len({pool.ids[i] for i in rows}), rows=len(rows), reason=reason)


def _failed_cases(rows: Sequence[int], pool: Pool) -> Finding:
    local = tuple({"patient": pool.ids[i], "unit": pool.units[i], "row": pool.places[i]} for i in rows)
    sentence = f"{len(rows)} rows hold no feature value: the extraction failed; they are not analysed."
    return answer("FEAT-058", Verdict.FAILED, sentence, facts={"rows": len(rows)}, scope="intake", local=local)


def _about_people(plan: Plan, pool: Pool) -> Iterator[Finding]:
    has_units = plan.columns.unit is not None or any(opened.entry.unit for opened in pool.files)
    yield from patients.spelt_alike(pool.ids)
    yield from patients.repeated(pool.ids, pool.units, pool.values, pool.places, has_units=has_units)
    yield from patients.one_image(pool.ids, pool.images, pool.places)


def _about_settings(pool: Pool, sites: Sequence[str | None]) -> Iterator[Finding]:
    """Yield FEAT-004 for settings that differ between rows, FEAT-033 for several versions of the extractor."""
    stated = [i for i, row in enumerate(pool.settings) if row]
    for key in sorted({key for i in stated for key in pool.settings[i]} - (NOT_COMPARED - {VERSION})):
        tally: Counter[str] = Counter(pool.settings[i].get(key, "not stated") for i in stated)
        if len(tally) < 2:
            continue
        where = {
            value: sorted({sites[i] or pool.files[i].label for i in stated if pool.settings[i].get(key, "not stated") == value})
            for value in tally
        }
        shown = ", ".join(f"{inert(value)} at {few(where[value], most=3)} ({count} rows)" for value, count in tally.most_common())
        facts = {"setting": key, "values": {inert(value): count for value, count in tally.items()}}
        yield answer("FEAT-033" if key == VERSION else "FEAT-004", Verdict.FAILED, f"{key} is {shown}.", facts=facts, scope=key)


def _common(settings: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """Return the settings all rows share."""
    stated = [row for row in settings if row]
    if not stated or len(stated) < len(settings):
        return {}
    return {key: value for key, value in stated[0].items() if all(row.get(key) == value for row in stated)}


def _extractor(features: Sequence[Opened]) -> str:
    readers = {one.raw.reader for one in features}
    return readers.pop() if len(readers) == 1 else ""


def _table(
    plan: Plan,
    pool: Pool,
    facts: Facts,
    sites: Sequence[str | None],
    batches: Sequence[str | None],
    outcome: Sequence[float],
    kept: Sequence[int],
) -> FeatureTable:
    columns = {name: [texts[i] for i in kept] for name, texts in facts.columns.items()}
    derived = plan.site_column
    if derived is not None and derived not in columns and any(sites):
        columns[derived] = [sites[i] for i in kept]
    if any(pool.settings):
        columns[SETTINGS] = ["; ".join(f"{key}={value}" for key, value in sorted(pool.settings[i].items())) or None for i in kept]
    whole = kept == list(range(len(pool.ids)))
    return FeatureTable.of(
        roles=plan.roles(),
        patients=[pool.ids[i] for i in kept],
        units=[pool.units[i] for i in kept],
        sites=[sites[i] or "" for i in kept],
        batches=[batches[i] or "" for i in kept],
        features=pool.names,
        values=pool.values if whole else pool.values[kept],
        outcome=[outcome[i] for i in kept],
        facts=columns,
    )
