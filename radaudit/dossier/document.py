"""The dossier document: ``evidence``, a pure function of the study and its data, and ``record``, what happened, when and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from radaudit.digests import canonical, digest, strict_json
from radaudit.errors import DossierError

SCHEMA = "radaudit/dossier/1"


def evidence_digest(evidence: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical evidence: the same in every run of one study on the same data."""
    return digest(evidence)


def dossier_bytes(evidence: Mapping[str, Any], record: Mapping[str, Any]) -> bytes:
    """Return the bytes of ``dossier.json``: canonical JSON and a newline; ``record.evidence_sha256`` is put in.

    Raises DossierError (VERIFY-030) for what is not JSON (NaN, an array, a key that is no text).
    """
    try:
        kept = {**record, "evidence_sha256": evidence_digest(evidence)}
        return canonical({"schema": SCHEMA, "evidence": evidence, "record": kept}) + b"\n"
    except (TypeError, ValueError) as error:
        raise DossierError("VERIFY-030", "evidence or record is not JSON", found=str(error)) from error


def read_document(data: bytes, at: str = "dossier.json") -> dict[str, Any]:
    """Return the document of these bytes, ``{schema, evidence, record}``.

    Raises DossierError: VERIFY-030 unless they are exactly what ``dossier_bytes`` writes, VERIFY-031 if the evidence is not the record's.
    """
    try:
        document = strict_json(data)
        right = isinstance(document, dict) and canonical(document) + b"\n" == data
        right = right and set(document) == {"schema", "evidence", "record"} and document["schema"] == SCHEMA
        right = right and isinstance(document["evidence"], dict) and isinstance(document["record"], dict)
    except (TypeError, ValueError) as error:
        raise DossierError("VERIFY-030", "the document cannot be read", at=at, found=str(error)[:200]) from error
    if not right:
        raise DossierError("VERIFY-030", f"not a document of schema {SCHEMA} in canonical form", at=at, fix="radaudit report")
    own = evidence_digest(document["evidence"])
    if document["record"].get("evidence_sha256") != own:
        raise DossierError("VERIFY-031", "the evidence is not the one the record names", at=at, found=own)
    return dict(document)
