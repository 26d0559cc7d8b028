"""The published JSON Schema of ``signature.json``: ``python -m radaudit.signature.schema > radaudit/signature/schema.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from radaudit.signature.lock import SCHEMA

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXTS: Schema = {"type": "array", "items": TEXT}
NUMBERS: Schema = {"type": "array", "items": NUMBER}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def maybe(schema: Schema) -> Schema:
    """Return the schema of a member that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def exactly(members: Mapping[str, Schema]) -> Schema:
    """Return the schema of an object with exactly these members."""
    return {"type": "object", "properties": dict(members), "required": sorted(members), "additionalProperties": False}


def steps() -> Schema:
    """Return the schema of the steps: a closed list of operations on arrays of numbers, in this order."""
    site = exactly({"gamma": NUMBERS, "delta": {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}}, "n": COUNT})
    combat = exactly(
        {
            "op": {"const": "combat"},
            "grand_mean": NUMBERS,
            "pooled_sd": NUMBERS,
            "columns": TEXTS,
            "coefficients": {"type": "array", "items": NUMBERS},
            "sites": {"type": "object", "additionalProperties": site},
            "reference": maybe(TEXT),
            "keep": TEXTS,
        }
    )
    model = [
        exactly({"op": {"const": "impute"}, "value": NUMBERS}),
        exactly({"op": {"const": "standardise"}, "mean": NUMBERS, "sd": NUMBERS}),
        exactly({"op": {"const": "linear"}, "coef": NUMBERS, "intercept": NUMBER}),
    ]
    links = [
        exactly({"op": {"const": "logistic"}}),
        exactly({"op": {"const": "cox"}, "horizon": NUMBER, "times": {**NUMBERS, "minItems": 1}, "cumulative_hazard": NUMBERS}),
        exactly({"op": {"const": "identity"}}),
    ]
    last: Schema = {"anyOf": links}
    lists = ([*model, last], [combat, *model, last])
    orders = [{"type": "array", "prefixItems": order, "items": False, "minItems": len(order)} for order in lists]
    return {"anyOf": orders}


def vector() -> Schema:
    """Return the schema of a test vector: a synthetic row, the values after every step, the answer."""
    step = exactly({"op": TEXT, "values": {"type": "array", "items": maybe(NUMBER)}})
    cell = {"anyOf": [TEXT, NUMBER, {"type": "null"}]}
    return exactly(
        {
            "id": TEXT,
            "row": {"type": "object", "additionalProperties": cell},
            "steps": {"type": "array", "items": step},
            "risk": maybe(NUMBER),
            "group": {"enum": ["high", "low", ""]},
            "status": {"enum": ["scored", "flagged", "refused"]},
            "codes": TEXTS,
        }
    )


def signature_schema() -> Schema:
    """Return the JSON Schema (2020-12) of ``signature.json``."""
    given = exactly(
        {
            "name": TEXT,
            "kind": {"enum": ["feature", "covariate"]},
            "ibsi": TEXT,
            "unit": TEXT,
            "min": maybe(NUMBER),
            "max": maybe(NUMBER),
            "levels": TEXTS,
            "missing": {"enum": ["value", "error"]},
            "aliases": TEXTS,
        }
    )
    batch = exactly(
        {
            "columns": {**TEXTS, "minItems": 1},
            "separator": TEXT,
            "merge": {"type": "object", "additionalProperties": TEXTS},
            "known": TEXTS,
            "unseen": {"enum": ["refuse", "reference", "pass"]},
        }
    )
    root = exactly(
        {
            "schema": {"const": SCHEMA},
            "name": TEXT,
            "version": TEXT,
            "endpoint": {"type": "object"},
            "plan_sha256": DIGEST,
            "parent_sha256": maybe(DIGEST),
            "training": exactly({"digest": DIGEST, "patients": COUNT, "rows": COUNT, "events": COUNT}),
            "inputs": {"type": "array", "items": given},
            "columns": exactly({"subject": TEXT, "site": maybe(TEXT)}),
            "batch": maybe(batch),
            "settings": {"type": "array", "items": exactly({"column": TEXT, "value": TEXT})},
            "steps": steps(),
            "threshold": exactly({"value": NUMBER, "rule": TEXT, "chosen": TEXT}),
            "intended_use": TEXT,
            "limits": TEXTS,
            "test_vectors": {"type": "array", "items": vector()},
            "sha256": DIGEST,
        }
    )
    return {"$schema": DIALECT, "$id": SCHEMA, "title": "radaudit signature", **root}


def schema_text() -> str:
    """Return the schema as the file that is published."""
    return json.dumps(signature_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
