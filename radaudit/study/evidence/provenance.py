"""Section 12, provenance: from which files, through which steps, to which dossier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ORDER = ("pool", "check", "split", "harmonise", "fit", "lock", "test")
KINDS = {"split": "guard", "test": "guard", "lock": "lock"}
LABELS = {
    "pool": "feature table",
    "check": "checks",
    "split": "split",
    "harmonise": "harmonise",
    "fit": "select and fit",
    "lock": "locked signature",
    "test": "test set scored",
}


def provenance(sources: Sequence[Mapping[str, Any]], digests: Mapping[str, str], plan: str, version: str, schema: str) -> dict[str, Any]:
    """Return nodes and edges of the graph, left to right; a stage that did not happen has no node."""
    nodes = [
        {"id": f"file-{i}", "label": str(s["file"]).rsplit("/", 1)[-1], "kind": "file", "digest": s["sha256"]}
        for i, s in enumerate(sources)
    ]
    stages = [stage for stage in ORDER if digests.get(stage)]
    nodes += [{"id": stage, "label": LABELS[stage], "kind": KINDS.get(stage, "stage"), "digest": digests[stage]} for stage in stages]
    nodes.append({"id": "plan", "label": "study.yaml", "kind": "file", "digest": plan})
    nodes.append({"id": "dossier", "label": "dossier", "kind": "dossier", "digest": ""})
    edges = [[node["id"], "pool"] for node in nodes if node["kind"] == "file" and node["id"] != "plan"] if "pool" in stages else []
    edges += [[a, b] for a, b in zip(stages, [*stages[1:], "dossier"], strict=True)]
    edges += [["plan", "split"]] if "split" in stages else []
    # the sealed rows go from the split to the test without passing any fit
    edges += [["split", "test"]] if {"split", "test"} <= set(stages) else []
    return {"nodes": nodes, "edges": edges, "versions": {"radaudit": version, "evidence schema": schema}}
