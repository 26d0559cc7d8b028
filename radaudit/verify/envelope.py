"""Who signed the manifest: a DSSE envelope with one Ed25519 signature over an in-toto statement.

The key in the dossier proves only that the dossier is of one piece: anyone can make a key. Who the key belongs to is
known from elsewhere, and is what ``trust`` says: fingerprints, the SHA-256 of the public key.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from radaudit.digests import canonical, strict_json
from radaudit.findings import Finding, Severity
from radaudit.verify.ed25519 import acceptable_key, verify_ed25519
from radaudit.verify.manifest import ENVELOPE, MANIFEST
from radaudit.verify.report import failed, not_run, passed

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:radaudit:dossier:1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What an envelope states, once its form is right."""

    payload: bytes
    predicate: Mapping[str, Any]
    keyid: str
    signature: bytes


def read_envelope(files: Mapping[str, bytes]) -> tuple[Envelope | None, list[Finding]]:
    """Return the envelope, and what is wrong with its form (VERIFY-020) or its subject (VERIFY-024), before any key is used."""
    if ENVELOPE not in files:
        return None, [failed("VERIFY-020", "The dossier is not signed: the envelope is not there.", ENVELOPE)]
    try:
        envelope, statement = _parsed(files[ENVELOPE])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return None, [failed("VERIFY-020", "The envelope is not one that radaudit writes.", ENVELOPE, found=str(error)[:120])]
    manifest = hashlib.sha256(files.get(MANIFEST, b"")).hexdigest()
    if statement["subject"] != [{"digest": {"sha256": manifest}, "name": MANIFEST}]:
        sentence = "Manifest and envelope do not belong together: one of the two was changed."
        return None, [failed("VERIFY-024", sentence, file, found=manifest) for file in (MANIFEST, ENVELOPE)]
    return envelope, []


def check_signature(envelope: Envelope, record: Mapping[str, Any], evidence_sha256: str, trust: Collection[str] | None) -> list[Finding]:
    """Return whether the signature holds (VERIFY-021), the key is the record's (-022) and trusted (-023, -025), the words fit (-024)."""
    key = record.get("key")
    public = _decoded(key.get("public") if isinstance(key, dict) else None)
    fingerprint = hashlib.sha256(public).hexdigest()
    if not acceptable_key(public) or not isinstance(key, dict) or key.get("fingerprint") != fingerprint or envelope.keyid != fingerprint:
        return [
            failed(
                "VERIFY-022", "The envelope names another key than the record, or one that is no key.", ENVELOPE, keyid=envelope.keyid[:64]
            )
        ]
    if not verify_ed25519(public, pre_authentication(PAYLOAD_TYPE, envelope.payload), envelope.signature):
        return [failed("VERIFY-021", "The signature does not hold.", ENVELOPE, key=fingerprint)]
    chain = record.get("ledger")
    root = chain.get("root") if isinstance(chain, dict) else None
    if envelope.predicate != {"evidence_sha256": evidence_sha256, "ledger_root": root, "role": "author"}:
        return [failed("VERIFY-024", "What was signed speaks of other evidence, another record or another role.", ENVELOPE)]
    if trust is None:
        sentence = f"The signature of key {fingerprint} holds; whose key it is was not asked: give --trust FINGERPRINT from another source."
        return [not_run("VERIFY-025", sentence, ENVELOPE, severity=Severity.NOTE, facts={"key": fingerprint})]
    if fingerprint not in {item.strip().casefold() for item in trust}:
        return [failed("VERIFY-023", "The dossier was signed by a key that you do not trust.", ENVELOPE, key=fingerprint)]
    return [passed("VERIFY-021", f"Signed by the key you trust, {fingerprint}.", ENVELOPE, key=fingerprint)]


def pre_authentication(kind: str, payload: bytes) -> bytes:
    """Return what a DSSE signature covers: kind and payload, each with its length."""
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(payload), payload)


def _parsed(data: bytes) -> tuple[Envelope, dict[str, Any]]:
    document = strict_json(data)
    if canonical(document) + b"\n" != data:
        raise ValueError("not canonical JSON")
    if set(document) != {"payload", "payloadType", "signatures"} or document["payloadType"] != PAYLOAD_TYPE:
        raise ValueError("other members or another payload type")
    (signature,) = document["signatures"]
    if set(signature) != {"keyid", "sig"} or not isinstance(signature["keyid"], str):
        raise ValueError("a signature has other members than keyid and sig")
    payload, sig = _strict(document["payload"]), _strict(signature["sig"])
    statement = strict_json(payload)
    if canonical(statement) != payload or set(statement) != {"_type", "predicate", "predicateType", "subject"}:
        raise ValueError("the payload is no canonical statement")
    if statement["_type"] != STATEMENT or statement["predicateType"] != PREDICATE or not isinstance(statement["predicate"], dict):
        raise ValueError("a statement about something else")
    return Envelope(payload=payload, predicate=statement["predicate"], keyid=signature["keyid"], signature=sig), statement


def _strict(text: Any) -> bytes:
    """Return the bytes of base64 text in its one spelling."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 in another spelling")
    return data


def _decoded(text: Any) -> bytes:
    try:
        return _strict(text)
    except (ValueError, TypeError):
        return b""
