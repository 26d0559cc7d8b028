"""RECORD 9, group C: JSON that two readers read differently, signed by the owner of the key, so that only strict reading helps."""

import json
import re
from typing import Any

import pytest

from radaudit.digests import canonical
from radaudit.dossier.document import dossier_bytes, evidence_digest, read_document
from radaudit.errors import DossierError
from radaudit.verify import verify_files
from tests.attacks.small_dossier import build, codes, good, refused, reseal

DOSSIER = good()["dossier.json"]
DOCUMENT = json.loads(DOSSIER)
SPELLINGS = {
    "a key twice": DOSSIER.replace(b'"verdict":{', b'"verdict":{"overall":"not supported",', 1),
    "not a number": DOSSIER.replace(b'"primary":true', b'"primary":NaN', 1),
    "infinite": DOSSIER.replace(b'"primary":true', b'"primary":Infinity', 1),
    "too large": DOSSIER.replace(b'"primary":true', b'"primary":1e999', 1),
    "5,000 digits": DOSSIER.replace(b'"primary":true', b'"primary":' + b"9" * 5000, 1),
    "deep": b'{"evidence":' + b"[" * 200_000 + b"]" * 200_000 + b',"record":{},"schema":"radaudit/dossier/1"}\n',
    "byte order mark": b"\xef\xbb\xbf" + DOSSIER,
    "UTF-16": DOSSIER.decode().encode("utf-16"),
    "lone surrogate": DOSSIER.replace(b'"primary":true', b'"primary":"\\ud800"', 1),
    "not UTF-8": DOSSIER.replace(b'"primary":true', b'"primary":"\xff"', 1),
    "other order": json.dumps(DOCUMENT, ensure_ascii=False, separators=(",", ":")).encode()[::1].replace(b'{"evidence"', b' {"evidence"', 1)
    + b"\n",
    "blanks": json.dumps(DOCUMENT).encode() + b"\n",
    "escapes": DOSSIER.replace(b"supported", b"\\u0073upported", 1),
    "1.0 as 1.00": DOSSIER.replace(b"0.42", b"0.420", 1),
    "no newline": DOSSIER[:-1],
    "two documents": DOSSIER + DOSSIER,
    "a list": b"[]\n",
    "a text": b'"dossier"\n',
    "more members": canonical({**DOCUMENT, "note": "x"}) + b"\n",
    "other schema": canonical({**DOCUMENT, "schema": "radaudit/dossier/2"}) + b"\n",
    "evidence null": canonical({**DOCUMENT, "evidence": None}) + b"\n",
    "record a list": canonical({**DOCUMENT, "record": []}) + b"\n",
}


@pytest.mark.parametrize("what", SPELLINGS)
def test_a_document_has_one_spelling_even_for_its_signer(what: str) -> None:
    assert SPELLINGS[what] != DOSSIER
    refused(reseal({**good(), "dossier.json": SPELLINGS[what]}), "VERIFY-030", "dossier.json")
    with pytest.raises(DossierError) as caught:
        read_document(SPELLINGS[what])
    assert caught.value.code == "VERIFY-030"


@pytest.mark.parametrize("path", ["claims", "study", "signature", "verdict"])
@pytest.mark.parametrize("value", [None, 3, "x", [1], [[]], {"a": 1}, True])
def test_strange_members_are_findings_and_never_a_crash(path: str, value: Any) -> None:
    def change(evidence: dict[str, Any]) -> None:
        evidence[path] = value

    page = re.sub(rb"[0-9a-f]{64}", b"{SHA256}", good()["dossier.html"])
    report = verify_files(build(change_evidence=change, page=lambda _: page))
    assert report.exit_code == 1
    assert codes(report) <= {"VERIFY-030", "VERIFY-033", "VERIFY-035", "VERIFY-050", "VERIFY-051", "VERIFY-052", "VERIFY-046"}


@pytest.mark.parametrize("path", ["ledger", "openings", "key", "evidence_sha256"])
@pytest.mark.parametrize("value", [None, 3, "x", [1], [[]], {"a": 1}, {"public": 3}, True])
def test_a_strange_record_is_a_finding_and_never_a_crash(path: str, value: Any) -> None:
    document = json.loads(DOSSIER)
    document["record"][path] = value
    report = verify_files(reseal({**good(), "dossier.json": canonical(document) + b"\n"}))
    assert report.exit_code == 1
    assert codes(report) <= {"VERIFY-022", "VERIFY-024", "VERIFY-030", "VERIFY-031", "VERIFY-042", "VERIFY-043"}


def test_evidence_changed_after_the_record_is_found() -> None:
    document = json.loads(DOSSIER)
    document["evidence"]["claims"][1]["verdict"] = "supported"
    altered = {**good(), "dossier.json": canonical(document) + b"\n"}
    refused(altered, "VERIFY-011", "dossier.json")
    refused(reseal(altered), "VERIFY-031", "dossier.json")
    with pytest.raises(DossierError) as caught:
        read_document(altered["dossier.json"])
    assert caught.value.code == "VERIFY-031"


def test_a_document_reads_back_and_only_its_evidence_makes_the_digest() -> None:
    assert read_document(DOSSIER) == DOCUMENT
    assert DOCUMENT["record"]["evidence_sha256"] == evidence_digest(DOCUMENT["evidence"])
    later = dossier_bytes(DOCUMENT["evidence"], {**DOCUMENT["record"], "created": "2027-01-01T00:00:00Z"})
    assert json.loads(later)["record"]["evidence_sha256"] == DOCUMENT["record"]["evidence_sha256"]
    for wrong in ({"a": float("nan")}, {"a": object()}, {1: "a"}):
        with pytest.raises(DossierError) as caught:
            dossier_bytes(wrong, {})  # type: ignore[arg-type]
        assert caught.value.code == "VERIFY-030"


def test_the_page_must_say_what_the_document_says() -> None:
    page = good()["dossier.html"]
    changes = {
        b"cannot be determined": ("VERIFY-050", b"supported"),
        b"<b>\xe2\x9c\x93</b> supported": ("VERIFY-050", b"<b>x</b> not supported"),
        b'data-claim="C2"': ("VERIFY-051", b"data-x"),
        b'data-claim="overall"': ("VERIFY-051", b"data-x"),
        b'content="': ("VERIFY-053", b'content="0'),
        b"radaudit-dossier-sha256": ("VERIFY-053", b"x"),
        b"<meta": ("VERIFY-053", b'<meta name="radaudit-dossier-sha256" content="0"><meta'),
        b'class="s"': ("VERIFY-050", b'class="s" data-verdict="not supported"'),
        b'data-claim="C1"': ("VERIFY-050", b'data-claim="C9"'),
    }
    for old, (code, new) in changes.items():
        assert old in page
        refused(build(page=lambda _, old=old, new=new: page.replace(old, new, 1)), code, "dossier.html")  # type: ignore[misc]
    for odd in (b"<P DATA-CLAIM='C1'>not supported</P>", b'<p data-claim="C1">not supported', b'<b data-claim="C1">' * 200_000):
        refused(build(page=lambda _, odd=odd: page + odd), "VERIFY-051", "dossier.html")  # type: ignore[misc]
    both = page + b'<p data-claim="C1">not supported</p>'
    refused(build(page=lambda _: both), "VERIFY-050", "dossier.html")
    refused(build(page=lambda _: b"\xff\xfe"), "VERIFY-051", "dossier.html")


def test_the_overall_verdict_is_the_worst_primary_claim() -> None:
    def flattering(evidence: dict[str, Any]) -> None:
        evidence["claims"][0]["verdict"] = "cannot be determined"

    def invented(evidence: dict[str, Any]) -> None:
        evidence["claims"][1]["verdict"] = "mostly supported"

    for change in (flattering, invented):
        refused(build(change_evidence=change), "VERIFY-052", "dossier.json")


def test_study_file_plan_and_signature_are_those_of_the_evidence() -> None:
    refused(build(change_files=lambda files: files.update({"study.yaml": b"study: another\n"})), "VERIFY-035", "study.yaml")

    def other_plan(evidence: dict[str, Any]) -> None:
        evidence["study"]["plan_sha256"] = "9" * 64

    refused(build(change_evidence=other_plan), "VERIFY-035", "signature.json")
    for name, value in {
        "sha256": "9" * 64,
        "version": "1.0.1",
        "registration": "radaudit:x",
        "bytes": 1,
        "threshold": {"value": 0.1},
    }.items():

        def described(evidence: dict[str, Any], name: str = name, value: Any = value) -> None:
            evidence["signature"][name] = value

        refused(build(change_evidence=described), "VERIFY-033", "dossier.json")
