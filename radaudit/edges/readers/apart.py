"""Set apart what an extractor writes beside its features: settings, diagnostics and paths leave the table and go on the account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.tables.intake import Accounted

DIAGNOSTICS = ("diagnostics", "settings of the extraction")
IGNORED = ("ignored column", "path, label or date of the extraction")


def set_apart(
    table: RawTable,
    options: ReadOptions,
    *,
    reader: str,
    features: Iterable[str],
    away: Mapping[str, tuple[str, str]],
    settings: Sequence[Mapping[str, str]] = (),
    images: Sequence[str] = (),
    patient: str | None = None,
    regions: Iterable[str] = (),
) -> RawTable:
    """Return the table without the columns in ``away`` (name -> kind and words of the account), unless the study asks for them.

    ``features`` are the columns the program computed; ``settings`` and ``images`` hold one text per row.
    """
    gone = {name: why for name, why in away.items() if name not in options.keep}
    kept = tuple(column for column in table.columns if column.name not in gone)
    left = {column.name for column in kept}
    notes = [
        Accounted(file=table.label, column=name, kind=gone[name][0], what=gone[name][1], count=table.rows)
        for name in table.names
        if name in gone
    ]
    stated = tuple(settings)
    return replace(
        table,
        columns=kept,
        reader=reader,
        features=tuple(name for name in dict.fromkeys(features) if name in left),
        settings=stated if any(stated) else (),
        images=tuple(images) if any(images) else (),
        patient=patient if patient in left else None,
        regions=tuple(name for name in regions if name in left),
    ).noting(*notes)


def row_settings(table: RawTable, columns: Mapping[str, str], tidy: Callable[[str], str] = str.strip) -> list[dict[str, str]]:
    """Return the settings of each row: ``columns`` maps a column to the name of the setting; empty cells state nothing."""
    found: list[dict[str, str]] = [{} for _ in range(table.rows)]
    for name, setting in columns.items():
        if not table.has(name):
            continue
        for row, cell in zip(found, table.column(name).as_texts(), strict=True):
            if text := tidy(cell):
                row[setting] = text
    return found


def short(number: str) -> str:
    """Return the text of a number in its shortest form: ``3.0`` as ``3``; any other text as it is."""
    text = number.strip()
    return text.rstrip("0").rstrip(".") if "." in text and text.replace(".", "", 1).lstrip("+-").isdigit() else text
