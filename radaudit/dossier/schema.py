"""The published JSON Schema of ``dossier.json``: ``python -m radaudit.dossier.schema > radaudit/dossier/schema.json``.

A part that could not be computed is null and has a sibling ``<name>_reason``; later versions may add members, so others are allowed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from radaudit.dossier.document import SCHEMA

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
INSTANT: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}
VERDICT: Schema = {"enum": ["supported", "not supported", "cannot be determined"]}
ESTIMATE: Schema = {"$ref": "#/$defs/estimate"}


def maybe(schema: Schema) -> Schema:
    """Return the schema of a member that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def many(schema: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema}


def parts(members: Mapping[str, Schema], *, needed: str = "*") -> Schema:
    """Return the schema of an object; ``needed`` names its required members, ``*`` all of them."""
    required = sorted(members) if needed == "*" else sorted(needed.split())
    return {"type": "object", "properties": dict(members), "required": required}


def estimate() -> Schema:
    """Return the schema of an Estimate: a number never comes without its interval, people, method and reason."""
    number, count = maybe(NUMBER), maybe(COUNT)
    return parts(
        {
            "value": number,
            "low": number,
            "high": number,
            "level": NUMBER,
            "patients": count,
            "events": count,
            "method": TEXT,
            "reason": maybe(TEXT),
        }
    )


def finding() -> Schema:
    """Return the schema of one finding, as ``Finding.public`` writes it, with its id in this dossier."""
    verdicts = {"enum": ["passed", "failed", "not applicable", "not run", "waived"]}
    severities = {"enum": ["blocking", "major", "minor", "note"]}
    words = dict.fromkeys(("title", "sentence", "why", "fix", "scope"), TEXT)
    code = {"type": "string", "pattern": "^[A-Z]{2,8}-[0-9]{3}$"}
    return parts(
        {
            "id": TEXT,
            "code": code,
            "verdict": verdicts,
            "severity": severities,
            "facts": {"type": "object"},
            "concerns": many(TEXT),
            **words,
        }
    )


def claim() -> Schema:
    """Return the schema of one claim with its verdict and at most three reasons."""
    reason = parts({"sentence": TEXT, "finding": maybe(TEXT), "anchor": maybe(TEXT)})
    return parts(
        {
            "id": TEXT,
            "text": TEXT,
            "primary": FLAG,
            "measure": TEXT,
            "on": TEXT,
            "required_text": TEXT,
            "limit": maybe(NUMBER),
            "observed": maybe(ESTIMATE),
            "verdict": VERDICT,
            "post_hoc": FLAG,
            "sentence": TEXT,
            "reasons": {**many(reason), "maxItems": 3},
            "evidence": many(TEXT),
            "needed": TEXT,
        }
    )


def signature() -> Schema:
    """Return the schema of what the evidence says about the locked signature."""
    coefficient = parts({"feature": TEXT, "raw": maybe(NUMBER), "standardised": maybe(NUMBER)})
    return parts(
        {
            "name": TEXT,
            "version": TEXT,
            "sha256": DIGEST,
            "bytes": COUNT,
            "features": many(TEXT),
            "registration": TEXT,
            "threshold": parts({"value": NUMBER, "rule": TEXT}),
            "coefficients": many(coefficient),
            "intercept": NUMBER,
            "test_vectors": COUNT,
        },
        needed="name version sha256 registration threshold coefficients intercept",
    )


def cohort() -> Schema:
    """Return the schema of section 3."""
    step = parts({"label": TEXT, "patients": maybe(COUNT), "rows": maybe(COUNT), "events": maybe(COUNT), "reason": TEXT})
    source = parts({"file": TEXT, "role": TEXT, "sha256": DIGEST, "bytes": COUNT, "rows": COUNT, "columns": COUNT, "reader": TEXT})
    accounted = parts({"file": TEXT, "column": TEXT, "kind": TEXT, "what": TEXT, "count": COUNT})
    table = parts({"rows": COUNT, "patients": COUNT, "features": COUNT, "digest": DIGEST})
    return parts(
        {"flow": many(step), "sources": many(source), "accounting": many(accounted), "table": table}, needed="flow sources accounting table"
    )


def proofs(items: str = "") -> Schema:
    """Return the schema of what names proofs by their words: a condition, a leg, an item."""
    return {**many(TEXT), **({"minItems": int(items)} if items else {})}


def checklist() -> Schema:
    """Return the schema of one checklist: a yes names at least one proof."""
    state = {"enum": ["evidence found", "no evidence", "not applicable", "needs a person"]}
    item = parts(
        {
            "id": TEXT,
            "section": TEXT,
            "text": TEXT,
            "verified": FLAG,
            "state": state,
            "proofs": proofs(),
            "kind": {"enum": ["A", "M", "H"]},
        },
        needed="id section text verified state proofs",
    )
    yes = {"properties": {"state": {"const": "evidence found"}}}
    item |= {"if": yes, "then": {"properties": {"proofs": proofs("1")}, "required": ["kind"]}}
    names = ("items", "evidence", "automatic", "form", "person", "open", "needs_person", "not_applicable")
    words = dict.fromkeys(("name", "title", "version", "doi", "reference", "licence", "source"), TEXT)
    score = parts(
        {"value": NUMBER, "automatic": NUMBER, "with_people": NUMBER, "lowest": NUMBER, "highest": NUMBER, "unit": TEXT, "rule": TEXT}
    )
    condition = parts({"id": TEXT, "text": TEXT, "holds": FLAG, "proofs": proofs()})
    members = {**words, "verified": FLAG, "doi_verified": FLAG, "items": many(item), "counts": parts(dict.fromkeys(names, COUNT))}
    return parts({**members, "score": score, "conditions": many(condition)}, needed=" ".join(members))


def ladder() -> Schema:
    """Return the schema of the ladder of evidence."""
    leg = parts({"code": TEXT, "asks": TEXT, "met": FLAG, "proofs": proofs(), "reason": TEXT})
    rung = parts({"n": COUNT, "name": TEXT, "means": TEXT, "met": FLAG, "legs": many(leg)})
    need = parts({"code": TEXT, "title": TEXT, "reason": TEXT, "fix": TEXT})
    above = parts({"name": TEXT, "means": TEXT, "needs": many(need)})
    members = {
        "level": COUNT,
        "of": COUNT,
        "name": TEXT,
        "sentence": TEXT,
        "levels": many(rung),
        "next": maybe(above),
        "scenario": maybe(rung),
    }
    return parts(members)


def proof() -> Schema:
    """Return the schema of one proof: at least one pointer into this document, with the digest of what stands there."""
    seal = parts({"pointer": {"type": "string", "pattern": "^/evidence/"}, "sha256": DIGEST})
    return parts({"kind": {"enum": ["A", "M", "H"]}, "says": TEXT, "evidence": {**many(seal), "minItems": 1}})


def evidence() -> Schema:
    """Return the schema of the member ``evidence``; sections without a stated form are objects or null."""
    section = maybe({"type": "object"})
    study = parts({"name": TEXT, "title": maybe(TEXT), "question": maybe(TEXT), "plan_sha256": DIGEST, "file": TEXT, "seed": COUNT})
    verdict = parts({"overall": VERDICT, "claim": maybe(TEXT), "sentence": TEXT, "post_hoc": FLAG})
    gap = parts({"input": TEXT, "checks": COUNT, "codes": many(TEXT)})
    members = {
        "study": study,
        "signature": maybe(signature()),
        "verdict": verdict,
        "claims": many(claim()),
        "decision_rule": many(TEXT),
        "tiles": {**many(parts({"value": TEXT, "label": TEXT})), "maxItems": 4},
        "coverage": parts({"possible": COUNT, "total": COUNT, "missing": many(gap)}),
        "findings": many(finding()),
        "cohort": maybe(cohort()),
        **dict.fromkeys(
            ("features", "harmonisation", "leaks", "performance", "development", "transport", "choices", "provenance"), section
        ),
    }
    # later members: a dossier made before them stays a dossier
    later = {
        "reporting": section,
        "checklists": maybe(many(checklist())),
        "ladder": maybe(ladder()),
        "proofs": {"type": "object", "additionalProperties": proof()},
    }
    return parts({**members, **later}, needed=" ".join(members))


def record() -> Schema:
    """Return the schema of the member ``record``."""
    opening = parts({"n": COUNT, "at": INSTANT, "who": TEXT, "why": TEXT, "lock": TEXT, "hash": DIGEST})
    members = {
        "created": INSTANT,
        "actor": TEXT,
        "evidence_sha256": DIGEST,
        "ledger": parts({"entries": COUNT, "head": maybe(DIGEST), "root": DIGEST}),
        "openings": many(opening),
        "allowed": COUNT,
        "amended": FLAG,
        "key": parts({"fingerprint": DIGEST, "public": TEXT}),
        "environment": maybe({"type": "object"}),
        "mlflow": maybe({"type": "object"}),
        "commands": many(TEXT),
    }
    return parts(members, needed="created actor evidence_sha256 ledger openings key")


def dossier_schema() -> Schema:
    """Return the JSON Schema (2020-12) of ``dossier.json``."""
    root = parts({"schema": {"const": SCHEMA}, "evidence": evidence(), "record": record()})
    head = {"$schema": DIALECT, "$id": SCHEMA, "title": "radaudit dossier"}
    return {**head, **root, "additionalProperties": False, "$defs": {"estimate": estimate()}}


def schema_text() -> str:
    """Return the schema as the file that is published."""
    return json.dumps(dossier_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
