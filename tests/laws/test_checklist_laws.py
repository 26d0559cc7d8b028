"""Law: no yes without support. Whatever is removed, emptied, failed or made infinite in the evidence, every yes that is left points to
a value that is there, says something, is no finding that did not pass, and has the digest that is named; what is taken away adds no yes.
"""

from __future__ import annotations

import hashlib
import json
import math
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from radaudit.checklists import against_standards
from tests.unit.checklists.whole import whole_evidence

WHOLE = whole_evidence()
EMPTY: tuple[Any, ...] = (None, "", " ", [], {}, "n/a", "unknown", "-", "TBD", False, float("nan"), float("inf"), [None], {"value": None})
VERDICTS = ("failed", "not run", "waived", "not applicable")


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return every place in a document."""
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    return [found for key, item in items for found in [(*path, key), *places(item, (*path, key))]]


PLACES = places(WHOLE)
DAMAGE = st.one_of(
    st.tuples(st.just("remove"), st.sampled_from(PLACES), st.none()),
    st.tuples(st.just("empty"), st.sampled_from(PLACES), st.sampled_from(EMPTY)),
    st.tuples(st.just("fail"), st.integers(0, len(WHOLE["findings"]) - 1), st.sampled_from(VERDICTS)),
    st.tuples(st.just("retype"), st.sampled_from(PLACES), st.sampled_from([["x"], {"x": 1}, 3, "text"])),
)


def damaged(evidence: dict[str, Any], kind: str, where: Any, what: Any) -> None:
    """Do one damage in place; a place that an earlier damage took away is left alone."""
    if kind == "fail":
        if (
            isinstance(evidence.get("findings"), list)
            and where < len(evidence["findings"])
            and isinstance(evidence["findings"][where], dict)
        ):
            evidence["findings"][where]["verdict"] = what
        return
    node: Any = evidence
    try:
        for part in where[:-1]:
            node = node[part]
        if kind == "remove":
            del node[where[-1]]
        else:
            node[where[-1]] = deepcopy(what)
    except (KeyError, IndexError, TypeError):
        return


def at(evidence: Any, pointer: str) -> Any:
    """Follow a JSON pointer; KeyError if it leads nowhere. Written apart from the code under test."""
    value = {"evidence": evidence}
    for part in pointer.split("/")[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part.replace("~1", "/").replace("~0", "~")]
    return value


def says_something(value: Any) -> bool:
    """Return True if a value holds a finite number, a True, or a text that is none of the empty ones."""
    if isinstance(value, dict):
        return any(says_something(v) for v in value.values())
    if isinstance(value, list):
        return any(says_something(v) for v in value)
    if isinstance(value, str):
        return value.strip() not in ("", "n/a", "unknown", "-", "TBD")
    return value is True or (isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value))


def sha256(value: Any) -> str:
    """The digest of the canonical JSON of a value, for values without exotic numbers or letters."""
    return hashlib.sha256(
        json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    ).hexdigest()


def check_support(evidence: dict[str, Any], found: dict[str, Any]) -> set[tuple[str, str]]:
    """Assert that every yes and every met leg is supported; return the yeses."""
    for word, proof in found["proofs"].items():
        assert proof["evidence"], word
        for seal in proof["evidence"]:
            value = at(evidence, seal["pointer"])
            denied = word == "unchanged" and seal["pointer"] == "/evidence/verdict/post_hoc"
            assert (value is False) if denied else says_something(value), (word, seal)
            assert sha256(value) == seal["sha256"], (word, seal)
            parts = seal["pointer"].split("/")
            if parts[2] == "findings" and len(parts) > 3:
                assert evidence["findings"][int(parts[3])]["verdict"] == "passed", (word, seal)
    yes = {(made["name"], row["id"]) for made in found["checklists"] for row in made["items"] if row["state"] == "evidence found"}
    rows = [row for made in found["checklists"] for row in made["items"] if row["state"] == "evidence found"]
    legs = [leg for level in found["ladder"]["levels"] for leg in level["legs"] if leg["met"]]
    for row in (*rows, *legs):
        assert row["proofs"], row
        assert all(word in found["proofs"] for word in row["proofs"]), row
    return yes


INTACT = against_standards(WHOLE)
INTACT_YES = check_support(WHOLE, INTACT)
INTACT_OUT = {(made["name"], row["id"]) for made in INTACT["checklists"] for row in made["items"] if row["state"] == "not applicable"}


def test_intact_evidence_fills_most_items() -> None:
    assert len(INTACT_YES) > 300


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.lists(DAMAGE, min_size=1, max_size=12))
@example([("empty", ("findings",), [])])
@example([("empty", (name,), None) for name in WHOLE])
@example([("fail", i, "failed") for i in range(len(WHOLE["findings"]))])
@example([("empty", ("performance", "auc", "value"), float("nan"))])
@example([("empty", ("performance", "auc", "patients"), 0)])
def test_200_damaged_documents_give_no_unsupported_yes(damages: list[tuple[str, Any, Any]]) -> None:
    evidence = deepcopy(WHOLE)
    for damage in damages:
        damaged(evidence, *damage)
    found = against_standards(evidence)
    yes = check_support(evidence, found)
    if all(kind in ("remove", "empty", "fail") for kind, _, _ in damages):
        assert yes - INTACT_OUT <= INTACT_YES
    scored = next(made for made in found["checklists"] if made["name"] == "METRICS")["score"]
    assert 0 <= scored["automatic"] <= scored["value"] <= scored["with_people"] <= 100
