"""Check one table of one site by the rules of its study: every finding with the code of ``radaudit check``.

``radaudit check`` stops at the first thing that makes a table unreadable; here all that can be said is said at once, because a hospital
mends a file once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from radaudit.sitepack import protocol
from radaudit.sitepack.cells import AMBIGUOUS, COMMA, Numbers, numbers
from radaudit.sitepack.reading import NUMBER, Refused, Table, few, read, shown
from radaudit.sitepack.settings import settings

Rules = dict[str, Any]
INFORMATIVE = 3  # equal values of fewer varying features are no evidence that two rows are one
ROUNDED = re.compile(r"[0-9]\.[0-9]+[eE]\+[0-9]{2,}")
NOT_COMPARED = ("version", "imageTypes", "sigma")
NORMALISE: dict[str, Callable[[str], str]] = {
    "strip-zeros": lambda text: text.lstrip("0") or "0",
    "strip-space": str.strip,
    "fold-case": str.casefold,
}


@dataclass(frozen=True)
class Found:
    """One finding: its code, what it is about, how many of how many, examples, and the rows of the file."""

    code: str
    count: int
    of: int = 0
    what: str = ""
    scope: str = ""
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Report:
    """The findings in the order they were made, the codes that were asked, and rows, columns and columns nobody asked for."""

    found: tuple[Found, ...]
    asked: tuple[str, ...] = ()
    rows: int = 0
    columns: int = 0
    extra: tuple[str, ...] = ()


def check(rules: Rules, data: bytes) -> Report:
    """Return what there is to say about the bytes of a file."""
    try:
        table = read(data, rules["file"])
    except Refused as refusal:
        return Report((Found(refusal.code, refusal.count, what=refusal.what),))
    found = list(_encoding(table))
    found += _names(rules, table)
    columns, cells = _features(rules, table)
    found += cells
    ids = _ids(rules, table)
    found += _patients(rules, table, ids) if ids else _no_ids(rules, table)
    found += _places(rules, table)
    found += _endpoint(rules, table)
    if any(one.code in ("READ-003", "READ-004") for one in cells):  # what these cells are worth nobody can say
        columns = {}
    hollow = [i for i in range(len(table.rows)) if columns and all(math.isnan(column[i]) for column in columns.values())]
    if hollow:
        found.append(Found("FEAT-058", len(hollow), len(table.rows), rows=_at(table, hollow)))
    gone = set(hollow)
    kept = [i for i in range(len(table.rows)) if i not in gone]
    if kept and columns:
        found += _values(rules, columns, kept)
        found += _copies(rules, table, columns, kept, ids) if ids else ()
    stated = settings(table)
    found += _settings(rules, table, stated)
    found += _protocol(rules, table, stated, kept)
    known = {item["name"] for item in rules["features"]} | set(rules["known"])
    extra = tuple(name for name in table.names if name not in known and not name.startswith(("diagnostics_", "general_info_")))
    return Report(tuple(found), tuple(rules["asked"]), len(table.rows), len(table.names), extra)


def _at(table: Table, rows: Sequence[int]) -> tuple[int, ...]:
    return tuple(table.numbers[i] for i in rows)


def _encoding(table: Table) -> Iterator[Found]:
    if table.foreign:
        yield Found("READ-001", table.foreign, what=table.encoding)


def _names(rules: Rules, table: Table) -> Iterator[Found]:
    wanted = [item["name"] for item in rules["features"]]
    known = {*wanted, *rules["known"]}
    twice = sorted({name for name in table.names if name in known and table.names.count(name) > 1})
    if twice:
        yield Found("FEAT-008", len(twice), what=few(twice))
    here, folded = set(table.names), {name.casefold(): name for name in wanted}
    case = sorted(name for name in here - known if name.casefold() in folded)
    if case:
        yield Found("FEAT-030", len(case), what=few(case))
    spelt = {folded[name.casefold()] for name in case}
    lost = [name for name in wanted if name not in here and name not in spelt]
    words = [item["name"] for item in rules["features"] if not item["named"] and item["name"] in here]
    ignored = [name for name in words if numbers(table.column(name), rules["file"]).is_text]
    if lost or ignored:
        yield Found("FEAT-032", len(lost) + len(ignored), len(wanted), few([*lost, *ignored]))
    roles = [name for name in rules["columns"] if name not in here]
    if roles:
        yield Found("SITE-101", len(roles), what=few(roles))


def _features(rules: Rules, table: Table) -> tuple[dict[str, list[float]], list[Found]]:
    """Return every feature of the study as numbers (missing where the file has none), and the cells that are refused, of one kind only."""
    here = {name.casefold(): name for name in table.names} | {name: name for name in table.names}
    empty = [math.nan] * len(table.rows)
    columns: dict[str, list[float]] = {}
    odd: dict[str, Numbers] = {}
    for item in rules["features"]:
        name = here.get(item["name"], here.get(item["name"].casefold()))
        found = None if name is None else numbers(table.column(name), rules["file"])
        if found is None or (found.is_text and not item["named"]):
            columns[item["name"]] = empty
            continue
        columns[item["name"]] = found.values
        if found.refused:
            odd[item["name"]] = found
    present = sum(item["name"] in table.names for item in rules["features"])
    for code, kind in (("READ-003", COMMA), ("READ-004", AMBIGUOUS)):
        names = [name for name, found in odd.items() if found.kinds[kind]]
        if names:
            return columns, [Found(code, len(names), present, few(f'"{text}"' for text in odd[names[0]].refused))]
    if odd:
        texts: dict[str, int] = {}
        for found in odd.values():
            for text, count in found.refused.items():
                texts[text] = texts.get(text, 0) + count
        rows = sorted({i for found in odd.values() for i in found.rows})
        what = few(f'"{shown(text)}" x{count}' for text, count in sorted(texts.items(), key=lambda pair: (-pair[1], pair[0])))
        return columns, [Found("READ-005", sum(texts.values()), len(odd), what, rows=_at(table, rows))]
    return columns, []


def _ids(rules: Rules, table: Table) -> list[str]:
    column = rules["id"]["column"]
    if column not in table.names:
        return []
    rule = NORMALISE.get(rules["id"]["normalise"] or "", str)
    return [rule(text) for text in table.column(column)]


def _no_ids(rules: Rules, table: Table) -> Iterator[Found]:
    yield Found("ID-033", 1, what=f"{rules['id']['column']}; found {few(table.names)}")


def _patients(rules: Rules, table: Table, ids: list[str]) -> Iterator[Found]:
    blank = [i for i, text in enumerate(ids) if not text.strip()]
    if blank:
        yield Found("ID-032", len(blank), len(ids), rows=_at(table, blank))
    rounded = sorted({text for text in ids if ROUNDED.fullmatch(text.strip())})
    if rounded:
        yield Found("ID-035", len(rounded), what=few(rounded), rows=_at(table, [i for i, text in enumerate(ids) if text in rounded]))
    unit = rules["unit"]
    if unit and unit not in table.names:
        yield Found("ID-036", 1, what=unit)
        return
    named = [(i, text) for i, text in enumerate(ids) if text.strip()]
    pattern = rules["id"]["pattern"]
    if pattern:
        fits = re.compile(pattern, re.ASCII).fullmatch
        odd = {text for _, text in named if not fits(text) and text not in rounded}
        if odd:
            yield Found("ID-100", len(odd), len(set(ids)), pattern, rows=_at(table, [i for i, text in named if text in odd]))
    folded: dict[str, set[str]] = {}
    for _, text in named:
        folded.setdefault("".join(text.split()).casefold(), set()).add(text)
    alike = {text for group in folded.values() if len(group) > 1 for text in group}
    if alike:
        yield Found("ID-004", len(alike), what=few(sorted(alike)), rows=_at(table, [i for i, text in named if text in alike]))
    units = table.column(unit) if unit else ("",) * len(ids)
    again: dict[tuple[str, str], list[int]] = {}
    for i, text in named:
        again.setdefault((text, units[i]), []).append(i)
    twice = [rows for rows in again.values() if len(rows) > 1]
    if twice:
        rows = sorted(i for rows in twice for i in rows)
        yield Found("ID-001", len(twice), len(again), what=few(ids[rows[0]] for rows in twice), rows=_at(table, rows))


def _places(rules: Rules, table: Table) -> Iterator[Found]:
    column, site = rules["sites"]["column"], rules["sites"]["value"]
    if column and column in table.names:
        lost = {text.strip() for text in rules["file"]["missing"]}
        cells = table.column(column)
        other = [i for i, text in enumerate(cells) if text.strip() and text.strip() not in lost and text != site]
        if other:
            yield Found("SITE-030", len(other), len(cells), few(sorted({f'"{cells[i]}"' for i in other})), rows=_at(table, other))


def _endpoint(rules: Rules, table: Table) -> Iterator[Found]:
    lost = {text.strip() for text in rules["file"]["missing"]}
    outcome = rules["outcome"]
    if outcome and outcome["column"] in table.names:
        cells = table.column(outcome["column"])
        meant = {outcome["event"], outcome["non_event"]}
        odd = [i for i, text in enumerate(cells) if text.strip() and text.strip() not in lost and text not in meant]
        if odd:
            strange = sorted({cells[i] for i in odd})
            yield Found("OUT-002", len(strange), what=few(f'"{text}"' for text in strange), rows=_at(table, odd))
    for code, names in (("OUT-031", rules["times"]), ("READ-005", rules["measurements"])):
        for name in names:
            cells = table.column(name) if name in table.names else ()
            present = [(i, text.strip()) for i, text in enumerate(cells) if text.strip() and text.strip() not in lost]
            bad = [i for i, text in present if not NUMBER.fullmatch(text) or (code == "OUT-031" and float(text) < 0)]
            if bad:
                what = f"{name}: {few(sorted({cells[i] for i in bad}))}"
                yield Found(code, len(bad), len(cells), what, scope="" if code == "OUT-031" else name, rows=_at(table, bad))


def _values(rules: Rules, columns: dict[str, list[float]], kept: list[int]) -> Iterator[Found]:
    still, absent, sparse = [], [], []
    outside: dict[str, list[str]] = {}
    limit, of = rules["limits"]["missing_share"], len(columns)
    for item in rules["features"]:
        name = item["name"]
        values = [columns[name][i] for i in kept if not math.isnan(columns[name][i])]
        if not values:
            absent.append(name)
            continue
        if (len(kept) - len(values)) / len(kept) > limit:
            sparse.append(name)
        low, high = min(values), max(values)
        if len(values) > 1 and low == high and not item["constant"]:
            still.append(name)
        for code, least, most, open_low, open_high in item["bounds"]:
            below = least is not None and (low < least or (open_low and low == least))
            above = most is not None and (high > most or (open_high and high == most))
            if (below or above) and name not in outside.setdefault(code, []):
                outside[code].append(name)
    for code, names in (("FEAT-056", absent), ("FEAT-143", sparse), ("FEAT-010", still), *sorted(outside.items())):
        if names:
            yield Found(code, len(names), of, few(names, most=3))


def _copies(rules: Rules, table: Table, columns: dict[str, list[float]], kept: list[int], ids: list[str]) -> Iterator[Found]:
    units = table.column(rules["unit"]) if rules["unit"] in table.names else ("",) * len(ids)
    order = sorted(kept, key=lambda i: (ids[i], units[i], i))
    constant = {item["name"] for item in rules["features"] if item["constant"]}
    varying = [column for name, column in columns.items() if name not in constant or len({column[i] for i in kept}) > 1]
    first: dict[tuple[object, ...], int] = {}
    rows = []
    for i in order if len(varying) >= INFORMATIVE else ():
        if sum(not math.isnan(column[i]) for column in varying) >= INFORMATIVE:
            row = tuple("" if math.isnan(column[i]) else column[i] for column in columns.values())
            if ids[first.setdefault(row, i)] != ids[i]:
                rows.append(i)
    if rows:
        yield Found("ID-050", len(rows), len(kept), few(ids[i] for i in rows), rows=_at(table, rows))


def _settings(rules: Rules, table: Table, stated: list[dict[str, str]]) -> Iterator[Found]:
    agreed = rules["settings"]
    said = [i for i, row in enumerate(stated) if row]
    for key in sorted({key for i in said for key in stated[i]} | set(agreed)) if said and agreed else ():
        if key in NOT_COMPARED and key != "version":
            continue
        other = [i for i in said if stated[i].get(key, "not stated") != agreed.get(key, "not stated")]
        if other:
            here = few(sorted({stated[i].get(key, "not stated") for i in other}))
            what = f"{key} is {here}, the study uses {agreed.get(key, 'none')}"
            yield Found("FEAT-033" if key == "version" else "FEAT-004", len(other), len(said), what, scope=key, rows=_at(table, other))


def _protocol(rules: Rules, table: Table, stated: list[dict[str, str]], kept: list[int]) -> Iterator[Found]:
    if rules["protocol"]:
        lost = {text.strip() for text in rules["file"]["missing"]}
        columns = {name: [("" if cell.strip() in lost else cell) for cell in table.column(name)] for name in set(table.names)}
        off, silent = protocol.judged(rules["protocol"], columns, stated, kept)
        if off:
            yield Found("FEAT-170", len(off), len(rules["protocol"]["rules"]), few(off))
        if silent:
            yield Found("FEAT-171", len(silent), len(rules["protocol"]["rules"]), few(silent))
