"""Facts: text columns about patients and scans, from every table of the study, brought to the rows of the feature table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from radaudit.edges.joining.opened import Opened, spoken_for
from radaudit.edges.joining.patients import patient_ids, refuse_strangers
from radaudit.edges.readers.formats.raw import Column
from radaudit.errors import TableError
from radaudit.tables import cells
from radaudit.tables.intake import Accounted
from radaudit.tables.shown import few, inert, quoted

if TYPE_CHECKING:
    from radaudit.findings import Finding
    from radaudit.study.plan import Plan

Texts = list[str | None]


@dataclass(kw_only=True)
class Facts:
    """Text columns aligned with the rows, growing while tables join.

    ``origin`` tells each one's file, ``levels`` counts its values in the file, ``clinical`` tells which rows have a clinical row.
    """

    columns: dict[str, Texts] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)
    levels: dict[str, Counter[str]] = field(default_factory=dict)
    accounting: list[Accounted] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    clinical: list[bool] = field(default_factory=list)
    extra: int = 0


def gather(features: Sequence[Opened], others: Sequence[Opened], ids: Sequence[str], plan: Plan) -> Facts:
    """Return every fact of the study for the rows of the feature tables; ``ids`` are their patients in order.

    Raises TableError ID-002 (no patient matches), ID-034 (a patient with two different rows in a side table), READ-003, READ-043
    (one column in two tables with different values).
    """
    facts = Facts(clinical=[False] * len(ids))
    _own(features, plan, facts)
    wanted = set().union(*(spoken_for(plan, opened.entry) for opened in features))
    for other in others:
        theirs = patient_ids(other, plan)
        facts.findings += refuse_strangers(ids, other, theirs, plan)
        rows = _index(other, theirs)
        _count_unmatched(other, ids, rows, facts)
        if other.role == "clinical":
            facts.clinical = [had or patient in rows for had, patient in zip(facts.clinical, ids, strict=True)]
        id_column = other.entry.id or plan.columns.subject.column
        for column in other.raw.columns:
            if column.name != id_column:
                texts = fact_texts(other, column, facts, role=column.name in wanted)
                _add(facts, column.name, [texts[rows[patient]] if patient in rows else None for patient in ids], other, wanted)
                facts.levels.setdefault(column.name, Counter()).update(text for text in texts if text is not None)
    if not any(other.role == "clinical" for other in others):
        facts.clinical = [True] * len(ids)
    return facts


def _own(features: Sequence[Opened], plan: Plan, facts: Facts) -> None:
    """Take the columns with a role out of the feature tables themselves."""
    start, total = 0, sum(opened.raw.rows for opened in features)
    for opened in features:
        ids = {opened.entry.id or plan.columns.subject.column, opened.entry.unit or plan.columns.unit}
        for column in opened.raw.columns:
            if column.name in spoken_for(plan, opened.entry) and column.name not in ids:
                texts = fact_texts(opened, column, facts, role=True)
                here = facts.columns.setdefault(column.name, [None] * total)
                here[start : start + len(texts)] = texts
                facts.origin[column.name] = opened.label
                facts.levels.setdefault(column.name, Counter()).update(text for text in texts if text is not None)
        start += opened.raw.rows


def fact_texts(opened: Opened, column: Column, facts: Facts, *, role: bool) -> Texts:
    """Return a column as text, None for empty cells and the study's markers, which are counted; a stated decimal comma becomes a point."""
    lost = {text.strip() for text in opened.entry.missing}
    raw = column.as_texts()
    texts: Texts = [None if not text.strip() or text.strip() in lost else text for text in raw]
    tally = Counter(text.strip() for text, kept in zip(raw, texts, strict=True) if kept is None)
    for text, count in sorted(tally.items()):
        kind, what = ("missing marker", inert(text)) if text else ("empty", "")
        facts.accounting.append(Accounted(file=opened.label, column=column.name, kind=kind, what=what, count=count))
    present = [text.strip() for text in texts if text is not None]
    commas = sum("," in text for text in present)
    if commas and all(cells.PLAIN.fullmatch(text.replace(",", ".", 1)) and "." not in text for text in present):
        if opened.entry.decimal == ",":
            note = Accounted(file=opened.label, column=column.name, kind="coerced", what="decimal comma written as a point", count=commas)
            facts.accounting.append(note)
            return [None if text is None else text.strip().replace(",", ".") for text in texts]
        if role and opened.entry.decimal is None:
            raise _comma(opened, column, next(text for text in present if "," in text))
    return texts


def _comma(opened: Opened, column: Column, example: str) -> TableError:
    return TableError(
        "READ-003",
        f"column {quoted(column.name)} of {opened.label} holds text such as {quoted(example)}",
        at=opened.at,
        near="a comma as decimal mark",
        fix=f'{{file: {opened.label}, decimal: ","}}   # or decimal: "." if the comma separates thousands',
    )


def _index(other: Opened, theirs: Sequence[str]) -> dict[str, int]:
    """Return one row per patient; identical rows count once."""
    rows: dict[str, list[int]] = defaultdict(list)
    for i, patient in enumerate(theirs):
        rows[patient].append(i)
    twice = {patient: found for patient, found in rows.items() if len(found) > 1}
    if twice:
        texts = {column.name: column.as_texts() for column in other.raw.columns}
        differing = {p: [name for name, cells_ in texts.items() if len({cells_[i] for i in found}) > 1] for p, found in twice.items()}
        different = {patient: names for patient, names in differing.items() if [n for n in names if n != (other.entry.id or "")]}
        if different:
            raise _two_rows(other, twice, different)
    return {patient: found[0] for patient, found in rows.items()}


def _two_rows(other: Opened, twice: Mapping[str, Sequence[int]], different: Mapping[str, Sequence[str]]) -> TableError:
    numbers = other.raw.numbers
    shown = (f"{quoted(patient)} (rows {', '.join(str(numbers[i]) for i in twice[patient])})" for patient in sorted(different))
    columns = sorted({name for names in different.values() for name in names})
    return TableError(
        "ID-034",
        f"{len(different)} patients have several different rows in {other.label}",
        at=other.at,
        found=f"{few(shown)}; they differ in {few(columns)}",
        fix="keep one row per patient: the visit or event the study asks about",
        patients=len(different),
    )


def _count_unmatched(other: Opened, ids: Sequence[str], rows: Mapping[str, int], facts: Facts) -> None:
    known, people = set(rows), set(ids)
    for count, what in (
        (len(known - people), "a row here, no features"),
        (len(people - known), "features, no row here"),
    ):
        if count:
            facts.accounting.append(Accounted(file=other.label, column="", kind="unmatched patient", what=what, count=count))
    if other.role == "clinical":
        facts.extra += len(known - people)
    doubled = other.raw.rows - len(known)
    if doubled:
        facts.accounting.append(Accounted(file=other.label, column="", kind="identical row", what="counted once", count=doubled))


def _add(facts: Facts, name: str, texts: Texts, other: Opened, wanted: set[str]) -> None:
    if name not in facts.columns:
        facts.columns[name], facts.origin[name] = texts, other.label
        return
    here = facts.columns[name]
    clash = sum(a is not None and b is not None and a != b for a, b in zip(here, texts, strict=True))
    if not clash:
        facts.columns[name] = [a if a is not None else b for a, b in zip(here, texts, strict=True)]
        facts.accounting.append(
            Accounted(file=other.label, column=name, kind="duplicated column", what=f"also in {facts.origin[name]}, equal", count=1)
        )
        return
    if name in wanted:
        raise TableError(
            "READ-043",
            f"column {quoted(name)} of {other.label} and of {facts.origin[name]} differ for {clash} rows",
            at=other.at,
            fix="rename the column in one of the two tables",
            rows=clash,
        )
    renamed = next(_free(facts, name, other))
    facts.columns[renamed], facts.origin[renamed] = texts, other.label
    note = Accounted(
        file=other.label, column=renamed, kind="renamed column", what=f"{name} of {facts.origin[name]} holds other values", count=1
    )
    facts.accounting.append(note)


def _free(facts: Facts, name: str, other: Opened) -> Iterator[str]:
    stem = f"{name} ({PurePosixPath(other.label).stem})"
    yield from (candidate for candidate in (stem, *(f"{stem} {i}" for i in range(2, 1000))) if candidate not in facts.columns)
