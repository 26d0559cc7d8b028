"""Does a patient stand on both sides? Ids are compared without case, spaces and leading zeros, as people write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from radaudit.leaks.forensics.state import Standing, State, missing

if TYPE_CHECKING:
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "patients"


def judge(given: Evidence) -> State:
    """Answer from the ids; the same id at two sites may be two patients, so that alone is a suspicion."""
    if given.patients is None:
        return missing(KIND, "patient ids")
    ids = [normalised(who) for who in given.patients]
    unnamed = sum(not who for who in ids)
    if unnamed == len(ids):
        return missing(KIND, "patient ids")
    sides: dict[str, dict[bool, set[int]]] = {}
    for i, who in enumerate(ids):
        if who:
            place = -1 if given.site is None else int(given.site[i])
            sides.setdefault(who, {}).setdefault(bool(given.training[i]), set()).add(place)
    both = sorted(who for who, side in sides.items() if len(side) == 2)
    same_site = [who for who in both if sides[who][True] & sides[who][False]]
    holdout = sum(False in side for side in sides.values())
    rows = sum(map(bool, ids))
    facts = {"patients": len(sides), "rows": rows, "both_sides": len(both), "holdout": holdout, "rows_without_id": unnamed}
    facts["several_rows"] = int(rows > len(sides))
    local = tuple({"patient": given.patients[i]} for i, who in enumerate(ids) if who in set(both) and not given.training[i])
    if same_site:
        told = f"{len(both)} of {holdout} test patients stand among the training patients as well."
        return State(kind=KIND, standing=Standing.PROVED_LEAK, sentence=told, facts=facts, local=local)
    if both:
        told = f"{len(both)} ids stand on both sides, always at different sites: one patient or two, the ids cannot say."
        return State(kind=KIND, standing=Standing.SUSPECTED, sentence=told, facts=facts, local=local)
    told = f"No id stands on both sides: {len(sides)} patients, {rows} rows."
    standing = Standing.EVIDENCE_OF_CLEAN if unnamed else Standing.PROVED_CLEAN
    return State(kind=KIND, standing=standing, sentence=told, facts=facts)


def normalised(who: str) -> str:
    """Return an id without case, spaces, quotes, leading zeros of its numbers and a trailing ``.0``; the empty text for no id."""
    text = "".join(str(who).split()).strip("'\"").casefold().replace("_", "-")
    if text in ("", "nan", "none", "na", "n/a", "<na>"):
        return ""
    text = re.sub(r"^(\d+)\.0+$", r"\1", text)
    return re.sub(r"(?<!\d)0+(?=\d)", "", text)
