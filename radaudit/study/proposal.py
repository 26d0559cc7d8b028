"""Write a first study file from looks at tables: every guess stands beside its evidence and its alternatives, to be confirmed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from radaudit.errors import StudyError, listed
from radaudit.study import guesses
from radaudit.study.endpoint_guesses import endpoints
from radaudit.study.guesses import Guess, Look
from radaudit.study.outcome_lines import line, outcome_guesses, outcome_lines, scalar
from radaudit.study.table_kinds import Kind, kind_of
from radaudit.tables.shown import inert

DICTIONARY = "dictionary"
LEAST_ROWS_KNOWN = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """Tables by what they hold."""

    features: tuple[Look, ...]
    clinical: tuple[Look, ...]
    acquisition: tuple[Look, ...]
    others: tuple[tuple[Look, Kind], ...] = ()

    @property
    def dictionary(self) -> Look | None:
        """The table that tells what the numbers of the others mean, if there is one."""
        return next((look for look, kind in self.others if kind.name == DICTIONARY), None)

    @property
    def all(self) -> tuple[Look, ...]:
        """All tables, those with features first."""
        return (*self.features, *self.clinical, *self.acquisition)


def many(texts: Iterable[str]) -> str:
    """Return texts as a YAML list on one line."""
    return f"[{', '.join(map(scalar, texts))}]"


def sort_tables(looks: Sequence[Look]) -> Sorted:
    """Return the tables by what they hold; raises StudyError (STUDY-030) if none holds features."""
    kinds = {look.file: kind for look in looks if (kind := kind_of(look))}
    features = tuple(look for look in looks if look.features and look.file not in kinds)
    if not features:  # the only table of features is the study's, also if patients were scanned twice
        features = tuple(look for look in looks if look.features)[:1]
        kinds = {file: kind for file, kind in kinds.items() if file not in {look.file for look in features}}
    if not features:
        raise StudyError(
            "STUDY-030",
            "none of these tables looks like a table of features",
            found=listed(f"{look.file} ({len(look.columns)} columns)" for look in looks),
            fix="name the table your extractor wrote; at least 20 numeric columns, or names of pyradiomics or CaPTk",
        )
    others = tuple((look, kinds[look.file]) for look in looks if look.file in kinds)
    rest = [look for look in looks if look not in features and look.file not in kinds]
    scanner = [look for look in rest if sum(guesses.rank(name, guesses.SCANNER) < len(guesses.SCANNER) for name in look.columns) >= 3]
    clinical = tuple(look for look in rest if look not in scanner)
    return Sorted(features=features, clinical=clinical, acquisition=tuple(scanner), others=others)


def propose_study(looks: Sequence[Look], *, name: str) -> str:
    """Return the text of a study file. Raises StudyError: STUDY-030 (no features), STUDY-031 (no ids), STUDY-032, STUDY-100 (outcome)."""
    tables = sort_tables(looks)
    subject = guesses.subject(tables.all)
    if subject is None:
        raise StudyError(
            "STUDY-031",
            "no column of the feature table looks like the patient's id",
            found=f"columns that are not features: {listed((inert(name) for name in tables.features[0].columns), most=12) or 'none'}",
            fix="add a column patient_id to the feature table",
        )
    site_lines, site_columns = _site(tables, subject)
    outcome = outcome_guesses(
        tables.all, tables.clinical or tables.features, {subject.column, *site_columns, *_ids(tables, subject).values()}
    )
    clinical = _clinical(tables, {subject.column, outcome[0].column, *site_columns})
    blocks = [
        _head(name),
        _tables(tables, subject),
        [
            "roles:",
            *_subject(tables, subject),
            *_unit(tables, subject),
            *site_lines,
            *_batch(tables),
            *outcome_lines(tables.all, outcome, tables.dictionary),
        ],
    ]
    blocks[-1] += [*_clinical_lines(clinical), *_volume(tables), *_never(tables, outcome[0], clinical), *_dates(tables)]
    blocks += [feature_lines(tables), _rest(tables, bool(site_columns), clinical)]
    return "\n".join("\n".join(block) + "\n" for block in blocks)


def _head(name: str) -> list[str]:
    return [
        "# yaml-language-server: $schema=study.schema.json",
        "# Written by radaudit init: every value below is a guess with its evidence. Read each line; what stands here when",
        "# the signature is locked is the plan. Lines that begin with # are alternatives.",
        "schema: radaudit/study/1",
        f"study: {name}",
        line("title: A title of one line", "CONFIRM"),
        line("question: What does this study ask?", "CONFIRM"),
    ]


def _ids(tables: Sorted, subject: Guess) -> dict[str, str]:
    """Return file -> its patient column, for tables that call it otherwise."""
    home = next(look for look in tables.all if look.file == subject.file)
    found: dict[str, str] = {}
    for look in tables.all:
        if look is home or subject.column in look.columns:
            continue
        link = guesses.linked(home, subject.column, look)
        if link is not None:
            found[look.file] = link[0]
            continue
        candidates = guesses.patient_columns(look)
        ids = home.values(subject.column)
        met = [(rule[1], name) for name in candidates if (rule := guesses.normalisation(ids, look.values(name)))]
        if met or candidates:
            found[look.file] = max(met)[1] if met else candidates[0]
    return found


def _tables(tables: Sorted, subject: Guess) -> list[str]:
    home = next(look for look in tables.all if look.file == subject.file)
    ids = _ids(tables, subject)
    by_file = _sites_by_file(tables)
    lines = ["tables:"]
    for role, looks in (("features", tables.features), ("clinical", tables.clinical), ("acquisition", tables.acquisition)):
        if looks:
            lines.append(f"  {role}:")
        for look in looks:
            width = len(look.columns) + len(look.features)
            lines += _world(look)
            lines.append(line(f"    - file: {scalar(look.file)}", f"{look.rows} rows, {width} columns, read as {look.reader}"))
            lines += [f"      sheet: {scalar(look.sheet)}"] if look.sheet else []
            if look.file in ids:
                met = guesses.shared(home.values(subject.column), look.values(ids[look.file]))
                total = len(set(home.values(subject.column)))
                lines.append(line(f"      id: {scalar(ids[look.file])}", f"{met} of {total} patients of {home.file} are found in it"))
            lines += _repeats(look, ids.get(look.file, subject.column)) if role != "features" else []
            if look.file in by_file:
                lines.append(line(f"      site: {scalar(by_file[look.file])}", "CONFIRM: named after the file"))
            tally = guesses.markers(look)
            if tally:
                lines.append(line(f"      missing: {many(sorted(tally))}", f"found: {guesses.shown(tally)}"))
    for look, kind in tables.others:
        lines.append(line(f"  # {kind.name}: {scalar(look.file)}", f"{kind.title}: {kind.evidence}"))
    return lines


def _world(look: Look) -> list[str]:
    """Say which world a table comes from, and what to know about it."""
    found = guesses.world(look)
    if found is None:
        return []
    world, signs = found
    return [line(f"    # {world.name}", f"{listed(map(inert, signs), most=4)}{'; ' + world.note if world.note else ''}")]


def _repeats(look: Look, column: str) -> list[str]:
    """Say that a clinical table has several rows of a patient: only one can be joined."""
    values = look.values(column) if column in look.columns else []
    repeated = len(values) - len(set(values))
    if not repeated:
        return []
    found = guesses.world(look)
    unit = found[0].column("unit", look.columns) if found else None
    told = f"; {unit} is {guesses.shown(guesses.groups(look, unit))}" if unit else ""
    return [line("      # STUDY-101: keep one row per patient", f"{repeated} rows repeat a patient{told}")]


def _subject(tables: Sorted, subject: Guess) -> list[str]:
    others = f"; could also be {listed(map(inert, subject.others), most=3)}" if subject.others else ""
    lines = [line(f"  subject: {scalar(subject.column)}", f"{subject.evidence}{others}")]
    home = next(look for look in tables.all if look.file == subject.file)
    ids = _ids(tables, subject)
    for look in tables.all:
        other = look.values(ids.get(look.file, subject.column)) if ids.get(look.file, subject.column) in look.columns else []
        rule = guesses.normalisation(home.values(subject.column), other) if look is not home and other else None
        if rule is not None:
            now = guesses.shared(home.values(subject.column), other)
            text = f"  # subject: {{column: {scalar(subject.column)}, normalise: {rule[0]}}}"
            lines.append(line(text, f"then {rule[1]} instead of {now} patients of {look.file} meet"))
    return lines


def _unit(tables: Sorted, subject: Guess) -> list[str]:
    home = next(look for look in tables.all if look.file == subject.file)
    values = home.values(subject.column)
    repeated = len(values) - len(set(values))
    if not repeated:
        return []
    units = [name for name in home.columns if name != subject.column and guesses.rank(name, guesses.UNIT) < len(guesses.UNIT)]
    why = f"{repeated} rows repeat a patient: one row per lesion or visit?"
    return [line(f"  unit: {scalar(units[0])}", why)] if units else [line("  # unit: <column that tells the rows of a patient apart>", why)]


def _sites_by_file(tables: Sorted) -> dict[str, str]:
    """Return file -> site if there are several feature tables and no column tells the site."""
    if len(tables.features) < 2 or guesses.categorical(tables.all, guesses.SITE, role="site"):
        return {}
    from pathlib import PurePosixPath

    return {look.file: PurePosixPath(look.file).stem.upper() for look in tables.features}


def _site(tables: Sorted, subject: Guess) -> tuple[list[str], list[str]]:
    found = guesses.categorical(tables.all, guesses.SITE, role="site")
    if found:
        lines = [line(f"  site: {scalar(found[0].column)}", found[0].evidence)]
        lines += [line(f"  # site: {scalar(guess.column)}", guess.evidence) for guess in found[1:3]]
        return lines, [found[0].column]
    if _sites_by_file(tables):
        return [line("  # site: <column>", "the site is stated per file, above")], ["site"]
    home = next(look for look in tables.all if look.file == subject.file)
    prefix = guesses.site_in_ids(home.values(subject.column))
    if prefix is not None:
        pattern = json.dumps(prefix[0], ensure_ascii=False)
        text = f"  site: {{from: {scalar(subject.column)}, pattern: {pattern}}}"
        return [line(text, f"the ids begin with {guesses.shown(prefix[1])}")], ["site"]
    return [line("  # site: <column>", "no column looks like a site, so that nothing is harmonised below")], []


def _batch(tables: Sorted) -> list[str]:
    found = guesses.categorical(tables.all, guesses.BATCH)
    return [line(f"  # batch: {many([guess.column])}", f"instead of the site; {guess.evidence}") for guess in found[:3]]


def _clinical(tables: Sorted, used: set[str]) -> list[tuple[str, bool, str]]:
    """Return (column, known nearly everywhere and biology, evidence) of columns a clinical model could use."""
    found = []
    for look in tables.all:
        for name in look.columns:
            values = look.values(name)
            if name in used or guesses.rank(name, guesses.CLINICAL) == len(guesses.CLINICAL) or len(set(values)) < 2:
                continue
            share = len(values) / look.rows
            if share >= LEAST_ROWS_KNOWN:
                biology = share == 1 and guesses.rank(name, guesses.BIOLOGY) < len(guesses.BIOLOGY)
                found.append((name, biology, f"{name} {100 * share:.0f}% known"))
    return list({name: (name, biology, evidence) for name, biology, evidence in found}.values())


def _clinical_lines(found: Sequence[tuple[str, bool, str]]) -> list[str]:
    if not found:
        return [line("  # clinical: [age, stage]", "columns of the clinical model; none was recognised")]
    return [line(f"  clinical: {many(name for name, _, _ in found)}", "the model to beat; " + ", ".join(text for _, _, text in found))]


def _volume(tables: Sorted) -> list[str]:
    found = [name for name in tables.features[0].features if guesses.VOLUME.search(name)]
    return [line(f"  volume: {scalar(found[0])}", "the baseline every signature is compared with")] if found else []


def _never(tables: Sorted, outcome: Guess, clinical: Sequence[tuple[str, bool, str]]) -> list[str]:
    used = {outcome.column, *(name for name, _, _ in clinical)}
    names = [name for look in (*tables.clinical, *tables.features) for name in look.columns]
    worldly = {name for look in tables.all if (home := guesses.world(look)) for name in home[0].never(look.columns)}
    worldly |= {name for one in endpoints(tables.all) for name in (one.time, one.status)}
    late = [name for name in names if guesses.rank(name, guesses.AFTER) < len(guesses.AFTER) or name in worldly]
    found = [name for name in dict.fromkeys(late) if name not in used]
    return [line(f"  never: {many(found)}", "known only after the scan, by their names")] if found else []


def _dates(tables: Sorted) -> list[str]:
    dated = [name for look in tables.all for name in look.columns if guesses.looks_dated(look.values(name))]
    return [line(f"  # date: {scalar(name)}", "for a test set of the latest patients") for name in dated[:2]]


def feature_lines(tables: Sorted) -> list[str]:
    """Return the lines that say which columns are features."""
    look = tables.features[0]
    if look.reader != "generic":
        return ["features:", line("  namespace: auto", f"{len(look.features)} names of {look.reader}, such as {look.features[0]}")]
    prefix = _prefix(look.features)
    pattern = scalar(f"{prefix}*") if prefix else None
    text = f"{len(look.features)} numeric columns, {inert(look.features[0])} to {inert(look.features[-1])}"
    if pattern:
        return ["features:", line(f"  include: [{pattern}]", text)]
    return ["features:", line(f"  include: {many(look.features)}", text)]


def _prefix(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    same = next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    found = first[:same]
    cut = max(found.rfind("_"), found.rfind("."), found.rfind("-")) + 1
    return "" if re.search(r"[\[\]*?]", found[:cut]) else found[:cut]


def _rest(tables: Sorted, sited: bool, clinical: Sequence[tuple[str, bool, str]]) -> list[str]:
    preserve = [name for name, biology, _ in clinical if biology]
    patients = max(look.rows for look in tables.features)
    lines = [
        "split:",
        line(
            "  test: {by: random, fraction: 0.3}", f"CONFIRM: about {round(0.3 * patients)} of {patients} rows; or by: site | date | column"
        ),
    ]
    lines += ["  development: {folds: 5, repeats: 5, inner: 5}", "", "harmonise:"]
    lines.append(line(f"  method: {'combat' if sited else 'none'}", "CONFIRM" if sited else "combat needs a site or batch"))
    if sited and preserve:
        lines.append(line(f"  preserve: {many(preserve)}", "biology ComBat keeps; then needed for every new patient"))
    lines.append(line("  unseen: {evaluation: refuse, scoring: refuse}", "or reference | pass; evaluation also adapt"))
    lines += ["", "model: {kind: elastic-net, max_features: 8}", "threshold: {rule: youden}", ""]
    lines += [
        "claims:",
        line("  - {id: C1, primary: true, measure: auc, on: test, at_least: 0.70}", "CONFIRM the limit before the test set is opened"),
    ]
    lines += [line("  # - {id: C2, measure: calibration_slope, on: test, between: [0.8, 1.2]}"), "", "seed: 1"]
    return lines
