"""Append a batch to a locked signature: a child that names its parent; every number of the parent stays as it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from radaudit.errors import SignatureError
from radaudit.signature.lock import sealed
from radaudit.signature.vectors import draw


def appended(document: Mapping[str, Any], batch: str, gamma: Sequence[float], delta: Sequence[float], patients: int) -> dict[str, Any]:
    """Return the sealed child that also knows ``batch``: its ``gamma``, ``delta`` (one per feature, in order), from n ``patients``.

    ``parent_sha256`` is the parent's digest; name, version, coefficients, threshold and the other batches are unchanged; test vectors are
    drawn anew. Raises SignatureError SCORE-010 if the parent harmonises nothing or knows the batch, or for numbers that cannot be locked.
    """
    step = next((step for step in document["steps"] if step["op"] == "combat"), None)
    if step is None or batch in document["batch"]["known"]:
        raise SignatureError("SCORE-010", f'batch "{batch}" cannot be appended', found="it is known" if step else "nothing is harmonised")
    features = sum(item["kind"] == "feature" for item in document["inputs"])
    fine = len(gamma) == len(delta) == features and all(map(math.isfinite, (*gamma, *delta))) and all(value > 0 for value in delta)
    if not fine:
        raise SignatureError(
            "SCORE-010", f'numbers of batch "{batch}" that cannot be locked', found=f"{len(gamma)} for {features} features"
        )
    own = {"gamma": list(map(float, gamma)), "delta": list(map(float, delta)), "n": int(patients)}
    steps = [{**old, "sites": {**old["sites"], batch: own}} if old["op"] == "combat" else old for old in document["steps"]]
    child = {
        **{key: value for key, value in document.items() if key not in ("sha256", "test_vectors")},
        "parent_sha256": document["sha256"],
        "batch": {**document["batch"], "known": sorted([*document["batch"]["known"], batch])},
        "steps": steps,
        "limits": [*document["limits"], f"batch {batch} was appended from {patients} patients without outcomes: its scores are an annex"],
    }
    return sealed({**child, "test_vectors": draw(child)})
