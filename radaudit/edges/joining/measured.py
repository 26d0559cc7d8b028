"""The feature columns of one file as numbers: which columns are features, every cell accounted for, the rest refused by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from radaudit.edges.joining.opened import Opened, spoken_for
from radaudit.edges.readers.formats.raw import Column, RawTable
from radaudit.errors import TableError
from radaudit.tables import cells
from radaudit.tables.intake import Accounted
from radaudit.tables.names import captk_name, pyradiomics_name
from radaudit.tables.shown import counted, few, inert, quoted

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.study.plan import Plan
    from radaudit.tables.cells import Numbers

WILD = "*?["


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """Features of one file, ``columns[name]`` (n,), and what went on the account."""

    columns: Mapping[str, Floats]
    accounting: tuple[Accounted, ...]


def measure(opened: Opened, plan: Plan) -> Measured:
    """Return the features of a file.

    Raises TableError: FEAT-008 (a name twice), READ-003 (decimal commas), READ-004 (decimal or thousands), READ-005 (not numbers).
    """
    columns, accounts = _candidates(opened, plan)
    named = {name for name in plan.features.include if not any(char in name for char in WILD)} | set(opened.raw.features or ())
    found: dict[str, Numbers] = {}
    for column in columns:
        numbers = _numbers(column, opened)
        if _is_text(numbers) and column.name not in named:
            accounts.append(_note(opened, column.name, "ignored column", "text, not numbers", opened.raw.rows))
        elif column.name in found:
            raise TableError(
                "FEAT-008",
                f"two columns of {opened.label} are called {quoted(column.name)}",
                at=f"columns {few(str(other.position) for other in columns if other.name == column.name)}",
                fix="rename one of them, or leave both out: features: {exclude: [NAME]}",
            )
        else:
            found[column.name] = numbers
    _refuse(found, opened)
    for name, numbers in found.items():
        accounts += account(opened.label, name, numbers)
    return Measured(columns={name: numbers.values for name, numbers in found.items()}, accounting=tuple(accounts))


def _candidates(opened: Opened, plan: Plan) -> tuple[list[Column], list[Accounted]]:
    taken, asked = spoken_for(plan, opened.entry), plan.features
    recognised = _recognised(opened, plan)
    columns, accounts = [], []
    for column in opened.raw.columns:
        name = column.name
        if name in taken:
            continue
        if asked.include and not any(fnmatchcase(name, pattern) for pattern in asked.include):
            why = "not in features.include"
        elif any(fnmatchcase(name, pattern) for pattern in asked.exclude):
            why = "in features.exclude"
        elif not asked.include and recognised is not None and name not in recognised:
            why = "not a feature of the extractor"
        else:
            columns.append(column)
            continue
        accounts.append(_note(opened, name, "ignored column", why, opened.raw.rows))
    return columns, accounts


def _recognised(opened: Opened, plan: Plan) -> frozenset[str] | None:
    match plan.features.namespace:
        case "auto":
            return None if opened.raw.features is None else frozenset(opened.raw.features)
        case "pyradiomics":
            return frozenset(name for name in opened.raw.names if pyradiomics_name(name))
        case "captk":
            return frozenset(name for name in opened.raw.names if captk_name(name))
        case _:
            return None


def _numbers(column: Column, opened: Opened) -> Numbers:
    entry = opened.entry
    if column.values is not None:
        return cells.stored(column.values, decimal=entry.decimal, missing=entry.missing)
    assert column.texts is not None
    return cells.numbers(column.texts, decimal=entry.decimal, missing=entry.missing)


def _is_text(numbers: Numbers) -> bool:
    others = sum(count for kind, count in numbers.kinds.items() if kind in cells.WORDY)
    return others > 0 and not numbers.plain and not numbers.grouped and others == sum(numbers.kinds.values())


def account(file: str, name: str, numbers: Numbers) -> Iterator[Accounted]:
    """Yield what a column held besides plain numbers."""

    def note(kind: str, what: str, count: int) -> Accounted:
        return Accounted(file=file, column=name, kind=kind, what=what, count=count)

    if numbers.empty:
        yield note("empty", "", numbers.empty)
    for marker, count in sorted(numbers.markers.items()):
        yield note("missing marker", inert(marker), count)
    for marker, count in sorted(numbers.not_computed.items()):
        yield note("not computed", marker, count)
    if numbers.grouped:
        yield note("coerced", "thousands separator removed", numbers.grouped)


def _note(opened: Opened, column: str, kind: str, what: str, count: int) -> Accounted:
    return Accounted(file=opened.label, column=column, kind=kind, what=what, count=count)


def _refuse(found: Mapping[str, Numbers], opened: Opened) -> None:
    odd, kinds = odd_columns(found)
    refuse_commas(found, opened.raw, opened.at)
    if odd:
        raise _not_numbers(odd, kinds, opened)


def odd_columns(found: Mapping[str, Numbers]) -> tuple[dict[str, Numbers], Counter[str]]:
    """Return the columns with cells that are no numbers, and how many such cells there are of each kind."""
    odd = {name: numbers for name, numbers in found.items() if numbers.refused}
    kinds: Counter[str] = Counter()
    for numbers in odd.values():
        kinds.update(numbers.kinds)
    return odd, kinds


def refuse_commas(found: Mapping[str, Numbers], raw: RawTable, at: str) -> None:
    """Raise TableError READ-003 for decimal commas nobody declared, READ-004 for commas with two readings."""
    odd, kinds = odd_columns(found)
    if kinds[cells.COMMA]:
        raise _decimal_commas(odd, len(found), raw, at)
    if kinds[cells.AMBIGUOUS]:
        raise _thousands(odd, raw, at)


def _decimal_commas(odd: Mapping[str, Numbers], total: int, raw: RawTable, at: str) -> TableError:
    columns = [name for name, numbers in odd.items() if numbers.kinds.get(cells.COMMA)]
    texts = [text for name in columns for text in odd[name].refused if cells.kind(text.strip()) == cells.COMMA]
    grouped = next((text for text in texts if "." in text), None)
    delimiter = raw.dialect.get("delimiter", "").split(" ")[0]
    mark = {"semicolon": ' delimiter: ";",', "tab": " delimiter: tab,", "bar": ' delimiter: "|",'}.get(delimiter, "")
    return TableError(
        "READ-003",
        f"{len(columns)} of {total} feature columns of {raw.label} hold text such as {quoted(texts[0])}",
        at=at,
        found=few(columns),
        near=f"{quoted(grouped)} occurs, so the thousands are marked with a point" if grouped else "a comma as decimal mark",
        fix=f'{{file: {raw.label},{mark} decimal: ","}}',
        columns=len(columns),
    )


def _thousands(odd: Mapping[str, Numbers], raw: RawTable, at: str) -> TableError:
    columns = [name for name, numbers in odd.items() if numbers.kinds.get(cells.AMBIGUOUS)]
    text = next(text for text in odd[columns[0]].refused if cells.kind(text.strip()) == cells.AMBIGUOUS)
    plain = text.strip()
    both = (
        f"{plain.replace(',', '')} or {plain.replace(',', '.')}"
        if plain.count(",") == 1 and "." not in plain
        else "are the commas thousands"
    )
    return TableError(
        "READ-004",
        f"{quoted(text)} in column {inert(columns[0])}: {both}?",
        at=at,
        found=f"{len(columns)} columns of {raw.label} hold such numbers: {few(columns)}",
        fix=f'{{file: {raw.label}, decimal: "."}}   # or "," if the comma is the decimal mark',
        columns=len(columns),
    )


def _not_numbers(odd: Mapping[str, Numbers], kinds: Mapping[str, int], opened: Opened) -> TableError:
    tally: Counter[str] = Counter()
    for numbers in odd.values():
        tally.update(numbers.refused)
    total = sum(tally.values())
    columns = inert(next(iter(odd))) if len(odd) == 1 else f"{len(odd)} columns"
    by_kind = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    return TableError(
        "READ-005",
        f"{total} values of {columns} of {opened.label} are not numbers: {counted(tally)}",
        at=opened.at,
        found=f"{by_kind}; in {few(odd)}; rows {few(str(row) for row in _rows(odd.values(), opened))}",
        fix=_advice(tally, list(odd), opened),
        count=total,
        kinds=dict(kinds),
        columns=tuple(odd),
    )


def _rows(odd: Iterable[Numbers], opened: Opened) -> list[int]:
    return [opened.raw.numbers[i] for i in sorted({i for numbers in odd for i in numbers.places})]


def _advice(tally: Mapping[str, int], columns: list[str], opened: Opened) -> str:
    """Offer markers that cannot be values; a limit (``<0.01``) or an infinity is never offered as missing."""
    texts = {text.strip() for text in tally}
    wordy = {text for text in texts if not any(char.isdigit() or char in "<>≤≥" for char in text) and cells.kind(text) != cells.INF}
    safe = sorted(text for text in wordy | {text for text in texts if cells.kind(text) == cells.ERROR} if len(text) <= 20)
    if safe:
        listed = ", ".join(f'"{inert(text)}"' for text in safe[:5])
        return f"{{file: {opened.label}, missing: [{listed}]}}   # if they mean a missing value"
    return f"features: {{exclude: [{few(columns, most=3)}]}}   # or correct the cells: limits and infinities are never missing by default"
