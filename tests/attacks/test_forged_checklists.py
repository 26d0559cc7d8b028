"""A dossier's owner fills checklists with what the document does not hold, and signs it again: every unsupported yes is found, offline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from radaudit.checklists import against_standards
from radaudit.verify import verify_files
from radaudit.verify.standards import check_standards
from tests.attacks.small_dossier import Document, build, codes
from tests.unit.checklists.whole import whole_evidence

CODE = "STUDY-160"
WHOLE = whole_evidence()
WHOLE = json.loads(json.dumps({**WHOLE, **against_standards(WHOLE)}))


def copy() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(WHOLE))
    return found


def item(evidence: Document, name: str, number: str) -> Document:
    made = next(made for made in evidence["checklists"] if made["name"] == name)
    return next(row for row in made["items"] if row["id"] == number)


def bare_yes(evidence: Document) -> None:
    item(evidence, "CLEAR", "1").update(state="evidence found", kind="A", proofs=[])


def borrowed_word(evidence: Document) -> None:
    item(evidence, "CLEAR", "1").update(state="evidence found", kind="A", proofs=["no-such-proof"])


def other_number(evidence: Document) -> None:
    evidence["performance"]["auc"]["value"] = 0.84


def emptied(evidence: Document) -> None:
    evidence["performance"]["comparisons"] = []


def digest_of_nothing(evidence: Document) -> None:
    evidence["performance"]["decision"]["model"] = None
    for seal in evidence["proofs"]["utility"]["evidence"]:
        if seal["pointer"].endswith("/model"):
            seal["sha256"] = hashlib.sha256(b"null").hexdigest()


def pointer_outside(evidence: Document) -> None:
    evidence["proofs"]["formula"]["evidence"][0]["pointer"] = "/record/actor"


def no_pointer(evidence: Document) -> None:
    evidence["proofs"]["formula"]["evidence"] = []


def leg_without_proof(evidence: Document) -> None:
    evidence["ladder"]["levels"][3]["legs"][1]["proofs"] = []


def level_by_decree(evidence: Document) -> None:
    evidence["ladder"]["levels"][2]["legs"][0].update(met=False)


def inflated_count(evidence: Document) -> None:
    evidence["checklists"][0]["counts"]["evidence"] += 3


def inflated_score(evidence: Document) -> None:
    evidence["checklists"][1]["score"]["value"] = 99.0


FORGERIES = (
    inflated_score,
    bare_yes,
    borrowed_word,
    other_number,
    emptied,
    digest_of_nothing,
    pointer_outside,
    no_pointer,
    leg_without_proof,
    level_by_decree,
    inflated_count,
)


def test_honest_checklists_are_supported() -> None:
    assert [(f.code, f.failed) for f in check_standards(copy())] == [(CODE, False)]


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_an_unsupported_yes_is_found(forge: Callable[[Document], None]) -> None:
    evidence = copy()
    forge(evidence)
    assert [(f.code, f.failed) for f in check_standards(evidence)] == [(CODE, True)]


def filled(forge: Callable[[Document], None] = lambda _: None) -> dict[str, bytes]:
    """Return a signed dossier whose evidence also holds checklists, forged before it was signed."""

    def change(evidence: Document) -> None:
        whole = {name: value for name, value in copy().items() if name not in evidence}
        evidence.update(whole)
        evidence.update(against_standards(evidence))
        forge(evidence)

    return build(change_evidence=change)


def test_verify_asks_the_question_of_a_signed_dossier() -> None:
    assert CODE not in codes(verify_files(filled()))
    assert CODE in {finding.code for finding in verify_files(filled()).findings}
    assert CODE in codes(verify_files(filled(bare_yes)))


def test_a_dossier_of_before_the_checklists_stays_valid() -> None:
    report = verify_files(build())
    assert report.valid
    assert CODE not in {finding.code for finding in report.findings}


@pytest.mark.parametrize("odd", [[], {}, "x", None])
def test_checklists_in_another_form_are_told_not_crashed_on(odd: object) -> None:
    def change(evidence: Document) -> None:
        evidence.update(checklists=[odd] if odd != [] else [[]], proofs={}, ladder={})

    assert "VERIFY-030" in codes(verify_files(build(change_evidence=change)))
