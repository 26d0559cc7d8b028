"""Answers: each item of a checklist from the run, from the form, or from a person; "no evidence" unless something is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from radaudit.checklists.items import Checklist, Item, shelf
from radaudit.checklists.pointers import at, filled
from radaudit.checklists.proofs import ANSWERS, AUTOMATIC, FORM, PERSON, Case, Shown, first_shown, show
from radaudit.checklists.questions import Missing
from radaudit.checklists.scores import active, band, metrics_score

FOUND, NOTHING, NOT_APPLICABLE, NEEDS_PERSON = "evidence found", "no evidence", "not applicable", "needs a person"
STATES = (FOUND, NOTHING, NOT_APPLICABLE, NEEDS_PERSON)


def answered(case: Case) -> list[dict[str, Any]]:
    """Return every checklist with the state of each item; a pure function of ``evidence`` (its other sections).

    ``proofs`` of an item are words; ``proofs.table`` gives the pointers and digests behind each.
    """
    return [answer_checklist(checklist, case) for checklist in shelf().values()]


def answer_checklist(checklist: Checklist, case: Case) -> dict[str, Any]:
    """Return the JSON form of one checklist with its items, their states, the counts and, where the checklist defines one, the score."""
    conditions = conditions_of(checklist, case)
    holding = {name: bool(value["holds"]) for name, value in conditions.items()}
    within = active(checklist, holding)
    people = _people(case, checklist.name)
    rows = [_row(item, case, item.id in within, people.get(item.id), conditions) for item in checklist.items]
    made: dict[str, Any] = {
        "name": checklist.name,
        "title": checklist.title,
        "version": checklist.version,
        "doi": checklist.doi,
        "doi_verified": checklist.doi_verified,
        "reference": checklist.reference,
        "licence": checklist.licence,
        "source": checklist.source,
        "verified": checklist.verified,
        "items": rows,
        "counts": counts(rows),
    }
    if checklist.conditions:
        made["conditions"] = [{"id": i, "text": text, **conditions[name]} for i, name, text in checklist.conditions]
    if checklist.score:
        made["score"] = _metrics(checklist, rows) if checklist.score == "metrics" else _points(checklist, rows)
    return made


def counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many items are filled by the run, by the form, by a person, are open (of these: need a person), or do not apply."""
    kinds = [row["kind"] for row in rows if row["state"] == FOUND]
    states = [row["state"] for row in rows]
    return {
        "items": len(rows),
        "evidence": sum(1 for kind in kinds if kind != PERSON),
        "automatic": kinds.count("A"),
        "form": kinds.count("M"),
        "person": kinds.count(PERSON),
        "open": states.count(NOTHING) + states.count(NEEDS_PERSON),
        "needs_person": states.count(NEEDS_PERSON),
        "not_applicable": states.count(NOT_APPLICABLE),
    }


def conditions_of(checklist: Checklist, case: Case) -> dict[str, dict[str, Any]]:
    """Return whether each condition of a checklist holds and by what; what nothing says is taken to hold, so that no item is excused."""
    names = {name for _, name, _ in checklist.conditions} | {item.condition for item in checklist.items if item.condition}
    return {name: _condition(name, case) for name in sorted(names)}


def _condition(name: str, case: Case) -> dict[str, Any]:
    method = at(case.evidence, "/reporting/segmentation/method")
    stated = "/reporting/segmentation/method"
    if name == "segmentation":
        return {"holds": method != "none", "proofs": [stated] if method else []}
    if name == "automatic":
        return {"holds": method in (None, "automatic"), "proofs": [stated] if method else []}
    table = "/cohort/table/features"
    told = [table] if filled(at(case.evidence, table)) else []
    # only tables of features are read: an end-to-end network cannot be fitted here
    return {"holds": not told if name == "deep" else True, "proofs": told}


def _people(case: Case, name: str) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Return what people answered about one checklist: item -> pointer and answer."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    rows = at(case.evidence, "/reporting/answers")
    for i, row in enumerate(rows if isinstance(rows, Sequence) and not isinstance(rows, str) else ()):
        if isinstance(row, Mapping) and str(row.get("checklist", "")).casefold() == name.casefold() and filled(row.get("where")):
            found[str(row.get("item"))] = (f"{ANSWERS}{i}", row)
    return found


def _row(
    item: Item, case: Case, within: bool, person: tuple[str, Mapping[str, Any]] | None, conditions: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": item.id,
        "section": item.section,
        "text": item.text,
        "verified": item.verified,
        **({"paraphrase": True} if item.paraphrase else {}),
        **{name: value for name in ("topic", "applies") if (value := getattr(item, name))},
        **({"weight": item.weight} if item.weight else {}),
        **({"most": item.most} if item.most else {}),
    }
    return made | _state(item, case, within, person, conditions)


def _state(
    item: Item, case: Case, within: bool, person: tuple[str, Mapping[str, Any]] | None, conditions: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Decide one item: outside its conditions, shown by case, answered by a person, or open."""
    if not within:
        return _nothing(NOT_APPLICABLE, f"the study has no {item.condition} part", conditions[item.condition]["proofs"])
    excused = _excused(item, case)
    if excused:
        return excused
    graded = _graded(item, case) if item.grades else None
    found = graded if graded else first_shown(case, item.proof) if item.proof else Missing("")
    if isinstance(found, dict):
        return found
    if isinstance(found, Shown):
        return {"state": FOUND, "kind": found.kind, "proofs": list(found.words)}
    reason = found.reason if item.proof else _first_reason(item, case)
    if person:
        made = _answered(item, *person)
        shown = item.proof or item.grades
        return made | {"reason": f"by the evidence: {reason}"} if shown and reason and made["state"] == FOUND else made
    penalty = {"points": item.otherwise} if item.otherwise else {}
    return _nothing(NOTHING if item.proof or item.grades else NEEDS_PERSON, reason) | penalty


def _first_reason(item: Item, case: Case) -> str:
    """Return why the easiest grade was not earned."""
    if not item.grades:
        return ""
    found = first_shown(case, item.grades[-1].proof)
    return found.reason if isinstance(found, Missing) else ""


def _nothing(state: str, reason: str, proofs: Sequence[str] = ()) -> dict[str, Any]:
    return {"state": state, "proofs": list(proofs)} | ({"reason": reason} if reason else {})


def _excused(item: Item, case: Case) -> dict[str, Any] | None:
    """Return that an item does not apply, with what shows it: a proof, or another imaging modality."""
    if item.na:
        found = show(case, item.na)
        if isinstance(found, Shown):
            return _nothing(NOT_APPLICABLE, item.na_why, found.words)
    if item.only:
        stated = "/reporting/acquisition/dynamic" if item.only == ("dynamic",) else "/reporting/acquisition/modality"
        word = at(case.evidence, stated)
        if filled(word) and str(word) not in item.only:
            return _nothing(NOT_APPLICABLE, f"concerns {item.applies}; the study states {word}", (stated,))
    return None


def _graded(item: Item, case: Case) -> dict[str, Any] | None:
    """Return what earns points: the best grade, or all that hold where the checklist adds them up; None if none does."""
    held = [(grade, found) for grade in item.grades if isinstance(found := first_shown(case, grade.proof), Shown)]
    if not held:
        return None
    used = held if item.add else [max(held, key=lambda pair: pair[0].points)]
    words = list(dict.fromkeys(word for _, found in used for word in found.words))
    kind = FORM if any(found.kind == FORM for _, found in used) else AUTOMATIC
    return {"state": FOUND, "kind": kind, "proofs": words, "points": sum(grade.points for grade, _ in used)}


def _answered(item: Item, pointer: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    said = f"a person answered {answer.get('answer')}: {answer.get('where')}"
    if answer.get("answer") not in ("yes", "no", "not applicable"):
        return _nothing(NEEDS_PERSON, "the answer cannot be read")
    if answer["answer"] == "not applicable":
        return _nothing(NOT_APPLICABLE, said, (pointer,))
    if answer["answer"] == "no":
        return _nothing(NOTHING, said, (pointer,)) | ({"points": item.otherwise} if item.otherwise else {})
    points = {"points": item.most} if item.most else {}
    return {"state": FOUND, "kind": PERSON, "proofs": [pointer], **points}


def _metrics(checklist: Checklist, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    applicable = {row["id"] for row in rows if row["state"] != NOT_APPLICABLE}
    yes = {kinds: {row["id"] for row in rows if row["state"] == FOUND and row["kind"] in kinds} for kinds in ("A", "AM", "AMH")}
    scores = {kinds: round(metrics_score(checklist, found, applicable), 6) for kinds, found in yes.items()}
    return {
        "value": scores["AM"],
        "automatic": scores["A"],
        "with_people": scores["AMH"],
        "lowest": 0,
        "highest": 100,
        "unit": "%",
        "band": band(scores["AM"]),
        "rule": "weight of yes over weight of yes and no, x 100; items outside the conditions do not count",
    }


def _points(checklist: Checklist, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up points: what evidence earned, what people added, and the penalties of what neither shows."""
    items = {item.id: item for item in checklist.items}

    def total(kinds: str) -> int:
        return sum(
            row.get("points", 0) if row["state"] == FOUND and row["kind"] in kinds else items[row["id"]].otherwise
            for row in rows
            if row["state"] != NOT_APPLICABLE
        )

    return {
        "value": total("AM"),
        "automatic": total("A"),
        "with_people": total("AMH"),
        "lowest": sum(item.otherwise for item in checklist.items),
        "highest": sum(items[row["id"]].most for row in rows if row["state"] != NOT_APPLICABLE),
        "unit": "points",
        "band": "",
        "rule": "points of what is shown, less the penalties of what is not",
    }
