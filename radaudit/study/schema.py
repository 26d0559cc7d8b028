"""The published JSON Schema of study files: ``python -m radaudit.study.schema > radaudit/study/study.schema.json``."""

from __future__ import annotations

import json
from typing import Any

from radaudit.study.plan import Plan

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def study_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that editors complete and check study files with."""
    schema = Plan.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": DIALECT, "$id": "radaudit/study/1", **schema, "title": "radaudit study file"}


def schema_text() -> str:
    """Return the schema as the file that is published."""
    return json.dumps(study_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
