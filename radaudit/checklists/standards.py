"""The evidence against the standards of its field: checklists, ladder, and the proofs both name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from radaudit.checklists.answers import answered
from radaudit.checklists.ladder import climb
from radaudit.checklists.proofs import Case, table
from radaudit.checklists.questions import Evidence


def against_standards(evidence: Evidence) -> dict[str, Any]:
    """Return the members ``checklists``, ``ladder`` and ``proofs`` of the evidence, made from its other members."""
    case = Case(evidence)
    lists, ladder = answered(case), climb(case)
    return {"checklists": lists, "ladder": ladder, "proofs": table(case, words_used(lists, ladder))}


def words_used(lists: Sequence[Mapping[str, Any]], ladder: Mapping[str, Any]) -> set[str]:
    """Return every word of proof that items, conditions and legs name."""
    rows = [row for made in lists for row in (*made["items"], *made.get("conditions", ()))]
    rows += [leg for level in ladder["levels"] for leg in level["legs"]]
    rows += ladder["scenario"]["legs"] if ladder["scenario"] else []
    return {word for row in rows for word in row["proofs"]}
