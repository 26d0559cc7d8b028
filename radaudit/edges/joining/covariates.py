"""Covariates that are numbers but for a few cells: refused, because one text would turn the column into a category of many levels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from radaudit.errors import TableError
from radaudit.tables import cells
from radaudit.tables.shown import counted, inert, quoted

if TYPE_CHECKING:
    from radaudit.edges.joining.facts import Facts
    from radaudit.study.plan import Plan

MOST_LEVELS = 10  # a column with more different numbers than this is a measurement, not a code such as a stage


def refuse_odd_numbers(plan: Plan, facts: Facts) -> None:
    """Raise TableError READ-005 for a covariate, clinical or preserved column that is mostly numbers and has other texts too."""
    columns = plan.columns
    for name in dict.fromkeys((*columns.covariates, *columns.clinical, *plan.harmonise.preserve)):
        present = [text.strip() for text in facts.columns.get(name, ()) if text is not None]
        numbers = [text for text in present if cells.PLAIN.fullmatch(text)]
        if len(set(numbers)) > MOST_LEVELS and len(present) / 2 <= len(numbers) < len(present):
            raise _odd(plan, facts, name, Counter(text for text in present if not cells.PLAIN.fullmatch(text)))


def _odd(plan: Plan, facts: Facts, name: str, odd: Mapping[str, int]) -> TableError:
    label = facts.origin.get(name, "")
    entries = [entry for group in (plan.tables.features, plan.tables.clinical, plan.tables.acquisition) for entry in group]
    known = next((entry.missing for entry in entries if entry.file == label), ())
    safe = [text for text in sorted(odd) if not any(char.isdigit() for char in text) and cells.kind(text) != cells.INF][:5]
    fix = f"correct these cells of {inert(label)}"
    if safe:
        fix = f"{{file: {inert(label)}, missing: [{', '.join(quoted(text) for text in (*known, *safe))}]}}   # if they mean a missing value"
    total = sum(odd.values())
    return TableError(
        "READ-005",
        f"{total} values of {inert(name)} of {inert(label)} are not numbers: {counted(odd)}",
        at=f"roles: {inert(name)}",
        found="all other values are numbers; with these the column would be a category with a level for every value",
        fix=fix,
        count=total,
        columns=(name,),
    )
