"""Tables that several sections share."""

from __future__ import annotations

from collections.abc import Iterable

from radaudit.dossier.view import words
from radaudit.dossier.view.node import Quantity
from radaudit.dossier.view.parts import Table, cell, columns, figure_cell


def estimate_rows(rows: Iterable[tuple[str, Quantity]], *, head: str = "Quantity", note: str = "", digits: int = 3) -> Table:
    """Return a table of estimates: value, interval, people, method or reason."""
    made = tuple(
        (
            cell(label, style="strong"),
            figure_cell(words.number(q.value, digits)),
            figure_cell(words.interval(q, digits) or words.DASH),
            figure_cell(words.count(q.patients)),
            figure_cell(words.count(q.events)),
            cell("; ".join(text for text in (q.method, q.reason) if text)),
        )
        for label, q in rows
    )
    return Table(columns=columns(head, "#Value", "#95% interval", "#Patients", "#Events", "Method"), rows=made, note=note)
