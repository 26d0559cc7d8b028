"""Patients: ids as text, made comparable only as the study says, matched between tables with evidence where they do not match."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from radaudit.codes import answer
from radaudit.errors import TableError, nearest
from radaudit.findings import Fact, Finding, Verdict
from radaudit.tables.shown import few, inert, quoted

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.edges.joining.opened import Opened
    from radaudit.study.plan import Plan

RULES: Mapping[str, Callable[[str], str]] = {
    "strip-zeros": lambda text: text.lstrip("0") or "0",
    "strip-space": lambda text: text.strip(),
    "fold-case": lambda text: text.casefold(),
}
ROUNDED = re.compile(r"[0-9]\.[0-9]+[eE]\+[0-9]{2,}")
WORDS = {"strip-zeros": "removing leading zeros", "strip-space": "removing outer spaces", "fold-case": "ignoring case"}


def patient_ids(opened: Opened, plan: Plan) -> tuple[str, ...]:
    """Return the ids of a file, normalised as the study says; raises TableError.

    ID-033: no such column; ID-032: rows without id; ID-035: ids that a spreadsheet rounded.
    """
    subject = plan.columns.subject
    wanted, texts = _written(opened, plan)
    lost = [opened.raw.numbers[i] for i, text in enumerate(texts) if not text.strip()]
    if lost:
        raise TableError(
            "ID-032",
            f"{len(lost)} rows of {opened.label} have no patient id",
            at=f"{opened.at}, column {inert(wanted)}",
            found=f"rows {few(map(str, lost))}",
            fix="write the id into these rows, or remove them from the table",
            rows=len(lost),
        )
    rounded = sorted({text for text in texts if ROUNDED.fullmatch(text.strip())})
    if rounded:
        raise TableError(
            "ID-035",
            f"{len(rounded)} patient ids of {opened.label} were turned into rounded numbers: {few(map(quoted, rounded), most=3)}",
            at=f"{opened.at}, column {inert(wanted)}",
            near="a spreadsheet did this to long ids; several patients may have become one",
            fix="export the table again with the id column as text",
            ids=len(rounded),
        )
    if opened.entry.id_pattern:
        several = opened.entry.id_from is not None or bool(opened.entry.unit or plan.columns.unit)
        texts = _cut(opened, wanted, opened.entry.id_pattern, texts, several=several)
    rule = RULES[subject.normalise] if subject.normalise else str
    return tuple(rule(text) for text in texts)


def _written(opened: Opened, plan: Plan) -> tuple[str, Sequence[str]]:
    """Return where the ids of a file stand, for messages, and the ids as they are written there."""
    match opened.entry.id_from:
        case "file name":
            files = opened.raw.files or (opened.label,) * opened.raw.rows
            return "the file names", tuple(stem(file) for file in files)
        case "row":
            return "the row numbers", opened.raw.places
    wanted = opened.entry.id or plan.columns.subject.column
    if not opened.raw.has(wanted):
        raise _no_column(opened, wanted)
    return wanted, opened.raw.column(wanted).as_texts()


def stem(file: str) -> str:
    """Return the name of a file without folders and the suffix of a table."""
    name = PurePath(file).name
    return name.removesuffix(".gz").rsplit(".", 1)[0] if "." in name else name


def _cut(opened: Opened, column: str, pattern: str, texts: Sequence[str], *, several: bool) -> tuple[str, ...]:
    """Return the part of each id that the study's pattern matches; raises TableError ID-037 for ids it does not match or runs together.

    With ``several`` rows per patient (the study names regions or visits) one id may be cut from different texts.
    """
    found = [re.search(pattern, text) for text in texts]
    odd = [text for text, match in zip(texts, found, strict=True) if match is None]
    at = f"{opened.at}, column {inert(column)}"
    if odd:
        raise TableError(
            "ID-037",
            f"{len(odd)} ids of {opened.label} do not match id_pattern",
            at=at,
            found=few(map(quoted, odd), most=3),
            fix="id_pattern: a regular expression that matches every id",
            ids=len(odd),
        )
    parts = tuple(match.group(match.re.groups and 1) for match in found if match is not None)
    together = sorted({part for part in parts if len({text for text, p in zip(texts, parts, strict=True) if p == part}) > 1})
    if together and not several:
        raise TableError(
            "ID-037",
            f"id_pattern makes one id of several in {opened.label}: {len(together)} time(s)",
            at=at,
            found=few(map(quoted, together), most=3),
            fix="id_pattern: a regular expression that keeps different patients apart",
            ids=len(together),
        )
    return parts


def _no_column(opened: Opened, wanted: str) -> TableError:
    names = opened.raw.names
    near = nearest(wanted, names)
    distinct = [name for name in names[:50] if _distinct(opened, name)]
    guess = near or (distinct[0] if distinct else None)
    evidence = f"{inert(guess)}  ({len(set(opened.raw.column(guess).as_texts()))} values in {opened.raw.rows} rows)" if guess else None
    return TableError(
        "ID-033",
        f"the patient column {quoted(wanted)} is not in {opened.label}",
        at=f"{opened.at}, roles.subject",
        found=few(names, most=12),
        near=evidence,
        fix=f"{{file: {opened.label}, id: {inert(guess) if guess else 'NAME'}}}",
    )


def _distinct(opened: Opened, name: str) -> bool:
    columns = [column for column in opened.raw.columns if column.name == name]
    if len(columns) != 1 or columns[0].texts is None:
        return False
    return len(set(columns[0].texts)) == opened.raw.rows and all(columns[0].texts)


def evidence(ours: Sequence[str], theirs: Sequence[str]) -> tuple[str, int, str] | None:
    """Return the rule after which most of our unmatched ids are among theirs, how many, and one pair as proof; None if no rule helps."""
    unmatched = sorted(set(ours) - set(theirs))
    best: tuple[str, int, str] | None = None
    for name, rule in RULES.items():
        known = {rule(text): text for text in sorted(theirs, reverse=True)}
        hits = [text for text in unmatched if rule(text) in known]
        if hits and (best is None or len(hits) > best[1]):
            pair = f"{quoted(hits[0])} vs {quoted(known[rule(hits[0])])}"
            best = (name, len(hits), f"{pair}: same after {WORDS[name]} in {len(hits)} of {len(unmatched)}")
    return best


def longer(ours: Sequence[str], theirs: Sequence[str]) -> tuple[int, int, str] | None:
    """Return how many of our unmatched ids stand at the start of exactly one unmatched id of theirs, of how many, and one pair as proof."""
    unmatched, free = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    pairs = []
    for text in unmatched:
        found = [other for other in free if len(text) > 2 and other.startswith(text)]
        if len(found) == 1:
            pairs.append((text, found[0]))
    if not pairs:
        return None
    return len(pairs), len(unmatched), f"{quoted(pairs[0][0])} vs {quoted(pairs[0][1])}: {len(pairs)} of {len(unmatched)} ids go on there"


def refuse_strangers(ours: Sequence[str], other: Opened, theirs: Sequence[str], plan: Plan) -> Iterator[Finding]:
    """Raise TableError ID-002 if no patient is in the other table; yield ID-031 if more would match after a normalisation."""
    people, known = set(ours), set(theirs)
    common, found = people & known, evidence(ours, theirs)
    column = plan.columns.subject.column
    if not common:
        if found:
            near, fix = found[2], f"roles: {{subject: {{column: {inert(column)}, normalise: {found[0]}}}}}"
        else:
            near, fix = _another_column(people, known, other)
        raise TableError(
            "ID-002",
            f"no patient of the feature tables is in {other.label} (0 of {len(people)})",
            at=f"{other.at}, roles.subject",
            found=f"features: {few(map(quoted, sorted(people)), most=3)}; {other.label}: {few(map(quoted, sorted(known)), most=3)}",
            near=near,
            fix=fix,
            rule=found[0] if found else None,
        )
    facts: dict[str, Fact] = {"file": other.label}
    if found:
        sentence = f"{found[1]} more patients would be found in {other.label} after {WORDS[found[0]]}."
        facts |= {"rule": found[0], "patients": found[1]}
        fix = f"roles: {{subject: {{column: {inert(column)}, normalise: {found[0]}}}}}"
        yield answer("ID-031", Verdict.FAILED, sentence, facts=facts, fix=fix, scope=other.label, local=({"evidence": found[2]},))
    elif more := longer(ours, theirs):
        sentence = f"{more[0]} of {more[1]} patients who are not in {other.label} may stand there under a longer id."
        facts |= {"rule": "longer id", "patients": more[0], "unmatched": more[1]}
        fix = f'{{file: {other.label}, id_pattern: "^.*[0-9]"}}   # or correct the ids there, if they are the same people'
        yield answer("ID-031", Verdict.FAILED, sentence, facts=facts, fix=fix, scope=other.label, local=({"evidence": more[2]},))


def _another_column(people: set[str], known: set[str], other: Opened) -> tuple[str, str]:
    """Return evidence and fix where no rule helps: a column that holds most of the patients, if there is one."""
    hits = [(len(people & set(column.texts or ())), -column.position, column.name) for column in other.raw.columns]
    count, _, name = max(hits, default=(0, 0, ""))
    if 2 * count >= len(people):
        return f"column {inert(name)} of {other.label} holds {count} of them", f"{{file: {other.label}, id: {inert(name)}}}"
    return f"{quoted(min(people))} vs {quoted(min(known, default=''))}", f"{{file: {other.label}, id: NAME}}"


def spelt_alike(ids: Sequence[str]) -> Iterator[Finding]:
    """Yield ID-004 if ids differ only by spaces or case."""
    groups: dict[str, set[str]] = defaultdict(set)
    for text in ids:
        groups["".join(text.split()).casefold()].add(text)
    alike = [sorted(group) for _, group in sorted(groups.items()) if len(group) > 1]
    if alike:
        count = sum(map(len, alike))
        sentence = f"{count} patient ids differ only by spaces or case."
        local = tuple({"ids": ", ".join(map(quoted, group))} for group in alike)
        yield answer("ID-004", Verdict.FAILED, sentence, facts={"ids": count, "groups": len(alike)}, local=local)


def against_pattern(ids: Sequence[str], pattern: str, places: Sequence[str]) -> Iterator[Finding]:
    """Yield ID-100: whether every id, whole, matches the pattern of the study (letters and digits of ASCII, as in a browser)."""
    fits = re.compile(pattern, re.ASCII).fullmatch
    odd = {text for text in ids if not fits(text)}
    facts: dict[str, Fact] = {"ids": len(odd), "of": len(set(ids)), "pattern": pattern}
    local = tuple({"patient": text, "row": place} for text, place in zip(ids, places, strict=True) if text in odd)
    verdict = Verdict.FAILED if odd else Verdict.PASSED
    yield answer("ID-100", verdict, f"{len(odd)} of {len(set(ids))} ids do not match {pattern}.", facts=facts, local=local)


def repeated(ids: Sequence[str], units: Sequence[str], values: Floats, places: Sequence[str], *, has_units: bool) -> Iterator[Finding]:
    """Yield ID-001 if a patient (and unit) has several rows: how many are identical and how many differ; rows go to ``local``."""
    import numpy as np

    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, key in enumerate(zip(ids, units, strict=True)):
        rows[key].append(i)
    local, identical = [], 0
    for (patient, unit), found in sorted(rows.items()):
        if len(found) < 2:
            continue
        first = values[found[0]]
        differ = max(int(np.sum(~((values[i] == first) | (np.isnan(values[i]) & np.isnan(first))))) for i in found[1:])
        identical += not differ
        what = "identical" if not differ else f"differ in {differ} features"
        local.append({"patient": patient, "unit": unit, "rows": "; ".join(places[i] for i in found), "what": what})
    if local:
        noun = "patients" if not has_units else "regions"
        sentence = f"{len(local)} {noun} have more than one row: {identical} identical, {len(local) - identical} different."
        fix = "remove the repeated rows from the table"
        if not has_units:
            fix = "roles: {unit: NAME}   # if the table has one row per region; otherwise remove the repeated rows"
        facts = {
            "patients": len(local),
            "identical": identical,
            "different": len(local) - identical,
            "rows": sum(len(r) for r in rows.values() if len(r) > 1),
        }
        yield answer("ID-001", Verdict.FAILED, sentence, facts=facts, fix=fix, local=local)


def one_image(ids: Sequence[str], images: Sequence[str], places: Sequence[str]) -> Iterator[Finding]:
    """Yield ID-005: whether one image with one mask stands under several patients; NOT_RUN if no table holds image hashes."""
    owners: dict[str, set[int]] = defaultdict(set)
    for i, image in enumerate(images):
        if image:
            owners[image].add(i)
    if not owners:
        sentence = "No table holds hashes of images and masks, so one image under two ids cannot be found."
        yield answer("ID-005", Verdict.NOT_RUN, sentence, facts={"needs": "image hashes"})
        return
    shared = [sorted(rows) for _, rows in sorted(owners.items()) if len({ids[i] for i in rows}) > 1]
    if shared:
        local = tuple(
            {"patients": ", ".join(sorted({ids[i] for i in rows})), "rows": "; ".join(places[i] for i in rows)} for rows in shared
        )
        count = len({ids[i] for rows in shared for i in rows})
        sentence = f"{len(shared)} images with their masks stand under {count} different patient ids."
        yield answer("ID-005", Verdict.FAILED, sentence, facts={"images": len(shared), "patients": count}, local=local)
    else:
        yield answer("ID-005", Verdict.PASSED, f"Each of {len(owners)} images with its mask stands under one patient id.")
