"""Is every yes of a checklist, and every leg of the ladder, supported? Each names proofs, each proof pointers, each pointer a digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from radaudit.digests import digest
from radaudit.findings import Finding
from radaudit.verify.report import failed, passed

CODE = "STUDY-160"
DOSSIER = "dossier.json"
FOUND = "evidence found"
PEOPLE = "H"
ROUNDED = 1e-5


def check_standards(evidence: Mapping[str, Any]) -> list[Finding]:
    """Return where a yes is not supported by what the document holds (STUDY-160); nothing for a dossier without checklists."""
    if evidence.get("checklists") is None:
        return []
    proofs = evidence["proofs"]
    lost = {word for word, proof in proofs.items() if not _holds(evidence, proof)}
    wrong = [*_rows(evidence, lost, proofs), *_counts(evidence)]
    if lost or wrong:
        named = (wrong or sorted(lost))[0]
        return [failed(CODE, f"{len(wrong) or len(lost)} answer(s) are not what the document supports, the first: {named}.", DOSSIER)]
    filled = sum(made["counts"]["evidence"] + made["counts"]["person"] for made in evidence["checklists"])
    return [passed(CODE, f"{filled} filled items of {len(evidence['checklists'])} checklists point to what the document holds.", DOSSIER)]


def _holds(evidence: Mapping[str, Any], proof: Mapping[str, Any]) -> bool:
    return bool(proof["evidence"]) and all(_same(evidence, seal) for seal in proof["evidence"])


def _same(evidence: Mapping[str, Any], seal: Mapping[str, Any]) -> bool:
    """Return True if something stands at the pointer and has the digest; null and emptiness are nothing."""
    value: Any = {"evidence": evidence}
    for part in str(seal["pointer"]).split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, ValueError, TypeError):
            return False
    return value not in (None, "", [], {}) and digest(value) == seal["sha256"]


def _rows(evidence: Mapping[str, Any], lost: set[str], proofs: Mapping[str, Any]) -> Iterator[str]:
    for made in evidence["checklists"]:
        for item in made["items"]:
            if item["state"] == FOUND and not _supported(item["proofs"], lost, proofs):
                yield f"{made['name']} {item['id']}"
    ladder = evidence["ladder"]
    for level in [*ladder["levels"], *([ladder["scenario"]] if ladder["scenario"] else [])]:
        for leg in level["legs"]:
            if leg["met"] and not _supported(leg["proofs"], lost, proofs):
                yield f"level {level['name']}, {leg['code']}"
        if level["met"] != all(leg["met"] for leg in level["legs"]):
            yield f"level {level['name']}"


def _supported(words: list[str], lost: set[str], proofs: Mapping[str, Any]) -> bool:
    return bool(words) and all(word in proofs and word not in lost for word in words)


def _counts(evidence: Mapping[str, Any]) -> Iterator[str]:
    """Yield checklists whose counts, or whose share of weight, are not those of their items."""
    for made in evidence["checklists"]:
        rows, counts = made["items"], made["counts"]
        filled = [row["kind"] for row in rows if row["state"] == FOUND]
        people = filled.count(PEOPLE)
        if (counts["items"], counts["evidence"], counts["person"]) != (len(rows), len(filled) - people, people):
            yield f"the counts of {made['name']}"
        score = made.get("score", {})
        if score.get("unit") == "%" and abs(score["value"] - _share(rows)) > ROUNDED:
            yield f"the score of {made['name']}"


def _share(rows: list[Mapping[str, Any]]) -> float:
    """Return the weight of what evidence shows over the weight of what applies, x 100 (METRICS)."""
    whole = sum(row["weight"] for row in rows if row["state"] != "not applicable")
    shown = sum(row["weight"] for row in rows if row["state"] == FOUND and row["kind"] != PEOPLE)
    return float(100 * shown / whole) if whole else 0.0
