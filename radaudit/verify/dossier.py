"""Verify a dossier, in this order: files, signature on them, document, signature of the model, record, page.

What was altered is not interpreted: if a file is not the one that was written, the later questions are not asked and the report says so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from radaudit.digests import canonical, digest, strict_json
from radaudit.findings import Finding
from radaudit.verify.envelope import check_signature, read_envelope
from radaudit.verify.manifest import check_manifest
from radaudit.verify.page import PAGE, check_page, check_verdicts
from radaudit.verify.reading import read_files
from radaudit.verify.record import check_lock, check_record, read_chain
from radaudit.verify.report import Report, failed, not_run, passed
from radaudit.verify.scoring import disagreements
from radaudit.verify.standards import check_standards

DOSSIER, SIGNATURE, STUDY = "dossier.json", "signature.json", "study.yaml"
DOSSIER_SCHEMA, SIGNATURE_SCHEMA = "radaudit/dossier/1", "radaudit/signature/1"
DAMAGED = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError)


def verify(path: Path | str, *, trust: str | Collection[str] | None = None) -> Report:
    """Return the report on a dossier folder or archive; ``trust`` are the fingerprints of keys the reviewer knows from elsewhere.

    Raises DossierError for what is not a dossier: VERIFY-001, -002, -004. Reads each file once and writes nothing.
    """
    files, odd = read_files(Path(path))
    report = verify_files(files, trust=trust)
    return Report(
        findings=(*odd, *report.findings), files=report.files, fingerprint=report.fingerprint, evidence_sha256=report.evidence_sha256
    )


def verify_files(files: Mapping[str, bytes], *, trust: str | Collection[str] | None = None) -> Report:
    """Return the report on the files of a dossier, by name; a pure function."""
    known = {trust} if isinstance(trust, str) else trust
    found = check_manifest(files)
    envelope, form = read_envelope(files)
    found += form
    if envelope is None or any(finding.blocking for finding in found):
        return _stopped(files, found)
    document, altered = _document(files[DOSSIER])
    found += altered
    if document is None:
        return _stopped(files, found)
    evidence, record = document["evidence"], document["record"]
    own = digest(evidence)
    found += check_signature(envelope, record, own, known)
    found += _asked(lambda: _evidence(evidence, record, own), DOSSIER)
    found += _asked(lambda: _signature(files, evidence), SIGNATURE)
    found += _asked(lambda: _record(files, evidence, record), "ledger.jsonl")
    found += _asked(lambda: check_standards(evidence), DOSSIER)
    found += _asked(lambda: check_verdicts(evidence) + check_page(files[PAGE], files[DOSSIER], evidence), DOSSIER)
    fingerprint = "" if any(finding.blocking and finding.code in ("VERIFY-021", "VERIFY-022") for finding in found) else envelope.keyid
    return Report(findings=tuple(found), files=len(files), fingerprint=fingerprint, evidence_sha256=own)


def _stopped(files: Mapping[str, bytes], found: list[Finding]) -> Report:
    rest = not_run("VERIFY-006", "Files differ from what was written, so nothing in them was interpreted.")
    return Report(findings=(*found, rest), files=len(files))


def _asked(question: Any, file: str) -> list[Finding]:
    """Return the answers of a question, or that the file does not have the form it needs (VERIFY-030)."""
    try:
        answers: list[Finding] = question()
    except (*DAMAGED, RecursionError) as error:
        return [failed("VERIFY-030", f"{file} does not have the form of its schema.", file, found=f"{type(error).__name__}: {error}"[:160])]
    return answers


def _document(data: bytes) -> tuple[dict[str, Any] | None, list[Finding]]:
    try:
        document = strict_json(data)
        if canonical(document) + b"\n" != data:
            raise ValueError("not canonical JSON")
        if set(document) != {"schema", "evidence", "record"} or document["schema"] != DOSSIER_SCHEMA:
            raise ValueError(f"not a document of schema {DOSSIER_SCHEMA}")
        if not isinstance(document["evidence"], dict) or not isinstance(document["record"], dict):
            raise ValueError("evidence and record are objects")
    except (*DAMAGED, RecursionError) as error:
        return None, [failed("VERIFY-030", "dossier.json cannot be read in one way only.", DOSSIER, found=str(error)[:160])]
    return document, []


def _evidence(evidence: Mapping[str, Any], record: Mapping[str, Any], own: str) -> list[Finding]:
    if record.get("evidence_sha256") != own:
        return [
            failed(
                "VERIFY-031",
                "The evidence is not the one the record names.",
                DOSSIER,
                expected=str(record.get("evidence_sha256")),
                found=own,
            )
        ]
    return [passed("VERIFY-031", f"The evidence has the digest the record names, {own}.", DOSSIER)]


def _signature(files: Mapping[str, bytes], evidence: Mapping[str, Any]) -> list[Finding]:
    """Return whether signature.json is what the evidence says (VERIFY-032, -033, -035) and scores as it says (VERIFY-034).

    The audit of someone else's claim has no signature, and says so; then there is no file (VERIFY-033) and only the plan is compared.
    """
    if evidence["signature"] is None:
        if SIGNATURE in files:
            return [failed("VERIFY-033", "There is a signature.json that the evidence does not know.", SIGNATURE)]
        return _study_file(files, evidence)
    if SIGNATURE not in files:
        return [failed("VERIFY-015", "The manifest does not cover signature.json.", SIGNATURE)]
    signature = strict_json(files[SIGNATURE])
    if canonical(signature) + b"\n" != files[SIGNATURE] or signature["schema"] != SIGNATURE_SCHEMA:
        return [failed("VERIFY-032", "signature.json is not in the one form of its schema.", SIGNATURE)]
    own = digest({name: value for name, value in signature.items() if name != "sha256"})
    if signature["sha256"] != own:
        return [failed("VERIFY-032", "The signature's digest does not equal its content.", SIGNATURE, found=own)]
    stated = evidence["signature"]
    registration = f"radaudit:{signature['name']}@{signature['version']}#{own}"
    pairs = {
        "sha256": own,
        "name": signature["name"],
        "version": signature["version"],
        "registration": registration,
        "bytes": len(files[SIGNATURE]),
    }
    other = sorted(name for name, value in pairs.items() if name in stated and stated[name] != value)
    other += ["sha256"] * ("sha256" not in stated)
    other += ["threshold"] * (stated.get("threshold", {}).get("value", signature["threshold"]["value"]) != signature["threshold"]["value"])
    if other:
        return [failed("VERIFY-033", f"The evidence describes another signature: {', '.join(other)} differ.", DOSSIER)]
    found = _plan(files, evidence, signature)
    wrong = disagreements(signature)
    vectors = len(signature["test_vectors"])
    if wrong or not vectors:
        named = ", ".join(wrong) or "there are none"
        return [*found, failed("VERIFY-034", f"Test vectors are not reproduced: {named}.", SIGNATURE, vectors=vectors, wrong=len(wrong))]
    return [*found, passed("VERIFY-034", f"{vectors} of {vectors} test vectors are scored alike by a second scorer.", SIGNATURE)]


def _plan(files: Mapping[str, bytes], evidence: Mapping[str, Any], signature: Mapping[str, Any]) -> list[Finding]:
    study = evidence["study"]
    if signature["plan_sha256"] != study["plan_sha256"]:
        return [failed("VERIFY-035", "The signature was locked under another plan than the evidence states.", SIGNATURE)]
    return _study_file(files, evidence)


def _study_file(files: Mapping[str, bytes], evidence: Mapping[str, Any]) -> list[Finding]:
    if _as_text(files[STUDY].decode("utf-8-sig")) != _as_text(evidence["study"]["file"]):
        return [failed("VERIFY-035", "study.yaml is not the file the evidence holds.", STUDY)]
    return [passed("VERIFY-035", "The plan is the one named; study.yaml is the file the evidence holds.", STUDY)]


def _as_text(text: str) -> str:
    """Return text as the document holds it: NFC, line ends as newlines; the bytes themselves are the manifest's matter."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _record(files: Mapping[str, bytes], evidence: Mapping[str, Any], record: Mapping[str, Any]) -> list[Finding]:
    chain, found = read_chain(files)
    if chain is None:
        return found
    signature = evidence["signature"]
    locked = [] if signature is None else check_lock(chain, signature["sha256"], evidence["study"]["plan_sha256"])
    return [*found, *check_record(chain, record, digest(evidence)), *locked]
