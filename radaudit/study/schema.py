"""The published JSON Schema of study files: ``python -m radaudit.study.schema > radaudit/study/study.schema.json``."""

from __future__ import annotations

import json
from typing import Any

from radaudit.study.plan import Plan

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def study_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that editors complete and check study files with."""
    schema = _standard(Plan.model_json_schema(by_alias=True, mode="validation"))
    return {"$schema": DIALECT, "$id": "radaudit/study/1", **schema, "title": "radaudit study file"}


# what pydantic calls a limit behind a validator of our own, and what JSON Schema calls it
LIMITS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}


def _standard(node: Any) -> Any:
    if isinstance(node, list):
        return [_standard(item) for item in node]
    if not isinstance(node, dict):
        return node
    properties = node.get("properties")
    made = {LIMITS.get(key, key): _standard(value) for key, value in node.items() if key != "properties"}
    if properties is not None:
        # names of keys are names, whatever they look like
        made["properties"] = {name: _standard(value) for name, value in properties.items()}
    return made


def schema_text() -> str:
    """Return the schema as the file that is published."""
    return json.dumps(study_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
