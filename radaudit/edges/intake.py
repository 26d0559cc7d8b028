"""From the files a study names to one feature table, with an account of everything that was not plain.

The way: open every file; feature columns to numbers; patients matched as text; facts, sites, batches and the outcome; rows that cannot be
analysed leave and are counted. Nothing is guessed: what has two readings is refused, what is suspicious becomes a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from radaudit.codes import answer
from radaudit.edges.joining import endpoint, patients, places
from radaudit.edges.joining.competing import competing_events
from radaudit.edges.joining.covariates import refuse_odd_numbers
from radaudit.edges.joining.extraction import about_settings, common, extractor, in_words
from radaudit.edges.joining.facts import Facts, gather
from radaudit.edges.joining.measured import measure
from radaudit.edges.joining.opened import open_tables
from radaudit.edges.joining.pool import Pool, about_columns, lacking_roles, pooled
from radaudit.edges.joining.reliability import repeatable
from radaudit.errors import TableError, nearest
from radaudit.findings import Verdict, ranked
from radaudit.tables.intake import FlowStep, Intake
from radaudit.tables.names import identities
from radaudit.tables.shown import few, inert, quoted
from radaudit.tables.table import FeatureTable

if TYPE_CHECKING:
    from radaudit.findings import Finding
    from radaudit.study.plan import Plan

SETTINGS = "extraction settings"


def read_study(plan: Plan, folder: Path) -> Intake:
    """Return the table of a study and how it came about.

    Raises TableError with the code of what cannot be read or joined: READ, ID, SITE, FEAT and OUT (see ``radaudit explain``).
    """
    opened = open_tables(plan, folder)
    features = [one for one in opened if one.role == "features"]
    others = [one for one in opened if one.role != "features"]
    measured = [measure(one, plan) for one in features]
    pool = pooled(plan, features, measured)
    findings = [finding for one in opened for finding in one.raw.findings]
    findings += about_columns(
        pool.names, [(one.label, one.raw.reader, found.columns) for one, found in zip(features, measured, strict=True)]
    )
    pool, registers, unrepeatable, said = repeatable(plan, folder, pool, features)
    findings += said
    findings += lacking_roles(plan, features, others)
    facts = gather(features, others, pool.ids, plan)
    _expect_columns(plan, facts)
    refuse_odd_numbers(plan, facts)
    sites = places.sites(plan, facts, pool.ids, pool.files)
    raw_batches = places.batches(plan, facts, sites)
    batches = places.merged(plan, raw_batches, _known_batches(plan, facts, raw_batches))
    outcome = endpoint.outcomes(plan, facts)
    flow, kept = _flow(plan, pool, facts, batches, outcome, findings)
    findings += facts.findings
    findings += _about_people(plan, pool)
    if plan.columns.site is not None or any(opened.entry.site for opened in pool.files):
        where = pool.places()
        places.refuse_missing(plan, [sites[i] for i in kept], [pool.files[i] for i in kept], [where[i] for i in kept])
    findings += places.spelt_alike("site", [sites[i] or "" for i in kept if sites[i]])
    if plan.columns.batch and plan.columns.batch != (plan.site_column,):
        findings += places.spelt_alike("batch", [batches[i] or "" for i in kept if batches[i]])
    findings += about_settings(pool, sites)
    findings += endpoint.time_units(plan, facts, sites)
    table = _table(plan, pool, facts, sites, batches, outcome, kept)
    findings += competing_events(table)
    accounting = [note for one in opened for note in one.raw.accounting] + [note for one in measured for note in one.accounting]
    return Intake(
        table=table,
        sources=(*(one.source for one in opened), *registers),
        accounting=(*accounting, *facts.accounting, *unrepeatable),
        flow=flow,
        findings=tuple(ranked(findings)),
        dictionary=identities(table.features, extractor=extractor(features), settings=common(pool.settings)),
    )


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
    protocol = plan.declared_protocol()
    if protocol is not None:
        named["protocol.rules"] = protocol.columns
    derived = plan.site_column
    for at, names in named.items():
        lost = [name for name in names if name not in facts.columns and name != derived]
        if lost:
            near = nearest(lost[0], facts.columns)
            raise TableError(
                "READ-021",
                f"{len(lost)} columns of the study are in no table: {few(map(quoted, lost))}",
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

    hollow = {int(i) for i in np.flatnonzero(np.isnan(pool.values).all(axis=1))}
    dropped, batched = set(plan.harmonise.drop), bool(plan.columns.batch)
    reasons: tuple[tuple[str, str, Callable[[int], bool]], ...] = (
        ("without features", "the extraction failed: every feature is empty", lambda i: i in hollow),
        ("without clinical row", "not in any clinical table", lambda i: not facts.clinical[i]),
        ("without outcome", "the outcome is missing", lambda i: outcome[i] != outcome[i]),
        ("without batch", "the batch column is empty or has no row for them", lambda i: batched and not (batches[i] or "").strip()),
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
            findings.append(places.without_batch(plan, gone, pool.ids, pool.places()))
    if not kept:
        shown = "; ".join(f"{step.label}: {step.rows} rows" for step in steps)
        raise TableError("READ-044", "no row is left to analyse", found=shown, fix="correct the outcome, `missing:` or harmonise.drop")
    return (*steps, _step("analysed", kept, pool, "")), kept


def _step(label: str, rows: Sequence[int], pool: Pool, reason: str) -> FlowStep:
    return FlowStep(label=label, patients=len({pool.ids[i] for i in rows}), rows=len(rows), reason=reason)


def _failed_cases(rows: Sequence[int], pool: Pool) -> Finding:
    where = pool.places()
    local = tuple({"patient": pool.ids[i], "unit": pool.units[i], "row": where[i]} for i in rows)
    sentence = f"{len(rows)} rows hold no feature value: the extraction failed; they are not analysed."
    return answer("FEAT-058", Verdict.FAILED, sentence, facts={"rows": len(rows)}, scope="intake", local=local)


def _about_people(plan: Plan, pool: Pool) -> Iterator[Finding]:
    has_units = plan.columns.unit is not None or any(opened.entry.unit for opened in pool.files)
    yield from patients.spelt_alike(pool.ids)
    if plan.columns.subject.pattern is not None:
        yield from patients.against_pattern(pool.ids, plan.columns.subject.pattern, pool.places())
    yield from patients.repeated(pool.ids, pool.units, pool.values, pool.places(), has_units=has_units)
    yield from patients.one_image(pool.ids, pool.images, pool.places())


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
        columns[SETTINGS] = [in_words(pool.settings[i]) or None for i in kept]
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
