"""Questions about evidence, one word each: what a line of ``needs`` in ``data/proofs.toml`` asks, and the pointers that answer it.

A question returns the pointers to what answers it, or, in ``Missing``, why nothing does. What is absent, empty, infinite or a placeholder
answers nothing, and neither does a finding that did not pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from radaudit.checklists.pointers import at, filled, number

Evidence = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a question has no answer."""

    reason: str


Answer = tuple[str, ...] | Missing


def rows_at(evidence: Evidence, pointer: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list; what is no list has none, and one odd member spoils it."""
    found = at(evidence, pointer)
    if not isinstance(found, Sequence) or isinstance(found, str) or not all(isinstance(row, Mapping) for row in found):
        return []
    return list(found)


def _filled(evidence: Evidence, pointer: str) -> Answer:
    return (pointer,) if filled(at(evidence, pointer)) else Missing(f"{named(pointer)} is empty or not there")


def _present(evidence: Evidence, pointer: str) -> Answer:
    found = at(evidence, pointer)
    return (pointer,) if found not in (None, "", [], {}) else Missing(f"{named(pointer)} is not there")


def _number(evidence: Evidence, pointer: str) -> Answer:
    return (pointer,) if number(at(evidence, pointer)) is not None else Missing(f"{named(pointer)} is no finite number")


def _estimate(evidence: Evidence, pointer: str) -> Answer:
    """A value between two finite bounds, on at least one patient, by a named method."""
    found = at(evidence, pointer)
    if not isinstance(found, Mapping):
        return Missing(f"{named(pointer)} was not computed")
    value, low, high = (number(found.get(name)) for name in ("value", "low", "high"))
    patients = number(found.get("patients"))
    if value is None or low is None or high is None or not low <= value <= high:
        return Missing(f"{named(pointer)} has no value with an interval")
    if patients is None or patients < 1 or not filled(found.get("method")):
        return Missing(f"{named(pointer)} does not say on how many patients and by which method")
    return (pointer,)


def _least(evidence: Evidence, pointer: str, least: str) -> Answer:
    found = at(evidence, pointer)
    if isinstance(found, Sequence) and not isinstance(found, str):
        size: float | None = sum(1 for item in found if filled(item))
    else:
        size = number(found)
    return (pointer,) if size is not None and size >= int(least) else Missing(f"{named(pointer)} is below {least}")


def _each(evidence: Evidence, pointer: str, key: str) -> Answer:
    rows = rows_at(evidence, pointer)
    if not rows:
        return Missing(f"{named(pointer)} is empty or not there")
    return (pointer,) if all(filled(row.get(key)) for row in rows) else Missing(f"{named(pointer)} does not state {key} for each")


def _fewer(evidence: Evidence, pointer: str, than: str) -> Answer:
    few, many = rows_at(evidence, pointer), rows_at(evidence, than)
    return (pointer, than) if 0 < len(few) < len(many) else Missing(f"{named(pointer)} are not fewer than {named(than)}")


def _is(evidence: Evidence, pointer: str, words: str) -> Answer:
    found = at(evidence, pointer)
    text = "true" if found is True else str(found).replace(" ", "-")
    return (
        (pointer,)
        if text in words.split("|")
        else Missing(f"{named(pointer)}: {'nothing' if found is None else text}, not {words.replace('|', ' or ')}")
    )


def _verdicts(evidence: Evidence, code: str) -> list[tuple[str, str]]:
    rows = rows_at(evidence, "/findings")
    return [(f"/findings/{i}", str(row.get("verdict"))) for i, row in enumerate(rows) if row.get("code") == code]


def _passed(evidence: Evidence, code: str) -> Answer:
    """Every answer of the check, and at least one, passed: a waived finding is an accepted failure, not a pass."""
    found = _verdicts(evidence, code)
    if not found:
        return Missing(f"{code} is not among the answers")
    odd = sorted({verdict for _, verdict in found if verdict != "passed"})
    return tuple(pointer for pointer, _ in found) if not odd else Missing(f"{code}: {', '.join(odd)}")


def _clean(evidence: Evidence, *codes: str) -> Answer:
    """Each check passed or does not apply, and at least one passed."""
    passed: list[str] = []
    for code in codes:
        found = _verdicts(evidence, code)
        odd = sorted({verdict for _, verdict in found if verdict not in ("passed", "not applicable")})
        if odd or not found:
            return Missing(f"{code}: {', '.join(odd) or 'not among the answers'}")
        passed += [pointer for pointer, verdict in found if verdict == "passed"]
    return tuple(passed) if passed else Missing(f"none of {', '.join(codes)} applies")


def _fact(evidence: Evidence, code: str, name: str) -> Answer:
    for pointer, verdict in _verdicts(evidence, code):
        if verdict == "passed" and filled(at(evidence, f"{pointer}/facts/{name}")):
            return (f"{pointer}/facts/{name}",)
    return Missing(f"{code} states no {name}")


def _parts(evidence: Evidence) -> Answer:
    """The flow ends in a training part and a test set, both with patients."""
    rows = rows_at(evidence, "/cohort/flow")
    found = [f"/cohort/flow/{i}" for i, row in enumerate(rows) if _part(row) and (number(row.get("patients")) or 0) >= 1]
    kinds = {_part(rows[int(pointer.rsplit("/", 1)[1])]) for pointer in found}
    return tuple(found) if kinds == {"training", "holdout"} else Missing("the flow does not end in a training part and a test set")


def _part(row: Mapping[str, Any]) -> str:
    label = str(row.get("label", ""))
    return "training" if label == "training" else "holdout" if label.startswith("holdout") else ""


def _sites(evidence: Evidence, least: str) -> Answer:
    names = {str(row.get("site")) for row in rows_at(evidence, "/cohort/sites") if filled(row.get("site")) and _count(row, "patients") > 0}
    return ("/cohort/sites",) if len(names) >= int(least) else Missing(f"{len(names)} site(s) with patients")


def _count(row: Mapping[str, Any], name: str) -> float:
    return number(row.get(name)) or 0.0


def tested_elsewhere(evidence: Evidence) -> tuple[int, int] | None:
    """Return how many sites of the test set gave no training row, and how many gave some; None if the sites do not say."""
    rows = rows_at(evidence, "/cohort/sites")
    if not rows or any(
        not filled(row.get("site")) or number(row.get("training")) is None or number(row.get("holdout")) is None for row in rows
    ):
        return None
    held = [row for row in rows if _count(row, "holdout") > 0]
    if not held or not any(_count(row, "training") > 0 for row in rows):
        return None
    new = sum(1 for row in held if _count(row, "training") == 0)
    return new, len(held) - new


def _other_sites(evidence: Evidence, least: str) -> Answer:
    found = tested_elsewhere(evidence)
    if found is None:
        return Missing("the sites of training part and test set are not stated")
    new, shared = found
    if shared:
        return Missing(f"{shared} site(s) of the test set gave training rows too")
    return ("/cohort/sites",) if new >= int(least) else Missing(f"the test set holds {new} site(s) that gave no training row")


def _same_sites(evidence: Evidence) -> Answer:
    found = tested_elsewhere(evidence)
    return ("/cohort/sites",) if found is not None and found[1] else Missing("no site of the test set gave training rows")


def _versus(evidence: Evidence, name: str) -> Answer:
    """The comparator's AUC and the paired difference with its interval, on the same patients."""
    for i, row in enumerate(rows_at(evidence, "/performance/comparisons")):
        if row.get("against") == name:
            return _estimate(evidence, f"/performance/comparisons/{i}/delta")
    return Missing(f"there is no comparison with {name}")


def _events(evidence: Evidence, least: str) -> Answer:
    patients, events = (number(at(evidence, f"/performance/{name}")) for name in ("patients", "events"))
    if patients is None or events is None or min(events, patients - events) < int(least):
        return Missing(f"the test set holds fewer than {least} patients of one outcome")
    return ("/performance/patients", "/performance/events")


def _reaches(evidence: Evidence, pointer: str, value: str) -> Answer:
    found = _estimate(evidence, pointer)
    if isinstance(found, Missing):
        return found
    high = number(at(evidence, f"{pointer}/high"))
    return found if high is not None and high >= float(value) else Missing(f"{named(pointer)} lies below {value}")


def _balanced(evidence: Evidence, most: str) -> Answer:
    rows = rows_at(evidence, "/cohort/table1")
    known = [number(row.get("smd")) for row in rows]
    if not rows or not any(value is not None for value in known):
        return Missing("table 1 has no standardised difference")
    odd = [str(row.get("variable")) for row, value in zip(rows, known, strict=True) if value is None or abs(value) > float(most)]
    return ("/cohort/table1",) if not odd else Missing(f"parts differ in {', '.join(sorted(set(odd)))}")


def _unblocked(evidence: Evidence) -> Answer:
    """Findings are stated, and none that blocks has failed or was waived."""
    rows = rows_at(evidence, "/findings")
    stopped = sorted({str(r.get("code")) for r in rows if r.get("severity") == "blocking" and r.get("verdict") in ("failed", "waived")})
    if stopped or not rows:
        return Missing(", ".join(stopped) or "no finding is stated")
    return ("/findings",)


def _denied(evidence: Evidence, pointer: str) -> Answer:
    return (pointer,) if at(evidence, pointer) is False else Missing(f"{named(pointer)} is not denied")


def effective(counts: Sequence[float]) -> float:
    """Return the effective number of groups, exp of Shannon's entropy of their shares; 0 without members."""
    whole = sum(counts)
    return math.exp(-sum(n / whole * math.log(n / whole) for n in counts if n > 0)) if whole > 0 else 0.0


def diversity(evidence: Evidence) -> dict[str, float]:
    """Return the effective number of sites, and of levels of each acquisition column."""
    found = {"/cohort/sites": effective([_count(row, "patients") for row in rows_at(evidence, "/cohort/sites") if filled(row.get("site"))])}
    for i in range(len(rows_at(evidence, "/cohort/acquisition"))):
        pointer = f"/cohort/acquisition/{i}"
        levels = rows_at(evidence, f"{pointer}/levels")
        found[pointer] = effective(
            [_count(row, "patients") for row in levels if filled(row.get("level")) and row.get("level") != "(missing)"]
        )
    return found


def _diverse(evidence: Evidence, least: str) -> Answer:
    found = diversity(evidence)
    enough = tuple(pointer for pointer, value in found.items() if value >= float(least))
    return enough or Missing(f"{max(found.values()):.2g} effective sites or settings; at least {least} are asked for")


def _training_share(evidence: Evidence, above: str) -> Answer:
    """Training patients over all, from the flow: two thirds is not more than two thirds."""
    rows = [(f"/cohort/flow/{i}", row) for i, row in enumerate(rows_at(evidence, "/cohort/flow"))]
    sizes = {_part(row): _count(row, "patients") for _, row in rows if _part(row)}
    whole = sum(sizes.values())
    if len(sizes) < 2 or whole <= 0:
        return Missing("the flow does not end in a training part and a test set")
    share = sizes["training"] / whole
    pointers = tuple(pointer for pointer, row in rows if _part(row))
    top, bottom = (int(text) for text in above.split("/"))
    return pointers if sizes["training"] * bottom > whole * top else Missing(f"{share:.1%} of the patients are training patients")


def named(pointer: str) -> str:
    """Return a pointer in words: ``performance, auc``."""
    return pointer.strip("/").replace("/", ", ").replace("_", " ")


ASKED: Mapping[str, Callable[..., Answer]] = {
    "filled": _filled,
    "present": _present,
    "number": _number,
    "estimate": _estimate,
    "least": _least,
    "each": _each,
    "fewer": _fewer,
    "is": _is,
    "passed": _passed,
    "clean": _clean,
    "fact": _fact,
    "parts": _parts,
    "sites": _sites,
    "other-sites": _other_sites,
    "same-sites": _same_sites,
    "versus": _versus,
    "events": _events,
    "reaches": _reaches,
    "balanced": _balanced,
    "unblocked": _unblocked,
    "denied": _denied,
    "diverse": _diverse,
    "training-share": _training_share,
}


def ask(evidence: Evidence, line: str) -> Answer:
    """Answer one line of ``needs``: a word and what it is asked about."""
    word, *about = line.split()
    return ASKED[word](evidence, *about)
