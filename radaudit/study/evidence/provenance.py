"""Section 12, provenance: from which files, through which steps, to which dossier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ORDER = ("pool", "check", "split", "harmonise", "fit", "lock", "test")
LABELS = {
    "pool": "feature table",
    "check": "checks",
    "split": "split",
    "harmonise": "harmonise",
    "fit": "select and fit",
    "lock": "locked signature",
    "test": "test set scored",
}


def provenance(sources: Sequence[Mapping[str, Any]], digests: Mapping[str, str], version: str, schema: str) -> dict[str, Any]:
    """Return nodes and edges of the graph, left to right; a stage that did not happen has no node."""
    nodes = [
        {"id": f"file-{i}", "label": str(s["file"]).rsplit("/", 1)[-1], "kind": "file", "digest": s["sha256"]}
        for i, s in enumerate(sources)
    ]
    stages = [stage for stage in ORDER if digests.get(stage)]
    nodes += [{"id": stage, "label": LABELS[stage], "kind": "stage", "digest": digests[stage]} for stage in stages]
    nodes.append({"id": "dossier", "label": "dossier", "kind": "dossier", "digest": ""})
    edges = [[node["id"], "pool"] for node in nodes if node["kind"] == "file"] if "pool" in stages else []
    edges += [[a, b] for a, b in zip(stages, [*stages[1:], "dossier"], strict=True)]
    return {"nodes": nodes, "edges": edges, "versions": {"radaudit": version, "evidence schema": schema}}
