"""Test vectors: synthetic rows with the answer the locked signature gives; whoever writes a scorer proves it with them.

Rows are drawn from the training ranges by SHA-256 of the document, never from patients: the same signature has the same vectors on
every machine. Some rows must be refused and some flagged, so that a scorer that only computes fails.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from radaudit.digests import canonical, sha256
from radaudit.signature.scorer import REFUSED, Cell, Scorer

VECTORS = 15
TOLERANCE = 1e-12


def draw(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return ``VECTORS`` synthetic rows with every step's values and the final answer, from a document without vectors and digest."""
    seed = sha256(canonical({key: value for key, value in document.items() if key not in ("test_vectors", "sha256")}))
    scorer = Scorer(document)
    special = _special(document, seed)
    rows = [_row(document, seed, place) for place in range(VECTORS - len(special))] + special
    vectors = []
    for place, row in enumerate(rows, start=1):
        answer = scorer.score_row(row)
        steps = [] if answer.status == REFUSED else scorer.trace(row)
        vectors.append(
            {
                "id": f"V{place:02d}",
                "row": row,
                "steps": steps,
                "risk": answer.risk,
                "group": answer.group,
                "status": answer.status,
                "codes": list(answer.codes),
            }
        )
    return vectors


def reproduced(document: Mapping[str, Any]) -> int:
    """Return how many of the document's vectors this scorer reproduces: risks to 1e-12, everything else exactly."""
    scorer = Scorer(document)
    return sum(_same(scorer, vector) for vector in document["test_vectors"])


def _same(scorer: Scorer, vector: Mapping[str, Any]) -> bool:
    answer = scorer.score_row(vector["row"])
    words = (answer.group, answer.status, list(answer.codes)) == (vector["group"], vector["status"], vector["codes"])
    if answer.risk is None or vector["risk"] is None:
        return words and answer.risk is vector["risk"]
    return words and math.isclose(answer.risk, vector["risk"], rel_tol=0.0, abs_tol=TOLERANCE)


def _uniform(seed: str, place: int, name: str) -> float:
    """Return a number in [0, 1) that depends on nothing but these three."""
    return int(sha256(f"{seed}/{place}/{name}".encode())[:13], 16) / 16**13


def _row(document: Mapping[str, Any], seed: str, place: int) -> dict[str, Cell]:
    """Return one complete row inside the training ranges, batches taken in turn."""
    row: dict[str, Cell] = _batch_cells(document, place)
    for item in document["inputs"]:
        at = _uniform(seed, place, item["name"])
        if item["levels"]:
            row[item["name"]] = item["levels"][int(at * len(item["levels"]))]
        else:
            row[item["name"]] = _between(item["min"], item["max"], at)
    return row


def _between(low: float, high: float, at: float) -> float:
    exact = low + at * (high - low)
    short = float(f"{exact:.6g}")
    return short if low <= short <= high else exact


def _batch_cells(document: Mapping[str, Any], place: int) -> dict[str, Cell]:
    batch = document["batch"]
    if batch is None:
        return {}
    columns, separator = batch["columns"], batch["separator"]
    names = [[batch["merge"].get(name, [name])[0]] if len(columns) == 1 else _split(batch, name) for name in batch["known"]]
    whole = [parts for parts in names if len(parts) == len(columns)] or [[separator.join(columns)] * len(columns)]
    return dict(zip(columns, whole[place % len(whole)], strict=True))


def _split(batch: Mapping[str, Any], name: str) -> list[str]:
    return str(batch["merge"].get(name, [name])[0]).split(batch["separator"])


def _special(document: Mapping[str, Any], seed: str) -> list[dict[str, Cell]]:
    """Return the rows that must be refused or flagged: what the signature does with what it does not know."""
    rows = []
    features = [item for item in document["inputs"] if item["kind"] == "feature"]
    batch = document["batch"]
    if batch is not None:
        stranger = "UNSEEN"
        while stranger in batch["known"] or any(stranger in olds for olds in batch["merge"].values()):
            stranger += "_"
        rows.append(_row(document, seed, 100) | dict.fromkeys(batch["columns"], stranger))
    if features:
        first, last = features[0], features[-1]
        rows.append(_row(document, seed, 101) | {first["name"]: None})
        rows.append({name: cell for name, cell in _row(document, seed, 102).items() if name != last["name"]})
        beyond = first["max"] + max(first["max"] - first["min"], abs(first["max"]), 1.0)
        rows.append(_row(document, seed, 103) | {first["name"]: float(f"{beyond:.6g}")})
        rows.append(_row(document, seed, 104) | {last["name"]: "not a number"})
        rows.append(_row(document, seed, 105) | {item["name"]: None for item in features})
    category = next((item for item in document["inputs"] if item["levels"]), None)
    if category is not None:
        stranger = "unseen"
        while stranger in category["levels"]:
            stranger += "_"
        rows.append(_row(document, seed, 106) | {category["name"]: stranger})
    if document["settings"]:
        required = document["settings"][0]
        rows.append(_row(document, seed, 107) | {required["column"]: required["value"] + " changed"})
    return rows
