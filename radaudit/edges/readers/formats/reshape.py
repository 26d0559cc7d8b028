"""Layouts: one row per case (wide), one row per feature (transposed), one row per value (long); how each is told, and turned to wide.

A layout is taken only if names decide it: a first column of feature names under a header that has none (transposed), or a column named
for features beside one named for values (long). Everything else is wide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from radaudit.edges.readers.formats.raw import Column, RawTable, header_names, tidy
from radaudit.errors import TableError
from radaudit.tables.cells import PLAIN
from radaudit.tables.intake import Accounted
from radaudit.tables.names import captk_name, pyradiomics_name
from radaudit.tables.shown import few, inert, quoted

WIDE, LONG, TRANSPOSED = "wide", "long", "transposed"
LAYOUTS = (WIDE, LONG, TRANSPOSED)
FAMILY = re.compile(
    r"(?:^|[_.\-: /])(?:glcm|glrlm|glszm|gldm|gldzm|ngtdm|ngldm|firstorder|shape2?d?|morph(?:ology|ological)?|intensity|histogram|ivh"
    r"|diagnostics|general_info|cm|rlm|szm|dzm|ngt|ngl|stat|ih|loc)[_.\-: /]",
    re.IGNORECASE,
)
LEAST = 3
FEATURE_NAMES = ("feature", "featurename", "feature_name", "variable", "radiomic_feature", "radiomicfeature", "biomarker", "paramcd")
VALUE_NAMES = ("value", "val", "featurevalue", "feature_value", "result", "aval")
MOST_KEYS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A layout with how it is known; for a long table the columns that hold features and values (the others tell the case)."""

    name: str
    how: str
    feature: str = ""
    value: str = ""


def is_feature_name(name: str) -> bool:
    """True for a name that a radiomics program gives: PyRadiomics', CaPTk's, or one that holds the word of a feature family."""
    return pyradiomics_name(name) is not None or captk_name(name) is not None or FAMILY.search(name) is not None


def feature_share(names: Sequence[str]) -> float:
    """Return the share of names that look like features; 0.0 for none."""
    return sum(map(is_feature_name, names)) / len(names) if names else 0.0


def find_layout(names: Sequence[str], rows: Sequence[Sequence[str]], stated: str | None = None) -> Layout:
    """Return the layout of a table from its header and the beginnings of its first rows; ``stated`` is taken at its word."""
    long = _long(names, rows)
    if stated is not None:
        return replace(long, name=LONG, how="stated") if stated == LONG and long is not None else Layout(name=stated, how="stated")
    if long is not None:
        return long
    first = [row[0].strip() for row in rows if row and row[0].strip()]
    known = sum(map(is_feature_name, first))
    if len(names) > 1 and known >= LEAST and 2 * known >= len(first) and feature_share(names[1:]) < 0.5 and len(set(first)) == len(first):
        return Layout(name=TRANSPOSED, how=f"certain: {known} of the first {len(first)} cells of column 1 are names of features")
    return Layout(name=WIDE, how="nothing else fits")


def _long(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Layout | None:
    folded = [re.sub(r"[ .\-]", "_", name.strip().casefold()) for name in names]
    feature = [name for name, low in zip(names, folded, strict=True) if low in FEATURE_NAMES]
    value = [name for name, low in zip(names, folded, strict=True) if low in VALUE_NAMES]
    if len(feature) != 1 or len(value) != 1 or not 3 <= len(names) <= MOST_KEYS + 2:
        return None
    at = list(names).index(feature[0])
    if any(PLAIN.fullmatch(row[at].strip()) for row in rows if len(row) > at):
        return None
    how = f"certain: {quoted(feature[0])} names the feature, {quoted(value[0])} holds its value"
    return Layout(name=LONG, how=how, feature=feature[0], value=value[0])


def shaped(table: RawTable, stated: str | None = None, *, sample: int = 30) -> RawTable:
    """Return a table of text with one row per case, whatever its layout was; ``dialect["layout"]`` says what was found.

    Raises TableError as ``pivot`` and ``transpose`` do.
    """
    first = range(min(sample, table.rows))
    columns = [column.only(first).as_texts() for column in table.columns[: MOST_KEYS + 2 if stated is None else None]]
    found = find_layout(table.names, list(zip(*columns, strict=True)) if columns else [], stated)
    if found.name == WIDE:
        return table
    table = replace(table, dialect={**table.dialect, "layout": f"{found.name} ({found.how})"})
    if found.name == TRANSPOSED:
        return transpose(table)
    feature, value = found.feature, found.value
    if not feature:
        raise TableError(
            "READ-102",
            f"{table.label} is stated to be long, and its columns for feature and value cannot be told",
            found=few(table.names, most=8),
            fix="name the columns: patient, feature, value",
        )
    return pivot(table, feature=(feature,), value=value, keys=tuple(name for name in table.names if name not in (feature, value)))


def transpose(table: RawTable) -> RawTable:
    """Return a table of one row per feature as one of one row per case: the cases of the header become the first column.

    The row number of a case is its column number in the file. Raises TableError FEAT-008 if a feature has two rows,
    READ-036 if there is no case.
    """
    if len(table.columns) < 2 or not table.rows:
        raise TableError("READ-036", f"{inert(table.label)} has no column of a case beside its names", fix="layout: wide")
    names = [name.strip() for name in table.columns[0].as_texts()]
    cells = list(zip(*(column.as_texts() for column in table.columns[1:]), strict=True))
    _once(names, table.label, "rows")
    title, given = table.columns[0].name, table.names[1:]
    header = [title if title not in names else f"{title} (case)", *names]
    clean, accounts = header_names(header, table.label)
    columns = [Column(name=clean[0], position=1, texts=tuple(given))]
    columns += [Column(name=name, position=table.numbers[i], texts=tuple(cells[i])) for i, name in enumerate(clean[1:])]
    note = Accounted(file=table.label, column="", kind="transposed", what="one row per feature", count=len(names))
    places = [column.position for column in table.columns[1:]]
    turned = replace(table, columns=tuple(columns), rows=len(given), numbers=tuple(places), accounting=(*table.accounting, *accounts, note))
    return tidy(turned, ghosts=0, header=[*header])


def pivot(
    table: RawTable, *, feature: Sequence[str], value: str, keys: Sequence[str], join: str = "_", skip: Iterable[str] = ()
) -> RawTable:
    """Return a long table as a wide one: a row per combination of ``keys``, a column per feature, both in the order they appear.

    ``feature`` names the columns whose texts, joined with ``join``, name the feature (3D Slicer has three); ``skip`` leaves rows of these
    features out. Cells no row speaks of are empty and counted. The row number is that of the first row of a case. Raises TableError:
    READ-103 (a case has two values of one feature), READ-021 (a column is not there), ID-032 (rows without any key).
    """
    ids = list(zip(*(table.column(name).as_texts() for name in keys), strict=True))
    parts = list(zip(*(table.column(name).as_texts() for name in feature), strict=True))
    texts, left = table.column(value).as_texts(), frozenset(skip)
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    first: dict[tuple[str, ...], int] = {}
    twice = []
    for key, words, text, number in zip(ids, parts, texts, table.numbers, strict=True):
        name = join.join(word.strip() for word in words if word.strip())
        if name in left:
            continue
        row = rows.setdefault(key, {})
        first.setdefault(key, number)
        if name in row:
            twice.append((number, name))
        row[name] = text
    if twice:
        raise TableError(
            "READ-103",
            f"{len(twice)} rows of {table.label} give a second value of a feature to one case",
            found=few((f"row {number}: {name}" for number, name in twice), most=5),
            fix="add the column that tells them apart (lesion, visit, filter), or remove the copies",
            count=len(twice),
        )
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    clean, accounts = header_names(names, table.label)
    columns = [Column(name=name, position=i + 1, texts=tuple(key[i] for key in rows)) for i, name in enumerate(keys)]
    columns += [
        Column(name=clean[j], position=len(keys) + j + 1, texts=tuple(row.get(name, "") for row in rows.values()))
        for j, name in enumerate(names)
    ]
    notes = [Accounted(file=table.label, column="", kind="long format", what="one row per value", count=table.rows)]
    lacking = sum(len(names) - len(row) for row in rows.values())
    if lacking:
        notes.append(Accounted(file=table.label, column="", kind="absent value", what="no row of this case and feature", count=lacking))
    return replace(
        table,
        columns=tuple(columns),
        rows=len(rows),
        numbers=tuple(first.values()),
        accounting=(*table.accounting, *accounts, *notes),
        settings=(),
        images=(),
    )


def _once(names: Sequence[str], label: str, what: str) -> None:
    seen: set[str] = set()
    again = [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
    if again:
        raise TableError(
            "FEAT-008",
            f"{len(again)} names stand on two {what} of {inert(label)}: {few(again)}",
            fix="rename one of them",
            count=len(again),
        )
